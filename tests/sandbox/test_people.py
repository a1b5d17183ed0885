from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, Any

import phonenumbers
import pytest
from stdnum import iban
from stdnum.de import vat as german_vat
from stdnum.fi import alv as finnish_vat
from stdnum.se import vat as swedish_vat
from vendors import DEFINITIONS, sandbox

from customer_gateway.sandbox import Sandbox
from customer_gateway.sandbox.changes import Changes
from customer_gateway.sandbox.people import DOMAINS, Market, customers_of, staff_of
from customer_gateway.sandbox.store import Kind
from customer_gateway.sandbox.vendor import VendorDefinition

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from customer_gateway.sandbox.people import Party
    from customer_gateway.sandbox.store import Document, Store

VALID_VAT = {"DE": german_vat.is_valid, "SE": swedish_vat.is_valid, "FI": finnish_vat.is_valid}
EACH = pytest.mark.parametrize("vendor", DEFINITIONS, ids=lambda vendor: vendor.name)
MEMBERS = Kind("members", "number")


def fill_members(store: Store, parties: Sequence[Party]) -> None:
    store[MEMBERS].put_all({"number": party.number, "name": party.name} for party in parties)


def unserved(_store: Store, _clock: Any) -> Any:
    return DEFINITIONS[0].dialect(_store, _clock)


def unstamped(document: Document, _moment: datetime) -> Document:
    return document


CLUB = VendorDefinition(
    "club", unserved, Market("clubs", ("FI", "DE")), MEMBERS, fill_members, 9300, Changes((), unstamped, unstamped)
)


@EACH
def test_most_identifiers_are_valid_and_a_few_are_not(vendor: VendorDefinition) -> None:
    parties = customers_of(vendor.name, vendor.market, 300)

    vats = Counter(VALID_VAT[party.land.code](party.vat) for party in parties if party.vat)
    ibans = Counter(bool(iban.is_valid(party.iban)) for party in parties)
    phones = {phonenumbers.is_valid_number(phonenumbers.parse(party.phone)) for party in parties}

    assert vats[True] > 20 * vats[False] > 0
    assert ibans[True] > 20 * ibans[False] > 0
    assert phones == {True}


@EACH
def test_about_a_third_of_a_vendor_s_customers_are_known_to_another_one(vendor: VendorDefinition) -> None:
    parties = customers_of(vendor.name, vendor.market, 300)

    shared = [party for party in parties if len(party.markets) > 1]
    assert len(parties) == 300
    assert 95 <= len(shared) <= 105


def test_shared_customers_are_mostly_spelled_differently() -> None:
    spellings: dict[int, set[str]] = {}
    for vendor in DEFINITIONS:
        for party in customers_of(vendor.name, vendor.market, 300):
            if len(party.markets) > 1:
                spellings.setdefault(party.number, set()).add(party.name)

    different = [names for names in spellings.values() if len(names) > 1]
    assert len(spellings) / 2 < len(different) < len(spellings)


@EACH
def test_no_two_users_of_a_vendor_share_a_name(vendor: VendorDefinition) -> None:
    staff = staff_of(vendor.name, vendor.market, 40)

    assert len({person.email for person in staff}) == 40


def test_the_sandbox_tells_who_is_whom() -> None:
    records = sandbox(customers=100).shared()
    parties = [party for vendor in DEFINITIONS for party in customers_of(vendor.name, vendor.market, 100)]
    sharing = {market for party in parties for market in party.markets if len(party.markets) > 1}

    assert all(len(each) >= 2 for each in records)
    assert any(set(each) >= {vendor.name for vendor in DEFINITIONS if vendor.market in sharing} for each in records)


def test_every_process_sees_the_same_people() -> None:
    script = (
        "from customer_gateway.sandbox.people import DOMAINS, customers_of; print(customers_of('acme', DOMAINS, 50))"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", script], capture_output=True, check=True, env=os.environ | {"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    ]

    assert runs[0] == runs[1]
    assert b"Party" in runs[0]


def documents(directory: Path, customers: int, definitions: Sequence[VendorDefinition]) -> dict[str, list[Any]]:
    """Every row of every vendor's database."""
    Sandbox(customers=customers, directory=directory, definitions=definitions).close()
    rows: dict[str, list[Any]] = {}
    for each in definitions:
        with closing(sqlite3.connect(directory / f"{each.name}.sqlite")) as database:
            rows[each.name] = database.execute("select * from document order by collection, position, key").fetchall()
    return rows


@pytest.mark.parametrize("customers", [1, 60, 300])
def test_a_further_vendor_changes_no_byte_of_the_others_documents(tmp_path: Path, customers: int) -> None:
    before = documents(tmp_path / "before", customers, DEFINITIONS)
    after = documents(tmp_path / "after", customers, (CLUB, *DEFINITIONS))

    assert len(after.pop("club")) == customers
    assert after == before


@EACH
def test_without_one_vendor_the_others_have_the_same_documents(tmp_path: Path, vendor: VendorDefinition) -> None:
    whole = documents(tmp_path / "whole", 30, DEFINITIONS)
    others = documents(tmp_path / "others", 30, [each for each in DEFINITIONS if each != vendor])

    del whole[vendor.name]
    assert others == whole


def test_a_further_vendor_shares_a_third_of_its_customers_with_the_others() -> None:
    records = Sandbox(definitions=(*DEFINITIONS, CLUB)).shared()

    assert sum("club" in each for each in records) == 100
    assert {name for each in records if "club" in each for name in each} == {"club", *(v.name for v in DEFINITIONS)}


def test_vendors_of_one_market_have_the_same_customers_in_another_order_and_spelling() -> None:
    one, other = customers_of("acme", DOMAINS, 60), customers_of("beta", DOMAINS, 60)

    numbers = [[party.number for party in parties] for parties in (one, other)]
    assert numbers[0] != numbers[1]
    assert sorted(numbers[0]) == sorted(numbers[1])
    assert {party.number: party.name for party in one} != {party.number: party.name for party in other}


def test_the_sandbox_says_which_vendor_it_does_not_have() -> None:
    with pytest.raises(AttributeError, match="The sandbox has no vendor 'acme'"):
        _ = Sandbox(customers=1).acme
