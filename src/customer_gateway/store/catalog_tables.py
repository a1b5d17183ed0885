"""The tables of the index of records, and what each database needs beside them to find rows by tokens.

On SQLite they stand in a file of their own, on PostgreSQL beside the others. Nothing in them cannot be read again from
the systems, so they have no migrations: those of another version are dropped and made anew (`catalog_schema`).
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, SmallInteger, String, Table, Text

from customer_gateway.model.catalog import TEXT_FIELDS
from customer_gateway.store.catalog_segments import MERGING
from customer_gateway.store.tables import Moment

CATALOG_VERSION: Final = 7
"""Of the tables and of what the rows hold: another folding or another token is another version."""

CATALOG: Final = MetaData()

_BYTES: Final = Text().with_variant(Text(collation="C"), "postgresql")
"""A text that is compared by its bytes, as SQLite compares any."""

VERSION_TABLE: Final = Table("catalog_version", CATALOG, Column("version", Integer, primary_key=True))

TEXT_COLUMNS: Final = tuple(f"{name}_text" for name in TEXT_FIELDS)

RECORDS: Final = Table(
    "catalog_records",
    CATALOG,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("system", _BYTES, nullable=False),
    Column("key", _BYTES, nullable=False),
    Column("customer", String, nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("name_key", _BYTES),
    Column("number_key", _BYTES),
    Column("created_at", BigInteger),
    Column("updated_at", BigInteger),
    Column("tokens", Text, nullable=False),
    *(Column(name, Text) for name in TEXT_COLUMNS),
    Column("shown", Text, nullable=False),
    Column("stamp", String, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Column("whole_at", Moment),
    Column("later", Text),
    Column("seen_pass", BigInteger, nullable=False),
    Column("state_since", Moment, nullable=False),
    Column("known_since", Moment, nullable=False),
)

Index("catalog_record", RECORDS.c.system, RECORDS.c.key, unique=True)
for _order in ("name_key", "number_key", "created_at", "updated_at"):
    Index(f"catalog_by_{_order}", RECORDS.c.system, RECORDS.c[_order], RECORDS.c.key)
Index("catalog_by_pass", RECORDS.c.system, RECORDS.c.state, RECORDS.c.seen_pass)

# One row a system: how far its passes are. `position` is where an unfinished pass goes on, `requested_at` is set while
# somebody has asked for a pass. `owner` has the lease of it until `lease_until`.
SYSTEMS: Final = Table(
    "catalog_systems",
    CATALOG,
    Column("system", _BYTES, primary_key=True),
    Column("state", String, nullable=False),
    Column("reason", String),
    Column("pass_number", BigInteger, nullable=False),
    Column("position", Text),
    Column("began_at", Moment),
    Column("completed_at", Moment),
    Column("requested_at", Moment),
    Column("accepted_at", Moment),
    Column("details", Text, nullable=False),
    Column("owner", String),
    Column("lease_until", Moment),
)


SQLITE_INDEXES: Final = (
    (
        "CREATE VIRTUAL TABLE catalog_tokens USING fts5(tokens, content='', detail=none, columnsize=0, "
        "prefix='2 3 4', tokenize=\"ascii tokenchars '_'\")"
    ),
    (
        f"CREATE VIRTUAL TABLE catalog_pieces USING fts5({', '.join(TEXT_COLUMNS)}, content='', detail=column, "
        "columnsize=0, tokenize='trigram case_sensitive 1')"
    ),
    *MERGING,
    (
        "CREATE INDEX catalog_narrow ON catalog_records"
        "(id, state, system, key, name_key, number_key, created_at, updated_at)"
    ),
)
"""SQLite 3.40 finds tokens by FTS5, and what contains a text by its pieces of three characters, by columns
(`catalog_fts`). What both find is ordered by an index that has the columns for it, a tenth of a row."""

SQLITE_DROPS: Final = ("DROP TABLE IF EXISTS catalog_tokens", "DROP TABLE IF EXISTS catalog_pieces")

POSTGRESQL_INDEXES: Final = (
    (
        "ALTER TABLE catalog_records ADD COLUMN token_vector tsvector "
        "GENERATED ALWAYS AS (array_to_tsvector(string_to_array(btrim(tokens), ' '))) STORED"
    ),
    "CREATE INDEX catalog_tokens ON catalog_records USING gin (token_vector) WITH (fastupdate = off)",
)
"""PostgreSQL is given ready tokens: its own parser would make e-mails and hyphens tokens of their own kinds.

With `fastupdate` every search would first read what was written lately, up to 4 MB: some 30 ms."""
