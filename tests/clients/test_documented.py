"""The clients that docs/callers.md shows ask as it shows them."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path
from typing import Final

import pytest
from clients.keyed_gateway import keyed_gateway
from clients.npm_packages import FOLDER, NEEDS_NPM, NODE
from picked import FIRST

pytestmark = pytest.mark.anyio

PAGE: Final = (Path(__file__).parents[2] / "docs" / "callers.md").read_text(encoding="utf-8")
SHOWN: Final = re.findall(r"```(js|python)\n(.*?)```", PAGE, re.DOTALL)
SCRIPTS: Final = [code for language, code in SHOWN if language == "js"]
(PYTHON,) = (code for language, code in SHOWN if language == "python")


async def printed(folder: Path, code: str, *program: str) -> str:
    """What the code prints when a program runs it, with the address of a gateway and its key put in."""
    async with keyed_gateway(folder) as gateway:
        put_in = code.replace("https://gateway.example.com/graphql", gateway.url).replace("cg_…", gateway.key)
        process = await asyncio.create_subprocess_exec(*program, put_in, cwd=FOLDER, stdout=asyncio.subprocess.PIPE)
        out, _ = await process.communicate()
    assert process.returncode == 0
    return out.decode()


@NEEDS_NPM
@pytest.mark.usefixtures("packages")
@pytest.mark.parametrize("script", SCRIPTS, ids=["apollo", "urql"])
async def test_a_client_for_javascript_asks_as_it_is_shown(tmp_path: Path, script: str) -> None:
    said = await printed(tmp_path, script, NODE or "node", "--input-type=module", "--eval")

    assert f"name: '{FIRST}'" in said
    assert said.endswith("undefined\n")  # no error


async def test_the_client_for_python_asks_as_it_is_shown(tmp_path: Path) -> None:
    said = await printed(tmp_path, PYTHON, sys.executable, "-c")

    assert said == f"{{'systems': [{{'name': '{FIRST}'}}]}}\n"
