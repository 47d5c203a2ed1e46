"""First schema of the registry"""

import sqlalchemy as sa
from alembic import op

from acl.registry.tables import exact_text


revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "epoch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        comment="one row; committed with every permission-relevant write",
    )
    op.create_table(
        "installation",
        sa.Column("name", exact_text(64), nullable=False),
        sa.Column("value", exact_text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
        comment="facts that must not change under a data directory: tenant, embedding variant",
    )
    op.create_table(
        "readerships",
        sa.Column("digest", exact_text(64), nullable=False),
        sa.Column("gates", exact_text(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
        comment="distinct ACL snapshots by content",
    )
    op.create_table(
        "sources",
        sa.Column("name", exact_text(128), nullable=False),
        sa.Column("authority", exact_text(128), nullable=False),
        sa.Column("acl_observed_at", sa.BigInteger(), nullable=True),
        sa.Column("synced_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "unsettled",
        sa.Column("document_key", exact_text(32), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("document_key"),
        comment="the outbox: documents whose index points may not agree with this registry yet",
    )
    op.create_table(
        "documents",
        sa.Column("key", exact_text(32), nullable=False),
        sa.Column("source", exact_text(128), nullable=False),
        sa.Column("document", exact_text(), nullable=False),
        sa.Column("state", exact_text(16), nullable=False),
        sa.Column("reason", exact_text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("acl_revision", sa.Integer(), nullable=False),
        sa.Column("readership", exact_text(64), nullable=True),
        sa.Column("label", exact_text(), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", exact_text(64), nullable=True),
        sa.Column("card_fingerprint", exact_text(64), nullable=True),
        sa.Column("ingest_run", exact_text(36), nullable=True),
        sa.Column("kek_id", exact_text(64), nullable=True),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.Column("commitment", sa.LargeBinary(), nullable=True),
        sa.Column("card", sa.LargeBinary(), nullable=True),
        sa.Column("vault_kek_id", exact_text(64), nullable=True),
        sa.Column("vault_key", sa.LargeBinary(), nullable=True),
        sa.Column("vault_commitment", sa.LargeBinary(), nullable=True),
        sa.Column("originals", sa.LargeBinary(), nullable=True),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["readership"],
            ["readerships.digest"],
        ),
        sa.ForeignKeyConstraint(
            ["source"],
            ["sources.name"],
        ),
        sa.PrimaryKeyConstraint("key"),
    )
    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.create_index("documents_by_source", ["source"], unique=False)
        batch_op.create_index(
            "documents_by_id", ["document"], unique=False, postgresql_using="hash"
        )
        batch_op.create_index("documents_by_state", ["state", "readership"], unique=False)

    op.create_table(
        "groups",
        sa.Column("source", exact_text(128), nullable=False),
        sa.Column("authority", exact_text(512), nullable=False),
        sa.Column("id", exact_text(512), nullable=False),
        sa.ForeignKeyConstraint(
            ["source"],
            ["sources.name"],
        ),
        sa.PrimaryKeyConstraint("source", "authority", "id"),
        comment="groups that a source has defined; one that is not here is not known",
    )
    op.create_table(
        "members",
        sa.Column("source", exact_text(128), nullable=False),
        sa.Column("group_authority", exact_text(512), nullable=False),
        sa.Column("group_id", exact_text(512), nullable=False),
        sa.Column("authority", exact_text(512), nullable=False),
        sa.Column("kind", exact_text(16), nullable=False),
        sa.Column("id", exact_text(512), nullable=False),
        sa.ForeignKeyConstraint(
            ["source"],
            ["sources.name"],
        ),
        sa.PrimaryKeyConstraint("source", "group_authority", "group_id", "authority", "kind", "id"),
    )
    op.create_table(
        "chunks",
        sa.Column("chunk", exact_text(36), nullable=False),
        sa.Column("document_key", exact_text(32), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_key"],
            ["documents.key"],
        ),
        sa.PrimaryKeyConstraint("chunk"),
    )
    with op.batch_alter_table("chunks", schema=None) as batch_op:
        batch_op.create_index(
            "chunks_by_document", ["document_key", "revision", "ordinal"], unique=False
        )

    op.execute("INSERT INTO epoch (id, value) VALUES (1, 1)")


def downgrade() -> None:
    with op.batch_alter_table("chunks", schema=None) as batch_op:
        batch_op.drop_index("chunks_by_document")

    op.drop_table("chunks")
    op.drop_table("members")
    op.drop_table("groups")
    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.drop_index("documents_by_state")
        batch_op.drop_index("documents_by_id")
        batch_op.drop_index("documents_by_source")

    op.drop_table("documents")
    op.drop_table("unsettled")
    op.drop_table("sources")
    op.drop_table("readerships")
    op.drop_table("installation")
    op.drop_table("epoch")
