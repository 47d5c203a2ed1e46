"""What kind of system speaks under each name"""

import sqlalchemy as sa
from alembic import op

from acl.registry.tables import exact_text


revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sources", sa.Column("kind", exact_text(16), nullable=True))
    # Until now nothing was recorded but by SCIM. A directory that is read by LDAP is taken for a
    # source, and is not believed before an operator has it forgotten.
    op.execute("UPDATE sources SET kind = 'source'")
    for table in ("directory_users", "scim_groups"):
        column = "source" if table == "directory_users" else "directory"
        op.execute(f"UPDATE sources SET kind = 'scim' WHERE name IN (SELECT {column} FROM {table})")


def downgrade() -> None:
    op.drop_column("sources", "kind")
