"""Systems that their vendor counts together keep to one budget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from vendors import FACTS, VENDORS, sandbox

from customer_gateway.errors import UpstreamRateLimited
from customer_gateway.systems.connection import Wiring
from customer_gateway.wire import Retry
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from customer_gateway.system import System

pytestmark = pytest.mark.anyio

BUDGETS = {slug: facts.budget for slug, facts in FACTS.items() if facts.budget}


def connected(slug: str, name: str, wiring: Wiring, **otherwise: Any) -> System:
    vendor = next(each for each in VENDORS if each.kind.slug == slug)
    table = {"base_url": BUDGETS[slug].base_url, **sandbox().vendors[slug].credentials, **otherwise}
    return vendor.connect(name, vendor.settings.model_validate(table), wiring)


def refusing() -> Wiring:
    """Vendors that refuse every call, which counts like any other; nothing is asked twice."""

    async def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(404, json={})

    return Wiring(transport=lambda _: httpx.MockTransport(answer), retry=Retry(attempts=1))


async def outcome(system: System) -> type[Exception] | None:
    try:
        await system.count(Deadline.after(0.4))
    except Exception as error:  # noqa: BLE001 - which one is what is asked
        return type(error)
    return None


@pytest.mark.parametrize("slug", BUDGETS)
async def test_what_one_system_used_up_another_of_the_same_scope_does_not_have(slug: str) -> None:
    wiring = refusing()
    first, second = connected(slug, "first", wiring), connected(slug, "second", wiring, **BUDGETS[slug].shared)

    used = [await outcome(first) for _ in range(BUDGETS[slug].calls)]

    assert UpstreamRateLimited not in used
    assert await outcome(second) is UpstreamRateLimited


@pytest.mark.parametrize("slug", BUDGETS)
async def test_a_system_of_another_scope_has_a_budget_of_its_own(slug: str) -> None:
    wiring = refusing()
    first, second = connected(slug, "first", wiring), connected(slug, "second", wiring, **BUDGETS[slug].apart)

    used = [await outcome(first) for _ in range(BUDGETS[slug].calls + 1)]

    assert used[-1] is UpstreamRateLimited
    assert await outcome(second) is not UpstreamRateLimited


async def test_a_system_without_the_vendors_budget_is_counted_with_nobody() -> None:
    wiring = refusing()
    slug = min(BUDGETS, key=lambda each: BUDGETS[each].calls)
    first = connected(slug, "first", wiring)
    free = connected(slug, "free", wiring, limits={"vendor_budget": False})

    used = [await outcome(free) for _ in range(5)]

    assert UpstreamRateLimited not in used
    assert await outcome(first) is not UpstreamRateLimited
