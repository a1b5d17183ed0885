"""Pland's routes: who may call, what a list takes, what a write changes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import orjson
from starlette.responses import Response
from starlette.routing import Route

from customer_gateway.sandbox import moments
from customer_gateway.sandbox.exchange import Refusal, json_answer, merged, raw_answer, raw_list, sent_object
from customer_gateway.sandbox.limits import Parallel, Window
from customer_gateway.sandbox.pland import tokens
from customer_gateway.sandbox.pland.documents import (
    ASSIGNMENTS,
    COMPANY_ID,
    CONTACTS,
    CUSTOMERS,
    INVOICES,
    OBJECTS,
    PAYMENT_TERMS,
    USERS,
    object_id,
)
from customer_gateway.sandbox.pland.writing import checked_contact, checked_customer
from customer_gateway.sandbox.store import value_at

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    from starlette.requests import Request

    from customer_gateway.sandbox.exchange import Clock
    from customer_gateway.sandbox.store import Collection, Document, Kind, Store

_API_KEY: Final = "64b7f1a2c3d4e5f6a7b8c9d0:kZ4tq9XwL2mVb7Rn"
_LOGIN: Final = {"username": "gateway", "password": "pland-passwort", "login_type": "dashboard"}
_OBJECT_ID: Final = re.compile(r"[0-9a-f]{24}")
_SORT_FIELD: Final = re.compile(r"[A-Za-z_]\w*(\.\w+)*")


class Pland:
    """The vendor of /v2. Lists are bare arrays; without a sort the pages of a list overlap, as they really do."""

    name = "pland"
    base_path = "/v2"
    retry_after = True
    login_paths: tuple[str, ...] = ("/auth/login",)
    error_under_200 = orjson.dumps({"message": "Internal error", "errors": [{"message": "Internal error"}]})

    def __init__(self, store: Store, clock: Clock) -> None:
        self.credentials: Mapping[str, str | int] = {"api_key": _API_KEY}
        self.other_credentials: Mapping[str, str] = _LOGIN
        self.windows: tuple[Window, ...] = (Window(20, 1.0, _caller),)
        self.parallel = Parallel(None, _caller)
        self._store = store
        self._clock = clock
        self._unsorted_calls = 0

    def authenticate(self, request: Request) -> None:
        bearer = request.headers.get("authorization", "")
        if request.headers.get("x-api-key") == _API_KEY or tokens.is_valid(bearer, self._clock()):
            return
        raise Refusal(401, "Unauthorized")

    def refusal(self, refusal: Refusal) -> Response:
        body = {"message": refusal.message, "errors": [{"message": refusal.message}]}
        return json_answer(body, refusal.status, refusal.headers)

    def routes(self) -> Sequence[Route]:
        return [
            Route("/auth/login", self._login, methods=["POST"]),
            Route("/company", self._company, methods=["GET"]),
            Route("/customers/", self._list_customers, methods=["GET"]),
            Route("/customers/", self._create_customer, methods=["POST"]),
            Route("/customers/count", self._count_customers, methods=["GET"]),
            Route("/customers/lastNumber", self._last_number, methods=["GET"]),
            Route("/customers/many", self._update_many, methods=["PATCH"]),
            Route("/customers/{id}", self._update_customer, methods=["PATCH"]),
            Route("/customers/{id}", self._delete_customer, methods=["DELETE"]),
            Route("/customers/{id}/objects", self._objects_of_customer, methods=["GET"]),
            Route("/users/", self._list_users, methods=["GET"]),
            Route("/users/self", self._self, methods=["GET"]),
            Route("/users/{number}/byNumber", self._user_by_number, methods=["GET"]),
            Route("/contacts/", self._list_contacts, methods=["GET"]),
            Route("/contacts/", self._create_contact, methods=["POST"]),
            Route("/contacts/{id}", self._update_contact, methods=["PATCH"]),
            Route("/contacts/{id}", self._delete_contact, methods=["DELETE"]),
            Route("/assignments/", self._list_assignments, methods=["GET"]),
            Route("/invoices/", self._list_invoices, methods=["GET"]),
            Route("/objects/", self._list_objects, methods=["GET"]),
            Route("/paymentTerms/", self._list_payment_terms, methods=["GET"]),
            *(
                Route(f"/{kind.name}/{{id}}", self._one_of(kind), methods=["GET"])
                for kind in (CUSTOMERS, USERS, CONTACTS, ASSIGNMENTS, INVOICES, OBJECTS, PAYMENT_TERMS)
            ),
        ]

    async def _login(self, request: Request) -> Response:
        sent = await sent_object(request)
        missing = [name for name in ("username", "password", "type") if not sent.get(name)]
        if missing:
            raise Refusal(400, f"Missing parameters: {', '.join(missing)}")
        if (sent["username"], sent["password"]) != (_LOGIN["username"], _LOGIN["password"]):
            raise Refusal(401, "Username or password is wrong")
        if sent["type"] not in ("dashboard", "app"):
            raise Refusal(400, "type must be dashboard or app")
        return json_answer({"token": tokens.issued(str(sent["username"]), self._clock())})

    async def _company(self, _request: Request) -> Response:
        return json_answer({"_id": COMPANY_ID, "name": "Blitzblank Gebäudedienste GmbH", "country": "DE"})

    def _one_of(self, kind: Kind) -> Callable[[Request], Awaitable[Response]]:
        async def one(request: Request) -> Response:
            return json_answer(self._existing(kind, request))

        return one

    async def _list_customers(self, request: Request) -> Response:
        tests = [
            *_equal(request, "number", "number"),
            *_partial(request, "name", ("name", "number")),
            *_partial(request, "nameAndAddress", ("name", "address.street", "address.zip", "address.city")),
            *_status(request),
        ]
        return self._listed(request, CUSTOMERS, ids=_ids(request, "ids"), tests=tests)

    async def _count_customers(self, _request: Request) -> Response:
        return json_answer({"count": self._store[CUSTOMERS].count()})

    async def _last_number(self, _request: Request) -> Response:
        return json_answer({"lastNumber": self._store[CUSTOMERS].largest("number")})

    async def _create_customer(self, request: Request) -> Response:
        fields = checked_customer(await sent_object(request), creating=True)
        fields.setdefault("number", self._store[CUSTOMERS].largest("number") + 1)
        self._number_must_be_free(fields["number"], None)
        key = object_id("created customer", fields["number"], self._clock())
        status = {**self._new_status(), **fields.pop("status", {})}
        document = {"_id": key, "companyId": COMPANY_ID, **fields, "status": status}
        self._store[CUSTOMERS].put(document)
        return json_answer(document, 201)

    async def _update_customer(self, request: Request) -> Response:
        customer = self._existing(CUSTOMERS, request)
        return json_answer(self._changed(customer, checked_customer(await sent_object(request), creating=False)))

    async def _update_many(self, request: Request) -> Response:
        sent = await sent_object(request)
        changes = checked_customer(sent.get("data") or {}, creating=False)
        customers = self._store[CUSTOMERS].where("_id", sent.get("ids") or [])
        for customer in customers:
            self._changed(customer, dict(changes))
        return json_answer({"modifiedCount": len(customers)})

    def _changed(self, customer: Document, changes: Document) -> Document:
        if "number" in changes:
            self._number_must_be_free(changes["number"], customer["_id"])
        written: Document = changes.pop("status", None) or {}
        status = {**customer["status"], **written, **self._touched()}
        document = merged(customer, {**changes, "status": status})
        self._store[CUSTOMERS].put(document)
        return document

    async def _delete_customer(self, request: Request) -> Response:
        customer = self._existing(CUSTOMERS, request)
        if str(customer["status"]["status"]) == "1":
            raise Refusal(400, "Only passive customers can be deleted")
        assignments = self._store[ASSIGNMENTS].where("customerId", [customer["_id"]])
        if any(assignment["status"]["status"] == "1" for assignment in assignments):
            raise Refusal(409, "The customer has active assignments")
        for site in self._store[OBJECTS].where("customerId", [customer["_id"]]):
            self._store[OBJECTS].delete(site["_id"])
        self._store[CUSTOMERS].delete(customer["_id"])
        return Response(status_code=204)

    async def _objects_of_customer(self, request: Request) -> Response:
        customer = self._existing(CUSTOMERS, request)
        return json_answer(self._store[OBJECTS].where("customerId", [customer["_id"]]))

    async def _list_users(self, request: Request) -> Response:
        names = ("general.firstName", "general.lastName", "id")
        tests = [*_partial(request, "name", names), *_equal(request, "username", "id"), *_status(request)]
        return self._listed(request, USERS, ids=_ids(request, "ids"), tests=tests)

    async def _self(self, _request: Request) -> Response:
        return json_answer(self._store[USERS].page(1, 0)[0])

    async def _user_by_number(self, request: Request) -> Response:
        found = self._store[USERS].where("number", [request.path_params["number"]])
        if not found:
            raise Refusal(404, "Not found")
        return json_answer(found[0])

    async def _list_contacts(self, request: Request) -> Response:
        tests = _partial(request, "name", ("firstName", "lastName"))
        return self._listed(request, CONTACTS, customers=_ids(request, "customerId"), tests=tests)

    async def _create_contact(self, request: Request) -> Response:
        fields = checked_contact(await sent_object(request))
        key = object_id("created contact", self._store[CONTACTS].count(), self._clock())
        document = {"_id": key, "companyId": COMPANY_ID, **fields, "status": self._new_status()}
        self._store[CONTACTS].put(document)
        return json_answer(document, 201)

    async def _update_contact(self, request: Request) -> Response:
        contact = self._existing(CONTACTS, request)
        changes = await sent_object(request)
        checked_contact({**contact, **changes})
        document = merged(
            contact, {**changes, "_id": contact["_id"], "status": {**contact["status"], **self._touched()}}
        )
        self._store[CONTACTS].put(document)
        return json_answer(document)

    async def _delete_contact(self, request: Request) -> Response:
        self._store[CONTACTS].delete(self._existing(CONTACTS, request)["_id"])
        return Response(status_code=204)

    async def _list_assignments(self, request: Request) -> Response:
        customers = _ids(request, "customer")
        return self._listed(request, ASSIGNMENTS, _ids(request, "ids"), customers, _status(request))

    async def _list_invoices(self, request: Request) -> Response:
        tests = [*_equal(request, "invoiceTypeOf", "invoiceType"), *_equal(request, "documentType", "documentType")]
        return self._listed(request, INVOICES, _ids(request, "ids"), _ids(request, "customer"), tests)

    async def _list_objects(self, request: Request) -> Response:
        return self._listed(request, OBJECTS, _ids(request, "ids"), _ids(request, "customerIds"))

    async def _list_payment_terms(self, request: Request) -> Response:
        """Answer the one list with its own paging: limit up to 100, skip, an envelope."""
        limit, skip = _integer(request, "limit", 50, 1, 100), _integer(request, "skip", 0, 0, None)
        terms = self._store[PAYMENT_TERMS]
        meta = {"total": terms.count(), "offset": skip, "limit": limit}
        return json_answer({"data": terms.page(limit, skip), "meta": meta})

    def _listed(
        self,
        request: Request,
        kind: Kind,
        ids: Sequence[str] | None = None,
        customers: Sequence[str] | None = None,
        tests: Sequence[Callable[[Document], bool]] = (),
    ) -> Response:
        limit, offset = _integer(request, "limit", 100, 1, 1000), _integer(request, "offset", 0, 0, None)
        sort = _sort(request)
        collection = self._store[kind]
        if ids is None and customers is None and not tests:
            return raw_answer(raw_list(self._whole(collection, sort, limit, offset)))
        found = _found(collection, ids, customers)
        rows = [document for document in found if all(test(document) for test in tests)]
        if sort:
            rows.sort(key=lambda row: _sortable(value_at(row, sort[0])), reverse=sort[1])
        return json_answer(rows[offset : offset + limit])

    def _whole(self, collection: Collection, sort: tuple[str, bool] | None, limit: int, offset: int) -> list[bytes]:
        if sort:
            return collection.sorted_bodies([sort], limit, offset)
        # No order was asked for, none is kept: every other page begins one row early.
        self._unsorted_calls += 1
        return collection.bodies(limit, max(0, offset - self._unsorted_calls % 2))

    def _existing(self, kind: Kind, request: Request) -> Document:
        key = request.path_params["id"]
        if not _OBJECT_ID.fullmatch(key):
            raise Refusal(400, f"Failed to parse Id: {key}")
        document = self._store[kind].get(key)
        if document is None:
            raise Refusal(404, "Not found")
        return document

    def _number_must_be_free(self, number: int, holder: str | None) -> None:
        if any(row["_id"] != holder for row in self._store[CUSTOMERS].where("number", [number])):
            raise Refusal(400, f'E11000 duplicate key error, collection customers, key {{"number": {number}}}')

    def _touched(self) -> Document:
        return {
            "lastModifiedAt": moments.milliseconds(moments.now(self._clock())),
            "lastModifiedBy": self._store[USERS].page(1, 0)[0]["_id"],
        }

    def _new_status(self) -> Document:
        touched = self._touched()
        return {
            "status": "1",
            "createdAt": touched["lastModifiedAt"],
            "createdBy": touched["lastModifiedBy"],
            **touched,
        }


def _caller(request: Request) -> str:
    return request.headers.get("x-api-key") or request.headers.get("authorization", "")


def _found(collection: Collection, ids: Sequence[str] | None, customers: Sequence[str] | None) -> Iterable[Document]:
    if ids is None and customers is None:
        return collection
    if ids is None:
        return collection.where("customerId", customers or ())
    found = collection.where("_id", ids)
    return found if customers is None else [row for row in found if row["customerId"] in customers]


def _values(request: Request, name: str) -> list[str] | None:
    """Return an array parameter: repeated, with brackets, or comma separated; None when it was not sent."""
    sent = [*request.query_params.getlist(name), *request.query_params.getlist(f"{name}[]")]
    return [value for text in sent for value in text.split(",") if value] if sent else None


def _ids(request: Request, name: str) -> list[str] | None:
    values = _values(request, name)
    for value in values or ():
        if not _OBJECT_ID.fullmatch(value):
            raise Refusal(400, f"Failed to parse Id: {value}")
    return values


def _integer(request: Request, name: str, default: int, least: int, most: int | None) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"-?\d{1,18}", text) or int(text) < least or (most is not None and int(text) > most):
        span = f"between {least} and {most}" if most is not None else f"at least {least}"
        raise Refusal(400, f"{name} must be an integer, {span}")
    return int(text)


def _sort(request: Request) -> tuple[str, bool] | None:
    """Field and whether descending, from the JSON form; the published `field:1` is refused, as it is live."""
    text = request.query_params.get("sort")
    if text is None:
        return None
    try:
        sent: Any = orjson.loads(text)
        field, direction = sent["by"], sent["direction"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise Refusal(400, "sort could not be parsed") from None
    if not isinstance(field, str) or not _SORT_FIELD.fullmatch(field) or direction not in (1, -1):
        raise Refusal(400, "sort could not be parsed")
    return field, direction == -1


def _sortable(value: Any) -> tuple[bool, float, str]:
    number = float(value) if isinstance(value, int | float) else 0.0
    return value is not None, number, "" if isinstance(value, int | float) else str(value)


def _equal(request: Request, parameter: str, field: str) -> list[Callable[[Document], bool]]:
    values = _values(request, parameter)
    return [] if values is None else [lambda row: str(value_at(row, field)) in values]


def _partial(request: Request, parameter: str, fields: Sequence[str]) -> list[Callable[[Document], bool]]:
    text = request.query_params.get(parameter)
    if text is None:
        return []
    part = text.lower()
    return [lambda row: any(part in str(value_at(row, field) or "").lower() for field in fields)]


def _status(request: Request) -> list[Callable[[Document], bool]]:
    return _equal(request, "status", "status.status")
