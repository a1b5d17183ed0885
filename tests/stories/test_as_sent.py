"""Values as real installations send them: each row of `as_sent.py` for each system, asked of the whole gateway."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from gateway import SYSTEMS
from scripted import customer, scripted
from stories.as_sent import CASES, ELSEWHERE, REASONS, ROWS, Case

if TYPE_CHECKING:
    from customer_gateway.api.engine import ExecutorName

TESTS = Path(__file__).parent.parent


@pytest.mark.anyio
@pytest.mark.table
@pytest.mark.parametrize("case", CASES, ids=str)
async def test_a_value_is_told_right_or_told_as_unreadable(case: Case, executor: ExecutorName) -> None:
    states = "".join(f' {name}: provenance(fields: ["{name}"]) {{ state }}' for name in case.states)
    asked = f"{{ system(name: $name) {{ customers(first: 5) {{ nodes {{ {case.selection} }} }} }} }}"
    told = f"{{ system(name: $name) {{ customers(first: 5) {{ nodes {{ key: id {states} }} }} }} }}"
    customers = [customer(case.system, **case.sent)] if case.customers is None else list(case.customers)
    async with scripted(case.system, customers, case.routes, executor=executor) as gateway:
        answer = await gateway.ask(f"query ($name: String!) {asked}", {"name": case.system})
        provenance = await gateway.ask(f"query ($name: String!) {told}", {"name": case.system})
        noticed = gateway.noticed()

    assert answer.codes == list(case.codes), answer.errors
    (system,) = answer.partial.values()
    nodes = system["customers"]["nodes"] if system["customers"] else None
    assert nodes == (None if case.failed else case.nodes if case.nodes is not None else [case.value])
    if case.states:
        (node,) = provenance.partial["system"]["customers"]["nodes"]
        assert {name: node[name][0]["state"] for name in case.states} == case.states
    assert set(case.notices) <= noticed
    if not case.notices and case.quiet:
        assert noticed == set()


def test_every_row_says_of_every_system_what_it_does_or_why_the_system_cannot_send_it() -> None:
    told = {(case.row, case.system) for case in CASES} | REASONS.keys() | ELSEWHERE.keys()

    assert sorted((row, system) for row in ROWS for system in SYSTEMS if (row, system) not in told) == []
    assert {row for row, _ in told} == set(ROWS)
    assert all(len(reason.split()) > 3 for reason in REASONS.values())


def test_every_test_that_the_table_names_is_there() -> None:
    named = {test for tests in ELSEWHERE.values() for test in tests}
    sources = {path: (TESTS / path).read_text() for path in {test.partition("::")[0] for test in named}}

    missing = [test for test in named if f"def {test.partition('::')[2]}(" not in sources[test.partition("::")[0]]]

    assert missing == []


def test_no_case_stands_twice() -> None:
    assert [name for name, times in Counter(map(str, CASES)).items() if times > 1] == []
