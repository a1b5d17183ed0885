"""What can be written of a made-up record: an object, a list of objects, a part with calls of its own."""

from __future__ import annotations

from typing import Any, Final

from customer_gateway.documents.structs import Struct, VendorField, VendorLeaf
from customer_gateway.documents.writing import Resource, Writes

_OWNER: Final = Struct(
    "Owner", "Owner.", [VendorField("phone", VendorLeaf.TEXT, "Phone."), VendorField("id", VendorLeaf.ID, "Id.")]
)
_CONTACT: Final = Struct(
    "Contact", "Contact.", [VendorField("name", VendorLeaf.TEXT, "Name."), VendorField("id", VendorLeaf.ID, "Id.")]
)
_RECORD: Final = Struct(
    "Record",
    "Record.",
    [
        VendorField("name", VendorLeaf.TEXT, "Name."),
        VendorField("owner", _OWNER, "Owner."),
        VendorField("contacts", _CONTACT, "Contacts.", many=True),
        VendorField("changed", VendorLeaf.TEXT, "When."),
    ],
)
WRITES: Final = Writes(
    record=_RECORD,
    resources={"": Resource(("PATCH", "/{key}"), None), "address": Resource(("PUT", "/{key}/address"), None)},
    archive=None,
    restore=None,
    fields={},
    server_made={"changed": "The server's.", "owner.id": "Its.", "contacts.id": "Its.", "address.made": "Its."},
)
DOCUMENT: Final[dict[str, Any]] = {
    "name": "Öl & Gas",
    "owner": {"phone": "1", "id": 7, "unknown": True},
    "contacts": [{"name": "B", "id": 1}, {"id": 2}, None, "text"],
    "changed": "today",
    "address": {"city": "Bonn", "zip": 53111, "made": "now", "lines": [{"b": 1.50, "a": None}]},
}
