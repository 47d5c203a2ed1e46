"""
The part of the registry's schema that directories fill: who there is, and who belongs where.

What decisions read is `members` and `groups`, as for every source, and `directory_users`. The
tables of SCIM hold what a client states, so that it can be asked back.
"""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, Table

from acl.registry.tables import UtcTime, exact_text, metadata

group_changes = Table(
    "group_changes",
    metadata,
    Column("source", exact_text(128), primary_key=True),
    Column("authority", exact_text(512), primary_key=True),
    Column("id", exact_text(512), primary_key=True),
    Column("epoch", BigInteger, primary_key=True, autoincrement=False),
    Column("added", exact_text(), nullable=False),
    Column("removed", exact_text(), nullable=False),
    comment="who joined and left a group since its newest row in group_history, one by one",
)

directory_users = Table(
    "directory_users",
    metadata,
    Column("source", exact_text(128), ForeignKey("sources.name"), primary_key=True),
    Column("id", exact_text(512), primary_key=True),
    Column("state", exact_text(16), nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Index("directory_users_by_epoch", "epoch"),
    comment="principals that a directory has named, gone ones included, and since which epoch",
)

directory_user_history = Table(
    "directory_user_history",
    metadata,
    Column("source", exact_text(128), primary_key=True),
    Column("id", exact_text(512), primary_key=True),
    Column("epoch", BigInteger, primary_key=True, autoincrement=False),
    Column("state", exact_text(16), nullable=False),
    comment="every state that a directory's user has had; never changed, never deleted",
)

scim_users = Table(
    "scim_users",
    metadata,
    Column("directory", exact_text(128), ForeignKey("sources.name"), primary_key=True),
    Column("id", exact_text(36), primary_key=True),
    Column("user_name", exact_text(512), nullable=False),
    Column("user_name_folded", exact_text(2048), nullable=False),
    Column("external_id", exact_text(512), nullable=True),
    Column("active", Boolean, nullable=False),
    Column("principal", exact_text(512), nullable=False),
    Column("version", Integer, nullable=False),
    Column("created", UtcTime, nullable=False),
    Column("modified", UtcTime, nullable=False),
    Index("scim_users_by_name", "directory", "user_name_folded", unique=True),
    Index("scim_users_by_principal", "directory", "principal", unique=True),
    Index("scim_users_by_external_id", "directory", "external_id"),
)

scim_groups = Table(
    "scim_groups",
    metadata,
    Column("directory", exact_text(128), ForeignKey("sources.name"), primary_key=True),
    Column("id", exact_text(36), primary_key=True),
    Column("display_name", exact_text(512), nullable=False),
    Column("display_name_folded", exact_text(2048), nullable=False),
    Column("external_id", exact_text(512), nullable=True),
    Column("principal", exact_text(512), nullable=False),
    Column("version", Integer, nullable=False),
    Column("created", UtcTime, nullable=False),
    Column("modified", UtcTime, nullable=False),
    Index("scim_groups_by_name", "directory", "display_name_folded"),
    Index("scim_groups_by_principal", "directory", "principal", unique=True),
    Index("scim_groups_by_external_id", "directory", "external_id"),
)

scim_members = Table(
    "scim_members",
    metadata,
    Column("directory", exact_text(128), ForeignKey("sources.name"), primary_key=True),
    Column("group", exact_text(36), primary_key=True),
    Column("member", exact_text(36), primary_key=True),
    Column("is_group", Boolean, nullable=False),
    Index("scim_members_by_member", "directory", "member"),
    comment="direct members, by the ids that this service gave; `members` has them as principals",
)
