"""A system's users page by page, and what its fields may be that hold an id of a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest
from api.recorded_operations import KIND, WRITES, Recorded, WrittenGraph
from federation.fake_system import Acme, AcmeUser

from customer_gateway.documents.choices import Choice
from customer_gateway.errors import UpstreamUnavailable
from customer_gateway.system import Page

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from customer_gateway.api.engine import ExecutorName
    from customer_gateway.system import CustomerWriter
    from customer_gateway.work.deadline import Deadline

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("executor", ["breadth", "reference"])]

USERS = """query ($first: Int!, $after: String) { system(name: "acme") { users(first: $first, after: $after) {
  nodes { key name } edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage endCursor } } } }"""
CHOICES = 'query ($field: String!) { system(name: "acme") { choices(field: $field) { value label } } }'


class Lists:
    """What a writer tells of lists, and which places it was asked for."""

    def __init__(self) -> None:
        self.writes = WRITES
        self.asked: list[list[str]] = []

    async def choices(self, places: Iterable[str], deadline: Deadline) -> Mapping[str, Sequence[Choice]]:
        del deadline
        self.asked.append([*places])
        return {place: [Choice(31, "Company"), Choice("x", None)] for place in self.asked[-1]}


class Unsure(Acme):
    """A system whose pages of users do not tell whether more follow."""

    async def people(self, start: int, size: int, deadline: Deadline, after: str = "") -> Page[Any] | None:
        page = await super().people(start, size, deadline, after)
        assert page is not None
        return Page(page.places)


class Alone(Acme):
    """A system without users."""

    async def people(self, start: int, size: int, deadline: Deadline, after: str = "") -> Page[Any] | None:
        del start, size, deadline, after
        return None


class ByToken(Acme):
    """A system whose pages of users follow each other by its own tokens, each a row into the list; rows may be none."""

    async def people(self, start: int, size: int, deadline: Deadline, after: str = "") -> Page[Any] | None:
        del deadline
        self.log.append(f"people {start}+{size} {after}".rstrip())
        first = int(after.removeprefix("t") or 0)
        found = [None, *self.staff.values()]
        return Page(found[first : first + size], first + size < len(found), after=lambda at: f"t{first + at + 1}")


def staff(count: int) -> dict[str, AcmeUser]:
    return {f"u{number}": AcmeUser("acme", f"u{number}", f"User {number}") for number in range(count)}


async def users(graph: WrittenGraph, first: int, after: str | None = None) -> Any:
    return (await graph.data(USERS, first=first, after=after))["system"]["users"]


async def test_users_are_listed_in_the_systems_own_order(executor: ExecutorName) -> None:
    acme = Acme(staff=staff(3), kind=KIND)
    graph = WrittenGraph(executor, None, acme)

    first = await users(graph, 2)
    second = await users(graph, 2, first["pageInfo"]["endCursor"])

    assert [each["key"] for each in first["nodes"]] == ["u0", "u1"]
    assert first["edges"][1]["cursor"] == first["pageInfo"]["endCursor"]
    assert [each["name"] for each in second["nodes"]] == ["User 2"]
    assert (first["pageInfo"]["hasNextPage"], second["pageInfo"]["hasNextPage"]) == (True, False)
    assert acme.log == ["people 0+2", "people 2+2"]


async def test_a_cursor_carries_what_the_system_goes_on_by_also_past_a_row_without_a_key(
    executor: ExecutorName,
) -> None:
    acme = ByToken(staff=staff(3), kind=KIND)
    graph = WrittenGraph(executor, None, acme)
    pages: list[Any] = []
    after = None
    while not pages or pages[-1]["pageInfo"]["hasNextPage"]:
        pages.append(await users(graph, 1, after))
        after = pages[-1]["pageInfo"]["endCursor"]

    assert [[each["key"] for each in page["nodes"]] for page in pages] == [[], ["u0"], ["u1"], ["u2"]]
    assert acme.log == ["people 0+1", "people 1+1 t1", "people 2+1 t2", "people 3+1 t3"]


async def test_a_page_that_does_not_tell_costs_another_call(executor: ExecutorName) -> None:
    acme = Unsure(staff=staff(2), kind=KIND)
    graph = WrittenGraph(executor, None, acme)

    page = await users(graph, 1)
    last = await users(graph, 2)

    assert (page["pageInfo"]["hasNextPage"], last["pageInfo"]["hasNextPage"]) == (True, False)
    assert acme.log == ["people 0+1", "people 1+1", "people 0+2", "people 2+1"]


async def test_a_page_whose_end_nobody_asks_for_costs_none(executor: ExecutorName) -> None:
    acme = Unsure(staff=staff(2), kind=KIND)

    await WrittenGraph(executor, None, acme).data('{ system(name: "acme") { users(first: 1) { nodes { key } } } }')

    assert acme.log == ["people 0+1"]


async def test_a_system_without_users_has_null(executor: ExecutorName) -> None:
    assert await users(WrittenGraph(executor, None, Alone(kind=KIND)), 2) is None


async def test_users_that_cannot_be_read_are_an_error_of_their_field(executor: ExecutorName) -> None:
    acme = Acme(kind=KIND, failing={"people": UpstreamUnavailable("acme", "down")})

    answer = await WrittenGraph(executor, None, acme).ask(USERS, first=2)

    assert answer["data"] == {"system": {"users": None}}
    assert [each["extensions"]["code"] for each in answer["errors"]] == ["UPSTREAM_UNAVAILABLE"]


@pytest.mark.parametrize("after", ["nonsense", ""])
async def test_a_cursor_that_is_none_of_the_list_is_refused(executor: ExecutorName, after: str) -> None:
    answer = await WrittenGraph(executor, None, Acme(kind=KIND)).ask(USERS, first=2, after=after)

    assert [each["extensions"]["code"] for each in answer["errors"]] == ["INVALID_CURSOR"]


@pytest.mark.parametrize(
    ("field", "place"), [("kind", "kind_id"), ("billing.paymentTermsId", "terms"), ("name", None), ("nothing", None)]
)
async def test_choices_are_found_by_the_fields_name(executor: ExecutorName, field: str, place: str | None) -> None:
    lists = Lists()
    acme = Acme(kind=KIND, writer=cast("CustomerWriter", lists))

    data = await WrittenGraph(executor, Recorded(), acme).data(CHOICES, field=field)

    found = [{"value": "31", "label": "Company"}, {"value": "x", "label": None}]
    assert data["system"]["choices"] == (found if place else None)
    assert lists.asked == ([[place]] if place else [])


async def test_a_system_that_cannot_be_written_has_no_choices(executor: ExecutorName) -> None:
    assert (await WrittenGraph(executor, None).data(CHOICES, field="kind"))["system"]["choices"] is None
