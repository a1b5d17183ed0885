"""docs/finding.md says which words of a field a search finds: held against the tokens that rows really have."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from customer_gateway.catalog import questions
from customer_gateway.catalog.tokens import DIALLED, WHOLE, WORD, tokens_of
from customer_gateway.documents.structs import graphql_name
from customer_gateway.model.catalog import INDEXED_FIELDS, TEXT_FIELDS

DOCUMENT = (Path(__file__).parents[1] / "docs" / "finding.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \|(.*?)\|$", DOCUMENT, flags=re.MULTILINE)
BY_NAME = {graphql_name(name): name for name in INDEXED_FIELDS}


def test_the_table_has_each_field_that_a_search_looks_at() -> None:
    assert {BY_NAME[name] for name, *_ in ROWS} == set(TEXT_FIELDS)


@pytest.mark.parametrize(("name", "value", "words", "whole"), ROWS, ids=[row[0] for row in ROWS])
def test_a_field_gives_these_words(name: str, value: str, words: str, whole: str) -> None:
    text, _, country = value.partition(", in ")
    tokens = tokens_of("pland", {BY_NAME[name]: text, "country_code": country or None})

    assert re.findall(r"`(\w+)`", words) == [each[1:] for each in tokens if each.startswith(WORD)]
    assert re.findall(r"`(\w+)`", whole) == [each[1:] for each in tokens if each[0] in (WHOLE, DIALLED)]


def test_it_says_how_many_words_a_search_may_have() -> None:
    assert f"words ({questions.MOST_WORDS} at most)" in DOCUMENT
