"""Pland's documents for the stub, encoded: 10,000 customers with 2 contacts each, 100 users, the same ones every time.

As the vendor sends them: `number` is an integer, what is not filled in is "" or null, objects are nested, and there are
fields that no documentation names (`location`, `settings`). A page of 50 customers with its users and contacts is about
138 KB.
"""

from __future__ import annotations

from random import Random
from typing import Any, NamedTuple

import orjson

CUSTOMERS = 10_000
USERS = 100
CONTACTS_EACH = 2
PAGE = 50

_FIRST = ("Anna", "Jonas", "Mehmet", "Sofia", "Lukas", "Ines", "Peter", "Katrin", "Olga", "Felix", "Nora", "Tariq")
_LAST = ("Schmidt", "Weber", "Aydin", "Kowalski", "Huber", "Gruber", "Keller", "Brandt", "Lindner", "Vogel", "Marti")
_TRADES = ("Gebäudedienste", "Hausverwaltung", "Praxisklinik", "Autohaus", "Logistik", "Hotel", "Bäckerei", "Werkstatt")
_FORMS = ("GmbH", "AG", "KG", "e.K.", "GmbH & Co. KG")
_CITIES = (("10115", "Berlin", "DE"), ("80331", "München", "DE"), ("1010", "Wien", "AT"), ("8001", "Zürich", "CH"))
_SPAN = 100_000_000_000


class Rows(NamedTuple):
    """Encoded documents: customers by id, in the order of the list; users by id; each customer's contacts by its id."""

    customers: dict[bytes, bytes]
    users: dict[bytes, bytes]
    contacts: dict[bytes, list[bytes]]


def encoded_rows() -> Rows:
    rng = Random(20261121)
    users = [_user(rng, number) for number in range(USERS)]
    user_ids = [user["_id"] for user in users]
    customers = [_customer(rng, number, user_ids) for number in range(CUSTOMERS)]
    return Rows(
        {customer["_id"].encode(): orjson.dumps(customer) for customer in customers},
        {user["_id"].encode(): orjson.dumps(user) for user in users},
        {
            customer["_id"].encode(): [
                orjson.dumps(_contact(rng, place * CONTACTS_EACH + each, customer["_id"], user_ids))
                for each in range(CONTACTS_EACH)
            ]
            for place, customer in enumerate(customers)
        },
    )


def _object_id(kind: int, number: int) -> str:
    return f"{0x5F0C1D2E + kind:08x}{number * 2654435761 % 2**64:016x}"


def _status(rng: Random, user_ids: list[str], status: str = "1") -> dict[str, Any]:
    created = 1_500_000_000_000 + rng.randrange(_SPAN)
    return {
        "status": status,
        "createdAt": created,
        "createdBy": rng.choice(user_ids),
        "lastModifiedAt": created + rng.randrange(_SPAN),
        "lastModifiedBy": rng.choice(user_ids),
    }


def _phone(rng: Random) -> str:
    return f"+49 {rng.randrange(30, 9999)} {rng.randrange(10**5, 10**8)}"


def _address(rng: Random) -> dict[str, Any]:
    postal_code, city, country = rng.choice(_CITIES)
    return {
        "street": f"{rng.choice(_LAST)}straße {rng.randrange(1, 180)}",
        "zip": postal_code,
        "city": city,
        "country": country,
        "co": f"c/o {rng.choice(_FIRST)} {rng.choice(_LAST)}" if rng.random() < 0.2 else "",
        "state": "",
        "location": {"type": "Point", "coordinates": [round(rng.uniform(6, 17), 6), round(rng.uniform(46, 55), 6)]},
    }


def _customer(rng: Random, number: int, user_ids: list[str]) -> dict[str, Any]:
    trade = rng.choice(_TRADES)
    return {
        "_id": _object_id(0, number),
        "number": 1001 + number,
        "companyId": _object_id(3, 0),
        "status": _status(rng, user_ids, "2" if number % 13 == 12 else "1"),
        "chatId": _object_id(4, number),
        "name": f"{trade} {rng.choice(_LAST)} {rng.choice(_FORMS)}",
        "contactPerson": f"{rng.choice(_FIRST)} {rng.choice(_LAST)}",
        "address": _address(rng),
        "contact": {
            "telephone": _phone(rng) if number % 7 else "",
            "mobile": _phone(rng),
            "email": f"office{number}@example.com",
            "sms": "",
            "smsCount": rng.randrange(9),
            "smsSendDate": 1_600_000_000_000 + rng.randrange(_SPAN) if number % 3 == 0 else None,
            "smsSendBy": rng.choice(user_ids) if number % 3 == 0 else "",
            "website": f"https://www.customer{number}.example",
            "lastSMSStatus": "delivered" if number % 3 == 0 else "",
        },
        "contract": {"startDate": 1_500_000_000_000 + rng.randrange(_SPAN), "endDate": None},
        "settings": {"reports": {"monthly": number % 4 == 0, "language": "de"}, "tags": []},
        "invoiceRecipientId": rng.choice(user_ids),
        "invoiceCCRecipientIds": [rng.choice(user_ids) for _ in range(number % 3)],
        "hideRecipientOnDocuments": number % 10 == 0,
        "buyerReference": f"04011000-{number:05}-{rng.randrange(10, 99)}" if number % 4 == 0 else "",
        "orderReferenceId": f"SUP-{10_000 + number}" if number % 4 == 0 else None,
        "vatNumber": f"DE{rng.randrange(10**8, 10**9)}" if number % 5 else None,
        "debitorNumber": f"DEB-{number:05}",
        "paymentTermId": _object_id(5, number % 3),
    }


def _user(rng: Random, number: int) -> dict[str, Any]:
    first, last = rng.choice(_FIRST), rng.choice(_LAST)
    email = f"{first}.{last}.{number}@example.com".lower()
    return {
        "_id": _object_id(1, number),
        "number": 100 + number,
        "id": f"{first[0]}{last}{number}".lower(),
        "companyId": _object_id(3, 0),
        "general": {
            "firstName": first,
            "lastName": last,
            "sex": "female" if number % 2 else "male",
            "birthDate": f"{rng.randrange(1, 28):02}.{rng.randrange(1, 13):02}.{rng.randrange(1960, 2005)}",
            "language": "de",
        },
        "access": {"email": email, "dashboardAccess": number % 3 == 0},
        "contact": {"telephone": "", "mobile": _phone(rng), "email": ""},
        "address": {"street": "", "zip": "", "city": "", "country": "DE"},
        "accessGroupId": _object_id(6, number % 3),
        "tags": [],
        "status": _status(rng, [_object_id(1, 0)]),
    }


def _contact(rng: Random, number: int, customer_id: str, user_ids: list[str]) -> dict[str, Any]:
    first, last = rng.choice(_FIRST), rng.choice(_LAST)
    return {
        "_id": _object_id(2, number),
        "customerId": customer_id,
        "firstName": first,
        "lastName": last,
        "position": "Objektleitung" if number % 2 else "Buchhaltung",
        "email": f"{first}.{last}.{number}@example.org".lower(),
        "phone": _phone(rng),
        "mobile": _phone(rng) if number % 2 else "",
        "fax": "",
        "comment": "Bitte vor dem Termin anrufen." if number % 3 == 0 else "",
        "status": _status(rng, user_ids),
    }
