"""History of permissions, emergency switches, and what an epoch changed"""

import json
from collections import defaultdict
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op

from acl.registry.tables import exact_text


revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("epoch", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("documents", sa.BigInteger(), nullable=False, server_default="0")
        )
        batch_op.add_column(
            sa.Column("directory", sa.BigInteger(), nullable=False, server_default="0")
        )
    op.create_table(
        "epochs",
        sa.Column("epoch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("epoch"),
        comment="when each epoch was committed, so that the past can be asked by time",
    )
    op.create_table(
        "switches",
        sa.Column("off_epoch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", exact_text(16), nullable=False),
        sa.Column("within", exact_text(), nullable=False),
        sa.Column("name", exact_text(), nullable=False),
        sa.Column("on_epoch", sa.BigInteger(), nullable=True),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("reason", exact_text(), nullable=False),
        sa.PrimaryKeyConstraint("off_epoch"),
        comment="what operators have switched off; `on_epoch` is null while it is off",
    )
    op.create_table(
        "document_history",
        sa.Column("document_key", exact_text(32), nullable=False),
        sa.Column("epoch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("source", exact_text(128), nullable=False),
        sa.Column("document", exact_text(), nullable=False),
        sa.Column("state", exact_text(16), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("acl_revision", sa.Integer(), nullable=False),
        sa.Column("readership", exact_text(64), nullable=True),
        sa.Column("label", exact_text(), nullable=False),
        sa.PrimaryKeyConstraint("document_key", "epoch"),
        comment="every permission that a document has had; never changed, never deleted",
    )
    op.create_table(
        "group_history",
        sa.Column("source", exact_text(128), nullable=False),
        sa.Column("authority", exact_text(512), nullable=False),
        sa.Column("id", exact_text(512), nullable=False),
        sa.Column("epoch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("members", exact_text(), nullable=True),
        sa.PrimaryKeyConstraint("source", "authority", "id", "epoch"),
        comment="every membership list that a group has had; null from when it was not defined",
    )
    _begin_history()


def _begin_history() -> None:
    # The past begins with what an older registry holds now.
    connection = op.get_bind()
    epoch = connection.execute(sa.text("SELECT value FROM epoch")).scalar_one()
    now = (datetime.now(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    connection.execute(
        sa.text("INSERT INTO epochs (epoch, at) VALUES (:epoch, :at)"),
        {"epoch": epoch, "at": now},
    )
    connection.execute(
        sa.text(
            "INSERT INTO document_history (document_key, epoch, source, document, state,"
            " revision, acl_revision, readership, label)"
            " SELECT key, :epoch, source, document, state, revision, acl_revision, readership,"
            " label FROM documents"
        ),
        {"epoch": epoch},
    )
    members: defaultdict[tuple[str, ...], list[list[str]]] = defaultdict(list)
    for row in connection.execute(sa.text("SELECT source, authority, id FROM groups")):
        members[tuple(row)] = []
    for row in connection.execute(
        sa.text("SELECT source, group_authority, group_id, authority, kind, id FROM members")
    ):
        members[tuple(row)[:3]].append(list(row)[3:])
    for (source, authority, identifier), listed in members.items():
        connection.execute(
            sa.text(
                "INSERT INTO group_history (source, authority, id, epoch, members)"
                " VALUES (:source, :authority, :id, :epoch, :members)"
            ),
            {
                "source": source,
                "authority": authority,
                "id": identifier,
                "epoch": epoch,
                "members": json.dumps(sorted(listed)),
            },
        )


def downgrade() -> None:
    for table in ("group_history", "document_history", "switches", "epochs"):
        op.drop_table(table)
    with op.batch_alter_table("epoch", schema=None) as batch_op:
        batch_op.drop_column("directory")
        batch_op.drop_column("documents")
