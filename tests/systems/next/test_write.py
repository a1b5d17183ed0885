"""What is peculiar to writing NEXT: a country at two places, ids of lists by their names, flags that exclude."""

from __future__ import annotations

from typing import Any

import pytest
from systems.test_laws_of_writing import patched, present
from vendors import VENDORS

from customer_gateway.documents.writing import Choice, Present
from customer_gateway.model.changes import RefusalCode
from customer_gateway.model.value_objects import CustomerKind

NEXT = next(vendor for vendor in VENDORS if vendor.kind.slug == "next")
TYPES = [Choice(31, "Company"), Choice(32, "Private"), Choice(33, "Government")]


def customer(**members: Any) -> Present:
    return Present({"id": 7, "name": "x", **members}, present(NEXT).context, "SE", {"customertypeid": TYPES})


@pytest.mark.parametrize(
    ("line", "patch", "code", "written_line"),
    [
        ("Sverige", {"address.country_code": "SE"}, "SE", "Sverige"),
        ("Sverige", {"address.country_code": "DE"}, "DE", "DE"),
        (None, {"address.country_code": "DE"}, "DE", "DE"),
        ("Sverige", {"address.country": "Tyskland"}, "DE", "Tyskland"),
        ("Sverige", {"address.country": "Utopia"}, None, "Utopia"),
        ("Sverige", {"address.country": None}, None, None),
    ],
)
def test_code_and_last_line_never_name_two_countries(
    line: str | None, patch: dict[str, Any], code: str | None, written_line: str | None
) -> None:
    written = patched(NEXT, customer(countrycode="SE", billaddress6=line), patch)

    assert written.values == {"countrycode": code, "billaddress6": written_line}


@pytest.mark.parametrize(
    ("kind", "is_person", "type_id"),
    [(CustomerKind.COMPANY, False, 31), (CustomerKind.PERSON, True, 32), (CustomerKind.PUBLIC, False, 33)],
)
def test_a_kind_is_a_flag_and_a_type_of_the_list(kind: CustomerKind, is_person: bool, type_id: int) -> None:
    written = patched(NEXT, customer(), {"kind": kind})

    assert written.values == {"privateperson": is_person, "customertypeid": type_id}


def test_a_kind_that_the_list_lacks_is_refused() -> None:
    written = patched(NEXT, customer(), {"kind": CustomerKind.OTHER})

    assert [(each.code, each.field) for each in written.refusals] == [(RefusalCode.INVALID, ("kind",))]


@pytest.mark.parametrize(("taxable", "codes"), [(False, [RefusalCode.EXCLUSIVE]), (True, [])])
def test_a_construction_company_is_not_without_vat(taxable: bool, codes: list[RefusalCode]) -> None:
    written = patched(NEXT, customer(constructioncompany=True), {"billing.taxable": taxable})

    assert [each.code for each in written.refusals] == codes
