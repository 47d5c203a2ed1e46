"""
Asks an issuer whether a token is active (RFC 7662).

The rules:

1. One configured address is asked, with credentials from a file, over TLS (`wire`). What is sent
   is a bearer token in the form of RFC 6750, section 2.1, and never one that a different issuer
   could have made: at most one issuer is asked about opaque tokens.
2. An answer is one strict JSON object, and `active` is true or false in it. Anything else is no
   answer: 503, not 401.
3. An active token is an access token: `token_type` is `Bearer`, or `DPoP` and the answer says by
   `cnf` to which key it is bound (RFC 9449, section 6.2). Refresh tokens are active, too.
4. The answer names this issuer (`iss`). It must then say what a signed token would say: it passes
   the steps of `tokens` from the ninth on.
5. An answer is remembered by the digest of its token for `cache_seconds`, and an active token
   never past its `exp`.
6. At most `MAX_ASKING` questions are asked at once; whoever comes later is told to come back.
"""

import base64
import hashlib
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote_plus

from acl.errors import ConfigurationError
from acl.identity.errors import IntrospectionUnavailableError, TokenRejectedError
from acl.identity.wire import Wire, WireError
from acl.model.strict_json import parse_object

MAX_ASKING: Final = 16
WAIT_SECONDS: Final = 1.0
MAX_REMEMBERED: Final = 10_000
OPAQUE: Final = re.compile(r"[A-Za-z0-9\-._~+/]+=*")


@dataclass(frozen=True, slots=True)
class _Answer:
    """
    The claims of an active token, or `None`; when it was given, and how long it counts.
    """

    claims: Mapping[str, object] | None
    given: datetime
    until: datetime

    def counts(self, now: datetime) -> bool:
        # Also after a clock was put back.
        return self.given <= now < self.until


@dataclass(slots=True)
class Introspector:
    """
    One issuer's introspection endpoint, and what it has said lately.

    `opaque` asks it about tokens that are not signed, `always` about signed ones as well.
    """

    issuer: str
    endpoint: str
    client_id: str
    secret: Callable[[], str]
    cache_seconds: float
    opaque: bool = True
    always: bool = False
    wire: Wire = field(default_factory=Wire)
    _asking: threading.BoundedSemaphore = field(
        default_factory=lambda: threading.BoundedSemaphore(MAX_ASKING), init=False, repr=False
    )
    _cache: OrderedDict[bytes, _Answer] = field(default_factory=OrderedDict, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def claims_of(self, token: str, now: datetime) -> Mapping[str, object]:
        """
        Return what the issuer says of an opaque token that is active.

        Raises:
            TokenRejectedError: It is not active, not an access token, or another issuer's.
            IntrospectionUnavailableError: The issuer did not say.
        """
        if OPAQUE.fullmatch(token) is None:
            msg = "step 2: neither a signed token nor one that could be asked about"
            raise TokenRejectedError(msg)
        claims = self._active(token, now)
        if claims.get("iss") != self.issuer:
            msg = f"introspection: the answer names issuer {claims.get('iss')!r:.200}"
            raise TokenRejectedError(msg)
        kind = claims.get("token_type")
        bound = isinstance(kind, str) and kind.lower() == "dpop" and claims.get("cnf") is not None
        if not bound and (not isinstance(kind, str) or kind.lower() != "bearer"):
            msg = f"introspection: token_type {kind!r:.40} is not an access token's"
            raise TokenRejectedError(msg)
        return claims

    def confirm(self, token: str, claims: Mapping[str, object], now: datetime) -> None:
        """
        Step 17: the issuer says that a signed token is active, and means the same reader.

        Raises:
            TokenRejectedError: It is not, or the issuer means somebody else.
            IntrospectionUnavailableError: The issuer did not say.
        """
        found = self._active(token, now)
        for claim in ("iss", "sub"):
            if found.get(claim, claims[claim]) != claims[claim]:
                msg = f"step 17: token and issuer differ about {claim}"
                raise TokenRejectedError(msg)

    def _active(self, token: str, now: datetime) -> Mapping[str, object]:
        digest = hashlib.sha256(token.encode("ascii")).digest()
        with self._lock:
            answer = self._cache.get(digest)
        if answer is None or not answer.counts(now):
            answer = self._asked(token, now)
            with self._lock:
                self._cache[digest] = answer
                self._cache.move_to_end(digest)
                while len(self._cache) > MAX_REMEMBERED:
                    self._cache.popitem(last=False)
        if answer.claims is None:
            msg = "introspection: the issuer says that the token is not active"
            raise TokenRejectedError(msg)
        return answer.claims

    def _asked(self, token: str, now: datetime) -> _Answer:
        form = {"token": token, "token_type_hint": "access_token"}
        if not self._asking.acquire(timeout=WAIT_SECONDS):
            msg = f"{MAX_ASKING} questions to {self.issuer} are already underway"
            raise IntrospectionUnavailableError(msg)
        try:
            text = self.wire.post(self.endpoint, form, authorization=self._credentials())
            found = parse_object(text)
        except WireError as error:
            msg = f"{self.issuer} could not be asked about a token: {error}"
            raise IntrospectionUnavailableError(msg) from error
        except ConfigurationError as error:
            msg = f"{self.issuer} could not be asked about a token: {error.diagnostics()}"
            raise IntrospectionUnavailableError(msg) from error
        except ValueError as error:
            msg = f"{self.issuer} answered about a token, but not with one JSON object: {error}"
            raise IntrospectionUnavailableError(msg) from error
        finally:
            self._asking.release()
        return self._judged(found, now)

    def _judged(self, found: Mapping[str, object], now: datetime) -> _Answer:
        active, expires = found.get("active"), found.get("exp")
        if not isinstance(active, bool):
            msg = f"{self.issuer} did not say whether a token is active"
            raise IntrospectionUnavailableError(msg)
        until = now + timedelta(seconds=self.cache_seconds)
        if active and isinstance(expires, int) and expires < until.timestamp():
            until = datetime.fromtimestamp(max(expires, 0), tz=now.tzinfo)
        return _Answer(found if active else None, now, until)

    def _credentials(self) -> str:
        # RFC 6749, section 2.3.1: encoded as a form is, before they are joined.
        pair = f"{quote_plus(self.client_id)}:{quote_plus(self.secret())}"
        return "Basic " + base64.b64encode(pair.encode("ascii")).decode("ascii")
