"""E-mail addresses, phone numbers and postal addresses, declared as `documents.shapes` are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from customer_gateway.documents.contact_data import (
    dialling_region,
    email_list,
    first_address,
    phone_list,
    stated_country,
)
from customer_gateway.documents.shapes import read_by
from customer_gateway.documents.sources import demand_members, reads
from customer_gateway.model.value_objects import Address

if TYPE_CHECKING:
    from collections.abc import Callable

    from customer_gateway.documents.record import Record
    from customer_gateway.model.value_objects import (
        AddressKind,
        EmailAddress,
        EmailPurpose,
        PhoneKind,
        PhoneNumber,
    )


def first_address_of(vendor: str) -> str | None:
    """Return the first address of a list of e-mail fields."""
    return read_by(vendor, lambda record: first_address(next(iter(record.texts(vendor)), None)))


def email_addresses(*fields: tuple[str, EmailPurpose], lists: bool = False) -> list[EmailAddress]:
    """Return the addresses of e-mail fields, each a text, or with `lists` a list of texts."""
    demand_members(*(vendor for vendor, _ in fields))

    def read(record: Record) -> list[EmailAddress]:
        if lists:
            return email_list((sent, purpose) for vendor, purpose in fields for sent in record.texts(vendor))
        return email_list((record.text(vendor), purpose) for vendor, purpose in fields)

    return cast("list[EmailAddress]", property(reads(*(vendor for vendor, _ in fields))(read)))


def phone_numbers(
    *fields: tuple[str, PhoneKind],
    country: str | tuple[str, ...] = "country",
    region: Callable[[Any], str | None] | None = None,
) -> list[PhoneNumber]:
    """Return the numbers of phone fields, read as dialled in the country of the address.

    `region` returns that country where the field `country` alone does not say it.
    """
    stated = country if isinstance(country, str) else country[0]
    demand_members(*(vendor for vendor, _ in fields))
    if region is None and "." in stated:
        raise ValueError(f"{stated!r} is in an object: give `region`, a function that reads it of the record.")

    @reads(*(vendor for vendor, _ in fields), beside=country)
    def read(record: Record) -> list[PhoneNumber]:
        where = region(record) if region else dialling_region(record.text(stated), record.context)
        return phone_list(((vendor, record.text(vendor), kind) for vendor, kind in fields), where, record.context)

    return cast("list[PhoneNumber]", property(read))


def postal_address(
    kind: AddressKind,
    *,
    lines: str | tuple[str, ...],
    country: str = "",
    country_code: Callable[[Any], str | None] | None = None,
    beside: tuple[str, ...] = (),
    **fields: str | tuple[str, ...],
) -> Address | None:
    """Return an address; None where none of its fields holds anything.

    `lines` are the names of texts, or of a list of texts whose first is the street; `fields` are the vendor's names of
    others, the first of several that holds a text. `country_code` returns the code where the text `country` alone
    does not say it, from the fields `beside`.
    """
    named = {name: (each,) if isinstance(each, str) else each for name, each in fields.items()}
    singles = [(name, each[0]) for name, each in named.items() if len(each) == 1]
    others = [(name, each) for name, each in named.items() if len(each) > 1]
    listed = isinstance(lines, str)
    texts = [name for several in named.values() for name in several]
    demand_members(*([lines] if isinstance(lines, str) else lines), *texts, *([country] if country else []))
    filled = frozenset[str]().union(named, ["street"] if listed else [], ["country", "country_code"] if country else [])
    empty = Address(kind, lines=[])

    @reads(lines, *named.values(), *([country] if country else []), *beside, fills={"Address": filled})
    def read(record: Record) -> Address | None:
        text = record.text
        written = record.texts(lines) if isinstance(lines, str) else [sent for each in lines if (sent := text(each))]
        values: dict[str, Any] = {name: text(each) for name, each in singles}
        for name, several in others:
            values[name] = next(filter(None, map(text, several)), None)
        if listed:
            values["street"] = written[0] if written else None
        if country:
            stated = values["country"] = text(country)
            code = country_code(record) if country_code else stated_country(stated, country, record.context)
            values["country_code"] = code
        address = Address(kind, lines=written, **values)
        return address if address != empty else None

    return cast("Address | None", property(read))
