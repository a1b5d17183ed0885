"""`denied(object_type, field_name)`: fields that may not be read, known when the plan is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from graphql import GraphQLError, build_schema

from customer_gateway.execution import Batched, IncrementalResults, PlanCache, compile_operation, payload

if TYPE_CHECKING:
    from graphql import GraphQLObjectType

    from customer_gateway.execution import Bound

pytestmark = pytest.mark.anyio

CUSTOMERS = [{"name": f"customer {number}", "iban": f"DE{number}", "owner": {"name": "o"}} for number in range(20)]


@dataclass(frozen=True)
class Without:
    """Denies fields by their coordinates (`Customer.iban`)."""

    coordinates: frozenset[str]

    def __call__(self, object_type: GraphQLObjectType, name: str) -> Exception | None:
        coordinate = f"{object_type.name}.{name}"
        if coordinate not in self.coordinates:
            return None
        return GraphQLError(f"{coordinate} needs a scope", extensions={"code": "FORBIDDEN"})


def without(*coordinates: str) -> Without:
    return Without(frozenset(coordinates))


class Calls(list[str]):
    """The batched resolvers that were called."""


async def balances(parents: list[Any], calls: Calls) -> list[Any]:
    calls.append("balance")
    return [1] * len(parents)


def schema() -> Any:
    built = build_schema("""
        directive @defer(if: Boolean! = true, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT
        interface Named { name: String }
        type Owner implements Named { name: String }
        type Customer implements Named { name: String, iban: String, number: ID!, balance: Int, owner: Owner }
        type Query { customers: [Customer], first: Customer, named: [Named] }
        type Subscription { changes: Int }
    """)
    types: Any = built.type_map
    types["Customer"].fields["balance"].extensions = {"execution": Batched(balances)}
    types["Customer"].fields["number"].resolve = lambda customer, _: customer["iban"]
    types["Query"].fields["named"].resolve = lambda *_: CUSTOMERS
    types["Named"].resolve_type = lambda *_: "Customer"
    return built


SCHEMA = schema()
ROOT = {"customers": CUSTOMERS, "first": CUSTOMERS[0]}


def bound(document: str, *coordinates: str) -> Bound:
    return compile_operation(SCHEMA, document).bind(denied=without(*coordinates))


def error(path: list[str | int], coordinate: str) -> dict[str, Any]:
    return {"message": f"{coordinate} needs a scope", "path": path, "code": "FORBIDDEN"}


def told(errors: list[GraphQLError] | None) -> list[dict[str, Any]]:
    return [
        {"message": each.message, "path": each.path, "code": (each.extensions or {}).get("code")}
        for each in errors or []
    ]


async def test_a_denied_field_is_null_for_all_objects_with_one_error() -> None:
    result = await bound("{ customers { name iban } }", "Customer.iban").execute(root=ROOT)

    assert result.data == {"customers": [{"name": each["name"], "iban": None} for each in CUSTOMERS]}
    assert told(result.errors) == [error(["customers", 0, "iban"], "Customer.iban")]


async def test_each_selection_of_a_denied_field_has_its_error() -> None:
    document = "{ customers { a: iban b: iban } first { iban } }"
    result = await bound(document, "Customer.iban").execute(root=ROOT)

    assert [each["path"] for each in told(result.errors)] == [
        ["customers", 0, "a"],
        ["customers", 0, "b"],
        ["first", "iban"],
    ]


async def test_a_denied_field_that_may_not_be_null_takes_its_objects_with_one_error() -> None:
    result = await bound("{ customers { name number } }", "Customer.number").execute(root=ROOT)

    assert result.data == {"customers": [None] * len(CUSTOMERS)}
    assert told(result.errors) == [error(["customers", 0, "number"], "Customer.number")]


async def test_a_denied_field_is_not_resolved_and_nothing_below_it_is_read() -> None:
    calls = Calls()
    operation = bound("{ customers { name balance owner { name } } }", "Customer.balance", "Customer.owner")
    result = await operation.execute(calls, ROOT)

    assert calls == []
    assert [each["path"] for each in told(result.errors)] == [["customers", 0, "balance"], ["customers", 0, "owner"]]
    assert operation.fields_by_type == {"Query": {"customers"}, "Customer": {"name"}}
    assert operation.fields_below("customers", 9) == {"Customer": {"name"}}


async def test_a_field_of_an_interface_is_denied_by_its_concrete_type() -> None:
    document = "{ named { __typename name } }"
    denied = await bound(document, "Customer.name").execute(root=ROOT)
    allowed = await bound(document, "Named.name", "Customer.__typename").execute(root=ROOT)

    assert denied.data == {"named": [{"__typename": "Customer", "name": None}] * len(CUSTOMERS)}
    assert allowed.errors is None


async def test_introspection_can_be_denied() -> None:
    result = await bound("{ __schema { description } first { name } }", "Query.__schema").execute(root=ROOT)

    assert result.data is None  # `__schema` may not be null
    assert told(result.errors) == [error(["__schema"], "Query.__schema")]


async def test_plans_of_callers_with_other_rights_are_kept_apart() -> None:
    plans = PlanCache()
    operation = compile_operation(SCHEMA, "{ first { iban } }", plans=plans)
    answers = [
        (await operation.bind(denied=denied).execute(root=ROOT)).data
        for denied in (None, without("Customer.iban"), without("Customer.iban"), without("Customer.name"), None)
    ]

    assert answers == [{"first": {"iban": iban}} for iban in ("DE0", None, None, "DE0", "DE0")]
    assert len(plans) == 3


async def test_a_deferred_field_is_denied_where_it_is_delivered() -> None:
    operation = compile_operation(SCHEMA, "{ customers { name ... @defer { iban balance } } }")
    calls = Calls()
    bound = operation.bind(incremental=True, denied=without("Customer.iban", "Customer.balance"))
    result = await bound.execute_incrementally(calls, ROOT)

    assert isinstance(result, IncrementalResults)
    parts = [each async for part in result.subsequent for each in payload(part)["incremental"]]
    assert [part["data"] for part in parts] == [{"iban": None, "balance": None}] * len(CUSTOMERS)
    assert [len(part["errors"]) for part in parts] == [2] * len(CUSTOMERS)
    assert calls == []


async def test_a_denied_subscription_is_refused() -> None:
    result = await bound("subscription { changes }", "Subscription.changes").subscribe(None, {})

    assert told(getattr(result, "errors", None)) == [error(["changes"], "Subscription.changes")]
