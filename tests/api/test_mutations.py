"""Mutations: what is asked of the operations, and what comes of it in the payload, by both executors."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from api.recorded_operations import Recorded, WrittenGraph

from customer_gateway.api.engine import RefusedOperation
from customer_gateway.api.limits import DocumentLimits
from customer_gateway.api.writing import Asker
from customer_gateway.errors import DatabaseUnavailable, ReadFault, UpstreamRateLimited
from customer_gateway.model.callers import EVERY_SCOPE, Rights
from customer_gateway.model.changes import ListPatch
from customer_gateway.model.ids import encode_id
from customer_gateway.model.operations import (
    FieldChange,
    Operation,
    OperationKind,
    OperationState,
    UserError,
    UserErrorCode,
    Write,
    WriteStatus,
)
from customer_gateway.model.value_objects import CustomerKind, EmailAddress, EmailPurpose
from customer_gateway.operations.requests import Outcome

if TYPE_CHECKING:
    from customer_gateway.api.engine import ExecutorName
    from customer_gateway.operations.requests import WriteRequest

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("executor", ["breadth", "reference"])]

ANNA = encode_id("Customer", "acme", "1")
UPDATE = """mutation ($input: CustomerUpdateInput!) {
  customerUpdate(input: $input) {
    customer { name } userErrors { code message field system retryable retryAfterMs } operation { id state }
  }
}"""
CREATE = """mutation ($input: CustomerCreateInput!) {
  customerCreate(input: $input) { customer { name } userErrors { code field } }
}"""


def operation(id: str | None = "o1", **facts: Any) -> Operation:  # noqa: A002 - as in the model
    facts = {
        "kind": OperationKind.UPDATE,
        "state": OperationState.APPLIED,
        "writes": (),
        "started_at": datetime(2026, 3, 1, 12, tzinfo=UTC),
        **facts,
    }
    return Operation(id=id, system="acme", key="1", actor="key:anna", **facts)


async def test_an_update_is_carried_out_and_the_customer_is_read_again(executor: ExecutorName) -> None:
    recorded = Recorded()
    graph = WrittenGraph(executor, recorded)

    def carry_out(request: WriteRequest) -> Outcome:
        graph.system.documents[0]["name"] = request.patch["name"]
        return Outcome(operation(), key="1")

    recorded.answer = carry_out

    given = {"id": ANNA, "patch": {"name": "Änne"}, "expectedVersion": "v1", "idempotencyKey": "k1"}
    data = await graph.data(UPDATE, input=given)

    assert data["customerUpdate"] == {
        "customer": {"name": "Änne"},
        "userErrors": [],
        "operation": {"id": "o1", "state": "APPLIED"},
    }
    asked = recorded.only
    assert (asked.kind, asked.system, asked.key, asked.patch) == (
        OperationKind.UPDATE,
        graph.system,
        "1",
        {"name": "Änne"},
    )
    assert (asked.actor, asked.expected_version, asked.force, asked.dry_run) == ("key:anna", "v1", False, False)
    assert asked.idempotency_key == "k1"


async def test_a_patch_arrives_by_model_names_with_what_was_given_alone(executor: ExecutorName) -> None:
    recorded = Recorded()
    graph = WrittenGraph(executor, recorded)
    patch = {
        "kind": "COMPANY",
        "firstName": None,
        "emails": {"add": [{"address": "a@b.example"}], "remove": ["c@d.example"]},
        "notes": {"set": None},
        "address": None,
        "billing": {"creditLimit": "12.50", "address": {"postalCode": "50667"}, "einvoice": None},
        "ownerId": encode_id("User", "acme", "u/1"),
    }

    await graph.data(UPDATE, input={"id": ANNA, "patch": patch})

    assert recorded.only.patch == {
        "kind": CustomerKind.COMPANY,
        "first_name": None,
        "emails": ListPatch(add=[EmailAddress("a@b.example", EmailPurpose.GENERAL)], remove=["c@d.example"]),
        "notes": ListPatch(set=()),
        "address": None,
        "billing.credit_limit": Decimal("12.50"),
        "billing.address.postal_code": "50667",
        "billing.einvoice": None,
        "owner_id": "u/1",
    }


async def test_a_section_keeps_its_names_and_has_values_of_the_model(executor: ExecutorName) -> None:
    recorded = Recorded()
    document = """mutation ($points: Long) { customerUpdate(input: { id: "ID", patch: { acme: {
      points: $points, creditLimit: "1.5", since: "2026-03-01T12:30:00Z", supplier: null, place: { town: "Bonn" },
      emails: { set: ["x"] }, lines: { add: [{ text: "one" }], update: [{ id: 5, price: 2 }], remove: [7] } } } })
      { userErrors { message } } }""".replace("ID", ANNA)

    await WrittenGraph(executor, recorded).data(document, points=2**40)

    assert recorded.only.patch == {
        "acme": {
            "points": 2**40,
            "creditLimit": Decimal("1.5"),
            "since": datetime(2026, 3, 1, 12, 30, tzinfo=UTC),
            "supplier": None,
            "place": {"town": "Bonn"},
            "emails": ListPatch(set=["x"]),
            "lines": ListPatch(add=[{"text": "one"}], update=[{"id": "5", "price": Decimal(2)}], remove=["7"]),
        }
    }


async def test_the_text_of_the_input_is_the_same_however_it_is_spelled(executor: ExecutorName) -> None:
    recorded = Recorded()
    graph = WrittenGraph(executor, recorded)
    literal = (
        'mutation { customerUpdate(input: { patch: { billing: { creditLimit: "1.50" }, name: "x" }, id: "ID" }) '
        "{ userErrors { code } } }"
    )

    await graph.data(literal.replace("ID", ANNA))
    given = {"id": ANNA, "patch": {"name": "x", "billing": {"creditLimit": "1.5"}}, "force": False}
    await graph.data(UPDATE, input={**given, "idempotencyKey": "k"})
    await graph.data(UPDATE, input={**given, "dryRun": True})
    first, same, other = (each.input_text for each in recorded.asked)

    assert first == same
    assert first != other


async def test_a_customer_is_made_in_the_named_system(executor: ExecutorName) -> None:
    recorded = Recorded(Outcome(operation(), key="1"))

    data = await WrittenGraph(executor, recorded).data(CREATE, input={"system": "acme", "patch": {"name": "Anna"}})

    assert data["customerCreate"] == {"customer": {"name": "Anna"}, "userErrors": []}
    assert (recorded.only.kind, recorded.only.key) == (OperationKind.CREATE, None)


@pytest.mark.parametrize(
    ("field", "kind"), [("customerArchive", OperationKind.ARCHIVE), ("customerRestore", OperationKind.RESTORE)]
)
async def test_a_customer_is_archived_and_restored(executor: ExecutorName, field: str, kind: OperationKind) -> None:
    recorded = Recorded()
    document = f'mutation {{ {field}(input: {{ id: "{ANNA}", force: true }}) {{ userErrors {{ code }} }} }}'

    await WrittenGraph(executor, recorded).data(document)

    assert (recorded.only.kind, recorded.only.patch, recorded.only.force) == (kind, {}, True)


async def test_what_is_not_there_is_told_by_its_path(executor: ExecutorName) -> None:
    recorded = Recorded()
    graph = WrittenGraph(executor, recorded)

    made = await graph.data(CREATE, input={"system": "nobody", "patch": {}})
    changed = await graph.data(UPDATE, input={"id": encode_id("Customer", "nobody", "1"), "patch": {}})

    assert made["customerCreate"]["userErrors"] == [{"code": "NOT_FOUND", "field": ["system"]}]
    assert [(each["code"], each["field"]) for each in changed["customerUpdate"]["userErrors"]] == [
        ("NOT_FOUND", ["id"])
    ]
    assert recorded.asked == []


async def test_a_system_that_the_caller_may_not_see_is_not_there(executor: ExecutorName) -> None:
    hidden = Rights(EVERY_SCOPE, frozenset())

    answer = await WrittenGraph(executor, Recorded()).ask(UPDATE, hidden, input={"id": ANNA, "patch": {}})

    assert [each["code"] for each in answer["data"]["customerUpdate"]["userErrors"]] == ["NOT_FOUND"]


@pytest.mark.parametrize("id_", ["nonsense", encode_id("Contact", "acme", "1")])
async def test_an_id_of_no_customer_is_an_error_of_the_field(executor: ExecutorName, id_: str) -> None:
    answer = await WrittenGraph(executor, Recorded()).ask(UPDATE, input={"id": id_, "patch": {}})

    assert answer["data"] == {"customerUpdate": None}
    assert [each["extensions"]["code"] for each in answer["errors"]] == ["BAD_USER_INPUT"]


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"patch": {"ownerId": "nonsense"}}, "INVALID", ["patch", "ownerId"]),
        ({"patch": {"ownerId": encode_id("User", "other", "1")}}, "INVALID", ["patch", "ownerId"]),
        ({"patch": {"billing": {"recipientIds": [ANNA]}}}, "INVALID", ["patch", "billing", "recipientIds"]),
        ({"patch": {"notes": {"set": ["a"], "add": ["b"]}}}, "EXCLUSIVE", ["patch", "notes"]),
        ({"patch": {"acme": {"lines": {"set": [], "remove": ["1"]}}}}, "EXCLUSIVE", ["patch", "acme", "lines"]),
        ({"patch": {}, "idempotencyKey": "k" * 256}, "TOO_LONG", ["idempotencyKey"]),
        ({"patch": {}, "idempotencyKey": " "}, "INVALID", ["idempotencyKey"]),
    ],
)
async def test_what_cannot_be_meant_is_refused_with_the_customer_as_it_stands(
    executor: ExecutorName, given: dict[str, Any], code: str, path: list[str]
) -> None:
    recorded = Recorded(lambda request: Outcome(None, request.refused, request.key))

    data = await WrittenGraph(executor, recorded).data(UPDATE, input={"id": ANNA, **given})

    payload = data["customerUpdate"]
    assert [(each["code"], each["field"]) for each in payload["userErrors"]] == [(code, path)]
    assert (payload["customer"], payload["operation"]) == ({"name": "Anna"}, None)
    assert recorded.only.dry_run


@pytest.mark.parametrize(
    ("scope", "given", "path"),
    [
        ("force", {"patch": {}, "force": True}, ["force"]),
        ("billing:write", {"patch": {"billing": {"taxable": None}}}, ["patch", "billing", "taxable"]),
        ("billing:write", {"patch": {"billing": None}}, ["patch", "billing"]),
        ("billing:write", {"patch": {"acme": {"iban": "x"}}}, ["patch", "acme", "iban"]),
        ("secrets:read", {"patch": {"acme": {"pin": "x"}}}, ["patch", "acme", "pin"]),
    ],
)
async def test_what_needs_a_scope_is_forbidden_by_its_path(
    executor: ExecutorName, scope: str, given: dict[str, Any], path: list[str]
) -> None:
    recorded = Recorded(lambda request: Outcome(None, request.refused, request.key))
    graph = WrittenGraph(executor, recorded)

    answer = await graph.ask(UPDATE, Rights(EVERY_SCOPE - {scope}), input={"id": ANNA, **given})
    asked = recorded.only
    allowed = await graph.data(UPDATE, input={"id": ANNA, **given})

    errors = answer["data"]["customerUpdate"]["userErrors"]
    assert [(each["code"], each["field"]) for each in errors] == [("FORBIDDEN", path)]
    assert scope in errors[0]["message"]
    assert (asked.dry_run, asked.force, [*asked.patch.values()]) == (True, False, [{}] * ("acme" in asked.patch))
    assert allowed["customerUpdate"]["userErrors"] == []


async def test_what_is_refused_is_told_with_a_record_that_cannot_be_read(executor: ExecutorName) -> None:
    recorded = Recorded(UpstreamRateLimited("acme", "no slot", retry_after_ms=500))
    given = {"id": ANNA, "patch": {"notes": {"set": ["a"], "add": ["b"]}}, "idempotencyKey": " "}

    data = await WrittenGraph(executor, recorded).data(UPDATE, input=given)

    codes = [each["code"] for each in data["customerUpdate"]["userErrors"]]
    assert codes == ["INVALID", "EXCLUSIVE", "UPSTREAM_RATE_LIMITED"]


async def test_without_the_scope_to_write_nothing_is_asked(executor: ExecutorName) -> None:
    recorded = Recorded()
    reader = Rights(frozenset({"customers:read"}))

    answer = await WrittenGraph(executor, recorded).ask(UPDATE, reader, input={"id": ANNA, "patch": {}})

    assert [each["extensions"]["code"] for each in answer["errors"]] == ["FORBIDDEN"]
    assert recorded.asked == []


async def test_one_who_may_write_and_not_read_gets_no_customer(executor: ExecutorName) -> None:
    recorded = Recorded(Outcome(operation(), key="1"))
    writer = Rights(frozenset({"customers:write"}))

    answer = await WrittenGraph(executor, recorded).ask(UPDATE, writer, input={"id": ANNA, "patch": {}})

    assert answer["data"]["customerUpdate"]["customer"] is None
    assert answer["data"]["customerUpdate"]["operation"] == {"id": "o1", "state": "APPLIED"}
    assert [(each["path"], each["extensions"]["code"]) for each in answer["errors"]] == [
        (["customerUpdate", "customer"], "FORBIDDEN")
    ]


async def test_a_failed_read_before_a_write_is_a_user_error(executor: ExecutorName) -> None:
    recorded = Recorded(UpstreamRateLimited("acme", "no slot", retry_after_ms=500))

    data = await WrittenGraph(executor, recorded).data(UPDATE, input={"id": ANNA, "patch": {}})

    assert data["customerUpdate"]["userErrors"] == [
        {
            "code": "UPSTREAM_RATE_LIMITED",
            "message": "acme: no slot",
            "field": None,
            "system": "acme",
            "retryable": True,
            "retryAfterMs": 500,
        }
    ]


async def test_a_database_that_does_not_answer_is_a_user_error_and_its_words_are_not_told(
    executor: ExecutorName,
) -> None:
    recorded = Recorded(DatabaseUnavailable("postgres://secret does not answer"))

    data = await WrittenGraph(executor, recorded).data(UPDATE, input={"id": ANNA, "patch": {}})

    (error,) = data["customerUpdate"]["userErrors"]
    assert (error["code"], error["retryable"]) == ("UPSTREAM_UNAVAILABLE", True)
    assert "secret" not in error["message"]


async def test_operations_cannot_be_told_while_the_database_does_not_answer(executor: ExecutorName) -> None:
    graph = WrittenGraph(executor, Recorded(DatabaseUnavailable("postgres://secret does not answer")))

    answer = await graph.ask('{ operation(id: "o1") { id } }')

    (error,) = answer["errors"]
    assert error["extensions"] == {"code": "UPSTREAM_UNAVAILABLE", "retryable": True, "requestId": "r1"}
    assert "secret" not in error["message"]


async def test_a_mistake_of_ours_is_masked(executor: ExecutorName) -> None:
    answer = await WrittenGraph(executor, Recorded(ReadFault("acme", "read"))).ask(
        UPDATE, input={"id": ANNA, "patch": {}}
    )

    assert [each["extensions"]["code"] for each in answer["errors"]] == ["INTERNAL_SERVER_ERROR"]


async def test_a_gateway_without_operations_says_so(executor: ExecutorName) -> None:
    answer = await WrittenGraph(executor, None).ask(UPDATE, input={"id": ANNA, "patch": {}})

    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["message"].startswith("This gateway writes nothing")


async def test_an_operation_is_told_call_by_call(executor: ExecutorName) -> None:
    refused = UserError(UserErrorCode.UPSTREAM_REJECTED, "acme refused it", ("patch", "name"), "acme")
    changes = [FieldChange("name", "Anna", {"first": "Änne"}), FieldChange("iban", redacted=True)]
    writes = [Write("acme", "1", "PATCH", "/customers/1", changes, WriteStatus.REJECTED, verified=False, error=refused)]
    recorded = Recorded(Outcome(operation(writes=writes, foreign_changes=[FieldChange("x", 1, 2)]), [refused], "1"))
    document = f"""mutation {{ customerUpdate(input: {{ id: "{ANNA}", patch: {{}} }}) {{
      userErrors {{ code }}
      operation {{ state replayed actor startedAt settledAt foreignChanges {{ field before after }}
        writes {{ system key method path status verified error {{ code field }}
          changes {{ field before after redacted }} }} }} }} }}"""

    data = await WrittenGraph(executor, recorded).data(document)

    assert data["customerUpdate"]["userErrors"] == [{"code": "UPSTREAM_REJECTED"}]
    assert data["customerUpdate"]["operation"] == {
        "state": "APPLIED",
        "replayed": False,
        "actor": "key:anna",
        "startedAt": "2026-03-01T12:00:00Z",
        "settledAt": None,
        "foreignChanges": [{"field": "x", "before": 1, "after": 2}],
        "writes": [
            {
                "system": "acme",
                "key": "1",
                "method": "PATCH",
                "path": "/customers/1",
                "status": "REJECTED",
                "verified": False,
                "error": {"code": "UPSTREAM_REJECTED", "field": ["patch", "name"]},
                "changes": [
                    {"field": "name", "before": "Anna", "after": {"first": "Änne"}, "redacted": False},
                    {"field": "iban", "before": None, "after": None, "redacted": True},
                ],
            }
        ],
    }


async def test_an_operation_is_settled_by_its_id(executor: ExecutorName) -> None:
    recorded = Recorded(stored=[operation("o7")])
    graph = WrittenGraph(executor, recorded)
    document = "mutation ($id: ID!) { operationSettle(id: $id) { operation { id } userErrors { code field } } }"

    found = await graph.data(document, id="o7")
    missing = await graph.data(document, id="o8")

    assert found["operationSettle"] == {"operation": {"id": "o7"}, "userErrors": []}
    assert missing["operationSettle"] == {"operation": None, "userErrors": [{"code": "NOT_FOUND", "field": ["id"]}]}
    assert ("settle", "o7", "key:anna") in recorded.looked_up


async def test_operations_are_listed_page_by_page(executor: ExecutorName) -> None:
    recorded = Recorded(stored=[operation(f"o{number}") for number in range(3)])
    graph = WrittenGraph(executor, recorded)
    document = """query ($after: String, $id: ID) {
      operations(first: 2, after: $after, state: [UNKNOWN, PENDING], customerId: $id) {
        nodes { id } pageInfo { hasNextPage hasPreviousPage endCursor } edges { cursor node { id } } } }"""

    first = (await graph.data(document, id=ANNA))["operations"]
    second = (await graph.data(document, id=ANNA, after=first["pageInfo"]["endCursor"]))["operations"]
    refused = await graph.ask(document, after=first["pageInfo"]["endCursor"])

    assert [each["id"] for each in first["nodes"]] == ["o0", "o1"]
    assert first["edges"][1] == {"cursor": first["pageInfo"]["endCursor"], "node": {"id": "o1"}}
    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)
    assert [each["id"] for each in second["nodes"]] == ["o2"]
    assert recorded.looked_up[1] == (
        *("page", 3, (datetime(2026, 3, 1, 12, tzinfo=UTC), "o1"), "key:anna", ("PENDING", "UNKNOWN")),
        ("acme", "1"),
    )
    assert [each["extensions"]["code"] for each in refused["errors"]] == ["INVALID_CURSOR"]


@pytest.mark.parametrize("scope", ["customers:read", "customers:write", "operations:read"])
async def test_an_operation_is_told_to_who_may_read_or_write(executor: ExecutorName, scope: str) -> None:
    graph = WrittenGraph(executor, Recorded(stored=[operation("o7")]))
    document = '{ operation(id: "o7") { id } }'

    allowed = await graph.ask(document, Rights(frozenset({scope})))
    denied = await graph.ask(document, Rights(frozenset({"schema:read"})))

    assert allowed == {"data": {"operation": {"id": "o7"}}}
    assert denied["data"] == {"operation": None}
    assert [each["extensions"]["code"] for each in denied["errors"]] == ["FORBIDDEN"]


async def test_the_key_of_the_header_serves_the_mutation_and_a_replay_is_noted(executor: ExecutorName) -> None:
    recorded = Recorded(Outcome(operation(replayed=True), key="1"))
    asker = Asker("user:bo", "from-the-header")

    await WrittenGraph(executor, recorded).ask(UPDATE, asker=asker, input={"id": ANNA, "patch": {}})

    assert (recorded.only.actor, recorded.only.idempotency_key) == ("user:bo", "from-the-header")
    assert asker.replayed


async def test_a_key_in_header_and_input_is_refused_before_anything_is_asked(executor: ExecutorName) -> None:
    recorded = Recorded()
    given: dict[str, Any] = {"id": ANNA, "patch": {}, "idempotencyKey": "k"}

    answer = await WrittenGraph(executor, recorded).ask(UPDATE, asker=Asker("key:anna", "k"), input=given)

    assert "data" not in answer
    assert [each["extensions"]["code"] for each in answer["errors"]] == ["BAD_USER_INPUT"]
    assert recorded.asked == []


async def test_several_fields_are_executed_one_after_another_each_with_what_it_wrote(executor: ExecutorName) -> None:
    recorded = Recorded()
    graph = WrittenGraph(executor, recorded, limits=DocumentLimits(mutation_fields=2))

    def carry_out(request: WriteRequest) -> Outcome:
        graph.system.documents[0]["name"] = request.patch["name"]
        return Outcome(operation(), key="1")

    recorded.answer = carry_out
    field = '%s: customerUpdate(input: { id: "%s", patch: { name: "%s" } }) { customer { name } }'

    data = await graph.data(f"mutation {{ {field % ('a', ANNA, 'one')} {field % ('b', ANNA, 'two')} }}")

    assert data == {"a": {"customer": {"name": "one"}}, "b": {"customer": {"name": "two"}}}


@pytest.mark.parametrize(
    "body",
    [
        "a: operationSettle(id: 1) { operation { id } } b: operationSettle(id: 2) { operation { id } }",
        (
            "...F a: operationSettle(id: 1) { operation { id } } } fragment F on Mutation { ... { ...G } }"
            " fragment G on Mutation { b: operationSettle(id: 2) { operation { id } }"
        ),
    ],
)
async def test_more_fields_than_are_allowed_are_refused_with_what_to_do(executor: ExecutorName, body: str) -> None:
    refused = WrittenGraph(executor, Recorded()).engine.prepare(f"mutation {{ {body} }}", None)

    assert isinstance(refused, RefusedOperation)
    (error,) = refused.errors
    assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"
    assert "2 fields at its root, the most is 1" in error["message"]


async def test_the_same_field_twice_counts_once(executor: ExecutorName) -> None:
    graph = WrittenGraph(executor, Recorded(stored=[operation("1")]))
    document = "mutation { operationSettle(id: 1) { userErrors { code } } operationSettle(id: 1) { operation { id } } }"

    assert (await graph.data(document))["operationSettle"] == {"userErrors": [], "operation": {"id": "1"}}
