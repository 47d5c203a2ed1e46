"""
The steps of a writing transaction, which both writers of the registry share.
"""

import json
import logging
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from acl.model.definers import Definer
from acl.model.documents import DocumentPermission
from acl.model.grants import AclSnapshot
from acl.model.identifiers import AuthorityId, DocumentKey, ReadershipDigest, SourceName
from acl.registry import tables
from acl.registry.errors import RegistryMismatchError
from acl.registry.permissions import permission_from

logger = logging.getLogger(__name__)


def ensure_source(
    connection: Connection,
    source: SourceName,
    authority: AuthorityId,
    kind: Definer = Definer.SOURCE,
) -> None:
    """
    Make sure that the source has a row, and that no other kind of system has spoken under its name.

    Raises:
        RegistryMismatchError: One has: what it said would be taken for what this one says.
    """
    mine = tables.sources.c.name == source
    row = connection.execute(select(tables.sources.c.kind).where(mine)).one_or_none()
    values = {"authority": authority, "kind": kind.value}
    if row is None:
        connection.execute(insert(tables.sources).values(name=source, **values))
    elif row.kind is None:
        connection.execute(update(tables.sources).where(mine).values(**values))
    elif row.kind != kind.value:
        msg = (
            f"{source!r} was the name of a {row.kind} and is now that of a {kind.value}; give it "
            f"another name, or let go of what the old one said with 'readership forget {source}'"
        )
        raise RegistryMismatchError(msg)


def mark_observed(connection: Connection, source: SourceName, at: datetime) -> None:
    """
    Record that every ACL and group of the source was seen at this moment.
    """
    connection.execute(
        update(tables.sources)
        .where(tables.sources.c.name == source)
        .values(acl_observed_at=at, synced_at=at)
    )


def current_permission(connection: Connection, key: DocumentKey) -> DocumentPermission | None:
    """
    Return the statement on a document, if there is one.
    """
    row = connection.execute(
        select(tables.documents).where(tables.documents.c.key == key)
    ).one_or_none()
    return None if row is None else permission_from(row)


def intern_readership(connection: Connection, acl: AclSnapshot | None) -> ReadershipDigest | None:
    """
    Return the readership of an ACL, stored if it is new, and mended if it was edited.
    """
    if acl is None:
        return None
    digest, gates = acl.digest(), json.dumps(acl.to_json(), separators=(",", ":"))
    same = tables.readerships.c.digest == digest
    stored = connection.scalar(select(tables.readerships.c.gates).where(same))
    if stored is None:
        connection.execute(insert(tables.readerships).values(digest=digest, gates=gates))
    elif stored != gates:
        logger.critical("readership %s was edited; it is written anew", digest)
        connection.execute(update(tables.readerships).where(same).values(gates=gates))
    return digest


def upsert_document(
    connection: Connection, key: DocumentKey, values: dict[str, object], *, exists: bool
) -> None:
    """
    Write a document's row.
    """
    if exists:
        connection.execute(
            update(tables.documents).where(tables.documents.c.key == key).values(**values)
        )
    else:
        connection.execute(insert(tables.documents).values(**values))


def mark_unsettled(connection: Connection, keys: Sequence[DocumentKey], now: datetime) -> None:
    """
    Leave these documents out of every search until they are settled.
    """
    pending = set(connection.scalars(select(tables.unsettled.c.document_key)))
    fresh = [{"document_key": key, "since": now} for key in dict.fromkeys(keys)]
    if new := [row for row in fresh if row["document_key"] not in pending]:
        connection.execute(insert(tables.unsettled), new)


def mark_settled(connection: Connection, key: DocumentKey) -> None:
    """
    Let searches find a document again.
    """
    connection.execute(delete(tables.unsettled).where(tables.unsettled.c.document_key == key))
