"""GraphiQL in a real browser, on a gateway that answers nothing without a key."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from browser import NEEDS_CHROMIUM, browsing, console_errors, run_in_explorer
from gateway import in_process, settings_over
from picked import FIRST
from sockets import served

from customer_gateway.app import build_engine, build_federation
from customer_gateway.errors import Unauthenticated
from customer_gateway.http import HttpSettings, build_http
from customer_gateway.http.callers.authenticator import Authenticator, anonymous
from customer_gateway.http.graphiql.examples import examples
from customer_gateway.model.callers import Caller, Rights
from customer_gateway.sandbox import Sandbox
from customer_gateway.systems.connection import Wiring

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from playwright.async_api import Page

pytestmark = [pytest.mark.anyio, pytest.mark.browser, NEEDS_CHROMIUM]

KEY = "cg_front-end_9f2c41"
READER_KEY = "cg_reader_77aa10"
SCOPES = {"customers:read", "billing:read", "schema:read"}
LEFT_BEHIND = """() => [
  location.href, document.documentElement.outerHTML, document.cookie,
  JSON.stringify({...localStorage}), JSON.stringify({...sessionStorage}),
  ...[...document.querySelectorAll("input")].map((input) => input.value),
].join("\\n")"""
CONTRAST = """() => {
  const colour = (selector, property) => getComputedStyle(document.querySelector(selector))[property];
  const light = (text) => {
    const [red, green, blue] = text.match(/[0-9.]+/g).map((part) => {
      const value = part / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const ground = light(colour(".graphiql-container", "backgroundColor"));
  return [".key-panel p", ".key-panel label", ".key-panel small", ".key-panel input"].map((selector) => {
    const [dark, bright] = [ground, light(colour(selector, "color"))].sort((first, second) => first - second);
    return (bright + 0.05) / (dark + 0.05);
  });
}"""


class KnownKeys:
    """A key for each of two callers."""

    def caller_of(self, key: str, address: str | None) -> Caller:
        del address
        if key == KEY:
            return Caller("front end", "key", Rights(frozenset(SCOPES)))
        if key == READER_KEY:
            return Caller("reader", "key", Rights(frozenset({"customers:read"})))
        raise Unauthenticated("The key is not known; ask the operator for one.")


@asynccontextmanager
async def gateway(unknown: Caller | None = None) -> AsyncGenerator[str]:
    """The address of a gateway over one vendor."""
    box = Sandbox()
    settings = settings_over(box, systems=[(FIRST, FIRST)])
    federation = build_federation(settings, Wiring(transport=in_process(box, settings)))
    http = HttpSettings(examples=examples([], finds=False))
    try:
        app = build_http(build_engine(settings, federation), http, Authenticator(unknown, KnownKeys()))
        async with served(app) as port:
            yield f"http://127.0.0.1:{port}/graphql"
    finally:
        await federation.aclose()
        box.close()


async def enter(page: Page, key: str) -> None:
    await page.get_by_role("region", name="API key").get_by_label("API key").fill(key)
    await page.get_by_role("button", name="Use").click()


async def run(page: Page, answer: str) -> None:
    """Run the query that is open, and wait for its answer."""
    await page.locator(".graphiql-execute-button").click()
    await page.locator(".result-window", has_text=answer).wait_for(timeout=10_000)


async def test_a_reader_enters_a_key_runs_the_first_query_and_forgets_the_key() -> None:
    async with gateway() as url, browsing() as page:
        complaints = console_errors(page)
        await page.goto(url, wait_until="networkidle")
        advice = await page.get_by_role("region", name="API key").inner_text()
        await run(page, "UNAUTHENTICATED")

        await enter(page, "cg_none")
        refusal = await page.get_by_role("alert").inner_text()
        await enter(page, KEY)
        await page.get_by_text("In use: the key front end").wait_for()
        scopes = await page.get_by_role("list", name="Scopes").get_by_role("listitem").all_inner_texts()
        await run(page, '"vatNumber"')
        left_behind = await page.evaluate(LEFT_BEHIND)
        (cookie,) = await page.context.cookies()

        await page.reload(wait_until="networkidle")
        await page.get_by_role("button", name="Show API key").click()
        await page.get_by_text("In use: the key front end").wait_for()
        await page.get_by_role("button", name="Forget").click()
        await page.get_by_text("No key in use.").wait_for()
        await run(page, "UNAUTHENTICATED")
        cookies = await page.context.cookies()

    assert "Requests without a key are refused. Enter one" in advice
    assert refusal == "The key is not known; ask the operator for one."
    assert scopes == sorted(SCOPES)
    assert KEY not in left_behind
    assert (cookie.get("httpOnly"), cookie.get("sameSite"), cookie.get("path")) == (True, "Strict", "/graphql")
    assert KEY in cookie.get("value", "")
    assert cookies == []
    assert {complaint for complaint in complaints if "401 (Unauthorized)" not in complaint} == set()


async def test_a_reader_of_customers_alone_is_shown_that_the_schema_needs_a_scope() -> None:
    unknown = anonymous(frozenset({"customers:read"}))
    async with gateway(unknown) as url, browsing() as page:
        await page.goto(url, wait_until="networkidle")
        panel = page.get_by_role("region", name="API key")
        without_key = await panel.inner_text()
        await run_in_explorer(page, "{ systems { name } }")
        await page.locator(".result-window", has_text=f'"{FIRST}"').wait_for(timeout=10_000)
        await enter(page, READER_KEY)
        await page.get_by_text("In use: the key reader").wait_for()
        with_key = await panel.inner_text()

    lacking = "The schema is not shown without the scope schema:read."
    assert f"{lacking} For it, enter a key that has the scope." in without_key
    assert f"{lacking} For it, forget this key and enter one that has the scope." in with_key


@pytest.mark.parametrize("size", [(1400, 860), (390, 844)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_panel_can_be_read_and_used_by_keyboard_in_every_window(size: tuple[int, int], scheme: str) -> None:
    async with gateway() as url, browsing(*size) as page:
        await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        await page.goto(url, wait_until="networkidle")
        field = page.get_by_role("region", name="API key").get_by_label("API key")
        box = await field.bounding_box()
        contrasts = await page.evaluate(CONTRAST)
        await field.focus()
        await page.keyboard.type(KEY)
        await page.keyboard.press("Enter")
        await page.get_by_text("In use: the key front end").wait_for()
        width = await page.evaluate("document.documentElement.scrollWidth")

    assert box is not None
    assert box["width"] > 250
    assert box["x"] + box["width"] <= size[0]
    assert min(contrasts) >= 4.5
    assert width == size[0]
