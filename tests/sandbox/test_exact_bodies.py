"""What is stored of a body: every number as it is spelled, and what the vendor does not know, where it keeps that."""

from __future__ import annotations

import asyncio
import json
import os
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sandbox.clients import Clock, guest, signed_in
from sandbox.exact_text import UNKNOWN_MEMBERS, VALUES, exactly, with_members
from vendors import WRITES, sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from customer_gateway.sandbox.store import Collection


LAW: Final = settings(max_examples=1_000 if os.environ.get("FUZZ") else 25)


BODIES: Final = {name: facts.bodies for name, facts in WRITES.items()}
WHOLE: Final = [name for name, bodies in BODIES.items() if bodies.refused is None]
"""Their PUT takes the whole document, and keeps members that no vendor documents."""
PARTIAL: Final = [name for name, bodies in BODIES.items() if bodies.refused is not None]
"""They take a part of a document, and refuse members that they do not document."""


class World:
    """The vendors in process, each with a client; every example begins with the customer as it was."""

    def __init__(self) -> None:
        self.runner = asyncio.Runner()
        self.box = sandbox(customers=5, clock=Clock())
        self.clients = {name: self.runner.run(self._client(name)) for name in BODIES}
        self.keys = {name: self.customers(name).keys()[1] for name in BODIES}
        self.texts = {name: self.customers(name).text(self.keys[name]) for name in BODIES}

    async def _client(self, name: str) -> httpx.AsyncClient:
        return await signed_in(self.box.vendors[name], guest(self.box.vendors[name]))

    def customers(self, name: str) -> Collection:
        return self.box.vendors[name].customers

    def begin(self, name: str) -> str:
        self.customers(name).write(self.keys[name], self.texts[name])
        return self.texts[name]

    def stored(self, name: str) -> str:
        return self.customers(name).text(self.keys[name])

    def call(self, name: str, method: str, path: str, text: str | None = None) -> httpx.Response:
        content = None if text is None else text.encode()
        return self.runner.run(self.clients[name].request(method, path, content=content))

    def update(self, name: str, text: str) -> httpx.Response:
        return self.call(name, BODIES[name].update, self.path(name), text)

    def path(self, name: str) -> str:
        collection = BODIES[name].collection.removesuffix("/")
        return f"{collection}/{self.keys[name]}"


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    made = World()
    yield made
    for client in made.clients.values():
        made.runner.run(client.aclose())
    made.runner.close()
    made.box.close()


def but_stamps(name: str, text: str) -> Any:
    """The members of a document in their order, but for the stamps that a write moves."""
    return [member for member in exactly(text)[1] if member[0] not in BODIES[name].stamps]


def planted_in_a_list(world: World, name: str, members: str) -> str:
    """A text of an entry with further members, planted in the customer's list of such entries."""
    entries = json.loads(world.begin(name))[BODIES[name].nested]
    entry = with_members(json.dumps(entries[0]), members)
    rest = [json.dumps(each) for each in entries[1:]]
    world.customers(name).plant(world.keys[name], f'{{"{BODIES[name].nested}":[{",".join([entry, *rest])}]}}')
    return entry


@pytest.mark.parametrize("name", WHOLE)
@LAW
@given(members=UNKNOWN_MEMBERS)
@example(members='{"x":1.10,"y":[1e2,{"z":12.0,"z":null}],"n":-0,"null":null,"big":99999999999999999999999999}')
def test_what_is_planted_is_read_and_a_put_of_what_was_read_changes_nothing(
    world: World, name: str, members: str
) -> None:
    world.begin(name)
    world.customers(name).plant(world.keys[name], members)
    before = world.stored(name)

    read = world.call(name, "GET", world.path(name)).text
    answer = world.update(name, before)

    assert before in read
    assert answer.is_success, answer.text
    assert exactly(members)[1][0] in exactly(before)[1]
    assert but_stamps(name, world.stored(name)) == but_stamps(name, before)


@pytest.mark.parametrize("name", [name for name in WHOLE if BODIES[name].nested])
@LAW
@given(members=UNKNOWN_MEMBERS)
def test_members_planted_in_an_entry_of_a_list_come_back(world: World, name: str, members: str) -> None:
    entry = planted_in_a_list(world, name, members)
    before = world.stored(name)

    answer = world.update(name, before)

    assert answer.is_success, answer.text
    assert but_stamps(name, world.stored(name)) == but_stamps(name, before)
    assert exactly(entry) in dict(exactly(world.stored(name))[1])[BODIES[name].nested]


@pytest.mark.parametrize("name", WHOLE)
@LAW
@given(members=UNKNOWN_MEMBERS)
def test_unknown_members_are_stored_as_sent_and_gone_when_left_out(world: World, name: str, members: str) -> None:
    before = world.begin(name)

    added = world.update(name, with_members(before, members))
    stored = world.stored(name)
    world.update(name, before)

    assert added.is_success, added.text
    assert [member for member in exactly(members)[1] if member not in exactly(stored)[1]] == []
    assert but_stamps(name, world.stored(name)) == but_stamps(name, before)


@pytest.mark.parametrize("name", WHOLE)
@LAW
@given(members=UNKNOWN_MEMBERS)
def test_a_new_customer_keeps_unknown_members(world: World, name: str, members: str) -> None:
    answer = world.call(name, "POST", BODIES[name].collection, with_members(json.dumps(BODIES[name].new), members))

    made = world.customers(name).keys()[-1]
    stored = world.customers(name).text(made)
    world.customers(name).delete(made)
    assert answer.is_success, answer.text
    assert [member for member in exactly(members)[1] if member not in exactly(stored)[1]] == []
    assert stored in answer.text


@pytest.mark.parametrize("name", PARTIAL)
@LAW
@given(members=UNKNOWN_MEMBERS)
def test_unknown_members_are_refused_and_nothing_is_stored(world: World, name: str, members: str) -> None:
    before, count = world.begin(name), world.customers(name).count()

    changed = world.update(name, members)
    created = world.call(name, "POST", BODIES[name].collection, with_members(json.dumps(BODIES[name].new), members))

    status, told_in = BODIES[name].refused or (0, "")
    assert (changed.status_code, created.status_code) == (status, status)
    first = exactly(members)[1][0][0]
    assert first in str(json.loads(changed.text)[told_in]) or not first.isprintable()
    assert (world.stored(name), world.customers(name).count()) == (before, count)


@pytest.mark.parametrize("name", PARTIAL)
@LAW
@given(members=UNKNOWN_MEMBERS)
def test_a_part_of_a_document_leaves_what_was_planted(world: World, name: str, members: str) -> None:
    world.begin(name)
    world.customers(name).plant(world.keys[name], members)
    before = world.stored(name)

    answer = world.update(name, json.dumps({"name": "Neu"}))

    expected = [(key, "Neu" if key == "name" else value) for key, value in but_stamps(name, before)]
    assert answer.is_success, answer.text
    assert but_stamps(name, world.stored(name)) == expected
    assert world.stored(name) in answer.text


@pytest.mark.vendors("pland")
@LAW
@given(contract=VALUES.filter(lambda text: text.startswith("{")), members=UNKNOWN_MEMBERS)
def test_pland_stores_nested_objects_whole_as_they_were_sent(world: World, contract: str, members: str) -> None:
    contact = with_members('{"email":"a@b.example","smsCount":1.0}', members)

    answer = world.update("pland", f'{{"contract":{contract},"contact":{contact}}}')

    stored = dict(exactly(world.stored("pland"))[1])
    assert answer.is_success, answer.text
    assert (stored["contract"], stored["contact"]) == (exactly(contract), exactly(contact))


@pytest.mark.vendors("next")
@LAW
@given(markup=st.decimals(-1000, 1000, places=3).map(str) | st.sampled_from(["1.10", "1e2", "12.0", "7", "-0.0"]))
def test_next_stores_a_number_as_it_is_spelled(world: World, markup: str) -> None:
    world.begin("next")

    answer = world.update("next", f'{{"markup":{markup}}}')

    assert dict(exactly(world.stored("next"))[1])["markup"] == ("number", markup)
    assert f'"markup":{markup},' in answer.text


@pytest.mark.parametrize("name", BODIES)
def test_lists_show_a_row_as_it_is_stored(world: World, name: str) -> None:
    world.begin(name)
    world.customers(name).plant(world.keys[name], '{"x":1.10,"y":{"a":1,"a":2}}')
    method, path = BODIES[name].listed
    body = "{}" if method == "POST" else None
    rows = world.call(name, method, path.replace("{key}", world.keys[name]), body).text

    shown = world.stored(name) in rows
    assert '"x":1.10,"y":{"a":1,"a":2}' in world.stored(name)
    assert shown == BODIES[name].lists_unknown
    assert shown or '"x"' not in rows


@pytest.mark.parametrize(
    "body", ['{"name":"\\ud800"}', '{"name":NaN}', "[" * 500 + "]" * 500, "[" * 100_000, '{"name":1,}', "\ufeff{}"]
)
def test_a_body_that_is_no_json_is_refused(world: World, body: str) -> None:
    for name in BODIES:
        before = world.begin(name)

        assert world.update(name, body).status_code == 400
        assert world.stored(name) == before


@pytest.mark.parametrize("name", BODIES)
def test_a_stored_text_is_answered_to_the_letter(world: World, name: str) -> None:
    members = '"x":1.10,"x":2e0,"y":9007199254740993,"z":-0,"big":99999999999999999999999'
    text = with_members(world.begin(name), f"{{{members}}}")
    world.customers(name).write(world.keys[name], text)

    read = world.call(name, "GET", world.path(name)).text

    assert members in read
    assert world.stored(name) == text


@pytest.mark.vendors("next")
def test_a_text_of_another_customer_is_not_written_over_this_one(world: World) -> None:
    before = world.begin("next")

    with pytest.raises(ValueError, match="another key than 1204"):
        world.customers("next").write("1204", before)


@pytest.mark.vendors("next")
def test_a_document_that_is_not_there_has_no_text(world: World) -> None:
    with pytest.raises(KeyError):
        world.customers("next").text("1")


@pytest.mark.parametrize("name", BODIES)
def test_the_log_has_the_bodies_of_writes_as_they_were_sent(world: World, name: str) -> None:
    world.begin(name)
    world.box.vendors[name].log.clear()
    body = '{ "name" : "\\u00e4" , "x":1.10 }'

    world.update(name, body)

    assert [(str(call), call.body) for call in world.box.vendors[name].log.entries] == [
        (f"{BODIES[name].update} {world.path(name)}", body.encode())
    ]
