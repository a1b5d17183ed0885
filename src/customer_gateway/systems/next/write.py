"""What can be written of a NEXT customer (seed 002: the request's body), and where it stands in NEXT's document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from customer_gateway.documents.choices import ChoiceList
from customer_gateway.documents.countries import country_code as country_code_of
from customer_gateway.documents.field_writes import at, by_label, emails_at, lines_at, never_cleared, one_text_at
from customer_gateway.documents.spelling import (
    as_given,
    as_text,
    country,
    country_code,
    currency,
    first_email,
    negated,
    phone,
    vat_number,
    whole_number,
)
from customer_gateway.documents.structs import VendorLeaf
from customer_gateway.documents.values import is_list, is_object
from customer_gateway.documents.writing import FieldWrite, Resource, Writes
from customer_gateway.model.value_objects import CustomerKind, EmailPurpose
from customer_gateway.systems.explained import texts_in
from customer_gateway.systems.next.record import CUSTOMER

if TYPE_CHECKING:
    from customer_gateway.documents.spelling import Spell
    from customer_gateway.documents.writing import Present, Values

_ANSWERED: Final = "NEXT answers it beside the id that is written."
_STAMP: Final = "NEXT stamps it when the customer is written."
_FLAGS: Final = frozenset(
    {"active", "constructioncompany", "creditrisk", "issupplier", "novat", "privateperson", "useinvoicefee"}
)
_TYPES: Final = {CustomerKind.COMPANY: "company", CustomerKind.PERSON: "private", CustomerKind.PUBLIC: "government"}
_CURRENCY: Final = by_label("currencyid", lambda code: code)


def _kind() -> FieldWrite:
    """Declare the kind: a flag, and the type of customer by the vendor's list."""
    kind_of_list = by_label("customertypeid", _label_of)

    def spell(kind: CustomerKind, now: Present) -> Values:
        return {"privateperson": kind is CustomerKind.PERSON, **kind_of_list.spell(kind, now)}

    return FieldWrite(("privateperson", "customertypeid"), spell, None)


def _label_of(kind: CustomerKind) -> str:
    return _TYPES.get(kind, kind.value)


def _currency() -> FieldWrite:
    def spell(code: Any, now: Present) -> Values:
        return _CURRENCY.spell(currency(code, now.at("currencyid")), now)

    return FieldWrite(_CURRENCY.places, spell, None)


def _country(spell: Spell) -> FieldWrite:
    """Declare the country: its code, and the last line of the address, which stays where it names the same country."""

    def write(value: Any, now: Present) -> Values:
        text = spell(value, now.at("billaddress6"))
        code, line = country_code_of(text), now.at("billaddress6").value
        stays = spell is country_code and isinstance(line, str) and country_code_of(line) == code
        return {"countrycode": code, "billaddress6": line if stays else text}

    return FieldWrite(
        ("countrycode", "billaddress6"), write, lambda _now: dict.fromkeys(("countrycode", "billaddress6"))
    )


def _named(explanation: Any) -> list[str]:
    """Return the places of `detail`, whose `loc` is a path from `body` on; its text where it is one."""
    detail = explanation.get("detail") if is_object(explanation) else None
    errors: list[Any] = detail if is_list(detail) else [detail]
    paths = [each["loc"] for each in errors if is_object(each) and is_list(each.get("loc"))]
    return [".".join(map(str, path[1:])) for path in paths] or texts_in(detail)


WRITES: Final = Writes(
    record=CUSTOMER,
    resources={
        "": Resource(read="/customer/{key}", update=("PUT", "/customer/{key}"), create=("POST", "/customer/")),
    },
    archive=lambda _now: {"active": False},
    restore=lambda _now: {"active": True},
    fields={
        "number": at("customerno"),
        "name": at("name"),
        "kind": _kind(),
        "vat_number": at("vatno", vat_number),
        "organization_number": at("orgno"),
        "email": at("email", first_email),
        "emails": emails_at({EmailPurpose.GENERAL: "email", EmailPurpose.BILLING: "invoiceemail"}),
        "phone": at("phone", phone),
        "mobile": at("mobile", phone),
        "fax": at("fax", phone),
        "website": at("webaddress"),
        "currency": _currency(),
        "is_supplier": never_cleared(at("issupplier", as_given)),
        "address.name": at("billaddress1"),
        "address.lines": lines_at("billaddress2", "billaddress3"),
        "address.street": at("billaddress2"),
        "address.postal_code": at("billaddress4"),
        "address.city": at("billaddress5"),
        "address.country_code": _country(country_code),
        "address.country": _country(as_text),
        "billing.email": at("invoiceemail", first_email),
        "billing.name": at("billaddress1"),
        "billing.payment_terms_id": at("billingtermsid", whole_number),
        "billing.invoice_delivery_id": at("invoicetypeid", whole_number),
        "billing.taxable": never_cleared(at("novat", negated)),
        "billing.einvoice.ean": at("eancode"),
        "billing.einvoice.edi_address": at("ediaddress"),
        "notes": one_text_at("customernote"),
        "external_id": at("externalid"),
    },
    server_made={
        "id": "NEXT gives it.",
        "changed": _STAMP,
        "changedby": _STAMP,
        "created": _STAMP,
        "createdby": _STAMP,
        "billingtermsdescription": _ANSWERED,
        "currencycode": _ANSWERED,
        "customertypename": _ANSWERED,
        "invoicetypename": _ANSWERED,
        "hasfavorites": "NEXT counts the favourites.",
        "hasprices": "NEXT counts the prices.",
    },
    required=frozenset({"name", "customertypeid"}),
    most={
        "name": 50,
        "customerno": 50,
        "apartmentno": 10,
        "bankaccountno": 50,
        "bankname": 50,
        **{f"billaddress{line}": 50 for line in range(1, 7)},
        "clearingno": 20,
        "countrycode": 2,
        "customernote": 128_000,
        "eancode": 50,
        "ediaddress": 255,
        "email": 255,
        "externalid": 50,
        "fax": 30,
        "housingcooperativeorgno": 15,
        "iban": 34,
        "invoiceemail": 255,
    },
    lasting=_FLAGS | {"currencyid", "customertypeid"},
    own_forms={"phone": phone, "mobile": phone, "fax": phone, "countrycode": country},
    exclusive=[("novat", "constructioncompany")],
    country="countrycode",
    numeric_ids=True,
    lists={
        "customertypeid": ChoiceList("/customertype/"),
        "currencyid": ChoiceList("/currency/"),
        "billingtermsid": ChoiceList("/billingterms/"),
        "invoicetypeid": ChoiceList("/invoicetype/"),
    },
    traces=("externalid", "name"),
    named=_named,
    ids=VendorLeaf.LONG,
)
"""The lengths are those of the vendor's published PUT; that of `name` is the seed's, too."""
