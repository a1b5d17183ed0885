"""Customers of several records over the vendors' real APIs: whichever record is read, missing or fails."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any, Final

import pytest
from federation.fake_system import Joined
from gateway import SYSTEMS, Gateway, gateway_over
from picked import CONTACTS, FIRST, SECOND, listed, those
from stories.mishaps import LISTS, MISHAPS
from vendors import FACTS

from customer_gateway.model.ids import encode_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractAsyncContextManager

    from customer_gateway.sandbox import Sandbox

pytestmark = pytest.mark.anyio

STATES: Final[tuple[str, ...]] = ("read", "missing", "failed")
MIXES: Final[list[tuple[str, ...]]] = [mix for size in (2, 3) for mix in product(STATES, repeat=size)]
UNKNOWN: Final = {name: facts.nowhere[0] for name, facts in FACTS.items()}
"""Keys of each system's form that no customer has."""

MISHAP: Final = "an error under 200"
LACKING: Final = {"code": MISHAPS[MISHAP].code, "retryable": MISHAPS[MISHAP].retryable}

WITH_CONTACTS_AND_UPDATER: Final = those(
    lambda facts: facts.batches and facts.not_in_system.isdisjoint({"contacts", "updater"})
)
FIRST_OF_EACH: Final = "{ systems { name customers(first: 2) { nodes { name records { key } } } } }"
CUSTOMER: Final = """
    id name version records { __typename key raw }
    provenance(fields: ["name", "emails"]) { field state record { system } }
"""


async def customers_of(box: Sandbox) -> dict[str, dict[str, str]]:
    """The names of some customers of each system, by their keys."""
    async with gateway_over(box) as gateway:
        systems: list[Any] = (await gateway.ask(FIRST_OF_EACH)).data["systems"]
        gateway.forget_calls()
    return {
        system["name"]: {each["records"][0]["key"]: each["name"] for each in system["customers"]["nodes"]}
        for system in systems
    }


def of_mix(mix: Sequence[str]) -> list[str]:
    """The systems of a mix: others for each, so that each of them is read, missing and failing somewhere."""
    first = MIXES.index(tuple(mix))
    return [SYSTEMS[(first + place) % len(SYSTEMS)] for place in range(len(mix))]


def test_every_system_is_read_missing_and_failing_in_some_mix() -> None:
    befallen = {told for mix in MIXES for told in zip(of_mix(mix), mix, strict=True)}

    assert sorted(befallen) == sorted(product(SYSTEMS, STATES))


def joined(box: Sandbox, refs: Sequence[tuple[str, str]], **otherwise: Any) -> AbstractAsyncContextManager[Gateway]:
    """A gateway in which these records are one customer."""
    return gateway_over(box, watched=lambda federation: replace(federation, links=Joined(refs)), **otherwise)


def incomplete(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the answer says it lacks, by its paths."""
    return sorted(body.get("extensions", {}).get("incomplete", []), key=lambda each: str(each["path"]))


def states(customer: Any, field: str) -> list[tuple[str, str]]:
    return [(each["state"], each["record"]["system"]) for each in customer["provenance"] if each["field"] == field]


@pytest.mark.parametrize("mix", MIXES, ids="+".join)
async def test_every_mix_of_records_is_told_for_what_it_is_and_costs_a_call_a_system(
    mix: tuple[str, ...], box: Sandbox
) -> None:
    known, systems = await customers_of(box), of_mix(mix)
    refs = [
        (name, UNKNOWN[name] if state == "missing" else next(iter(known[name])))
        for name, state in zip(systems, mix, strict=True)
    ]
    for name, state in zip(systems, mix, strict=True):
        if state == "failed":
            await MISHAPS[MISHAP].befall(box, name, LISTS[name])

    async with joined(box, refs) as gateway:
        answer = await gateway.ask(
            f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ ... on Customer {{ {CUSTOMER} }} }} }}",
            {"ids": [encode_id("Customer", *ref) for ref in refs]},
        )
        # A version may take a call of its own, for the addresses that count in it.
        paths = {name: [path for path in gateway.paths(name) if not path.endswith("addresses")] for name in SYSTEMS}
        calls = {name: [path for path in paths[name] if LISTS[name] in path] for name in SYSTEMS}

    read = [name for name, state in zip(systems, mix, strict=True) if state == "read"]
    failed = [name for name, state in zip(systems, mix, strict=True) if state == "failed"]
    for one in answer.partial["nodes"]:
        if "read" in mix:
            assert one["id"] == encode_id("Customer", *refs[0])
            assert one["name"] == known[read[0]][dict(refs)[read[0]]]
            assert [record["__typename"].removesuffix("Customer").lower() for record in one["records"]] == read
            assert all(record["raw"] for record in one["records"])
            assert (one["version"] is None) == bool(failed)
            assert states(one, "name") == [("VALUE", read[0])]
            emails = states(one, "emails")
            told = [name for state, name in emails if state == "FAILED"]
            assert told == (failed if emails[0][0] == "VALUE" else failed[:1])
        else:
            assert one is None
    places = range(len(mix)) if "read" in mix else ()
    assert incomplete(answer.body) == [
        {"path": ["nodes", place], "system": name, **LACKING} for place in places for name in failed
    ]
    errors = [] if "read" in mix or not failed else [(["nodes", place], failed[0]) for place in range(len(mix))]
    assert [(each["path"], each["extensions"]["system"]) for each in answer.errors] == errors
    assert {name: len(told) for name, told in calls.items()} == {name: int(name in systems) for name in SYSTEMS}


async def test_a_system_that_hangs_costs_its_own_records_and_no_more_than_the_deadline(box: Sandbox) -> None:
    known = await customers_of(box)
    refs = [(name, next(iter(known[name]))) for name in (SECOND, FIRST)]
    await MISHAPS["hang"].befall(box, SECOND, LISTS[SECOND])
    document = "query ($id: ID!) { node(id: $id) { id ... on Customer { name version } } }"

    async with joined(box, refs, deadline_seconds=1) as gateway:
        answer = await gateway.ask(document, {"id": encode_id("Customer", *refs[1])})

    one = answer.data["node"]
    assert one == {"id": encode_id("Customer", *refs[0]), "name": known[FIRST][refs[1][1]], "version": None}
    late = {"system": SECOND, "code": "UPSTREAM_TIMEOUT", "retryable": True}
    assert incomplete(answer.body) == [{"path": ["node"], **late}]


async def test_a_page_and_the_nouns_of_its_customers_read_every_record_once(box: Sandbox) -> None:
    known, (one, *_, other) = await customers_of(box), WITH_CONTACTS_AND_UPDATER
    pairs = [list(zip((one, other), keys, strict=True)) for keys in zip(known[one], known[other], strict=True)]
    document = f"""{{ system(name: "{one}") {{ customers(first: 2) {{ nodes {{
        id contacts {{ id customer {{ id contacts {{ id }} }} }} updater {{ id }} records {{ system {{ name }} }}
    }} }} }} }}"""

    async with gateway_over(box, watched=lambda federation: replace(federation, links=Joined(*pairs))) as gateway:
        nodes = (await gateway.ask(document)).data["system"]["customers"]["nodes"]
        calls = {name: gateway.paths(name) for name in SYSTEMS}

    assert [node["id"] for node in nodes] == [encode_id("Customer", *first) for first, _ in pairs]
    for node in nodes:
        assert [each["system"]["name"] for each in node["records"]] == [one, other]
        own = [{"id": each["id"]} for each in node["contacts"]]
        assert [each["customer"] for each in node["contacts"]] == [{"id": node["id"], "contacts": own}] * len(own)
    assert all(node["contacts"] and node["updater"] for node in nodes)
    assert [calls[name].count(listed(name)) for name in (one, other)] == [1, 1]
    if other in CONTACTS:
        assert calls[other].count(f"GET {CONTACTS[other]}") == FACTS[other].cold_times
