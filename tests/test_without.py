"""`scripts/without.py`, which takes a vendor out of a copy of this repository and tries what is left."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from vendors import REGISTERED_FACTS

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def script() -> Mapping[str, Any]:
    return runpy.run_path(str(ROOT / "scripts" / "without.py"))


def test_the_schema_is_written_as_make_schema_writes_it(script: Mapping[str, Any]) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (recipe,) = re.findall(r"^schema:.*\n\t\$\(BIN\)/customer-gateway (.*)$", makefile, re.MULTILINE)

    command = dict(script["tries"]([]))["schema"]

    assert command[command.index("customer_gateway") + 1 :] == recipe.split()


@pytest.mark.parametrize("slug", REGISTERED_FACTS)
def test_a_vendor_without_tests_of_its_sandbox_is_taken_out_with_all_that_names_it(
    script: Mapping[str, Any], slug: str, tmp_path: Path
) -> None:
    for path in (script["REGISTRY"], script["CONTRACT"]):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text((ROOT / path).read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / f"src/customer_gateway/systems/{slug}").mkdir(parents=True)

    script["take_out"](slug, tmp_path)

    assert not (tmp_path / f"src/customer_gateway/systems/{slug}").exists()
    left = (tmp_path / script["REGISTRY"]).read_text(encoding="utf-8")
    assert re.search(rf"import {slug}\b|\b{slug}_?\.KIND", left) is None
