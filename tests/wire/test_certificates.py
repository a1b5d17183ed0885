"""Whom the transport trusts, over real TLS: the machine's authorities and those of `ca_file`, nobody else."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from certificates import NEEDS_OPENSSL, Certificate, Workshop
from structlog.testing import capture_logs
from wire.connected import connected

from customer_gateway.errors import UpstreamUnavailable
from customer_gateway.wire import Call
from customer_gateway.wire.certificates import MAKE_ONE
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

pytestmark = [pytest.mark.anyio, NEEDS_OPENSSL]

READ = Call("GET", "/customers/", idempotent=True)
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 3\r\n\r\n[1]"


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    return Workshop(tmp_path_factory.mktemp("certificates"))


@asynccontextmanager
async def serving(certificate: Certificate) -> AsyncGenerator[str]:
    """A server that shows the certificate."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER)
        await writer.drain()
        writer.transport.abort()

    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=certificate.shown()) as server:
        yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def asked(certificate: Certificate, authorities: bytes) -> object:
    """What a server with this certificate answers a client that trusts these authorities."""
    async with serving(certificate) as base_url:
        client = connected(system="pland", base_url=base_url, authorities=authorities)
        try:
            return (await client.call(READ, Deadline.after(5))).document
        finally:
            await client.aclose()


async def refusal(certificate: Certificate, *trusted: Certificate) -> str:
    """Why it is not trusted, having been tried once."""
    with capture_logs() as log, pytest.raises(UpstreamUnavailable) as caught:
        await asked(certificate, b"".join(each.file.read_bytes() for each in trusted))
    assert caught.value.retryable is False
    assert [line["attempt"] for line in log if line["event"] == "upstream_call"] == [1]
    return str(caught.value)


async def test_a_certificate_that_an_authority_of_ones_own_has_signed_is_trusted(workshop: Workshop) -> None:
    authority = workshop.authority()

    assert await asked(workshop.signed_by(authority), authority.file.read_bytes()) == [1]


async def test_a_self_signed_certificate_is_trusted_and_one_file_may_hold_several(workshop: Workshop) -> None:
    certificate = workshop.self_signed()
    bundle = b"# ours, and M\xc3\xbcller's\n" + workshop.authority().file.read_bytes() + certificate.file.read_bytes()

    assert await asked(certificate, certificate.file.read_bytes()) == [1]
    assert await asked(certificate, bundle) == [1]


async def test_a_certificate_that_is_an_authority_is_told_with_how_to_make_a_right_one(workshop: Workshop) -> None:
    certificate = workshop.one_liner()

    told = await refusal(certificate, certificate)

    assert "the certificate is not accepted: it is itself an authority (CA:TRUE)" in told
    assert MAKE_ONE in told


async def test_what_the_advice_makes_is_trusted(workshop: Workshop) -> None:
    certificate = workshop.advised(MAKE_ONE, "IP:127.0.0.1")

    assert await asked(certificate, certificate.file.read_bytes()) == [1]


async def test_any_other_reason_is_told_in_words(workshop: Workshop) -> None:
    authority = workshop.authority()
    elsewhere = workshop.signed_by(authority, "DNS:secret.vendor.test")
    expired = workshop.signed_by(authority, days=-1)

    assert "no trusted authority has signed it; name a file with its authority" in await refusal(
        workshop.signed_by(authority)
    )
    told = await refusal(elsewhere, authority)
    assert "it is for another name" in told
    assert "secret.vendor.test" not in told
    assert "it has expired" in await refusal(expired, authority)
