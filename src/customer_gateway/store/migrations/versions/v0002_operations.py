"""The journal of operations, and the leases of the records that are written."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "operations",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("system", sa.String, nullable=False),
        sa.Column("record_key", sa.String),
        sa.Column("actor", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("settled_at", sa.BigInteger),
        sa.Column("idempotency", sa.String, unique=True),
        sa.Column("input_digest", sa.String, nullable=False),
        sa.Column("writes", sa.JSON, nullable=False),
        sa.Column("errors", sa.JSON, nullable=False),
        sa.Column("foreign_places", sa.JSON, nullable=False),
        sa.Column("private", sa.LargeBinary),
        sa.Column("owner", sa.String),
        sa.Column("lease_until", sa.BigInteger),
    )
    op.create_index("operations_by_time", "operations", ["started_at", "id"])
    op.create_index("operations_of_an_actor", "operations", ["actor", "started_at"])
    op.create_index("operations_on_a_record", "operations", ["system", "record_key", "started_at"])
    op.create_index("operations_by_lease", "operations", ["state", "lease_until"])
    op.create_index("operations_by_end", "operations", ["settled_at"])
    op.create_table(
        "record_leases",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
    )
