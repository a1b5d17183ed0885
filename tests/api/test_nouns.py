"""The nouns around a customer as a client sees them, each leading back to its customer."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from api.acme_graph import Graph
from federation.fake_system import Acme, AcmeContact, AcmeUser, Asked, numbered

from customer_gateway.errors import UpstreamUnavailable
from customer_gateway.model.ids import encode_id
from customer_gateway.model.nouns import Agreement, BankAccount, Invoice, LedgerAccount, PaymentCard, SepaMandate
from customer_gateway.model.value_objects import AgreementProduct
from customer_gateway.system import Route

if TYPE_CHECKING:
    from customer_gateway.api.engine import ExecutorName

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("executor", ["breadth", "reference"])]

DOWN = UpstreamUnavailable("acme", "down")
FIRST = {"id": encode_id("Customer", "acme", "1")}


async def told(graph: Graph, selection: str) -> list[dict[str, Any]]:
    """The selection on each customer of the first system's page, without errors."""
    data = await graph.data(f"{{ systems {{ customers(first: 9) {{ nodes {{ {selection} }} }} }} }}")
    return [node for system in data["systems"] for node in system["customers"]["nodes"]]


async def test_a_noun_leads_back_to_its_customer_without_another_call(executor: ExecutorName) -> None:
    acme = Acme(
        documents=numbered([1]),
        contact_lists={"1": [AcmeContact("acme", "c1", "1"), AcmeContact("acme", "c2")]},
        bills={"1": [Invoice("acme", "i1", "1")]},
    )

    (one,) = await told(
        Graph(executor, acme), "contacts { customer { id } } invoices(first: 1) { nodes { id customer { id } } }"
    )

    assert one["contacts"] == [{"customer": FIRST}, {"customer": None}]
    assert one["invoices"]["nodes"] == [{"id": encode_id("Invoice", "acme", "i1"), "customer": FIRST}]
    assert sorted(acme.log) == ["contacts 1", "invoices 1", "page 0+9"]


async def test_accounts_are_of_four_kinds(executor: ExecutorName) -> None:
    accounts = [
        BankAccount("acme", "1/bank", "1", iban="DE02120300000000202051"),
        SepaMandate("acme", "1/sepa", "1", reference="M-1"),
        PaymentCard("acme", "1/card", "1", provider="Visa"),
        LedgerAccount("acme", "1/ledger", "1", balance=Decimal("-12.50")),
    ]
    selection = """accounts { __typename id customer { id } ... on BankAccount { iban } ... on SepaMandate { reference }
        ... on PaymentCard { provider } ... on LedgerAccount { balance } }"""

    (one,) = await told(Graph(executor, Acme(documents=numbered([1]), account_lists={"1": accounts})), selection)

    names = ["BankAccount", "SepaMandate", "PaymentCard", "LedgerAccount"]
    told_apart = [{"iban": "DE02120300000000202051"}, {"reference": "M-1"}, {"provider": "Visa"}, {"balance": "-12.5"}]
    assert one["accounts"] == [
        {"__typename": name, "id": encode_id("Account", "acme", account.key), "customer": FIRST, **own}
        for name, account, own in zip(names, accounts, told_apart, strict=True)
    ]


def agreement(system: str, key: str, **facts: Any) -> Agreement:
    return Agreement(system, key, "1", **facts)


async def test_the_users_responsible_for_agreements_are_read_together_by_system(executor: ExecutorName) -> None:
    acme = Acme(
        documents=numbered([1]),
        staff={"u1": AcmeUser("acme", "u1", "Uwe")},
        agreement_lists={
            "1": [
                agreement("acme", "a1", responsible_key="u1", start_date=date(2026, 1, 31)),
                agreement(
                    "acme", "a2", responsible_name="Ute", products=[AgreementProduct("P", amount=Decimal("1.0"))]
                ),
                agreement("acme", "a3", responsible_key="gone"),
            ]
        },
    )
    other = Acme(
        "other",
        numbered([1]),
        staff={"u1": AcmeUser("other", "u1", "Ulf")},
        agreement_lists={"1": [agreement("other", "a1", responsible_key="u1")]},
    )
    selection = "agreements { startDate responsible { name } responsibleName products { code amount } }"

    first, second = await told(Graph(executor, acme, other), selection)

    nothing: dict[str, Any] = {"startDate": None, "responsible": None, "responsibleName": None, "products": []}
    assert first["agreements"] == [
        nothing | {"startDate": "2026-01-31", "responsible": {"name": "Uwe"}},
        nothing | {"responsibleName": "Ute", "products": [{"code": "P", "amount": "1"}]},
        nothing,
    ]
    assert second["agreements"] == [nothing | {"responsible": {"name": "Ulf"}}]
    assert "users u1,gone" in acme.log


async def test_agreements_that_name_no_user_cost_no_call(executor: ExecutorName) -> None:
    acme = Acme(documents=numbered([1]), agreement_lists={"1": [agreement("acme", "a1")]})

    (one,) = await told(Graph(executor, acme), "agreements { responsible { name } }")

    assert one["agreements"] == [{"responsible": None}]
    assert sorted(acme.log) == ["agreements 1", "page 0+9"]


async def test_a_system_without_users_has_nobody_responsible(executor: ExecutorName) -> None:
    acme = Acme(documents=numbered([1]), agreement_lists={"1": [agreement("acme", "a1", responsible_key="u1")]})
    acme.users = None

    (one,) = await told(Graph(executor, acme), "agreements { responsible { name } }")

    assert one["agreements"] == [{"responsible": None}]


def with_details(name: str = "acme", **facts: Any) -> Acme:
    """A system whose lists of invoices lack the currency, and the date of the second."""
    bills = [Invoice(name, "i1", "1", number="1", date=date(2026, 3, 1)), Invoice(name, "i2", "1", number="2")]
    details = {each.key: Invoice(name, each.key, "1", date=date(2026, 1, 2), currency="EUR") for each in bills}
    acme = Acme(name, numbered([1]), bills={"1": bills}, **facts)
    acme.invoice_details = acme.route("details", lambda: details)
    return acme


async def test_what_a_list_of_invoices_lacks_is_looked_up_once_and_only_when_selected(executor: ExecutorName) -> None:
    acme = with_details()
    graph, selection = Graph(executor, acme), "invoices(first: 9) {{ nodes {{ {} }} }}"

    await told(graph, selection.format("number"))
    (one,) = await told(graph, selection.format("number date currency dueDate"))

    assert one["invoices"]["nodes"] == [
        {"number": "1", "date": "2026-03-01", "currency": "EUR", "dueDate": None},
        {"number": "2", "date": "2026-01-02", "currency": "EUR", "dueDate": None},
    ]
    asked = [call.removeprefix("details ").split(",") for call in acme.log if call.startswith("details ")]
    assert [sorted(keys) for keys in asked] == [["i1", "i2"]]


async def test_a_failed_look_up_costs_what_only_it_can_tell(executor: ExecutorName) -> None:
    graph = Graph(executor, with_details(failing={"details": DOWN}))
    document = "{ systems { customers(first: 1) { nodes { invoices(first: 2) { nodes { number date } } } } } }"

    answer = await graph.ask(document)

    (customer,) = answer["data"]["systems"][0]["customers"]["nodes"]
    assert customer["invoices"]["nodes"] == [{"number": "1", "date": "2026-03-01"}, {"number": "2", "date": None}]
    assert [error["path"][-2:] for error in answer["errors"]] == [[1, "date"]]


async def test_a_look_up_that_hangs_costs_no_other_systems_invoices(executor: ExecutorName) -> None:
    silent, quick = with_details("silent"), with_details("quick")
    silent.invoice_details = Route("silent.details", Asked({}, held=True).fetch, 100)
    document = "{ systems { customers(first: 1) { nodes { invoices(first: 2) { nodes { currency } } } } } }"

    answer = await Graph(executor, silent, quick, seconds=0.1).ask(document)

    first, second = [
        [invoice["currency"] for node in system["customers"]["nodes"] for invoice in node["invoices"]["nodes"]]
        for system in answer["data"]["systems"]
    ]
    assert (first, second) == ([None, None], ["EUR", "EUR"])
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"UPSTREAM_TIMEOUT"}


async def test_where_a_list_lacks_nothing_nothing_is_looked_up(executor: ExecutorName) -> None:
    acme = Acme(documents=numbered([1]), bills={"1": [Invoice("acme", "i1", "1")]})

    (one,) = await told(Graph(executor, acme), "invoices(first: 9) { nodes { date currency } }")

    assert one["invoices"]["nodes"] == [{"date": None, "currency": None}]
