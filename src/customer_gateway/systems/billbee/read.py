"""Billbee's documents read as the unified nouns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from customer_gateway.documents.contact_data import (
    dialling_region,
    email_list,
    first_address,
    phone_list,
    stated_country,
)
from customer_gateway.documents.record import Record
from customer_gateway.documents.shapes import (
    Shape,
    currency_code,
    inside,
    integer_key,
    link_to,
    member,
    vat,
    version_by,
)
from customer_gateway.documents.view import day, decimal, reads, text
from customer_gateway.model.nouns import Invoice
from customer_gateway.model.value_objects import (
    Address,
    AddressKind,
    CustomerKind,
    CustomerStatus,
    EmailAddress,
    EmailPurpose,
    PhoneKind,
    PhoneNumber,
)
from customer_gateway.systems.absent import CustomerFields

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from decimal import Decimal

_KINDS: Final = {0: CustomerKind.PERSON, 1: CustomerKind.COMPANY}
_INVOICE_ADDRESS: Final = 1
_ADDRESS_KINDS: Final = {_INVOICE_ADDRESS: AddressKind.BILLING, 2: AddressKind.DELIVERY}
MAIL_TYPE: Final = 1
_DEFAULT_MAILS: Final = {
    "DefaultMailAddress": EmailPurpose.GENERAL,
    "DefaultCommercialMailAddress": EmailPurpose.COMMERCIAL,
    "DefaultStatusUpdatesMailAddress": EmailPurpose.STATUS_UPDATES,
}
_PHONE_TYPES: Final = {2: PhoneKind.PHONE, 3: PhoneKind.FAX, 4: PhoneKind.PHONE}
_PHONE_WORDS: Final = {"fax": PhoneKind.FAX, "mobil": PhoneKind.MOBILE, "phone": PhoneKind.PHONE}
_DEFAULT_PHONES: Final = {
    "DefaultPhone1": PhoneKind.PHONE,
    "DefaultPhone2": PhoneKind.PHONE,
    "DefaultFax": PhoneKind.FAX,
}
_META_DATA: Final = tuple(f"MetaData.{field}" for field in ("TypeId", "TypeName", "SubType", "Value"))
_ORDER_STATES: Final = {
    1: "ordered",
    2: "confirmed",
    3: "paid",
    4: "shipped",
    5: "reclamation",
    6: "deleted",
    7: "closed",
    8: "cancelled",
    9: "archived",
    11: "demand note 1",
    12: "demand note 2",
    13: "packed",
    14: "offered",
    15: "reminder",
}


class BillbeeCustomerView(Record, CustomerFields):
    """A Billbee customer read as a `Customer`."""

    __slots__ = ()

    key = integer_key("Id")
    link = link_to("/customers/{}")
    version = version_by()
    number = text("Number")
    name = text("Name")
    kind = member("Type", _KINDS)

    @property
    @reads("ArchivedAt", "RestoredAt")
    def status(self) -> CustomerStatus | None:
        archived = is_archived(self)
        return None if archived is None else CustomerStatus.ARCHIVED if archived else CustomerStatus.ACTIVE

    vat_number = vat("VatId")

    @property
    @reads("Email", "DefaultMailAddress.Value")
    def email(self) -> str | None:
        return first_address(self.text("Email") or self.part("DefaultMailAddress").text("Value"))

    @property
    @reads("Email", *(f"{field}.Value" for field in _DEFAULT_MAILS), *_META_DATA)
    def emails(self) -> list[EmailAddress]:
        """An address once for each purpose; contact data that is no default is OTHER unless it was named already."""
        defaults = ((self.part(field).text("Value"), purpose) for field, purpose in _DEFAULT_MAILS.items())
        emails = email_list([(self.text("Email"), EmailPurpose.GENERAL), *defaults])
        named = {email.address.casefold() for email in emails}
        mails = (data.text("Value") for data in self.parts("MetaData") if is_mail(data))
        others = email_list((mail, EmailPurpose.OTHER) for mail in mails)
        return emails + [other for other in others if other.address.casefold() not in named]

    @property
    @reads("Tel1", "DefaultPhone1.Value")
    def phone(self) -> str | None:
        return self.text("Tel1") or self.part("DefaultPhone1").text("Value")

    @property
    @reads("Tel1", "Tel2", *(f"{field}.Value" for field in _DEFAULT_PHONES), *_META_DATA)
    def phones(self) -> list[PhoneNumber]:
        """The numbers as dialled in the system's region; `phones_in` knows the customer's country."""
        return self.phones_in(self.context.region)

    def phones_in(self, region: str | None) -> list[PhoneNumber]:
        """List each number once: the defaults repeat Tel1 and Tel2, and MetaData repeats the defaults."""
        found: dict[str, tuple[str, str, PhoneKind]] = {}
        for field, number, kind in self._numbers():
            if number:
                found.setdefault(number, (field, number, kind))
        return phone_list(found.values(), region, self.context)

    def _numbers(self) -> Iterable[tuple[str, str | None, PhoneKind]]:
        for field in ("Tel1", "Tel2"):
            yield field, self.text(field), PhoneKind.PHONE
        for field, kind in _DEFAULT_PHONES.items():
            yield field, self.part(field).text("Value"), kind
        for data in self.parts("MetaData"):
            if (kind := _phone_kind(data)) is not None:
                yield "Value", data.text("Value"), kind


def is_archived(part: Record) -> bool | None:
    """Return whether a customer or an address is archived: None where that cannot be read.

    One that was restored after it was archived keeps both stamps.
    """
    archived, restored = part.moment("ArchivedAt"), part.moment("RestoredAt")
    for field, read in (("ArchivedAt", archived), ("RestoredAt", restored)):
        if read is None and part.unreadable_at(field):
            return None
    return archived is not None and (restored is None or restored <= archived)


def is_mail(data: Record) -> bool:
    """Return whether contact data is an e-mail address; its type has a number and, on most accounts, a name."""
    return data.integer("TypeId") == MAIL_TYPE or "mail" in _words(data)


def _phone_kind(data: Record) -> PhoneKind | None:
    """Return what answers at the number that contact data holds; None where it holds none."""
    if is_mail(data):
        return None
    words = _words(data)
    named = next((kind for word, kind in _PHONE_WORDS.items() if word in words), None)
    return named or _PHONE_TYPES.get(data.integer("TypeId") or 0)


def _words(data: Record) -> str:
    return f"{data.text('TypeName') or ''} {data.text('SubType') or ''}".casefold()


def in_order(addresses: Iterable[Record]) -> list[Record]:
    """Return a customer's addresses, archived ones last, else as they were created: the same by whichever route they
    came.
    """
    return sorted(addresses, key=lambda address: (bool(is_archived(address)), address.integer("Id") or 0))


def invoice_address(addresses: Sequence[Record]) -> Record | None:
    return next((each for each in addresses if each.integer("AddressType") == _INVOICE_ADDRESS), None)


def of_invoice_address(field: str) -> Any:
    """Read a text of the invoice address: what Billbee knows of a customer's company and personal names."""

    def read(addresses: Sequence[Record]) -> str | None:
        found = invoice_address(addresses)
        return found.text(field) if found is not None else None

    return read


def main_address(addresses: Sequence[Record]) -> Address | None:
    """Return the invoice address, else the first."""
    found = invoice_address(addresses)
    chosen = address(found) if found is not None else None
    return chosen or next(iter(every_address(addresses)), None)


def phones(customer: BillbeeCustomerView, addresses: Sequence[Record]) -> list[PhoneNumber]:
    """Read the numbers of a customer as dialled in the country of its main address."""
    main = main_address(addresses)
    return customer.phones_in(dialling_region(main.country if main else None, customer.context))


def every_address(addresses: Sequence[Record]) -> list[Address]:
    """Return all addresses that say anything."""
    return [found for each in addresses if (found := address(each)) is not None]


def _country_code(part: Record) -> str | None:
    return stated_country(part.text("CountryCode"), "CountryCode", part.context)


def _kind(part: Record) -> AddressKind:
    return _ADDRESS_KINDS.get(part.integer("AddressType") or 0, AddressKind.OTHER)


def _name(part: Record) -> str | None:
    return part.text("Company") or _joined(part, "FirstName", "LastName")


def _lines(part: Record) -> list[str]:
    lines = part.text("Name2"), part.text("AddressAddition"), _joined(part, "Street", "Housenumber")
    return [line for line in lines if line]


def _joined(part: Record, *fields: str) -> str | None:
    return " ".join(text for field in fields if (text := part.text(field))) or None


ADDRESS: Final = Shape(
    Address,
    kind=property(reads("AddressType")(_kind)),
    name=property(reads("Company", "FirstName", "LastName")(_name)),
    lines=property(reads("Name2", "AddressAddition")(_lines)),
    street=text("Street"),
    house_number=text("Housenumber"),
    postal_code=text("Zip"),
    city=text("City"),
    state=text("State"),
    country_code=property(reads("CountryCode")(_country_code)),
    country=text("CountryCode"),
)


def address(part: Record) -> Address | None:
    read = ADDRESS.read(part)
    return read if read != Address(kind=read.kind, lines=[]) else None


def has_invoice(row: Record) -> bool:
    """Return whether an order of a customer's list was invoiced; its number stands in for a flag that is not sent."""
    flag = row.flag("HasInvoice")
    return row.text("InvoiceNumber") is not None if flag is None else flag


def _gross(order: Record) -> Decimal | None:
    """Add the shipping cost to `TotalCost`, the gross amount without it (docs/systems/billbee.md#24)."""
    goods, shipping = order.decimal("TotalCost"), order.decimal("ShippingCost")
    return goods + shipping if goods is not None and shipping is not None else goods


def _number(order: Record) -> str:
    return "".join(order.text(f"InvoiceNumber{part}") or "" for part in ("Prefix", "", "Postfix"))


LISTED: Final = Shape(
    Invoice,
    key=integer_key("Id"),
    number=text("InvoiceNumber"),
    date=day("InvoiceDate"),
    total=decimal("TotalGross"),
    status=member("OrderStateId", _ORDER_STATES),
)
"""The invoice of an order as a customer's list of orders has it: without currency, the customer in the path."""
INVOICE: Final = Shape(
    Invoice,
    customer_key=inside("Customer", text("Id")),
    number=property(reads("InvoiceNumberPrefix", "InvoiceNumber", "InvoiceNumberPostfix")(_number)),
    date=day("InvoiceDate"),
    total=property(reads("TotalCost", "ShippingCost")(_gross)),
    currency=currency_code("Currency"),
    status=member("State", _ORDER_STATES),
)


def invoice(order: Record, key: str) -> Invoice | None:
    """Return the invoice of an order as /orders/{id} has it; None for an order without one.

    `Id` of this document is the shop's own, so the key is the one it was asked by.
    """
    return None if order.text("InvoiceNumber") is None else INVOICE.read(order, key=key)
