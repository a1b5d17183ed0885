"""Keys of embedded nouns: the vendor's id, else what the content makes of it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer_gateway.documents.embedded import ITEM_KEY, keyed
from customer_gateway.documents.record import DocumentContext, Record

ANNA, BERT = {"name": "Anna"}, {"name": "Bert"}
FORM = re.compile("[A-Za-z0-9_-]{1,50}")
SENT: st.SearchStrategy[Any] = st.sampled_from([0, 1, "1", 2, None, "x"])
ITEMS = st.lists(st.fixed_dictionaries({"name": st.sampled_from("abc"), "id": SENT}))


def context() -> DocumentContext:
    return DocumentContext.of("acme", "http://acme.test", "Europe/Berlin", "DE")


def keys(
    *documents: dict[str, Any], how: DocumentContext | None = None, form: re.Pattern[str] | None = None
) -> list[str]:
    how = how or context()
    return [key for key, _ in keyed([Record(each, how) for each in documents], "contacts", "id", form)]


@pytest.mark.parametrize("sent", [7, "7", 7.0, " 7 "])
def test_an_id_is_the_key_however_the_number_is_written(sent: object) -> None:
    assert keys({"id": sent, **ANNA}) == ["7"]


@pytest.mark.parametrize("sent", [None, 0, "0", 0.0, "", -3, "A-7", 10**18])
def test_what_is_no_id_leaves_a_key_of_the_content(sent: object) -> None:
    (key,) = keys({"id": sent, **ANNA})

    assert re.fullmatch("~[0-9a-f]{16}", key)


@pytest.mark.parametrize(("sent", "key"), [("contact_A7", "contact_A7"), (7, "7"), (7.0, "7"), (" A-7 ", "A-7")])
def test_an_id_may_be_a_text_of_a_form(sent: object, key: str) -> None:
    how = context()

    assert keys({"id": sent, **ANNA}, how=how, form=FORM) == [key]
    assert how.drift.notices == set()


@pytest.mark.parametrize(("sent", "noticed"), [(None, False), ("", False), ("a/b", True), ("~0123456789abcdef", True)])
def test_a_text_that_is_no_id_leaves_a_key_of_the_content(sent: object, *, noticed: bool) -> None:
    how = context()
    (key,) = keys({"id": sent, **ANNA}, how=how, form=FORM)

    assert re.fullmatch("~[0-9a-f]{16}", key)
    assert how.drift.notices == ({("id", "not a key of its form")} if noticed else set())


def test_of_several_with_one_text_as_id_the_first_has_it() -> None:
    first, second = keys({"id": "a", **ANNA}, {"id": "a", **BERT}, form=FORM)

    assert (first, second[:1]) == ("a", "~")


def test_a_key_of_the_content_is_the_same_wherever_the_object_stands_and_however_its_keys_are_ordered() -> None:
    (alone,) = keys({"name": "Anna", "fax": None})
    among = keys(BERT, {"id": 4}, {"fax": None, "name": "Anna"})

    assert among[2] == alone
    assert keys({"name": "Anne", "fax": None}) != [alone]


def test_equal_objects_are_told_apart_by_their_order() -> None:
    (anna,) = keys(ANNA)

    assert keys(ANNA, BERT, ANNA, ANNA) == [anna, *keys(BERT), f"{anna}-2", f"{anna}-3"]


def test_of_several_with_one_id_the_first_has_it_and_the_others_are_known_by_their_content() -> None:
    how = context()
    first, other = {"id": 7, **ANNA}, {"id": 7, **BERT}

    found = keys(first, other, other, how=how)

    assert (found[0], found[2]) == ("7", f"{found[1]}-2")
    assert found[1].startswith("~")
    assert how.drift.notices == {("contacts[].id", "the same in several")}


def test_an_object_that_nests_deeper_than_is_encoded_has_a_key_too() -> None:
    deep: dict[str, Any] = {}
    for _ in range(900):
        deep = {"a": deep}

    assert re.fullmatch(ITEM_KEY, keys(deep)[0])


@given(ITEMS)
def test_every_object_has_a_key_of_its_own_and_of_the_form(documents: list[dict[str, Any]]) -> None:
    found = keys(*documents)

    assert len(set(found)) == len(documents)
    assert all(re.fullmatch(ITEM_KEY, key) for key in found)
