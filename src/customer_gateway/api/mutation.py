"""The entry points of writing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, cast

import strawberry

from customer_gateway.api.customer import Customer
from customer_gateway.api.declare import CHECK, attribute, batched, merged
from customer_gateway.api.operations import Operation, UserError
from customer_gateway.api.scalars import JSON
from customer_gateway.api.writes import Payload, change, create, settle
from customer_gateway.api.writing import asker_of
from customer_gateway.federation import nodes
from customer_gateway.model.operations import OperationKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from customer_gateway.federation.request import RequestContext

Info: TypeAlias = "strawberry.Info[Any, Any]"
Given: TypeAlias = Annotated[JSON, strawberry.argument(description="What is to be written, and how.")]
"""The argument `input`; `api.schema` gives it its type (`api.patches`)."""


def _customers(payloads: Sequence[Payload], request: RequestContext) -> Any:
    return merged(nodes.customers_at(request, [each.record for each in payloads]), len(payloads))


@strawberry.type(description="What became of a mutation of a customer.")
class CustomerPayload:
    customer: Customer | None = batched(
        _customers, "As the vendor has it after the write; as it stands after a refusal or a conflict."
    )
    user_errors: list[UserError] = attribute("Why something was not written; empty where all was.")
    operation: Operation | None = attribute("The operation; null where none was planned.")


@strawberry.type(description="What became of an operation that was to be settled.")
class OperationPayload:
    operation: Operation | None = attribute("The operation as it stands now.")
    user_errors: list[UserError] = attribute("Why something is not settled, or not written.")


def _two_keys(request: RequestContext, input: Mapping[str, Any]) -> str | None:  # noqa: A002 - as in the schema
    """Why the header cannot serve the mutation; None where it can."""
    if asker_of(request).idempotency_key is None or input.get("idempotencyKey") is None:
        return None
    return "The idempotency key stands in the header Idempotency-Key and in the input; give one of both."


def _request(info: Info) -> RequestContext:
    return cast("RequestContext", info.context)


@strawberry.type(
    description="Writing: each field is planned, checked against the version that was read, sent, and read again."
)
class Mutation:
    @strawberry.mutation(description="Makes a customer in a system.", metadata={CHECK: _two_keys})
    async def customer_create(self, info: strawberry.Info[Any, Any], input: Given) -> CustomerPayload | None:  # noqa: A002 - as in the schema
        return cast("CustomerPayload", await create(_request(info), _members(input)))

    @strawberry.mutation(
        description="Changes a customer; places that have the value already are not sent.", metadata={CHECK: _two_keys}
    )
    async def customer_update(self, info: strawberry.Info[Any, Any], input: Given) -> CustomerPayload | None:  # noqa: A002 - as in the schema
        return cast("CustomerPayload", await change(_request(info), OperationKind.UPDATE, _members(input)))

    @strawberry.mutation(
        description="What the vendor has for taking a customer out of use; NOT_WRITABLE where it has nothing.",
        metadata={CHECK: _two_keys},
    )
    async def customer_archive(self, info: strawberry.Info[Any, Any], input: Given) -> CustomerPayload | None:  # noqa: A002 - as in the schema
        return cast("CustomerPayload", await change(_request(info), OperationKind.ARCHIVE, _members(input)))

    @strawberry.mutation(
        description="Brings back a customer that was taken out of use; NOT_WRITABLE where nothing does it.",
        metadata={CHECK: _two_keys},
    )
    async def customer_restore(self, info: strawberry.Info[Any, Any], input: Given) -> CustomerPayload | None:  # noqa: A002 - as in the schema
        return cast("CustomerPayload", await change(_request(info), OperationKind.RESTORE, _members(input)))

    @strawberry.mutation(
        description="Looks up what became of a write whose outcome is open, and finishes or gives up what is left."
    )
    async def operation_settle(
        self,
        info: strawberry.Info[Any, Any],
        id: Annotated[strawberry.ID, strawberry.argument(description="The operation's id.")],  # noqa: A002 - as in the schema
    ) -> OperationPayload | None:
        return cast("OperationPayload", await settle(_request(info), id))


def _members(given: object) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", given)
