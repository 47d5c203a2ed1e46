"""
What of a source belongs to its push clients, and with that to no listing.

A push takes a document or a group over. From then on a sync leaves it alone, deleted or not:
the listing may be older than the push, and would undo it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from acl.model.identifiers import AuthorityId, DocumentId, DocumentKey, SourceName, TenantId
from acl.model.principals import Principal, PrincipalKind
from acl.registry import tables
from acl.registry.views import MAX_KEYS_A_QUERY


@dataclass(frozen=True, slots=True)
class Pushed:
    """
    The documents and groups of one source that push clients have taken over.
    """

    documents: frozenset[DocumentId]
    groups: frozenset[Principal]


def pushed_of(connection: Connection, tenant: TenantId, source: SourceName) -> Pushed:
    """
    Return what has been pushed to a source, what was deleted by push included.
    """
    documents = (
        select(tables.documents.c.document)
        .join(
            tables.pushed_documents,
            tables.pushed_documents.c.document_key == tables.documents.c.key,
        )
        .where(tables.documents.c.source == source)
    )
    return Pushed(
        frozenset(DocumentId(name) for name in connection.scalars(documents)),
        pushed_groups(connection, tenant, source),
    )


def pushed_groups(
    connection: Connection, tenant: TenantId, source: SourceName
) -> frozenset[Principal]:
    """
    Return the groups of a source that have been pushed.
    """
    groups = select(tables.pushed_groups).where(tables.pushed_groups.c.source == source)
    return frozenset(
        Principal(tenant, AuthorityId(row.authority), PrincipalKind.GROUP, row.id)
        for row in connection.execute(groups)
    )


def pushed_among(connection: Connection, keys: Sequence[DocumentKey]) -> frozenset[DocumentKey]:
    """
    Return those of these documents that have been pushed.
    """
    owned = tables.pushed_documents.c.document_key
    return frozenset(
        DocumentKey(key)
        for start in range(0, len(keys), MAX_KEYS_A_QUERY)
        for key in connection.scalars(
            select(owned).where(owned.in_(keys[start : start + MAX_KEYS_A_QUERY]))
        )
    )
