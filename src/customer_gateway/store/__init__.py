"""The database: the only home of SQLAlchemy (Core, async) and Alembic.

`database.py` opens it, `migrations/` brings its tables up to date, `tables.py` says what they are; a module for each of
what is kept there. Modules that import SQLAlchemy are imported where a database is really there: a gateway without one
does not pay for it. Only `app` and `cli` know this package; others get what they need by protocols of their own.
"""
