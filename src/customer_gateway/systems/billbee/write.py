"""What can be written of a Billbee customer (seed 004), and where it stands in Billbee's documents.

The invoice address is a document of its own; a writer has it as `InvoiceAddress` of the customer's.
A default e-mail address or number stands in `MetaData`, too: both change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from customer_gateway.documents.changes import ABSENT
from customer_gateway.documents.field_writes import at, never_cleared
from customer_gateway.documents.record import DocumentContext, Record, is_list, is_object
from customer_gateway.documents.spelling import (
    Unwritable,
    country,
    country_code,
    email,
    first_email,
    one_of,
    phone,
    vat_number,
    whole_number,
)
from customer_gateway.documents.writing import FieldWrite, Resource, Writes
from customer_gateway.model.value_objects import CustomerKind, EmailPurpose
from customer_gateway.systems.billbee.lists import MOST_ROWS_PER_CALL
from customer_gateway.systems.billbee.read import MAIL_TYPE, in_order, invoice_address, is_archived, is_mail
from customer_gateway.systems.billbee.record import CUSTOMER
from customer_gateway.systems.explained import texts_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from customer_gateway.documents.record import Document
    from customer_gateway.documents.spelling import Spell
    from customer_gateway.documents.writing import Present, Values
    from customer_gateway.model.changes import ListPatch

INVOICE_ADDRESS: Final = "InvoiceAddress"
"""The member of a writer's document that is the invoice address."""
_META_DATA: Final = "MetaData"
_ARCHIVE: Final = "Billbee archives and restores in its own pages."
_TYPE_NAME: Final = "Billbee names the type."
_DEFAULTS: Final = {
    EmailPurpose.GENERAL: "DefaultMailAddress",
    EmailPurpose.COMMERCIAL: "DefaultCommercialMailAddress",
    EmailPurpose.STATUS_UPDATES: "DefaultStatusUpdatesMailAddress",
}
_NUMBERS: Final = ("DefaultPhone1", "DefaultPhone2", "DefaultFax")
_ENTRIES: Final = (*_DEFAULTS.values(), *_NUMBERS, _META_DATA)
_ANY_ZONE: Final = DocumentContext.of("billbee", "", "Europe/Berlin", "DE")
_SINGLE: Final = {EmailPurpose.GENERAL: "Email"}


def _with_default(place: str, default: str, spell: Spell) -> FieldWrite:
    """Declare a field of the customer that is repeated by a default, where there is one."""

    def write(value: Any, now: Present) -> Values:
        spelled = spell(value, now.at(place))
        return {place: spelled, **_default(now, default, spelled)}

    return FieldWrite((place, default, _META_DATA), write, lambda now: {place: None, **_default(now, default, None)})


def _default(now: Present, default: str, value: str | None) -> Values:
    """Return what changes where a default has another value: itself, and the entry of the contact data that it is.

    Nothing where there is no such default; without a value both go.
    """
    standing = now.at(default).value
    if not is_object(standing):
        return {}
    entries = now.at(_META_DATA).value
    return {
        default: None if value is None else {**standing, "Value": value},
        **({_META_DATA: _entries(entries, standing.get("Id"), value)} if is_list(entries) else {}),
    }


def _entries(entries: list[Any], key: Any, value: str | None) -> list[Any]:
    found: list[Any] = []
    for entry in entries:
        if key is None or not is_object(entry) or entry.get("Id") != key:
            found.append(entry)
        elif value is not None:
            found.append({**entry, "Value": value})
    return found


def _emails() -> FieldWrite:
    """Declare the addresses by purpose: one each, and as many of other contact data as there are."""

    def spell(wanted: ListPatch, now: Present) -> Values:
        values: Values = {}
        for purpose, default in _DEFAULTS.items():
            values |= _of_purpose(purpose, default, wanted, now.with_values(values))
        return {**values, **_of_contact_data(wanted, now.with_values(values))}

    return FieldWrite(("Email", *_DEFAULTS.values(), _META_DATA), spell, None)


def _of_contact_data(wanted: ListPatch, now: Present) -> Values:
    """Return the contact data with the addresses that are no default: those that stay keep their entries."""
    entries = now.at(_META_DATA).value
    standing: list[Any] = entries if is_list(entries) else []
    given = [email(each.address, now.at(_META_DATA)) for each in _given(wanted) if each.purpose is EmailPurpose.OTHER]
    removed = {each.casefold() for each in wanted.remove}
    defaults = [now.at(f"{default}.Id").value for default in _DEFAULTS.values()]
    kept: list[Any] = []
    for entry in standing:
        is_other = is_object(entry) and is_mail(Record(entry, now.context)) and entry.get("Id") not in defaults
        value = str(entry.get("Value")) if is_other else ""
        if not is_other or (value in given if wanted.set is not None else value.casefold() not in removed):
            kept.append(entry)
            given = [each for each in given if each != value]
    result = [*kept, *({"TypeId": MAIL_TYPE, "Value": each} for each in given)]
    return {} if result == standing else {_META_DATA: result}


def _given(wanted: ListPatch) -> list[Any]:
    return [*(wanted.set or ()), *wanted.add]


def _of_purpose(purpose: EmailPurpose, default: str, wanted: ListPatch, now: Present) -> Values:
    addresses = [
        email(each.address, now.at(default)) for each in (*(wanted.set or ()), *wanted.add) if each.purpose is purpose
    ]
    if len(addresses) > 1:
        raise Unwritable(f"This system holds one e-mail address of the purpose {purpose.value}. Give one.")
    standing = now.at(f"{default}.Value").value or (now.at("Email").value if purpose in _SINGLE else None)
    removed = {each.casefold() for each in wanted.remove}
    if not addresses and wanted.set is None and (standing is None or standing.casefold() not in removed):
        return {}
    value = addresses[0] if addresses else None
    single = {_SINGLE[purpose]: value} if purpose in _SINGLE else {}
    if value is not None and not single and not is_object(now.at(default).value):
        raise Unwritable(f"The customer has no default of the purpose {purpose.value}. Set it in the section billbee.")
    return {**single, **_default(now, default, value)}


def _of_address(member: str, spell: Spell | None = None) -> FieldWrite:
    place = f"InvoiceAddress.{member}"
    return at(place, spell) if spell else at(place)


def _data(answer: Any) -> Any:
    return answer.get("Data") if is_object(answer) else None


def with_address(customer: Record, addresses: Sequence[Record]) -> Document:
    """Return a customer's document with its invoice address, as a writer has it."""
    found = invoice_address(addresses)
    return {**customer.document, INVOICE_ADDRESS: None if found is None else found.document}


def _invoice_address(answer: Any) -> Any:
    """Return the invoice address among a customer's addresses, the one that is read; None where there is none.

    An answer without a list of addresses, or with a part of one, does not say that: it is `ABSENT`.
    """
    rows = _data(answer)
    total = Record(answer, _ANY_ZONE).part("Paging").integer("TotalRows") if is_object(answer) else None
    if not is_list(rows) or (total or 0) > len(rows):
        return ABSENT
    addresses = [Record(each, _ANY_ZONE) for each in rows if is_object(each)]
    found = invoice_address(in_order(addresses))
    return None if found is None else found.document


def _archived(document: Document) -> bool:
    """Return whether the record is archived, and was not restored later; both stamps are of one zone, whichever."""
    return bool(is_archived(Record(document, _ANY_ZONE)))


WRITES: Final = Writes(
    record=CUSTOMER,
    resources={
        "": Resource(
            read="/customers/{key}",
            unwrap=_data,
            update=("PUT", "/customers/{key}"),
            create=("POST", "/customers"),
            whole=True,
            left_out=frozenset({INVOICE_ADDRESS}),
        ),
        INVOICE_ADDRESS: Resource(
            read="/customers/{key}/addresses",
            query=[("page", "1"), ("pageSize", str(MOST_ROWS_PER_CALL))],
            unwrap=_invoice_address,
            may_lack=True,
            update=("PATCH", "/customers/addresses/{id}"),
            create=("POST", "/customers/{key}/addresses"),
            made_with={"AddressType": 1},
            inline="Address",
        ),
    },
    archive=None,
    restore=None,
    fields={
        "number": never_cleared(at("Number", whole_number)),
        "name": at("Name"),
        "kind": never_cleared(at("Type", one_of({CustomerKind.PERSON: 0, CustomerKind.COMPANY: 1}))),
        "first_name": _of_address("FirstName"),
        "last_name": _of_address("LastName"),
        "organization": _of_address("Company"),
        "vat_number": at("VatId", vat_number),
        "email": _with_default("Email", "DefaultMailAddress", first_email),
        "emails": _emails(),
        "phone": _with_default("Tel1", "DefaultPhone1", phone),
        "address.street": _of_address("Street"),
        "address.house_number": _of_address("Housenumber"),
        "address.postal_code": _of_address("Zip"),
        "address.city": _of_address("City"),
        "address.state": _of_address("State"),
        "address.country_code": _of_address("CountryCode", country_code),
        "address.country": _of_address("CountryCode", country),
    },
    server_made={
        "Id": "Billbee gives it.",
        "ArchivedAt": _ARCHIVE,
        "RestoredAt": _ARCHIVE,
        "InvoiceAddress.Id": "Billbee gives it.",
        "InvoiceAddress.CustomerId": "It is the customer that holds it.",
        "InvoiceAddress.ArchivedAt": _ARCHIVE,
        "InvoiceAddress.RestoredAt": _ARCHIVE,
        "Address": "Addresses have calls of their own; `address` writes the invoice address.",
        **{f"{part}.TypeName": _TYPE_NAME for part in _ENTRIES},
    },
    lasting=frozenset({"Number", "Type", *(f"{part}.{name}" for part in _ENTRIES for name in ("Id", "TypeId"))}),
    own_forms={
        **dict.fromkeys(("Tel1", "Tel2", *(f"{part}.Value" for part in _NUMBERS)), phone),
        **{f"{part}.Value": email for part in _DEFAULTS.values()},
    },
    country="InvoiceAddress.CountryCode",
    numeric_ids=True,
    entry_ids={"BillbeeContactData": "Id"},
    archived=_archived,
    identity=("Id",),
    traces=("Name", "Email"),
    named=lambda explanation: texts_in(explanation, under={"ErrorMessage"}),
)
