"""What a refusal says is for the system that asked to know, within bounds, and for nobody else."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from structlog.testing import capture_logs
from wire.connected import connected
from wire.vendor import JSON, answering, serving

from customer_gateway.errors import UpstreamBadResponse
from customer_gateway.wire import Call
from customer_gateway.work.deadline import Deadline

pytestmark = pytest.mark.anyio

SAID = {"messages": [{"text": "no such key"}]}
BODY = json.dumps(SAID).encode()


def an_error(_status: int, _document: Any) -> str:
    return "it is an error"


async def refused(status: int, body: bytes, *headers: str, explain: bool = True, **settings: Any) -> Any:
    async with serving(answering(status, body, *headers)) as vendor:
        client = connected(system="autodns", base_url=vendor.base_url, **settings)
        with pytest.raises(UpstreamBadResponse) as caught:
            await client.call(Call("POST", "/search", explain=explain), Deadline.after(5))
        await client.aclose()
        return caught.value


@pytest.mark.parametrize("status", [400, 409, 422])
async def test_a_refusal_is_explained_to_who_asked(status: int) -> None:
    failure = await refused(status, BODY, JSON)

    assert (failure.status, failure.explanation, failure.again().explanation) == (status, SAID, SAID)


async def test_a_compressed_explanation_is_read() -> None:
    assert (await refused(400, gzip.compress(BODY), JSON, "content-encoding: gzip")).explanation == SAID


async def test_an_error_inside_an_answer_is_explained_too() -> None:
    failure = await refused(200, BODY, JSON, error_in_body=an_error)

    assert failure.explanation == SAID


@pytest.mark.parametrize(
    ("body", "header"),
    [
        (b"", JSON),
        (b"<h1>no</h1>", "content-type: text/html"),
        (b'{"text": ', JSON),
        (b'["' + b"a" * 20_000 + b'"]', JSON),
        (gzip.compress(b"[" + b" " * 10_000_000 + b"]"), f"{JSON}\r\ncontent-encoding: gzip"),
    ],
)
async def test_what_cannot_be_read_explains_nothing(body: bytes, header: str) -> None:
    failure = await refused(400, body, header)

    assert (failure.status, failure.explanation) == (400, None)


async def test_nobody_else_is_told() -> None:
    with capture_logs() as lines:
        asked = await refused(400, BODY, JSON)
        unasked = await refused(400, BODY, JSON, explain=False)

    assert "no such key" not in f"{asked}{asked!r}{lines}"
    assert unasked.explanation is None
    assert [line["bytes"] for line in lines] == [len(BODY), 0]
