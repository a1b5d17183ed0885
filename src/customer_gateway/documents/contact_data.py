"""E-mail addresses, phone numbers and countries of a vendor's document as the unified types have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from customer_gateway.documents import countries, forms
from customer_gateway.model.value_objects import EmailAddress, PhoneNumber

if TYPE_CHECKING:
    from collections.abc import Iterable

    from customer_gateway.documents.values import DocumentContext
    from customer_gateway.model.value_objects import EmailPurpose, PhoneKind


def first_address(sent: str | None) -> str | None:
    """Return the first of the addresses that an e-mail field holds."""
    return forms.first_email_address(sent) if sent else None


def email_list(sent: Iterable[tuple[str | None, EmailPurpose]]) -> list[EmailAddress]:
    """List the addresses of e-mail fields, one that stands in several fields once for each purpose."""
    found: dict[tuple[str, EmailPurpose], EmailAddress] = {}
    for text, purpose in sent:
        for address in forms.email_addresses(text) if text else ():
            found.setdefault((address.casefold(), purpose), EmailAddress(address, purpose))
    return list(found.values())


def phone_list(
    sent: Iterable[tuple[str, str | None, PhoneKind]], region: str | None, context: DocumentContext
) -> list[PhoneNumber]:
    """List the numbers of phone fields (name, number as sent, kind), read as dialled in `region`."""
    return [_phone(name, raw, region, kind, context) for name, raw, kind in sent if raw]


def _phone(name: str, raw: str, region: str | None, kind: PhoneKind, context: DocumentContext) -> PhoneNumber:
    e164 = forms.phone_e164(raw, region)
    if e164 is None:
        context.drift.notice(name, "not a number that is certain in its country")
    return PhoneNumber(raw, e164, kind)


def dialling_region(stated: str | None, context: DocumentContext) -> str | None:
    """Return the country in which phones are dialled: the stated one, None where that is not known.

    Where none is stated it is the system's own.
    """
    return countries.country_code(stated) if stated else context.region


def stated_country(stated: str | None, name: str, context: DocumentContext) -> str | None:
    """Return the ISO 3166-1 code of a country as sent in the field `name`; an unknown one is None with a notice."""
    if stated is None:
        return None
    code = countries.country_code(stated)
    if code is None:
        context.drift.notice(name, "not a known country")
    return code
