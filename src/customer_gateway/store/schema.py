"""What a database is brought up to: the tables of keys and of the journal, or those of the index.

The modules that import SQLAlchemy and Alembic are loaded when a database is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    Upgrade: TypeAlias = Callable[[Connection, str], str | None]
    """Brings tables up to date in a transaction, given the location of the database; returns the revision before."""


class Schema(Protocol):
    """The tables of a database, by their revision."""

    @property
    def is_durable(self) -> bool:
        """Return whether what is committed must outlive a loss of power."""
        ...

    @property
    def remedy(self) -> str:
        """Return what to do where the database cannot be used."""
        ...

    @property
    def remedy_of_damage(self) -> str:
        """Return what to do where the file cannot be read any more."""
        ...

    def newest(self) -> str: ...

    def revision_of(self, connection: Connection) -> str | None: ...

    def load(self) -> Upgrade:
        """Import what brings the tables up to date, which may take long."""
        ...


class StoreSchema:
    """The tables of keys and of the journal, brought up to date by migrations."""

    is_durable = True
    remedy = remedy_of_damage = "check [database] url, and that the database can be used by this user"

    def newest(self) -> str:
        from customer_gateway.store.tables import REVISION

        return REVISION

    def revision_of(self, connection: Connection) -> str | None:
        from customer_gateway.store.revision import revision_of

        return revision_of(connection)

    def load(self) -> Upgrade:
        from customer_gateway.store.migration import upgrade

        return upgrade


class CatalogSchema:
    """The tables of the index, which are made anew where they are of another version."""

    is_durable = False
    remedy = (
        "check [catalog] url, or [database] url where that is not set, and that the database can be used by this user"
    )
    remedy_of_damage = "`customer-gateway catalog rebuild` makes a new file and fills it"

    def newest(self) -> str:
        from customer_gateway.store.catalog_tables import CATALOG_VERSION

        return str(CATALOG_VERSION)

    def is_older(self, revision: str) -> bool:
        """Return whether tables are of an older version than these."""
        return int(revision) < int(self.newest())

    def revision_of(self, connection: Connection) -> str | None:
        from customer_gateway.store.catalog_schema import version_of

        return version_of(connection)

    def load(self) -> Upgrade:
        from customer_gateway.store.catalog_schema import make

        return make


STORE: Final = StoreSchema()
CATALOG: Final = CatalogSchema()
