"""A page of the web, whose name its owner lets point at this machine, asks the gateway as if it were its own server."""

from __future__ import annotations

import pytest
from http_world import Client, World
from httpx import ASGITransport
from named_callers import ANYONE
from sockets import served
from structlog.testing import capture_logs

from customer_gateway.http import HttpSettings, build_http
from customer_gateway.http.hosts import Hosts

pytestmark = pytest.mark.anyio

HERE, ELSEWHERE = "127.0.0.1", "10.1.2.3"


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1:8000", True),
        ("[::1]:8000", True),
        ("192.168.1.7", True),
        ("localhost:8000", True),
        ("LOCALHOST", True),
        ("gateway.localhost", True),
        ("gateway", True),
        ("rebind.evil.example:8000", False),
        ("rebind.evil.example.", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example", False),
        ("[evil.example]", False),
        ("evil.example:8000:8000", False),
        ("\x00\xff.x", False),
    ],
)
def test_on_this_machine_only_names_that_no_page_of_the_web_can_have_are_expected(host: str, *, expected: bool) -> None:
    assert Hosts(()).expect(HERE, host.encode("latin-1")) is expected
    assert Hosts(()).expect("::1", host.encode("latin-1")) is expected
    assert Hosts(()).expect("::ffff:127.0.0.1", host.encode("latin-1")) is expected


def test_what_other_machines_can_reach_is_called_by_any_name_unless_told() -> None:
    assert Hosts(()).expect(ELSEWHERE, b"gateway.example.com")
    assert Hosts(()).expect(None, b"gateway.example.com")
    assert Hosts(["Gateway.example.com"]).expect(ELSEWHERE, b"gateway.example.com:443")
    assert Hosts(["gateway.example.com"]).expect(HERE, b"gateway.example.com")
    assert not Hosts(["gateway.example.com"]).expect(ELSEWHERE, b"evil.example")


def test_the_same_name_is_expected_of_one_address_and_not_of_another() -> None:
    hosts = Hosts(())

    assert [hosts.expect(each, b"gateway.example.com") for each in (HERE, ELSEWHERE, HERE)] == [False, True, False]


def test_a_client_without_a_host_is_no_browser() -> None:
    assert Hosts(()).expect(HERE, None)


@pytest.mark.parametrize("path", ["/graphql", "/", "/readyz", "/nope"])
async def test_a_name_that_is_not_expected_is_refused_at_every_path_with_what_to_do(path: str) -> None:
    app = build_http(World().engine(), HttpSettings(), ANYONE)
    async with Client(transport=ASGITransport(app), base_url="http://127.0.0.1:8000") as client:
        with capture_logs() as lines:
            response = await client.get(path, headers={"host": "rebind.evil.example", "accept": "text/html"})

    assert response.status_code == 421
    assert response.headers["content-type"] == "application/problem+json"
    assert "add it to `hosts`" in response.json()["detail"]
    assert [(line["status"], line["refused"]) for line in lines] == [(421, "host")]


async def test_a_query_on_a_real_socket_is_not_even_begun() -> None:
    world = World()
    app = build_http(world.engine(), HttpSettings(), ANYONE)
    async with served(app) as port, Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
        refused = await client.ask("{ read }", {"host": f"rebind.evil.example:{port}"})
        answered = await client.ask("{ hello }", {"host": f"localhost:{port}"})

    assert (refused.status_code, answered.status_code) == (421, 200)
    assert world.reads == []
