"""Lemonsoft's routes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from starlette.routing import Route

from customer_gateway.sandbox import exact, moments
from customer_gateway.sandbox.exchange import Refusal, json_answer, raw_answer, raw_list, sent_object
from customer_gateway.sandbox.lemonsoft.documents import (
    BASE_FIELDS,
    CUSTOMERS,
    DESCRIPTIONS,
    GROUPS,
    INVOICES,
    PAYMENT_TERMS,
    PERSONS,
)
from customer_gateway.sandbox.lemonsoft.filters import (
    Parameters,
    between,
    candidates,
    contains,
    customer_tests,
    equals,
    invalid,
)
from customer_gateway.sandbox.lemonsoft.sessions import LOGIN, Sessions
from customer_gateway.sandbox.lemonsoft.writing import LISTS, UNSET, entry, product, replaced
from customer_gateway.sandbox.limits import Parallel, Window
from customer_gateway.sandbox.store import Kind

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from customer_gateway.sandbox.exchange import Clock
    from customer_gateway.sandbox.store import Document, Store

_COUNTERS = Kind("counters", "name")
_FIRST_NEW_ID = 100_001


class Lemonsoft:
    """The vendor of /api. No totals, no sorting; many in parallel are refused with 503."""

    name = "lemonsoft"
    base_path = ""
    retry_after = False
    login_paths: tuple[str, ...] = ("/api/auth/login", "/api/auth/renew")
    error_under_200 = orjson.dumps({"Message": "An error has occurred."})

    def __init__(self, store: Store, clock: Clock) -> None:
        self.credentials: Mapping[str, str | int] = LOGIN
        self.other_credentials: Mapping[str, str] = {}
        self.windows: tuple[Window, ...] = ()
        self.parallel = Parallel(8, _session)
        self._sessions = Sessions(clock)
        self._store = store
        self._clock = clock

    def authenticate(self, request: Request) -> None:
        if not self._sessions.is_open(request.headers.get("session-id", "")):
            raise Refusal(401, "The session is missing or has expired.")

    def refusal(self, refusal: Refusal) -> Response:
        state = {"ModelState": refusal.detail} if refusal.detail else {}
        return json_answer({"Message": refusal.message, **state}, refusal.status, refusal.headers)

    def routes(self) -> Sequence[Route]:
        customer = "/api/customers/{customer_id:int}"
        return [
            Route("/api/auth/login", self._login, methods=["POST"]),
            Route("/api/auth/renew", self._login, methods=["POST"]),
            Route("/api/auth/alive", self._alive, methods=["GET"]),
            Route("/api/customers", self._list_customers, methods=["GET"]),
            Route("/api/customers", self._create_customer, methods=["POST"]),
            Route("/api/customers/base", self._list_base, methods=["GET"]),
            Route("/api/customers/groups", self._groups, methods=["GET"]),
            Route(customer, self._customer, methods=["GET"]),
            Route(customer, self._update_customer, methods=["PUT"]),
            Route(f"{customer}/agreements/{{id:int}}/products", self._add_product, methods=["POST"]),
            Route(f"{customer}/agreements/products/{{id:int}}", self._remove_product, methods=["DELETE"]),
            *(Route(f"{customer}/{name}", self._adding(name), methods=["POST"]) for name in LISTS),
            *(Route(f"{customer}/{name}/{{id:int}}", self._removing(name), methods=["DELETE"]) for name in LISTS),
            Route("/api/contacts/{id:int}", self._contacts, methods=["GET"]),
            Route("/api/contacts/{customer_id:int}", self._adding("contacts"), methods=["POST"]),
            Route("/api/contacts/{id:int}", self._update_contact, methods=["PUT"]),
            Route("/api/persons", self._list_persons, methods=["GET"]),
            Route("/api/persons/current", self._current_person, methods=["GET"]),
            Route("/api/persons/{id:int}", self._one_of(PERSONS), methods=["GET"]),
            Route("/api/invoices", self._list_invoices, methods=["GET"]),
            Route("/api/invoices/{id:int}", self._one_of(INVOICES), methods=["GET"]),
            Route("/api/codelist/payment_term", self._payment_terms, methods=["GET"]),
            Route("/api/codelist/description", self._descriptions, methods=["GET"]),
        ]

    async def _login(self, request: Request) -> Response:
        return json_answer({"session_id": self._sessions.opened(await sent_object(request))})

    async def _alive(self, _request: Request) -> Response:
        return json_answer({"alive": True})

    async def _list_customers(self, request: Request) -> Response:
        return self._customers(request, None)

    async def _list_base(self, request: Request) -> Response:
        return self._customers(request, BASE_FIELDS)

    def _customers(self, request: Request, fields: Sequence[str] | None) -> Response:
        sent = Parameters(request)
        ids, numbers, tests = sent.integers("object_ids"), sent.integers("customer_number"), customer_tests(sent)
        limit, offset = sent.page()
        unfiltered = ids is None and numbers is None and not tests
        if unfiltered and fields is None:
            return _enveloped(self._store[CUSTOMERS].bodies(limit, offset))
        if unfiltered:
            page = self._store[CUSTOMERS].page(limit, offset)
        else:
            rows = candidates(self._store[CUSTOMERS], ids, "number", numbers)
            page = _fitting(rows, tests)[offset : offset + limit]
        return _enveloped([exact.encoded(row if fields is None else _only(row, fields)) for row in page])

    async def _customer(self, request: Request) -> Response:
        return json_answer(self._existing(request))

    async def _create_customer(self, request: Request) -> Response:
        sent = await sent_object(request)
        key = self._next_id()
        number = self._store[CUSTOMERS].largest("number") + 1
        self._number_must_be_free(sent.get("number") or None, None)
        blank: Document = {**UNSET, "id": key, "number": number, "created": self._now()}
        taken = {name: value for name, value in sent.items() if name != "number" or value}
        return self._stored(replaced(blank, {"is_customer": True, **taken}, self._next_id))

    async def _update_customer(self, request: Request) -> Response:
        customer, sent = self._existing(request), await sent_object(request)
        self._number_must_be_free(sent.get("number"), customer["id"])
        return self._stored(replaced(customer, sent, self._next_id))

    def _number_must_be_free(self, number: Any, holder: int | None) -> None:
        if number is not None and any(row["id"] != holder for row in self._store[CUSTOMERS].where("number", [number])):
            raise Refusal(400, "The request is invalid.", detail={"customer.number": ["The number is in use."]})

    def _adding(self, name: str) -> Callable[[Request], Awaitable[Response]]:
        async def add(request: Request) -> Response:
            customer = self._existing(request)
            added = entry(await sent_object(request), name, customer["id"], self._next_id)
            self._stored({**customer, name: [*customer[name], added]})
            return json_answer(added)

        return add

    def _removing(self, name: str) -> Callable[[Request], Awaitable[Response]]:
        async def remove(request: Request) -> Response:
            customer = self._existing(request)
            kept = [row for row in customer[name] if row[LISTS[name]] != request.path_params["id"]]
            if len(kept) == len(customer[name]):
                raise Refusal(404, "Not found.")
            return self._stored({**customer, name: kept})

        return remove

    async def _add_product(self, request: Request) -> Response:
        customer = self._existing(request)
        agreement = _one([row for row in customer["agreements"] if row["id"] == request.path_params["id"]])
        added = product(await sent_object(request), agreement["id"], self._next_id)
        agreement["products"].append(added)
        self._stored(customer)
        return json_answer(added)

    async def _remove_product(self, request: Request) -> Response:
        customer = self._existing(request)
        owned = [(row, item) for row in customer["agreements"] for item in row["products"]]
        agreement, gone = _one([pair for pair in owned if pair[1]["agreement_product_id"] == request.path_params["id"]])
        agreement["products"].remove(gone)
        return self._stored(customer)

    async def _contacts(self, request: Request) -> Response:
        """Return the contacts of one customer."""
        sent = Parameters(request)
        customer = self._store[CUSTOMERS].get(request.path_params["id"])
        if customer is None:
            raise Refusal(404, "Not found.")
        tests = [*contains("name", sent.text("name"), ("name",)), *equals("email", sent.text("email"))]
        ids = sent.integers("object_ids")
        rows = [row for row in customer["contacts"] if ids is None or row["id"] in ids]
        limit, offset = sent.page()
        return _enveloped([exact.encoded(row) for row in _fitting(rows, tests)[offset : offset + limit]])

    async def _update_contact(self, request: Request) -> Response:
        """By the contact's own id; unsent fields become null."""
        key = request.path_params["id"]
        customer = _one([row for row in self._store[CUSTOMERS] if any(one["id"] == key for one in row["contacts"])])
        sent = await sent_object(request)
        blank = dict.fromkeys(next(row for row in customer["contacts"] if row["id"] == key))
        changed = {**blank, **sent, "id": key, "customer_id": customer["id"]}
        contacts = [changed if row["id"] == key else row for row in customer["contacts"]]
        self._stored({**customer, "contacts": contacts})
        return json_answer(changed)

    async def _list_persons(self, request: Request) -> Response:
        sent = Parameters(request)
        tests = contains("search", sent.text("search"), ("name", "short_name", "username", "email"))
        number = sent.integer("number")
        rows = candidates(
            self._store[PERSONS], sent.integers("object_ids"), "number", None if number is None else [number]
        )
        return self._page(rows, tests, sent)

    async def _current_person(self, _request: Request) -> Response:
        return json_answer(self._store[PERSONS].page(1, 0)[0])

    def _one_of(self, kind: Kind) -> Callable[[Request], Awaitable[Response]]:
        async def one(request: Request) -> Response:
            document = self._store[kind].get(request.path_params["id"])
            if document is None:
                raise Refusal(404, "Not found.")
            return json_answer(document)

        return one

    async def _list_invoices(self, request: Request) -> Response:
        sent = Parameters(request)
        customer = sent.integer("customer_number")
        tests = [
            *equals("delivery_customer_number", sent.integer("delivery_customer_number")),
            *equals("type", sent.integer("type")),
            *between("date", sent.moment("invoice_date_after"), sent.moment("invoice_date_before")),
            *between("updated", sent.moment("updated_after"), sent.moment("updated_before")),
            *contains("search", sent.text("search"), ("number", "state")),
        ]
        if (numbers := sent.integers("numbers")) is not None:
            tests.append(lambda row: row["number"] in numbers)
        rows = candidates(
            self._store[INVOICES],
            sent.integers("object_ids"),
            "customer_number",
            None if customer is None else [customer],
        )
        return self._page(rows, tests, sent)

    async def _groups(self, _request: Request) -> Response:
        return _listed({"id": number, "name": name} for number, name in GROUPS.items())

    async def _payment_terms(self, _request: Request) -> Response:
        return _listed(
            {"id": number, "number": number, "description": text, "days": days}
            for number, (text, days) in PAYMENT_TERMS.items()
        )

    async def _descriptions(self, request: Request) -> Response:
        wanted = Parameters(request).text("codeListFilter") or ""
        if wanted not in DESCRIPTIONS:
            raise invalid("codeListFilter", wanted)
        return _listed({"id": number, "description": text} for number, text in DESCRIPTIONS[wanted].items())

    def _page(
        self, rows: Iterable[Document], tests: Sequence[Callable[[Document], bool]], sent: Parameters
    ) -> Response:
        limit, offset = sent.page()
        return _enveloped([exact.encoded(row) for row in _fitting(rows, tests)[offset : offset + limit]])

    def _existing(self, request: Request) -> Document:
        document = self._store[CUSTOMERS].get(request.path_params["customer_id"])
        if document is None:
            raise Refusal(404, "Not found.")
        return document

    def _stored(self, customer: Document) -> Response:
        document = {**customer, "modified": self._now()}
        self._store[CUSTOMERS].put(document)
        return json_answer(document)

    def _now(self) -> str:
        return moments.local_with_fraction(moments.now(self._clock()), moments.HELSINKI)

    def _next_id(self) -> int:
        """Return one counter for everything new, apart from the ids that the invented data begins with."""
        counter = self._store[_COUNTERS].get("id") or {"name": "id", "next": _FIRST_NEW_ID}
        self._store[_COUNTERS].put({**counter, "next": counter["next"] + 1})
        return counter["next"]


def _session(request: Request) -> str:
    return request.headers.get("session-id") or (request.client.host if request.client else "")


def _fitting(rows: Iterable[Document], tests: Sequence[Callable[[Document], bool]]) -> list[Document]:
    return [row for row in rows if all(test(row) for test in tests)]


def _only(row: Document, fields: Sequence[str]) -> Document:
    return {name: row[name] for name in fields if name in row}


def _one(found: Sequence[Any]) -> Any:
    if not found:
        raise Refusal(404, "Not found.")
    return found[0]


def _listed(rows: Iterable[Document]) -> Response:
    return _enveloped([exact.encoded(row) for row in rows])


def _enveloped(bodies: Sequence[bytes]) -> Response:
    """Put rows into the envelope: `result_count` counts this page; no answer says how many there are."""
    return raw_answer(b'{"results":' + raw_list(bodies) + b',"result_count":%d}' % len(bodies))
