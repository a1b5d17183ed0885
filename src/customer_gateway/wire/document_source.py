"""Fetch the JSON document at one address, which belongs to no system: the key set of an issuer of tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from customer_gateway.wire.call import Call
from customer_gateway.wire.client import Client
from customer_gateway.wire.policy import BreakerPolicy, Limits
from customer_gateway.wire.target import Environment, Policies, Target

if TYPE_CHECKING:
    from customer_gateway.work.deadline import Deadline

_NO_BREAKER: Final = BreakerPolicy(failures=0)


class DocumentSource:
    """Fetch a document by GET, without credentials, in one attempt; redirects are not followed.

    `name` is what errors and the line `upstream_call` call it. `authorities` (certificates as PEM) are trusted beside
    the machine's. A document of more than `most_bytes` is refused.
    """

    def __init__(self, name: str, url: str, authorities: bytes = b"", most_bytes: int = 262_144) -> None:
        parts = urlsplit(url)
        target = Target(name, f"{parts.scheme}://{parts.netloc}")
        policies = Policies(Limits(parallel=1, answer_bytes=most_bytes), _NO_BREAKER)
        self._client = Client(target, policies=policies, environment=Environment(authorities=authorities))
        path = parts.path or "/"
        self._call = Call("GET", f"{path}?{parts.query}" if parts.query else path, template=path)

    async def fetch(self, deadline: Deadline) -> Any:
        """Return the document; raises `UpstreamError`."""
        return (await self._client.call(self._call, deadline)).document

    async def aclose(self) -> None:
        await self._client.aclose()
