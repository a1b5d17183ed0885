"""Reading: small promises of the schema that no other story is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from gateway import SYSTEMS

if TYPE_CHECKING:
    from gateway import Gateway

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("system", [name for name in ("autodns", "next") if name in SYSTEMS])
async def test_agreements_of_systems_without_products_have_an_empty_list(gateway: Gateway, system: str) -> None:
    query = f"""{{ system(name: "{system}") {{
        customers(first: 50) {{ nodes {{ agreements {{ products {{ code }} }} }} }}
    }} }}"""

    nodes = (await gateway.ask(query)).data["system"]["customers"]["nodes"]

    agreements = [agreement for node in nodes for agreement in node["agreements"]]
    assert agreements
    assert agreements == [{"products": []}] * len(agreements)
