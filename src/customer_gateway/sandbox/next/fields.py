"""NEXT's fields: their types, their lengths, which of them a caller may write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

FieldType: TypeAlias = Literal["text", "integer", "number", "boolean", "moment", "date"]

AUDIT: Final[dict[str, FieldType]] = {
    "id": "integer",
    "changed": "moment",
    "changedby": "integer",
    "created": "moment",
    "createdby": "integer",
}


@dataclass(frozen=True, slots=True)
class Writable:
    """A field that a body may hold: its default on create, whether null is allowed, the longest text."""

    type: FieldType
    default: object = None
    nullable: bool = True
    longest: int = 255


def _text(longest: int = 255) -> Writable:
    return Writable("text", longest=longest)


def _flag(*, default: bool = False) -> Writable:
    return Writable("boolean", default=default, nullable=False)


CUSTOMER_WRITABLE: Final[dict[str, Writable]] = {
    "active": _flag(default=True),
    "apartmentno": _text(10),
    "bankaccountno": _text(50),
    "bankname": _text(50),
    "billaddress1": _text(50),
    "billaddress2": _text(50),
    "billaddress3": _text(50),
    "billaddress4": _text(50),
    "billaddress5": _text(50),
    "billaddress6": _text(50),
    "billingtermsid": Writable("integer"),
    "clearingno": _text(20),
    "constructioncompany": _flag(),
    "countrycode": _text(2),
    "creditrisk": _flag(),
    "currencyid": Writable("integer", default=1),
    "customerno": _text(50),
    "customernote": _text(128_000),
    "customertypeid": Writable("integer", nullable=False),
    "defaultexternalworkorderstatusid": Writable("integer"),
    "eancode": _text(50),
    "ediaddress": _text(255),
    "email": _text(255),
    "externalid": _text(50),
    "fax": _text(30),
    "frameworkcontractid": Writable("integer"),
    "housingcooperativeorgno": _text(15),
    "iban": _text(34),
    "invoiceemail": _text(255),
    "invoicetypeid": Writable("integer"),
    "issupplier": _flag(),
    "markup": Writable("number"),
    "mobile": _text(50),
    "name": Writable("text", nullable=False, longest=50),
    "novat": _flag(),
    "orgno": _text(50),
    "phone": _text(50),
    "privateperson": _flag(),
    "propertyname": _text(50),
    "swift": _text(50),
    "useinvoicefee": _flag(),
    "vatno": _text(50),
    "webaddress": _text(255),
}
# Only in answers: looked up from the ids beside them, or counted.
CUSTOMER_ANSWERED: Final[dict[str, FieldType]] = {
    **AUDIT,
    "billingtermsdescription": "text",
    "currencycode": "text",
    "customertypename": "text",
    "hasfavorites": "boolean",
    "hasprices": "boolean",
    "invoicetypename": "text",
}
CUSTOMER: Final[dict[str, FieldType]] = {
    **CUSTOMER_ANSWERED,
    **{name: field.type for name, field in CUSTOMER_WRITABLE.items()},
}
USER: Final[dict[str, FieldType]] = {
    **AUDIT,
    "active": "boolean",
    "email": "text",
    "employeeno": "text",
    "externalid": "text",
    "loginname": "text",
    "name": "text",
    "primarygroupid": "integer",
    "shortname": "text",
}
CONTACT_WRITABLE: Final[dict[str, Writable]] = {
    "active": _flag(default=True),
    "customerid": Writable("integer", nullable=False),
    "name": Writable("text", nullable=False, longest=50),
    "email": _text(255),
    "phone": _text(50),
    "mobile": _text(50),
    "title": _text(50),
    "note": _text(128_000),
}
CONTACT: Final[dict[str, FieldType]] = {**AUDIT, **{name: field.type for name, field in CONTACT_WRITABLE.items()}}
INVOICE: Final[dict[str, FieldType]] = {
    **AUDIT,
    "invoiceno": "text",
    "customerid": "integer",
    "projectid": "integer",
    "invoicedate": "date",
    "duedate": "date",
    "amount": "number",
    "vat": "number",
    "total": "number",
    "currencycode": "text",
    "status": "text",
}
FRAMEWORK_CONTRACT: Final[dict[str, FieldType]] = {
    "id": "integer",
    "name": "text",
    "validfrom": "date",
    "validto": "date",
    "active": "boolean",
}
CODE: Final[dict[str, FieldType]] = {"id": "integer", "name": "text", "active": "boolean"}
