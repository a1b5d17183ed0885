"""A customer is found by what its answer shows, read live or as the index knows it: each field by each operator."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any, Final

import pytest
from catalog_index import finding_gateway, index_of
from gateway import SYSTEMS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gateway import Gateway

    from customer_gateway.sandbox import Sandbox

pytestmark = pytest.mark.anyio

ASKED: Final = 12
TEXTS: Final = ("name", "number", "email", "phone", "vatNumber", "organizationNumber")
SHOWN: Final = f"id {' '.join(TEXTS)} kind status isSupplier createdAt updatedAt address {{ city countryCode }}"
FIND: Final = """query ($filter: CustomerFilter, $search: String) {
  customers(first: 100, search: $search, filter: $filter, live: false) { nodes { id } } }"""


def of_address(node: Mapping[str, Any], part: str) -> str | None:
    return None if node["address"] is None else node["address"][part]


def by_texts(random: Random, node: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a person may ask of the texts that are shown, by each operator."""
    texts = {name: node[name] for name in TEXTS} | {"city": of_address(node, "city")}
    found: list[dict[str, Any]] = [{}, {}, {}, {}]
    for name, text in texts.items():
        if text is None:
            continue
        begin, end = sorted(random.sample(range(len(text) + 1), 2))
        beginning, piece = (each if any(map(str.isalnum, each)) else text for each in (text[:end], text[begin:end]))
        asked = {"eq": text}, {"in": ["?", text]}, {"startsWith": beginning}, {"contains": piece}
        for each, operator in zip(found, asked, strict=True):
            each[name] = operator
    return found


def by_others(node: Mapping[str, Any]) -> dict[str, Any]:
    """What a person may ask of the other fields that are shown, of few enough customers for a page."""
    lists = {"kind": node["kind"], "status": node["status"], "countryCode": of_address(node, "countryCode")}
    asked: dict[str, Any] = {"name": {"eq": node["name"]}}
    asked |= {name: [value] for name, value in lists.items() if value is not None}
    for name in ("createdAt", "updatedAt"):
        if node[name] is not None:
            moment, moments = datetime.fromisoformat(node[name]), timedelta(microseconds=1)
            asked[name] = {"after": (moment - moments).isoformat(), "before": (moment + moments).isoformat()}
    return asked | ({} if node["isSupplier"] is None else {"isSupplier": node["isSupplier"]})


def questions(random: Random, system: str, node: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The variables of each question that is to find a customer."""
    filters = [{"systems": [system], **asked} for asked in (*by_texts(random, node), by_others(node))]
    whole = [node[name] for name in ("number", "email", "phone", "vatNumber") if node[name]]
    return [{"filter": each} for each in filters] + [{"search": each, "filter": filters[-1]} for each in whole]


async def is_found(gateway: Gateway, node: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    answer = await gateway.ask(FIND, asked)
    return node["id"] in {each["id"] for each in answer.data["customers"]["nodes"]}


@pytest.mark.table
@pytest.mark.parametrize("live", ["true", "false"])
@pytest.mark.parametrize("system", SYSTEMS)
async def test_a_customer_is_found_by_each_field_that_is_shown_of_it(
    system: str, live: str, box: Sandbox, tmp_path: Path
) -> None:
    random = Random(f"{system} {live}")
    ends = " ".join(
        f'{end}: customers({end}: 60, live: {live}, filter: {{ systems: ["{system}"] }}) {{ nodes {{ {SHOWN} }} }}'
        for end in ("first", "last")
    )
    async with index_of(box, tmp_path) as world, finding_gateway(box, world) as gateway:
        pages = (await gateway.ask(f"{{ {ends} }}")).data
        shown = [node for page in pages.values() for node in page["nodes"]]
        asked = [(node, each) for node in random.sample(shown, ASKED) for each in questions(random, system, node)]
        assert [(node, each) for node, each in asked if not await is_found(gateway, node, each)] == []
