"""One record at which our own reading raises costs its own fields; those beside it are told, in both executors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from api.acme_graph import Graph
from federation.fake_system import Acme, AcmeContact, AcmeUser
from structlog.testing import capture_logs

from customer_gateway.model.nouns import Invoice

if TYPE_CHECKING:
    from collections.abc import Generator

    from customer_gateway.api.engine import ExecutorName

pytestmark = pytest.mark.anyio

QUERY = """{ system(name: "acme") { customers(first: 3) { nodes {
    id name isSupplier emails { address } billing { name paymentTerms } owner { name }
    contacts { id name } invoices(first: 5) { nodes { number } }
    records { key ... on AcmeCustomer { name creditLimit } }
} } } }"""


class Odd(dict[str, Any]):
    """A document at which reading stumbles, but for its key."""

    def get(self, name: str, *_: Any) -> Any:
        raise LookupError(name)


@dataclass(frozen=True, slots=True)
class OddContact(AcmeContact):
    """A contact whose own key, or whose customer's, cannot be read."""

    stumbles: str = "key"

    def __getattribute__(self, name: str) -> Any:
        if name == object.__getattribute__(self, "stumbles"):
            raise LookupError(name)
        return object.__getattribute__(self, name)


@pytest.fixture(params=["breadth", "reference"])
def executor(request: pytest.FixtureRequest) -> ExecutorName:
    return request.param


@pytest.fixture(autouse=True)
def lines() -> Generator[list[Any]]:
    """What is logged. As in operation, no line looks into the objects that an exception met."""
    with capture_logs() as captured:
        yield captured


def document(key: str) -> dict[str, Any]:
    told = {"name": f"Customer {key}", "supplier": True, "emails": [f"{key}@x.test"], "credit_limit": 5}
    return {"id": key, "billing_name": "Kasse", "owner": f"u{key}", **told}


def world() -> Acme:
    return Acme(
        documents=[document("1"), document("2"), document("3")],
        staff={f"u{key}": AcmeUser("acme", f"u{key}", f"User {key}") for key in "123"},
        contact_lists={key: [AcmeContact("acme", f"c{key}", key, f"Contact {key}")] for key in "123"},
        bills={key: [Invoice("acme", f"i{key}", key, number=f"N{key}")] for key in "123"},
        terms=dict.fromkeys("123", "30 days"),
    )


async def rows(acme: Acme, executor: ExecutorName) -> tuple[list[dict[str, Any]], set[str]]:
    """The customers, and the paths inside of the second of them that have errors; nobody else has any."""
    answer = await Graph(executor, acme).ask(QUERY)
    paths = [error["path"] for error in answer.get("errors", [])]
    codes = {error["extensions"]["code"] for error in answer.get("errors", [])}
    assert all(path[:4] == ["system", "customers", "nodes", 1] for path in paths), paths
    assert codes <= {"INTERNAL_SERVER_ERROR"}
    return answer["data"]["system"]["customers"]["nodes"], {".".join(map(str, path[4:])) for path in paths}


async def test_an_odd_document_costs_the_fields_of_its_own_customer(executor: ExecutorName, lines: list[Any]) -> None:
    whole, none = await rows(world(), executor)
    acme = world()
    acme.documents[1] = Odd(acme.documents[1])

    found, failed = await rows(acme, executor)

    assert none == set()
    assert [found[0], found[2]] == [whole[0], whole[2]]
    assert failed == {"name", "isSupplier", "emails", "billing", "owner", "records.0.name", "records.0.creditLimit"}
    assert found[1]["contacts"] == whole[1]["contacts"]
    assert found[1]["invoices"] == whole[1]["invoices"]
    assert acme.log.count("users u1,u3") == 1
    assert not any(line.startswith("users") and line != "users u1,u3" for line in acme.log)
    reads = [line["read"] for line in lines if line["event"] == "read_failed"]
    assert sorted(reads) == ["billing", "emails", "is_supplier", "name", "owner"]


async def test_a_noun_whose_key_cannot_be_read_costs_the_list_it_stands_in(executor: ExecutorName) -> None:
    whole, _ = await rows(world(), executor)
    acme = world()
    acme.contact_lists["2"] = [OddContact("acme", "c2", "2")]

    found, failed = await rows(acme, executor)

    assert found == [whole[0], {**whole[1], "contacts": None}, whole[2]]
    assert failed == {"contacts.0.id"}


async def test_invoices_that_are_none_cost_the_list_they_stand_in(executor: ExecutorName) -> None:
    whole, _ = await rows(world(), executor)
    acme = world()
    acme.bills["2"] = [*acme.bills["2"], None]  # pyright: ignore[reportArgumentType] - what the types forbid

    found, failed = await rows(acme, executor)

    assert found == [whole[0], {**whole[1], "invoices": None}, whole[2]]
    assert failed == {"invoices"}


async def test_a_noun_that_does_not_tell_its_customer_costs_no_other_noun_its_own(executor: ExecutorName) -> None:
    acme = world()
    acme.contact_lists["2"] = [OddContact("acme", "c2", "2", stumbles="customer_key")]
    query = '{ system(name: "acme") { customers(first: 3) { nodes { contacts { customer { id } } } } } }'

    answer = await Graph(executor, acme).ask(query)

    told = [each["contacts"][0]["customer"] for each in answer["data"]["system"]["customers"]["nodes"]]
    assert [each is not None for each in told] == [True, False, True]
    assert [error["path"][-2:] for error in answer["errors"]] == [[0, "customer"]]


async def test_the_mistake_is_told_as_failed_by_provenance(executor: ExecutorName) -> None:
    acme = world()
    acme.documents[1] = Odd(acme.documents[1])
    query = """{ system(name: "acme") { customers(first: 3) { nodes {
        provenance(fields: ["name", "owner", "contacts"]) { field state }
    } } } }"""

    nodes_ = (await Graph(executor, acme).data(query))["system"]["customers"]["nodes"]

    states = [[each["state"] for each in node["provenance"]] for node in nodes_]
    assert states == [["VALUE"] * 3, ["FAILED", "FAILED", "VALUE"], ["VALUE"] * 3]
