"""
Where an issuer's keys come from: a pinned file, or its discovery document.

The rules:

1. A key is looked up by issuer and `kid`; no token can make this service fetch anything from
   an address that the operator has not configured.
2. Only asymmetric public signing keys are accepted; a set that also holds a secret key, two
   keys of one `kid`, or an RSA key that is under 2048 bits or bears the fingerprint of ROCA
   (CVE-2017-15361) is refused whole. Public encryption keys, which Keycloak lists beside its
   signing keys, are passed over.
3. Fetching is over TLS without redirects, bounded in time and size, and at most once in
   `REFETCH_SECONDS`, whatever `kid` tokens name.
4. Keys older than `STALE_SECONDS` are not used: the answer is then 503, not 401.
"""

import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from acl.errors import ConfigurationError
from acl.identity.errors import KeysUnavailableError, TokenRejectedError
from acl.model.strict_json import parse_object

MAX_BYTES: Final = 256 * 1024
MAX_KEYS: Final = 64
MIN_RSA_BITS: Final = 2_048
FETCH_SECONDS: Final = 5.0
REFETCH_SECONDS: Final = 30.0
FRESH_SECONDS: Final = 300.0
STALE_SECONDS: Final = 3_600.0
ROCA_GENERATOR: Final = 65_537
ROCA_PRIMES: Final = tuple(
    p for p in range(3, 168, 2) if all(p % factor for factor in range(3, 13, 2) if factor < p)
)

PublicKey = RSAKey | ECKey | OKPKey
_KEY_TYPES: Final[Mapping[str, type[RSAKey] | type[ECKey] | type[OKPKey]]] = {
    "RSA": RSAKey,
    "EC": ECKey,
    "OKP": OKPKey,
}
_ALGORITHM_TYPES: Final[Mapping[str, str]] = {"R": "RSA", "P": "RSA", "E": "EC"}


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
        return _fit(self.load(), kid, algorithm)

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


class DiscoveredKeys:
    """
    Keys from the issuer's discovery document, cached.
    """

    def __init__(self, issuer: str, client: httpx.Client | None = None) -> None:
        self._issuer = issuer
        self._client = client or httpx.Client(
            timeout=FETCH_SECONDS, follow_redirects=False, trust_env=False
        )
        self._lock = threading.Lock()
        self._keys: Mapping[str, PublicKey] = {}
        self._fetched_at = float("-inf")
        self._tried_at = float("-inf")

    def key(self, kid: str, algorithm: str) -> PublicKey:
        """
        Return a key, fetching the set if it is old or lacks this one.
        """
        with self._lock:
            now = time.monotonic()
            wanted = kid not in self._keys or now - self._fetched_at > FRESH_SECONDS
            if wanted and now - self._tried_at > REFETCH_SECONDS:
                self._tried_at = now
                self._refresh(now)
            if now - self._fetched_at > STALE_SECONDS:
                msg = f"the keys of {self._issuer} could not be fetched"
                raise KeysUnavailableError(msg)
            keys = self._keys
        return _fit(keys, kid, algorithm)

    def _refresh(self, now: float) -> None:
        try:
            self._keys = self.fetch()
            self._fetched_at = now
        except KeysUnavailableError:
            if now - self._fetched_at > STALE_SECONDS:
                raise

    def fetch(self) -> Mapping[str, PublicKey]:
        """
        Fetch discovery document and key set now.

        Raises:
            KeysUnavailableError: Either could not be had, or is not what it should be.
        """
        try:
            document = parse_object(self._get(_discovery_address(self._issuer)))
            if document.get("issuer") != self._issuer:
                msg = f"discovery names issuer {document.get('issuer')!r}, not {self._issuer!r}"
                raise KeysUnavailableError(msg)
            return parse_keys(self._get(str(document.get("jwks_uri"))))
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, ConfigurationError) as error:
            msg = f"the keys of {self._issuer} could not be fetched: {error}"
            raise KeysUnavailableError(msg) from error

    def _get(self, address: str) -> bytes:
        if httpx.URL(address).scheme != "https":
            msg = f"{address} is not https"
            raise KeysUnavailableError(msg)
        deadline = time.monotonic() + FETCH_SECONDS
        with self._client.stream("GET", address) as response:
            if response.status_code != httpx.codes.OK:
                msg = f"{address} answered {response.status_code}"
                raise KeysUnavailableError(msg)
            body = bytearray()
            for part in response.iter_bytes():
                body += part
                if len(body) > MAX_BYTES:
                    msg = f"{address} sent more than {MAX_BYTES} bytes"
                    raise KeysUnavailableError(msg)
                if time.monotonic() > deadline:
                    msg = f"{address} took longer than {FETCH_SECONDS} s"
                    raise KeysUnavailableError(msg)
        return bytes(body)


def parse_keys(text: bytes) -> Mapping[str, PublicKey]:
    """
    Read a JWK set into keys by id; rule 2 applies.

    Raises:
        ConfigurationError: It is not a set of public signing keys.
    """
    try:
        listed = parse_object(text).get("keys")
        if not isinstance(listed, list) or not 0 < len(listed) <= MAX_KEYS:
            msg = f"a key set lists 1 to {MAX_KEYS} keys"
            raise ValueError(msg)  # noqa: TRY301
        keys = [_parse_key(one) for one in listed if not _only_encrypts(one)]
        if not keys:
            msg = "it lists encryption keys only"
            raise ValueError(msg)  # noqa: TRY301
    except (ValueError, JoseError, TypeError, KeyError) as error:
        msg = f"not a usable key set: {error}"
        raise ConfigurationError(msg) from error
    by_id = dict(keys)
    if len(by_id) != len(keys):
        msg = "not a usable key set: two keys share one kid"
        raise ConfigurationError(msg)
    return by_id


def _parse_key(listed: object) -> tuple[str, PublicKey]:
    if not isinstance(listed, dict) or not isinstance(listed.get("kid"), str):
        msg = "every key needs a kid"
        raise ValueError(msg)  # noqa: TRY004 - one family for everything malformed
    if "d" in listed or "k" in listed:
        msg = f"key {listed['kid']!r:.80} is secret; publish public keys only"
        raise ValueError(msg)
    if listed.get("use", "sig") != "sig" or listed.get("kty") not in _KEY_TYPES:
        msg = f"key {listed['kid']!r:.80} is not a signing key of a supported type"
        raise ValueError(msg)
    key = _KEY_TYPES[listed["kty"]].import_key(listed)
    if isinstance(key, RSAKey) and key.public_key.key_size < MIN_RSA_BITS:
        msg = f"RSA key {listed['kid']!r:.80} has fewer than {MIN_RSA_BITS} bits"
        raise ValueError(msg)
    if isinstance(key, RSAKey) and _roca(key.public_key.public_numbers().n):
        msg = f"RSA key {listed['kid']!r:.80} can be factored (ROCA, CVE-2017-15361); replace it"
        raise ValueError(msg)
    return listed["kid"], key


def _only_encrypts(listed: object) -> bool:
    return isinstance(listed, dict) and listed.get("use") == "enc" and not {"d", "k"} & set(listed)


def _roca(modulus: int) -> bool:
    # The primes of such a key are powers of 65537 modulo many small primes, and so is the modulus.
    return all(
        modulus % prime in {pow(ROCA_GENERATOR, power, prime) for power in range(prime)}
        for prime in ROCA_PRIMES
    )


def _fit(keys: Mapping[str, PublicKey], kid: str, algorithm: str) -> PublicKey:
    key = keys.get(kid)
    if key is None:
        msg = f"step 8: the issuer has no key {kid!r:.80}"
        raise TokenRejectedError(msg)
    wanted = "OKP" if algorithm.startswith("Ed") else _ALGORITHM_TYPES[algorithm[0]]
    if key.key_type != wanted or key.get("alg", algorithm) != algorithm:
        msg = f"step 8: key {kid!r:.80} is not for {algorithm}"
        raise TokenRejectedError(msg)
    return key


def _discovery_address(issuer: str) -> str:
    return issuer.rstrip("/") + "/.well-known/openid-configuration"
