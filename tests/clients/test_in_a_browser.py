"""Apollo Client and urql in a real browser: a page of another origin asks with a key, by CORS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from browser import NEEDS_CHROMIUM, browsing
from clients.front_end import front_end
from clients.keyed_gateway import ACCOUNTS, CUSTOMERS, VARIABLES, WRONG_KEY, KeyedGateway, keyed_gateway
from clients.npm_packages import NEEDS_NPM

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path

    from playwright.async_api import Page, Response

pytestmark = [pytest.mark.anyio, pytest.mark.browser, NEEDS_CHROMIUM, NEEDS_NPM]

ASK = "async ([module, asked]) => (await import(module)).ask(asked)"


@dataclass(frozen=True, slots=True)
class Asking:
    """A client, and what makes it ask by this method."""

    client: str
    method: str
    options: dict[str, object]

    def __str__(self) -> str:
        return f"{self.client} by {self.method}"


EACH = pytest.mark.parametrize(
    "asking",
    [
        Asking("apollo", "POST", {}),
        Asking("apollo", "GET", {"get": True}),
        Asking("urql", "GET", {}),
        Asking("urql", "POST", {"get": False}),
    ],
    ids=str,
)
"""Each client as it asks by itself, and by the other method."""


@dataclass(frozen=True, slots=True)
class FrontEnd:
    """A page, the gateway that lists its origin, and one that lists another."""

    page: Page
    gateway: KeyedGateway
    unlisting: KeyedGateway

    async def ask(self, asking: Asking, **other: object) -> dict[str, Any]:
        """What the client says, and the method and status of each answer that its browser had of the query."""
        answers: list[tuple[str, int]] = []

        def note(response: Response) -> None:
            if response.url.startswith((self.gateway.url, self.unlisting.url)):
                answers.append((response.request.method, response.status))

        asked = {"url": self.gateway.url, "key": self.gateway.key, "query": CUSTOMERS, "variables": VARIABLES}
        self.page.on("response", note)
        said = await self.page.evaluate(ASK, [f"/{asking.client}.mjs", {**asked, **asking.options, **other}])
        self.page.remove_listener("response", note)
        return {**said, "answers": answers}


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    """One browser for all tests of this module: to load Apollo Client takes seconds."""
    return "asyncio"


@pytest.fixture(scope="module")
async def front(packages: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[FrontEnd]:
    async with (
        front_end(packages) as origin,
        keyed_gateway(tmp_path_factory.mktemp("listing"), origin) as gateway,
        keyed_gateway(tmp_path_factory.mktemp("unlisting"), "https://app.example.com") as unlisting,
        browsing() as page,
    ):
        await page.goto(origin)
        yield FrontEnd(page, gateway, unlisting)


@EACH
async def test_a_page_of_a_listed_origin_asks_with_a_key(front: FrontEnd, asking: Asking) -> None:
    said = await front.ask(asking)

    assert said == {"data": await front.gateway.customers(), "answers": [(asking.method, 200)]}


@EACH
async def test_what_the_key_may_not_read_is_an_error_beside_the_data(front: FrontEnd, asking: Asking) -> None:
    said = await front.ask(asking, query=ACCOUNTS)

    data = await front.gateway.without_accounts()
    assert said == {"data": data, "codes": ["FORBIDDEN"], "answers": [(asking.method, 200)]}


@EACH
async def test_a_wrong_key_is_a_401_whose_code_the_client_gives(front: FrontEnd, asking: Asking) -> None:
    said = await front.ask(asking, key=WRONG_KEY)

    assert said == {"data": None, "codes": ["UNAUTHENTICATED"], "answers": [(asking.method, 401)]}


@EACH
async def test_a_page_has_no_answer_of_a_gateway_that_does_not_list_its_origin(front: FrontEnd, asking: Asking) -> None:
    said = await front.ask(asking, url=front.unlisting.url, key=front.unlisting.key)

    assert said == {"data": None, "thrown": "TypeError", "answers": []}
