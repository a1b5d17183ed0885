"""The gateway's schema over a made-up vendor that can be written, and operations that record what is asked of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from api.acme_graph import answer_of
from federation.fake_system import ACME, CUSTOMER, Acme, federation

from customer_gateway.api.engine import Engine, Prepared, RequestScope
from customer_gateway.api.limits import DocumentLimits
from customer_gateway.api.schema import build_schema, unified_names
from customer_gateway.api.writing import Asker, Writing
from customer_gateway.documents import structs
from customer_gateway.documents.choices import ChoiceList
from customer_gateway.documents.field_writes import at, emails_at, texts_at
from customer_gateway.documents.spelling import as_given
from customer_gateway.documents.structs import Struct
from customer_gateway.documents.writing import Resource, Writes
from customer_gateway.model.callers import EVERY_RIGHT
from customer_gateway.model.value_objects import EmailPurpose
from customer_gateway.operations.requests import Outcome
from customer_gateway.system import Selection
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from customer_gateway.api.engine import ExecutorName
    from customer_gateway.federation.request import RequestContext
    from customer_gateway.model.callers import Rights
    from customer_gateway.model.operations import Operation, OperationState
    from customer_gateway.operations.requests import WriteRequest

LINE = Struct(
    "AcmeLine",
    "A line of an order.",
    [
        structs.identifier("id", "Its id."),
        structs.text("text", "What it says."),
        structs.decimal("price", "Its price."),
    ],
)
PLACE = Struct(
    "AcmePlace", "Where somebody is.", [structs.text("town", "Town."), structs.text("made_at", "Its stamp.")]
)
RECORD = Struct(
    CUSTOMER.name,
    CUSTOMER.about,
    [
        *CUSTOMER.fields,
        structs.integer("points", "Points."),
        structs.moment("since", "Since when."),
        structs.one("place", PLACE, "Where it is."),
        structs.many("lines", LINE, "Lines."),
        structs.many("bare", PLACE, "Entries without ids."),
        structs.billing(structs.text("iban", "IBAN.")),
        structs.secret(structs.text("pin", "Secret number.")),
    ],
)
WRITES = Writes(
    record=RECORD,
    resources={"": Resource(update=("PATCH", "/customers/{key}"), create=("POST", "/customers"))},
    archive=None,
    restore=None,
    fields={
        "name": at("name"),
        "kind": at("kind_id", as_given),
        "emails": emails_at({EmailPurpose.GENERAL: "emails"}, several=True),
        "notes": texts_at("notes"),
        "address.city": at("place.town"),
        "owner_id": at("owner"),
        "billing.payment_terms_id": at("terms"),
    },
    server_made={"id": "Acme gives it.", "place.made_at": "A stamp.", "bare.made_at": "A stamp."},
    required=frozenset({"name"}),
    most={"name": 50},
    lists={"kind_id": ChoiceList("/kinds"), "terms": ChoiceList("/terms")},
)
KIND = replace(ACME, record=RECORD, writes=WRITES)
SCHEMA = build_schema([KIND])
NAMES = unified_names(SCHEMA)


@dataclass
class Recorded:
    """Operations that do nothing: `asked` is what was asked, `answer` what is answered, or raised."""

    answer: Outcome | Exception | Callable[[WriteRequest], Outcome] = field(default_factory=lambda: Outcome(None))
    stored: list[Operation] = field(default_factory=list["Operation"])
    asked: list[WriteRequest] = field(default_factory=list["WriteRequest"])
    looked_up: list[tuple[Any, ...]] = field(default_factory=list[tuple[Any, ...]])

    @property
    def only(self) -> WriteRequest:
        """The one request there was."""
        (request,) = self.asked
        return request

    async def carry_out(self, request: WriteRequest, deadline: Deadline) -> Outcome:
        del deadline
        self.asked.append(request)
        return self._answer_to(request)

    async def settle(self, id: str, actor: str, rights: Rights, deadline: Deadline) -> Outcome | None:  # noqa: A002 - as there
        del rights, deadline
        self.looked_up.append(("settle", id, actor))
        found = await self.find(id, actor, EVERY_RIGHT)
        return None if found is None else Outcome(found)

    async def find(self, id: str, actor: str, rights: Rights) -> Operation | None:  # noqa: A002 - as there
        del rights
        self.looked_up.append(("find", id, actor))
        if isinstance(self.answer, Exception):
            raise self.answer
        return next((each for each in self.stored if each.id == id), None)

    async def page(
        self,
        first: int,
        after: tuple[datetime, str] | None,
        actor: str,
        rights: Rights,
        *,
        states: Sequence[OperationState] = (),
        record: tuple[str, str] | None = None,
    ) -> Sequence[Operation]:
        del rights
        self.looked_up.append(("page", first, after, actor, tuple(state.name for state in states), record))
        start = 0 if after is None else 1 + next(n for n, each in enumerate(self.stored) if each.id == after[1])
        return self.stored[start : start + first]

    def _answer_to(self, request: WriteRequest) -> Outcome:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer if isinstance(self.answer, Outcome) else self.answer(request)


class WrittenGraph:
    """A gateway over one system of the vendor; each `ask` is a request of its own."""

    def __init__(
        self,
        executor: ExecutorName,
        operations: Recorded | None,
        system: Acme | None = None,
        *,
        limits: DocumentLimits | None = None,
    ) -> None:
        self.system = system or Acme(documents=[{"id": "1", "name": "Anna"}], kind=KIND)
        self._operations = operations
        self._federation = federation(self.system)
        self.engine = Engine(SCHEMA, executor, self.request, limits or DocumentLimits())

    async def ask(
        self, document: str, rights: Rights = EVERY_RIGHT, asker: Asker | None = None, **variables: Any
    ) -> dict[str, Any]:
        """The whole answer; a document that is refused fails the test."""
        prepared = self.engine.prepare(document, None)
        assert isinstance(prepared, Prepared), prepared
        execution = self.engine.begin(
            prepared,
            variables,
            rights=rights,
            deadline=Deadline.after(5),
            request_id="r1",
            asker=asker or Asker("key:anna"),
        )
        return answer_of(await execution.run())

    async def data(self, document: str, **variables: Any) -> dict[str, Any]:
        """The data of an answer without errors."""
        answer = await self.ask(document, **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def request(self, scope: RequestScope) -> RequestContext:
        selection = {
            kind: frozenset(NAMES[kind].get(name, name) for name in told) for kind, told in scope.fields.items()
        }
        writing = None if self._operations is None else Writing(self._operations, scope.asker)
        return self._federation.request(
            Selection(selection), scope.deadline, scope.extensions, scope.rights, writing=writing
        )
