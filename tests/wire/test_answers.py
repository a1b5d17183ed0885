from __future__ import annotations

import asyncio
import gzip
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs
from wire.connected import connected
from wire.vendor import JSON, answering, closed_port, resetting, saying, serving, telling

from customer_gateway.errors import (
    UpstreamBadResponse,
    UpstreamError,
    UpstreamRateLimited,
    UpstreamUnauthorized,
    UpstreamUnavailable,
)
from customer_gateway.wire import Call, Limits
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from wire.vendor import Script

pytestmark = pytest.mark.anyio

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
GZIP = "content-encoding: gzip"
MISSING_IS_NONE = Call("GET", "/customers/1", template="/customers/{id}", missing_is_none=True)
BOMB = gzip.compress(b"[" + b" " * 40_000_000 + b"]")


async def asked(script: Script, call: Call | None = None, **settings: Any) -> Any:
    """The answer of a vendor that does `script`; a non-idempotent call, so that nothing is repeated."""
    async with serving(script) as vendor:
        client = connected(system="pland", base_url=vendor.base_url, **settings)
        try:
            return await client.call(call or Call("GET", "/customers/"), Deadline.after(5))
        finally:
            await client.aclose()


async def refused(script: Script, call: Call | None = None, **settings: Any) -> UpstreamError:
    with pytest.raises(UpstreamError) as caught:
        await asked(script, call, **settings)
    return caught.value


@pytest.mark.parametrize(
    ("status", "kind", "retryable"),
    [
        (301, UpstreamBadResponse, False),
        (302, UpstreamBadResponse, False),
        (304, UpstreamBadResponse, False),
        (400, UpstreamBadResponse, False),
        (401, UpstreamUnauthorized, False),
        (403, UpstreamUnauthorized, False),
        (404, UpstreamBadResponse, False),
        (409, UpstreamBadResponse, False),
        (422, UpstreamBadResponse, False),
        (423, UpstreamBadResponse, False),
        (429, UpstreamRateLimited, True),
        (500, UpstreamUnavailable, True),
        (502, UpstreamUnavailable, True),
        (503, UpstreamUnavailable, True),
        (599, UpstreamUnavailable, True),
    ],
)
async def test_each_status_has_one_name(status: int, kind: type[UpstreamError], retryable: bool) -> None:
    failure = await refused(answering(status, b"<h1>no</h1>", "content-type: text/html"))

    assert type(failure) is kind
    assert (failure.status, failure.retryable, failure.system) == (status, retryable, "pland")


@pytest.mark.parametrize(
    ("script", "kind", "retryable"),
    [
        pytest.param(resetting, UpstreamUnavailable, True, id="reset"),
        pytest.param(saying(close=True), UpstreamUnavailable, True, id="closed without a word"),
        pytest.param(saying(b"HTTP/1.1 200 OK\r\ncont", close=True), UpstreamUnavailable, True, id="half a head"),
        pytest.param(saying(b"SSH-2.0 hello\r\n\r\n", close=True), UpstreamBadResponse, False, id="not HTTP"),
        pytest.param(
            saying(HEAD + b"content-length: 90\r\n\r\n[1,", close=True), UpstreamBadResponse, True, id="short"
        ),
        pytest.param(
            saying(HEAD + b"transfer-encoding: chunked\r\n\r\n3\r\n[1,\r\n", close=True),
            UpstreamBadResponse,
            True,
            id="chunks without an end",
        ),
        pytest.param(answering(200, b'[{"name": "Ex'), UpstreamBadResponse, True, id="truncated JSON of right length"),
        pytest.param(answering(200, b'[{"n": tr'), UpstreamBadResponse, True, id="truncated in a word"),
        pytest.param(answering(200, b"[" * 100_000 + b"]" * 100_000), UpstreamBadResponse, False, id="deep JSON"),
        pytest.param(answering(200, b"[NaN]"), UpstreamBadResponse, False, id="NaN"),
        pytest.param(answering(200, b"[-Infinity]"), UpstreamBadResponse, False, id="Infinity"),
        pytest.param(answering(200, b'["\xff\xfe"]'), UpstreamBadResponse, False, id="bad UTF-8"),
        pytest.param(answering(200, b"[]", "content-type: text/html"), UpstreamBadResponse, False, id="wrong type"),
        pytest.param(answering(200, b"<html>"), UpstreamBadResponse, False, id="HTML that claims to be JSON"),
        pytest.param(answering(200, b""), UpstreamBadResponse, False, id="an empty answer to a read"),
        pytest.param(answering(200, BOMB, JSON, GZIP), UpstreamBadResponse, False, id="gzip bomb"),
        pytest.param(
            answering(200, b"\x1f\x8b nothing of the kind", JSON, GZIP), UpstreamBadResponse, False, id="no gzip"
        ),
        pytest.param(answering(200, b"nonsense", JSON, GZIP), UpstreamBadResponse, False, id="neither gzip nor JSON"),
        pytest.param(answering(200, BOMB * 2, JSON, GZIP), UpstreamBadResponse, False, id="two gzip bombs"),
        pytest.param(
            answering(200, gzip.compress(b"[1") + BOMB, JSON, GZIP), UpstreamBadResponse, False, id="a bomb as member"
        ),
        pytest.param(
            answering(200, gzip.compress(b"[1") + gzip.compress(b",2]")[:-9], JSON, GZIP),
            UpstreamBadResponse,
            True,
            id="half a second member",
        ),
        pytest.param(answering(200, gzip.compress(b"[]")[:-9], JSON, GZIP), UpstreamBadResponse, True, id="half gzip"),
        pytest.param(
            answering(200, b"[]", JSON, "content-encoding: br"), UpstreamBadResponse, False, id="a coding not asked for"
        ),
        pytest.param(answering(200, b"1" * 30_000_000), UpstreamBadResponse, False, id="30 MB announced"),
        pytest.param(
            saying(HEAD + b"\r\n", *[b"1" * 1_000_000] * 30, close=True), UpstreamBadResponse, False, id="30 MB"
        ),
    ],
)
async def test_garbage_has_one_name(script: Script, kind: type[UpstreamError], retryable: bool) -> None:
    failure = await refused(script)

    assert type(failure) is kind
    assert failure.retryable is retryable


async def test_a_refused_connection_and_an_unknown_host_are_unavailable() -> None:
    for base_url in (f"http://127.0.0.1:{closed_port()}", "http://no-such-host.invalid"):
        client = connected(system="next", base_url=base_url)

        with pytest.raises(UpstreamUnavailable) as caught:
            await client.call(Call("GET", "/customer/"), Deadline.after(5))

        assert caught.value.retryable
        assert str(caught.value.__cause__)
        await client.aclose()


async def test_tls_with_somebody_who_speaks_none_is_unavailable() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"220 what do you mean\r\n")
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    client = connected(system="next", base_url=f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}")

    with pytest.raises(UpstreamUnavailable):
        await client.call(Call("GET", "/customer/"), Deadline.after(5))

    await client.aclose()
    server.close()


async def test_a_redirect_is_never_followed() -> None:
    async with serving(answering()) as elsewhere:
        failure = await refused(answering(302, b"", f"location: {elsewhere.base_url}/"))

        assert failure.status == 302
        assert elsewhere.requests == []


@pytest.mark.parametrize(
    ("headers", "milliseconds"),
    [
        ((), None),
        (("retry-after: 7",), 7_000),
        (("retry-after: soon",), None),
        (("retry-after: Wed, 21 Oct 2015 07:28:00 GMT",), 0),
        (("retry-after: 99999999999",), 86_400_000),
    ],
)
async def test_too_many_calls_carry_the_vendors_own_wait(headers: tuple[str, ...], milliseconds: int | None) -> None:
    failure = await refused(answering(429, b"{}", JSON, *headers))

    assert failure.retry_after_ms == milliseconds


async def test_unavailability_carries_the_vendors_own_wait() -> None:
    failure = await refused(answering(503, b"", "retry-after: 30"))

    assert (type(failure), failure.retry_after_ms) == (UpstreamUnavailable, 30_000)


async def test_an_error_under_200_is_a_bad_response() -> None:
    def error_in_body(status: int, document: Any) -> str | None:
        return "vendor says ERROR" if status == 200 and document["status"] == "ERROR" else None

    failure = await refused(telling({"status": "ERROR", "text": "secret"}), error_in_body=error_in_body)

    assert type(failure) is UpstreamBadResponse
    assert str(failure) == "pland: GET /customers/ answered 200 with an error inside: vendor says ERROR"


ONE = Call("GET", "/customers/1", template="/customers/{id}")
NOT_UNDERSTOOD = ": it does not take what was asked; if it takes nothing at all, check the version in base_url"


@pytest.mark.parametrize(
    ("status", "call", "advice"),
    [
        (302, None, "; redirects are not followed, check base_url"),
        (404, None, "; check base_url: path and version belong to it"),
        (404, ONE, ""),
        (409, None, ""),
        (400, None, NOT_UNDERSTOOD),
        (422, ONE, NOT_UNDERSTOOD),
    ],
)
async def test_a_refusal_by_status_says_what_to_check_where_that_is_known(
    status: int, call: Call | None, advice: str
) -> None:
    failure = await refused(answering(status), call)

    assert str(failure).partition(f" answered {status}")[2] == advice


async def test_bytes_that_are_no_utf_8_are_told_as_such() -> None:
    failure = await refused(answering(200, b'["M\xfcller"]'))

    assert str(failure) == "pland: GET /customers/: the answer is not JSON: it is not in UTF-8"


async def test_a_missing_record_is_none_where_the_call_says_so() -> None:
    answer = await asked(answering(404, b'{"message": "gone"}'), MISSING_IS_NONE)

    assert (answer.status, answer.document) == (404, None)


@pytest.mark.parametrize(("method", "status"), [("PUT", 200), ("DELETE", 204), ("PATCH", 202)])
async def test_an_empty_answer_to_a_write_is_none(method: str, status: int) -> None:
    answer = await asked(answering(status, b""), Call(method, "/customers/1", body={}))

    assert (answer.status, answer.document) == (status, None)


@pytest.mark.parametrize("status", [200, 202, 204, 205])
@pytest.mark.parametrize(
    "call",
    [Call("GET", "/customers/"), Call("POST", "/customer/_search", idempotent=True), MISSING_IS_NONE],
    ids=["a list", "a search", "a record"],
)
async def test_an_empty_answer_where_a_document_is_due_is_a_bad_response(status: int, call: Call) -> None:
    failure = await refused(answering(status, b"", JSON), call)

    assert isinstance(failure, UpstreamBadResponse)
    assert not failure.retryable
    assert str(failure) == f"pland: {call.method} {call.endpoint}: it answered {status} without a body; check base_url"


async def test_an_empty_answer_is_none_where_the_status_is_all_that_is_asked_for() -> None:
    answer = await asked(answering(204, b""), Call("GET", "/alive", may_be_empty=True))

    assert (answer.status, answer.document) == (204, None)


async def test_a_gzipped_answer_is_read() -> None:
    answer = await asked(answering(200, gzip.compress(b'{"total": 3}'), JSON, GZIP))

    assert answer.document == {"total": 3}
    assert answer.headers.get("Content-Encoding") == "gzip"


@pytest.mark.parametrize("padding", [b"", b"\0\0\0"])
async def test_gzip_of_several_members_is_read_whole(padding: bytes) -> None:
    members = b"".join(map(gzip.compress, (b'{"tot', b"", b'al": ', b"3}"))) + padding

    answer = await asked(answering(200, members, JSON, GZIP))

    assert answer.document == {"total": 3}


@pytest.mark.parametrize("coding", ["utf-8", "UTF-8", "none", "identity", "", "gzip", "8bit", "application/json"])
async def test_plain_json_is_read_whatever_coding_it_claims(coding: str) -> None:
    answer = await asked(answering(200, b'{"total": 3}', JSON, f"content-encoding: {coding}"))

    assert answer.document == {"total": 3}


async def test_over_100_header_lines_are_told_as_such() -> None:
    lines = [f"x-hop-{number}: 1" for number in range(101)]

    failure = await refused(answering(200, b"[]", JSON, *lines))

    assert type(failure) is UpstreamBadResponse
    assert "the answer has more than 100 header lines" in str(failure)


async def test_a_byte_order_mark_before_a_document_is_skipped() -> None:
    mark = b"\xef\xbb\xbf"
    for script in (
        answering(200, mark + b'[{"name": "M\xc3\xbcller"}]'),
        answering(200, gzip.compress(mark + b'[{"name": "M\xc3\xbcller"}]'), JSON, GZIP),
    ):
        assert (await asked(script)).document == [{"name": "M\u00fcller"}]


async def test_half_a_character_costs_its_own_text_one_character() -> None:
    body = rb'{"a": [{"name": "Anna \ud83c", "note": "\ud83c\udf3b \\ud83c \"", "city": "K\u00f6ln"}]}'

    with capture_logs() as log:
        answer = await asked(answering(200, body))

    assert answer.document == {"a": [{"name": "Anna \ufffd", "note": '\U0001f33b \\ud83c "', "city": "K\u00f6ln"}]}
    assert [(line["field"], line["reason"]) for line in log if line["event"] == "drift"] == [
        ("name", "half a character (a lone surrogate), read as U+FFFD")
    ]


async def test_json_under_another_name_of_json_is_read() -> None:
    for media in ("application/hal+json", "text/json", "Application/JSON; charset=utf-8"):
        answer = await asked(answering(200, b"[1]", f"content-type: {media}"))

        assert answer.document == [1]


async def test_an_answer_as_long_as_the_cap_is_read_and_one_byte_more_is_not() -> None:
    limits = Limits(answer_bytes=4)

    answer = await asked(answering(200, b"[12]"), limits=limits)

    assert answer.document == [12]
    assert type(await refused(answering(200, b"[123]"), limits=limits)) is UpstreamBadResponse
    chunked = saying(HEAD + b"transfer-encoding: chunked\r\n\r\n5\r\n[123]\r\n0\r\n\r\n")
    assert type(await refused(chunked, limits=limits)) is UpstreamBadResponse


async def test_no_failure_shows_keys_queries_or_bodies() -> None:
    call = Call("GET", "/customers/4711", query=[("email", "a@b.example")], template="/customers/{id}")

    failure = await refused(answering(400, b'{"message": "no a@b.example"}'), call)

    assert "/customers/{id}" in str(failure)
    assert "4711" not in str(failure)
    assert "a@b.example" not in str(failure)
