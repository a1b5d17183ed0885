"""A front end whose pages come from an origin of their own, with npm's packages as they are."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from clients.npm_packages import FOLDER
from sockets import served
from starlette.applications import Starlette
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

if TYPE_CHECKING:
    import os
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from starlette.types import Scope


class Modules(StaticFiles):
    """The page and the packages; a module may be imported without `.js`, or by the folder of its `index.js`."""

    def __init__(self, packages: Path) -> None:
        super().__init__(directory=FOLDER / "front_end", html=True)
        self.all_directories.append(packages)

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        full, found = super().lookup_path(path)
        return (full, found) if found is not None else super().lookup_path(f"{path}.js")

    async def get_response(self, path: str, scope: Scope) -> Response:
        index = f"{path}/index.js"
        if super().lookup_path(index)[1] is not None:
            return RedirectResponse(f"/{index}")  # what it imports is named relative to that
        return await super().get_response(path, scope)


@asynccontextmanager
async def front_end(packages: Path) -> AsyncGenerator[str]:
    """The origin of its pages."""
    async with served(Starlette(routes=[Mount("/", Modules(packages))])) as port:
        yield f"http://127.0.0.1:{port}"
