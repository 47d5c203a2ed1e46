"""
The kinds of values that the configuration is made of.
"""

import re
from datetime import timedelta
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from acl.identity.jwks import ALGORITHMS

_DURATION: Final = re.compile(r"(\d+)(s|m|h|d)")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _duration(value: object) -> object:
    if not isinstance(value, str):
        return value
    match = _DURATION.fullmatch(value)
    if match is None:
        msg = "a duration is a number and a unit, such as 90s, 15m, 24h or 30d"
        raise ValueError(msg)
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _https(address: str) -> str:
    parts = urlsplit(address)
    plain = address.isascii() and address.isprintable() and not {" ", "#"} & set(address)
    if not address.startswith("https://") or not plain or not parts.hostname or "@" in parts.netloc:
        msg = "must be an https:// address without a fragment"
        raise ValueError(msg)
    return address


def _asymmetric(algorithms: list[str]) -> list[str]:
    if refused := sorted(set(algorithms) - ALGORITHMS):
        msg = f"{refused} cannot be used; choose among {sorted(ALGORITHMS)}"
        raise ValueError(msg)
    return algorithms


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Algorithms = Annotated[list[str], AfterValidator(_asymmetric)]
HttpsAddress = Annotated[str, AfterValidator(_https)]
Label = Annotated[str, Field(min_length=1, max_length=64)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class Section(BaseModel):
    """
    One section of the configuration: no unknown keys, no changes after reading.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
