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
6. A token about which a question is underway is not asked about again: whoever brings it waits
   for the answer, unless that would no longer count for them.
7. At most `MAX_ASKING` questions are underway at once, and at most `MAX_WAITING` requests wait for
   the answers to others'. Whoever comes when that is full is told at once to come back.
"""

import base64
import hashlib
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote_plus

from acl.errors import ConfigurationError
from acl.identity.errors import IntrospectionUnavailableError, TokenRejectedError
from acl.identity.wire import SECONDS, Wire, WireError
from acl.model.strict_json import parse_object

MAX_ASKING: Final = 16
MAX_WAITING: Final = 8
"""
Both together of the forty threads that serve requests: whoever sends tokens that nobody issued
cannot occupy the others.
"""

WAIT_SECONDS: Final = SECONDS + 1
MAX_REMEMBERED: Final = 10_000
OPAQUE: Final = re.compile(r"[A-Za-z0-9\-._~+/]+=*")


@dataclass(slots=True)
class _Question:
    """
    When it was asked, until when its answer counts, and the answer, once it is there: the claims
    of an active token, or `None`.
    """

    asked: datetime
    until: datetime
    answer: Future[Mapping[str, object] | None] = field(default_factory=Future)

    def counts(self, now: datetime) -> bool:
        # Also after a clock was put back.
        return self.asked <= now < self.until


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
    _waiting: threading.BoundedSemaphore = field(
        default_factory=lambda: threading.BoundedSemaphore(MAX_WAITING), init=False, repr=False
    )
    _cache: OrderedDict[bytes, _Question] = field(
        default_factory=OrderedDict, init=False, repr=False
    )
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
        claims = self.active(token, now)
        if claims.get("iss") != self.issuer:
            msg = f"introspection: the answer names issuer {claims.get('iss')!r:.200}"
            raise TokenRejectedError(msg)
        kind = claims.get("token_type")
        bound = isinstance(kind, str) and kind.lower() == "dpop" and claims.get("cnf") is not None
        if not bound and (not isinstance(kind, str) or kind.lower() != "bearer"):
            msg = f"introspection: token_type {kind!r:.40} is not an access token's"
            raise TokenRejectedError(msg)
        return claims

    def active(self, token: str, now: datetime) -> Mapping[str, object]:
        """
        Return what the issuer says of a token that is active.

        Raises:
            TokenRejectedError: It is not.
            IntrospectionUnavailableError: The issuer did not say.
        """
        claims = self._answer(token, now)
        if claims is None:
            msg = "introspection: the issuer says that the token is not active"
            raise TokenRejectedError(msg)
        return claims

    def _answer(self, token: str, now: datetime) -> Mapping[str, object] | None:
        digest = hashlib.sha256(token.encode("ascii")).digest()
        with self._lock:
            known = self._cache.get(digest)
            if known is not None and not known.counts(now):
                known = None
            if known is not None and known.answer.done():
                return known.answer.result()
            room = self._asking if known is None else self._waiting
            if not room.acquire(blocking=False):
                msg = f"{self.issuer} is being asked about too many tokens at once"
                raise IntrospectionUnavailableError(msg)
            question = known or self._begun(digest, now)
        try:
            if known is None:
                self._ask(question, digest, token)
            return question.answer.result(WAIT_SECONDS)
        except TimeoutError as error:
            msg = f"{self.issuer} is still being asked about a token"
            raise IntrospectionUnavailableError(msg) from error
        finally:
            room.release()

    def _begun(self, digest: bytes, now: datetime) -> _Question:
        question = _Question(now, now + timedelta(seconds=self.cache_seconds))
        self._cache[digest] = question
        self._cache.move_to_end(digest)
        while len(self._cache) > MAX_REMEMBERED:
            self._cache.popitem(last=False)
        return question

    def _ask(self, question: _Question, digest: bytes, token: str) -> None:
        try:
            claims = self._judged(self._exchanged(token), question)
        except BaseException as error:
            with self._lock:
                if self._cache.get(digest) is question:
                    del self._cache[digest]
            question.answer.set_exception(error)  # for those who wait
            raise
        question.answer.set_result(claims)

    def _exchanged(self, token: str) -> Mapping[str, object]:
        form = {"token": token, "token_type_hint": "access_token"}
        try:
            text = self.wire.post(self.endpoint, form, authorization=self._credentials())
            return parse_object(text)
        except WireError as error:
            msg = f"{self.issuer} could not be asked about a token: {error}"
            raise IntrospectionUnavailableError(msg) from error
        except ConfigurationError as error:
            msg = f"{self.issuer} could not be asked about a token: {error.diagnostics()}"
            raise IntrospectionUnavailableError(msg) from error
        except (ValueError, RecursionError) as error:
            msg = f"{self.issuer} answered about a token, but not with one JSON object: {error}"
            raise IntrospectionUnavailableError(msg) from error

    def _judged(
        self, found: Mapping[str, object], question: _Question
    ) -> Mapping[str, object] | None:
        active, expires = found.get("active"), found.get("exp")
        if not isinstance(active, bool):
            msg = f"{self.issuer} did not say whether a token is active"
            raise IntrospectionUnavailableError(msg)
        if active and isinstance(expires, int) and expires < question.until.timestamp():
            question.until = datetime.fromtimestamp(max(expires, 0), tz=question.until.tzinfo)
        return found if active else None

    def _credentials(self) -> str:
        # RFC 6749, section 2.3.1: encoded as a form is, before they are joined.
        pair = f"{quote_plus(self.client_id)}:{quote_plus(self.secret())}"
        return "Basic " + base64.b64encode(pair.encode("ascii")).decode("ascii")
