"""Errors under 200 that are not of the session."""

from __future__ import annotations

import pytest
from systems.lemonsoft.facts import JSON
from systems.test_lost_sessions import World

from customer_gateway.errors import UpstreamBadResponse

pytestmark = pytest.mark.anyio


async def test_an_error_of_lemonsoft_that_is_not_of_the_session_stays_a_bad_response() -> None:
    world = World("lemonsoft", (200, JSON, b'{"Message": "An error has occurred."}'))
    await world.page()
    world.way.always = True

    with pytest.raises(UpstreamBadResponse, match=r"with an error inside: it has a `Message`$"):
        await world.page()

    await world.system.aclose()
