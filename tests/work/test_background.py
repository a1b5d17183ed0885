"""Work beside a body of code lasts as long as that, and ends with it."""

from __future__ import annotations

import asyncio

import pytest

from customer_gateway.work.background import in_background

pytestmark = pytest.mark.anyio


async def test_it_runs_within_the_body_and_has_ended_when_that_ends() -> None:
    said: list[str] = []

    async def work(name: str) -> None:
        try:
            said.append(f"{name} begins")
            await asyncio.sleep(10)
        finally:
            await asyncio.sleep(0)
            said.append(f"{name} ends")

    async with in_background(work("one"), work("other")):
        await asyncio.sleep(0.01)
        assert said == ["one begins", "other begins"]

    assert said[2:] == ["one ends", "other ends"]


async def test_it_ends_where_the_body_raises() -> None:
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(10)
        finally:
            ended.set()

    async def body() -> None:
        async with in_background(work()):
            await asyncio.sleep(0)
            raise ValueError("body")

    with pytest.raises(ValueError, match="body"):
        await body()

    assert ended.is_set()


async def test_what_it_has_raised_is_raised_at_the_end_of_the_body() -> None:
    reached = asyncio.Event()

    async def work() -> None:
        raise ValueError("work")

    async def body() -> None:
        async with in_background(work()):
            await asyncio.sleep(0.01)
            reached.set()

    with pytest.raises(ValueError, match="work"):
        await body()

    assert reached.is_set()
