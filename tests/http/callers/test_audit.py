"""The audit: who has read which customers, by field group, without a value."""

from __future__ import annotations

import dataclasses
import resource
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import orjson
import pytest
from gateway import SYSTEMS, Gateway, in_process, settings_over
from named_callers import NamedKeys
from structlog.testing import capture_logs
from vendors import VENDORS, sandbox

from customer_gateway.api.audit import CustomersRead
from customer_gateway.app import build_engine, build_federation
from customer_gateway.config import AuthSettings
from customer_gateway.documents.record import is_object
from customer_gateway.http import HttpSettings, build_http
from customer_gateway.http.callers.audit import ReadAudit
from customer_gateway.http.callers.authenticator import Authenticator
from customer_gateway.model.callers import EVERY_RIGHT, Caller
from customer_gateway.systems.connection import Wiring

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator
    from pathlib import Path

pytestmark = pytest.mark.anyio

FIRST = SYSTEMS[0]
KNOWN = Authenticator(keys=NamedKeys(dict.fromkeys(("shop", "other"), EVERY_RIGHT)))
CALLER = Caller("shop", "key", EVERY_RIGHT)
READ = CustomersRead(("customer",), {"acme": ("1", "2")})


@asynccontextmanager
async def audited(path: Path) -> AsyncGenerator[tuple[Gateway, ReadAudit]]:
    box = sandbox()
    over = dataclasses.replace(settings_over(box), auth=AuthSettings(audit_file=path))
    federation = build_federation(over, Wiring(transport=in_process(box, over)), VENDORS)
    audit = ReadAudit(path)
    app = build_http(
        build_engine(over, federation, VENDORS),
        HttpSettings(),
        KNOWN,
        audit=audit,
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway.test") as client:
        yield Gateway(client, box), audit
    await federation.aclose()
    box.close()


async def ask(gateway: Gateway, query: str, name: str = "shop") -> Any:
    return await gateway.ask(query, headers={"authorization": f"Bearer cg_{name}", "x-request-id": f"r-{name}"})


def lines(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []


async def test_a_line_says_who_has_read_which_customers_and_no_value(tmp_path: Path) -> None:
    page = f'{{ system(name: "{FIRST}") {{ customers(first: 2) {{ nodes {{ name email records {{ key }} }} }} }} }}'
    async with audited(tmp_path / "audit") as (gateway, audit):
        nodes = (await ask(gateway, page)).data["system"]["customers"]["nodes"]
        await audit.write()
        (line,) = lines(tmp_path / "audit")

    assert line["request_id"] == "r-shop"
    assert line["caller"] == {"kind": "key", "name": "shop"}
    assert line["fields"] == ["customer"]
    assert line["records"] == {FIRST: [node["records"][0]["key"] for node in nodes]}
    written = (tmp_path / "audit").read_text(encoding="utf-8")
    assert [value for node in nodes for value in (node["name"], node["email"]) if value and value in written] == []


@pytest.mark.parametrize(
    ("selected", "groups"),
    [
        ("contacts { name }", ["contacts", "customer"]),
        ("agreements { description }", ["agreements", "customer"]),
        ("invoices(first: 1) { nodes { total } }", ["billing"]),
        pytest.param(
            "records { raw }",
            ["billing", "customer", "raw", "secrets"],
            marks=pytest.mark.vendors("autodns"),  # it alone tells secrets
        ),
        ("updater { name }", ["customer", "users"]),
        ("id", []),
    ],
)
async def test_what_is_selected_is_named_by_groups(selected: str, groups: list[str], tmp_path: Path) -> None:
    async with audited(tmp_path / "audit") as (gateway, audit):
        await ask(gateway, f"{{ systems {{ customers(first: 1) {{ nodes {{ {selected} }} }} }} }}")
        await audit.write()
        (line,) = lines(tmp_path / "audit")

    assert line["fields"] == groups
    assert line["records"].keys() == set(SYSTEMS)


async def test_a_noun_read_by_its_id_names_its_customer(tmp_path: Path) -> None:
    nouns = "records { key } contacts { id }"
    page = f'{{ system(name: "{FIRST}") {{ customers(first: 20) {{ nodes {{ {nouns} }} }} }} }}'
    async with audited(tmp_path / "audit") as (gateway, audit):
        nodes = (await ask(gateway, page)).data["system"]["customers"]["nodes"]
        owner = next(node for node in nodes if node["contacts"])
        await ask(
            gateway, f'{{ node(id: "{owner["contacts"][0]["id"]}") {{ id ... on Contact {{ name }} }} }}', "other"
        )
        await audit.write()
        last = lines(tmp_path / "audit")[-1]

    assert (last["caller"]["name"], last["records"]) == ("other", {FIRST: [owner["records"][0]["key"]]})


@pytest.mark.parametrize(
    ("noun", "selected"),
    [
        ("accounts", "... on BankAccount { iban }"),
        ("accounts", "... on SepaMandate { bic }"),
        ("invoices(first: 1)", "... on Invoice { total }"),
    ],
)
async def test_an_account_or_invoice_read_by_its_id_is_of_the_group_billing(
    noun: str, selected: str, tmp_path: Path
) -> None:
    inner = "nodes { id }" if noun.startswith("invoices") else "id"
    page = f"{{ systems {{ customers(first: 10) {{ nodes {{ {noun} {{ {inner} }} }} }} }} }}"
    async with audited(tmp_path / "audit") as (gateway, audit):
        systems = (await ask(gateway, page)).data["systems"]
        nodes = [node for each in systems for node in each["customers"]["nodes"]]
        nouns = [item for node in nodes for item in items_of(node[noun.partition("(")[0]])]
        for item in nouns[:10]:
            await ask(gateway, f'{{ node(id: "{item["id"]}") {{ {selected} }} }}', "other")
        await audit.write()

    by_id = [line for line in lines(tmp_path / "audit") if line["caller"]["name"] == "other"]
    assert {tuple(line["fields"]) for line in by_id} == {("billing",)}


def items_of(found: Any) -> list[Any]:
    return found["nodes"] if is_object(found) else found


async def test_what_reads_no_customer_has_no_line(tmp_path: Path) -> None:
    async with audited(tmp_path / "audit") as (gateway, audit):
        await ask(gateway, "{ systems { name } }")
        await ask(gateway, f'{{ customer(by: {{ record: {{ system: "{FIRST}", key: "nothing" }} }}) {{ name }} }}')
        await audit.write()

    assert lines(tmp_path / "audit") == []


async def test_lines_wait_while_the_file_cannot_be_written_and_are_written_then(tmp_path: Path) -> None:
    audit = ReadAudit(tmp_path / "folder" / "audit", most_lines=2)
    for number in range(3):
        audit.note(f"r{number}", CALLER, READ)
    with capture_logs() as log:
        await audit.write()
    (tmp_path / "folder").mkdir()
    with capture_logs() as later:
        await audit.write()

    assert log == [
        {
            "event": "audit_unwritten",
            "reason": "No such file or directory",
            "waiting": 2,
            "dropped": 1,
            "log_level": "error",
        }
    ]
    assert later == [{"event": "audit_dropped", "dropped": 1, "log_level": "error"}]
    assert [line["request_id"] for line in lines(tmp_path / "folder" / "audit")] == ["r0", "r1"]


async def test_what_is_left_at_the_end_is_written_and_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    audit = ReadAudit(tmp_path / "audit")
    async with audit.writing(every_seconds=100):
        audit.note("r1", CALLER, READ)

    assert [line["records"] for line in lines(tmp_path / "audit")] == [{"acme": ["1", "2"]}]
    assert (tmp_path / "audit").stat().st_mode & 0o777 == 0o600


async def test_a_writing_that_stops_halfway_goes_on_where_it_stopped(tmp_path: Path) -> None:
    path = tmp_path / "audit"
    audit = ReadAudit(path)
    for number in range(10):
        audit.note(f"r{number}", CALLER, READ)
    with capture_logs() as log, file_size_limited(500):
        await audit.write()
    halfway = path.stat().st_size
    audit.note("r10", CALLER, READ)
    await audit.write()

    assert halfway == 500
    assert [line["event"] for line in log] == ["audit_unwritten"]
    assert [line["request_id"] for line in lines(path)] == [f"r{number}" for number in range(11)]


@contextmanager
def file_size_limited(size: int) -> Generator[None]:
    """No file of this process grows beyond this size, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
