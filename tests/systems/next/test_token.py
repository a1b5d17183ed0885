"""NEXT's access token: a one-time key spent once, a file written once, settings that say what they miss."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import httpx
import pytest
from pydantic import ValidationError

from customer_gateway.errors import (
    ConfigInvalid,
    UpstreamBadResponse,
    UpstreamError,
    UpstreamUnauthorized,
    UpstreamUnavailable,
)
from customer_gateway.sandbox import Sandbox
from customer_gateway.system import EVERYTHING
from customer_gateway.systems.connection import Wiring
from customer_gateway.systems.next import NextSettings, connect
from customer_gateway.systems.next.token import fetch_token, swap_one_time_key
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from pathlib import Path

    from customer_gateway.sandbox import FaultKind, Vendor

pytestmark = pytest.mark.anyio


@pytest.fixture
def vendor() -> Vendor:
    return Sandbox(rate_limits=False).vendors["next"]


def wiring(vendor: Vendor) -> Wiring:
    transport = httpx.ASGITransport(app=vendor.app)
    return Wiring(transport=lambda _: transport)


def table(vendor: Vendor, **keys: Any) -> NextSettings:
    one_time = dict(vendor.other_credentials)
    return NextSettings.model_validate(
        {
            "base_url": "http://next.test/v1",
            "username": one_time["username"],
            "one_time_key": one_time["password"],
            "client_id": one_time["client_id"],
            "client_secret": one_time["client_secret"],
            **keys,
        }
    )


def files_in(directory: Path) -> list[str]:
    return [each.name for each in directory.iterdir()]


def soon() -> Deadline:
    return Deadline.after(5)


async def test_the_one_time_key_becomes_a_token_file_with_which_next_answers(vendor: Vendor, tmp_path: Path) -> None:
    path = tmp_path / "next.token"
    settings = table(vendor, token_file=path)

    said = await fetch_token("next", settings, wiring(vendor), soon())
    system = connect("next", settings, wiring(vendor))
    total = await system.count(soon())

    assert said.startswith(f"The access token of next is in {path}.")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert total == 300
    assert vendor.log.logins() == ["POST /token"]
    await system.aclose()


async def test_reading_never_spends_the_key(vendor: Vendor) -> None:
    settings = table(vendor, access_token=vendor.credentials["access_token"])
    system = connect("next", settings, wiring(vendor))

    await system.page(0, 5, EVERYTHING, soon(), ask_next=False)
    await system.reachable(soon())

    assert vendor.log.logins() == []
    await system.aclose()


async def test_a_spent_key_is_refused_and_leaves_no_file(vendor: Vendor, tmp_path: Path) -> None:
    settings = table(vendor, token_file=tmp_path / "next.token")
    await swap_one_time_key(settings, wiring(vendor), soon())

    with pytest.raises(UpstreamUnauthorized, match="one-time key was refused"):
        await fetch_token("next", settings, wiring(vendor), soon())

    assert files_in(tmp_path) == []


async def test_an_existing_file_keeps_the_key_unspent(vendor: Vendor, tmp_path: Path) -> None:
    path = tmp_path / "next.token"
    path.write_text("the-old-one\n", encoding="utf-8")

    with pytest.raises(ConfigInvalid, match="is there already"):
        await fetch_token("next", table(vendor, token_file=path), wiring(vendor), soon())

    assert path.read_text(encoding="utf-8") == "the-old-one\n"
    assert vendor.log.logins() == []


async def test_a_file_that_cannot_be_written_keeps_the_key_unspent(vendor: Vendor, tmp_path: Path) -> None:
    settings = table(vendor, token_file=tmp_path / "no-such-directory" / "next.token")

    with pytest.raises(ConfigInvalid, match="cannot be written"):
        await fetch_token("next", settings, wiring(vendor), soon())

    assert vendor.log.logins() == []


async def test_a_swap_that_fails_is_not_sent_again(vendor: Vendor, tmp_path: Path) -> None:
    vendor.faults.set("status", status=503, retry_after=0)

    with pytest.raises(UpstreamUnavailable):
        await swap_one_time_key(table(vendor, token_file=tmp_path / "t"), wiring(vendor), soon())

    assert vendor.log.logins() == ["POST /token"]


@pytest.mark.parametrize("fault", ["status", "wrong_content_type", "hang"])
async def test_a_swap_without_an_answer_may_have_spent_the_key_and_says_so(
    fault: FaultKind, vendor: Vendor, tmp_path: Path
) -> None:
    vendor.faults.set(fault)

    with pytest.raises(UpstreamError, match=r"^next: POST /token.*; the one-time key may be spent all the same"):
        await fetch_token("next", table(vendor, token_file=tmp_path / "t"), wiring(vendor), Deadline.after(0.5))

    assert files_in(tmp_path) == []


@pytest.mark.parametrize("integrator", [{}, {"client_id": "an-id", "client_secret": "a-secret"}])
async def test_the_swap_is_a_form_with_the_integrator_where_one_is_given(
    integrator: dict[str, str], vendor: Vendor, tmp_path: Path
) -> None:
    given = {"username": "556012", "one_time_key": "a key & more", "client_id": None, "client_secret": None}
    settings = table(vendor, token_file=tmp_path / "t", **(given | integrator))

    with pytest.raises(UpstreamUnauthorized):
        await swap_one_time_key(settings, wiring(vendor), soon())

    (entry,) = vendor.log.entries
    assert dict(parse_qsl(entry.body.decode(), keep_blank_values=True)) == {
        "grant_type": "password",
        "username": "556012",
        "password": "a key & more",
        "scope": "",
        **integrator,
    }


async def test_an_answer_without_a_token_is_told(vendor: Vendor, tmp_path: Path) -> None:
    vendor.faults.set("error_under_200")

    with pytest.raises(UpstreamBadResponse, match="no access_token"):
        await swap_one_time_key(table(vendor, token_file=tmp_path / "t"), wiring(vendor), soon())


@pytest.mark.parametrize("missing", ["username", "one_time_key"])
async def test_the_swap_needs_the_database_and_the_key(missing: str, vendor: Vendor, tmp_path: Path) -> None:
    settings = table(vendor, token_file=tmp_path / "next.token", **{missing: None})

    with pytest.raises(ConfigInvalid, match=rf"^environment: \[systems\.next\] {missing}: is missing; [^\n]*$"):
        await fetch_token("next", settings, wiring(vendor), soon())

    assert (vendor.log.logins(), files_in(tmp_path)) == ([], [])


async def test_the_command_needs_to_know_the_file(vendor: Vendor) -> None:
    settings = table(vendor, access_token="a-token")

    with pytest.raises(ConfigInvalid, match=r"\[systems\.next\] token_file: is missing"):
        await fetch_token("next", settings, wiring(vendor), soon())


def test_a_missing_token_file_names_the_file_and_the_command(vendor: Vendor, tmp_path: Path) -> None:
    settings = table(vendor, token_file=tmp_path / "next.token")

    with pytest.raises(ConfigInvalid) as told:
        connect("field_service", settings, wiring(vendor))

    assert str(tmp_path / "next.token") in str(told.value)
    assert "customer-gateway token field_service" in str(told.value)


@pytest.mark.parametrize("content", [b"", b" \n", b"two words", b"l\xc3\xb6senord", b"\xff\xfe"])
def test_a_file_without_a_token_is_told(content: bytes, vendor: Vendor, tmp_path: Path) -> None:
    path = tmp_path / "next.token"
    path.write_bytes(content)

    with pytest.raises(ConfigInvalid, match=r"next\.token"):
        connect("next", table(vendor, token_file=path), wiring(vendor))


@pytest.mark.parametrize("keys", [{}, {"access_token": "a", "token_file": "b"}])
def test_one_way_to_the_token_is_configured_and_not_two(keys: dict[str, str], vendor: Vendor) -> None:
    with pytest.raises(ValidationError, match="access_token or token_file"):
        table(vendor, **keys)


def test_settings_do_not_show_their_secrets(vendor: Vendor) -> None:
    shown = repr(table(vendor, access_token="a-token"))

    assert not [secret for secret in ("a-token", *_secrets(vendor)) if secret in shown]


def _secrets(vendor: Vendor) -> list[str]:
    return [vendor.other_credentials["password"], vendor.other_credentials["client_secret"]]
