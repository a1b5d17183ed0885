"""A configured system and the records it holds, as GraphQL types."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import strawberry

from customer_gateway.api.connections import After, CustomerConnection, First, UserConnection
from customer_gateway.api.declare import attribute, batched, merged
from customer_gateway.api.scalars import JSON
from customer_gateway.documents.raw import RawObject
from customer_gateway.execution import JsonText, attempted
from customer_gateway.federation import people
from customer_gateway.federation import systems as federated
from customer_gateway.federation.capabilities import capabilities
from customer_gateway.federation.indexed import is_indexed
from customer_gateway.federation.sync import sync_progress
from customer_gateway.model.ids import encode_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from customer_gateway import system as upstream
    from customer_gateway.documents.record import Document
    from customer_gateway.documents.writing import Choice as UpstreamChoice
    from customer_gateway.federation.request import RequestContext
    from customer_gateway.model import nouns


@strawberry.type(description="What can be done with a unified field in a system.")
class FieldCapability:
    field: str = attribute("The field of Customer; what a patch names beside these by its path, such as address.city.")
    readable: bool = attribute("Whether the system has a source for it.")
    writable: bool = attribute("Whether it can be changed through the gateway.")
    filterable: bool = attribute(
        "Whether `customers` of all systems can be filtered by it; of an address by its city and country."
    )
    required: bool = attribute("Whether the system demands a value.")
    max_length: int | None = attribute("The longest text that the system takes, in characters; null where any.")
    clearable: bool = attribute("Whether null clears it.")


def _choice_values(choices: Sequence[UpstreamChoice], _request: RequestContext) -> list[str]:
    return [str(choice.value) for choice in choices]


@strawberry.type(description="What a field that holds an id of a list may be.")
class Choice:
    value: str = batched(_choice_values, "The id that is written.")
    label: str | None = attribute("What people call it.")


ListField: TypeAlias = Annotated[
    str,
    strawberry.argument(description="Its name in a patch, such as billing.paymentTermsId, or on the record type."),
]


def _reachable(systems: Sequence[upstream.System], request: RequestContext) -> Any:
    return merged(federated.reachable(systems, request), len(systems))


def _capabilities(systems: Sequence[upstream.System], _request: RequestContext) -> list[Any]:
    return [capabilities(system.kind, system.withheld) for system in systems]


def _kinds(systems: Sequence[upstream.System], _request: RequestContext) -> list[str]:
    return [system.kind.slug.upper() for system in systems]


def _ids(systems: Sequence[upstream.System], _request: RequestContext) -> list[str]:
    return [encode_id("System", system.name, system.name) for system in systems]


def _customers(systems: Sequence[upstream.System], request: RequestContext, first: First, after: After = None) -> Any:
    return merged(federated.customers(systems, request, first, after), len(systems))


def _users(systems: Sequence[upstream.System], request: RequestContext, first: First, after: After = None) -> Any:
    return merged(people.users(systems, request, first, after), len(systems))


def _choices(systems: Sequence[upstream.System], request: RequestContext, field: ListField) -> Any:
    return merged(people.choices(systems, request, field), len(systems))


async def _sync(systems: Sequence[upstream.System], request: RequestContext) -> Any:
    return await sync_progress(systems, request)


@strawberry.type(description="How far the index of customers is with a system, which whole passes fill.")
class SyncState:
    state: str = attribute(
        "NEVER passed, RUNNING, IDLE, FAILED; SUSPECT: the last pass is not believed, and nothing is marked missing."
    )
    records: int = attribute("How many of its customers are found.")
    last_completed_at: datetime | None = attribute("When a pass had last seen every customer.")
    lag_seconds: float | None = attribute("How long ago that is.")
    floor_seconds: float | None = attribute("The least lag that the vendor's limits allow: how long a pass takes.")


@strawberry.type(description="One configured upstream.")
class System:
    id: strawberry.ID = batched(
        _ids, "To cache by: opaque and stable. `node(id:)` does not take it; `system(name:)` reads the system."
    )
    name: str = attribute("Its configured name.")
    kind: str = batched(_kinds, "The vendor.")
    reachable: bool = batched(
        _reachable,
        "The outcome of the last call within 30 s, those of this request included, else of one cheap probe. False is "
        "never an error.",
    )
    capabilities: list[FieldCapability] = batched(_capabilities, "What can be done with each unified field here.")

    customers: CustomerConnection | None = batched(
        _customers,
        "One live page of the system's customers in its own order, inactive records included. first: 1 to 100.",
    )
    users: UserConnection | None = batched(
        _users, "The vendor's users, for ownerId and recipientIds; null where it has none. first: 1 to 100."
    )
    choices: list[Choice] | None = batched(
        _choices, "What a field that holds an id of a list may be; null for a field of no list."
    )
    sync: SyncState | None = batched(_sync, "How far the index of customers is; null where there is none.")


def _systems(views: Sequence[nouns.Customer], request: RequestContext) -> list[Any]:
    return [request.systems[view.context.system] for view in views]


def _record_ids(views: Sequence[nouns.Customer], request: RequestContext) -> list[Any]:
    type_names = {name: system.kind.record.name for name, system in request.systems.items()}

    def id_of(view: nouns.Customer) -> str:
        return encode_id(type_names[view.context.system], view.context.system, view.key)

    return attempted(id_of, views)


def _raw(views: Sequence[nouns.Customer], _request: RequestContext) -> list[Any]:
    return [None if is_indexed(view) else _text_of(view.document) for view in views]


def _text_of(document: Document) -> JsonText | TypeError:
    if isinstance(document, RawObject):
        return JsonText(document.text)
    return TypeError("raw is selected, and the system's read did not keep the text of its documents")


@strawberry.interface(
    description="One customer as one system holds it. The implementing types carry every field that the system "
    "documents, typed and described. The `id` of an object inside a record is the vendor's and may stand in other "
    "records, too: let a client's cache leave such objects inside their record (in Apollo `keyFields: false`)."
)
class CustomerRecord:
    id: strawberry.ID = batched(
        _record_ids,
        "To cache by: opaque, stable and unique over all systems. `node(id:)` does not take it; `customer(by:)` takes "
        "the record's system and key. The vendor's own id is `vendorId`, where it documents one.",
    )
    system: System = batched(_systems, "The system that holds it.")
    key: str = attribute("The vendor's own key.")
    version: str | None = attribute(
        "A hash of what can be written of the record; values that the server makes (balances, stamps) do not count. "
        "Where the record's addresses have calls of their own, selecting it reads them."
    )
    link: str | None = attribute("The record's address in the vendor's API.")
    raw: JSON | None = batched(
        _raw,
        "The whole document as the system sent it, to the letter: 1.10 stays 1.10. It may hold what a parser rounds or "
        "refuses: thirty digits, 1e400, half a character (a lone surrogate escape).",
    )
