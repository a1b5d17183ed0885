from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from customer_gateway.model.callers import ApiKey, Rights
from customer_gateway.model.key_text import digest_of, new_key, new_key_id
from customer_gateway.store.api_keys import KEPT, ApiKeys
from customer_gateway.store.database import Database
from customer_gateway.store.key_source import KeySource
from customer_gateway.store.tables import API_KEYS

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def a_key(name: str, **more: object) -> ApiKey:
    values = {"rights": Rights(frozenset({"customers:read"})), "digest": digest_of(new_key())} | more
    return ApiKey(id=new_key_id(), name=name, **values)  # pyright: ignore[reportArgumentType] - by name


async def test_a_key_is_read_as_it_was_added(database: Database) -> None:
    keys = ApiKeys(database)
    plain = a_key("plain")
    full = a_key(
        "shop",
        rights=Rights(frozenset({"customers:read", "raw:read"}), frozenset({"pland"})),
        rate_class="slow",
        expires_at=NOW + DAY,
        addresses=("192.0.2.0/24", "2001:db8::/32"),
    )

    added = [await keys.add(key, NOW) for key in (full, plain)]

    assert added == [True, True]
    assert [each.key for each in await keys.list_all()] == [plain, full]
    assert [(each.created_at, each.last_used_at) for each in await keys.list_all()] == [(NOW, None)] * 2


async def test_systems_that_are_none_at_all_are_not_all_systems(database: Database) -> None:
    keys = ApiKeys(database)

    await keys.add(a_key("nothing", rights=Rights(frozenset(), frozenset())), NOW)

    (stored,) = await keys.list_all()
    assert stored.key.rights == Rights(frozenset(), frozenset())


async def test_a_name_is_that_of_one_current_key(database: Database) -> None:
    keys = ApiKeys(database)
    await keys.add(a_key("shop"), NOW)

    again = await keys.add(a_key("shop"), NOW)

    assert (again, len(await keys.list_all())) == (False, 1)


async def test_of_keys_that_are_added_at_once_under_one_name_one_is(database_url: str) -> None:
    databases = [Database(database_url) for _ in range(4)]
    try:
        added = await asyncio.gather(*(ApiKeys(each).add(a_key("shop"), NOW) for each in databases))

        assert sorted(added) == [False, False, False, True]
        assert len(await ApiKeys(databases[0]).list_all()) == 1
    finally:
        for each in databases:
            await each.aclose()


async def test_a_revoked_key_stays_with_its_moment_and_frees_its_name(database: Database) -> None:
    keys = ApiKeys(database)
    await keys.add(a_key("shop"), NOW)

    revoked = await keys.revoke("shop", NOW + DAY)
    again = await keys.revoke("shop", NOW + DAY * 2)
    added = await keys.add(a_key("shop"), NOW + DAY)

    assert (revoked, again, added) == (True, False, True)
    assert [each.key.revoked_at for each in await keys.list_all()] == [NOW + DAY, None]


@pytest.mark.parametrize(
    ("expires_at", "ends_at"), [(None, NOW + DAY * 2), (NOW + DAY * 9, NOW + DAY * 2), (NOW + DAY, NOW + DAY)]
)
async def test_a_rotated_key_ends_after_the_overlap_or_before(
    database: Database, expires_at: datetime | None, ends_at: datetime
) -> None:
    keys = ApiKeys(database)
    before = a_key("shop", expires_at=expires_at, rate_class="slow", addresses=("192.0.2.0/24",))
    await keys.add(before, NOW)

    digest = digest_of(new_key())
    rotated = await keys.rotate("shop", digest, NOW + DAY / 2, DAY * 1.5, NOW + DAY * 30)

    old, new = await keys.list_all()
    assert rotated
    assert (old.key.digest, old.key.expires_at, old.is_current) == (before.digest, ends_at, False)
    assert (new.key.digest, new.key.expires_at, new.is_current) == (digest, NOW + DAY * 30, True)
    assert (new.key.rights, new.key.rate_class, new.key.addresses) == (before.rights, "slow", ("192.0.2.0/24",))


async def test_a_rotation_ends_the_secrets_of_earlier_rotations_too(database: Database) -> None:
    keys = ApiKeys(database)
    await keys.add(a_key("shop"), NOW)
    await keys.add(a_key("other"), NOW)
    await keys.rotate("shop", digest_of(new_key()), NOW, DAY, None)

    await keys.rotate("shop", digest_of(new_key()), NOW + SECOND, SECOND * 0, None)

    ends = [each.key.expires_at for each in await keys.list_all() if each.key.name == "shop"]
    assert sorted(ends, key=lambda end: end or NOW + DAY) == [NOW + SECOND, NOW + SECOND, None]
    assert [each.key.expires_at for each in await keys.list_all() if each.key.name == "other"] == [None]


async def test_a_rotated_key_is_revoked_with_all_its_secrets(database: Database) -> None:
    keys = ApiKeys(database)
    await keys.add(a_key("shop"), NOW)
    await keys.rotate("shop", digest_of(new_key()), NOW, DAY, None)

    await keys.revoke("shop", NOW)

    assert [each.key.revoked_at for each in await keys.list_all()] == [NOW, NOW]


@pytest.mark.parametrize("change", ["add", "rotate", "revoke"])
async def test_keys_that_ended_30_days_ago_are_deleted_by_the_next_change(database: Database, change: str) -> None:
    keys, source = ApiKeys(database), KeySource(database)
    for name in ("revoked", "revoked later", "lasting", "other"):
        await keys.add(a_key(name), NOW)
    for name, expires_at in (("expired", NOW + DAY), ("expired later", NOW + DAY + SECOND)):
        await keys.add(a_key(name, expires_at=expires_at), NOW)
    await keys.rotate("lasting", digest_of(new_key()), NOW, DAY, None)
    await keys.revoke("revoked", NOW + DAY)
    await keys.revoke("revoked later", NOW + DAY + SECOND)
    now = NOW + DAY + KEPT
    before = await source.changes(None)

    changes = {
        "add": lambda: keys.add(a_key("expired"), now),
        "rotate": lambda: keys.rotate("other", digest_of(new_key()), now, DAY, None),
        "revoke": lambda: keys.revoke("other", now),
    }
    assert await changes[change]()

    kept = {each.key.name: each.created_at for each in await keys.list_all()}
    assert before is not None
    assert len(before[1]) == 7
    assert kept == {
        "expired later": NOW,
        "lasting": NOW,
        "other": now if change == "rotate" else NOW,
        "revoked later": NOW,
        **({"expired": now} if change == "add" else {}),
    }
    assert await source.changes(before[0]) is not None


async def test_a_key_that_ended_long_ago_gets_a_new_secret(database: Database) -> None:
    keys = ApiKeys(database)
    await keys.add(a_key("shop", expires_at=NOW + DAY), NOW)
    digest, now = digest_of(new_key()), NOW + DAY + KEPT

    assert await keys.rotate("shop", digest, now, DAY, None)
    assert [each.key.digest for each in await keys.list_all()] == [digest]


async def test_who_only_reads_deletes_nothing(database: Database) -> None:
    keys = ApiKeys(database)
    key = a_key("shop", expires_at=NOW + SECOND)
    await keys.add(key, NOW)

    await KeySource(database).changes(None)
    await keys.record_use({key.id: NOW + KEPT * 2})

    assert [each.key for each in await keys.list_all()] == [key]


async def test_what_is_not_there_is_neither_rotated_nor_revoked(database: Database) -> None:
    keys = ApiKeys(database)
    await keys.add(a_key("shop"), NOW)
    await keys.revoke("shop", NOW)

    assert not await keys.rotate("shop", digest_of(new_key()), NOW, DAY, None)
    assert not await keys.rotate("other", digest_of(new_key()), NOW, DAY, None)
    assert not await keys.revoke("other", NOW)


async def test_the_stamp_is_another_after_each_change_and_the_same_without(database: Database) -> None:
    keys, source = ApiKeys(database), KeySource(database)
    stamps: list[str] = []
    for change in (
        keys.add(a_key("shop"), NOW),
        keys.rotate("shop", digest_of(new_key()), NOW, DAY, None),
        keys.revoke("shop", NOW),
    ):
        await change
        read = await source.changes(None)
        assert read is not None
        stamps.append(read[0])

    assert len(set(stamps)) == 3
    assert await source.changes(stamps[-1]) is None
    assert await source.changes(stamps[0]) is not None


async def test_the_last_use_is_written_once_a_minute_and_is_no_change(database: Database) -> None:
    keys, source = ApiKeys(database), KeySource(database)
    shop, other = a_key("shop"), a_key("other")
    await keys.add(shop, NOW)
    await keys.add(other, NOW)
    before = await source.changes(None)
    assert before is not None

    seconds = timedelta(seconds=1)
    for at in (NOW, NOW + 59 * seconds, NOW - 5 * seconds):
        await source.record_use({shop.id: at})
    early = {each.key.name: each.last_used_at for each in await keys.list_all()}
    await source.record_use({shop.id: NOW + 60 * seconds, other.id: NOW})

    assert early == {"shop": NOW, "other": None}
    assert {each.key.name: each.last_used_at for each in await keys.list_all()} == {
        "shop": NOW + 60 * seconds,
        "other": NOW,
    }
    assert await source.changes(before[0]) is None


async def test_a_database_that_is_not_there_has_no_keys_and_is_not_made(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'state' / 'gateway.db'}")
    source = KeySource(database)

    first = await source.changes(None)
    assert first is not None
    assert first[1] == []
    assert await source.changes(first[0]) is None
    assert await ApiKeys(database).list_all() == []
    await source.record_use({"1": NOW})
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - in a test of async code pathlib is refused


async def test_keys_are_seen_as_soon_as_their_database_is_made_and_go_with_it(tmp_path: Path) -> None:
    file = tmp_path / "gateway.db"
    reader, writer = Database(f"sqlite+aiosqlite:///{file}"), Database(f"sqlite+aiosqlite:///{file}")
    source = KeySource(reader)
    nothing = await source.changes(None)
    assert nothing is not None

    await ApiKeys(writer).add(a_key("shop"), NOW)
    made = await source.changes(nothing[0])
    await writer.aclose()
    file.unlink()
    gone = await source.changes(made[0] if made else None)
    await reader.aclose()

    assert made is not None
    assert [key.name for key in made[1]] == ["shop"]
    assert gone is not None
    assert gone[1] == []


async def test_a_backup_that_is_played_back_is_a_change(tmp_path: Path) -> None:
    file, backup = tmp_path / "gateway.db", tmp_path / "backup.db"
    url = f"sqlite+aiosqlite:///{file}"
    writer = Database(url)
    await ApiKeys(writer).add(a_key("first"), NOW)
    await writer.aclose()  # with it the write-ahead log goes into the file
    backup.write_bytes(file.read_bytes())
    await ApiKeys(writer).add(a_key("second"), NOW)
    await writer.aclose()
    reader = Database(url)
    before = await KeySource(reader).changes(None)

    backup.replace(file)
    after = await KeySource(reader).changes(before[0] if before else None)
    await reader.aclose()

    assert after is not None
    assert [key.name for key in after[1]] == ["first"]


async def test_no_key_is_kept_but_its_digest(database: Database) -> None:
    text = new_key()
    await ApiKeys(database).add(a_key("shop", digest=digest_of(text)), NOW)

    async with database.read_transaction() as connection:
        row = (await connection.execute(select(API_KEYS))).one()

    assert text[3:20] not in str(row)
    assert row.digest == digest_of(text)
