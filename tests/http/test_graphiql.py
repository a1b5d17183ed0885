from __future__ import annotations

import asyncio
import hashlib
import re
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from browser import NEEDS_CHROMIUM, browsing, run_in_explorer
from http_world import World

from customer_gateway.http import HttpSettings, build_http
from customer_gateway.http.graphiql.explorer import ASSETS, HERE

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

pytestmark = pytest.mark.anyio

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
EXAMPLES = '# What <this> gateway says & "more"\nquery Hello {\n  hello(name: "reader")\n}\n'


async def page_and_assets() -> tuple[str, list[str]]:
    async with World().client(HttpSettings(examples=EXAMPLES)) as client:
        page = (await client.get("/graphql", headers=BROWSER)).text
    return page, re.findall(r'(?:src|href)="([^"]+)"', page)


async def test_a_browser_gets_the_explorer_with_the_examples_in_it() -> None:
    page, _ = await page_and_assets()

    assert "# What &lt;this&gt; gateway says &amp; &quot;more&quot;\nquery Hello {" in page


async def test_a_client_of_json_does_not_get_the_explorer() -> None:
    async with World().client() as client:
        response = await client.get("/graphql", headers={"accept": "application/json"})

    assert response.headers["content-type"].startswith("application/json")


async def test_without_the_explorer_a_browser_gets_a_406_and_no_assets() -> None:
    _, assets = await page_and_assets()
    async with World().client(HttpSettings(graphiql=False)) as client:
        answers = [await client.get(path, headers={"accept": "text/html"}) for path in ("/graphql", assets[0])]

    assert [answer.status_code for answer in answers] == [406, 404]


async def test_the_page_allows_nothing_but_this_host() -> None:
    async with World().client() as client:
        response = await client.get("/graphql", headers=BROWSER)

    policy = dict(part.split(" ", 1) for part in response.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == policy["style-src"] == "'self'"
    assert "unsafe" not in response.headers["content-security-policy"]
    assert response.headers["x-frame-options"] == "DENY"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_every_asset_of_the_page_is_here_and_may_be_kept_for_ever() -> None:
    _, paths = await page_and_assets()
    async with World().client() as client:
        answers = [await client.get(path) for path in paths]

    assert len(paths) == len(ASSETS)
    assert {answer.status_code for answer in answers} == {200}
    assert all("immutable" in answer.headers["cache-control"] for answer in answers)
    assert {answer.headers["content-type"].split(";")[0] for answer in answers} == {
        "text/javascript",
        "text/css",
        "image/svg+xml",
    }


async def test_assets_are_zipped_for_those_who_can_unzip() -> None:
    path = next(path for path in (await page_and_assets())[1] if path.endswith("graphiql.min.js"))
    async with World().client() as client:
        zipped = await client.get(path, headers={"accept-encoding": "gzip"})
        whole = await client.get(path, headers={"accept-encoding": "identity"})

    assert (zipped.headers["content-encoding"], "content-encoding" in whole.headers) == ("gzip", False)
    assert int(zipped.headers["content-length"]) < int(whole.headers["content-length"]) / 3
    assert zipped.content == whole.content


@pytest.mark.parametrize("name", ["../explorer.py", "%2e%2e/explorer.py", "README.md", "", "graphiql.LICENSE"])
async def test_nothing_else_is_served_beside_the_assets(name: str) -> None:
    folder = (await page_and_assets())[1][0].rpartition("/")[0]
    async with World().client() as client:
        response = await client.get(f"{folder}/{name}")

    assert response.status_code == 404


async def test_assets_of_another_version_are_not_served_as_this_one() -> None:
    async with World().client() as client:
        response = await client.get("/graphiql/0000000000000000/graphiql.min.js")

    assert response.status_code == 404


def test_the_committed_files_are_those_that_were_reviewed() -> None:
    table = re.findall(r"^\| `([^`]+)` .* `([0-9a-f]{64})` \|$", (HERE / "assets/README.md").read_text(), re.MULTILINE)
    lying_there = {path.name: path for path in (HERE / "assets").iterdir() if path.name != "README.md"}

    assert {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in lying_there.items()} == dict(table)


@asynccontextmanager
async def served() -> AsyncGenerator[str]:
    """The gateway on a free port of this host, over a real socket."""
    app = build_http(World().engine(), HttpSettings(examples=EXAMPLES))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        running = asyncio.create_task(server.serve([listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await running


@pytest.mark.browser
@NEEDS_CHROMIUM
async def test_in_a_real_browser_a_typed_query_shows_its_result_and_no_request_leaves_the_host() -> None:
    asked: list[str] = []
    complaints: list[Any] = []
    async with served() as url, browsing() as page:
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(error.message))
        await page.goto(f"{url}/", wait_until="networkidle")
        example = await page.locator(".graphiql-query-editor").inner_text()
        await run_in_explorer(page, '{ hello(name: "browser") }')
        await page.locator(".result-window", has_text="hello browser").wait_for(timeout=10_000)
        title = await page.title()

    assert "query Hello" in example
    assert title == "Customer Gateway"
    assert [address for address in asked if not address.startswith((url, "data:", "blob:"))] == []
    assert complaints == []
