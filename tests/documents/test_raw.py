"""Rows with the text that they were sent as."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from customer_gateway.documents.drift import Drift
from customer_gateway.documents.json_text import HALF_A_CHARACTER, PAST_EVERY_DOUBLE
from customer_gateway.documents.raw import RawObject, WithTexts
from customer_gateway.documents.record import content_version, is_object

ROW = b'{"id": 1, "price":1.10}'


def decoded(body: bytes, member: str = "", row: str = "") -> Any:
    return WithTexts(Drift("acme"), member, row)(body)


def text_of(row: object) -> bytes:
    assert isinstance(row, RawObject)
    return row.text


@pytest.mark.parametrize("body", [b"[%b, 3, %b]", b" [\n%b,null , %b ] "])
def test_each_object_of_a_list_has_its_text_and_other_items_are_as_they_are(body: bytes) -> None:
    first, other, last = decoded(body % (ROW, b"{}"), "data")

    assert (first, text_of(first)) == ({"id": 1, "price": 1.1}, ROW)
    assert other in {3, None}
    assert (last, text_of(last)) == ({}, b"{}")


def test_the_rows_of_an_envelope_have_theirs_and_the_envelope_is_as_it_is() -> None:
    body = b'{"data":[{"id":0}],"more":[%b],"d\\u0061ta" : [%b]}' % (ROW, ROW)

    envelope = decoded(body, "data")

    assert envelope == orjson.loads(body)
    assert text_of(envelope["data"][0]) == ROW
    assert not isinstance(envelope["more"][0], RawObject)
    assert text_of(decoded(b'{"data": %b }' % ROW, "data")["data"]) == ROW
    assert text_of(decoded(b"\xef\xbb\xbf %b\n" % ROW, "data")) == ROW


@pytest.mark.parametrize("rows", [b'[3, {"card": {}}, {"customer": %b, "card" : {}}]', b'{"customer":\n%b}'])
def test_rows_in_objects_of_their_own_have_theirs_and_the_objects_are_as_they_are(rows: bytes) -> None:
    body = b'{"list": ' + rows % ROW + b"}"

    envelope = decoded(body, "list", "customer")

    found = envelope["list"] if is_object(envelope["list"]) else envelope["list"][-1]
    assert envelope == orjson.loads(body)
    assert text_of(found["customer"]) == ROW
    assert not isinstance(found, RawObject)


@pytest.mark.parametrize("body", [b"3", b'"[{"', b"null", b"{}", b'{"more":[{}]}', b'{"data":null}', b'{"data":"x"}'])
def test_an_answer_without_rows_is_as_it_is(body: bytes) -> None:
    assert decoded(body, "data") == orjson.loads(body)


@pytest.mark.parametrize("body", [b"", b"<html>", b'[{"id": 1', b'[{"id": NaN}]', b'[{"id":"\xff"}]'])
def test_what_is_no_json_is_refused_as_it_is_without(body: bytes) -> None:
    with pytest.raises(orjson.JSONDecodeError):
        decoded(body)


def test_a_row_with_its_text_is_read_and_versioned_as_one_without() -> None:
    row = RawObject({"id": 1, "b": {"c": [1.1]}}, ROW)

    assert is_object(row)
    assert content_version(row) == content_version(dict(row))


def test_what_a_decoder_refuses_is_mended_for_the_document_and_as_sent_in_the_text() -> None:
    odd = rb'{"name":"Gr\ud83cn","total": 1e400,"sum":-1.5E+999,"n":%b}' % (b"9" * 400)
    drift = Drift("acme")

    (row,) = WithTexts(drift)(b"\xef\xbb\xbf[%b]" % odd)

    assert row == {"name": "Gr\ufffdn", "total": "1e400", "sum": "-1.5E+999", "n": "9" * 400}
    assert text_of(row) == odd
    assert drift.notices == {
        ("name", HALF_A_CHARACTER),
        *((name, PAST_EVERY_DOUBLE) for name in ("total", "sum", "n")),
    }


@pytest.mark.parametrize("number", [b"1e309", b"-1e400", b"1E+400", b"1.5e999", b"1" * 310, b"1" * 300 + b"e10"])
@pytest.mark.parametrize("body", [b"%b", b"[%b]", b'{"n":%b}', b'[{"n":"1e400","x": %b}]'])
def test_every_number_past_every_double_is_its_text(number: bytes, body: bytes) -> None:
    body = b"[1,%b]" % body

    assert decoded(body % number) == orjson.loads(body % (b'"%b"' % number))
