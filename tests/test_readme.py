"""What the documents say, held against what is so."""

from __future__ import annotations

import ast
import json
import re
from configparser import ConfigParser
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import pytest
from catalog_index import finding_gateway, index_of
from gateway import gateway_over
from graphql import build_schema, parse, validate
from stories.test_writes import writing_gateway

from customer_gateway import errors
from customer_gateway.config import AuthSettings, CatalogSettings, DatabaseSettings, JwtSettings, ServerSettings
from customer_gateway.config.auth import ClaimSettings, GrantSettings
from customer_gateway.http import HttpSettings
from customer_gateway.http.origin import PREFLIGHT_HEADERS
from customer_gateway.sandbox import Fault, FaultKind, Sandbox
from customer_gateway.sandbox.steering import steering_routes
from customer_gateway.systems.connection import BreakerSettings, LimitSettings, SystemSettings
from customer_gateway.systems.registry import VENDORS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from customer_gateway.systems.registry import Vendor

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parent.parent
SOURCES = ROOT / "src"
LEVELS = {"debug", "info", "warning", "error", "exception"}
README = (ROOT / "README.md").read_text(encoding="utf-8")
OPERATING = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
DEPLOYING = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")
ERRORS = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
SYSTEMS = [vendor.kind.slug for vendor in VENDORS]
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def rows(text: str, heading: str) -> str:
    """The part of a document under a heading."""
    return re.split(r"^## ", text.partition(f"## {heading}\n")[2], flags=re.MULTILINE)[0]


def keys(text: str) -> set[str]:
    return set(re.findall(r"`([a-z_]+)`", text))


def test_every_operation_that_is_shown_is_valid() -> None:
    schema = build_schema((ROOT / "schema.graphql").read_text(encoding="utf-8"))
    shown = [
        (path.name, each)
        for path in DOCUMENTS
        for each in re.findall(r"```graphql\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
    ]

    assert len(shown) >= 9
    for name, operation in shown:
        assert validate(schema, parse(operation)) == [], name


def test_every_event_of_the_log_is_explained() -> None:
    explained = set(re.findall(r"`([a-z_ ]+)`", rows(OPERATING, "Logs")))
    logged = {event for path in SOURCES.rglob("*.py") for event in events(path)}

    assert len(logged) > 40
    assert logged - explained == set()


def events(path: Path) -> Iterator[str]:
    """Yield the events that a source file logs: the first arguments of a logger's methods."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS:
            event = node.args[0] if node.args else None
            if "log" in ast.unparse(node.func.value) and isinstance(event, ast.Constant):
                yield str(event.value)


async def test_the_query_has_the_answer_that_is_shown() -> None:
    query, shown = blocks("graphql")[0], json.loads(blocks("json")[0])

    async with gateway_over(Sandbox()) as gateway:
        answer = await gateway.ask(query)

    systems = {each["name"]: each for each in answer.data["systems"]}
    registered = [each for each in shown["data"]["systems"] if each["name"] in SYSTEMS]
    assert registered == [systems[each["name"]] for each in registered] != []
    assert list(systems) == SYSTEMS


@pytest.mark.vendors("pland", "next", "billbee", "lemonsoft", "autodns")  # it tells how many all of them have
async def test_the_search_has_the_answer_that_is_shown(tmp_path: Path) -> None:
    query, shown, box = blocks("graphql")[1], json.loads(blocks("json")[1]), Sandbox()

    async with index_of(box, tmp_path) as index, finding_gateway(box, index) as gateway:
        answer = await gateway.ask(query)

    assert answer.body == shown


@pytest.mark.vendors("next")
async def test_the_mutation_has_the_plan_that_is_shown_and_does_it_without_the_dry_run(tmp_path: Path) -> None:
    planned, shown = blocks("graphql")[2], json.loads(blocks("json")[2])

    async with writing_gateway(Sandbox(), tmp_path) as gateway:
        plan = await gateway.ask(planned)
        done = await gateway.ask(planned.replace("dryRun: true", ""))

    assert plan.body == shown
    applied = shown["data"]["customerUpdate"]
    applied["customer"]["address"]["city"] = "Lund"
    applied["operation"]["state"] = "APPLIED"
    applied["operation"]["writes"][0] |= {"status": "APPLIED", "verified": True}
    assert done.body == shown


def test_the_unit_for_systemd_starts_with_the_machine_as_the_user_who_owns_the_token() -> None:
    (text,) = re.findall(r"```ini\n(.*?)```", DEPLOYING, re.DOTALL)
    unit = ConfigParser()
    unit.read_string(text)

    assert (unit["Unit"]["Wants"], unit["Unit"]["After"]) == ("network-online.target",) * 2
    assert unit["Install"]["WantedBy"] == "multi-user.target"
    assert f"chown {unit['Service']['User']} /etc/customer-gateway/next.token" in DEPLOYING
    assert unit["Service"]["WorkingDirectory"] == "/etc/customer-gateway"


@pytest.mark.vendors("next")
async def test_a_failing_vendor_has_the_error_that_is_shown() -> None:
    shown, box = json.loads(blocks("json")[-1]), Sandbox()

    async with box.serving() as urls, gateway_over(box, urls=urls) as gateway:
        box.next.faults.set("reset")
        answer = await gateway.ask(blocks("graphql")[0])

    (error,) = answer.errors
    del error["locations"]
    shown["path"][1] = SYSTEMS.index("next")
    assert {**error, "extensions": {**error["extensions"], "requestId": "…"}} == shown


@pytest.mark.parametrize(
    "model",
    [
        *(ServerSettings, AuthSettings, JwtSettings, ClaimSettings, GrantSettings, DatabaseSettings),
        CatalogSettings,
        *(LimitSettings, BreakerSettings, SystemSettings),
    ],
)
def test_every_key_of_the_configuration_is_told(model: type[ServerSettings]) -> None:
    told = keys(rows(README, "Configuration"))

    assert model.model_fields.keys() - told - {"limits", "breaker", "jwt", "claims", "grants"} == set()


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.kind.slug)
def test_the_page_of_a_vendor_tells_its_own_keys_of_the_configuration(vendor: Vendor) -> None:
    page = (ROOT / "docs" / "systems" / f"{vendor.kind.slug}.md").read_text(encoding="utf-8")
    own = vendor.settings.model_fields.keys() - SystemSettings.model_fields.keys()

    assert page.startswith(f"# {vendor.kind.title}\n")
    assert own - keys(rows(page, "Credentials")) == set()


def test_every_verb_is_told() -> None:
    from customer_gateway.cli.commands import app

    told = re.findall(r"^\| `([a-z]+)", rows(README, "Commands"), re.MULTILINE)

    verbs = {each.callback.__name__ for each in app.registered_commands if each.callback}
    groups = {each.name for each in app.registered_groups}
    assert verbs | groups == set(told) - {"customer"}


def test_every_key_and_kind_of_a_fault_is_told() -> None:
    keys, kinds = (
        {name for first in re.findall(r"^\| (`.+?`) \|", part, re.MULTILINE) for name in re.findall(r"`(.+?)`", first)}
        for part in rows(OPERATING, "Trying failures out").split("| **kinds**")
    )

    assert (keys, kinds) == ({field.name for field in fields(Fault)}, set(get_args(FaultKind)))


def test_every_route_of_what_happens_to_customers_is_told() -> None:
    told = re.findall(r"^\| `(/_sandbox/.+?)` \|", rows(OPERATING, "Customers that come and go"), re.MULTILINE)
    routes = steering_routes(Sandbox(customers=1).vendors[SYSTEMS[0]])

    assert {route.path.replace("{key:path}", "KEY") for route in routes} == set(told)


def test_what_a_get_needs_and_may_have_is_told() -> None:
    told = rows(DEPLOYING, "What clients send")

    assert [name for name in PREFLIGHT_HEADERS if f"`{name.decode()}" not in told.lower()] == []
    assert "`Sec-Fetch-Site`" in told
    assert "`Origin`" in told
    assert f"at most {HttpSettings().url_bytes} bytes" in told


def codes(error: type[errors.GatewayError]) -> Iterator[str]:
    """The codes of a family of errors."""
    for each in error.__subclasses__():
        if isinstance(code := getattr(each, "code", None), str):
            yield code
        yield from codes(each)


def test_every_code_of_an_error_is_told() -> None:
    told = re.findall(r"^\| `([A-Z_]+)`", ERRORS, re.MULTILINE)

    assert set(codes(errors.GatewayError)) <= set(told)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", document.read_text(encoding="utf-8"))

    assert [link for link in links if not (document.parent / link).exists()] == []
