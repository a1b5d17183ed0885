"""The demo as a newcomer starts it: a process of its own, asked over real HTTP."""

from __future__ import annotations

import json
import re
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from browser import NEEDS_CHROMIUM, browsing, console_errors, run_in_explorer
from configured import table_at
from picked import WRITABLE, listed
from processes import PATIENCE, command, is_served, wait_until
from vendors import FACTS

from customer_gateway.cli.demo import SHORT_QUERY, sandbox_config
from customer_gateway.http.graphiql.examples import DEMO_QUERY, FIND_QUERY
from customer_gateway.sandbox import Sandbox
from customer_gateway.systems.registry import VENDORS

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Generator, Iterator

SYSTEMS = [vendor.kind.slug for vendor in VENDORS]
TITLES = ", ".join(vendor.kind.title for vendor in VENDORS)


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo: since when by the monotonic clock, what it said, and where everything is."""

    process: subprocess.Popen[str]
    began: float
    said: str

    @property
    def gateway(self) -> str:
        (url,) = re.findall(r"Customer Gateway is at (\S+):", self.said)
        return url

    def vendor(self, name: str) -> str:
        """`http://127.0.0.1:PORT` of one vendor."""
        (url,) = re.findall(rf"^  {name} +(http://127\.0\.0\.1:\d+)", self.said, re.MULTILINE)
        return url

    @contextmanager
    def stopped(self) -> Generator[None]:
        """Let the vendor that the demo names fail within the body, as it says."""
        (fault,) = re.findall(r"-X PUT (\S+) -d '(.*)'$", self.said, re.MULTILINE)
        httpx.put(fault[0], content=fault[1], timeout=20).raise_for_status()
        try:
            yield
        finally:
            httpx.delete(fault[0], timeout=20).raise_for_status()

    def ask(self, query: str) -> dict[str, Any]:
        return httpx.post(self.gateway, json={"query": query}, timeout=20).json()

    def ended_by(self, number: signal.Signals) -> tuple[int, str]:
        """The exit code, and what was written to standard error, after the signal."""
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, errors


@contextmanager
def running(*arguments: str) -> Generator[Demo]:
    began = time.monotonic()
    with command("demo", "--port", "0", "--sandbox-port", "0", *arguments) as process:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if line.startswith("Ctrl-C"):
                break
        yield Demo(process, began, said)


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    with running() as started:
        yield started


def with_customers(answer: dict[str, Any]) -> list[str]:
    return [each["name"] for each in answer["data"]["systems"] if each["customers"] and each["customers"]["nodes"]]


def test_the_demo_query_has_data_from_every_system_right_after_the_start(demo: Demo) -> None:
    answer = demo.ask(DEMO_QUERY)

    assert "errors" not in answer
    assert with_customers(answer) == SYSTEMS
    assert all(each["reachable"] for each in answer["data"]["systems"])


@pytest.fixture(scope="module")
def found_by_name() -> set[str]:
    """The systems whose sandbox has customers of the name that the first tab's query searches for."""
    box = Sandbox()
    names = {slug: [str(each[FACTS[slug].as_sent.name]) for each in box.vendors[slug].customers] for slug in SYSTEMS}
    box.close()
    return {slug for slug in SYSTEMS if any(re.search("m(ü|ue)hlen", name.casefold()) for name in names[slug])}


def found_states(answer: dict[str, Any]) -> list[tuple[str, str]]:
    """The system of each row of the first tab's query, and the state of its name."""
    return [
        (node["records"][0]["system"]["name"], node["provenance"][0]["state"])
        for node in answer["data"]["customers"]["nodes"]
    ]


def assert_ten_of_five(found: list[tuple[str, str]], found_by_name: set[str]) -> None:
    """Ten rows, of five of the systems that have such a name; of all of them where they are fewer."""
    systems = {system for system, _ in found}
    assert len(found) == 10
    assert systems <= found_by_name
    assert len(systems) >= min(5, len(found_by_name)), f"of {systems} alone"


def test_within_ten_seconds_of_the_start_the_first_tab_shows_ten_customers_of_five_systems(
    demo: Demo, found_by_name: set[str]
) -> None:
    until = demo.began + 10
    while (answer := demo.ask(FIND_QUERY)).get("extensions", {}).get("incomplete") and time.monotonic() < until:
        time.sleep(0.2)

    found = found_states(answer)
    assert_ten_of_five(found, found_by_name)
    assert {state for _, state in found} == {"VALUE"}
    assert answer.keys() == {"data"}


def test_while_a_vendor_is_stopped_the_first_tab_is_whole_with_its_rows_stale(
    demo: Demo, found_by_name: set[str]
) -> None:
    wait_until(lambda: demo.ask(FIND_QUERY).keys() == {"data"})
    with demo.stopped():
        answer = demo.ask(FIND_QUERY)
    wait_until(lambda: demo.ask(FIND_QUERY).keys() == {"data"})  # its circuit is closed again

    found = found_states(answer)
    assert_ten_of_five(found, found_by_name)
    assert {(system, state) for system, state in found if state != "VALUE"} == {(SYSTEMS[0], "STALE")}
    assert (SYSTEMS[0], "VALUE") not in found
    (entry,) = answer["extensions"]["incomplete"]
    assert (entry["path"], entry["system"], entry["code"]) == (["customers"], SYSTEMS[0], "UPSTREAM_UNAVAILABLE")
    assert "errors" not in answer
    seen = {node["provenance"][0]["seenAt"] is None for node in answer["data"]["customers"]["nodes"]}
    assert seen == {True, False}


def test_the_query_for_a_shell_works_as_it_is_printed(demo: Demo) -> None:
    (body,) = re.findall(r"-d '(\{\"query\".*\})'$", demo.said, re.MULTILINE)

    answer = demo.ask(json.loads(body)["query"])

    assert with_customers(answer) == SYSTEMS


def test_the_explorer_opens_with_customers_of_all_systems(demo: Demo) -> None:
    page = httpx.get(demo.gateway, headers={"accept": "text/html"}, timeout=20)

    assert page.status_code == 200
    assert page.text.index("query Find {") < page.text.index("query Everyone {")


PASTED = """
{ systems { name kind reachable customers(first: 5) { nodes { id name number status vatNumber email phone
  address { street postalCode city countryCode } contacts { name email }
  accounts { __typename ... on BankAccount { iban bic } }
  agreements { description startDate products { code } } owner { name email } updater { name } updatedAt
  records { __typename key } } } } }
"""


@pytest.mark.anyio
@pytest.mark.browser
@NEEDS_CHROMIUM
async def test_the_demo_query_pasted_into_the_explorer_shows_every_system(demo: Demo) -> None:
    async with browsing() as page:
        complaints = console_errors(page)
        await page.goto(demo.gateway, wait_until="networkidle")
        async with page.expect_response(lambda response: "countryCode" in (response.request.post_data or "")) as coming:
            await run_in_explorer(page, PASTED)
        answer = await (await coming.value).json()
        await page.locator(".result-window", has_text=f'"name": "{SYSTEMS[0]}"').wait_for(timeout=10_000)

    assert "errors" not in answer
    assert with_customers(answer) == SYSTEMS
    assert complaints == []


@pytest.mark.anyio
@pytest.mark.browser
@NEEDS_CHROMIUM
async def test_the_documentation_in_the_explorer_begins_with_what_this_is_and_its_limits(demo: Demo) -> None:
    async with browsing() as page:
        await page.goto(demo.gateway, wait_until="networkidle")
        await page.get_by_role("button", name="Show Documentation Explorer").click()
        docs = page.locator(".graphiql-plugin", has_text=f"Customers of {TITLES}")
        await docs.wait_for(timeout=10_000)
        told = await docs.inner_text()

    assert "2,000 tokens and 15 levels" in told


def test_a_stopped_vendor_costs_its_own_part_and_one_typed_error(demo: Demo) -> None:
    with demo.stopped():
        answer = demo.ask(DEMO_QUERY)
    mended = demo.ask(DEMO_QUERY)
    (error,) = answer["errors"]
    assert (error["extensions"]["code"], error["extensions"]["system"]) == ("UPSTREAM_UNAVAILABLE", SYSTEMS[0])
    assert error["path"] == ["systems", 0, "customers"]
    assert with_customers(answer) == SYSTEMS[1:]
    assert [each["reachable"] for each in answer["data"]["systems"]] == [name != SYSTEMS[0] for name in SYSTEMS]
    assert [each["reachable"] for each in mended["data"]["systems"]] == [True] * len(SYSTEMS)
    assert with_customers(mended) == SYSTEMS


def test_what_a_vendor_was_asked_can_be_seen(demo: Demo) -> None:
    demo.ask(SHORT_QUERY)

    calls = httpx.get(demo.vendor(SYSTEMS[0]) + "/_sandbox/calls", timeout=20).json()

    assert any(entry["call"].startswith(listed(SYSTEMS[0])) for entry in calls)


def test_other_verbs_use_the_demos_own_database_and_nothing_is_left_among_that_of_real_systems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    page = f'{{ system(name: "{WRITABLE}") {{ customers(first: 1) {{ nodes {{ id version }} }} }} }}'
    update = "mutation ($input: CustomerUpdateInput!) { customerUpdate(input: $input) { operation { state } } }"
    with running() as demo:
        (config,) = re.findall(r"^  --config (\S+)$", demo.said, re.MULTILINE)
        (customer,) = demo.ask(page)["data"]["system"]["customers"]["nodes"]
        given = {"id": customer["id"], "expectedVersion": customer["version"], "patch": {"name": "Neumann"}}
        body = {"query": update, "variables": {"input": given}}
        done = httpx.post(demo.gateway, json=body, timeout=20).json()
        with command("keys", "create", "--name", "me", "--config", config) as process:
            key, _ = process.communicate(timeout=PATIENCE)
        with command("operations", "list", "--config", config) as process:
            operations, _ = process.communicate(timeout=PATIENCE)
        with_key = httpx.Client(timeout=20, headers={"authorization": f"Bearer {key.strip()}"})
        wait_until(lambda: with_key.post(demo.gateway, json={"query": "{ __typename }"}).status_code == 200)
        with_key.close()
        demo.ended_by(signal.SIGTERM)

    assert done == {"data": {"customerUpdate": {"operation": {"state": "APPLIED"}}}}
    assert operations.count("APPLIED") == 1
    assert list(tmp_path.rglob("*.db")) == []
    assert not Path(config).parent.exists()


def test_rate_limits_can_be_switched_on_and_the_demo_query_still_works() -> None:
    with running("--rate-limits") as demo:
        answer = demo.ask(DEMO_QUERY)

    assert "errors" not in answer
    assert with_customers(answer) == SYSTEMS


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_demo_cleanly(number: signal.Signals) -> None:
    with running() as demo:
        demo.ask(SHORT_QUERY)
        code, errors = demo.ended_by(number)

    assert (code, errors) == (0, "")


def test_a_terminal_that_closes_ends_the_demo_with_a_line() -> None:
    with running() as demo:
        demo.ask(SHORT_QUERY)
        code, errors = demo.ended_by(signal.SIGHUP)

    assert (code, "signal_ends" in errors, errors.count("\n")) == (0, True, 1)


def test_a_signal_ends_the_demo_cleanly_while_an_answer_is_awaited() -> None:
    with running() as demo:
        httpx.put(
            demo.vendor(SYSTEMS[0]) + "/_sandbox/faults", content='{"kind": "hang"}', timeout=20
        ).raise_for_status()
        with httpx.Client(timeout=20) as client, ThreadPoolExecutor(1) as patient:
            asked = patient.submit(client.post, demo.gateway, json={"query": SHORT_QUERY})
            time.sleep(0.5)
            began = time.monotonic()
            code, errors = demo.ended_by(signal.SIGINT)
            asked.exception()

    assert code == 0
    assert errors.startswith("Cancel 1 running task(s), timeout graceful shutdown exceeded\n")
    assert "Traceback" not in errors
    assert time.monotonic() - began < 10


def test_a_signal_ends_the_demo_at_once_where_who_asked_has_hung_up() -> None:
    with running() as demo:
        httpx.put(
            demo.vendor(SYSTEMS[0]) + "/_sandbox/faults", content='{"kind": "hang"}', timeout=20
        ).raise_for_status()
        with pytest.raises(httpx.TimeoutException):
            httpx.post(demo.gateway, json={"query": SHORT_QUERY}, timeout=0.5)
        time.sleep(0.5)
        code, errors = demo.ended_by(signal.SIGINT)

    assert (code, "Cancel" in errors, "Traceback" in errors) == (0, False, False)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_serve_answers_what_the_sandbox_holds_and_ends_cleanly(tmp_path: Path, workers: str) -> None:
    with running() as demo, httpx.Client(timeout=1) as client:
        config = _config_for(demo, tmp_path)
        with command("serve", "--config", str(config), "--port", "0", "--workers", workers) as process:
            assert process.stderr is not None
            url = json.loads(process.stderr.readline())["address"]
            wait_until(lambda: is_served(client, url.replace("/graphql", "/readyz")))
            answer = client.post(url, json={"query": SHORT_QUERY}, timeout=20).json()
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=PATIENCE)

    assert with_customers(answer) == SYSTEMS
    assert process.returncode == 0
    assert "Traceback" not in errors
    events = {json.loads(line)["event"]: line for line in errors.splitlines()}
    assert {"request", "upstream_call"} <= events.keys()
    assert [line for event, line in events.items() if event not in {"request", "upstream_call", "catalog_passed"}] == []


def test_an_answer_in_part_has_the_status_that_the_configuration_wants(tmp_path: Path) -> None:
    config = tmp_path / "gateway.toml"
    accepted = ("application/graphql-response+json", "application/json")
    with socket.socket() as nobody, httpx.Client(timeout=20) as client:
        nobody.bind(("127.0.0.1", 0))  # without listening: connections are refused
        base_url = f"http://127.0.0.1:{nobody.getsockname()[1]}/v2"
        config.write_text(
            '[server]\npartial_status = 294\n[auth]\nanonymous = ["customers:read"]\n' + table_at(base_url, SYSTEMS[0])
        )
        with command("serve", "--config", str(config), "--port", "0") as process:
            assert process.stderr is not None
            url = json.loads(process.stderr.readline())["address"]
            wait_until(lambda: is_served(client, url.replace("/graphql", "/readyz")))
            query = f'{{ system(name: "{SYSTEMS[0]}") {{ name customers(first: 1) {{ nodes {{ id }} }} }} }}'
            answers = [client.post(url, json={"query": query}, headers={"accept": accept}) for accept in accepted]

    assert [answer.status_code for answer in answers] == [294, 200]
    for answer in answers:
        assert answer.json()["data"] == {"system": {"name": SYSTEMS[0], "customers": None}}
        assert [error["extensions"]["code"] for error in answer.json()["errors"]] == ["UPSTREAM_UNAVAILABLE"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_sandbox_alone_ends_cleanly(number: signal.Signals) -> None:
    with command("sandbox", "--sandbox-port", "0", "--customers", "1") as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in SYSTEMS]
        process.send_signal(number)
        rest, errors = process.communicate(timeout=PATIENCE)

    assert [line.split()[0] for line in said] == SYSTEMS
    assert (process.returncode, errors) == (0, "")
    assert rest == "The sandbox has stopped.\n"


def _config_for(demo: Demo, folder: Path) -> Path:
    """A configuration for the vendors of a running demo."""
    text = sandbox_config(9301)
    for place, name in enumerate(SYSTEMS):
        text = text.replace(f"http://127.0.0.1:{9301 + place}", demo.vendor(name))
    file = folder / "gateway.toml"
    file.write_text(text, encoding="utf-8")
    return file
