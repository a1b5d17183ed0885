"""Run migrations on the connection that `store/migration.py` hands over, in its transaction and under its lock."""

from alembic import context

from customer_gateway.store.tables import METADATA, VERSION_TABLE

context.configure(
    connection=context.config.attributes["connection"], target_metadata=METADATA, version_table=VERSION_TABLE
)
context.run_migrations()
