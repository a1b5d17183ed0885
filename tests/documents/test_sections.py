"""Lists of a section: entries are added, updated and removed by their ids, and keep what was not named."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from systems.test_contract import context
from vendors import VENDORS

from customer_gateway.documents.changes import ABSENT
from customer_gateway.documents.exact import decode, encode
from customer_gateway.documents.patching import Spelled, spelled
from customer_gateway.documents.sections import clears_of
from customer_gateway.documents.writing import Present
from customer_gateway.model.changes import ListPatch, RefusalCode

LEMONSOFT = b"""{"id": 7, "name": "Oy", "email": "a@b.example", "contacts": [
  {"id": 1, "customer_id": 7, "name": "Anna", "x": 1.10, "attributes": [{"id": 5, "selected": true, "y": 2.50}]},
  {"id": 2, "customer_id": 7, "name": "Bo"}]}"""
AUTODNS = b"""{"number": 1, "client": "c", "contacts": [{"id": 1, "title": "Dr.", "firstName": "Anna", "z": 1.0}]}"""


OF_LEMONSOFT = pytest.mark.vendors("lemonsoft")
OF_AUTODNS = pytest.mark.vendors("autodns")


def patched(slug: str, document: bytes, section: dict[str, Any]) -> Spelled:
    vendor = next(each for each in VENDORS if each.kind.slug == slug)
    assert vendor.kind.writes is not None
    now = Present(decode(document), context(vendor), "DE")
    return spelled(vendor.kind.writes, slug, {slug: section}, now, creates=False)


def contacts(slug: str, document: bytes, wanted: ListPatch) -> Any:
    written = patched(slug, document, {"contacts": wanted})
    assert written.refusals == []
    return written.values["contacts"]


@OF_LEMONSOFT
def test_an_entry_is_updated_by_its_id_and_keeps_what_it_holds_beyond() -> None:
    updated = contacts("lemonsoft", LEMONSOFT, ListPatch(update=[{"id": "1", "name": "Änne"}]))

    assert [each["name"] for each in updated] == ["Änne", "Bo"]
    assert b'"x":1.10' in encode(updated)
    assert b'"y":2.50' in encode(updated)


@OF_LEMONSOFT
def test_an_entry_of_a_list_within_an_entry_is_updated_by_its_id() -> None:
    inner = ListPatch(update=[{"id": "5", "selected": False}])

    updated = contacts("lemonsoft", LEMONSOFT, ListPatch(update=[{"id": "1", "attributes": inner}]))

    assert updated[0]["attributes"] == [{"id": 5, "selected": False, "y": Decimal("2.50")}]


@OF_LEMONSOFT
def test_entries_are_added_at_the_end_and_removed_by_their_ids() -> None:
    changed = contacts("lemonsoft", LEMONSOFT, ListPatch(add=[{"name": "Cai", "gsm": "+358 40 5550101"}], remove=["1"]))

    assert changed == [{"id": 2, "customer_id": 7, "name": "Bo"}, {"name": "Cai", "gsm": "+358 40 5550101"}]


@OF_LEMONSOFT
def test_a_list_is_set_whole() -> None:
    assert contacts("lemonsoft", LEMONSOFT, ListPatch(set=[{"name": "Cai"}])) == [{"name": "Cai"}]


@OF_AUTODNS
def test_what_is_cleared_of_an_entry_goes_where_the_vendor_leaves_out_what_has_no_value() -> None:
    updated = contacts("autodns", AUTODNS, ListPatch(update=[{"id": "1", "title": None}]))

    assert updated == [{"id": 1, "firstName": "Anna", "z": Decimal("1.0")}]


@OF_LEMONSOFT
@pytest.mark.parametrize(
    ("wanted", "path"),
    [
        (ListPatch(update=[{"id": "1"}, {"id": "9", "name": "x"}]), ("update", "1")),
        (ListPatch(remove=["9"]), ("remove", "0")),
    ],
)
def test_an_id_that_no_entry_has_is_refused(wanted: ListPatch, path: tuple[str, ...]) -> None:
    written = patched("lemonsoft", LEMONSOFT, {"contacts": wanted})

    where = ("lemonsoft", "contacts", *path)
    assert [(each.code, each.field) for each in written.refusals] == [(RefusalCode.INVALID, where)]
    assert written.values == {}


@OF_LEMONSOFT
def test_every_refusal_of_entries_is_told_by_its_path() -> None:
    inner = ListPatch(update=[{"id": "7", "selected": True}, {"id": "5", "contactId": "8"}])
    wanted = ListPatch(
        update=[{"id": "1", "phone": "12", "email": "no", "attributes": inner}], add=[{"gsm": "34"}], remove=["9"]
    )

    written = patched("lemonsoft", LEMONSOFT, {"contacts": wanted})

    assert written.values == {}
    assert [(each.code, ".".join(each.field[2:])) for each in written.refusals] == [
        (RefusalCode.INVALID, "update.0.phone"),
        (RefusalCode.INVALID, "update.0.email"),
        (RefusalCode.INVALID, "update.0.attributes.update.0"),
        (RefusalCode.NOT_WRITABLE, "update.0.attributes.update.1.contactId"),
        (RefusalCode.INVALID, "remove.0"),
        (RefusalCode.INVALID, "add.0.gsm"),
    ]


@OF_AUTODNS
def test_every_refused_text_of_a_list_is_told_by_its_path() -> None:
    written = patched("autodns", AUTODNS, {"emails": ListPatch(set=["a@b.example", "no", "none"])})

    assert [".".join(each.field[2:]) for each in written.refusals] == ["set.1", "set.2"]


@OF_LEMONSOFT
def test_what_the_server_makes_of_an_entry_is_refused() -> None:
    written = patched("lemonsoft", LEMONSOFT, {"contacts": ListPatch(update=[{"id": "1", "customerId": "8"}])})

    assert [each.code for each in written.refusals] == [RefusalCode.NOT_WRITABLE]


@OF_AUTODNS
def test_a_list_of_entries_without_ids_is_set_alone() -> None:
    written = patched("autodns", AUTODNS, {"invoiceDays": {"days": ListPatch(add=[14])}})

    assert [each.message for each in written.refusals] == ["Set the whole list: its entries have no ids."]


@OF_AUTODNS
def test_a_text_of_an_entry_is_written_in_the_form_of_its_place() -> None:
    given = {"phone": "0221 7654321", "country": "Deutschland", "email": "a@b.example"}

    [made] = contacts("autodns", AUTODNS, ListPatch(set=[given]))

    assert made == {"phone": "+49-221-7654321", "country": "DE", "email": "a@b.example"}


@OF_LEMONSOFT
def test_a_text_that_stands_there_already_is_written_in_whichever_form() -> None:
    document = LEMONSOFT[:-1] + b', "phone": "after six"}'

    written = patched("lemonsoft", document, {"phone": "after six"})

    assert (written.refusals, written.values) == ([], {"phone": "after six"})


@OF_AUTODNS
def test_a_list_is_set_with_texts_of_its_entries_in_whichever_form() -> None:
    document = AUTODNS.replace(b'"id": 1,', b'"id": 1, "phone": "after six",')

    kept = patched("autodns", document, {"contacts": ListPatch(set=[{"phone": "after six"}])})
    other = patched("autodns", document, {"contacts": ListPatch(set=[{"fax": "after six"}])})

    assert kept.values == {"contacts": [{"phone": "after six"}]}
    assert [".".join(each.field) for each in other.refusals] == ["autodns.contacts.set.0.fax"]


@OF_LEMONSOFT
def test_null_empties_a_list_where_members_without_a_value_are_null() -> None:
    assert patched("lemonsoft", LEMONSOFT, {"contacts": None}).values == {"contacts": []}


@OF_AUTODNS
def test_null_takes_a_list_away_where_members_without_a_value_go() -> None:
    assert patched("autodns", AUTODNS, {"contacts": None}).values == {"contacts": ABSENT}


@OF_LEMONSOFT
def test_what_the_vendor_does_not_clear_is_refused_as_null() -> None:
    written = patched("lemonsoft", LEMONSOFT, {"number": None})

    assert [(each.code, each.field) for each in written.refusals] == [(RefusalCode.REQUIRED, ("lemonsoft", "number"))]
    assert written.values == {}


@pytest.mark.vendors("pland")
def test_an_object_that_the_vendor_does_not_clear_is_refused_as_null() -> None:
    written = patched("pland", b'{"_id": "a", "status": {"status": "1", "createdAt": 1}}', {"status": None})

    assert [(each.code, each.field) for each in written.refusals] == [(RefusalCode.REQUIRED, ("pland", "status"))]


@pytest.mark.vendors("billbee")
def test_null_takes_an_object_away_that_cannot_be_without_some_member() -> None:
    document = b'{"Id": 1, "DefaultFax": {"Id": 2, "TypeId": 3, "Value": "+49 221 7654321"}}'

    written = patched("billbee", document, {"defaultFax": None})

    assert (written.refusals, written.values) == ([], {"DefaultFax": None})


def cleared(slug: str, section: dict[str, Any]) -> int:
    writes = next(each for each in VENDORS if each.kind.slug == slug).kind.writes
    assert writes is not None
    return clears_of(writes, section)


@OF_LEMONSOFT
def test_null_for_an_object_counts_as_all_of_its_members() -> None:
    assert cleared("lemonsoft", {"dimension": None}) == 22
    assert cleared("lemonsoft", {"dimension": {"areaCode": None, "chainCode": 1}, "phone": None, "fax": "x"}) == 2


@OF_LEMONSOFT
def test_null_in_an_entry_that_is_updated_counts_and_a_list_counts_once() -> None:
    wanted = ListPatch(update=[{"id": "1", "phone": None, "gsm": None}], add=[{"name": None}])

    assert cleared("lemonsoft", {"contacts": wanted, "accounts": None}) == 3


@pytest.mark.vendors("autodns", "billbee")
def test_an_object_that_goes_as_a_whole_counts_once() -> None:
    assert cleared("autodns", {"sepa": None}) == 1
    assert cleared("billbee", {"defaultFax": None}) == 1
