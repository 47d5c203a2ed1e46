"""Directories: their users, their groups as they were provisioned, and what became of both"""

import sqlalchemy as sa
from alembic import op

from acl.registry.tables import exact_text


revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "group_changes",
        sa.Column("source", exact_text(128), nullable=False),
        sa.Column("authority", exact_text(512), nullable=False),
        sa.Column("id", exact_text(512), nullable=False),
        sa.Column("epoch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("added", exact_text(), nullable=False),
        sa.Column("removed", exact_text(), nullable=False),
        sa.PrimaryKeyConstraint("source", "authority", "id", "epoch"),
        comment="who joined and left a group since its newest row in group_history, one by one",
    )
    op.create_table(
        "directory_users",
        sa.Column("source", exact_text(128), nullable=False),
        sa.Column("id", exact_text(512), nullable=False),
        sa.Column("state", exact_text(16), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["source"], ["sources.name"]),
        sa.PrimaryKeyConstraint("source", "id"),
        comment="principals that a directory has named, gone ones included, and since which epoch",
    )
    op.create_index("directory_users_by_epoch", "directory_users", ["epoch"])
    op.create_table(
        "directory_user_history",
        sa.Column("source", exact_text(128), nullable=False),
        sa.Column("id", exact_text(512), nullable=False),
        sa.Column("epoch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", exact_text(16), nullable=False),
        sa.PrimaryKeyConstraint("source", "id", "epoch"),
        comment="every state that a directory's user has had; never changed, never deleted",
    )
    op.create_table(
        "scim_users",
        sa.Column("directory", exact_text(128), nullable=False),
        sa.Column("id", exact_text(36), nullable=False),
        sa.Column("user_name", exact_text(512), nullable=False),
        sa.Column("user_name_folded", exact_text(2048), nullable=False),
        sa.Column("external_id", exact_text(512), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("principal", exact_text(512), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("modified", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["directory"], ["sources.name"]),
        sa.PrimaryKeyConstraint("directory", "id"),
    )
    op.create_table(
        "scim_groups",
        sa.Column("directory", exact_text(128), nullable=False),
        sa.Column("id", exact_text(36), nullable=False),
        sa.Column("display_name", exact_text(512), nullable=False),
        sa.Column("display_name_folded", exact_text(2048), nullable=False),
        sa.Column("external_id", exact_text(512), nullable=True),
        sa.Column("principal", exact_text(512), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("modified", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["directory"], ["sources.name"]),
        sa.PrimaryKeyConstraint("directory", "id"),
    )
    op.create_table(
        "scim_members",
        sa.Column("directory", exact_text(128), nullable=False),
        sa.Column("group", exact_text(36), nullable=False),
        sa.Column("member", exact_text(36), nullable=False),
        sa.Column("is_group", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["directory"], ["sources.name"]),
        sa.PrimaryKeyConstraint("directory", "group", "member"),
        comment="direct members, by the ids that this service gave; `members` has them as "
        "principals",
    )
    for table, name, columns, unique in _INDEXES:
        op.create_index(name, table, columns, unique=unique)


def downgrade() -> None:
    for table in ("scim_members", "scim_groups", "scim_users", "directory_user_history"):
        op.drop_table(table)
    op.drop_table("directory_users")
    op.drop_table("group_changes")


_INDEXES = (
    ("scim_users", "scim_users_by_name", ["directory", "user_name_folded"], True),
    ("scim_users", "scim_users_by_principal", ["directory", "principal"], True),
    ("scim_users", "scim_users_by_external_id", ["directory", "external_id"], False),
    ("scim_groups", "scim_groups_by_name", ["directory", "display_name_folded"], False),
    ("scim_groups", "scim_groups_by_principal", ["directory", "principal"], True),
    ("scim_groups", "scim_groups_by_external_id", ["directory", "external_id"], False),
    ("scim_members", "scim_members_by_member", ["directory", "member"], False),
)
