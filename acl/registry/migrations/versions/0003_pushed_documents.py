"""Documents and groups that belong to push clients, and the queue of their content"""

import sqlalchemy as sa
from alembic import op

from acl.registry.tables import exact_text


revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pushed_documents",
        sa.Column("document_key", exact_text(32), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("event", sa.BigInteger(), nullable=True),
        sa.Column("stated", exact_text(64), nullable=False),
        sa.Column("push", exact_text(32), nullable=True),
        sa.ForeignKeyConstraint(
            ["document_key"],
            ["documents.key"],
        ),
        sa.PrimaryKeyConstraint("document_key"),
        comment="documents that belong to push clients: no listing changes them, not even a tombstone",
    )
    op.create_table(
        "pushed_groups",
        sa.Column("source", exact_text(128), nullable=False),
        sa.Column("authority", exact_text(512), nullable=False),
        sa.Column("id", exact_text(512), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("event", sa.BigInteger(), nullable=True),
        sa.Column("stated", exact_text(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["source"],
            ["sources.name"],
        ),
        sa.PrimaryKeyConstraint("source", "authority", "id"),
        comment="groups that belong to push clients, deleted ones included",
    )
    op.create_table(
        "pushes",
        sa.Column("id", exact_text(32), nullable=False),
        sa.Column("document_key", exact_text(32), nullable=False),
        sa.Column("client", exact_text(), nullable=False),
        sa.Column("statement", sa.Integer(), nullable=False),
        sa.Column("content_revision", sa.Integer(), nullable=False),
        sa.Column("state", exact_text(16), nullable=False),
        sa.Column("reason", exact_text(), nullable=False),
        sa.Column("kek_id", exact_text(64), nullable=True),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.Column("commitment", sa.LargeBinary(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("accepted_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["document_key"],
            ["documents.key"],
        ),
        sa.PrimaryKeyConstraint("id"),
        comment="content that was accepted and is still to be processed, sealed; and what became of it",
    )
    with op.batch_alter_table("pushes", schema=None) as batch_op:
        batch_op.create_index("pushes_by_end", ["finished_at"], unique=False)
        batch_op.create_index("pushes_by_state", ["state", "accepted_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("pushes", schema=None) as batch_op:
        batch_op.drop_index("pushes_by_state")
        batch_op.drop_index("pushes_by_end")

    op.drop_table("pushes")
    op.drop_table("pushed_groups")
    op.drop_table("pushed_documents")
