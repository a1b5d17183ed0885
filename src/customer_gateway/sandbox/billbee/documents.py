"""Billbee's documents: customers with contact data, addresses, orders. Everything unset is null."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Final

from customer_gateway.sandbox import moments
from customer_gateway.sandbox.store import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from customer_gateway.sandbox.people import Party
    from customer_gateway.sandbox.store import Document, Store

CUSTOMERS: Final = Kind("customers", "Id", ("Number",))
ADDRESSES: Final = Kind("addresses", "Id", ("CustomerId",))
ORDERS: Final = Kind("orders", "BillBeeOrderId", ("Customer.Id",))

# Real ids are about this large, though the published type has 32 bits.
FIRST_CUSTOMER_ID: Final = 300_000_000_412_001
FIRST_ADDRESS_ID: Final = 300_000_000_730_001
FIRST_ORDER_ID: Final = 300_000_001_950_001
FIRST_ENTRY_ID: Final = 300_000_000_100_001
FIRST_NUMBER: Final = 1

DEFAULTS: Final = (
    "DefaultMailAddress",
    "DefaultCommercialMailAddress",
    "DefaultStatusUpdatesMailAddress",
    "DefaultPhone1",
    "DefaultPhone2",
    "DefaultFax",
)
ADDRESS_FIELDS: Final = (
    "Id", "AddressType", "CustomerId", "Company", "FirstName", "LastName", "Name2", "Street", "Housenumber", "Zip",
    "City", "State", "CountryCode", "Email", "Tel1", "Tel2", "Fax", "AddressAddition", "ArchivedAt", "RestoredAt",
)  # fmt: skip
TYPE_NAMES: Final = {1: "Email", 2: "Phone", 3: "Fax"}
ORDER_STATES: Final = {
    1: "Ordered", 2: "Confirmed", 3: "Paid", 4: "Shipped", 5: "Reclamation", 6: "Deleted", 7: "Closed", 8: "Cancelled",
    9: "Archived", 11: "DemandNote1", 12: "DemandNote2", 13: "Packed", 14: "Offered", 15: "PaymentReminder",
}  # fmt: skip
_LANGUAGES: Final = {"de": 1, "en": 2, "sv": 3, "fi": 4}
_PRODUCTS: Final = (("Kaffeebohnen 1 kg", 18.9), ("Leinenkissen", 34.5), ("Gartenschere", 22.0), ("Kerzenset", 12.75))


def fill_billbee(store: Store, parties: Sequence[Party]) -> None:
    store[CUSTOMERS].put_all(_customer(place, party) for place, party in enumerate(parties))
    addresses = (address for place, party in enumerate(parties) for address in _addresses(place, party))
    store[ADDRESSES].put_all({"Id": FIRST_ADDRESS_ID + at, **address} for at, address in enumerate(addresses))
    orders = (order for place, party in enumerate(parties) for order in _orders(place, party))
    store[ORDERS].put_all(_numbered(at, order) for at, order in enumerate(orders))


def entry(number: int, type_id: int, value: str | None, sub_type: str | None) -> Document | None:
    """Return one piece of contact data; None without a value."""
    if not value:
        return None
    return {
        "Id": FIRST_ENTRY_ID + number,
        "TypeId": type_id,
        "TypeName": TYPE_NAMES[type_id],
        "SubType": sub_type,
        "Value": value,
    }


def _customer(place: int, party: Party) -> Document:
    created, _ = moments.life_of_record(Random(f"billbee customer {party.number}"))
    base = place * 8
    defaults: dict[str, Document | None] = {
        "DefaultMailAddress": entry(base, 1, party.email if place % 21 else None, "default" if place % 2 else None),
        "DefaultCommercialMailAddress": entry(base + 1, 1, party.billing_email, "commercial"),
        "DefaultStatusUpdatesMailAddress": entry(base + 2, 1, party.people[0].email if place % 3 else None, "status"),
        "DefaultPhone1": entry(base + 3, 2, party.phone if place % 2 else None, "phone"),
        "DefaultPhone2": entry(base + 4, 2, party.mobile, "mobile"),
        "DefaultFax": entry(base + 5, 3, party.fax, "fax"),
    }
    further = entry(base + 6, 1, party.people[-1].email if place % 9 == 4 else None, "further")
    archived, restored = place % 15 == 14, place % 40 == 6
    stamp = moments.local_with_fraction(created + timedelta(days=60), moments.BERLIN)
    return {
        "Id": FIRST_CUSTOMER_ID + place,
        "Number": FIRST_NUMBER + place if place % 50 != 49 else None,
        "Name": party.name,
        "Email": party.email if place % 4 else None,
        "Tel1": _as_typed(party.phone) if place % 3 else None,
        "Tel2": party.mobile if place % 5 == 1 else "",
        "Type": 0 if party.kind == "person" else 1,
        "LanguageId": _LANGUAGES[party.land.language] if place % 6 else None,
        "PriceGroupId": 1 + place % 3 if place % 4 == 1 else None,
        "VatId": party.vat,
        **defaults,
        "MetaData": [row for row in (*defaults.values(), further) if row is not None],
        "ArchivedAt": stamp if archived else None,
        "RestoredAt": stamp if restored and not archived else None,
    }


def _as_typed(phone: str) -> str:
    """German numbers the way people type them: `030 / 1234567`."""
    if not phone.startswith("+49"):
        return phone
    national = phone.removeprefix("+49")
    return f"0{national[:-7]} / {national[-7:]}"


def _addresses(place: int, party: Party) -> Iterator[Document]:
    """Yield an invoice address for most, a shipping address for some, none for a few."""
    if place % 30 != 29:
        kinds = (2, 1) if place % 5 == 2 else (1,)
        yield from (_address(place, party, 2 if place % 45 == 13 else kind) for kind in kinds)


def _address(place: int, party: Party, kind: int) -> Document:
    person = party.people[0]
    shipping = kind == 2
    return {
        "AddressType": kind,
        "CustomerId": FIRST_CUSTOMER_ID + place,
        "Company": party.name if party.kind != "person" else None,
        "FirstName": person.first_name,
        "LastName": person.last_name,
        "Name2": "Warenannahme" if shipping else None,
        "Street": party.street if not shipping else "Lagerstraße",
        "Housenumber": party.house_number if not shipping else "7",
        "Zip": party.postal_code,
        "City": party.city,
        "State": party.region if place % 2 else None,
        "CountryCode": party.land.code,
        "Email": party.email if place % 3 == 1 else None,
        "Tel1": party.phone if place % 4 == 1 else None,
        "Tel2": None,
        "Fax": None,
        "AddressAddition": party.second_line,
        "ArchivedAt": "2025-02-11T09:30:39.36" if shipping and place % 25 == 12 else None,
        "RestoredAt": "2024-12-01T12:00:00" if place % 40 == 7 else None,
    }


def _orders(place: int, party: Party) -> Iterator[Document]:
    for turn in range(party.number % 5):
        rng = Random(f"billbee order {party.number} {turn}")
        placed = datetime(2021, 5, 3, 8, tzinfo=UTC) + timedelta(seconds=rng.randrange(150_000_000))
        title, price = rng.choice(_PRODUCTS)
        quantity = rng.randrange(1, 7)
        state = (4, 7, 3, 1, 8)[turn % 5]
        invoiced = state in (3, 4, 7)
        customer = {"Id": FIRST_CUSTOMER_ID + place, "Name": party.name, "Number": FIRST_NUMBER + place, "Type": 0}
        yield {
            "Customer": customer,
            "CustomerNumber": str(FIRST_NUMBER + place),
            "State": state,
            "CreatedAt": _stamp(placed),
            "ConfirmedAt": _stamp(placed + timedelta(minutes=3)),
            "PayedAt": _stamp(placed + timedelta(days=1)) if invoiced else None,
            "ShippedAt": _stamp(placed + timedelta(days=2)) if state in (4, 7) else None,
            "InvoiceDate": _stamp(placed + timedelta(days=1, hours=2)) if invoiced else None,
            "Currency": party.land.currency,
            "TotalCost": round(price * quantity, 2),
            "ShippingCost": 4.9,
            "PaidAmount": round(price * quantity, 2) if invoiced else 0.0,
            "VatMode": 0,
            "VatId": party.vat,
            "OrderItems": [{"BillbeeId": place * 10 + turn, "Quantity": quantity, "Product": {"Title": title}}],
            "Buyer": {"Id": str(9000 + place), "FullName": party.people[0].name, "Email": party.email},
            "Seller": {"BillbeeShopName": "Hofladen Online", "BillbeeShopId": 77},
            "Tags": [],
            "LastModifiedAt": _stamp(placed + timedelta(days=3)),
            "ArchivedAt": None,
        }


def _numbered(at: int, order: Document) -> Document:
    invoiced = order["InvoiceDate"] is not None
    return {
        "BillBeeOrderId": FIRST_ORDER_ID + at,
        "Id": f"EX-{5000 + at}",
        "OrderNumber": f"H-{10_000 + at}",
        "InvoiceNumberPrefix": "RE-" if invoiced else None,
        "InvoiceNumberPostfix": None,
        "InvoiceNumber": 4000 + at if invoiced else None,
        **order,
    }


def gross(order: Document) -> float:
    """Return what the customer pays: `TotalCost` is documented to leave the shipping cost out."""
    amounts: tuple[float, float] = (order["TotalCost"], order["ShippingCost"])
    return round(sum(amounts), 2)


def thin(order: Document) -> Document:
    """Return an order as the list of a customer's orders shows it: no currency, no net amount, no customer."""
    number = order["InvoiceNumber"]
    return {
        "Id": order["BillBeeOrderId"],
        "ExternalId": order["Id"],
        "InvoiceNumber": None if number is None else f"{order['InvoiceNumberPrefix']}{number}",
        "InvoiceCreatedAt": order["InvoiceDate"],
        "InvoiceDate": order["InvoiceDate"],
        "CreatedAt": order["CreatedAt"],
        "PaidAt": order["PayedAt"],
        "ShippedAt": order["ShippedAt"],
        "HasInvoice": number is not None,
        "OrderStateId": order["State"],
        "OrderStateText": ORDER_STATES[order["State"]],
        "TotalGross": gross(order),
        "ShopName": order["Seller"]["BillbeeShopName"],
        "CanCreateAutoInvoice": number is None,
    }


def invoice(order: Document) -> Document:
    """Return an order's invoice as /orders/invoices shows it."""
    total = gross(order)
    return {
        "InvoiceNumber": f"{order['InvoiceNumberPrefix']}{order['InvoiceNumber']}",
        "Type": "invoice",
        "CustomerNumber": order["CustomerNumber"],
        "DebtorNumber": order["CustomerNumber"],
        "OrderNumber": order["OrderNumber"],
        "InvoiceDate": order["InvoiceDate"],
        "PayDate": order["PayedAt"],
        "TotalNet": round(total / 1.19, 2),
        "TotalGross": total,
        "Currency": order["Currency"],
        "VatMode": order["VatMode"],
        "Email": order["Buyer"]["Email"],
        "ShopName": order["Seller"]["BillbeeShopName"],
        "BillbeeId": order["BillBeeOrderId"],
    }


def _stamp(moment: datetime) -> str:
    return moments.local_with_fraction(moment, moments.BERLIN)
