"""NEXT, project and field service software (seed 002): facts and reads. Quirks: docs/systems/next.md."""

from __future__ import annotations

import json
import re
from functools import partial
from operator import attrgetter, itemgetter
from pathlib import Path  # noqa: TC003 - pydantic reads annotations at run time
from typing import TYPE_CHECKING, Any, Final

import orjson
from pydantic import SecretStr, model_validator

from customer_gateway.documents.record import Record, is_list, is_object
from customer_gateway.errors import UpstreamBadResponse, UpstreamError
from customer_gateway.system import Kind, Lookup, Route
from customer_gateway.systems.adapter import Adapter, Customers, People, open_api
from customer_gateway.systems.connection import SystemSettings, Wiring
from customer_gateway.systems.explained import texts_in
from customer_gateway.systems.identified import in_place, with_integer_ids
from customer_gateway.systems.listing import Listing
from customer_gateway.systems.lookups import (
    by_route,
    grouped,
    key_of_list,
    lists_by_customer,
    through_customer,
    values_by,
)
from customer_gateway.systems.next.created import created_filter
from customer_gateway.systems.next.read import (
    AGREEMENT,
    ID,
    INVOICE,
    NextContactView,
    NextCustomerView,
    NextUserView,
    agreement,
)
from customer_gateway.systems.next.record import CUSTOMER
from customer_gateway.systems.next.token import access_token, fetch_token
from customer_gateway.systems.next.write import WRITES
from customer_gateway.systems.pages import MOST_LIST_ROWS, Listed
from customer_gateway.systems.writer import Lists, Writer
from customer_gateway.wire import BearerToken, Call, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from customer_gateway.documents.choices import ChoiceList
    from customer_gateway.documents.record import Decode, Document
    from customer_gateway.model.nouns import Agreement, Customer, Invoice, User
    from customer_gateway.system import Reads
    from customer_gateway.systems.adapter import Api
    from customer_gateway.work.deadline import Deadline

__all__ = ["KIND", "NextSettings", "connect", "fetch_token"]

KIND: Final = Kind(
    slug="next",
    title="NEXT",
    about="project and field service software of the Nordic building trades.",
    record=CUSTOMER,
    view=NextCustomerView,
    readers=frozenset({"contacts", "agreements", "invoices", "updater", "creator"}),
    contacts=(NextContactView,),
    users=(NextUserView,),
    nouns=(AGREEMENT, INVOICE),
    writes=WRITES,
)

_ROWS_PER_PAGE: Final = 100
_PAGES_AT_ONCE: Final = 5
_BUDGET: Final = (Window(10, 1.0),)  # of one integrator at one database, which is what a token stands for
_INACTIVE_TOO: Final = {"active__in": ["true", "false"]}  # lists hold active rows only, unless asked
_NOBODY: Final = "0"
_ACTIVE: Final = re.compile(r"\bactive(?:__in)?\b")
_BANK: Final = "/bank"


class NextSettings(SystemSettings):
    """`[systems.next]`: an access token, or the file that `customer-gateway token NAME` writes it to.

    `username` (the number of the database), `one_time_key`, `client_id` and `client_secret` are for that command alone.
    """

    time_zone: str = "Europe/Stockholm"
    region: str = "SE"
    access_token: SecretStr | None = None
    token_file: Path | None = None
    username: str | None = None
    one_time_key: SecretStr | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None

    @model_validator(mode="after")
    def _one_token(self) -> NextSettings:
        if (self.access_token is None) == (self.token_file is None):
            raise ValueError("access_token or token_file, one of them")
        return self


class Next:
    """The lists of one NEXT database."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._route = api.routes(ID, _ROWS_PER_PAGE)
        self._without_active: set[str] = set()
        self._contracts: Route[Record] = self._by_id("/frameworkcontract/", self._record)
        self._read_contracts = values_by(self._contracts, partial(key_of_list, "contract_key", "agreements"))
        self._customers = Customers(
            api.decoder("items"),
            partial(self._list, "/customer/", _INACTIVE_TOO),
            self._fetch_customers,
            api.customers_in_place("id"),
            self._route,
        )

    def adapter(self) -> Adapter:
        """Return the system over these lists."""
        api = self._api
        users: Route[User] = self._by_id("/user/", lambda row: NextUserView(row, api.context))
        contacts = self._by_customer("/customercontact/", self._contact, _INACTIVE_TOO)
        invoices = self._by_customer("/invoice/", self._invoice, {})
        return Adapter(
            api,
            self._customers,
            probe=_call("/customer/", _INACTIVE_TOO, 1, 1),
            users=users,
            writer=Writer(api, WRITES, Lists(self._created, self._choices)),
            listed_people=People(self._list("/user/", _INACTIVE_TOO, orjson.loads), self._users_in_place),
            readers={
                "contacts": lists_by_customer(contacts),
                "agreements": self._read_agreements,
                "invoices": lists_by_customer(invoices),
                "updater": values_by(users, attrgetter("updater_key")),
                "creator": values_by(users, attrgetter("creator_key")),
            },
            node_lookups={
                "Contact": by_route(self._by_id("/customercontact/", self._contact)),
                "Account": through_customer(self._customers.of, _customer_of_bank, attrgetter("accounts")),
                "Agreement": self._find_agreements,
                "Invoice": by_route(self._by_id("/invoice/", self._invoice, {})),
            },
            lookups=(
                Lookup(contacts, ("contacts",), _NOBODY, attrgetter("key")),
                Lookup(invoices, ("invoices",), _NOBODY, attrgetter("key")),
                Lookup(self._contracts, ("agreements",), _NOBODY, attrgetter("contract_key")),
                Lookup(users, ("updater", "creator"), _NOBODY, attrgetter("updater_key")),
            ),
        )

    def _list(self, path: str, rows: Mapping[str, object], decode: Decode) -> Listing[Document]:
        lengths = self._api.lengths(path)
        read = partial(self._page, path, rows, decode)
        return Listing(read, lengths, itemgetter("id"), _ROWS_PER_PAGE, question=json.dumps(rows), counts=True)

    async def _rows(
        self, path: str, rows: Mapping[str, object], most: int, deadline: Deadline, decode: Decode = orjson.loads
    ) -> list[Document]:
        """Return every row of a list. NEXT cannot sort, so pages that shift meanwhile may lose a row: then it is
        an error.
        """
        return await self._list(path, rows, decode).announced(deadline, most, _PAGES_AT_ONCE)

    async def _fetch_customers(self, decode: Decode, keys: Sequence[str], deadline: Deadline) -> dict[str, Customer]:
        rows = await self._rows(
            "/customer/", {"id__in": list(map(int, keys)), **_INACTIVE_TOO}, len(keys), deadline, decode
        )
        return {str(row["id"]): self._api.customer(row) for row in rows}

    async def _created(self, body: Document, since: datetime | None, deadline: Deadline) -> Sequence[Document]:
        wanted = {**created_filter(body, since, self._api.context), **_INACTIVE_TOO}
        return await self._list("/customer/", wanted, orjson.loads).whole(deadline)

    async def _choices(self, wanted: ChoiceList, deadline: Deadline) -> Sequence[Document]:
        return await self._list(wanted.path, _INACTIVE_TOO, orjson.loads).whole(deadline)

    def _users_in_place(self, rows: Sequence[Document]) -> Sequence[User | None]:
        return in_place(rows, "id", lambda row: NextUserView(row, self._api.context))

    def _by_id(
        self, path: str, read: Callable[[Document], Any], rows: Mapping[str, object] = _INACTIVE_TOO
    ) -> Route[Any]:
        """Return rows of the list at `path` by their ids, a page of them at a time."""

        async def fetch(keys: Sequence[str], deadline: Deadline) -> dict[str, Any]:
            found = await self._rows(path, {"id__in": list(map(int, keys)), **rows}, len(keys), deadline)
            return {str(row["id"]): read(row) for row in found}

        return self._route(path.strip("/"), fetch)

    def _by_customer(self, path: str, read: Callable[..., Any], rows: Mapping[str, object]) -> Route[Any]:
        """Return rows of the list at `path` that name the customers."""

        async def fetch(keys: Sequence[str], deadline: Deadline) -> dict[str, list[Any]]:
            found = await self._rows(path, {"customerid__in": list(map(int, keys)), **rows}, MOST_LIST_ROWS, deadline)
            return grouped(keys, lambda one: [read(row, one) for row in found], "customerid", self._api.context)

        return self._route(f"{path.strip('/')}s", fetch)

    async def _read_agreements(self, customers: Sequence[NextCustomerView], reads: Reads) -> Sequence[Any]:
        """Return the framework contract of each customer; a contract that NEXT no longer has is no agreement."""
        contracts = await self._read_contracts(customers, reads)
        return [
            contract if isinstance(contract, UpstreamError) else _agreements(contract, customer.key)
            for customer, contract in zip(customers, contracts, strict=True)
        ]

    async def _find_agreements(self, keys: Sequence[str], reads: Reads) -> Sequence[Any]:
        """Return agreements by their keys: one is there as long as its customer names its contract."""
        customers = await reads.load(self._customers.of(reads.selection), [key.partition("/")[0] for key in keys])
        known = [customer for customer in customers if isinstance(customer, NextCustomerView)]
        agreements = iter(await self._read_agreements(known, reads))
        found = [next(agreements) if isinstance(each, NextCustomerView) else each for each in customers]
        return [_named(key, each) if is_list(each) else each for key, each in zip(keys, found, strict=True)]

    async def _page(
        self, path: str, rows: Mapping[str, object], decode: Decode, number: int, size: int, deadline: Deadline
    ) -> Listed[Document]:
        """Return one page of rows with an `id`; any other answer is refused."""
        document = await self._answered(path, rows, decode, number, size, deadline)
        if is_object(document):
            envelope = Record(document, self._api.context)
            total, told = envelope.integer("total"), envelope.integer("size")
            rows_of_page = with_integer_ids(document.get("items"), "id", self._api.context)
            if rows_of_page is not None and total is not None:
                return Listed(rows_of_page, total, told if told is not None and told > 0 else None)
        raise self._api.refused(f"GET {path} did not answer a page of records with id")

    async def _answered(
        self, path: str, rows: Mapping[str, object], decode: Decode, number: int, size: int, deadline: Deadline
    ) -> Any:
        """Return the answer of a list; once it is found to know no `active`, it is requested without it.

        Not so the customers: without the term those that are not active would be missing without a word.
        """
        without = {name: value for name, value in rows.items() if name not in _INACTIVE_TOO}
        asked = without if path in self._without_active else rows
        try:
            return await self._api.document(_call(path, asked, number, size, decode), deadline)
        except UpstreamBadResponse as refusal:
            if asked is without or path == "/customer/" or not _names_active(refusal):
                raise
        document = await self._api.document(_call(path, without, number, size, decode), deadline)
        self._without_active.add(path)
        self._api.context.drift.notice("active", f"{path} cannot be asked for rows that are not active")
        return document

    def _contact(self, row: Document, read_through: str | None = None) -> NextContactView:
        return NextContactView(row, self._api.context, read_through)

    def _invoice(self, row: Document, read_through: str | None = None) -> Invoice:
        return INVOICE.read(self._record(row), read_through=read_through)

    def _record(self, row: Document) -> Record:
        return Record(row, self._api.context)


def connect(name: str, settings: NextSettings, wiring: Wiring) -> Adapter:
    """Return the system that a table of the configuration describes; sends nothing yet.

    Raises `ConfigInvalid` where the token's file is missing or holds no token.
    """
    token = access_token(name, settings)
    scope = (KIND.slug, token)
    how = {"auth": BearerToken(token), "budget": _BUDGET, "budget_scope": scope, "error_in_body": _error_in_body}
    return Next(open_api(KIND, name, settings, wiring, **how)).adapter()


def _error_in_body(_status: int, document: Any) -> str | None:
    """Find the `detail` of an error's body, which has nothing else, whatever the status."""
    return "it is a `detail` and nothing else" if is_object(document) and document.keys() == {"detail"} else None


def _call(path: str, rows: Mapping[str, object], page: int, size: int, decode: Decode = orjson.loads) -> Call:
    wanted = json.dumps(rows, separators=(",", ":"))
    query = [("filter_str", wanted), ("page", str(page)), ("size", str(size))]
    return Call("GET", path, query, idempotent=True, explain=True, decode=decode)


def _names_active(refusal: UpstreamBadResponse) -> bool:
    """Return whether a refusal names the field: its `detail` is a text, an object or a list."""
    return any(map(_ACTIVE.search, texts_in(refusal.explanation)))


def _customer_of_bank(key: str) -> str | None:
    return key.removesuffix(_BANK) if key.endswith(_BANK) else None


def _agreements(contract: Record | None, customer_key: str) -> list[Agreement]:
    return [] if contract is None else [agreement(contract, customer_key)]


def _named(key: str, nouns: Iterable[Any]) -> Any:
    return next((noun for noun in nouns if noun.key == key), None)
