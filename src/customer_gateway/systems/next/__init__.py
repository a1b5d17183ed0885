"""NEXT, project and field service software (seed 002): facts and reads. Quirks: docs/systems/next.md."""

from __future__ import annotations

import asyncio
import json
import re
from functools import partial
from operator import attrgetter, itemgetter
from pathlib import Path  # noqa: TC003 - pydantic reads annotations at run time
from typing import TYPE_CHECKING, Any, Final

import orjson
from pydantic import SecretStr, model_validator

from customer_gateway.documents.raw import WithTexts
from customer_gateway.documents.record import DocumentContext, Record, is_list, is_object
from customer_gateway.errors import UpstreamBadResponse, UpstreamError
from customer_gateway.system import Kind, Lookup, Page, Route
from customer_gateway.systems.connection import SystemSettings, Wiring, open_client, reachable
from customer_gateway.systems.explained import texts_in
from customer_gateway.systems.identified import in_place, those_with_ids, with_integer_ids
from customer_gateway.systems.lookups import (
    by_route,
    grouped,
    key_of_list,
    lists_by_customer,
    through_customer,
    values_by,
)
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
from customer_gateway.systems.next.token import access_token
from customer_gateway.systems.pages import MOST_ROWS, Gathered, Listed, ListLengths
from customer_gateway.systems.paging import read_on, read_window
from customer_gateway.wire import BearerToken, Call, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from customer_gateway.documents.record import Decode, Document
    from customer_gateway.model.nouns import Agreement, Contact, Customer, Invoice, User
    from customer_gateway.system import Finder, Reader, Reads, Selection
    from customer_gateway.wire import Answer, Client
    from customer_gateway.work.deadline import Deadline

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
    """One NEXT database."""

    kind = KIND
    withheld: frozenset[str] = frozenset()

    def __init__(self, name: str, client: Client, reading: DocumentContext) -> None:
        self.name = name
        self.reading = reading
        self._client = client
        self._without_active: set[str] = set()
        self._lengths = ListLengths(name)
        self._with_texts = WithTexts(reading.drift, "items")
        self._customers: Route[Customer] = self._by_id("/customer/", self._customer)
        self._raw_customers: Route[Customer] = self._by_id("/customer/", self._customer, decode=self._with_texts)
        self.users: Route[User] | None = (users := self._by_id("/user/", self._user))
        self.invoice_details = None
        contacts = self._by_customer("/customercontact/", self._contact, _INACTIVE_TOO)
        invoices = self._by_customer("/invoice/", self._invoice, {})
        contracts: Route[Record] = self._by_id("/frameworkcontract/", self._record)
        self._read_contracts = values_by(contracts, partial(key_of_list, "contract_key", "agreements"))
        self.readers: Mapping[str, Reader] = {
            "contacts": lists_by_customer(contacts),
            "agreements": self._read_agreements,
            "invoices": lists_by_customer(invoices),
            "updater": values_by(users, lambda customer: customer.updater_key),
            "creator": values_by(users, lambda customer: customer.creator_key),
        }
        self.node_lookups: Mapping[str, Finder] = {
            "Contact": by_route(self._by_id("/customercontact/", self._contact)),
            "Account": through_customer(self.customers, _customer_of_bank, lambda customer: customer.accounts),
            "Agreement": self._find_agreements,
            "Invoice": by_route(self._by_id("/invoice/", self._invoice, {})),
        }

        self.lookups = (
            Lookup(contacts, ("contacts",), _NOBODY, lambda customer: customer.key),
            Lookup(invoices, ("invoices",), _NOBODY, lambda customer: customer.key),
            Lookup(contracts, ("agreements",), _NOBODY, lambda customer: customer.contract_key),
            Lookup(users, ("updater", "creator"), _NOBODY, lambda customer: customer.updater_key),
        )

    def customers(self, want: Selection) -> Route[Customer]:
        """Return the route of customers: NEXT has one width."""
        return self._raw_customers if want.tells_raw(CUSTOMER) else self._customers

    async def page(
        self, start: int, size: int, want: Selection, deadline: Deadline, *, ask_next: bool
    ) -> Page[Customer]:
        """Return a page; every answer has the total: what follows costs no call, unless it is below the rows."""
        decode = self._with_texts if want.tells_raw(CUSTOMER) else orjson.loads

        async def read(number: int, size: int) -> Listed[Document]:
            return await self._page("/customer/", _INACTIVE_TOO, number, size, deadline, decode)

        async def follows(position: int) -> bool:
            return bool((await read(position + 1, 1)).rows)

        found = await read_window(self._lengths.of("GET /customer/"), read, "id", start, size, _ROWS_PER_PAGE)
        has_next = await found.has_next(start, size, follows if ask_next else None)
        return Page(in_place(found.rows[:size], "id", self._customer), has_next=has_next, total=found.total)

    async def count(self, deadline: Deadline) -> int | None:
        return (await self._page("/customer/", _INACTIVE_TOO, 1, 1, deadline)).total

    async def reachable(self, deadline: Deadline) -> bool:
        return await reachable(self._client, _list("/customer/", _INACTIVE_TOO, 1, 1), deadline)

    async def aclose(self) -> None:
        await self._client.aclose()

    def _by_id(
        self,
        path: str,
        read: Callable[[Document], Any],
        rows: Mapping[str, object] = _INACTIVE_TOO,
        decode: Decode = orjson.loads,
    ) -> Route[Any]:
        """Return rows of the list at `path` by their ids, a page of them at a time."""

        async def fetch(keys: Sequence[str], deadline: Deadline) -> dict[str, Any]:
            found = await self._all(path, {"id__in": [int(key) for key in keys], **rows}, len(keys), deadline, decode)
            return {str(row["id"]): read(row) for row in found}

        return Route(f"{self.name}.{path.strip('/')}", fetch, _ROWS_PER_PAGE, key_form=ID)

    def _by_customer(self, path: str, read: Callable[[Document], Any], rows: Mapping[str, object]) -> Route[Any]:
        """Return rows of the list at `path` that name the customers."""

        async def fetch(keys: Sequence[str], deadline: Deadline) -> dict[str, list[Any]]:
            found = await self._all(path, {"customerid__in": [int(key) for key in keys], **rows}, MOST_ROWS, deadline)
            return grouped(keys, [read(row) for row in found], attrgetter("customer_key"), "customerid", self.reading)

        return Route(f"{self.name}.{path.strip('/')}s", fetch, _ROWS_PER_PAGE, key_form=ID)

    async def _read_agreements(self, customers: Sequence[NextCustomerView], reads: Reads) -> Sequence[Any]:
        """Return the framework contract of each customer; a contract that NEXT no longer has is no agreement."""
        contracts = await self._read_contracts(customers, reads)
        return [
            contract if isinstance(contract, UpstreamError) else _agreements(contract, customer.key)
            for customer, contract in zip(customers, contracts, strict=True)
        ]

    async def _find_agreements(self, keys: Sequence[str], reads: Reads) -> Sequence[Any]:
        """Return agreements by their keys: one is there as long as its customer names its contract."""
        customers = await reads.load(self.customers(reads.want), [key.partition("/")[0] for key in keys])
        known = [customer for customer in customers if isinstance(customer, NextCustomerView)]
        agreements = iter(await self._read_agreements(known, reads))
        found = [next(agreements) if isinstance(each, NextCustomerView) else each for each in customers]
        return [_named(key, each) if is_list(each) else each for key, each in zip(keys, found, strict=True)]

    async def _all(
        self,
        path: str,
        rows: Mapping[str, object],
        most: int,
        deadline: Deadline,
        decode: Decode = orjson.loads,
    ) -> list[Document]:
        """Return every row of a list. NEXT cannot sort, so pages that shift meanwhile may lose a row: then none is
        told.

        How many pages there are is NEXT's word, so it is held to at most `most` rows and taken a few pages at a time.
        A total below the rows is no word: then the pages are read until they end.
        """

        async def read(position: int, size: int) -> Listed[Document]:
            return await self._page(path, rows, position // size + 1, size, deadline, decode)

        lengths = self._lengths.of(f"GET {path}")
        found: Gathered[Document] = Gathered(self.name, f"GET {path}")
        size = lengths.size(_ROWS_PER_PAGE)
        page = await read(0, size)
        total = _announced(page)
        found.demand_bounded(total, most)
        if total < len(page.rows):
            listed = await read_on(lengths, json.dumps(rows), read, itemgetter("id"), most=size)
            return those_with_ids({row["id"]: row for row in listed.rows}.values(), "id")
        if 0 < len(page.rows) < min(size, total):
            lengths.cut(len(page.rows))
            size = len(page.rows)
        last = max(1, -(-total // size))
        found.add(_by_id(page), last=last == 1 or not page.rows)
        for number in range(2, last + 1, _PAGES_AT_ONCE):
            group = range(number, min(number + _PAGES_AT_ONCE, last + 1))
            pages = [read((each - 1) * size, size) for each in group]
            for each, page in zip(group, await asyncio.gather(*pages), strict=True):
                found.add(_by_id(page), last=each == last or not page.rows)
            if not page.rows:
                break
        if len(found.rows) < _announced(page):
            raise UpstreamBadResponse(self.name, f"GET {path} changed while its pages were read", retryable=True)
        return those_with_ids(found.rows.values(), "id")

    async def _page(
        self,
        path: str,
        rows: Mapping[str, object],
        number: int,
        size: int,
        deadline: Deadline,
        decode: Decode = orjson.loads,
    ) -> Listed[Document]:
        """Return one page of rows with an `id`; any other answer is refused."""
        answer = await self._answer(path, rows, number, size, deadline, decode)
        if is_object(answer.document):
            envelope = Record(answer.document, self.reading)
            total, told = envelope.integer("total"), envelope.integer("size")
            rows_of_page = with_integer_ids(answer.document.get("items"), "id", self.reading)
            if rows_of_page is not None and total is not None:
                return Listed(rows_of_page, total, told if told is not None and told > 0 else None)
        raise UpstreamBadResponse(self.name, f"GET {path} did not answer a page of records with id")

    async def _answer(
        self, path: str, rows: Mapping[str, object], number: int, size: int, deadline: Deadline, decode: Decode
    ) -> Answer:
        """Return the answer of a list; once it is found to know no `active`, it is requested without it.

        Not so the customers: without the term those that are not active would be missing without a word.
        """
        without = {name: value for name, value in rows.items() if name not in _INACTIVE_TOO}
        asked = without if path in self._without_active else rows
        try:
            return await self._client.call(_list(path, asked, number, size, decode), deadline)
        except UpstreamBadResponse as refusal:
            if asked is without or path == "/customer/" or not _names_active(refusal):
                raise
        answer = await self._client.call(_list(path, without, number, size, decode), deadline)
        self._without_active.add(path)
        self.reading.drift.notice("active", f"{path} cannot be asked for rows that are not active")
        return answer

    def _customer(self, row: Document) -> Customer:
        CUSTOMER.notice_undocumented(row, self.reading)
        return NextCustomerView(row, self.reading)

    def _user(self, row: Document) -> User:
        return NextUserView(row, self.reading)

    def _contact(self, row: Document) -> Contact:
        return NextContactView(row, self.reading)

    def _invoice(self, row: Document) -> Invoice:
        return INVOICE.read(Record(row, self.reading))

    def _record(self, row: Document) -> Record:
        return Record(row, self.reading)


def connect(name: str, settings: NextSettings, wiring: Wiring) -> Next:
    """Return the system that a table of the configuration describes; sends nothing yet.

    Raises `ConfigInvalid` where the token's file is missing or holds no token.
    """
    token = access_token(name, settings)
    client = open_client(
        name,
        settings,
        wiring,
        auth=BearerToken(token),
        budget=_BUDGET,
        budget_scope=(KIND.slug, token),
        error_in_body=_error_in_body,
    )
    return Next(name, client, DocumentContext.of(name, settings.base_url, settings.time_zone, settings.region))


def _error_in_body(_status: int, document: Any) -> str | None:
    """Find the `detail` of an error's body, which has nothing else, whatever the status."""
    return "it is a `detail` and nothing else" if is_object(document) and document.keys() == {"detail"} else None


def _list(path: str, rows: Mapping[str, object], page: int, size: int, decode: Decode = orjson.loads) -> Call:
    wanted = json.dumps(rows, separators=(",", ":"))
    query = [("filter_str", wanted), ("page", str(page)), ("size", str(size))]
    return Call("GET", path, query, idempotent=True, explain=True, decode=decode)


def _names_active(refusal: UpstreamBadResponse) -> bool:
    """Return whether a refusal names the field: its `detail` is a text, an object or a list."""
    return any(map(_ACTIVE.search, texts_in(refusal.explanation)))


def _announced(page: Listed[Document]) -> int:
    return page.total or 0


def _by_id(page: Listed[Document]) -> dict[int, Document]:
    return {row["id"]: row for row in page.rows}


def _customer_of_bank(key: str) -> str | None:
    return key.removesuffix(_BANK) if key.endswith(_BANK) else None


def _agreements(contract: Record | None, customer_key: str) -> list[Agreement]:
    return [] if contract is None else [agreement(contract, customer_key)]


def _named(key: str, nouns: Iterable[Any]) -> Any:
    return next((noun for noun in nouns if noun.key == key), None)
