"""Two reads of a record are told apart by what they hold, whatever a vendor has sent."""

from __future__ import annotations

from typing import Any

import pytest

from customer_gateway.documents.content import fingerprint, fingerprint_of_all
from customer_gateway.documents.record import DocumentContext
from customer_gateway.documents.row import Raw, Row, Text, keyed
from customer_gateway.documents.rows import Rows


class Thing(Row, kw_only=True):
    """A row with a text, and a value as it was sent."""

    key: str = keyed("id")
    name: Text = None
    other: Raw = None


def things(*bodies: str) -> Any:
    context = DocumentContext.of("somewhere", "https://vendor.test", "Europe/Berlin", "DE")
    return Rows(Thing, context).decode(f"[{','.join(bodies)}]".encode())


def test_rows_that_were_sent_alike_are_alike() -> None:
    one, other = things('{"id":"1","name":"Anna","other":[1]}'), things('{"other":[1],"name":"Anna","id":"1"}')

    assert fingerprint(one[0]) == fingerprint(other[0])
    assert fingerprint_of_all(one) == fingerprint_of_all(other)


@pytest.mark.parametrize("sent", ['{"id":"1","name":"Anne","other":[1]}', '{"id":"1","name":"Anna","other":[2]}'])
def test_rows_that_differ_in_a_field_are_not(sent: str) -> None:
    one, other = things('{"id":"1","name":"Anna","other":[1]}'), things(sent)

    assert fingerprint(one[0]) != fingerprint(other[0])
    assert fingerprint_of_all(one) != fingerprint_of_all(other)


def test_a_field_that_was_unreadable_and_is_null_now_is_another() -> None:
    (unreadable,), (null,) = things('{"id":"1","name":{"x":1}}'), things('{"id":"1","name":null}')

    assert (unreadable.name, null.name) == (None, None)
    assert fingerprint(unreadable) != fingerprint(null)


@pytest.mark.parametrize("sent", [str(10**25), f"[{10**25}]"])
def test_what_cannot_be_written_is_equal_to_nothing(sent: str) -> None:
    rows = things(f'{{"id":"1","other":{sent}}}')

    assert fingerprint(rows[0]) != fingerprint(rows[0])
    assert fingerprint_of_all(rows) != fingerprint_of_all(rows)
