"""
The registry's schema, in SQLAlchemy Core. Migrations stand in `migrations`.

Nothing here holds text of a document in the clear: `sealed`, `card` and `originals` are
envelopes. What does stay readable (ids, principals, labels, sizes) is listed in the threat
model.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
)
from sqlalchemy.types import TypeDecorator

_START = datetime(1970, 1, 1, tzinfo=UTC)


class UtcTime(TypeDecorator[datetime]):
    """
    A moment, stored as microseconds since 1970 so that every database keeps it exactly.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """
        Store a moment; one without a zone is refused.
        """
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            msg = "a time without a zone cannot be stored"
            raise ValueError(msg)
        return (value - _START) // timedelta(microseconds=1)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """
        Read a moment back, in UTC.
        """
        del dialect
        return None if value is None else _START + timedelta(microseconds=value)


def exact_text(length: int | None = None) -> String:
    """
    Text that is compared byte by byte, whatever collation the database has by default.

    SQLite does so unless told otherwise. On PostgreSQL a collation may hold two spellings for
    one, and with that two people for one.
    """
    return String(length).with_variant(String(length, collation="C"), "postgresql")


def storable(text: str) -> bool:
    """
    Say whether a row can hold this text. What no row can hold need not be looked for.

    PostgreSQL refuses NUL, and no database has a place for half of a surrogate pair.
    """
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


metadata = MetaData()

installation = Table(
    "installation",
    metadata,
    Column("name", exact_text(64), primary_key=True),
    Column("value", exact_text(), nullable=False),
    comment="facts that must not change under a data directory: tenant, embedding variant",
)

epoch = Table(
    "epoch",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("value", BigInteger, nullable=False),
    Column("documents", BigInteger, nullable=False, default=0),
    Column("directory", BigInteger, nullable=False, default=0),
    comment="one row; committed with every permission-relevant write",
)
"""
`documents` and `directory` are the epochs at which documents' permissions, and groups, last
changed: what did not change is not read again.
"""

epochs = Table(
    "epochs",
    metadata,
    Column("epoch", BigInteger, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    comment="when each epoch was committed, so that the past can be asked by time",
)

sources = Table(
    "sources",
    metadata,
    Column("name", exact_text(128), primary_key=True),
    Column("authority", exact_text(128), nullable=False),
    Column("acl_observed_at", UtcTime, nullable=True),
    Column("synced_at", UtcTime, nullable=True),
    Column("first_sync_done_at", UtcTime, nullable=True),
    Column("kind", exact_text(16), nullable=True),
)
"""
`kind` is what kind of system has spoken under the name (`acl.model.definers`); null once that is
forgotten. `first_sync_done_at`: when a sync of the source was first carried through to its end.
"""

readerships = Table(
    "readerships",
    metadata,
    Column("digest", exact_text(64), primary_key=True),
    Column("gates", exact_text(), nullable=False),
    comment="distinct ACL snapshots by content",
)

documents = Table(
    "documents",
    metadata,
    Column("key", exact_text(32), primary_key=True),
    Column("source", exact_text(128), ForeignKey("sources.name"), nullable=False),
    Column("document", exact_text(), nullable=False),
    Column("state", exact_text(16), nullable=False),
    Column("reason", exact_text(), nullable=False, default=""),
    Column("revision", Integer, nullable=False),
    Column("acl_revision", Integer, nullable=False),
    Column("readership", exact_text(64), ForeignKey("readerships.digest"), nullable=True),
    Column("label", exact_text(), nullable=False),
    Column("seal", LargeBinary, nullable=False),
    Column("fingerprint", exact_text(64), nullable=True),
    Column("card_fingerprint", exact_text(64), nullable=True),
    Column("ingest_run", exact_text(36), nullable=True),
    Column("kek_id", exact_text(64), nullable=True),
    Column("wrapped_key", LargeBinary, nullable=True),
    Column("commitment", LargeBinary, nullable=True),
    Column("card", LargeBinary, nullable=True),
    Column("vault_kek_id", exact_text(64), nullable=True),
    Column("vault_key", LargeBinary, nullable=True),
    Column("vault_commitment", LargeBinary, nullable=True),
    Column("originals", LargeBinary, nullable=True),
    Column("changed_at", UtcTime, nullable=False),
    # The key is derived from source and document, so that they are unique with it.
    Index("documents_by_source", "source"),
    Index("documents_by_state", "state", "readership"),
    # A B-tree of PostgreSQL refuses what is longer than 2,704 bytes; an id may have 4,096.
    Index("documents_by_id", "document", postgresql_using="hash"),
)

chunks = Table(
    "chunks",
    metadata,
    Column("chunk", exact_text(36), primary_key=True),
    Column("document_key", exact_text(32), ForeignKey("documents.key"), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("page", Integer, nullable=True),
    Column("sealed", LargeBinary, nullable=False),
    Index("chunks_by_document", "document_key", "revision", "ordinal"),
)

groups = Table(
    "groups",
    metadata,
    Column("source", exact_text(128), ForeignKey("sources.name"), primary_key=True),
    Column("authority", exact_text(512), primary_key=True),
    Column("id", exact_text(512), primary_key=True),
    comment="groups that a source has defined; one that is not here is not known",
)

members = Table(
    "members",
    metadata,
    Column("source", exact_text(128), ForeignKey("sources.name"), primary_key=True),
    Column("group_authority", exact_text(512), primary_key=True),
    Column("group_id", exact_text(512), primary_key=True),
    Column("authority", exact_text(512), primary_key=True),
    Column("kind", exact_text(16), primary_key=True),
    Column("id", exact_text(512), primary_key=True),
)

pushed_documents = Table(
    "pushed_documents",
    metadata,
    Column("document_key", exact_text(32), ForeignKey("documents.key"), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("event", BigInteger, nullable=True),
    Column("stated", exact_text(64), nullable=False),
    Column("push", exact_text(32), nullable=True),
    comment="documents that belong to push clients: no listing changes them, not even a tombstone",
)

pushed_groups = Table(
    "pushed_groups",
    metadata,
    Column("source", exact_text(128), ForeignKey("sources.name"), primary_key=True),
    Column("authority", exact_text(512), primary_key=True),
    Column("id", exact_text(512), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("event", BigInteger, nullable=True),
    Column("stated", exact_text(64), nullable=False),
    comment="groups that belong to push clients, deleted ones included",
)

pushes = Table(
    "pushes",
    metadata,
    Column("id", exact_text(32), primary_key=True),
    Column("document_key", exact_text(32), ForeignKey("documents.key"), nullable=False),
    Column("client", exact_text(), nullable=False),
    Column("statement", Integer, nullable=False),
    Column("content_revision", Integer, nullable=False),
    Column("state", exact_text(16), nullable=False),
    Column("reason", exact_text(), nullable=False),
    Column("kek_id", exact_text(64), nullable=True),
    Column("wrapped_key", LargeBinary, nullable=True),
    Column("commitment", LargeBinary, nullable=True),
    Column("sealed", LargeBinary, nullable=True),
    Column("accepted_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime, nullable=True),
    Index("pushes_by_state", "state", "accepted_at"),
    Index("pushes_by_end", "finished_at"),
    comment="content that was accepted and is still to be processed, sealed; and what became of it",
)

unsettled = Table(
    "unsettled",
    metadata,
    Column("document_key", exact_text(32), primary_key=True),
    Column("since", UtcTime, nullable=False),
    comment="the outbox: documents whose index points may not agree with this registry yet",
)

held = Table(
    "held",
    metadata,
    Column("document_key", exact_text(32), primary_key=True),
    Column("source", exact_text(128), nullable=False),
    Column("document", exact_text(), nullable=False),
    Column("before", exact_text(64), ForeignKey("readerships.digest"), nullable=True),
    Column("wanted", exact_text(64), ForeignKey("readerships.digest"), nullable=False),
    Column("label", exact_text(), nullable=False),
    Column("exposed_to", exact_text(), nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("released_at", UtcTime, nullable=True),
    comment="documents whose wider permission waits for a person, and what has been released",
)
"""
`before` is the ACL that held when the document was first held; null where keeping to it would
not help, because the document was new or a group has changed. A release is of `wanted` and
`label` as they stand in its row.
"""

switches = Table(
    "switches",
    metadata,
    Column("off_epoch", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", exact_text(16), nullable=False),
    Column("within", exact_text(), nullable=False),
    Column("name", exact_text(), nullable=False),
    Column("on_epoch", BigInteger, nullable=True),
    Column("since", UtcTime, nullable=False),
    Column("reason", exact_text(), nullable=False),
    comment="what operators have switched off; `on_epoch` is null while it is off",
)

revocations = Table(
    "revocations",
    metadata,
    Column("issuer", exact_text(512), primary_key=True),
    Column("claim", exact_text(64), primary_key=True),
    Column("value", exact_text(255), primary_key=True),
    Column("not_before", UtcTime, nullable=True),
    Column("account", exact_text(16), nullable=False),
    Column("account_at", UtcTime, nullable=True),
    Column("epoch", BigInteger, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Column("reason", exact_text(), nullable=False),
    Index("revocations_by_time", "changed_at"),
    comment="tokens that count no more, by what they say; see acl.model.revocations",
)

statements = Table(
    "statements",
    metadata,
    Column("kind", exact_text(16), primary_key=True),
    Column("issuer", exact_text(512), primary_key=True),
    Column("jti", exact_text(255), primary_key=True),
    Column("received_at", UtcTime, nullable=False),
    Column("effect", exact_text(16), nullable=False),
    Index("statements_by_time", "received_at"),
    comment="security events and logouts that have been taken in, so that none counts twice",
)

document_history = Table(
    "document_history",
    metadata,
    Column("document_key", exact_text(32), primary_key=True),
    Column("epoch", BigInteger, primary_key=True, autoincrement=False),
    Column("source", exact_text(128), nullable=False),
    Column("document", exact_text(), nullable=False),
    Column("state", exact_text(16), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("acl_revision", Integer, nullable=False),
    Column("readership", exact_text(64), nullable=True),
    Column("label", exact_text(), nullable=False),
    comment="every permission that a document has had; never changed, never deleted",
)

group_history = Table(
    "group_history",
    metadata,
    Column("source", exact_text(128), primary_key=True),
    Column("authority", exact_text(512), primary_key=True),
    Column("id", exact_text(512), primary_key=True),
    Column("epoch", BigInteger, primary_key=True, autoincrement=False),
    Column("members", exact_text(), nullable=True),
    comment="every membership list that a group has had; null from when it was not defined",
)
