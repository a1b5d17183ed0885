"""A document at one address, over real HTTP and TLS."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from certificates import NEEDS_OPENSSL, Workshop
from wire.vendor import answering, hanging, serving, telling

from customer_gateway.errors import (
    ConfigInvalid,
    UpstreamBadResponse,
    UpstreamError,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from customer_gateway.wire import DocumentSource, read_authorities
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio


async def fetched(source: DocumentSource, seconds: float = 5) -> object:
    try:
        return await source.fetch(Deadline.after(seconds))
    finally:
        await source.aclose()


@pytest.mark.parametrize(
    ("path", "sent"),
    [("", "/"), ("/certs", "/certs"), ("/a%20b/certs?p=x%26y&q", "/a%20b/certs?p=x%26y&q"), ("?p=1", "/?p=1")],
)
async def test_a_document_is_requested_as_its_address_says(path: str, sent: str) -> None:
    async with serving(telling({"keys": []})) as vendor:
        assert await fetched(DocumentSource("auth.jwt", vendor.base_url + path)) == {"keys": []}

        assert vendor.paths() == [sent]


@pytest.mark.parametrize("kind", ["application/json", "application/jwk-set+json; charset=utf-8"])
async def test_a_key_set_may_name_its_own_media_type(kind: str) -> None:
    async with serving(answering(200, b'{"keys": []}', f"content-type: {kind}")) as vendor:
        assert await fetched(DocumentSource("auth.jwt", vendor.base_url)) == {"keys": []}


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (answering(503), UpstreamUnavailable),
        (answering(302, b"", "location: /elsewhere"), UpstreamBadResponse),
        (answering(200, b"[" + b" " * 300_000 + b"]"), UpstreamBadResponse),
        (hanging, UpstreamTimeout),
    ],
)
async def test_what_fails_is_one_request_and_one_error(script: object, kind: type[UpstreamError]) -> None:
    async with serving(script) as vendor:  # pyright: ignore[reportArgumentType] - a script, of either form
        with pytest.raises(kind, match=r"^auth\.jwt: GET /certs"):
            await fetched(DocumentSource("auth.jwt", f"{vendor.base_url}/certs?secret=1"), 0.3)

        assert vendor.paths() == ["/certs?secret=1"]


@NEEDS_OPENSSL
async def test_an_authority_of_ones_own_is_trusted_where_it_is_named(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path)
    authority = workshop.authority()
    shown = workshop.signed_by(authority).shown()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 x\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=shown)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/certs"
    with pytest.raises(UpstreamUnavailable, match="the certificate is not accepted"):
        await fetched(DocumentSource("auth.jwt", url))

    assert await fetched(DocumentSource("auth.jwt", url, read_authorities(authority.file, "[auth.jwt] ca_file"))) == {}
    server.close()


def test_a_file_without_certificates_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("", encoding="utf-8")

    with pytest.raises(ConfigInvalid, match=r"^\[auth\.jwt\] ca_file: .*empty\.pem holds no certificates"):
        read_authorities(tmp_path / "empty.pem", "[auth.jwt] ca_file")
