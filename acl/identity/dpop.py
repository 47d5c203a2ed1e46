"""
Verifies a DPoP proof (RFC 9449, section 4.3): whoever sends this token has the key it is bound to.

The steps, in the order they are taken:

1. There is exactly one proof, in compact form, of strict JSON.
2. Its header has `typ` `dpop+jwt`, `alg` and `jwk`, and nothing else that steers.
3. `jwk` is a public signing key that would do for an issuer too (`jwks`), and serves `alg`.
4. The proof is signed with it, and its thumbprint (RFC 7638) is the one that the token names.
5. `htm` and `htu` are this request's method and address, without query and fragment.
6. `ath` is the hash of this token.
7. `iat` is at most `PROOF_SECONDS` old and at most `AHEAD_SECONDS` ahead, and so late that no
   process which ended before this one began can have seen the proof.
8. `jti` has not come with this key before, for as long as `iat` would be accepted.

A proof is remembered last of all, so that what proves nothing takes no place; by its digest, so
that each takes the same. Nobody may fill more places than are still free: however many one sends,
whoever sends few finds room.
"""

import base64
import hashlib
import hmac
import re
from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from threading import Lock
from typing import Final
from urllib.parse import urlsplit

from joserfc.errors import JoseError

from acl.identity import signed
from acl.identity.errors import TokenRejectedError
from acl.identity.jwks import ALGORITHMS, PublicKey, public_key, serves
from acl.identity.presented import Presented
from acl.identity.signed import refuse

PROOF_SECONDS: Final = 60
"""
How old a proof may be: it is made for one request.
"""

AHEAD_SECONDS: Final = 5
"""
How far ahead the clock of whoever made it may be. For as long after its start a process accepts
no proof of a right clock, so it is shorter than loading the models takes.
"""

MAX_PROOFS_A_SENDER: Final = 10_000
MAX_PROOFS: Final = 200_000
"""
Remembered until they are too old: some 150 requests a second of one sender.
"""

MAX_ID_CHARACTERS: Final = 256
_STEERING: Final = frozenset({"typ", "alg", "jwk"})
_DEFAULT_PORTS: Final[Mapping[str, int]] = {"http": 80, "https": 443}
_ESCAPED: Final = re.compile(r"%[0-9A-Fa-f]{2}")
_UNRESERVED: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")

Sender = tuple[str, str, str]
"""
Issuer, subject and client: who counts as one, however many keys they have.
"""


class ProofVerifier:
    """
    Verifies proofs, and remembers those that could come again.

    Every token verifier has one; no two of a process serve the same address, so a proof that one
    has seen is none for another.
    """

    def __init__(self, started: datetime) -> None:
        self._lock = Lock()
        self._earliest = started.timestamp() + AHEAD_SECONDS
        self._until: OrderedDict[bytes, tuple[float, bytes]] = OrderedDict()
        self._of_sender: dict[bytes, int] = {}

    def verify(
        self, token: str, presented: Presented, thumbprint: str, sender: Sender, now: datetime
    ) -> None:
        """
        Accept the proof that came with a token which is bound to a key.

        Raises:
            TokenRejectedError: It proves nothing.
        """
        proofs = presented.proofs
        refuse(len(proofs) != 1, f"proof 1: {len(proofs)} DPoP headers")
        header, claims = signed.parse(proofs[0])
        algorithm = _check_header(header)
        key = _key(header["jwk"], algorithm)
        signed.check_signature(proofs[0], algorithm, key)
        refuse(not _same(key.thumbprint(), thumbprint), "proof 4: made with another key")
        _check_request(claims, presented)
        refuse(not _same(claims.get("ath"), hash_of(token)), "proof 6: made for another token")
        moment, seconds = claims.get("iat"), now.timestamp()
        if not isinstance(moment, int) or isinstance(moment, bool):
            msg = "proof 7: iat is missing or not an integer"
            raise TokenRejectedError(msg)
        about_now = seconds - PROOF_SECONDS <= moment <= seconds + AHEAD_SECONDS
        refuse(not about_now, "proof 7: iat is not about now")
        refuse(moment < self._earliest, "proof 7: it may have come before this process began")
        name = claims.get("jti")
        if not isinstance(name, str) or not 0 < len(name) <= MAX_ID_CHARACTERS:
            msg = "proof 8: jti is missing or malformed"
            raise TokenRejectedError(msg)
        self._remember(_digest(thumbprint, name), _digest(*sender), seconds)

    def _remember(self, proof: bytes, sender: bytes, now: float) -> None:
        with self._lock:
            self._forget(now)
            refuse(proof in self._until, "proof 8: it has come before")
            held, free = self._of_sender.get(sender, 0), MAX_PROOFS - len(self._until)
            # What is not remembered could come again.
            full = held >= min(MAX_PROOFS_A_SENDER, free)
            refuse(full, "proof 8: too many proofs at a time")
            self._until[proof] = now + PROOF_SECONDS + AHEAD_SECONDS, sender
            self._of_sender[sender] = held + 1

    def _forget(self, now: float) -> None:
        while self._until:
            proof, (until, sender) = next(iter(self._until.items()))
            if until >= now:
                return
            del self._until[proof]
            self._of_sender[sender] -= 1
            if not self._of_sender[sender]:
                del self._of_sender[sender]


def _digest(*parts: str) -> bytes:
    written = "".join(f"{len(part)}:{part}" for part in parts)
    return hashlib.sha256(written.encode("utf-8", "replace")).digest()


def hash_of(token: str) -> str:
    """
    Return the hash by which a proof names a token (`ath`).
    """
    digest = hashlib.sha256(token.encode("ascii", "replace")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def normalised(address: str) -> str:
    """
    Return an address without query and fragment, spelled in one way (RFC 3986, section 6.2).

    Raises:
        ValueError: It is not an absolute address, or names a user.
    """
    parts = urlsplit(address)
    scheme, host = parts.scheme.lower(), (parts.hostname or "").lower()
    if scheme not in _DEFAULT_PORTS or not host or "@" in parts.netloc:
        msg = "not an absolute http address"
        raise ValueError(msg)
    host = f"[{host}]" if ":" in host else host
    port = "" if parts.port in {None, _DEFAULT_PORTS[scheme]} else f":{parts.port}"
    return f"{scheme}://{host}{port}{_ESCAPED.sub(_respelled, parts.path) or '/'}"


def _respelled(escaped: re.Match[str]) -> str:
    character = chr(int(escaped[0][1:], 16))
    return character if character in _UNRESERVED else escaped[0].upper()


def _check_header(header: Mapping[str, object]) -> str:
    strange = sorted((signed.REFUSED_HEADERS & header.keys()) - _STEERING)
    refuse(bool(strange), f"proof 2: header parameters {strange} are refused")
    named = header.get("typ")
    refuse(not isinstance(named, str) or named.lower() != "dpop+jwt", f"proof 2: typ {named!r:.80}")
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        msg = f"proof 2: alg {algorithm!r:.40}"
        raise TokenRejectedError(msg)
    refuse(not isinstance(header.get("jwk"), dict), "proof 2: jwk is missing or malformed")
    return algorithm


def _key(listed: object, algorithm: str) -> PublicKey:
    try:
        key = public_key(listed, "the proof's key")
    except (ValueError, JoseError, TypeError, KeyError, AttributeError) as error:
        msg = f"proof 3: {error}"
        raise TokenRejectedError(msg) from error
    refuse(not serves(key, algorithm), f"proof 3: the key is not for {algorithm}")
    return key


def _check_request(claims: Mapping[str, object], presented: Presented) -> None:
    method, address = claims.get("htm"), claims.get("htu")
    refuse(not presented.method or method != presented.method, "proof 5: for another method")
    try:
        same = isinstance(address, str) and normalised(address) == normalised(presented.address)
    except ValueError as error:
        msg = f"proof 5: {error}"
        raise TokenRejectedError(msg) from error
    refuse(not same, "proof 5: for another address")


def _same(stated: object, expected: str) -> bool:
    return isinstance(stated, str) and hmac.compare_digest(
        stated.encode("utf-8", "replace"), expected.encode("utf-8", "replace")
    )
