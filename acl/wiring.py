"""
Builds what both sides stand on, from the configuration.

Only `wiring` modules read settings and choose adapters; this one also prepares a new data
directory, and refuses one that belongs to another tenant or another embedding model.
"""

import logging
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, insert, select

from acl.audit.chain import AuditTrail
from acl.audit.chain import metadata as audit_metadata
from acl.errors import ConfigurationError
from acl.index.embedder import Embedder
from acl.index.engine_lease import EngineLease
from acl.index.hashing_embedder import HashingEmbedder
from acl.index.sentence_transformer import SentenceTransformerEmbedder
from acl.keys.acl_seal import AclSealer
from acl.keys.errors import KeyFileError
from acl.keys.files import (
    LATER_PURPOSES,
    ServiceKeys,
    create_keys,
    load_keys,
    require_private,
)
from acl.keys.naming import Namer
from acl.model.identifiers import TenantId
from acl.registry import tables
from acl.registry.database import Database, migrate, open_database, registry_exists
from acl.registry.errors import RegistryMismatchError, RegistryUnavailableError
from acl.registry.turn import SyncTurn
from acl.settings import Configuration

logger = logging.getLogger(__name__)

AUDIT_FILE: Final = "audit.db"
CHECKPOINT_FILE: Final = "audit.checkpoint"
KEYS_DIR: Final = "keys"
INDEX_DIR: Final = "index"


def wall_clock() -> datetime:
    """
    Return the present moment, in UTC.
    """
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Ground:
    """
    What ingestion and retrieval share.
    """

    configuration: Configuration
    tenant: TenantId
    keys: ServiceKeys
    namer: Namer
    sealer: AclSealer
    database: Database
    trail: AuditTrail
    clock: Callable[[], datetime]
    closers: tuple[Callable[[], None], ...]

    def close(self) -> None:
        """
        Give everything back.
        """
        for closer in self.closers:
            closer()


def prepare_data_dir(configuration: Configuration) -> bool:
    """
    Create data directory, keys and registry where there are none; say whether they were new.

    Raises:
        ConfigurationError: Something there is unsafe, incomplete, or somebody else's.
    """
    directory, url = configuration.data_dir, configuration.registry_url
    password_file = configuration.registry_password_file
    # First, and an error if there is no answer: keys are made for a new registry only.
    fresh = not registry_exists(url, password_file=password_file)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    require_private(directory)
    keys = directory / KEYS_DIR
    if fresh:
        create_keys(keys)
    elif not keys.is_dir():
        msg = (
            f"{keys} is missing although the registry exists; restore the keys from a backup, or "
            "copy them from the machine that made the registry"
        )
        raise KeyFileError(msg)
    else:
        create_keys(keys, LATER_PURPOSES)
    migrate(url, password_file=password_file)
    _prepare_audit(directory)
    return fresh


def open_ground(
    configuration: Configuration,
    *,
    may_write: bool,
    clock: Callable[[], datetime] = wall_clock,
    turn: SyncTurn | None = None,
) -> Ground:
    """
    Open keys, registry and audit trail of a prepared data directory.

    With `turn`, the registry can be written only until another sync takes its turn.

    Raises:
        ConfigurationError: It is not prepared, or cannot be used; the detail says why.
    """
    directory = configuration.data_dir
    if not directory.is_dir():
        msg = f"{directory} does not exist; run 'readership sync' first"
        raise ConfigurationError(msg)
    require_private(directory)
    keys = load_keys(directory / KEYS_DIR)
    tenant = TenantId(configuration.settings.service.tenant)
    namer = Namer(tenant, keys.index)
    database = open_registry(configuration, may_write=may_write)
    _require_theirs(database, {"tenant": tenant, "keys": namer.installation()})
    if turn is not None:
        database = turn.announce(database)
    audit = open_database(f"sqlite:///{directory / AUDIT_FILE}", may_write=True)
    return Ground(
        configuration=configuration,
        tenant=tenant,
        keys=keys,
        namer=namer,
        sealer=AclSealer(tenant, keys.acl_seal),
        database=database,
        trail=AuditTrail(audit, keys.audit, directory / CHECKPOINT_FILE),
        clock=clock,
        closers=(database.close, audit.close),
    )


def _require_theirs(database: Database, facts: Mapping[str, str]) -> None:
    # Said before anything is read: under another tenant or key every seal looks broken.
    try:
        # If it does not answer, whoever reads it says so.
        with suppress(RegistryUnavailableError), database.reading() as connection:
            _recorded(connection, facts)
    except RegistryMismatchError:
        database.close()
        raise


def open_registry(configuration: Configuration, *, may_write: bool) -> Database:
    """
    Open the configured registry.
    """
    password_file = configuration.registry_password_file
    url = configuration.registry_url
    return open_database(url, may_write=may_write, password_file=password_file)


def build_embedder(configuration: Configuration) -> Embedder:
    """
    Return the configured embedder.
    """
    if configuration.settings.embedding.model == "hashing":
        return HashingEmbedder()
    return SentenceTransformerEmbedder()


def open_lease(ground: Ground, embedder: Embedder) -> EngineLease:
    """
    Take hold of the engine process, starting it if need be.
    """
    configuration = ground.configuration
    places = configuration.settings.index.scanned_chunks
    lease = EngineLease(configuration.data_dir / INDEX_DIR, embedder.dimension, places)
    lease.open()
    return lease


def require_same_installation(configuration: Configuration, embedder: Embedder) -> None:
    """
    Record tenant, embedding variant and keys in a new registry; refuse to mix others into it.

    Raises:
        RegistryMismatchError: The data were made for another tenant, by another model or with
            other keys.
    """
    tenant = TenantId(configuration.settings.service.tenant)
    keys = load_keys(configuration.data_dir / KEYS_DIR)
    facts = {
        "tenant": tenant,
        "embedding": embedder.variant,
        "keys": Namer(tenant, keys.index).installation(),
    }
    reader = open_registry(configuration, may_write=False)
    try:
        with reader.reading() as connection:
            known = _recorded(connection, facts)
    finally:
        reader.close()
    if known == facts:
        return  # a role that may only read gets no further, and need not
    writer = open_registry(configuration, may_write=True)
    try:
        with writer.writing() as connection:
            for name in sorted(facts.keys() - _recorded(connection, facts).keys()):
                row = {"name": name, "value": facts[name]}
                connection.execute(insert(tables.installation).values(**row))
    finally:
        writer.close()


def _recorded(connection: Connection, facts: Mapping[str, str]) -> dict[str, str]:
    wanted = select(tables.installation).where(tables.installation.c.name.in_(facts))
    found = {row.name: row.value for row in connection.execute(wanted)}
    for name, expected in facts.items():
        if found.get(name, expected) != expected:
            raise RegistryMismatchError(_differs(name, found[name], expected))
    return found


def _differs(name: str, found: str, expected: str) -> str:
    if name == "keys":
        return (
            "the registry was made with other keys; restore those, or copy them from the machine "
            "that made the registry"
        )
    return (
        f"this data directory was made with {name} {found!r}, the configuration says "
        f"{expected!r}; use another data_dir, or change the configuration back"
    )


def _prepare_audit(directory: Path) -> None:
    path = directory / AUDIT_FILE
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    require_private(path)
    audit = open_database(f"sqlite:///{path}", may_write=True)
    try:
        with audit.writing() as connection:
            audit_metadata.create_all(connection)
    finally:
        audit.close()
