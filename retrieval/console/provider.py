"""
What the issuer's discovery document says about signing in there.

It is fetched over the bounded wire when somebody first signs in, and again after
`BELIEVED_SECONDS`; after a failure not before `RETRY_SECONDS`, so that requests of strangers
become no flood of requests to the issuer. At most `MAX_WAITING` requests wait for it; more are told
to come back.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from acl.errors import ReadershipError
from acl.identity.wire import Wire, WireError
from acl.model.strict_json import parse_object

BELIEVED_SECONDS: Final = 300.0
RETRY_SECONDS: Final = 10.0
MAX_WAITING: Final = 8
"""
Of the forty threads that serve requests: strangers at the page cannot occupy the others while the
issuer is slow.
"""

DISCOVERY: Final = "/.well-known/openid-configuration"


class ProviderUnavailableError(ReadershipError):
    """
    The issuer could not be asked, or its answer is of no use; nobody can sign in now.
    """

    public_message = "your organisation's sign-in does not answer; try again in a moment"
    code = "sign_in_unavailable"


@dataclass(frozen=True, slots=True)
class Endpoints:
    """
    Where one signs in, gets tokens and signs out; `names_itself` says that the issuer's answers
    carry `iss` (RFC 9207).
    """

    authorization: str
    token: str
    end_session: str | None
    names_itself: bool


@dataclass(frozen=True, slots=True)
class _Answer:
    """
    What came of asking, and when that was: endpoints, or a problem.
    """

    asked: float
    endpoints: Endpoints | None = None
    problem: str = ""


@dataclass(slots=True)
class Provider:
    """
    One issuer, as a place to sign in.
    """

    issuer: str
    wire: Wire
    clock: Callable[[], float] = time.monotonic
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)
    _waiting: threading.BoundedSemaphore = field(
        default_factory=lambda: threading.BoundedSemaphore(MAX_WAITING), init=False, repr=False
    )
    _last: _Answer = field(default=_Answer(float("-inf")), init=False, repr=False)

    def endpoints(self) -> Endpoints:
        """
        Return its endpoints.

        Raises:
            ProviderUnavailableError: They could not be had.
        """
        last = self._last
        if self._is_over(last):
            last = self._renewed()
        if last.endpoints is None:
            raise ProviderUnavailableError(last.problem)
        return last.endpoints

    def _is_over(self, last: _Answer) -> bool:
        lasting = RETRY_SECONDS if last.problem else BELIEVED_SECONDS
        return self.clock() - last.asked >= lasting

    def _renewed(self) -> _Answer:
        if not self._waiting.acquire(blocking=False):
            msg = f"{MAX_WAITING} requests already wait for the discovery document of {self.issuer}"
            raise ProviderUnavailableError(msg)
        try:
            with self._lock:
                if self._is_over(self._last):
                    self._last = self._asked()
                return self._last
        finally:
            self._waiting.release()

    def _asked(self) -> _Answer:
        now = self.clock()
        try:
            document = parse_object(self.wire.get(self.issuer.rstrip("/") + DISCOVERY))
            return _Answer(now, _endpoints(document, self.issuer))
        except (WireError, ValueError) as error:
            return _Answer(now, problem=f"the discovery document of {self.issuer}: {error}")


def _endpoints(document: Mapping[str, object], issuer: str) -> Endpoints:
    if document.get("issuer") != issuer:
        msg = f"it names issuer {document.get('issuer')!r:.200}"
        raise ValueError(msg)
    end = document.get("end_session_endpoint")
    return Endpoints(
        _https(document, "authorization_endpoint"),
        _https(document, "token_endpoint"),
        None if end is None else _https(document, "end_session_endpoint"),
        document.get("authorization_response_iss_parameter_supported") is True,
    )


def _https(document: Mapping[str, object], name: str) -> str:
    address = document.get(name)
    if not isinstance(address, str) or urlsplit(address).scheme != "https":
        msg = f"{name} is no https address"
        raise ValueError(msg)
    return address
