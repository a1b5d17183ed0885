"""Systems with logins, whose vendor drops a session in its own way: a new login mends it, where one may."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import httpx
import pytest
from vendors import FACTS, VENDORS, sandbox

from customer_gateway.errors import UpstreamUnauthorized
from customer_gateway.system import EVERYTHING
from customer_gateway.systems.connection import Wiring
from customer_gateway.wire import Retry
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from customer_gateway.system import Page, System

pytestmark = pytest.mark.anyio

HTML: Final[dict[str, str]] = {"content-type": "text/html"}
LOST: Final[dict[str, tuple[int, dict[str, str], bytes]]] = {
    "401": (401, {}, b"{}"),
    "403": (403, {}, b"{}"),
    "440": (440, HTML, b"<h1>Login timeout</h1>"),
    "302": (302, {"location": "/Account/Login?ReturnUrl=%2Fapi"}, b""),
}
SESSIONS: Final = {name: facts.session for name, facts in FACTS.items() if facts.session}


class Dropping(httpx.AsyncBaseTransport):
    """The way to a vendor that knows none of the sessions in `dropped` any more, and says so by `answer`."""

    def __init__(self, way: httpx.AsyncBaseTransport, header: str, answer: Any) -> None:
        self.sessions: list[str] = []
        self.dropped: set[str] = set()
        self.always = False
        self._way = way
        self._header = header
        self._answer = answer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        session = request.headers.get(self._header)
        if session is not None:
            self.sessions.append(session)
        if session is not None and (self.always or session in self.dropped):
            status, headers, body = self._answer
            return httpx.Response(status, headers=headers, content=body)
        return await self._way.handle_async_request(request)

    def drop(self) -> None:
        self.dropped.update(self.sessions)
        self.sessions.clear()


class Clock:
    def __init__(self) -> None:
        self.now = 1_780_000_000.0

    def __call__(self) -> float:
        return self.now


class World:
    """A system at its sandbox, by a way that drops sessions."""

    def __init__(self, name: str, answer: Any) -> None:
        self.clock = Clock()
        vendor = sandbox(customers=5, clock=self.clock).vendors[name]
        base_url = f"http://test{vendor.base_path}"
        session = SESSIONS[name]
        self.way = Dropping(httpx.ASGITransport(app=vendor.app), session.header, answer)
        wiring = Wiring(transport=lambda _: self.way, retry=Retry(attempts=1), clock=self.clock)
        kind = next(each for each in VENDORS if each.kind.slug == name)
        login = vendor.other_credentials if session.is_other else vendor.credentials
        settings = kind.settings.model_validate({"base_url": base_url, **login})
        self.system: System = kind.connect(name, settings, wiring)

    async def page(self) -> Page[Any]:
        return await self.system.page(0, 3, EVERYTHING, Deadline.after(5), ask_next=False)


CASES: Final = [(name, answer) for name, session in SESSIONS.items() for answer in (*LOST.values(), *session.lost)]


@pytest.mark.parametrize(("name", "answer"), CASES)
async def test_a_lost_session_costs_a_new_login_and_nothing_else(name: str, answer: Any) -> None:
    world = World(name, answer)
    await world.page()
    world.way.drop()
    world.clock.now += 61

    page = await world.page()

    assert len(page.items) == 3
    assert len(set(world.way.sessions)) == 2
    await world.system.aclose()


@pytest.mark.parametrize(("name", "answer"), [case for case in CASES if case[1][0] != 401])
async def test_what_no_login_mends_is_unauthorized_and_asked_once_more_a_session(name: str, answer: Any) -> None:
    world = World(name, answer)
    await world.page()
    world.way.sessions.clear()
    world.way.always = True

    for _ in range(3):
        world.clock.now += 61
        with pytest.raises(UpstreamUnauthorized):
            await world.page()

    assert len(world.way.sessions) == 4
    assert len(set(world.way.sessions)) == 2
    await world.system.aclose()
