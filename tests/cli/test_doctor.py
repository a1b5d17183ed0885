from __future__ import annotations

import asyncio
import io
import re
import time
from contextlib import asynccontextmanager
from email.utils import formatdate
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import pytest
from certificates import NEEDS_OPENSSL, Workshop
from configured import SETTINGS, settings_at
from gateway import settings_over
from picked import FIRST, SECRET, listed, those
from pydantic import SecretStr
from redis_server import NEEDS_REDIS, PASSWORD, RedisServer
from rich.console import Console
from vendors import FACTS, VENDORS, sandbox

from customer_gateway.app import build_federation
from customer_gateway.cli.doctor import Checkup, examine, table, to_mend
from customer_gateway.cli.doctor.probe import Unreached, probe, proxy_of
from customer_gateway.config import ServerSettings, Settings
from customer_gateway.server.serving import address_of, listen
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncGenerator, Mapping
    from pathlib import Path

    from customer_gateway.sandbox import FaultKind, Sandbox

pytestmark = pytest.mark.anyio

REQUEST_END = b"\r\n\r\n"
PATH = listed(FIRST).partition(" ")[2]
ERRORS_UNDER_200, *_ = those(lambda facts: facts.errors_under_200)


@pytest.fixture(scope="module")
def box() -> Sandbox:
    return sandbox(customers=3)


@asynccontextmanager
async def answering(answer: bytes, tls: ssl.SSLContext | None = None) -> AsyncGenerator[str]:
    """A server that gives `answer` to every request and hangs up; an empty one is never given."""

    met: set[asyncio.Task[None] | None] = set()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.add(asyncio.current_task())
        try:
            await reader.readuntil(REQUEST_END)
            writer.write(answer)
            await (writer.drain() if answer else reader.read())
            writer.write_eof()
            await reader.read()
        except (OSError, EOFError, NotImplementedError):
            pass  # the doctor has what it wants, or hangs up in disgust
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(meet, "127.0.0.1", 0, ssl=tls)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield f"{'https' if tls else 'http'}://127.0.0.1:{port}/api"
        await asyncio.gather(*(task for task in met if task))
        await asyncio.sleep(0)  # transports close a tick later


def head(status: str = "200 OK", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines).encode() + REQUEST_END


async def stage(url: str, seconds: float = 5) -> str:
    """Where the way to `url` ends, as it is told."""
    with pytest.raises(Unreached) as unreached:
        await probe(url, Deadline.after(seconds))
    assert unreached.value.remedy
    return str(unreached.value)


async def test_any_http_answer_will_do() -> None:
    async with answering(head("404 Not Found")) as url:
        reached = await probe(url, Deadline.after(5))

    assert (reached.status, reached.clock_ahead) == (404, None)


@pytest.mark.parametrize("ahead", [-600, 0, 90])
async def test_a_server_that_tells_the_time_has_its_clock_compared(ahead: int) -> None:
    async with answering(head(Date=formatdate(1_800_000_000 + ahead, usegmt=True))) as url:
        reached = await probe(url, Deadline.after(5), now=lambda: 1_800_000_000.5)

    assert reached.clock_ahead == pytest.approx(ahead)


async def test_a_date_that_is_none_is_as_good_as_untold() -> None:
    async with answering(head(Date="soon")) as url:
        reached = await probe(url, Deadline.after(5))

    assert reached.clock_ahead is None


async def test_a_name_that_nobody_knows_ends_at_dns() -> None:
    assert await stage("http://nowhere.invalid/v1") == "DNS: the name nowhere.invalid is not known"


async def test_a_port_that_nobody_listens_at_ends_at_tcp() -> None:
    with listen("127.0.0.1", 0) as connection:
        url = address_of(connection)

    assert await stage(url) == f"TCP: nothing listens at {url.removeprefix('http://')}"


async def test_a_plain_server_under_https_ends_at_tls() -> None:
    async with answering(head()) as url:
        told = await stage(url.replace("http:", "https:"), seconds=1)

    assert told.startswith("TLS: ")
    assert told.endswith("does not speak TLS with us")


@NEEDS_OPENSSL
async def test_a_certificate_that_nobody_vouches_for_ends_at_tls(tmp_path: Path) -> None:
    async with answering(head(), Workshop(tmp_path).self_signed().shown()) as url:
        told = await stage(url)

    assert told.startswith("TLS: the certificate is not accepted: ")


@pytest.mark.parametrize(
    "garbage", [b"SSH-2.0-OpenSSH_9.2\r\n\r\n", b"HTTP/1.1 \r\n\r\n", b"\x16\x03\x01" * 9, b"x" * 200_000]
)
async def test_something_else_at_the_port_ends_at_http(garbage: bytes) -> None:
    async with answering(garbage) as url:
        assert (await stage(url)).endswith("is not HTTP")


async def test_a_server_that_hangs_up_when_it_is_asked_is_told_as_such() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(REQUEST_END)
        writer.transport.abort()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        told = await stage(f"http://127.0.0.1:{port}")

    assert told == f"HTTP: 127.0.0.1:{port} drops the connection when it is asked"


async def test_a_server_that_hangs_ends_at_http_in_time() -> None:
    async with answering(b"") as url:
        began = time.monotonic()
        told = await stage(url, seconds=0.2)

    assert told.endswith("took the request but did not answer in time")
    assert time.monotonic() - began < 2


@NEEDS_OPENSSL
async def test_the_doctor_trusts_whom_the_gateway_trusts(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path)
    right, wrong = workshop.self_signed(), workshop.one_liner()
    (tmp_path / "gateway.toml").write_text("", encoding="utf-8")
    told: list[str] = []
    for certificate in (right, wrong):
        async with answering(head(), certificate.shown()) as url:
            table = {"base_url": url, **FACTS[FIRST].credentials, "ca_file": certificate.file.name}
            vendor = SETTINGS[FIRST].model_validate(table, context={"file": tmp_path / "gateway.toml"})
            (found,) = await examine(Settings(ServerSettings(), {FIRST: (FIRST, vendor)}), seconds=5)
        told.append(found.reach.word)

    assert told == ["yes", "no"]
    assert found.reach.text.startswith("TLS: the certificate is not accepted: it is itself an authority")
    assert "basicConstraints=critical,CA:FALSE" in found.reach.remedy


def test_a_proxy_of_the_environment_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "127.0.0.1,inside.example")

    assert proxy_of("https://vendor.example/v1")
    assert not proxy_of("https://inside.example/v1")
    assert not proxy_of("https://127.0.0.1:9301/v2")
    assert not proxy_of("https://127.0.0.2:9301/v2")


async def checkups(
    box: Sandbox, changes: Mapping[str, str] = MappingProxyType({}), *, seconds: float = 10
) -> dict[str, Checkup]:
    """What the doctor finds at the sandbox when the first table is changed so."""
    async with box.serving() as urls:
        settings = settings_over(box, urls=urls)
        table = {"base_url": urls[FIRST], **box.vendors[FIRST].credentials, **changes}
        systems = {**settings.systems, FIRST: (FIRST, SETTINGS[FIRST].model_validate(table))}
        found = await examine(Settings(ServerSettings(), systems), seconds=seconds, vendors=VENDORS)
    return {checkup.name: checkup for checkup in found}


async def test_everything_is_well_at_the_sandbox(box: Sandbox) -> None:
    found = await checkups(box)

    assert list(found) == list(FACTS)
    assert {checkup.credentials.word for checkup in found.values()} == {"accepted"}
    assert all(checkup.well for checkup in found.values())
    assert to_mend(list(found.values())) == []


ASKED_OF: Final = {name: facts.asked_by_doctor for name, facts in FACTS.items()}
"""Every noun and code list of each vendor."""


@pytest.mark.parametrize("name", ASKED_OF)
async def test_every_noun_and_code_list_is_asked_and_of_one_customer(box: Sandbox, name: str) -> None:
    vendor = box.vendors[name]
    vendor.log.clear()

    found = await checkups(box)

    asked = [call.partition(" ")[2].partition("?") for call in vendor.log.calls()]
    paths = [re.sub(r"/[0-9a-f-]*[0-9][0-9a-f-]*(?=/|$)", "/{}", path) for path, _, _ in asked if path != "/"]
    assert sorted(set(paths)) == ASKED_OF[name]
    assert max(map(paths.count, paths)) <= 2  # a short page may be followed by a look at what comes after it
    (page,) = [query for path, _, query in asked if path in {"/customers/", "/customer/", "/customers"} and query] or [
        ""
    ]
    assert all(part not in page for part in ("limit=100", "size=100", "pageSize=250"))
    assert found[name].read.word == f"{len(ASKED_OF[name]) - 1} of {len(ASKED_OF[name]) - 1}"


LOST: Final = [(name, *each) for name, facts in FACTS.items() for each in facts.lost]


@pytest.mark.parametrize(("name", "path", "fields"), LOST)
async def test_what_a_noun_that_is_refused_takes_with_it_is_told(
    box: Sandbox, name: str, path: str, fields: list[str]
) -> None:
    box.vendors[name].faults.set("status", status=403, path=path)

    found = await checkups(box)

    box.vendors[name].faults.clear()
    (line,) = to_mend([found[name]])
    assert f"; lost without it: {', '.join(fields)}; check the credentials in [systems.{name}]" in line
    assert (found[name].credentials.word, found[name].well) == ("accepted", False)
    total = len(found[name].nouns)
    assert found[name].read.word == f"{total - 1} of {total}"


def test_all_that_readers_read_is_tried(box: Sandbox) -> None:
    """A look-up that a system gets must be tried, too."""
    nowhere = settings_over(box, urls=dict.fromkeys(ASKED_OF, "http://127.0.0.1:1"))
    federation = build_federation(nowhere, vendors=VENDORS)
    for system in federation.systems.values():
        tried = {field.partition(".email")[0] for each in system.lookups for field in each.fields}
        read = {re.sub(r"_(.)", lambda found: found[1].upper(), name) for name in system.readers}
        assert {name for name in read if not name.startswith("record.")} <= tried, system.name


async def test_refused_credentials_are_told_with_their_table(box: Sandbox) -> None:
    found = await checkups(box, {SECRET: "id:wrong"})

    (line,) = to_mend(list(found.values()))
    assert found[FIRST].credentials.word == "refused"
    assert line.startswith(f"{FIRST}: {listed(FIRST)} answered 401")
    assert f"check the credentials in [systems.{FIRST}]" in line
    assert line.count("check ") == 1
    assert "id:wrong" not in line


async def test_a_vendor_that_is_not_there_costs_no_other_finding(box: Sandbox) -> None:
    found = await checkups(box, {"base_url": "http://127.0.0.1:1/v2"})

    assert (found[FIRST].reach.word, found[FIRST].credentials.word) == ("no", "not tried")
    assert [name for name, checkup in found.items() if not checkup.well] == [FIRST]


@pytest.mark.parametrize(
    ("status", "word", "remedy"),
    [
        (503, "no answer", "the vendor is down"),
        (404, "not what was asked", f"check base_url in [systems.{FIRST}]"),
    ],
)
async def test_what_went_wrong_is_told_with_what_mends_it(box: Sandbox, status: int, word: str, remedy: str) -> None:
    box.vendors[FIRST].faults.set("status", status=status, path=PATH)

    found = await checkups(box)

    box.vendors[FIRST].faults.clear()
    assert found[FIRST].credentials.word == word
    assert remedy in to_mend([found[FIRST]])[0]


@pytest.mark.parametrize(
    ("fault", "told", "remedy"),
    [
        ("truncated", "the answer was cut short", "run this again; if it stays so, see the vendor's status"),
        (
            "deep_json",
            "the answer is not JSON: depth limit exceeded",
            "see the vendor's status, and the reason in the log",
        ),
        ("error_under_200", "answered 200 with an error inside", "see the vendor's status, and the reason in the log"),
        ("wrong_content_type", "the answer is not JSON by its content type", "check base_url"),
        ("redirect", "answered 302", "redirects are not followed, check base_url"),
        ("gzip_bomb", "the answer inflates to more than 20000000 bytes", "limits.answer_bytes allows more"),
    ],
)
async def test_a_bad_answer_is_told_with_advice_that_fits_it(
    box: Sandbox, fault: FaultKind, told: str, remedy: str
) -> None:
    box.vendors[ERRORS_UNDER_200].faults.set(fault)

    found = await checkups(box)

    box.vendors[ERRORS_UNDER_200].faults.clear()
    (line,) = to_mend([found[ERRORS_UNDER_200]])
    assert told in line
    assert f"; {remedy}" in line
    assert ("base_url" in line) == ("base_url" in remedy)


async def test_a_vendor_that_hangs_is_given_up_in_time(box: Sandbox) -> None:
    box.vendors[FIRST].faults.set("hang", path=PATH)

    found = await checkups(box, seconds=1)

    box.vendors[FIRST].faults.clear()
    assert found[FIRST].credentials.word == "no answer"
    assert "raise --seconds" in to_mend([found[FIRST]])[0]


async def test_a_vendor_that_counts_calls_has_not_confirmed_the_credentials(box: Sandbox) -> None:
    box.vendors[FIRST].faults.set("status", status=429, path=PATH)

    found = await checkups(box)

    box.vendors[FIRST].faults.clear()
    (line,) = to_mend([found[FIRST]])
    assert found[FIRST].credentials.word == "too many calls"
    assert not found[FIRST].well
    assert "answered 429: rate limit reached at the system; whether it takes the credentials is not known yet" in line


@pytest.mark.parametrize(("seconds", "word"), [(30, "the same"), (-300, "300 s behind"), (300, "300 s ahead")])
async def test_a_clock_that_is_far_off_is_wrong(seconds: int, word: str) -> None:
    async with answering(head(Date=formatdate(1_800_000_000 + seconds, usegmt=True))) as url:
        settings = Settings(ServerSettings(), {FIRST: (FIRST, settings_at(url, FIRST))})
        (found,) = await examine(settings, seconds=10, now=lambda: 1_800_000_000.5)

    assert found.clock.word == word
    assert (found.clock.outcome == "well") == (word == "the same")


async def test_the_table_has_a_row_for_each_system(box: Sandbox) -> None:
    found = await checkups(box, {"base_url": "http://127.0.0.1:1/v2"})
    paper = io.StringIO()

    Console(file=paper, width=200).print(table(list(found.values())))

    assert all(name in paper.getvalue() for name in found)
    assert "http://127.0.0.1:1/v2" in paper.getvalue()


async def redis_row(url: str) -> tuple[str, str, list[str]]:
    """Whether the Redis at `url` is found reachable and its credentials accepted, and what is to mend."""
    [checkup] = await examine(Settings(systems={}, server=ServerSettings(redis=SecretStr(url))))
    said = to_mend([checkup])
    assert PASSWORD not in repr(checkup)
    return checkup.reach.word, checkup.credentials.word, said


@NEEDS_REDIS
async def test_a_redis_that_keeps_budgets_is_examined_beside_the_systems(redis: RedisServer) -> None:
    assert await redis_row(redis.url) == ("yes", "accepted", [])


@NEEDS_REDIS
@pytest.mark.parametrize(
    ("before", "after", "told"),
    [(PASSWORD, "hunter2", "it refuses us (AuthenticationError)"), ("/0", "/99", "it refuses us (ResponseError)")],
)
async def test_a_redis_that_refuses_us_is_told_with_what_to_check(
    redis: RedisServer, before: str, after: str, told: str
) -> None:
    reachable, credentials, [said] = await redis_row(redis.url.replace(before, after))

    assert (reachable, credentials) == ("yes", "refused")
    assert said.startswith(f"[server] redis: {told}; check user, password and database number")


async def test_a_redis_that_is_not_there_is_told_with_what_to_check() -> None:
    assert await redis_row("redis://127.0.0.1:1/0") == (
        "no",
        "not tried",
        ["[server] redis: nothing can be connected there; check host and port, and that it runs."],
    )


async def test_what_is_no_redis_is_not_told_as_one_that_refuses_us() -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example.com ESMTP\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        reachable, credentials, [said] = await redis_row(f"redis://127.0.0.1:{port}/0")

    assert (reachable, credentials) == ("no", "not tried")
    assert said.startswith("[server] redis: what answers there is no Redis that we can talk to (")
