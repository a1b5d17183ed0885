"""Customers of all systems: found in the index, read from the systems, with the vendors' call logs as the proof."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import pytest
from catalog_index import SEEN_AT, SQLITE, empty_index, finding_gateway, index_of
from gateway import BATCHING, SYSTEMS, gateway_over
from named_callers import NamedKeys
from vendors import DEFINITIONS, FACTS

from customer_gateway.http.callers.authenticator import Authenticator
from customer_gateway.model.callers import EVERY_SCOPE, Rights
from customer_gateway.model.catalog import RecordState
from customer_gateway.model.value_objects import AddressKind
from customer_gateway.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from catalog_index import FoundWorld
    from gateway import Gateway

    from customer_gateway.api.engine import ExecutorName
    from customer_gateway.model.catalog import FoundPage, PageOfRows, Search
    from customer_gateway.store.catalog import CatalogIndex

pytestmark = pytest.mark.anyio

STOPPED: Final = BATCHING[0]
ALONE: Final = next(name for name in SYSTEMS if not FACTS[name].batches)
FIELDS: Final = "id name number kind status email phone vatNumber address { city countryCode } createdAt updatedAt"
RECORDS: Final = "records { __typename key version link raw system { name } }"
SEEN: Final = SEEN_AT.isoformat().replace("+00:00", "Z")


@pytest.fixture
async def world(box: Sandbox, tmp_path: Path) -> AsyncGenerator[FoundWorld]:
    async with index_of(box, tmp_path) as filled:
        yield filled


@pytest.fixture
async def gateway(box: Sandbox, world: FoundWorld, executor: ExecutorName) -> AsyncGenerator[Gateway]:
    async with finding_gateway(box, world, executor=executor) as running:
        yield running


def of_page(arguments: str, selection: str = FIELDS) -> str:
    page = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
    edges = f"edges {{ cursor node {{ {selection} records {{ key system {{ name }} }} }} }}"
    return f"{{ customers({arguments}) {{ totalCount {page} {edges} }} }}"


async def page(gateway: Gateway, arguments: str, selection: str = FIELDS) -> Any:
    return (await gateway.ask(of_page(arguments, selection))).data["customers"]


def refs(connection: Any) -> list[tuple[str, str]]:
    records = [record for edge in connection["edges"] for record in edge["node"]["records"]]
    return [(each["system"]["name"], each["key"]) for each in records]


def nodes(connection: Any) -> list[Any]:
    return [edge["node"] for edge in connection["edges"]]


@dataclass
class CountingIndex:
    """An index that notes of each page how long it is, and whether all rows were to be counted."""

    index: CatalogIndex
    asked: list[tuple[int, bool]] = field(default_factory=list[tuple[int, bool]])

    async def find(self, search: Search, page: PageOfRows, *, count: bool = False) -> FoundPage:
        self.asked.append((page.size, count))
        return await self.index.find(search, page, count=count)


def incomplete(answer: Any) -> list[Any]:
    return answer.body.get("extensions", {}).get("incomplete", [])


async def test_one_page_has_customers_of_many_systems_read_by_one_call_of_each(gateway: Gateway) -> None:
    found = await page(gateway, 'first: 60, search: "mueller"', f'{FIELDS} provenance(fields: ["name"]) {{ state }}')

    systems = [system for system, _ in refs(found)]
    assert len(set(systems)) >= 4
    assert found["totalCount"] == len(systems)
    assert {state["state"] for node in nodes(found) for state in node["provenance"]} == {"VALUE"}
    for system in set(systems) & set(BATCHING):
        customers = [call for call in gateway.log(system) if call.partition("?")[0] in FACTS[system].listed]
        assert len(customers) == 1
    assert [name for name in SYSTEMS if gateway.log(name)] == [name for name in SYSTEMS if name in systems]


async def test_what_is_shown_is_what_the_systems_say_and_not_what_the_index_knows(
    gateway: Gateway, world: FoundWorld
) -> None:
    (system, key), *_ = [each for each in refs(await page(gateway, "first: 50, live: false")) if each[0] == STOPPED]
    await world.put(system, {"key": key, "name": "A name of yesterday"})

    found = await page(gateway, 'first: 5, search: "yesterday"')

    assert refs(found) == [(system, key)]
    alone = f'{{ customer(by: {{record: {{system: "{system}", key: "{key}"}}}}) {{ {FIELDS} }} }}'
    expected = (await gateway.ask(alone)).data["customer"]
    assert [{name: node[name] for name in expected} for node in nodes(found)] == [expected]
    assert expected["name"] != "A name of yesterday"


async def test_the_customers_of_one_system_are_one_call_of_a_hundred(gateway: Gateway) -> None:
    for system in BATCHING:
        found = await page(gateway, f'first: 100, filter: {{ systems: ["{system}"] }}')

        customers = [call for call in gateway.paths(system) if call in FACTS[system].listed]
        assert (len(refs(found)), len(customers)) == (100, 1)


class TestASystemThatDoesNotAnswer:
    @pytest.fixture(autouse=True)
    def stopped(self, box: Sandbox, world: FoundWorld) -> None:
        del world  # filled before
        box.vendors[STOPPED].faults.set("status", status=503, retry_after="60")

    @pytest.fixture
    def whole(self) -> str:
        return (
            f'first: 20, search: "mueller") {{ nodes {{ {FIELDS} {RECORDS} version contacts {{ name }} notes '
            "emails { address } invoices(first: 2) { nodes { number } } owner { name } billing { name } "
            "provenance { field state seenAt record { system key } } }"
        )

    async def test_the_page_is_whole_and_its_rows_are_as_the_index_knows_them(
        self, gateway: Gateway, whole: str
    ) -> None:
        known = {node["id"]: node for node in nodes(await page(gateway, 'first: 20, search: "mueller", live: false'))}
        answer = await gateway.ask(f"{{ found: customers({whole} }} }}")

        found = answer.data["found"]["nodes"]
        assert [node["id"] for node in found] == list(known)
        stale = [node for node in found if node["records"][0]["system"]["name"] == STOPPED]
        live = [node for node in found if node not in stale]
        assert stale
        assert live
        assert any(node["address"]["city"] and node["address"]["countryCode"] for node in stale)
        for node in stale:
            shown = known[node["id"]]
            assert {name: node[name] for name in shown if name != "records"} == {
                name: value for name, value in shown.items() if name != "records"
            }
            assert node["name"]
        assert all(node["version"] and node["records"][0]["raw"] for node in live)
        entry = {"path": ["found"], "system": STOPPED, "code": "UPSTREAM_UNAVAILABLE", "retryable": True}
        assert [{**each, "retryAfterMs": 0} for each in incomplete(answer)] == [{**entry, "retryAfterMs": 0}]
        assert 0 < incomplete(answer)[0]["retryAfterMs"] <= 60_000

    async def test_what_the_index_does_not_know_is_null_and_costs_no_call(self, gateway: Gateway, whole: str) -> None:
        answer = await gateway.ask(f"{{ found: customers({whole} }} }}")

        stale = [node for node in answer.data["found"]["nodes"] if node["records"][0]["system"]["name"] == STOPPED]
        unknown = ("version", "contacts", "notes", "emails", "invoices", "owner", "billing")
        assert [{name: node[name] for name in unknown} for node in stale] == [dict.fromkeys(unknown)] * len(stale)
        (record, *_) = stale[0]["records"]
        assert record["__typename"] == f"{STOPPED.title()}Customer"
        assert (record["version"], record["link"], record["raw"]) == (None, None, None)
        assert len(gateway.log(STOPPED)) == 1

    async def test_provenance_says_when_a_value_was_seen_and_what_nobody_knows(
        self, gateway: Gateway, whole: str
    ) -> None:
        answer = await gateway.ask(f"{{ found: customers({whole} }} }}")

        stale = [node for node in answer.data["found"]["nodes"] if node["records"][0]["system"]["name"] == STOPPED]
        told = {each["field"]: each for each in stale[0]["provenance"]}
        record = {"system": STOPPED, "key": stale[0]["records"][0]["key"]}
        assert told["name"] == {"field": "name", "state": "STALE", "seenAt": SEEN, "record": record}
        assert told["address"]["state"] == "STALE"
        assert told["contacts"] == {"field": "contacts", "state": "FAILED", "seenAt": None, "record": record}
        none = FACTS[STOPPED].not_in_system
        assert {name for name, each in told.items() if each["state"] == "NOT_IN_SYSTEM"} == none

    async def test_what_is_read_only_to_be_counted_or_named_says_nothing_of_it(self, gateway: Gateway) -> None:
        answer = await gateway.ask(of_page('first: 20, search: "mueller"', "id"))

        assert answer.data["customers"]["totalCount"]
        assert incomplete(answer) == []
        assert gateway.log(STOPPED) == []


@pytest.mark.parametrize("system", SYSTEMS)
async def test_a_stale_address_is_of_the_kind_that_its_system_says(system: str, gateway: Gateway, box: Sandbox) -> None:
    shown = 'address { kind city countryCode } provenance(fields: ["address"]) { state }'
    document = of_page(f'first: 40, filter: {{ systems: ["{system}"] }}', shown)
    live = nodes((await gateway.ask(document)).data["customers"])
    box.vendors[system].faults.set("status", status=503)

    stale = nodes((await gateway.ask(document)).data["customers"])

    assert [each["address"] for each in stale] == [each["address"] for each in live]
    assert {each["provenance"][0]["state"] for each in stale} == {"STALE"}
    assert any(each["address"] for each in stale)


async def test_a_stale_address_without_city_and_country_is_there_all_the_same(
    gateway: Gateway, world: FoundWorld
) -> None:
    await world.put(STOPPED, {"key": "1", "name": "Quitten Xylander", "address_kind": AddressKind.DELIVERY})

    found = await page(gateway, 'first: 1, search: "xylander", live: false', "address { kind city countryCode lines }")

    assert nodes(found)[0]["address"] == {"kind": "DELIVERY", "city": None, "countryCode": None, "lines": []}


async def test_a_system_that_hangs_holds_the_page_up_to_the_deadline_and_its_rows_stand(
    box: Sandbox, world: FoundWorld, executor: ExecutorName
) -> None:
    box.vendors[STOPPED].faults.set("hang")
    names = f'"{STOPPED}", "{ALONE}"'
    async with finding_gateway(box, world, executor=executor, deadline_seconds=2) as gateway:
        answer = await gateway.ask(of_page(f"first: 30, filter: {{ systems: [{names}] }}", "name version"))

    found = {
        system: node
        for (system, _), node in zip(refs(answer.data["customers"]), nodes(answer.data["customers"]), strict=True)
    }
    assert found[STOPPED]["name"]
    assert (found[STOPPED]["version"] is None, found[ALONE]["version"] is None) == (True, False)
    assert [(each["system"], each["code"]) for each in incomplete(answer)] == [(STOPPED, "UPSTREAM_TIMEOUT")]


async def test_what_is_not_given_may_be_null_and_come_by_variables(gateway: Gateway) -> None:
    document = """
        query ($first: Int, $last: Int, $after: String, $search: String, $filter: CustomerFilter, $by: CustomerOrder,
               $live: Boolean = false) {
          customers(first: $first, last: $last, after: $after, search: $search, filter: $filter, orderBy: $by,
                    live: $live) { nodes { name } } }"""
    unset = dict.fromkeys(("systems", "status", "kind", "name", "countryCode", "isSupplier", "createdAt"))
    texts = dict.fromkeys(("eq", "in", "contains", "startsWith"))
    variables: dict[str, Any] = {"first": 5, "last": None, "after": None, "search": None, "filter": unset, "by": None}

    plain = await gateway.ask(document, {"first": 5})
    nulls = await gateway.ask(document, variables)
    filtered = await gateway.ask(document, {**variables, "filter": {**unset, "name": {**texts, "startsWith": "zen"}}})

    assert plain.data == nulls.data
    names = [node["name"] for node in filtered.data["customers"]["nodes"]]
    assert len(names) == 5
    assert all(name.startswith("Zen") for name in names)
    assert (await gateway.ask(document, {**variables, "live": None})).codes == ["BAD_USER_INPUT"]


async def test_a_retry_reads_what_had_failed(gateway: Gateway, box: Sandbox) -> None:
    arguments = f'first: 3, filter: {{ systems: ["{STOPPED}"] }}'
    document = of_page(arguments, 'provenance(fields: ["name"]) { state }')
    box.vendors[STOPPED].faults.set("status", status=503)
    failed = await gateway.ask(document)
    box.vendors[STOPPED].faults.clear()
    again = await gateway.ask(document)

    def states(answer: Any) -> list[str]:
        return [node["provenance"][0]["state"] for node in nodes(answer.data["customers"])]

    assert (states(failed), len(incomplete(failed))) == (["STALE"] * 3, 1)
    assert (states(again), incomplete(again)) == (["VALUE"] * 3, [])


@pytest.mark.parametrize("system", BATCHING)
async def test_a_read_that_leaves_out_half_of_its_customers_costs_no_row(
    system: str, box: Sandbox, world: FoundWorld, gateway: Gateway
) -> None:
    document = of_page(f'first: 20, filter: {{ systems: ["{system}"] }}', 'name provenance(fields: ["name"]) { state }')
    before = nodes((await gateway.ask(document)).data["customers"])
    lost = [ref[1] for ref in refs((await gateway.ask(document)).data["customers"])][:12]
    box.vendors[system].faults.set("lost_keys", keys=lost)

    answer = await gateway.ask(document)

    found = nodes(answer.data["customers"])
    assert [each["name"] for each in found] == [each["name"] for each in before]
    states = [each["provenance"][0]["state"] for each in found]
    assert states == ["STALE"] * 12 + ["VALUE"] * 8
    assert [(each["system"], each["code"]) for each in incomplete(answer)] == [(system, "UPSTREAM_BAD_RESPONSE")]
    assert [(of, asked) for of, _, asked in world.observer.told] == [(system, 20)]


@pytest.mark.parametrize("system", BATCHING)
async def test_records_that_were_missing_before_are_left_out_and_are_no_reason_for_doubt(
    system: str, box: Sandbox, world: FoundWorld, gateway: Gateway
) -> None:
    """As after `sync --accept`: a pass has found, and an operator believed, that many are gone."""
    some = f'filter: {{ systems: ["{system}"] }}'
    there = refs(await page(gateway, f"first: 40, {some}", "id"))
    gone = [key for _, key in there[:12]]
    await world.index.set_state(system, gone, RecordState.MISSING, SEEN_AT)
    box.vendors[system].faults.set("lost_keys", keys=gone)

    answer = await gateway.ask(of_page(f"first: 20, {some}", 'provenance(fields: ["name"]) { state }'))

    found = answer.data["customers"]
    assert refs(found) == there[12:32]
    assert {node["provenance"][0]["state"] for node in nodes(found)} == {"VALUE"}
    assert (incomplete(answer), world.observer.told) == ([], [])


@pytest.mark.vendors("billbee")
@pytest.mark.alone  # it goes by the clock: two calls a second
async def test_rows_that_do_not_fit_the_rate_limit_stand_and_a_retry_gets_further(tmp_path: Path) -> None:
    """Billbee has 1,500 customers, so that its list has as many pages as there are rows here."""
    few = [each for each in DEFINITIONS if each.name == "billbee"]
    document = of_page("first: 6", 'name provenance(fields: ["name"]) { state }')
    box = Sandbox(definitions=few, customers=1_500)
    async with empty_index(f"{SQLITE}{tmp_path}/index.db") as world:
        keys = [str(each["Id"]) for each in box.billbee.customers.page(6, 1_000)]
        await world.put("billbee", *({"key": key, "name": f"Index {key}"} for key in keys))
        await world.set_completed(["billbee"])
        async with finding_gateway(box, world, vendor_budget=True, deadline_seconds=1.4) as gateway:
            answers = [await gateway.ask(document) for _ in range(3)]
        calls = box.vendors["billbee"].log.calls()
    box.close()

    def stale(answer: Any) -> list[str]:
        found = nodes(answer.data["customers"])
        assert all(node["name"] for node in found)
        return [node["name"] for node in found if node["provenance"][0]["state"] == "STALE"]

    counts = [len(stale(answer)) for answer in answers]
    assert 0 < counts[0] < 6
    assert counts[0] > counts[1] >= counts[2] == 0
    assert all(name.startswith("Index ") for name in stale(answers[0]))
    told = [[each["code"] for each in incomplete(answer)] for answer in answers]
    assert told == [["UPSTREAM_RATE_LIMITED"] if count else [] for count in counts]
    assert incomplete(answers[0])[0]["retryAfterMs"] > 0
    singles = [call for call in calls if "?" not in call]
    assert len(singles) == len(set(singles)) == 6


class TestNoCall:
    @pytest.mark.parametrize(
        "selection", ["id", "id __typename records { __typename id key system { name kind } }", ""], ids=str
    )
    async def test_names_of_records_cursors_and_counts_are_the_indexs(self, gateway: Gateway, selection: str) -> None:
        found = await page(gateway, 'first: 50, search: "a"', selection)

        assert len(refs(found)) == 50
        assert found["totalCount"] > 50
        assert {name: gateway.log(name) for name in SYSTEMS} == {name: [] for name in SYSTEMS}

    @pytest.mark.parametrize(
        "selection",
        [
            "nodes { id }",
            "edges { cursor node { ...Ids } } pageInfo { endCursor }",
            "... on CustomerConnection { nodes { id name @include(if: $no) email @skip(if: true) } }",
            "nodes { id records { key ... on CustomerRecord { version @include(if: $no) } system { name kind } } }",
        ],
        ids=str,
    )
    async def test_what_else_the_operation_reads_reads_no_customer_here(self, gateway: Gateway, selection: str) -> None:
        document = f"""query ($no: Boolean = false) {{
          customers(first: 20) {{ {selection} }}
          other: customers(first: 1, filter: {{ systems: ["{ALONE}"] }}) {{ nodes {{ name email @include(if: $no) }} }}
          system(name: "{STOPPED}") {{ customers(first: 1) {{ nodes {{ name email ...Ids }} }} }}
        }} fragment Ids on Customer {{ id }}"""

        answer = await gateway.ask(document)

        assert len(answer.data["customers"].get("nodes") or answer.data["customers"]["edges"]) == 20
        assert all(each["name"] for each in answer.data["other"]["nodes"])
        assert {name for name in SYSTEMS if gateway.log(name)} == {STOPPED, ALONE}
        assert len([call for call in gateway.paths(STOPPED) if call in FACTS[STOPPED].listed]) == 1

    async def test_ids_of_one_page_and_names_of_another_read_the_other(self, gateway: Gateway) -> None:
        document = f"""{{
          typed: customers(first: 20, search: "mueller") {{ nodes {{ id }} }}
          shown: customers(first: 3, filter: {{ systems: ["{STOPPED}"] }}) {{ nodes {{ ...Shown }} }}
        }} fragment Shown on Customer {{ id ... on Customer {{ name }} provenance(fields: ["name"]) {{ state }} }}"""

        answer = await gateway.ask(document)

        assert len(answer.data["typed"]["nodes"]) > 3
        shown = answer.data["shown"]["nodes"]
        assert [state["state"] for node in shown for state in node["provenance"]] == ["VALUE"] * 3
        assert [name for name in SYSTEMS if gateway.log(name)] == [STOPPED]

    async def test_what_a_system_lists_below_a_record_is_read_and_the_record_is_not(self, gateway: Gateway) -> None:
        system = "system { customers(first: 1) { totalCount nodes { name } } }"
        await gateway.ask(f'{{ system(name: "{STOPPED}") {{ {system.removeprefix("system { ")} }}')
        alone = gateway.paths(STOPPED)
        gateway.forget_calls()

        some = f'customers(first: 3, filter: {{ systems: ["{STOPPED}"] }})'
        found = await gateway.ask(f"{{ {some} {{ nodes {{ id records {{ {system} }} }} }} }}")

        assert len(found.data["customers"]["nodes"]) == 3
        assert gateway.paths(STOPPED) == alone

    @pytest.mark.parametrize("selection", ["edges { node { %s } }", "nodes { %s }"])
    async def test_a_field_of_a_record_reads_it(self, gateway: Gateway, selection: str) -> None:
        some = f'customers(first: 3, filter: {{ systems: ["{STOPPED}"] }})'
        found = await gateway.ask(f"{{ {some} {{ {selection % 'records { version }'} }} }}")

        rows = found.data["customers"].get("nodes") or [edge["node"] for edge in found.data["customers"]["edges"]]
        assert all(record["version"] for row in rows for record in row["records"])
        assert len([call for call in gateway.paths(STOPPED) if call in FACTS[STOPPED].listed]) == 1

    async def test_customers_are_counted_for_the_page_that_tells_their_number(
        self, box: Sandbox, world: FoundWorld, executor: ExecutorName
    ) -> None:
        counting: Any = CountingIndex(world.index)
        of_a_system = f'system(name: "{STOPPED}") {{ customers(first: 1) {{ totalCount }} }}'
        async with finding_gateway(box, replace(world, index=counting), executor=executor) as gateway:
            answers = [
                await gateway.ask(f"{{ customers(first: 1) {{ nodes {{ id }} }} {of_a_system} }}"),
                await gateway.ask("{ a: customers(first: 1) { totalCount } b: customers(last: 2) { nodes { id } } }"),
            ]

        assert [each.codes for each in answers] == [[], []]
        assert [size for size, count in counting.asked if not count] == [1, 2]
        assert [size for size, count in counting.asked if count] == [1]

    async def test_live_false_shows_what_the_index_knows(self, gateway: Gateway) -> None:
        states = "provenance { field state seenAt }"
        answer = await gateway.ask(of_page('first: 50, search: "a", live: false', f"{FIELDS} {RECORDS} notes {states}"))

        found = nodes(answer.data["customers"])
        assert all(node["name"] and node["notes"] is None for node in found)
        assert {each["state"] for node in found for each in node["provenance"]} == {"STALE", "FAILED", "NOT_IN_SYSTEM"}
        assert incomplete(answer) == []
        assert {name: gateway.log(name) for name in SYSTEMS} == {name: [] for name in SYSTEMS}


class TestPages:
    async def walk(self, gateway: Gateway, size: int, arguments: str, *, backward: bool = False) -> list[Any]:
        found: list[Any] = []
        cursor, more = "", True
        count, at, ends = (
            ("last", "before", ("hasPreviousPage", "startCursor"))
            if backward
            else ("first", "after", ("hasNextPage", "endCursor"))
        )
        while more:
            before = f', {at}: "{cursor}"' if cursor else ""
            connection = await page(gateway, f"{count}: {size}{before}, {arguments}", "id")
            found = refs(connection) + found if backward else found + refs(connection)
            info = connection["pageInfo"]
            assert info["hasPreviousPage" if not backward else "hasNextPage"] == bool(cursor)
            assert [info["startCursor"], info["endCursor"]] == [
                connection["edges"][0]["cursor"],
                connection["edges"][-1]["cursor"],
            ]
            more, cursor = info[ends[0]], info[ends[1]]
        return found

    @pytest.mark.parametrize(
        "arguments",
        [
            'search: "mueller"',
            'search: "mueller", orderBy: { field: NUMBER, direction: DESC }',
            f'filter: {{ systems: ["{STOPPED}", "{ALONE}"] }}, orderBy: {{ field: UPDATED_AT }}',
        ],
    )
    async def test_a_walk_forward_and_one_backward_meet_everybody_once_in_the_same_order(
        self, gateway: Gateway, arguments: str
    ) -> None:
        forward = await self.walk(gateway, 37, arguments)
        backward = await self.walk(gateway, 50, arguments, backward=True)
        total = (await page(gateway, f"first: 1, {arguments}", "id"))["totalCount"]

        assert len(set(forward)) == len(forward) == total
        assert backward == forward

    async def test_a_cursor_is_good_for_another_size_and_direction_and_after_a_restart(
        self, box: Sandbox, world: FoundWorld
    ) -> None:
        async with finding_gateway(box, world) as before:
            first = await page(before, 'first: 10, search: "mueller"', "id")
            cursor = first["pageInfo"]["endCursor"]
        async with finding_gateway(box, world) as after:
            following = await page(after, f'first: 3, search: " MÜLLER ", after: "{cursor}"', "id")
            preceding = await page(after, f'last: 4, search: "müller", before: "{cursor}"', "id")

        assert not set(refs(following)) & set(refs(first))
        assert refs(preceding) == refs(first)[5:9]

    async def test_a_cursor_tells_nothing_and_is_short(self, gateway: Gateway) -> None:
        found = await page(gateway, "first: 100", "name")

        cursors = [edge["cursor"] for edge in found["edges"]]
        assert len(set(cursors)) == 100
        assert max(map(len, cursors)) <= 512

    @pytest.mark.parametrize(
        "arguments",
        [
            'search: "mueller", orderBy: { field: NAME }',
            'search: "muell"',
            'search: "mueller", filter: { kind: [COMPANY] }',
            f'search: "mueller", filter: {{ systems: ["{STOPPED}"] }}',
            "",
        ],
        ids=str,
    )
    async def test_a_cursor_of_another_question_is_refused(self, gateway: Gateway, arguments: str) -> None:
        cursor = (await page(gateway, 'first: 2, search: "mueller"', "id"))["pageInfo"]["endCursor"]

        for at, argument in ((f'first: 2, after: "{cursor}"', "after"), (f'last: 2, before: "{cursor}"', "before")):
            answer = await gateway.ask(of_page(f"{at} {arguments}"))
            assert answer.codes == ["INVALID_CURSOR"]
            assert "not one of this search, filter and order" in answer.errors[0]["message"]
            assert f"without `{argument}`" in answer.errors[0]["message"]

    async def test_anything_else_is_no_cursor(self, gateway: Gateway) -> None:
        good = (await page(gateway, "first: 2", "id"))["pageInfo"]["endCursor"]
        of_system = f'{{ system(name: "{STOPPED}") {{ customers(first: 1) {{ pageInfo {{ endCursor }} }} }} }}'
        other = (await gateway.ask(of_system)).data["system"]["customers"]["pageInfo"]["endCursor"]
        middle = len(good) // 2
        tampered = good[:middle] + ("A" if good[middle] != "A" else "B") + good[middle + 1 :]
        bad = ["", "x", "ü", good[:-1], good + "=", good + "A", tampered, other, "A" * 3_000, "A" * 512]

        for each in bad:
            assert (await gateway.ask(of_page(f'first: 1, after: "{each}"'))).codes == ["INVALID_CURSOR"], each


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        "arguments",
        [
            "live: true",
            "first: 2, last: 2",
            "first: 0",
            "first: 101",
            "last: 0",
            "last: 101",
            "last: -1",
            'first: 2, before: "x"',
            'last: 2, after: "x"',
            'first: 2, filter: { systems: ["nobody"] }',
            'first: 2, search: "!?"',
            'first: 2, filter: { name: { eq: "%s" } }' % ("x" * 3_000),
            'first: 2, filter: { countryCode: ["DE", "nowhere"] }',
        ],
        ids=lambda arguments: arguments[:40],
    )
    async def test_arguments_that_cannot_be(self, gateway: Gateway, arguments: str) -> None:
        answer = await gateway.ask(of_page(arguments))

        assert answer.codes == ["BAD_USER_INPUT"]
        assert answer.body["data"] is None
        assert answer.errors[0]["path"] == ["customers"]

    @pytest.mark.parametrize(("country", "code"), [("Germany", "DE"), ("UK", "GB"), ("swe", "SE")])
    async def test_a_country_by_another_word_than_its_code(self, gateway: Gateway, country: str, code: str) -> None:
        answer = await gateway.ask(of_page(f'first: 2, filter: {{ countryCode: ["{country}"] }}'))

        assert answer.codes == ["BAD_USER_INPUT"]
        assert answer.errors[0]["message"] == (
            f"filter.countryCode: '{country}' is no country code (ISO 3166-1 alpha-2); give {code}."
        )

    async def test_a_code_of_a_country_is_taken_in_either_case_and_a_blank_fits_nobody(self, gateway: Gateway) -> None:
        counts = [
            (await page(gateway, f'first: 1, filter: {{ countryCode: ["{code}"] }}', "id"))["totalCount"]
            for code in ("DE", "de", "")
        ]

        assert counts[0] == counts[1] > 0
        assert counts[2] == 0

    async def test_a_filter_that_none_of_the_asked_systems_can_honour(self, gateway: Gateway) -> None:
        kinds = "systems { name capabilities { field readable } }"
        told = (await gateway.ask(f"{{ {kinds} }}")).data["systems"]
        systems = [each["name"] for each in told]
        lacking = [
            (each["name"], one["field"])
            for each in told
            for one in each["capabilities"]
            if one["field"] in {"isSupplier", "organizationNumber", "createdAt", "status"} and not one["readable"]
        ]
        by_field = {"isSupplier": "true", "status": "[ACTIVE]", "createdAt": '{ after: "2020-01-01T00:00:00Z" }'}

        assert lacking
        for system, name in lacking:
            value = by_field.get(name, '{ eq: "1" }')
            alone = await gateway.ask(of_page(f'first: 1, filter: {{ systems: ["{system}"], {name}: {value} }}', "id"))
            together = await gateway.ask(of_page(f"first: 1, filter: {{ {name}: {value} }}", "id"))
            others = [each for each in systems if each != system and (each, name) not in lacking]
            assert (alone.codes, together.codes) == (["FILTER_NOT_SUPPORTED"], [] if others else alone.codes)
            assert name in alone.errors[0]["message"]
            assert system in alone.errors[0]["message"]

    @pytest.mark.parametrize(
        ("names", "empty"),
        [
            ("createdAt updatedAt", "{}"),
            ("createdAt updatedAt", "{ after: null, before: null }"),
            ("name number email phone vatNumber organizationNumber city", "{}"),
            ("organizationNumber", "{ eq: null, in: null, contains: null, startsWith: null }"),
            ("createdAt name status kind countryCode isSupplier", "null"),
        ],
    )
    async def test_no_filter_that_is_empty(self, gateway: Gateway, names: str, empty: str) -> None:
        filters = " ".join(f"{name}: {empty}" for name in names.split())

        for system in SYSTEMS:
            every = await page(gateway, f'first: 3, filter: {{ systems: ["{system}"] }}', "id")
            found = await page(gateway, f'first: 3, filter: {{ systems: ["{system}"], {filters} }}', "id")
            assert found == every  # with the same cursors

    async def test_no_system_at_all_finds_nobody(self, gateway: Gateway) -> None:
        found = await page(gateway, "first: 5, filter: { systems: [], isSupplier: true }", "id")

        assert (found["totalCount"], found["edges"], found["pageInfo"]["endCursor"]) == (0, [], None)


class TestHiddenSystems:
    @pytest.fixture
    async def gateways(self, box: Sandbox, world: FoundWorld) -> AsyncGenerator[list[Gateway]]:
        """One that hides systems from its caller, and one that has none of them configured."""
        visible = SYSTEMS[1:3]
        await world.complete(visible[:1])
        keys = Authenticator(None, NamedKeys({"some": Rights(EVERY_SCOPE, frozenset(visible))}))
        alone = [(name, name) for name in visible]
        async with (
            finding_gateway(box, world, authenticator=keys) as hiding,
            finding_gateway(box, world, authenticator=keys, systems=alone) as lacking,
        ):
            yield [hiding, lacking]

    @pytest.mark.parametrize(
        "arguments",
        [
            "first: 20",
            'last: 20, search: "a"',
            f'first: 2, filter: {{ systems: ["{SYSTEMS[0]}"] }}',
            f'first: 2, filter: {{ systems: ["{SYSTEMS[1]}"] }}',
            "first: 2, filter: { isSupplier: true }",
        ],
        ids=str,
    )
    async def test_are_as_if_they_were_not_configured(
        self, gateways: list[Gateway], arguments: str, box: Sandbox
    ) -> None:
        selection = f"{FIELDS} {RECORDS} provenance {{ field state }}"
        answers = [
            (await gateway.ask(of_page(arguments, selection), headers={"authorization": "Bearer cg_some"})).body
            for gateway in gateways
        ]

        for answer in answers:
            for each in nodes(answer["data"]["customers"]) if answer.get("data") else []:
                assert each["records"][0]["system"]["name"] in SYSTEMS[1:3]
            for error in answer.get("errors", []):
                del error["extensions"]["requestId"]
        hiding, lacking = (without_cursors(each) for each in answers)
        assert hiding == lacking
        assert box.vendors[SYSTEMS[0]].log.calls() == []


def without_cursors(answer: Any) -> Any:
    """An answer without its cursors: gateways of other systems have other secrets."""
    if isinstance(answer, dict):
        return {name: without_cursors(each) for name, each in answer.items() if "ursor" not in name}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - any JSON
    return [without_cursors(each) for each in answer] if isinstance(answer, list) else answer  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - any JSON


class TestRecordsThatAreGone:
    @pytest.mark.vendors("pland")  # whose calls have the keys in their addresses
    async def test_are_left_out_and_the_page_is_filled_up_by_one_more_call_of_each_system(
        self, gateway: Gateway, world: FoundWorld
    ) -> None:
        before = refs(await page(gateway, f'first: 12, filter: {{ systems: ["{STOPPED}"] }}', "id"))
        gone = [gone_key(key) for _, key in before[:2]]
        await world.put(STOPPED, *({"key": key, "name": "\u00e4" if n else "a"} for n, key in enumerate(gone)))

        found = await page(gateway, f'first: 10, filter: {{ systems: ["{STOPPED}"] }}')

        assert refs(found) == before[:10]
        calls = [call for call in gateway.log(STOPPED) if call.partition("?")[0] in FACTS[STOPPED].listed]
        about_those_gone = [set(gone) <= set(re.findall(r"\w+", call)) for call in calls]
        assert about_those_gone == [True, True, False]  # what an answer lacks is asked for once more, whoever asks
        assert [(system, sorted(keys), asked) for system, keys, asked in world.observer.told] == [
            (STOPPED, sorted(gone), 10)
        ]
        assert (
            found["totalCount"]
            == (await page(gateway, f'first: 1, filter: {{ systems: ["{STOPPED}"] }}', "id"))["totalCount"]
        )

    @pytest.mark.alone  # it goes by the clock
    @pytest.mark.parametrize("selection", ["nodes { %s }", "edges { cursor node { %s } }"])
    async def test_of_a_slow_system_stand_as_the_index_knows_them_and_are_told(
        self, box: Sandbox, world: FoundWorld, executor: ExecutorName, selection: str
    ) -> None:
        some, shown = f'filter: {{ systems: ["{STOPPED}"] }}', 'name version provenance(fields: ["name"]) { state }'
        async with finding_gateway(box, world, executor=executor, deadline_seconds=3.2) as gateway:
            (_, key), *_ = refs(await page(gateway, f"first: 1, {some}", "id"))
            await world.put(STOPPED, {"key": gone_key(key), "name": "a"})
            box.vendors[STOPPED].faults.set("latency", latency=0.9)
            answer = await gateway.ask(f"{{ customers(first: 3, {some}) {{ {selection % shown} }} }}")

        found = answer.data["customers"].get("nodes") or nodes(answer.data["customers"])
        told = [(node["provenance"][0]["state"], node["version"] is not None) for node in found]
        assert told == [("STALE", False), ("VALUE", True), ("VALUE", True)]
        assert found[0]["name"] == "a"
        (entry,) = incomplete(answer)
        assert (entry["path"], entry["system"], entry["code"]) == (["customers"], STOPPED, "UPSTREAM_BAD_RESPONSE")
        assert [(system, asked) for system, _, asked in world.observer.told] == [(STOPPED, 3)]

    async def test_the_cursors_are_those_of_the_rows_that_were_looked_at(
        self, gateway: Gateway, world: FoundWorld
    ) -> None:
        some = f'filter: {{ systems: ["{STOPPED}"] }}'
        people = refs(await page(gateway, f"first: 8, {some}", "id"))
        gone = [gone_key(key) for _, key in people[:4]]
        await world.put(STOPPED, *({"key": key, "name": "a"} for key in gone))

        nobody = await page(gateway, f"first: 2, {some}")  # and the next two rows are gone, too
        following = await page(gateway, f'first: 3, after: "{nobody["pageInfo"]["endCursor"]}", {some}')
        preceding = await page(gateway, f'last: 3, before: "{following["edges"][1]["cursor"]}", {some}')

        assert (nobody["edges"], nobody["pageInfo"]["hasNextPage"]) == ([], True)
        assert refs(following) == people[:3]
        assert refs(preceding) == people[:1]
        assert preceding["pageInfo"]["hasPreviousPage"] is False


def replaced_by_a_folder(file: Path) -> None:
    """Make a database's file something that cannot be opened as one."""
    for each in file.parent.glob(f"{file.name}*"):
        each.unlink()
    file.mkdir()


def gone_key(key: str) -> str:
    """A key of the same form that no customer has."""
    return key.translate(str.maketrans("123456789", "987654321"))


class TestTheIndex:
    async def test_a_system_that_was_never_read_whole_is_told(
        self, box: Sandbox, world: FoundWorld, executor: ExecutorName
    ) -> None:
        await world.complete(SYSTEMS[1:])
        async with finding_gateway(box, world, executor=executor) as gateway:
            some = await gateway.ask(of_page("first: 1", "id").replace("customers(", "found: customers("))
            others = await gateway.ask(of_page(f'first: 1, filter: {{ systems: ["{SYSTEMS[1]}"] }}', "id"))

        told = {"path": ["found"], "system": SYSTEMS[0], "code": "SYNC_INCOMPLETE", "retryable": True}
        assert (incomplete(some), incomplete(others)) == ([told], [])
        assert world.passes is not None
        assert world.passes.looks == 0  # the page itself says it, of the same moment

    async def test_that_does_not_answer_is_an_error_of_the_field_that_may_be_asked_again(
        self, box: Sandbox, world: FoundWorld, tmp_path: Path, executor: ExecutorName
    ) -> None:
        await world.database.aclose()
        replaced_by_a_folder(tmp_path / "index.db")
        async with finding_gateway(box, world, executor=executor) as gateway:
            answer = await gateway.ask(f"{{ systems {{ name }} {of_page('first: 1')[1:]}")

        (error,) = answer.errors
        assert (error["extensions"]["code"], error["extensions"]["retryable"]) == ("CATALOG_UNAVAILABLE", True)
        assert (answer.body["data"], error["path"]) == (None, ["customers"])
        assert str(tmp_path) not in error["message"]

    async def test_that_is_not_configured_says_what_to_configure(self, box: Sandbox, executor: ExecutorName) -> None:
        async with gateway_over(box, executor=executor) as gateway:
            answer = await gateway.ask(of_page("first: 1"))

        (error,) = answer.errors
        assert (error["extensions"]["code"], error["extensions"]["retryable"]) == ("CATALOG_UNAVAILABLE", False)
        assert "[database]" in error["message"]

    async def test_that_was_never_filled_finds_nobody(self, box: Sandbox, tmp_path: Path) -> None:
        async with empty_index(f"{SQLITE}{tmp_path}/none.db") as world, finding_gateway(box, world) as gateway:
            answer = await gateway.ask(of_page("first: 5"))

        assert (answer.data["customers"]["totalCount"], answer.data["customers"]["edges"]) == (0, [])
        assert [each["system"] for each in incomplete(answer)] == list(SYSTEMS)
