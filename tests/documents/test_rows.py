"""Rows: decoded in one pass or read from documents, the values are the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from customer_gateway.documents.record import DocumentContext
from customer_gateway.documents.row import Email, Key, Part, Raw, Row, Text, WrongForm, keyed, named, raw_document
from customer_gateway.documents.rows import DriftSampler, Rows

if TYPE_CHECKING:
    from collections.abc import Callable


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


def told(read: Callable[[Rows[Person]], list[Person]]) -> Any:
    rows = Rows(Person, how := context())
    try:
        return list(map(values, read(rows))), how.drift.notices
    except WrongForm as error:
        return str(error)


@example([{"_id": " ", "firstName": "Ida"}, {"_id": "2"}])
@example([{"_id": "", "firstName": "Ida"}])
@example([{"_id": ""}, {"_id": "\u00a0"}])
@given(st.lists(DOCUMENTS, max_size=3))
def test_decoding_in_one_pass_gives_what_reading_the_documents_gives(documents: list[dict[str, Any]]) -> None:
    body = orjson.dumps(documents)

    assert told(lambda rows: rows.decode(body)) == told(lambda rows: rows.read(documents))


class Kept(Person, kw_only=True):
    """A person with the document, and the fields that one was read from alone."""

    document: dict[str, Any] = raw_document()


class Alone(Rows[Kept]):
    """Rows that note which of them are read field by field."""

    def __init__(self) -> None:
        self.how = context()
        self.read_alone: list[object] = []
        super().__init__(Kept, self.how)

    def read_one(self, document: object) -> Kept:
        self.read_alone.append(document)
        return super().read_one(document)

    def read_each_alone(self, documents: Any) -> list[Kept]:
        """Return what `read` does, where some row has a key, each row by itself."""
        return [self._alone(document) for document in documents]

    def _alone(self, document: object) -> Kept:
        try:
            return self.read_one(document)
        except WrongForm:
            self.how.drift.notice("_id", "missing: the row is left out of its list")
            return Kept(key="", context=self.how)


def outcome(read: Callable[[Alone], list[Kept]]) -> Any:
    """All that can be told of a reading: values to the type, documents, notices; or the error."""
    rows = Alone()
    try:
        found = read(rows)
    except ValueError as error:
        return type(error), str(error)
    told = [(repr(values(row)), repr(row.document), row.context is rows.how) for row in found]
    return told, rows.how.drift.count, rows.how.drift.notices


ODD_ROW = b'{"_id": "1", "firstName": true}'
LARGE = [b"18446744073709551615", b"18446744073709551617", b"-9223372036854775809", b"9007199254740993.0"]
SENT = st.one_of(
    st.one_of(TEXTS, ADDRESSES, ODD, st.sampled_from(["null", "7", "\U0001f600"])).map(orjson.dumps),
    st.sampled_from([*LARGE, b"1.0", b"-0.0", b"[" * 1000 + b"]" * 1000]),
)


def objects(names: list[str], sent: st.SearchStrategy[bytes], before: bytes = b"") -> st.SearchStrategy[bytes]:
    """JSON objects that may say a thing several times."""
    member = st.builds(b'"%b": %b'.__mod__, st.tuples(st.sampled_from(names).map(str.encode), sent))
    return st.lists(member, max_size=5).map(lambda members: b"{" + b", ".join([before, *members][not before :]) + b"}")


INNER = st.one_of(SENT, objects(["state", "createdBy", "createdAt", "email", "more"], SENT))
MEMBERS = ["firstName", "tags", "status", "access", "more", "gateway:misread", "gateway:context", "gateway:document"]
SENT_ROWS = st.lists(
    st.one_of(
        DOCUMENTS.map(orjson.dumps),
        objects(MEMBERS, INNER, b'"_id": "7"'),
        objects(["_id", *MEMBERS], INNER),
        INNER,
    ),
    max_size=4,
)
NO_JSON = [b'"\\ud83c"', b'"\xff"', b"NaN", b"1e999", b"{", b"", b"\xef\xbb\xbf1"]
DEEP = [b"[" * depth + b"]" * depth for depth in (1020, 1021, 1022, 1023, 5000)]
ENDS = [b"", b"]]", b"] 1", b",]", *(b', {"_id": "8", "more": %b}]' % value for value in (*NO_JSON, *DEEP))]


@example([b'{"_id": " ", "firstName": "Ida"}', b'{"_id": "2", "status": "null"}', b"null"], b"]")
@example([b'{"_id": "2", "firstName": true, "firstName": "Ida"}', b'{"_id": "3", "status": [{"state": 1}]}'], b"]")
@given(SENT_ROWS, st.one_of(st.just(b"]"), st.just(b"]"), st.sampled_from(ENDS)))
def test_a_list_with_an_odd_row_is_read_as_if_each_row_were_read_alone(sent: list[bytes], end: bytes) -> None:
    body = b"[" + b", ".join([ODD_ROW, *sent]) + end

    assert outcome(lambda rows: rows.decode(body)) == outcome(lambda rows: rows.read_each_alone(orjson.loads(body)))


@given(SENT_ROWS)
def test_documents_are_read_as_if_each_were_read_alone(sent: list[bytes]) -> None:
    body = b"[" + b", ".join([*sent, b'{"_id": "1"}']) + b"]"

    assert outcome(lambda rows: rows.read(orjson.loads(body))) == outcome(
        lambda rows: rows.read_each_alone(orjson.loads(body))
    )


@pytest.mark.parametrize(
    "odd",
    [{"firstName": True}, {"firstName": 1.5}, {"status": []}, {"status": {"state": {}}}, {"access": {"email": 7}}],
    ids=str,
)
def test_a_value_of_another_type_costs_its_own_row_alone(odd: dict[str, Any]) -> None:
    rows = Alone()
    documents = [{"_id": str(number), "firstName": "Ida", "status": {"state": number}} for number in range(9)]
    documents[4] |= odd

    found = rows.decode(orjson.dumps(documents))

    assert [row.key for row in found] == list("012345678")
    assert rows.read_alone == [documents[4]]


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
