from __future__ import annotations

import subprocess
import sys
from collections import Counter

import phonenumbers
import pytest
from stdnum import iban
from stdnum.de import vat as german_vat
from stdnum.fi import alv as finnish_vat
from stdnum.se import vat as swedish_vat

from customer_gateway.sandbox import Sandbox
from customer_gateway.sandbox.people import VENDORS, customers_of, staff_of

VALID_VAT = {"DE": german_vat.is_valid, "SE": swedish_vat.is_valid, "FI": finnish_vat.is_valid}


@pytest.mark.parametrize("vendor", VENDORS)
def test_most_identifiers_are_valid_and_a_few_are_not(vendor: str) -> None:
    parties = customers_of(vendor, 300)

    vats = Counter(VALID_VAT[party.land.code](party.vat) for party in parties if party.vat)
    ibans = Counter(bool(iban.is_valid(party.iban)) for party in parties)
    phones = {phonenumbers.is_valid_number(phonenumbers.parse(party.phone)) for party in parties}

    assert vats[True] > 20 * vats[False] > 0
    assert ibans[True] > 20 * ibans[False] > 0
    assert phones == {True}


@pytest.mark.parametrize("vendor", VENDORS)
def test_about_a_third_of_a_vendor_s_customers_are_known_to_another_one(vendor: str) -> None:
    parties = customers_of(vendor, 300)

    shared = [party for party in parties if len(party.systems) > 1]
    assert len(parties) == 300
    assert 95 <= len(shared) <= 105


def test_shared_customers_are_mostly_spelled_differently() -> None:
    spellings: dict[int, set[str]] = {}
    for vendor in VENDORS:
        for party in customers_of(vendor, 300):
            if len(party.systems) > 1:
                spellings.setdefault(party.number, set()).add(party.name)

    different = [names for names in spellings.values() if len(names) > 1]
    assert len(spellings) / 2 < len(different) < len(spellings)


@pytest.mark.parametrize("vendor", VENDORS)
def test_no_two_users_of_a_vendor_share_a_name(vendor: str) -> None:
    staff = staff_of(vendor, 40)

    assert len({person.email for person in staff}) == 40


def test_the_sandbox_tells_who_is_whom() -> None:
    records = Sandbox(customers=60).shared()

    assert all(len(each) >= 2 for each in records)
    assert any(set(each) == set(VENDORS) for each in records)


def test_every_process_sees_the_same_people() -> None:
    script = "from customer_gateway.sandbox.people import customers_of; print(customers_of('next', 50))"
    runs = [
        subprocess.run(  # noqa: S603 - this very interpreter
            [sys.executable, "-c", script], capture_output=True, check=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    ]

    assert runs[0] == runs[1]
    assert b"Party" in runs[0]
