"""The explorer's page and assets. No file is asked of another host, and the page's policy allows none."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException
from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import ASGIApp, Receive, Scope, Send

    from customer_gateway.http.settings import Example

HERE: Final = Path(__file__).parent

TYPES: Final = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}

ASSETS: Final = {
    path.name: path
    for path in (
        HERE / "assets/graphiql.min.js",
        HERE / "assets/graphiql.min.css",
        HERE / "assets/react.production.min.js",
        HERE / "assets/react-dom.production.min.js",
        HERE / "key.js",
        HERE / "start.js",
        HERE / "page.css",
        HERE / "icon.svg",
    )
}

# Styles are set by the scripts on single elements (allowed as such); fonts and a few icons come as data: in the CSS.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self' data:; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

GUARDS: Final = {
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}

FOREVER: Final = "public, max-age=31536000, immutable"


def explorer(examples: Sequence[Example]) -> tuple[ASGIApp, ASGIApp]:
    """Return the page, which opens with a tab for each of `examples`, and the assets, to be mounted at /graphiql."""
    version = _version()
    template = Template((HERE / "page.html").read_text(encoding="utf-8"))
    body = template.substitute(assets=f"/graphiql/{version}", examples="".join(map(_element, examples))).encode()
    headers = {**GUARDS, "content-security-policy": POLICY, "cache-control": "no-cache", "vary": "Accept"}
    return Response(body, headers=headers, media_type="text/html"), _Assets(version)


def _element(example: Example) -> str:
    """Return an example as the page holds it; a line break right after the tag is not part of the text."""
    query, variables = escape(example.query), escape(example.variables)
    return f'<textarea class="example" data-variables="{variables}" hidden readonly>\n{query}</textarea>'


@dataclass(frozen=True, slots=True)
class _Assets:
    """The assets under a path that names their version, so that browsers may keep them for ever."""

    version: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        version, _, name = scope["path"].removeprefix(scope.get("root_path", "")).lstrip("/").partition("/")
        if version != self.version or name not in ASSETS or scope["method"] not in {"GET", "HEAD"}:
            raise HTTPException(404)
        zipped = b"gzip" in dict(scope["headers"]).get(b"accept-encoding", b"")
        body = await asyncio.to_thread(_content, name, zipped)
        headers = {**GUARDS, "cache-control": FOREVER, "vary": "Accept-Encoding"}
        if zipped:
            headers["content-encoding"] = "gzip"
        await Response(body, headers=headers, media_type=TYPES[ASSETS[name].suffix])(scope, receive, send)


@cache
def _content(name: str, zipped: bool) -> bytes:  # noqa: FBT001  called by position, from a thread
    content = ASSETS[name].read_bytes()
    return gzip.compress(content, mtime=0) if zipped else content


@cache
def _version() -> str:
    """Return a name for this very set of files."""
    digest = hashlib.sha256()
    for name, path in ASSETS.items():
        digest.update(name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
