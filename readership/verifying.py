"""
Verifies what was released without the service: by its public keys alone.
"""

import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from acl.errors import ConfigurationError
from acl.identity.jwks import parse_keys
from acl.keys.files import load_keys, rotate_provenance
from acl.model.identifiers import TenantId
from acl.model.strict_json import parse_object
from acl.settings import Configuration
from acl.wiring import KEYS_DIR
from retrieval.provenance import ProvenanceRefusedError, ProvenanceVerifier
from retrieval.responses import SIGNED, differences, is_alone, signed_in
from retrieval.statement import Statement, audience_of


def verifier_of(configuration: Configuration) -> ProvenanceVerifier:
    """
    Return what verifies by the keys of the data directory.

    Raises:
        KeyFileError: They cannot be used.
    """
    tenant = TenantId(configuration.settings.service.tenant)
    return ProvenanceVerifier.of(public_keys(configuration), audience_of(tenant))


def verifier_from(jwks: Path) -> ProvenanceVerifier:
    """
    Return what verifies by the keys of a file.

    Raises:
        ConfigurationError: It cannot be read, or is no set of public keys.
    """
    return ProvenanceVerifier(parse_keys(_read(jwks)))


def public_keys(configuration: Configuration) -> Sequence[Mapping[str, str]]:
    """
    Return the public keys of the data directory, the present one first.

    Raises:
        KeyFileError: They cannot be used.
    """
    return load_keys(configuration.data_dir / KEYS_DIR).provenance.public()


def rotated(
    configuration: Configuration, *, compromised: bool, distrusted: Collection[str]
) -> Sequence[str]:
    """
    Replace the key that signs, and return the ids of all that verify, the new one's first.

    Raises:
        KeyFileError: The old one cannot be used, there would be too many, or an id is nobody's.
    """
    keys = rotate_provenance(
        configuration.data_dir / KEYS_DIR, compromised=compromised, distrusted=distrusted
    )
    return [one["kid"] for one in keys.public()]


def examined(file: Path, verifier: ProvenanceVerifier) -> tuple[Statement | None, list[str], bool]:
    """
    Return what a file's signed provenance states, what else in the file differs from it, and
    whether there is anything else; no statement if it does not verify.

    Raises:
        ConfigurationError: The file cannot be read.
    """
    text = _read(file).strip()
    try:
        answer = parse_object(text) if text.startswith(b"{") else {SIGNED: text.decode("ascii")}
        statement = verifier.verify(signed_in(answer))
    except (ProvenanceRefusedError, ValueError):
        return None, [], False
    return statement, differences(statement, answer), not is_alone(answer)


def _read(path: Path) -> bytes:
    if str(path) == "-":
        return sys.stdin.buffer.read()
    try:
        return path.read_bytes()
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}"
        raise ConfigurationError(msg) from error
