"""Make the rows of the index: folded texts, tokens and sort keys of a record, and its values as JSON."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

import orjson

from customer_gateway.catalog.folding import fold
from customer_gateway.catalog.tokens import texts_of, tokens_of
from customer_gateway.model.catalog import ADDRESS_KIND, SHOWN_FIELDS, TEXT_FIELDS, IndexRow
from customer_gateway.model.ids import encode_id
from customer_gateway.model.value_objects import AddressKind, CustomerKind, CustomerStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from customer_gateway.model.catalog import Values
    from customer_gateway.model.ids import RecordRef

MOST_BYTES_OF_A_SORT_KEY: Final = 96
"""What is longer is ordered by its beginning, then by system and key, so that a cursor that holds it stays short."""
_MOMENTS: Final = ("created_at", "updated_at")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_NUMBER: Final = re.compile(r"[0-9]+")
_LENGTH_DIGITS: Final = 2


def row_of(ref: RecordRef, values: Values) -> IndexRow:
    """Return the row of a record with these values, which are all that is known of it."""
    created, updated = (None if (at := values.get(name)) is None else microseconds(at) for name in _MOMENTS)
    encoded = encode_values(values)
    return IndexRow(
        system=ref.system,
        key=ref.key,
        customer=encode_id("Customer", ref.system, ref.key),
        name_key=sort_key(values.get("name")),
        number_key=natural_key(values.get("number")),
        created_at=created,
        updated_at=updated,
        tokens=f" {' '.join(tokens_of(ref.system, values))} ",
        texts=[column_text(name, values.get(name)) for name in TEXT_FIELDS],
        values=encoded,
        stamp=str(updated) if updated is not None else blake2b(encoded.encode(), digest_size=12).hexdigest(),
    )


def sort_key(text: str | None) -> str | None:
    """Return by what a text is ordered; both databases compare its bytes."""
    if not text or not (folded := " ".join(fold(text).split())):
        return None
    return _cut(folded)


def natural_key(text: str | None) -> str | None:
    """Return by what a number is ordered, 9 before 10: each run of digits has its length before it."""
    if (folded := sort_key(text)) is None:
        return None
    return _cut(_NUMBER.sub(_with_length, folded))


def _with_length(run: re.Match[str]) -> str:
    number = run.group().lstrip("0") or "0"
    return f"{min(len(number), 99):0{_LENGTH_DIGITS}d}{number}"


def _cut(text: str) -> str:
    """Cut a text to what fits, between two characters; U+0000, which no text of PostgreSQL has, is dropped."""
    plain = text.replace("\0", "")
    return plain.encode("utf-8", "replace")[:MOST_BYTES_OF_A_SORT_KEY].decode("utf-8", "ignore")


def column_text(name: str, value: str | None) -> str | None:
    """Return the text of a column that filters compare: each spelling in a line of its own."""
    found = texts_of(name, value)
    return None if not found else "\n".join(("", *found, ""))


def microseconds(moment: datetime) -> int:
    """Return a moment as microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def encode_values(values: Values) -> str:
    """Return the values as JSON, with what is known to be empty."""
    known = {name: values[name] for name in SHOWN_FIELDS if name in values}
    for name in _MOMENTS:
        if (moment := known.get(name)) is not None:
            known[name] = moment.astimezone(UTC)
    try:
        return orjson.dumps(known).decode()
    except orjson.JSONEncodeError:  # half of a character, which UTF-8 has no bytes for
        return orjson.dumps({name: _whole(value) for name, value in known.items()}).decode()


def decode_values(text: str) -> dict[str, Any]:
    """Return the values of a row as the graph has them."""
    found: dict[str, Any] = orjson.loads(text)
    for name, read in _READ.items():
        if (value := found.get(name)) is not None:
            found[name] = read(value)
    return found


_READ: Final[Mapping[str, Callable[[Any], Any]]] = {
    "kind": CustomerKind,
    "status": CustomerStatus,
    ADDRESS_KIND: AddressKind,
    "created_at": datetime.fromisoformat,
    "updated_at": datetime.fromisoformat,
}


def _whole(value: Any) -> Any:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
