"""AutoDNS's routes, each with its task number and the vendor's envelope."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from starlette.routing import Route

from customer_gateway.sandbox import moments
from customer_gateway.sandbox.autodns.documents import CLIENT, CONTEXT, CUSTOMERS, INVOICES, USERS
from customer_gateway.sandbox.autodns.queries import Query, reduced
from customer_gateway.sandbox.autodns.reviews import Reviews
from customer_gateway.sandbox.autodns.sessions import PASSWORD, USER, Sessions
from customer_gateway.sandbox.autodns.writing import KEYS, checked_mandate, written
from customer_gateway.sandbox.exchange import Refusal, json_answer, sent_object
from customer_gateway.sandbox.limits import Parallel, Window

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from customer_gateway.sandbox.exchange import Clock
    from customer_gateway.sandbox.store import Document, Kind, Store

_LISTED_CUSTOMER: Final = (
    "number", "client", "group", "name", "type", "organization", "fname", "lname", "city", "country", "created",
    "updated", "owner",
)  # fmt: skip
_LISTED_USER: Final = ("user", "context", "status", "defaultEmail", "language", "created", "updated")
_LISTED_INVOICE: Final = (
    "id", "number", "customer", "amount", "vatAmount", "currency", "status", "type", "payment", "paid", "created",
    "updated",
)  # fmt: skip
# Keys whose order as JSON values is the order asked for; dates with different offsets, for one, are not.
_SORTED_BY_DATABASE: Final = frozenset({"client", "number", "group", "id", "user", "context"})
_ERROR_CODES: Final = {400: "EF00010", 401: "E00050", 403: "EF00020", 404: "E00404", 429: "EF00025"}
_ACTING_USER: Final = {"user": USER, "context": CONTEXT}


class AutoDns:
    """The vendor of /v1."""

    name = "autodns"
    base_path = "/v1"
    retry_after = False
    login_paths: tuple[str, ...] = ("/login",)

    def __init__(self, store: Store, clock: Clock) -> None:
        self.credentials: Mapping[str, str | int] = {"user": USER, "password": PASSWORD, "context": CONTEXT}
        self.other_credentials: Mapping[str, str] = {}
        self.windows: tuple[Window, ...] = (Window(3, 1.0, _address),)
        self.parallel = Parallel(None, _address)
        self._store = store
        self._clock = clock
        self._sessions = Sessions(clock)
        self._answers = 0
        self.reviews = Reviews(store[CUSTOMERS], self._now)
        self.error_under_200 = bytes(self.refusal(Refusal(500, "The task could not be carried out.")).body)

    def authenticate(self, request: Request) -> None:
        self._sessions.authenticate(request)

    def refusal(self, refusal: Refusal) -> Response:
        code = _ERROR_CODES.get(refusal.status, "E00500")
        message: Document = {"code": code, "text": refusal.message, "status": "ERROR", "objects": refusal.detail or []}
        status = {"code": code, "text": refusal.message, "type": "ERROR"}
        body: Document = {"stid": self._stid(), "messages": [message], "status": status}
        return json_answer(body, refusal.status, refusal.headers)

    def routes(self) -> Sequence[Route]:
        customer = "/customer/{client}/{number:int}"
        return [
            Route("/hello", self._hello, methods=["GET"]),
            Route("/login", self._login, methods=["POST"]),
            Route("/logout", self._logout, methods=["GET", "DELETE"]),
            Route("/customer/_search", self._searching(CUSTOMERS, _LISTED_CUSTOMER, 120005), methods=["POST"]),
            Route("/customer/_upgrade", self._create, methods=["POST"]),
            Route("/customer", self._create, methods=["POST"]),
            Route(customer, self._customer, methods=["GET"]),
            Route(customer, self._update, methods=["PUT"]),
            Route(f"{customer}/_dataconfirmed", self._confirm, methods=["PUT"]),
            Route(f"{customer}/_generatePin", self._generate_pin, methods=["GET"]),
            Route(f"{customer}/sepa", self._sepa, methods=["GET"]),
            Route(f"{customer}/sepa", self._set_sepa, methods=["POST"]),
            Route(f"{customer}/sepa", self._delete_sepa, methods=["DELETE"]),
            Route("/user/_search", self._searching(USERS, _LISTED_USER, 1301004), methods=["POST"]),
            Route("/user/{name:path}/{context:int}", self._user, methods=["GET"]),
            Route("/invoice/_search", self._searching(INVOICES, _LISTED_INVOICE, 1201002), methods=["POST"]),
            Route("/invoice/{id:int}", self._invoice, methods=["GET"]),
        ]

    async def _hello(self, request: Request) -> Response:
        return self._success(request, 100001, "hello", [])

    async def _login(self, request: Request) -> Response:
        session = self._sessions.opened(await sent_object(request), request.query_params.get("timeout", "10"))
        answer = self._success(request, 100002, "user", [_ACTING_USER])
        answer.headers["X-Domainrobot-SessionId"] = session
        answer.set_cookie("domainrobot_session", session, max_age=599, secure=True, httponly=True)
        return answer

    async def _logout(self, request: Request) -> Response:
        self._sessions.end(request)
        return self._success(request, 100003, "user", None)

    def _searching(self, kind: Kind, listed: Sequence[str], task: int) -> Callable[[Request], Awaitable[Response]]:
        known = KEYS if kind is CUSTOMERS else {*listed, "document", "passwordExpired"}

        async def search(request: Request) -> Response:
            body = await request.body()
            query = Query(await sent_object(request) if body else {}, known)
            keys = _asked_keys(request, known)
            page, total = self._found_page(kind, query)
            return self._success(request, task, kind.name, [reduced(row, listed, keys) for row in page], total)

        return search

    def _found_page(self, kind: Kind, query: Query) -> tuple[list[Document], int]:
        collection = self._store[kind]
        sort = [(str(order["key"]), order.get("type") == "DESC") for order in query.orders]
        if not query.filters and not sort:
            return collection.page(query.limit, query.offset), collection.count()
        if not query.filters and all(key in _SORTED_BY_DATABASE for key, _ in sort):
            return collection.sorted_page(sort, query.limit, query.offset), collection.count()
        found = query.chosen(self._candidates(kind, query))
        return found[query.offset : query.offset + query.limit], len(found)

    def _candidates(self, kind: Kind, query: Query) -> Any:
        for field in kind.indexed:
            values = query.bound(field)
            if values is not None:
                return self._store[kind].where(field, values)
        return self._store[kind]

    async def _customer(self, request: Request) -> Response:
        return self._success(request, 120004, "customer", [self._existing(request)])

    async def _create(self, request: Request) -> Response:
        sent = await sent_object(request)
        number = self._store[CUSTOMERS].largest("number") + 1
        client = sent.get("client")
        blank: Document = {
            "number": number,
            "client": client if isinstance(client, str) and client else CLIENT,
            "group": number // 1000,
            "pin": f"{number % 10_000:04d}",
            "owner": _ACTING_USER,
            "updater": _ACTING_USER,
            "created": self._now(),
            "pending": False,
            "account": {"currentAccountBalance": 0.0, "runningTotal": 0.0},
        }
        # Nothing was in force before: a new customer has no earlier data to fall back on, so nothing waits.
        document = written(blank, sent, self._now())
        document["account"] = {"creditLimit": 0.0, "currency": "EUR", **document["account"]}
        self._store[CUSTOMERS].put(document)
        return self._success(request, 120001, "customer", [document])

    async def _update(self, request: Request) -> Response:
        """Answer without data, whatever changed: a client reads it again."""
        customer = self._existing(request)
        changed = written(customer, await sent_object(request), self._now())
        document, waits = self.reviews.reviewed(customer, changed)
        self._stored(document)
        return self._success(request, 120002, "customer", None, kind="NOTIFY" if waits else "SUCCESS")

    async def _confirm(self, request: Request) -> Response:
        self._stored({**self._existing(request), "lastConfirmed": self._now()})
        return self._success(request, 120006, "customer", None)

    async def _generate_pin(self, request: Request) -> Response:
        """Confirm an e-mail address: a GET that changes something."""
        customer = self._existing(request)
        pin = f"{(int(customer['pin']) * 31 + 17) % 10_000:04d}"
        self._stored({**customer, "pin": pin})
        return self._success(request, 120007, "customer", [{"pin": pin}])

    async def _sepa(self, request: Request) -> Response:
        mandate = self._existing(request).get("sepa")
        return self._success(request, 120104, "sepa", [mandate] if mandate else [])

    async def _set_sepa(self, request: Request) -> Response:
        customer, sent = self._existing(request), checked_mandate(await sent_object(request))
        former = dict(customer.get("sepa") or {})
        before = former.pop("histories", [])
        mandate = {
            "reference": f"MD-{customer['number']}-{self._answers}",
            "status": "ACTIVE",
            **sent,
            "histories": [*before, former] if former else [],
        }
        self._stored({**customer, "sepa": mandate})
        return self._success(request, 120101, "sepa", [mandate])

    async def _delete_sepa(self, request: Request) -> Response:
        customer = self._existing(request)
        _found(customer.get("sepa"), "sepa")
        self._stored({name: value for name, value in customer.items() if name != "sepa"})
        return self._success(request, 120103, "sepa", None)

    async def _user(self, request: Request) -> Response:
        document = self._store[USERS].get(f"{request.path_params['name']}/{request.path_params['context']}")
        return self._success(request, 1301005, "user", [_found(document, "user")])

    async def _invoice(self, request: Request) -> Response:
        document = self._store[INVOICES].get(request.path_params["id"])
        return self._success(request, 1201003, "invoice", [_found(document, "invoice")])

    def _existing(self, request: Request) -> Document:
        key = f"{request.path_params['client']}/{request.path_params['number']}"
        return _found(self._store[CUSTOMERS].get(key), "customer")

    def _stored(self, customer: Document) -> None:
        self._store[CUSTOMERS].put({**customer, "updater": _ACTING_USER, "updated": self._now()})

    def _success(
        self,
        request: Request,
        task: int,
        noun: str,
        data: list[Any] | None,
        total: int | None = None,
        *,
        kind: str = "SUCCESS",
    ) -> Response:
        code = f"{kind[0]}{task}"
        stid = self._stid()
        summary = len(data) if total is None and data is not None else total
        body: Document = {
            "stid": stid,
            **({"ctid": ctid} if (ctid := request.query_params.get("ctid")) else {}),
            "status": {"code": code, "text": f"The {noun} task {task} was carried out.", "type": kind},
            "object": {"type": noun, **({} if summary is None else {"summary": summary})},
            **({} if data is None else {"data": data}),
        }
        return json_answer(body, headers={"X-Domainrobot-Stid": stid})

    def _stid(self) -> str:
        self._answers += 1
        return f"{time.strftime('%Y%m%d', time.gmtime(self._clock()))}-app1-{self._answers}"

    def _now(self) -> str:
        return moments.with_offset(moments.now(self._clock()), moments.BERLIN)


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _asked_keys(request: Request, known: Any) -> list[str]:
    """Return the columns asked for beyond a list's own; a nested key brings the whole member that it lies in."""
    keys = [key.split(".")[0] for key in request.query_params.getlist("keys[]")]
    for key in keys:
        if key not in known:
            raise Refusal(400, f"The key '{key}' is not known.", detail=[{"type": "keys", "value": key}])
    return keys


def _found(document: Document | None, noun: str) -> Document:
    if document is None:
        raise Refusal(404, f"The {noun} does not exist.")
    return document
