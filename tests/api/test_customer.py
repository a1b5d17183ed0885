"""The unified customer as a client sees it: fields, billing, invoices, records, provenance."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from api.acme_graph import SCHEMA, Graph
from federation.fake_system import Acme, AcmeContact, AcmeCustomer, AcmeUser, customer, linked, numbered, request

from customer_gateway.errors import UpstreamUnavailable
from customer_gateway.execution import Batched
from customer_gateway.model.ids import encode_id
from customer_gateway.model.nouns import Invoice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from customer_gateway.api.engine import ExecutorName
    from customer_gateway.federation.request import RequestContext

pytestmark = pytest.mark.anyio

BOTH = pytest.mark.parametrize("executor", ["breadth", "reference"])
DOWN = UpstreamUnavailable("acme", "down")


def bill(key: str, month: int, system: str = "acme", customer_key: str = "1") -> Invoice:
    return Invoice(system, key, customer_key, number=f"R{key}", date=date(2026, month, 1))


async def told(graph: Graph, selection: str, key: str = "1") -> dict[str, Any]:
    """The selection on one customer, without errors."""
    by = f'{{record: {{system: "acme", key: "{key}"}}}}'
    return (await graph.data(f"{{ customer(by: {by}) {{ {selection} }} }}"))["customer"]


@BOTH
async def test_unified_fields_are_read_from_the_document(executor: ExecutorName) -> None:
    acme = Acme(documents=[{"id": "1", "name": "A", "supplier": 1, "emails": ["a@x"], "version": "7"}])
    selection = "id name isSupplier emails { address purpose } website notes phones { raw } updater { name } version"

    one = await told(Graph(executor, acme), selection)

    assert one.pop("version")
    assert one == {
        "id": encode_id("Customer", "acme", "1"),
        "name": "A",
        "isSupplier": True,
        "emails": [{"address": "a@x", "purpose": "GENERAL"}],
        "website": None,
        "notes": [],
        "phones": [],
        "updater": None,
    }
    assert acme.log == ["customers 1"]


@BOTH
async def test_owner_and_contacts_of_a_page_are_a_call_each(executor: ExecutorName) -> None:
    documents = [{"id": str(key), "owner": f"u{key % 2}"} for key in range(1, 5)] + [{"id": "5"}]
    people = {f"u{key}": AcmeUser("acme", f"u{key}", f"User {key}") for key in (0, 1)}
    contacts = {"2": [AcmeContact("acme", "c2", "2", "Ina")]}
    acme = Acme(documents=documents, staff=people, contact_lists=contacts)

    data = await Graph(executor, acme).data(
        "{ systems { customers(first: 5) { nodes { owner { name } again: owner { key } contacts { name } } } } }"
    )

    nodes = data["systems"][0]["customers"]["nodes"]
    assert [node["owner"] and node["owner"]["name"] for node in nodes] == ["User 1", "User 0"] * 2 + [None]
    assert [node["again"] and node["again"]["key"] for node in nodes] == ["u1", "u0"] * 2 + [None]
    assert [node["contacts"] for node in nodes] == [[], [{"name": "Ina"}], [], [], []]
    assert sorted(acme.log) == ["contacts 1,2,3,4,5", "page 0+5", "users u1,u0"]


@BOTH
async def test_a_failed_field_costs_itself_for_each_customer(executor: ExecutorName) -> None:
    acme = Acme(documents=numbered([1, 2]), failing={"contacts": DOWN})

    answer = await Graph(executor, acme).ask("{ systems { customers(first: 2) { nodes { name contacts { id } } } } }")

    nodes = answer["data"]["systems"][0]["customers"]["nodes"]
    assert nodes == [{"name": "Customer 1", "contacts": None}, {"name": "Customer 2", "contacts": None}]
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"UPSTREAM_UNAVAILABLE"}


@BOTH
async def test_billing_is_the_documents_and_what_other_calls_tell(executor: ExecutorName) -> None:
    acme = Acme(documents=[{"id": "1", "billing_name": "Kasse"}, {"id": "2"}], terms={"1": "30 days"})
    graph, selection = Graph(executor, acme), "billing { name email paymentTerms creditLimit recipients { name } }"

    assert await told(graph, selection) == {
        "billing": {
            "name": "Kasse",
            "email": "kasse@acme.test",
            "paymentTerms": "30 days",
            "creditLimit": None,
            "recipients": [],
        }
    }
    assert await told(graph, selection, key="2") == {"billing": None}
    assert acme.log == ["customers 1", "terms 1", "customers 2"]


@BOTH
async def test_invoices_are_a_page_newest_first(executor: ExecutorName) -> None:
    acme = Acme(documents=numbered([1]), bills={"1": [bill("a", 1), bill("c", 3), bill("b", 2)]})
    selection = (
        "invoices(first: 2%s) { nodes { number } edges { cursor } totalCount pageInfo { hasNextPage endCursor } }"
    )
    graph = Graph(executor, acme)

    first = (await told(graph, selection % ""))["invoices"]
    rest = (await told(graph, selection % f', after: "{first["pageInfo"]["endCursor"]}"'))["invoices"]

    assert [node["number"] for node in first["nodes"] + rest["nodes"]] == ["Rc", "Rb", "Ra"]
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (3, True, False)
    assert first["edges"][1]["cursor"] == first["pageInfo"]["endCursor"]


@BOTH
async def test_a_page_of_invoices_of_no_size_is_refused_before_any_call(executor: ExecutorName) -> None:
    acme = Acme(documents=numbered([1]))
    document = '{ customer(by: {record: {system: "acme", key: "1"}}) { invoices(first: 101) { totalCount } } }'

    assert await Graph(executor, acme).errors(document) == [(["customer", "invoices"], "BAD_USER_INPUT")]
    assert acme.log == ["customers 1"]


@BOTH
async def test_failed_invoices_are_an_error_at_their_field(executor: ExecutorName) -> None:
    graph = Graph(executor, Acme(documents=numbered([1]), failing={"invoices": DOWN}))
    document = '{ customer(by: {record: {system: "acme", key: "1"}}) { invoices(first: 1) { totalCount } } }'

    assert await graph.errors(document) == [(["customer", "invoices"], "UPSTREAM_UNAVAILABLE")]


@BOTH
async def test_a_record_tells_its_documented_fields_and_the_whole_document(executor: ExecutorName) -> None:
    document = {"id": "1", "name": "A", "credit_limit": "12.50", "serial": 2**40, "unheard_of": [1]}
    selection = """records { __typename key link raw system { name }
        ... on AcmeCustomer { id vendorId name creditLimit serial supplier emails shade } }"""

    one = await told(Graph(executor, Acme(documents=[document])), selection)

    assert one["records"] == [
        {
            "__typename": "AcmeCustomer",
            "key": "1",
            "link": None,
            "raw": document,
            "system": {"name": "acme"},
            "id": encode_id("AcmeCustomer", "acme", "1"),
            "vendorId": "1",
            "name": "A",
            "creditLimit": "12.5",
            "serial": 2**40,
            "supplier": None,
            "emails": None,
            "shade": "teal",
        }
    ]


class Careless(Acme):
    """A system whose documents come without their text."""

    def view(self, document: dict[str, Any]) -> Any:
        return AcmeCustomer(document, self.context)


@BOTH
async def test_raw_of_a_document_without_its_text_is_an_error_and_no_guess(executor: ExecutorName) -> None:
    graph = Graph(executor, Careless(documents=numbered([1])))
    document = '{ customer(by: {record: {system: "acme", key: "1"}}) { name records { raw key } } }'

    answer = await graph.ask(document)

    assert answer["data"]["customer"] == {"name": "Customer 1", "records": [{"raw": None, "key": "1"}]}
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["INTERNAL_SERVER_ERROR"]


@BOTH
async def test_a_documented_field_behind_another_call_is_one_call_a_system(executor: ExecutorName) -> None:
    acme, other = Acme(documents=numbered([1, 2])), Acme("other", numbered([1]))
    document = "{ systems { customers(first: 2) { nodes { records { ... on AcmeCustomer { shade } } } } } }"

    data = await Graph(executor, acme, other).data(document)

    shades = [
        [record["shade"] for node in system["customers"]["nodes"] for record in node["records"]]
        for system in data["systems"]
    ]
    assert shades == [["teal", None], ["teal"]]
    assert (sorted(acme.log), sorted(other.log)) == (["page 0+2", "shades 1,2"], ["page 0+2", "shades 1"])


@BOTH
async def test_provenance_is_told_with_its_record(executor: ExecutorName) -> None:
    selection = 'provenance(fields: ["name", "website"]) { field state record { system key } }'

    one = await told(Graph(executor, Acme(documents=numbered([1]))), selection)

    assert one["provenance"] == [
        {"field": "name", "state": "VALUE", "record": {"system": "acme", "key": "1"}},
        {"field": "website", "state": "NOT_IN_SYSTEM", "record": None},
    ]


class TestCustomersOfSeveralRecords:
    """Until the catalog links records, no query reaches such customers: their fields' resolvers are asked directly."""

    async def test_billing_is_the_first_records_that_has_one_and_its_terms_the_first_that_are_told(self) -> None:
        acme = Acme(documents=[{"id": "1"}])
        other = Acme("other", [{"id": "3", "billing_name": "Kasse"}], terms={"3": "30 days"})
        of, both = request(acme, other), [linked((acme, "1"), (other, "3"))]

        (billing,) = await resolved("Customer", "billing", both, of)

        assert await resolved("Billing", "name", [billing], of) == ["Kasse"]
        assert await resolved("Billing", "paymentTerms", [billing], of) == ["30 days"]

    async def test_a_failed_billing_is_told_in_its_place(self) -> None:
        acme = Acme(documents=[{"id": "1", "billing_name": "Kasse"}])
        acme.readers = {**acme.readers, "billing": failing}
        of = request(acme)

        assert await resolved("Customer", "billing", [customer(acme, "1")], of) == [DOWN]

    async def test_invoices_of_all_records_are_one_list(self) -> None:
        acme = Acme(documents=numbered([1]), bills={"1": [bill("a", 1), bill("c", 3)]})
        other = Acme("other", numbered([3]), bills={"3": [bill("b", 2, "other", "3")]})
        of, both = request(acme, other), [linked((acme, "1"), (other, "3"))]

        (connection,) = await resolved("Customer", "invoices", both, of, first=10)

        assert [each.key for each in connection.nodes] == ["c", "b", "a"]

    async def test_all_records_are_told(self) -> None:
        acme, other = Acme(documents=numbered([1])), Acme("other", numbered([3]))
        of, both = request(acme, other), [linked((acme, "1"), (other, "3"))]

        (records,) = await resolved("Customer", "records", both, of)

        assert [view.key for view in records] == ["1", "3"]


async def failing(views: Sequence[Any], _reads: object) -> list[Any]:
    return [DOWN] * len(views)


async def resolved(
    type_name: str, field: str, parents: Sequence[Any], of: RequestContext, **arguments: Any
) -> list[Any]:
    """What the field's batched resolver gives, whatever form it gives it in."""
    made: Any = SCHEMA.type_map[type_name]
    declaration = made.fields[field].extensions["execution"]
    assert isinstance(declaration, Batched)
    answer: Any = declaration.resolve(parents, of, **arguments)
    return list(await answer if hasattr(answer, "__await__") else answer)
