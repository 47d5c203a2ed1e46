"""
Builds what both sides stand on, from the configuration.

Only `wiring` modules read settings and choose adapters; this one also prepares a new data
directory, and refuses one that belongs to another tenant or another embedding model.
"""

import logging
import os
from collections.abc import Callable
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
from acl.keys.files import ServiceKeys, create_keys, load_keys, require_private
from acl.keys.naming import Namer
from acl.model.identifiers import TenantId
from acl.registry import tables
from acl.registry.database import Database, migrate, open_database
from acl.registry.errors import RegistryMismatchError
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
    directory = configuration.data_dir
    registry = Path(configuration.registry_url.removeprefix("sqlite:///"))
    fresh = not registry.exists()
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    require_private(directory)
    keys = directory / KEYS_DIR
    if fresh:
        create_keys(keys)
    elif not keys.is_dir():
        msg = f"{keys} is missing although {registry.name} exists; restore the keys from a backup"
        raise KeyFileError(msg)
    migrate(configuration.registry_url)
    _prepare_audit(directory)
    return fresh


def open_ground(
    configuration: Configuration,
    *,
    may_write: bool,
    clock: Callable[[], datetime] = wall_clock,
) -> Ground:
    """
    Open keys, registry and audit trail of a prepared data directory.

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
    database = open_database(configuration.registry_url, may_write=may_write)
    audit = open_database(f"sqlite:///{directory / AUDIT_FILE}", may_write=True)
    return Ground(
        configuration=configuration,
        tenant=tenant,
        keys=keys,
        namer=Namer(tenant, keys.index),
        sealer=AclSealer(tenant, keys.acl_seal),
        database=database,
        trail=AuditTrail(audit, keys.audit, directory / CHECKPOINT_FILE),
        clock=clock,
        closers=(database.close, audit.close),
    )


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
    lease = EngineLease(ground.configuration.data_dir / INDEX_DIR, embedder.dimension)
    lease.open()
    return lease


def require_same_installation(configuration: Configuration, embedder: Embedder) -> None:
    """
    Record tenant and embedding variant in a new registry; refuse to mix others into it.

    Raises:
        RegistryMismatchError: The data were made for another tenant or by another model.
    """
    tenant = configuration.settings.service.tenant
    facts = {"tenant": tenant, "embedding": embedder.variant}
    database = open_database(configuration.registry_url, may_write=True)
    try:
        with database.writing() as connection:
            for name, value in facts.items():
                _record_or_compare(connection, name, value)
    finally:
        database.close()


def _record_or_compare(connection: Connection, name: str, value: str) -> None:
    stored = select(tables.installation.c.value).where(tables.installation.c.name == name)
    found = connection.scalar(stored)
    if found is None:
        connection.execute(insert(tables.installation).values(name=name, value=value))
    elif found != value:
        msg = (
            f"this data directory was made with {name} {found!r}, the configuration says "
            f"{value!r}; use another data_dir, or change the configuration back"
        )
        raise RegistryMismatchError(msg)


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
