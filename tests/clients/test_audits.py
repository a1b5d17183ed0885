"""The audits of GraphQL over HTTP that graphql-http has, asked of a gateway with a key."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Final

import pytest
from clients.keyed_gateway import keyed_gateway
from clients.npm_packages import FOLDER, NEEDS_NPM, NODE

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.anyio, NEEDS_NPM, pytest.mark.usefixtures("packages")]

OTHERWISE: Final = {
    "423L": 422,  # a request without `query`
    "86EE": 422,  # a variable that its type does not take
}
"""Audits that want 400, and the status that the newest draft has for them: what can be read as JSON and is no request
that can be executed is 422 there."""


async def audited(url: str, key: str) -> list[dict[str, Any]]:
    """What each audit says."""
    node = await asyncio.create_subprocess_exec(
        NODE or "node", "audits.mjs", cwd=FOLDER, env={"URL": url, "KEY": key}, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await node.communicate()
    assert node.returncode == 0
    return [json.loads(line) for line in out.splitlines()]


async def test_all_audits_pass_with_a_key_but_those_two_that_want_400_for_422(tmp_path: Path) -> None:
    async with keyed_gateway(tmp_path) as gateway:
        audits = await audited(gateway.url, gateway.key)

    failed = [audit for audit in audits if audit["status"] != "ok"]
    assert len({audit["id"] for audit in audits}) == len(audits) == 61
    assert {audit["id"]: audit["answered"] for audit in failed} == OTHERWISE, failed
