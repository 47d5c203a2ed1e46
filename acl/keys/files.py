"""
Keys in files below the data directory: the embedded default.

Whoever can read these files can read everything, so they are created with mode 0600 in a
directory of mode 0700, and refused when anybody else may read or write them.
For more than one machine use a KMS.
"""

import base64
import binascii
import contextlib
import json
import os
import secrets
import stat
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from acl.keys.errors import KeyFileError, SealBrokenError
from acl.keys.provider import WrappedKey
from acl.keys.signing import MAX_RETIRED, SigningKeys, retired_keys

KEY_BYTES = 32
NONCE_BYTES = 12
RETIRED_FILE = "provenance.retired.json"
LATER_PURPOSES = ("provenance", "readers")
"""
Those that a data directory of an earlier version lacks. Nothing stored depends on them.
"""

PURPOSES = ("content", "vault", "index", "pseudonyms", "acl-seal", "audit", *LATER_PURPOSES)
"""
One key a purpose, so that no two mechanisms ever share one.
"""


@dataclass(frozen=True, slots=True, repr=False)
class ServiceKeys:
    """
    Every key that one tenant's installation holds.
    """

    content: "FileKek"
    vault: "FileKek"
    index: bytes
    pseudonyms: bytes
    acl_seal: bytes
    audit: bytes
    readers: bytes
    provenance: SigningKeys


class FileKek:
    """
    A key-encryption key held in memory, read from a file.
    """

    def __init__(self, kek_id: str, key: bytes) -> None:
        self._kek_id = kek_id
        self._aead = AESGCM(key)

    def wrap(self, dek: bytes, *, context: bytes) -> WrappedKey:
        """
        Wrap with AES-256-GCM and a fresh random nonce.
        """
        nonce = secrets.token_bytes(NONCE_BYTES)
        return WrappedKey(self._kek_id, nonce + self._aead.encrypt(nonce, dek, context))

    def unwrap(self, wrapped: WrappedKey, *, context: bytes) -> bytes:
        """
        Unwrap, or raise `SealBrokenError`.
        """
        if wrapped.kek_id != self._kek_id:
            msg = f"wrapped under key {wrapped.kek_id!r}, which this provider does not hold"
            raise SealBrokenError(msg)
        nonce, body = wrapped.wrapped[:NONCE_BYTES], wrapped.wrapped[NONCE_BYTES:]
        try:
            return self._aead.decrypt(nonce, body, context)
        except (InvalidTag, ValueError) as error:
            msg = "a wrapped data key does not unwrap in its place"
            raise SealBrokenError(msg) from error


def create_keys(directory: Path, purposes: Iterable[str] = PURPOSES) -> None:
    """
    Create the key files of a new installation; existing ones are never replaced.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for purpose in purposes:
        path = _path(directory, purpose)
        if not path.exists():
            _write_new(path, secrets.token_bytes(KEY_BYTES))


def load_keys(directory: Path) -> ServiceKeys:
    """
    Load every key.

    Raises:
        KeyFileError: One is missing, malformed, or accessible to others.
    """
    found = {purpose: _read(_path(directory, purpose)) for purpose in PURPOSES}
    return ServiceKeys(
        content=FileKek("file:content:1", found["content"]),
        vault=FileKek("file:vault:1", found["vault"]),
        index=found["index"],
        pseudonyms=found["pseudonyms"],
        acl_seal=found["acl-seal"],
        audit=found["audit"],
        readers=found["readers"],
        provenance=SigningKeys(found["provenance"], read_retired(directory / RETIRED_FILE)),
    )


def rotate_provenance(
    directory: Path, *, compromised: bool = False, distrusted: Collection[str] = ()
) -> SigningKeys:
    """
    Replace the key that signs provenance, and return the keys as they are then.

    What others have signed still verifies, but for those that are `distrusted` by id, and for the
    one that signed until now if it is `compromised`; of each only the public half is kept. A
    crash in between leaves the old key signing, and kept.

    Raises:
        KeyFileError: The old one cannot be used, there would be too many, or an id is nobody's.
    """
    path = _path(directory, "provenance")
    old = SigningKeys(_read(path), read_retired(directory / RETIRED_FILE))
    known = [one["kid"] for one in old.public()]
    if strange := sorted(set(distrusted).difference(known)):
        msg = f"there is no key {strange[0]}; there are {', '.join(known)}"
        raise KeyFileError(msg)
    dropped = {*distrusted, *([old.kid] if compromised else [])}
    kept = tuple(one for one in old.public() if one["kid"] not in dropped)
    if len(kept) > MAX_RETIRED:
        msg = (
            f"{len(kept)} keys would sign no more and still verify, {MAX_RETIRED} may; drop the "
            f"oldest with --distrust {known[-1]}, after which what it has signed does not verify"
        )
        raise KeyFileError(msg)
    body = json.dumps({"keys": kept}, indent=2).encode() + b"\n"
    _replace(directory / RETIRED_FILE, body)
    seed = secrets.token_bytes(KEY_BYTES)
    _replace(path, base64.b64encode(seed) + b"\n")
    return SigningKeys(seed, kept)


def read_retired(path: Path) -> tuple[Mapping[str, str], ...]:
    """
    Read the public halves of keys that sign no more; there need not be any.

    Raises:
        KeyFileError: The file is open to others, or no list of such keys.
    """
    if not path.exists():
        return ()
    require_private(path)
    try:
        return retired_keys(path.read_bytes())
    except (OSError, ValueError) as error:
        msg = f"{path} is no list of public keys: {error}; restore it from a backup, or remove it"
        raise KeyFileError(msg) from error


def require_private(
    path: Path, *, if_missing: str = "restore it from a backup, keys cannot be recreated"
) -> None:
    """
    Refuse a file or directory that group or others may read, write or enter; say `if_missing`
    what to do.

    Raises:
        KeyFileError: It is missing, not ours, or open to others.
    """
    try:
        found = path.lstat()
    except OSError as error:
        msg = f"{path}: {error.strerror}; {if_missing}"
        raise KeyFileError(msg) from error
    if stat.S_ISLNK(found.st_mode):
        msg = f"{path} is a symbolic link; put the key file itself there"
        raise KeyFileError(msg)
    if found.st_uid != os.geteuid():
        msg = f"{path} belongs to user {found.st_uid}; run as that user, or change its owner"
        raise KeyFileError(msg)
    if found.st_mode & 0o077:
        mode = "700" if stat.S_ISDIR(found.st_mode) else "600"
        msg = f"{path} can be read or changed by others; run: chmod {mode} {path}"
        raise KeyFileError(msg)


def _path(directory: Path, purpose: str) -> Path:
    return directory / f"{purpose}.key"


def _write_new(path: Path, key: bytes) -> None:
    # Linking fails where renaming would replace a key that another process has made meanwhile.
    draft = _draft(path, base64.b64encode(key) + b"\n")
    with contextlib.suppress(FileExistsError):
        path.hardlink_to(draft)
    draft.unlink()


def _replace(path: Path, content: bytes) -> None:
    _draft(path, content).replace(path)
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _draft(path: Path, content: bytes) -> Path:
    # A temporary name first: a crash must never leave half a key under the real name.
    draft = path.with_suffix(f".{os.getpid()}.draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return draft


def _read(path: Path) -> bytes:
    require_private(path.parent)
    require_private(path)
    try:
        key = base64.b64decode(path.read_bytes().strip(), validate=True)
    except binascii.Error as error:
        msg = f"{path} does not hold a base64 key; restore it from a backup"
        raise KeyFileError(msg) from error
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}; restore it from a backup"
        raise KeyFileError(msg) from error
    if len(key) != KEY_BYTES:
        msg = f"{path} holds {len(key)} bytes, expected {KEY_BYTES}; restore it from a backup"
        raise KeyFileError(msg)
    return key
