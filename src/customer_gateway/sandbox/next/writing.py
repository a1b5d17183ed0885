"""What NEXT makes of a body, and its two business rules.

PUT changes what was sent and nothing else; null clears, and so does an empty text, which is stored as it was sent (all
documented). Members that only answers carry (ids, stamps, the texts of the code lists, hasfavorites, hasprices) are
passed over (inferred); any other that is not documented is refused with 422, as are a wrong type, null where it is not
allowed, and a text that is too long (lengths documented). constructioncompany and novat exclude each other (documented;
400 is inferred, and so is that a code must exist).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from customer_gateway.sandbox.exchange import Refusal
from customer_gateway.sandbox.next.documents import (
    BILLING_TERMS,
    CODES,
    CURRENCIES,
    CUSTOMER_TYPES,
    INVOICE_TYPES,
    named,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from customer_gateway.sandbox.next.fields import Writable
    from customer_gateway.sandbox.store import Document

_CODED = {
    "billingtermsid": (BILLING_TERMS, "billingtermsdescription"),
    "currencyid": (CURRENCIES, "currencycode"),
    "customertypeid": (CUSTOMER_TYPES, "customertypename"),
    "invoicetypeid": (INVOICE_TYPES, "invoicetypename"),
}


def checked(sent: Document, writable: Mapping[str, Writable], answered: Collection[str]) -> Document:
    """Return the writable fields of a body; those that only answers carry are left out. 422 names all that is wrong."""
    fields = {name: value for name, value in sent.items() if name not in answered}
    wrong = [problem for name, value in fields.items() for problem in _problems(name, value, writable.get(name))]
    if wrong:
        raise Refusal(422, "Validation error", detail=wrong)
    return fields


def complete(fields: Document, writable: Mapping[str, Writable]) -> Document:
    """Return a new record: defaults for what was not sent; 422 for what has none and must be there."""
    must = [name for name, field in writable.items() if not field.nullable and field.default is None]
    missing = [_problem(name, "field required", "value_error.missing") for name in must if name not in fields]
    if missing:
        raise Refusal(422, "Validation error", detail=missing)
    return {name: fields.get(name, field.default) for name, field in writable.items()}


def ruled(customer: Document) -> Document:
    """Return the customer with its looked-up texts; 400 when a business rule is broken."""
    if customer["constructioncompany"] and customer["novat"]:
        raise Refusal(400, "constructioncompany and novat can not both be true")
    texts: Document = {}
    for field, (kind, text) in _CODED.items():
        code = customer[field]
        if code is not None and not 1 <= code <= len(CODES[kind]):
            raise Refusal(400, f"{field} {code} does not exist")
        texts[text] = named(kind, code)
    return {**customer, **texts}


def _problems(name: str, value: Any, field: Writable | None) -> list[Document]:
    if field is None:
        return [_problem(name, "extra fields not permitted", "value_error.extra")]
    if value is None:
        return [] if field.nullable else [_problem(name, "none is not an allowed value", "type_error.none.not_allowed")]
    if not _fits(value, field.type):
        return [_problem(name, f"value is not a valid {field.type}", f"type_error.{field.type}")]
    if field.type == "text" and len(value) > field.longest:
        return [_problem(name, f"longer than {field.longest} characters", "value_error.any_str.max_length")]
    if name == "name" and not value:
        return [_problem(name, "must not be empty", "value_error.any_str.min_length")]
    return []


def _fits(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    allowed: dict[str, tuple[type, ...]] = {"text": (str,), "integer": (int,), "number": (int, float)}
    return isinstance(value, allowed.get(kind, ()))


def _problem(name: str, message: str, kind: str) -> Document:
    return {"loc": ["body", name], "msg": message, "type": kind}
