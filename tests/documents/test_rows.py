"""Rows: decoded in one pass or read from documents, the values are the same."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer_gateway.documents.record import DocumentContext
from customer_gateway.documents.row import Email, Key, Part, Raw, Row, Text, WrongForm, keyed, named, raw_document
from customer_gateway.documents.rows import DriftSampler, Rows


class Status(Part, kw_only=True):
    state: Text = None
    created_by: Text = named("createdBy")
    created_at: Raw = named("createdAt")


class Access(Part, kw_only=True):
    email: Email = None


class Person(Row, kw_only=True):
    key: str = keyed("_id")
    first_name: Text = named("firstName")
    tags: Raw = None
    status: Status | None = None
    access: Access | None = None


class Filed(Row, kw_only=True):
    key: str = keyed("_id")
    document: dict[str, Any] = raw_document()


class Numbered(Row, kw_only=True):
    key: Key = keyed("id")
    first_name: Text = named("firstName")


def context() -> DocumentContext:
    return DocumentContext.of("somewhere", "https://vendor.test", "Europe/Berlin", "DE")


def decoded(row: type[Any], document: object) -> Any:
    (found,) = Rows(row, context()).decode(orjson.dumps([document]))
    return found


def values(part: Any) -> Any:
    """All that a part holds, told by the names of its fields."""
    if not isinstance(part, Part):
        return part
    return {name: values(getattr(part, name)) for name in part.__struct_fields__ if name not in {"context", "document"}}


TEXTS = st.one_of(
    st.none(), st.text(max_size=4), st.sampled_from(["", " ", "\t\n", "\u00a0", "Ö", " x "]), st.integers(-9, 9)
)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)  # JSON knows no others
ODD = st.one_of(TEXTS, st.booleans(), NUMBERS, st.lists(TEXTS, max_size=2), st.just({"a": 1}))
ADDRESSES = st.sampled_from(["a@x.example", "a@x.example; b@x.example", " a@x.example\n", "a@x.example,b"])
DOCUMENTS = st.fixed_dictionaries(
    {"_id": st.text(min_size=1, max_size=3)},
    optional={
        "firstName": st.one_of(TEXTS, ODD),
        "tags": ODD,
        "status": st.one_of(
            st.fixed_dictionaries({}, optional={"state": TEXTS, "createdBy": ODD, "createdAt": ODD, "more": ODD}), ODD
        ),
        "access": st.one_of(st.none(), st.fixed_dictionaries({"email": st.one_of(TEXTS, ADDRESSES)})),
        "more": ODD,
    },
)


@given(st.lists(DOCUMENTS, max_size=3))
def test_decoding_in_one_pass_gives_what_reading_the_documents_gives(documents: list[dict[str, Any]]) -> None:
    rows = Rows(Person, context())

    assert list(map(values, rows.decode(orjson.dumps(documents)))) == list(map(values, rows.read(documents)))


def test_a_blank_text_is_none_at_every_depth() -> None:
    person = decoded(Person, {"_id": "1", "firstName": " ", "status": {"state": "", "createdBy": "\u00a0"}})

    assert (person.first_name, person.status.state, person.status.created_by) == (None, None, None)


@pytest.mark.parametrize(
    "sent", ["a@x.example; b@x.example", " a@x.example", "a@x.example\n", "a@x.example|b@x.example"]
)
def test_an_email_is_the_first_address_of_its_field(sent: str) -> None:
    person = decoded(Person, {"_id": "1", "access": {"email": sent}})

    assert person.access.email == "a@x.example"


def test_a_number_where_a_text_is_declared_is_its_decimal_text() -> None:
    person = decoded(Person, {"_id": "1", "firstName": 7, "status": {"state": 1}})

    assert (person.first_name, person.status.state) == ("7", "1")


def test_a_part_of_another_form_is_none_with_a_notice() -> None:
    rows = Rows(Person, how := context())

    (person,) = rows.decode(b'[{"_id": "1", "status": "active"}]')

    assert person.status is None
    assert how.drift.notices == {("status", "not an object")}


@pytest.mark.parametrize("body", [b'[{"firstName": "no key"}]', b'[{"_id": {}}]'])
def test_a_lone_row_without_a_key_keeps_its_place_and_is_noticed(body: bytes) -> None:
    rows = Rows(Person, how := context())

    assert [row.key for row in rows.decode(body)] == [""]
    assert ("_id", "missing: the row is left out of its list") in how.drift.notices


@pytest.mark.parametrize(
    "body", [b'{"_id": "1"}', b"null", b'[{"firstName": "no key"}, {"_id": {}}]', b"[null]", b'["1"]']
)
def test_what_is_no_list_of_objects_with_a_key_is_refused(body: bytes) -> None:
    with pytest.raises(WrongForm):
        Rows(Person, context()).decode(body)


@pytest.mark.parametrize("body", [b"", b"<html>", b'[{"_id": "1"', b'[{"_id": "1", "firstName": NaN}]', b"\xff"])
def test_what_is_no_json_is_refused_as_such(body: bytes) -> None:
    with pytest.raises(orjson.JSONDecodeError):
        Rows(Person, context()).decode(body)


def test_a_row_keeps_its_document_only_where_it_was_read_from_one() -> None:
    rows = Rows(Filed, context())

    (filed,) = rows.read([{"_id": "1", "more": 2}])
    (light,) = rows.decode(b'[{"_id": "1", "more": 2}]')

    assert filed.document == {"_id": "1", "more": 2}
    with pytest.raises(AttributeError):
        light.document.get("more")


def test_json_cannot_say_what_was_misread() -> None:
    (row,) = Rows(Person, context()).decode(b'[{"_id": "1", "gateway:misread": ["first_name"]}]')

    assert row.misread == frozenset()


def test_nothing_in_the_json_can_stand_for_how_a_row_is_read() -> None:
    document = {"_id": "1", "gateway:context": None, "gateway:document": {"more": 1}}

    assert decoded(Person, document).system == "somewhere"
    assert Rows(Filed, context()).read([document])[0].document is document
    with pytest.raises(AttributeError):
        decoded(Filed, {"_id": "1", "gateway:document": {"more": 1}}).document.get("more")


@pytest.mark.parametrize("odd", [b'"\xff"', b"1e999"], ids=["no UTF-8", "past every double"])
def test_what_no_row_reads_is_checked_only_where_documents_are_decoded(odd: bytes) -> None:
    rows = Rows(Person, context())

    (person,) = rows.decode(b'[{"_id": "1", "unread": ' + odd + b"}]")

    assert person.key == "1"
    with pytest.raises(orjson.JSONDecodeError):
        rows.decode(b'[{"_id": "1", "firstName": true, "unread": ' + odd + b"}]")


@pytest.mark.parametrize("number", [0, 1050, -7, 2**64 - 1])
def test_an_integer_where_a_text_is_due_is_its_digits_still_in_one_pass(number: int) -> None:
    body = b'[{"_id": "1", "firstName": %d, "unread": "\xff"}, {"_id": "2", "firstName": ""}]' % number

    first, second = Rows(Person, context()).decode(body)  # a document with such bytes would be refused

    assert (first.first_name, second.first_name) == (str(number), None)


def test_an_integer_that_no_document_holds_is_read_as_one_is_there() -> None:
    (person,) = Rows(Person, context()).decode(b'[{"_id": "1", "firstName": 18446744073709551617}]')

    assert person.first_name is None
    assert person.unreadable("first_name")


def test_an_integer_of_more_than_64_bits_is_exact_in_one_pass_and_a_double_in_a_document() -> None:
    rows = Rows(Person, context())

    (exact,) = rows.decode(b'[{"_id": "1", "tags": 18446744073709551617}]')
    (nearest,) = rows.decode(b'[{"_id": "1", "firstName": true, "tags": 18446744073709551617}]')

    assert (exact.tags, nearest.tags) == (2**64 + 1, float(2**64))


def test_a_field_that_is_declared_as_anything_else_is_a_mistake() -> None:
    class Wrong(Row, kw_only=True):
        key: str = keyed("_id")
        count: int | None = None

    with pytest.raises(TypeError, match=r"Wrong\.count"):
        Rows(Wrong, context())


def test_a_key_that_may_be_missing_is_a_mistake() -> None:
    class Wrong(Row, kw_only=True):
        key: str = named("_id")

    with pytest.raises(TypeError, match=r"Wrong\.key"):
        Rows(Wrong, context())


@pytest.mark.parametrize(("sent", "key"), [(7, "7"), ("7", "7"), (0, "0"), (2**63 - 1, str(2**63 - 1)), (7.0, "7")])
def test_an_integer_key_is_its_digits_however_it_comes(sent: object, key: str) -> None:
    document = {"id": sent, "firstName": "Ida"}

    assert decoded(Numbered, document).key == key
    assert Rows(Numbered, context()).read_one(document).key == key


def test_rows_with_integer_keys_are_read_in_one_pass() -> None:
    rows = Rows(Numbered, how := context()).decode(b'[{"id": 1, "firstName": "A"}, {"id": 2, "extra": {}}]')

    assert [(row.key, row.first_name) for row in rows] == [("1", "A"), ("2", None)]
    assert how.drift.notices == set()


def test_an_integer_where_a_row_has_text_keys_is_read_as_a_document() -> None:
    assert decoded(Person, {"_id": 7}).key == "7"


def test_whole_documents_are_looked_at_first_and_then_once_a_minute() -> None:
    now = 1_000.0
    notice_undocumented = DriftSampler(lambda: now)

    first, at_once = notice_undocumented.due(), notice_undocumented.due()
    now += 59
    before = notice_undocumented.due()
    now += 1

    assert (first, at_once, before, notice_undocumented.due(), notice_undocumented.due()) == (
        True,
        False,
        False,
        True,
        False,
    )
