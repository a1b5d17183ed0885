from __future__ import annotations

import asyncio
import hashlib
import re
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
import uvicorn
from browser import NEEDS_CHROMIUM, browsing, console_errors, run_in_explorer
from http_world import World
from named_callers import ANYONE

from customer_gateway.http import Example, HttpSettings, build_http
from customer_gateway.http.graphiql.examples import examples
from customer_gateway.http.graphiql.explorer import ASSETS, HERE

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from playwright.async_api import FloatRect, Locator, Page

pytestmark = pytest.mark.anyio

BROWSER = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
EXAMPLES = (
    Example('# What <this> gateway says & "more"\nquery Hello {\n  hello(name: "reader")\n}\n'),
    Example("query Named($name: String!) {\n  hello(name: $name)\n}\n", '{ "name": "<variable>" }'),
)


async def page_and_assets() -> tuple[str, list[str]]:
    async with World().client(HttpSettings(examples=EXAMPLES)) as client:
        page = (await client.get("/graphql", headers=BROWSER)).text
    return page, re.findall(r'(?:src|href)="([^"]+)"', page)


async def test_a_browser_gets_the_explorer_with_the_examples_in_it() -> None:
    page, _ = await page_and_assets()

    assert "# What &lt;this&gt; gateway says &amp; &quot;more&quot;\nquery Hello {" in page
    assert 'data-variables="{ &quot;name&quot;: &quot;&lt;variable&gt;&quot; }"' in page


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
async def served(shown: tuple[Example, ...] = EXAMPLES) -> AsyncGenerator[str]:
    """The gateway on a free port of this host, over a real socket."""
    app = build_http(World().engine(), HttpSettings(examples=shown), ANYONE)
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
    async with served() as url, browsing() as page:
        complaints = console_errors(page)
        page.on("request", lambda request: asked.append(request.url))
        await page.goto(f"{url}/", wait_until="networkidle")
        example = await page.locator(".graphiql-query-editor").inner_text()
        await run_in_explorer(page, '{ hello(name: "browser") }')
        await page.locator(".result-window", has_text="hello browser").wait_for(timeout=10_000)
        title = await page.title()

    assert "query Hello" in example
    assert title == "Customer Gateway"
    assert [address for address in asked if not address.startswith((url, "data:", "blob:"))] == []
    assert complaints == []


WIDE, NARROW = (1400, 860), (390, 844)
TITLES = ["Find", "TypeAhead", "Everyone", "OnePage", "Provenance"]
OVERFLOW = """() => {
  const editor = document.querySelector(".graphiql-query-editor .CodeMirror-scroll");
  return [editor.scrollWidth - editor.clientWidth, editor.scrollHeight - editor.clientHeight];
}"""
DIALOGS = ["Open short keys dialog", "Open settings dialog"]
PLUGINS = ["Show Documentation Explorer", "Show History"]


async def text_of(page: Page, editor: str) -> str:
    return await page.evaluate(f"document.querySelector('{editor} .CodeMirror').CodeMirror.getValue()")


async def titles_of(page: Page, tab: str = ".graphiql-tab") -> list[str]:
    return await page.locator(f"{tab} .graphiql-tab-button").all_inner_texts()


async def box_of(shown: Locator) -> FloatRect:
    box = await shown.bounding_box()
    assert box is not None
    return box


async def open_tab(page: Page, title: str) -> None:
    await page.locator(".graphiql-tab-button", has_text=title).click()
    await page.wait_for_timeout(800)  # what stands in a tab is kept by the browser when typing pauses


@pytest.mark.browser
@NEEDS_CHROMIUM
async def test_a_window_of_1400_pixels_shows_each_example_whole_in_a_tab_of_its_own() -> None:
    overflows: dict[str, list[int]] = {}
    shown: dict[str, tuple[str, str]] = {}
    async with served(examples(["first_one", "second"])) as url, browsing(*WIDE) as page:
        await page.goto(f"{url}/graphql", wait_until="networkidle")
        titles = await titles_of(page)
        for title in titles:
            await open_tab(page, title)
            overflows[title] = await page.evaluate(OVERFLOW)
            shown[title] = (
                await text_of(page, ".graphiql-query-editor"),
                await page.locator(".graphiql-editor-tool .CodeMirror-code").first.inner_text(),
            )

    assert titles == TITLES
    assert overflows == {title: [0, 0] for title in TITLES}
    assert {title: re.findall(r"^query (\w+)", query, re.MULTILINE) for title, (query, _) in shown.items()} == {
        title: [title] for title in TITLES
    }
    assert ['"after": null' in variables for _, variables in shown.values()] == [False, False, False, True, False]
    assert 'system(name: "first_one")' in shown["OnePage"][0]


@pytest.mark.browser
@NEEDS_CHROMIUM
@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_whatever_is_opened_in_the_explorer_the_console_has_no_error(size: tuple[int, int]) -> None:
    async with served() as url, browsing(*size) as page:
        complaints = console_errors(page)
        await page.goto(f"{url}/graphql", wait_until="networkidle")
        await page.locator(".graphiql-execute-button").click()
        for label in PLUGINS:
            await page.get_by_role("button", name=label).click()
            await page.locator(".graphiql-plugin", has_text="Docs" if "Docu" in label else "History").wait_for()
        await page.get_by_role("button", name="Hide History").click()
        for label in DIALOGS:
            await page.get_by_role("button", name=label).click()
            await page.get_by_role("dialog").wait_for()
            await page.keyboard.press("Escape")
            await page.get_by_role("dialog").wait_for(state="detached")

    assert complaints == []


@pytest.mark.browser
@NEEDS_CHROMIUM
async def test_on_390_pixels_query_and_result_stand_one_above_the_other_and_documentation_in_their_place() -> None:
    async with served() as url, browsing(*NARROW) as page:
        await page.goto(f"{url}/graphql", wait_until="networkidle")
        await open_tab(page, "Named")
        await page.locator(".graphiql-execute-button").click()
        result = page.locator(".result-window", has_text="hello <variable>")
        await result.wait_for(timeout=10_000)
        query, answer = await box_of(page.locator(".graphiql-query-editor")), await box_of(result)
        await page.get_by_role("button", name="Variables").click()
        variables = await box_of(page.locator(".graphiql-editor-tool"))
        width = await page.evaluate("document.documentElement.scrollWidth")
        await page.get_by_role("button", name="Show Documentation Explorer").click()
        docs = await box_of(page.locator(".graphiql-plugin"))
        editors_shown = await page.locator(".graphiql-sessions").is_visible()

    assert width == NARROW[0]
    assert min(each["width"] for each in (query, answer, docs)) > 340
    assert query["height"] > 250
    assert answer["height"] > 250
    assert variables["height"] > 60
    assert answer["y"] >= query["y"] + query["height"]
    assert answer["y"] + answer["height"] <= NARROW[1]
    assert (docs["height"] > 700, editors_shown) == (True, False)


@pytest.mark.browser
@NEEDS_CHROMIUM
async def test_who_comes_back_finds_the_tabs_as_they_were_and_a_shared_link_in_one_more() -> None:
    async with served() as url, browsing() as page:
        await page.goto(f"{url}/graphql", wait_until="networkidle")
        await open_tab(page, "Named")
        await page.reload(wait_until="networkidle")
        again = await titles_of(page), await titles_of(page, ".graphiql-tab-active")
        await page.goto(f"{url}/graphql?query=query Shared {{ hello }}", wait_until="networkidle")
        linked = await titles_of(page), await titles_of(page, ".graphiql-tab-active")
        texts = [await text_of(page, editor) for editor in (".graphiql-query-editor", ".graphiql-editor-tool")]

    assert again == (["Hello", "Named"], ["Named"])
    assert linked == (["Hello", "Named", "Shared"], ["Shared"])
    assert texts == ["query Shared { hello }", ""]


@pytest.mark.browser
@NEEDS_CHROMIUM
async def test_a_shared_link_opens_before_the_examples() -> None:
    async with served() as url, browsing() as page:
        link = f'{url}/graphql?query=query Shared($name: String!) {{ hello(name: $name) }}&variables={{"name":"you"}}'
        await page.goto(link, wait_until="networkidle")
        await page.locator(".graphiql-execute-button").click()
        await page.locator(".result-window", has_text="hello you").wait_for(timeout=10_000)
        titles = await titles_of(page), await titles_of(page, ".graphiql-tab-active")

    assert titles == (["Shared", "Hello", "Named"], ["Shared"])
