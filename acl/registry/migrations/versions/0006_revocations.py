"""Tokens that count no more, and the statements that said so"""

import sqlalchemy as sa
from alembic import op

from acl.registry.tables import exact_text


revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "revocations",
        sa.Column("issuer", exact_text(512), nullable=False),
        sa.Column("claim", exact_text(64), nullable=False),
        sa.Column("value", exact_text(255), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=True),
        sa.Column("account", exact_text(16), nullable=False),
        sa.Column("account_at", sa.BigInteger(), nullable=True),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("reason", exact_text(), nullable=False),
        sa.PrimaryKeyConstraint("issuer", "claim", "value"),
        comment="tokens that count no more, by what they say; see acl.model.revocations",
    )
    op.create_index("revocations_by_time", "revocations", ["changed_at"])
    op.create_table(
        "statements",
        sa.Column("kind", exact_text(16), nullable=False),
        sa.Column("issuer", exact_text(512), nullable=False),
        sa.Column("jti", exact_text(255), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("effect", exact_text(16), nullable=False),
        sa.PrimaryKeyConstraint("kind", "issuer", "jti"),
        comment="security events and logouts that have been taken in, so that none counts twice",
    )
    op.create_index("statements_by_time", "statements", ["received_at"])


def downgrade() -> None:
    op.drop_index("statements_by_time", "statements")
    op.drop_table("statements")
    op.drop_index("revocations_by_time", "revocations")
    op.drop_table("revocations")
