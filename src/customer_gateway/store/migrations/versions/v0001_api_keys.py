"""API keys, and the stamp by which their changes are followed."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_CURRENT = "replaced_at IS NULL AND revoked_at IS NULL"


def upgrade() -> None:
    op.create_table(
        "change_stamps",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("stamp", sa.String, nullable=False),
    )
    op.execute("INSERT INTO change_stamps (name, stamp) VALUES ('api_keys', 'none')")
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("systems", sa.JSON),
        sa.Column("rate_class", sa.String),
        sa.Column("addresses", sa.JSON, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("replaced_at", sa.BigInteger),
        sa.Column("revoked_at", sa.BigInteger),
        sa.Column("last_used_at", sa.BigInteger),
    )
    op.create_index(
        "one_current_key_of_a_name",
        "api_keys",
        ["name"],
        unique=True,
        sqlite_where=sa.text(_CURRENT),
        postgresql_where=sa.text(_CURRENT),
    )
