"""
Which cookies of a request are ours: those whose names are ours to the byte.

Browsers let nobody but this host, over TLS, set a cookie whose name begins with `__Host-`, and
compare the name as it was set. The framework takes white space of any kind off a name before it
looks it up, so that a neighbour's cookie with a no-break space (the byte A0) before our name would
pass for ours. Only a space or a tab is taken off here, as browsers do before they compare.

A name that stands twice is nobody's: no browser keeps two cookies of this host under one name.
"""

import re
from collections import Counter
from typing import Final

from starlette.requests import Request

SESSION_COOKIE: Final = "__Host-readership-session"
BEGUN_COOKIE: Final = "__Host-readership-begun"
_OURS: Final = re.compile(f"{SESSION_COOKIE}-[0-9]|{BEGUN_COOKIE}-[0-9a-f]{{16}}")


def own_cookies(request: Request) -> dict[str, str]:
    """
    Return the cookies that only this host can have set, in the order in which they came.
    """
    pairs = [
        one.strip(" \t").partition("=")
        for header in request.headers.getlist("cookie")
        for one in header.split(";")
    ]
    times = Counter(name for name, _, _ in pairs)
    return {name: value for name, _, value in pairs if times[name] == 1 and _OURS.fullmatch(name)}
