"""An issuer of users' tokens: its key set behind a real HTTP server, and tokens that it or others sign."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from contextlib import asynccontextmanager, suppress
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from joserfc.jwk import Key

ISSUER: Final = "https://login.example.com/realms/main"
AUDIENCE: Final = "customer-gateway"
NOW: Final = 1_800_000_000
SUBJECT: Final = "f1c4f64e-2c0c-4cda"


@cache
def rsa(kid: str, bits: int = 2048) -> RSAKey:
    """A key of that id; made once, because that takes long."""
    return RSAKey.generate_key(bits, {"kid": kid})


@cache
def ec(kid: str) -> ECKey:
    return ECKey.generate_key("P-256", {"kid": kid})


def public(key: Key, **more: Any) -> dict[str, Any]:
    """The key as a set publishes it."""
    return {**key.as_dict(private=False), "use": "sig", **more}


def claims(**changed: Any) -> dict[str, Any]:
    """The claims of a good token; those given as None are left out."""
    whole = {"iss": ISSUER, "aud": AUDIENCE, "sub": SUBJECT, "iat": NOW, "exp": NOW + 300, "scope": "customers:read"}
    return {name: value for name, value in (whole | changed).items() if value is not None}


def signed(key: Key, payload: Mapping[str, Any], **header: Any) -> str:
    """A token that the key signs, by its usual algorithm unless the header says another."""
    usual = "ES256" if key.key_type == "EC" else "RS256"
    return jwt.encode(
        {"alg": usual, "kid": key.kid, **header}, dict(payload), key, algorithms=[header.get("alg", usual)]
    )


def part(document: object) -> str:
    """A part of a token, as it is written."""
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def forged(header: object, payload: object, signature: bytes = b"") -> str:
    """A token put together by hand, as no library would."""
    return f"{part(header)}.{part(payload)}.{part(signature)}"


def by_secret(header: dict[str, Any], payload: object, secret: bytes) -> str:
    """A token that an HMAC of the secret signs."""
    text = f"{part(header)}.{part(payload)}"
    return f"{text}.{part(hmac.new(secret, text.encode(), hashlib.sha256).digest())}"


class Issuer:
    """Serves its key set on loopback. `requests` are those that came; `answer` replaces the set by other bytes."""

    def __init__(self, *keys: Key) -> None:
        self.keys: list[Any] = [public(key) for key in keys]
        self.status = 200
        self.answer: bytes | None = None
        self.seconds = 0.0
        self.requests: list[str] = []
        self.port = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/realms/main/certs?of=main"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """End the server and its connections; the port refuses from now on."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0.02)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.requests.append(head.partition(b"\r\n")[0].decode())
                await asyncio.sleep(self.seconds)
                body = json.dumps({"keys": self.keys}).encode() if self.answer is None else self.answer
                start = f"HTTP/1.1 {self.status} x\r\nlocation: /elsewhere\r\ncontent-type: application/json\r\n"
                writer.write(f"{start}content-length: {len(body)}\r\n\r\n".encode() + body)
                await writer.drain()
        writer.close()


@asynccontextmanager
async def running(*keys: Key) -> AsyncGenerator[Issuer]:
    issuer = Issuer(*keys)
    await issuer.start()
    try:
        yield issuer
    finally:
        await issuer.stop()
