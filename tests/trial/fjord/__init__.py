"""Fjord, a customer registry that nobody sells: it tries the kit with what the five vendors do not have.

Its pages follow each other by a cursor, a login tells how long its token lives, ids are texts, no list takes keys, the
people of a customer have no ids, and there are no invoices.
"""

from __future__ import annotations

import re
from functools import partial
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, Final

import orjson
from pydantic import SecretStr  # noqa: TC002 - pydantic reads annotations at run time
from trial.fjord.record import CUSTOMER

from customer_gateway.documents.contact_shapes import email_addresses, phone_numbers, postal_address
from customer_gateway.documents.embedded import ITEM_KEY, EmbeddedRecord
from customer_gateway.documents.record import Record, is_object
from customer_gateway.documents.shapes import (
    currency_code,
    embedded,
    link_to,
    only,
    status_by,
    text_key,
    vat,
    version_by,
)
from customer_gateway.documents.view import email_address, foreign_key, moment, text
from customer_gateway.errors import UpstreamError
from customer_gateway.model.value_objects import AddressKind, CustomerStatus, EmailPurpose, PhoneKind
from customer_gateway.system import Kind, Lookup
from customer_gateway.systems.absent import ContactFields, CustomerFields
from customer_gateway.systems.adapter import Adapter, Customers, open_api
from customer_gateway.systems.connection import SystemSettings, Wiring, seconds_under, text_under
from customer_gateway.systems.fewest_calls import read_fewest
from customer_gateway.systems.identified import with_text_ids
from customer_gateway.systems.lookups import through_customer, values_by
from customer_gateway.systems.pages import Listed
from customer_gateway.systems.registry import Vendor
from customer_gateway.systems.token_listing import TokenListing
from customer_gateway.wire import Call, SessionLogin, bearer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from customer_gateway.documents.record import Decode, Document
    from customer_gateway.model.nouns import User
    from customer_gateway.system import Route
    from customer_gateway.systems.adapter import Api
    from customer_gateway.work.deadline import Deadline

_KEY: Final = re.compile(r"[0-9A-Za-z-]{1,40}")
_PERSON_KEY: Final = re.compile(f"({_KEY.pattern})/{ITEM_KEY}")
_NOBODY: Final = "00000000-0000-4000-8000-000000000000"
_ROWS_PER_PAGE: Final = 50


class FjordContactView(EmbeddedRecord, ContactFields):
    """A person at a customer, read as a `Contact`."""

    __slots__ = ()

    name = text("name")
    title = text("role")
    email = email_address("email")
    phone = text("phone")


class FjordUserView(Record):
    """A user of Fjord."""

    __slots__ = ()

    key = text_key("id")
    name = text("name")
    email = email_address("email")


class FjordCustomerView(Record, CustomerFields):
    """A customer of Fjord read as a `Customer`."""

    __slots__ = ()

    key = text_key("id")
    link = link_to("/customers/{}")
    version = version_by("updated")
    number = text("number")
    name = text("name")
    status = status_by(("archived", True, CustomerStatus.ARCHIVED))
    vat_number = vat("vat")
    email = email_address("email")
    emails = email_addresses(("email", EmailPurpose.GENERAL))
    phone = text("phone")
    phones = phone_numbers(("phone", PhoneKind.PHONE))
    currency = currency_code("currency")
    address = postal_address(
        AddressKind.MAIN, lines=("street",), street="street", postal_code="zip", city="city", country="country"
    )
    addresses = only(address)
    contacts = embedded("people", "id", FjordContactView, "id")
    owner_key = foreign_key("owner", _KEY, leads_to="owner")
    created_at = moment("created")
    updated_at = moment("updated")


KIND: Final = Kind(
    slug="fjord",
    title="Fjord",
    about="a registry of customers that tries the kit.",
    record=CUSTOMER,
    view=FjordCustomerView,
    readers=frozenset({"owner"}),
    contacts=(FjordContactView,),
    users=(FjordUserView,),
)


class FjordSettings(SystemSettings):
    """`[systems.fjord]`: the id and the secret of a client."""

    time_zone: str = "Europe/Berlin"
    region: str = "DE"
    client_id: str
    client_secret: SecretStr


class Fjord:
    """The lists of one account of Fjord."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._route = api.routes(_KEY, _ROWS_PER_PAGE)
        self._customers = Customers(
            api.decoder("data"),
            partial(self._list, "customers"),
            self._fetch_customers,
            api.customers_in_place("id"),
            self._route,
        )

    def adapter(self) -> Adapter:
        """Return the system over these lists."""
        users: Route[User] = self._route("users", self._fetch_users, cache_seconds=300.0)
        return Adapter(
            self._api,
            self._customers,
            probe=Call("GET", "/customers", [("limit", "1")], idempotent=True),
            users=users,
            readers={"owner": values_by(users, attrgetter("owner_key"))},
            node_lookups={"Contact": through_customer(self._customers.of, _customer_of, attrgetter("contacts"))},
            lookups=(Lookup(users, ("owner",), _NOBODY, attrgetter("owner_key")),),
        )

    def _list(self, name: str, decode: Decode) -> TokenListing[Document]:
        async def read(token: str, size: int, deadline: Deadline) -> Listed[Document]:
            query = [("limit", str(size)), *([("cursor", token)] if token else [])]
            answer = await self._api.document(Call("GET", f"/{name}", query, idempotent=True, decode=decode), deadline)
            envelope = Record(answer if is_object(answer) else {}, self._api.context)
            rows = with_text_ids(envelope.document.get("data"), "id", _KEY, self._api.context)
            if rows is None:
                raise self._api.refused(f"GET /{name} did not answer a page of rows with id")
            return Listed(rows, next=envelope.text("next_cursor"))

        return TokenListing(read, self._api.lengths(f"/{name}"), itemgetter("id"), _ROWS_PER_PAGE)

    async def _fetch_customers(self, decode: Decode, keys: Sequence[str], deadline: Deadline) -> dict[str, Any]:
        found = await self._fetch("customers", decode, keys, deadline)
        return {key: row if isinstance(row, UpstreamError) else self._api.customer(row) for key, row in found.items()}

    async def _fetch_users(self, keys: Sequence[str], deadline: Deadline) -> dict[str, Any]:
        found = await self._fetch("users", orjson.loads, keys, deadline)
        context = self._api.context
        return {
            key: row if isinstance(row, UpstreamError) else FjordUserView(row, context) for key, row in found.items()
        }

    async def _fetch(self, name: str, decode: Decode, keys: Sequence[str], deadline: Deadline) -> dict[str, Any]:
        """Return the rows of a list that takes no keys: whole pages, or one call each."""

        async def one(key: str) -> Document | None:
            row = await self._api.one(f"/{name}/{{}}", key, deadline, decode)
            return None if row is None else self._api.demand_key(row, "id", key, f"/{name}/{{id}}", _KEY)

        return await read_fewest(self._list(name, decode).in_order(), keys, one, deadline, name)


def _customer_of(key: str) -> str | None:
    found = _PERSON_KEY.fullmatch(key)
    return found[1] if found else None


def connect(name: str, settings: FjordSettings, wiring: Wiring) -> Adapter:
    """Return the system that a table of the configuration describes; sends nothing yet."""
    form = {
        "grant_type": "client_credentials",
        "client_id": settings.client_id,
        "client_secret": settings.client_secret.get_secret_value(),
    }
    auth = SessionLogin(
        Call("POST", "/oauth/token", form=form, idempotent=True),
        text_under("access_token"),
        header="authorization",
        lifetime_seconds=3_600.0,
        renew_margin_seconds=60.0,
        format_token=bearer,
        expires_in=seconds_under("expires_in"),
        clock=wiring.clock,
    )
    return Fjord(open_api(KIND, name, settings, wiring, auth=auth)).adapter()


VENDOR: Final = Vendor(KIND, FjordSettings, connect)
