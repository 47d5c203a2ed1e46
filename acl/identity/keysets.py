"""
Where an issuer's keys come from: a pinned file, a pinned address, or its discovery document.

The rules:

1. A key is looked up by issuer and `kid`; no token can make this service fetch anything from
   an address that the operator has not configured.
2. What a set may hold is in `jwks`, how it is fetched in `wire`.
3. A set is fetched at most once in `REFETCH_SECONDS`, by one thread, whatever `kid` tokens name.
4. A token whose key is known waits for no fetch while the set is younger than
   `BELIEVED_SECONDS`; after `FRESH_SECONDS` it is fetched anew beside the requests. So a key
   that the issuer took away is refused within ten minutes, also after a quiet night.
5. If the issuer does not answer, the set that is there is used up to `STALE_SECONDS`, without
   waiting. After that, and for a `kid` that could not be looked up, the answer is 503, not 401.
6. At most `MAX_WAITING` requests of an issuer wait for a fetch; more are told to come back.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol

from acl.errors import ConfigurationError
from acl.identity.errors import KeysUnavailableError
from acl.identity.jwks import PublicKey, fit, parse_keys
from acl.identity.wire import SECONDS, Wire, WireError
from acl.model.strict_json import parse_object

REFETCH_SECONDS: Final = 30.0
FRESH_SECONDS: Final = 300.0
BELIEVED_SECONDS: Final = 540.0
STALE_SECONDS: Final = 3_600.0
MAX_WAITING: Final = 8
"""
Of the forty threads that serve requests: whoever sends unknown `kid`s cannot occupy the others.
"""

WAIT_SECONDS: Final = 2 * SECONDS + 1
NEVER: Final = float("-inf")


class KeyCondition(StrEnum):
    """
    How an issuer's keys are.
    """

    FRESH = "fresh"
    AGEING = "ageing"  # the issuer has not answered lately; its last keys are used
    UNUSABLE = "unusable"  # none yet, too old, or the file is no key set: tokens get 503
    NOT_ASKED = "not asked"  # no token has needed them yet


@dataclass(frozen=True, slots=True)
class KeyState:
    """
    What a key source looks like now, for operators. It asks nobody.
    """

    where: str
    condition: KeyCondition
    kids: tuple[str, ...]
    age_seconds: float | None
    problem: str

    def told(self) -> str:
        """
        Return it as one sentence.
        """
        age = "" if self.age_seconds is None else f", {self.age_seconds:.0f} s old"
        what = f"{self.condition}: {len(self.kids)} keys from {self.where}{age}"
        return f"{what}; {self.problem}" if self.problem else what


class KeySource(Protocol):
    """
    Finds one issuer's public keys.
    """

    def key(self, kid: str, algorithm: str) -> PublicKey:
        """
        Return the issuer's key of this id, fit for this algorithm.

        Raises:
            TokenRejectedError: The issuer has no such key.
            KeysUnavailableError: The issuer's keys could not be had.
        """
        ...


class PinnedKeys:
    """
    Keys from a file that the operator placed; read again when the file changes.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._stamp: tuple[int, ...] | None = None
        self._keys: Mapping[str, PublicKey] = {}

    def key(self, kid: str, algorithm: str) -> PublicKey:
        """
        Return a key of the file as it is now.
        """
        return fit(self.load(), kid, algorithm)

    def load(self) -> Mapping[str, PublicKey]:
        """
        Return every key in the file.

        Raises:
            KeysUnavailableError: The file cannot be read or is not a key set.
        """
        try:
            found = self._path.stat()
            stamp = (
                found.st_dev,
                found.st_ino,
                found.st_size,
                found.st_mtime_ns,
                found.st_ctime_ns,
            )
            with self._lock:
                if stamp != self._stamp:
                    self._keys = parse_keys(self._path.read_bytes())
                    self._stamp = stamp
                return self._keys
        except OSError as error:
            msg = f"{self._path} cannot be read: {error.strerror}"
            raise KeysUnavailableError(msg) from error
        except ConfigurationError as error:
            msg = f"{self._path}: {error.diagnostics()}"
            raise KeysUnavailableError(msg) from error

    def state(self) -> KeyState:
        """
        Return what the file holds now.
        """
        try:
            kids = tuple(sorted(self.load()))
        except KeysUnavailableError as error:
            return KeyState(str(self._path), KeyCondition.UNUSABLE, (), None, error.diagnostics())
        return KeyState(str(self._path), KeyCondition.FRESH, kids, None, "")


@dataclass(frozen=True, slots=True)
class _Known:
    """
    The keys of one fetch, and when it began.
    """

    keys: Mapping[str, PublicKey]
    since: float


@dataclass(slots=True)
class _Attempt:
    """
    One fetch, underway or over.
    """

    began: float
    over: threading.Event = field(default_factory=threading.Event)


def _beside(job: Callable[[], None]) -> None:
    threading.Thread(target=job, name="key-fetch", daemon=True).start()


@dataclass(slots=True)
class DiscoveredKeys:
    """
    Keys from the issuer's discovery document, or from the one address `jwks_uri`, remembered.

    `clock` and `start` are for tests: what time it is, and how a fetch is begun.
    """

    issuer: str
    wire: Wire = field(default_factory=Wire)
    jwks_uri: str | None = None
    clock: Callable[[], float] = time.monotonic
    start: Callable[[Callable[[], None]], None] = _beside
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)
    _known: _Known = field(default=_Known({}, NEVER), init=False, repr=False)
    _attempt: _Attempt | None = field(default=None, init=False, repr=False)
    _problem: str = field(default="", init=False, repr=False)
    _waiting: int = field(default=0, init=False, repr=False)

    def key(self, kid: str, algorithm: str) -> PublicKey:
        """
        Return a key; waits for a fetch only where it cannot be answered without.
        """
        now = self.clock()
        known, underway = self._look(kid, now)
        if underway is not None and self._must_wait(known, kid, now):
            self._wait(underway)
            known = self._known
        if now - known.since > STALE_SECONDS:
            msg = f"the keys of {self.issuer} could not be had: {self._problem or 'not yet'}"
            raise KeysUnavailableError(msg)
        if kid not in known.keys and self._problem:
            # It may be a new key, of which only the issuer could tell.
            msg = f"{self.issuer} could not be asked about key {kid!r:.80}: {self._problem}"
            raise KeysUnavailableError(msg)
        return fit(known.keys, kid, algorithm)

    def state(self) -> KeyState:
        """
        Return what is known now, without asking anybody.
        """
        known, problem, age = self._known, self._problem, self.clock() - self._known.since
        where = self.jwks_uri or _discovery_address(self.issuer)
        if self._attempt is None:
            return KeyState(where, KeyCondition.NOT_ASKED, (), None, "")
        condition = (
            KeyCondition.UNUSABLE
            if age > STALE_SECONDS
            else KeyCondition.AGEING
            if problem or age > BELIEVED_SECONDS
            else KeyCondition.FRESH
        )
        seconds = age if known.keys else None
        return KeyState(where, condition, tuple(sorted(known.keys)), seconds, problem)

    def fetch(self) -> Mapping[str, PublicKey]:
        """
        Fetch the key set now, and the discovery document before it.

        Raises:
            KeysUnavailableError: Either could not be had, or is not what it should be.
        """
        try:
            return parse_keys(self.wire.get(self.jwks_uri or self._discovered()))
        except WireError as error:
            msg = f"the keys of {self.issuer} could not be fetched: {error}"
            raise KeysUnavailableError(msg) from error
        except ConfigurationError as error:
            msg = f"the keys of {self.issuer} could not be used: {error.diagnostics()}"
            raise KeysUnavailableError(msg) from error

    def _discovered(self) -> str:
        try:
            document = parse_object(self.wire.get(_discovery_address(self.issuer)))
        except ValueError as error:
            msg = f"the discovery document of {self.issuer} is malformed: {error}"
            raise KeysUnavailableError(msg) from error
        if document.get("issuer") != self.issuer:
            named = document.get("issuer")
            msg = f"discovery names issuer {named!r:.200}, not {self.issuer!r}"
            raise KeysUnavailableError(msg)
        return str(document.get("jwks_uri"))

    def _look(self, kid: str, now: float) -> tuple[_Known, _Attempt | None]:
        """
        Return what is known, and the fetch that is underway; one is begun if it is time.
        """
        with self._lock:
            known, attempt = self._known, self._attempt
            wanted = kid not in known.keys or now - known.since > FRESH_SECONDS
            due = attempt is None or now - attempt.began >= REFETCH_SECONDS
            if not (wanted and due):
                return known, attempt if attempt and not attempt.over.is_set() else None
            begun = self._attempt = _Attempt(now)
        self.start(lambda: self._refresh(begun))
        return known, begun

    def _must_wait(self, known: _Known, kid: str, now: float) -> bool:
        age = now - known.since
        if kid not in known.keys or age > STALE_SECONDS:
            return True
        # In an outage waiting helps nobody; the last keys count until they are stale.
        return age > BELIEVED_SECONDS and not self._problem

    def _wait(self, underway: _Attempt) -> None:
        with self._lock:
            full = self._waiting >= MAX_WAITING
            self._waiting += not full
        if full:
            msg = f"{MAX_WAITING} requests already wait for the keys of {self.issuer}"
            raise KeysUnavailableError(msg)
        try:
            if not underway.over.wait(WAIT_SECONDS):
                msg = f"the keys of {self.issuer} are still being fetched"
                raise KeysUnavailableError(msg)
        finally:
            with self._lock:
                self._waiting -= 1

    def _refresh(self, attempt: _Attempt) -> None:
        problem = "the fetch was broken off"
        found: _Known | None = None
        try:
            found, problem = _Known(self.fetch(), attempt.began), ""
        except KeysUnavailableError as error:
            problem = error.diagnostics()
        finally:
            with self._lock:
                # A fetch that was overtaken by a later one says nothing any more.
                if self._attempt is attempt:
                    self._problem = problem
                    self._known = found or self._known
            attempt.over.set()


def _discovery_address(issuer: str) -> str:
    return issuer.rstrip("/") + "/.well-known/openid-configuration"
