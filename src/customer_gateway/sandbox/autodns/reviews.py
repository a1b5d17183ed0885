"""Changes that wait for the registrar: which ones do, and what becomes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from customer_gateway.sandbox.autodns.writing import SERVER_FIELDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from customer_gateway.sandbox.store import Collection, Document

Hold: TypeAlias = Literal["checked", "all", "none"]
# The vendor looks at changes of these before they count (inferred: which members it looks at is not published).
_CHECKED: Final = ("name", "organization", "fname", "lname", "vatNumber", "emails")


class Reviews:
    """While a change waits, the document shows it, `pending` is true and `persistent` holds what is in force.

    `hold` says which changes wait from now on: those of checked members, as at the vendor, all of them, or none. A
    change back to what is in force waits no longer.
    """

    def __init__(self, customers: Collection, now: Callable[[], str]) -> None:
        self.hold: Hold = "checked"
        self._customers = customers
        self._now = now

    def confirm(self, key: str) -> None:
        """Put the change of a customer that waits into force."""
        self._decide(self._waiting(key))

    def refuse(self, key: str) -> None:
        """Take the change of a customer that waits back; what is the server's own stays as it is."""
        customer = self._waiting(key)
        in_force = {name: value for name, value in customer["persistent"].items() if name not in SERVER_FIELDS}
        self._decide(in_force | {name: customer[name] for name in customer if name in SERVER_FIELDS})

    def reviewed(self, customer: Document, changed: Document) -> tuple[Document, bool]:
        """Return a changed customer as it is stored, and whether the change waits."""
        if self.hold == "none":
            return changed, bool(customer.get("pending"))
        in_force: Document = customer.get("persistent") or customer
        looked_at = _CHECKED if self.hold == "checked" else (in_force.keys() | changed.keys()) - SERVER_FIELDS
        if all(changed.get(name) == in_force.get(name) for name in looked_at):
            return _without_review(changed), False
        persistent = customer.get("persistent") or {
            name: value for name, value in customer.items() if name != "pending"
        }
        waiting = {**changed, "pending": True, "persistent": persistent}
        waiting.pop("verifications", None)
        return waiting | self._verifications(customer, in_force, changed), True

    def _verifications(self, customer: Document, in_force: Document, changed: Document) -> Document:
        known = [one for one in customer.get("verifications", ()) if one["email"] in changed["emails"]]
        asked = [one["email"] for one in known]
        new = [one for one in changed["emails"] if one not in in_force.get("emails", ()) and one not in asked]
        waiting = known + [{"email": address, "status": "PENDING", "created": self._now()} for address in new]
        return {"verifications": waiting} if waiting else {}

    def _waiting(self, key: str) -> Document:
        customer = self._customers.get(key)
        if customer is None or not customer.get("persistent"):
            raise ValueError(f"No change of the customer {key} waits.")
        return customer

    def _decide(self, customer: Document) -> None:
        self._customers.put({**_without_review(customer), "updated": self._now()})


def _without_review(customer: Document) -> Document:
    settled = {name: value for name, value in customer.items() if name not in ("persistent", "verifications")}
    return {**settled, "pending": False}
