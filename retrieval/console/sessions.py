"""
Where a browser's token is kept: in cookies that only this service can read.

The rules:

1. Cookies are sealed (`retrieval.notes`): a browser, and whoever reads its files, sees nothing.
2. Their names begin with `__Host-`: sent over TLS alone, to this host alone, set by no other
   (`cookies` takes no other name for one of them).
   No script sees them (`HttpOnly`), and no foreign page's form or image sends them (`SameSite`).
3. A session is made at the end of a sign-in and nowhere else, new each time; nothing that came
   with a request goes into it.
4. It ends with its token, and after `MAX_SESSION` at the latest.
5. It opens nothing by itself: the token in it is verified at every request.
6. At most `MAX_BEGUN` sign-ins are underway in a browser: whoever makes it open many pages fills
   no header until nothing gets through.

A token can be longer than a cookie, so a session is cut into as many as it takes.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from starlette.responses import Response

from acl.identity.presented import Presented
from retrieval.console.cookies import BEGUN_COOKIE, SESSION_COOKIE
from retrieval.notes import NoteRefusedError, Notes

MAX_SESSION: Final = timedelta(hours=1)
MAX_SIGN_IN: Final = timedelta(minutes=10)
MAX_BEGUN: Final = 4
COOKIE_CHARACTERS: Final = 3_500
MAX_PARTS: Final = 8
_SESSION: Final = "session"
_BEGUN: Final = "sign-in"


@dataclass(frozen=True, slots=True)
class Session:
    """
    Somebody who has signed in: their token, and what proves that a form of ours was sent.
    """

    token: str
    form: str

    @classmethod
    def of(cls, token: str) -> "Session":
        """
        Return a new session.
        """
        return cls(token, secrets.token_urlsafe(24))

    def __repr__(self) -> str:
        return "Session()"

    def credentials(self) -> Presented:
        """
        Return the token as any client presents it.
        """
        return Presented((f"Bearer {self.token}",))


@dataclass(frozen=True, slots=True)
class Begun:
    """
    A sign-in that has begun: what must come back, and which passage was asked for.
    """

    state: str
    nonce: str
    verifier: str
    passage: str

    @classmethod
    def of(cls, passage: str) -> "Begun":
        """
        Return a new one.
        """
        state, nonce, verifier = (secrets.token_urlsafe(48) for _ in range(3))
        return cls(state, nonce, verifier, passage)

    def __repr__(self) -> str:
        return "Begun()"


@dataclass(frozen=True, slots=True)
class Sessions:
    """
    Writes cookies, and reads them.
    """

    notes: Notes

    def read(self, cookies: Mapping[str, str]) -> Session | None:
        """
        Return the session of a request, if there is one that has not ended.
        """
        parts = [cookies.get(_part(number)) for number in range(MAX_PARTS)]
        sealed = "".join(one for one in parts if one is not None)
        try:
            return Session(**json.loads(self.notes.read(_SESSION, sealed)))
        except NoteRefusedError:
            return None

    def keep(self, response: Response, session: Session, *, until: datetime, now: datetime) -> None:
        """
        Let the browser keep a session until its token ends.
        """
        lasting = min(until - now, MAX_SESSION)
        content = json.dumps(asdict(session)).encode()
        sealed = self.notes.written(_SESSION, content, lasting=lasting)
        for number in range(MAX_PARTS):
            part = sealed[number * COOKIE_CHARACTERS : (number + 1) * COOKIE_CHARACTERS]
            if part:
                _set(response, _part(number), part, lasting)
            else:
                _drop(response, _part(number))

    def end(self, response: Response) -> None:
        """
        Let the browser forget its session.
        """
        for number in range(MAX_PARTS):
            _drop(response, _part(number))

    def begin(self, response: Response, begun: Begun, cookies: Mapping[str, str]) -> None:
        """
        Let the browser keep what it has begun, and forget all but the latest that it began before.
        """
        # Browsers send the oldest first (RFC 6265, section 5.4).
        before = [name for name in cookies if name.startswith(BEGUN_COOKIE)]
        for name in before[: 1 - MAX_BEGUN]:
            _drop(response, name)
        content = json.dumps(asdict(begun)).encode()
        sealed = self.notes.written(_BEGUN, content, lasting=MAX_SIGN_IN)
        _set(response, _begun(begun.state), sealed, MAX_SIGN_IN)

    def begun(self, cookies: Mapping[str, str], state: str) -> Begun | None:
        """
        Return the sign-in that this browser has begun with this state.
        """
        try:
            content = self.notes.read(_BEGUN, cookies.get(_begun(state), ""))
        except NoteRefusedError:
            return None
        found = Begun(**json.loads(content))
        return found if secrets.compare_digest(found.state.encode(), state.encode()) else None

    def finished(self, response: Response, state: str) -> None:
        """
        Let the browser forget a sign-in that it has begun.
        """
        _drop(response, _begun(state))


def _part(number: int) -> str:
    return f"{SESSION_COOKIE}-{number}"


def _begun(state: str) -> str:
    # Of its own for each: several citations may be opened at once.
    return f"{BEGUN_COOKIE}-{sha256(state.encode()).hexdigest()[:16]}"


def _set(response: Response, name: str, value: str, lasting: timedelta) -> None:
    seconds = int(lasting.total_seconds())
    response.set_cookie(
        name, value, max_age=seconds, path="/", secure=True, httponly=True, samesite="lax"
    )


def _drop(response: Response, name: str) -> None:
    response.delete_cookie(name, path="/", secure=True, httponly=True, samesite="lax")
