"""The composition root: what is configured is connected, signed alike everywhere, and closed at the end."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import structlog
import structlog.testing
from configured import settings_at, table_at
from gateway import in_process
from picked import FIRST, SECRET
from redis_server import NEEDS_REDIS, RedisServer
from vendors import FACTS
from wire.vendor import closed_port

from customer_gateway.api.engine import Prepared
from customer_gateway.app import (
    build_app,
    build_engine,
    build_federation,
    gateway_schema,
    schema_text,
    worker,
)
from customer_gateway.config import AuthSettings, DatabaseSettings, ServerSettings, Settings
from customer_gateway.environment import CONFIG_VARIABLE, WORKERS_VARIABLE
from customer_gateway.model.callers import EVERY_RIGHT, SCOPES
from customer_gateway.model.ids import encode_id
from customer_gateway.model.key_text import new_key
from customer_gateway.sandbox import Sandbox
from customer_gateway.systems.connection import Wiring
from customer_gateway.systems.registry import VENDORS
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.anyio

ADDRESS = "http://vendor.test/v2"


def settings(server: dict[str, Any] | None = None, name: str = FIRST, **table: Any) -> Settings:
    system = settings_at(table.pop("base_url", ADDRESS), FIRST, **table)
    return Settings(ServerSettings.model_validate(server or {}), {name: (FIRST, system)})


def cursor(of: Settings) -> str:
    return build_federation(of).cursors.encode(f"systems/{FIRST}/customers", "49")


class TestCursorSecret:
    def test_the_same_configuration_signs_alike_in_every_worker(self) -> None:
        assert cursor(settings()) == cursor(settings())

    def test_the_order_of_the_systems_does_not_matter(self) -> None:
        one, two = settings(name="a").systems, settings(name="b").systems

        assert cursor(Settings(ServerSettings(), {**one, **two})) == cursor(Settings(ServerSettings(), {**two, **one}))

    @pytest.mark.parametrize("change", [{SECRET: "id:other"}, {"base_url": "http://elsewhere.test"}, {"name": "b"}])
    def test_another_credential_address_or_name_signs_otherwise(self, change: dict[str, Any]) -> None:
        assert cursor(settings(**change)) != cursor(settings())

    @pytest.mark.parametrize("change", [{"limits": {"parallel": 2}}, {"breaker": {"failures": 0}}])
    def test_limits_and_breaker_do_not_end_the_cursors_given_out(self, change: dict[str, Any]) -> None:
        assert cursor(settings(**change)) == cursor(settings())

    def test_a_configured_secret_outlives_every_other_change(self) -> None:
        server = {"cursor_secret": "one secret for all"}

        assert cursor(settings(server)) == cursor(settings(server, **{SECRET: "id:other"}))
        assert cursor(settings(server)) != cursor(settings({"cursor_secret": "another secret than that"}))


@pytest.mark.parametrize("executor", ["breadth", "reference"])
async def test_the_engine_answers_over_the_configured_systems(executor: str) -> None:
    of = settings({"executor": executor}, name="cleaners")
    engine = build_engine(of, build_federation(of))
    prepared = engine.prepare("{ __schema { queryType { name } } systems { name kind } }", None)
    assert isinstance(prepared, Prepared)

    reply = await engine.begin(prepared, None, rights=EVERY_RIGHT, deadline=Deadline.after(5), request_id="r1").run()

    data = (
        f'{{"__schema":{{"queryType":{{"name":"Query"}}}},"systems":[{{"name":"cleaners","kind":"{FIRST.upper()}"}}]}}'
    )
    assert reply.encode("r1") == f'{{"data":{data}}}'.encode()


def test_the_schema_is_built_once_and_told_in_its_own_language() -> None:
    assert gateway_schema() is gateway_schema()
    assert schema_text().count("implements CustomerRecord {") == len(VENDORS)
    assert schema_text().endswith("}\n")


class Way(httpx.AsyncBaseTransport):
    """A way to a system that tells whether it was closed."""

    closed = False

    async def aclose(self) -> None:
        self.closed = True


@pytest.mark.usefixtures("process_as_before")
async def test_every_system_is_closed_when_the_application_ends() -> None:
    way = Way()
    app = build_app(settings(), Wiring(transport=lambda _name: way))

    async with app.inner.router.lifespan_context(app.inner):
        assert not way.closed

    assert way.closed


@pytest.mark.usefixtures("process_as_before")
async def test_what_writes_add_to_the_index_is_merged_while_the_application_serves(tmp_path: Path) -> None:
    box = Sandbox()
    vendor = box.vendors[FIRST]
    table: dict[str, Any] = {"base_url": f"http://vendor.test{vendor.base_path}", **vendor.credentials}
    found = replace(
        settings(**table),
        database=DatabaseSettings.model_validate({"url": f"sqlite+aiosqlite:///{tmp_path / 'gateway.db'}"}),
        auth=AuthSettings(anonymous=tuple(SCOPES)),
    )
    app = build_app(found, Wiring(transport=in_process(box, found)))
    customer = encode_id("Customer", FIRST, next(iter(vendor.customers.keys())))
    query = "mutation ($input: CustomerUpdateInput!) { customerUpdate(input: $input) { userErrors { message } } }"
    async with (
        app.inner.router.lifespan_context(app.inner),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway.test") as client,
    ):
        for number in range(24):
            variables = {"input": {"id": customer, "patch": {"name": f"Name {number}"}, "force": True}}
            answer = await client.post("/graphql", json={"query": query, "variables": variables})
            assert answer.json() == {"data": {"customerUpdate": {"userErrors": []}}}
        counted = segments(tmp_path / "catalog.db")
        for _ in range(100):
            if (counted := segments(tmp_path / "catalog.db")) < 16:
                break
            await asyncio.sleep(0.05)
    box.close()

    assert counted < 16  # seven of a size stay, and a pass may have added some of another


def segments(index: Path) -> int:
    with closing(sqlite3.connect(index)) as connection:
        return int(connection.execute("SELECT count(DISTINCT segid) FROM catalog_tokens_idx").fetchone()[0])


@pytest.mark.usefixtures("process_as_before")
class TestRedis:
    """Where a Redis is configured the process says at its start, and whenever asked, whether it is there."""

    @staticmethod
    async def ready(url: str) -> tuple[dict[str, str], list[Any]]:
        """What /readyz says, and the log."""
        with structlog.testing.capture_logs() as log:
            app = build_app(settings({"redis": url}), Wiring())
            async with (
                app.inner.router.lifespan_context(app.inner),
                httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway.test") as client,
            ):
                answer = await client.get("/readyz")
        assert answer.status_code == 200
        return answer.json(), [line for line in log if line["event"] == "budget_store"]

    @NEEDS_REDIS
    async def test_it_is_there(self, redis: RedisServer) -> None:
        assert await self.ready(redis.url) == ({"status": "ready", "budgets": "shared"}, [])

    async def test_it_is_not_there(self) -> None:
        said, log = await self.ready(f"redis://:hunter2@127.0.0.1:{closed_port()}/0")

        assert said == {"status": "ready", "budgets": "split, because Redis cannot be used"}
        assert [(line["state"], line["reason"]) for line in log] == [("lost", "ConnectionError")]
        assert "hunter2" not in str(log)


@pytest.mark.usefixtures("process_as_before")
class TestKeys:
    """API keys come from the configured database; where it cannot be used, the process serves and says so."""

    @staticmethod
    async def answers(url: str, key: str) -> tuple[dict[str, str], httpx.Response]:
        """What /readyz says, and what is answered to a request with a key."""
        found = replace(settings(), database=DatabaseSettings.model_validate({"url": url}))
        app = build_app(found, Wiring())
        async with (
            app.inner.router.lifespan_context(app.inner),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway.test") as client,
        ):
            ready = await client.get("/readyz")
            headers = {"authorization": f"Bearer {key}"}
            return ready.json(), await client.post("/graphql", json={"query": "{ __typename }"}, headers=headers)

    async def test_the_database_is_not_there_yet(self, tmp_path: Path) -> None:
        ready, answer = await self.answers(f"sqlite+aiosqlite:///{tmp_path / 'gateway.db'}", new_key())

        assert (ready, answer.status_code) == ({"status": "ready"}, 401)
        assert answer.json()["errors"][0]["message"].startswith("The API key is not known here;")

    async def test_the_database_cannot_be_used(self, tmp_path: Path) -> None:
        (tmp_path / "gateway.db").write_bytes(b"no database, and too long to be an empty one" * 30)

        ready, answer = await self.answers(f"sqlite+aiosqlite:///{tmp_path / 'gateway.db'}", new_key())

        assert ready == {
            "status": "ready",
            "api_keys": "none is known yet, because the database cannot be used",
        }
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
        assert answer.json()["errors"][0]["extensions"]["code"] == "UPSTREAM_UNAVAILABLE"


@pytest.fixture
def _logs_as_before() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction] - used by name
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.mark.usefixtures("_logs_as_before")
class TestWorker:
    """A worker process finds its configuration in the environment."""

    def test_it_serves_what_the_named_file_configures(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        file = tmp_path / "gateway.toml"
        file.write_text(table_at(ADDRESS, FIRST))
        monkeypatch.setenv(CONFIG_VARIABLE, str(file))
        monkeypatch.setenv(WORKERS_VARIABLE, "2")

        assert "/graphql" in {getattr(route, "path", None) for route in worker().inner.routes}

    @pytest.mark.parametrize(
        ("auth", "named"),
        [
            ("", []),
            ('anonymous = ["customers:read"]', ["first"]),
            ('anonymous = ["customers:read"]\nanonymous_systems = ["second"]', ["second"]),
            ('anonymous = ["customers:read"]\nanonymous_systems = []', []),
            ('anonymous = ["schema:read"]', []),
        ],
    )
    async def test_its_page_names_no_system_but_one_that_anonymous_may_see(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, auth: str, named: list[str]
    ) -> None:
        file = tmp_path / "gateway.toml"
        table = table_at(ADDRESS, FIRST, kind=FIRST)
        tables = [table.replace(f"[systems.{FIRST}]", f"[systems.{name}]") for name in ("first", "second")]
        file.write_text(f"[auth]\n{auth}\n{''.join(tables)}", encoding="utf-8")
        monkeypatch.setenv(CONFIG_VARIABLE, str(file))

        transport = httpx.ASGITransport(worker())
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
            page = (await client.get("/graphql", headers={"accept": "text/html"})).text

        assert [name for name in ("first", "second") if f"system(name: &quot;{name}&quot;)" in page] == named

    def test_without_a_file_the_environment_alone_configures_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv(CONFIG_VARIABLE, raising=False)
        for key, value in {"base_url": ADDRESS, **FACTS[FIRST].credentials}.items():
            monkeypatch.setenv(f"CUSTOMER_GATEWAY_SYSTEMS__{FIRST.upper()}__{key.upper()}", value)

        assert worker().inner.routes

    def test_a_file_that_is_not_there_is_a_line_in_the_log_and_the_code_of_a_failed_start(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv(CONFIG_VARIABLE, str(tmp_path / "none.toml"))

        with pytest.raises(SystemExit) as ended:
            worker()

        (line,) = capsys.readouterr().err.splitlines()
        assert ended.value.code == 3
        assert json.loads(line)["event"] == "worker_cannot_start"
        assert "none.toml: there is no such file" in json.loads(line)["reason"]
