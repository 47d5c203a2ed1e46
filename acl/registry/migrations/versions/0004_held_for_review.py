"""Documents whose wider permission waits for a person, and when a source was first synced"""

import sqlalchemy as sa
from alembic import op

from acl.registry.tables import exact_text


revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "held",
        sa.Column("document_key", exact_text(32), nullable=False),
        sa.Column("source", exact_text(128), nullable=False),
        sa.Column("document", exact_text(), nullable=False),
        sa.Column("before", exact_text(64), nullable=True),
        sa.Column("wanted", exact_text(64), nullable=False),
        sa.Column("label", exact_text(), nullable=False),
        sa.Column("exposed_to", exact_text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("released_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["before"],
            ["readerships.digest"],
        ),
        sa.ForeignKeyConstraint(
            ["wanted"],
            ["readerships.digest"],
        ),
        sa.PrimaryKeyConstraint("document_key"),
        comment="documents whose wider permission waits for a person, and what has been released",
    )
    op.add_column("sources", sa.Column("first_sync_done_at", sa.BigInteger(), nullable=True))
    op.execute("UPDATE sources SET first_sync_done_at = synced_at")


def downgrade() -> None:
    op.drop_column("sources", "first_sync_done_at")
    op.drop_table("held")
