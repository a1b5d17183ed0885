"""The law of customers of several records: no answer loses what a record that was read could tell."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from api.acme_graph import Graph
from federation.fake_system import Acme, AcmeContact, AcmeUser, Joined
from hypothesis import given
from hypothesis import strategies as st
from vendors import SYSTEMS

from customer_gateway.errors import UpstreamUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from customer_gateway.api.engine import ExecutorName

KEYS: Final = ("1", "2")

Facts = dict[str, Any]
Records = dict[tuple[str, str], Facts | None]
"""Every record that links name: what it tells, None where its system has it no more."""

FACTS: Final = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["", "A", "B"]),
        "supplier": st.booleans(),
        "emails": st.lists(st.sampled_from(["a@x", "b@x"]), max_size=2),
        "billing_name": st.sampled_from(["", "Kasse"]),
        "method": st.sampled_from(["", "Card"]),
        "owner": st.sampled_from(["u1", "u2", "gone"]),
        "terms": st.sampled_from(["30 days", "7 days"]),
        "contacts": st.integers(0, 2),
    },
)
RECORDS: Final = st.dictionaries(
    st.tuples(st.sampled_from(SYSTEMS), st.sampled_from(KEYS)), st.none() | FACTS, min_size=1, max_size=6
)
FAILING: Final = st.sets(
    st.tuples(st.sampled_from(SYSTEMS), st.sampled_from(["customers", "contacts", "users", "terms"]))
)

DOCUMENT: Final = """query ($key: String!, $system: String!) {
    customer(by: {record: {system: $system, key: $key}}) {
        name isSupplier emails { address } billing { name paymentMethod paymentTerms }
        owner { name } contacts { name } } }"""


@given(RECORDS, FAILING)
def test_a_field_that_some_record_can_tell_is_told(records: Records, failing: set[tuple[str, str]]) -> None:
    answers = [asyncio.run(asked(executor, records, failing)) for executor in ("breadth", "reference")]

    assert sameness(answers[0]) == sameness(answers[1])
    assert answers[0]["data"]["customer"] == expected(records, failing), answers[0]


async def asked(executor: ExecutorName, records: Records, failing: set[tuple[str, str]]) -> Any:
    system, key = next(iter(records))
    graph = Graph(executor, *(system_of(name, records, failing) for name in SYSTEMS), links=Joined(list(records)))
    return await graph.ask(DOCUMENT, system=system, key=key)


def system_of(name: str, records: Records, failing: set[tuple[str, str]]) -> Acme:
    held = {key: facts for (system, key), facts in records.items() if system == name and facts is not None}
    return Acme(
        name,
        [
            {"id": key, **{fact: told for fact, told in facts.items() if fact != "contacts"}}
            for key, facts in held.items()
        ],
        staff={key: AcmeUser(name, key, f"{name} {key}") for key in ("u1", "u2")},
        contact_lists={key: contacts_of((name, key), facts) for key, facts in held.items()},
        terms={key: facts["terms"] for key, facts in held.items() if "terms" in facts},
        failing={what: UpstreamUnavailable(name, "down") for system, what in failing if system == name},
    )


def contacts_of(ref: tuple[str, str], facts: Facts) -> list[AcmeContact]:
    system, key = ref
    return [
        AcmeContact(system, f"{key}/{each}", key, f"{system} {key}/{each}") for each in range(facts.get("contacts", 0))
    ]


def expected(records: Records, failing: set[tuple[str, str]]) -> Any:
    """What the records that can be read tell together, in their order; None where none can."""
    read = [
        (ref, facts) for ref, facts in records.items() if facts is not None and (ref[0], "customers") not in failing
    ]
    if not read:
        return None

    def first(tell: Callable[[Facts], Any], needs: str = "customers") -> Any:
        told = [tell(facts) for (system, _), facts in read if (system, needs) not in failing]
        return next((each for each in told if each not in {None, ""}), None)

    owners = [
        {"name": f"{system} {facts['owner']}"}
        for (system, _), facts in read
        if facts.get("owner") in {"u1", "u2"} and (system, "users") not in failing
    ]
    lists = [contacts_of(ref, facts) for ref, facts in read if (ref[0], "contacts") not in failing]
    terms = first(lambda facts: facts.get("terms"), "terms")
    billed = any(facts.get("billing_name") for _, facts in read)
    billing = {
        "name": first(lambda facts: facts.get("billing_name")),
        "paymentMethod": first(lambda facts: facts.get("billing_name") and facts.get("method")),
        "paymentTerms": terms,
    }
    return {
        "name": first(lambda facts: facts.get("name")),
        "isSupplier": first(lambda facts: facts.get("supplier")),
        "emails": [{"address": each} for _, facts in read for each in facts.get("emails", [])],
        "billing": billing if billed else None,
        "owner": owners[0] if owners else None,
        "contacts": [{"name": each.name} for each_list in lists for each in each_list] if lists else None,
    }


def sameness(answer: Any) -> Any:
    """An answer without what its executor may choose: the order of its errors and of what it lacks."""
    told: Sequence[Any] = answer.get("extensions", {}).get("incomplete", [])
    errors = [(error["path"], error["extensions"]) for error in answer.get("errors", [])]
    return answer["data"], sorted(errors, key=str), sorted(told, key=str)
