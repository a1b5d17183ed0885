"""The header Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): read it, and answer as it says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from customer_gateway.errors import IdempotencyInProgress, IdempotencyMismatch
from customer_gateway.http.request import RequestInvalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from customer_gateway.api.error_formatting import FormattedError
    from customer_gateway.http.response import Header

REPLAYED: Final[Header] = (b"idempotent-replayed", b"true")
"""With the outcome of an earlier request with the same key."""

_MOST: Final = 255
_STRING: Final = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')
_BARE: Final = re.compile(r"[!#-~][ -~]*")
_STATUS: Final = {IdempotencyMismatch.code: 422, IdempotencyInProgress.code: 409}
_FORM: Final = (
    f'Idempotency-Key holds 1 to {_MOST} printable ASCII characters, best in quotation marks: "8e03978e-40d5-43dd".'
)
_ONE_FIELD: Final = (
    "Idempotency-Key serves a mutation with one field; give each field an idempotencyKey in its input instead."
)


def key_of(header: bytes | None) -> str | None:
    """Return the key, None without the header. Raises RequestInvalid (400) on anything but one key."""
    if header is None:
        return None
    text = header.strip().decode("latin-1")
    quoted = _STRING.fullmatch(text)
    key = re.sub(r'\\(["\\])', r"\1", quoted[1]) if quoted else text if _BARE.fullmatch(text) else ""
    if not 1 <= len(key) <= _MOST or not key.strip():
        raise RequestInvalid(400, _FORM)
    return key


def check_serves(root_fields: Sequence[str]) -> None:
    """Raise RequestInvalid (400) where the header would serve several mutations at once."""
    if len(root_fields) != 1:
        raise RequestInvalid(400, _ONE_FIELD)


def refused_status(errors: Sequence[FormattedError]) -> int | None:
    """Return the status of an answer whose key was refused; None for any other answer."""
    return next((_STATUS[code] for each in errors if (code := each["extensions"]["code"]) in _STATUS), None)
