"""Pland's documents: customers, contacts, assignments, invoices, users, payment terms, sites."""

from __future__ import annotations

from datetime import date
from hashlib import sha1
from random import Random
from typing import TYPE_CHECKING, Final

from customer_gateway.sandbox import moments
from customer_gateway.sandbox.people import BUILDINGS, staff_of
from customer_gateway.sandbox.store import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from customer_gateway.sandbox.people import Party, Person
    from customer_gateway.sandbox.store import Document, Store

CUSTOMERS: Final = Kind("customers", "_id", ("number",))
CONTACTS: Final = Kind("contacts", "_id", ("customerId",))
ASSIGNMENTS: Final = Kind("assignments", "_id", ("customerId",))
INVOICES: Final = Kind("invoices", "_id", ("customerId",))
USERS: Final = Kind("users", "_id", ("number",))
PAYMENT_TERMS: Final = Kind("paymentTerms", "_id")
OBJECTS: Final = Kind("objects", "_id", ("customerId",))

COMPANY_ID: Final = "5f0c1d2e3a4b5c6d7e8f9a0b"

_TERMS: Final = (
    (14, 7, 2.0, "Zahlbar innerhalb von 14 Tagen, 2 % Skonto innerhalb von 7 Tagen"),
    (30, None, None, "Zahlbar innerhalb von 30 Tagen netto"),
    (7, None, None, "Sofort zahlbar"),
)
_SERVICES: Final = (
    ("Unterhaltsreinigung", "Monat", 480.0),
    ("Glasreinigung", "Stück", 129.5),
    ("Winterdienst", "Einsatz", 75.0),
    ("Grünpflege", "Stunde", 38.9),
    ("Treppenhausreinigung", "Woche", 62.0),
)


def object_id(*parts: object) -> str:
    """Return a 24-digit hexadecimal id, the same for the same parts."""
    return sha1(" ".join(map(str, parts)).encode(), usedforsecurity=False).hexdigest()[:24]


def fill_pland(store: Store, parties: Sequence[Party]) -> None:
    staff = staff_of("pland", BUILDINGS)
    store[USERS].put_all(_user(number, person) for number, person in enumerate(staff))
    store[PAYMENT_TERMS].put_all(_payment_term(number) for number in range(len(_TERMS)))
    store[CUSTOMERS].put_all(_customer(place, party, len(staff)) for place, party in enumerate(parties))
    store[CONTACTS].put_all(contact for party in parties for contact in _contacts(party))
    store[OBJECTS].put_all(_site(party) for party in parties)
    store[ASSIGNMENTS].put_all(item for place, party in enumerate(parties) for item in _assignments(place, party))
    store[INVOICES].put_all(_numbered(item for party in parties for item in _invoices(party)))


def customer_id(party: Party) -> str:
    return object_id("customer", party.number)


def _user_id(number: int) -> str:
    return object_id("user", number)


def _user(number: int, person: Person) -> Document:
    rng = Random(f"pland user {number}")
    return {
        "_id": _user_id(number),
        "number": 100 + number,
        "id": f"{person.first_name[0]}{person.last_name}".lower(),
        "companyId": COMPANY_ID,
        "general": {
            "firstName": person.first_name,
            "lastName": person.last_name,
            "sex": "female" if person.female else "male",
            "birthDate": f"{moments.day(rng, date(1962, 1, 1), 14000):%d.%m.%Y}",
            "language": "de",
        },
        "access": {"email": person.email if number % 9 else None, "dashboardAccess": number % 3 == 0},
        "contact": {"telephone": person.phone, "mobile": person.mobile, "email": person.email},
        "address": {"street": None, "zip": None, "city": None, "country": "DE"},
        "accessGroupId": object_id("access group", number % 3),
        "tags": [],
        "status": _status(rng, "2" if number % 11 == 10 else "1", 1),
    }


def _payment_term(number: int) -> Document:
    goal, skonto_goal, skonto_amount, description = _TERMS[number]
    return {
        "_id": object_id("payment term", number),
        "paymentGoal": goal,
        "skontoGoal": skonto_goal,
        "skontoAmount": skonto_amount,
        "description": description,
        "created": moments.day_milliseconds(date(2017, 1, 2), moments.BERLIN),
        "updated": moments.day_milliseconds(date(2023, 5, 8), moments.BERLIN),
    }


def _status(rng: Random, status: str, staff: int) -> Document:
    created, changed = moments.life_of_record(rng)
    return {
        "status": status,
        "createdAt": moments.milliseconds(created),
        "createdBy": _user_id(rng.randrange(staff)),
        "lastModifiedAt": moments.milliseconds(changed),
        "lastModifiedBy": _user_id(rng.randrange(staff)),
    }


def _customer(place: int, party: Party, staff: int) -> Document:
    rng = Random(f"pland customer {party.number}")
    start = moments.day(rng, date(2017, 1, 1), 3000)
    status = _status(rng, "2" if place % 13 == 12 else "1", staff)
    if place % 97 == 41:
        # A user who was deleted long ago and is still named.
        status["createdBy"] = object_id("forgotten user")
    return {
        "_id": customer_id(party),
        "number": 1001 + place,
        "companyId": COMPANY_ID,
        "status": status,
        "chatId": object_id("chat", party.number) if place % 2 else None,
        "name": party.name,
        "contactPerson": party.people[0].name if place % 5 else "",
        "address": _address(party),
        "contact": _contact(rng, place, party),
        "contract": {
            "startDate": moments.day_milliseconds(start, moments.BERLIN),
            "endDate": None if place % 4 else moments.day_milliseconds(date(2027, 12, 31), moments.BERLIN),
        },
        "invoiceRecipientId": _user_id(rng.randrange(staff)) if place % 3 == 0 else None,
        "invoiceCCRecipientIds": [_user_id(rng.randrange(staff)) for _ in range(place % 3)],
        "hideRecipientOnDocuments": place % 10 == 0,
        "buyerReference": f"0{rng.randrange(1, 9)}{rng.randrange(10**6):06d}-{party.number:05d}-{rng.randrange(10, 99)}"
        if party.kind == "public"
        else None,
        "orderReferenceId": f"SUP-{10_000 + party.number}" if party.kind != "person" and place % 3 else None,
        "vatNumber": party.vat,
        "debitorNumber": f"DEB-{place:04d}" if place % 4 == 0 else None,
        "paymentTermId": object_id("payment term", place % 3) if place % 5 else None,
    }


def _address(party: Party) -> Document:
    return {
        "street": f"{party.street} {party.house_number}",
        "zip": party.postal_code,
        "city": party.city,
        "country": party.land.code if party.number % 4 else party.land.name,
        "co": party.second_line,
        "state": party.region if party.number % 3 else "",
    }


def _contact(rng: Random, place: int, party: Party) -> Document:
    sent = place % 17 == 3
    return {
        "telephone": "auf Anfrage" if place % 59 == 7 else party.phone,
        "mobile": party.mobile,
        "email": party.email if place % 41 else "",
        "sms": party.mobile,
        "smsCount": rng.randrange(1, 9) if sent else 0,
        "smsSendDate": moments.milliseconds(moments.life_of_record(rng)[1]) if sent else None,
        "smsSendBy": _user_id(0) if sent else None,
        "website": party.website,
        "lastSMSStatus": "DELIVERED" if sent else None,
    }


def _contacts(party: Party) -> Iterator[Document]:
    for place, person in enumerate(party.people):
        rng = Random(f"pland contact {party.number} {place}")
        yield {
            "_id": object_id("contact", party.number, place),
            "companyId": COMPANY_ID,
            "customerId": customer_id(party),
            "objectId": object_id("site", party.number) if place else None,
            "firstName": person.first_name,
            "lastName": person.last_name,
            "salutation": ("madam" if person.female else "sir") if place != 1 else "none",
            "email": person.email,
            "phone": person.phone,
            "mobile": person.mobile if place == 0 else None,
            "fax": party.fax,
            "position": person.job,
            "comment": "Bitte nur vormittags anrufen" if place == 2 else "",
            "responsibilities": {"showInApp": place == 0},
            "status": _status(rng, "1", 24),
        }


def _site(party: Party) -> Document:
    return {
        "_id": object_id("site", party.number),
        "companyId": COMPANY_ID,
        "customerId": customer_id(party),
        "name": f"Objekt {party.city}",
        "address": _address(party),
        "contract": {"startDate": None, "endDate": None},
    }


def _assignments(place: int, party: Party) -> Iterator[Document]:
    for turn in range(place % 3):
        rng = Random(f"pland assignment {party.number} {turn}")
        title, unit, price = rng.choice(_SERVICES)
        start = moments.day(rng, date(2019, 1, 1), 2400)
        product = object_id("product", title)
        yield {
            "_id": object_id("assignment", party.number, turn),
            "number": 5000 + place * 3 + turn,
            "companyId": COMPANY_ID,
            "customerId": customer_id(party),
            "objectId": object_id("site", party.number),
            "title": f"{title} {party.city}",
            "type": "normal",
            "comment": None,
            "iCalendar": {
                "frequency": "WEEKLY",
                "interval": 1,
                "tzid": "Europe/Berlin",
                "dtstart": f"{start:%Y-%m-%d}T07:00:00",
                "dtend": None if turn else f"{start.replace(year=start.year + 3, day=1):%Y-%m-%d}T16:00:00",
            },
            "material": [{"productId": product, "quantity": 1 + turn}],
            "weeklyTimeBudget": round(rng.uniform(1, 12), 1),
            "billing": {
                "type": ("RECURRING", "ON_EVENT", "MANUAL")[turn % 3],
                "positions": [
                    {
                        "title": title,
                        "description": f"{title} laut Leistungsverzeichnis",
                        "quantity": 1.0 + turn,
                        "unit": unit,
                        "price": price,
                        "tax": 0.19,
                        "productId": product,
                    }
                ],
                "lastInvoiceDate": None,
            },
            "status": _status(rng, "1" if turn == 0 else rng.choice("12"), 24),
        }


def _invoices(party: Party) -> Iterator[Document]:
    for turn in range(party.number % 5):
        rng = Random(f"pland invoice {party.number} {turn}")
        issued = moments.day(rng, date(2022, 1, 3), 1600)
        title, unit, price = rng.choice(_SERVICES)
        net = round(price * rng.randrange(1, 6), 2)
        tax = round(net * 0.19, 2)
        kind = "storno" if turn == 3 else "credit" if turn == 2 and party.number % 2 else "invoice"
        sign = -1 if kind != "invoice" else 1
        gross = round(sign * (net + tax), 2)
        paid = gross if turn % 2 == 0 else 0.0
        yield {
            "_id": object_id("invoice", party.number, turn),
            "companyId": COMPANY_ID,
            "documentType": kind,
            "documentName": {"invoice": "Rechnung", "storno": "Storno", "credit": "Gutschrift"}[kind],
            "customerId": customer_id(party),
            "referenceId": object_id("reference", party.number, turn),
            "issuedOn": moments.day_milliseconds(issued, moments.BERLIN),
            "paymentGoalDate": moments.day_milliseconds(date.fromordinal(issued.toordinal() + 14), moments.BERLIN),
            "currency": "EUR",
            "positions": [
                {"title": title, "quantity": round(net / price, 2), "unit": unit, "price": price, "tax": 0.19}
            ],
            "totals": {
                "net": round(sign * net, 2),
                "tax": round(sign * tax, 2),
                "gross": gross,
                "paid": paid,
                "open": round(gross - paid, 2),
            },
            "paidDate": moments.day_milliseconds(date.fromordinal(issued.toordinal() + 11), moments.BERLIN)
            if paid
            else None,
            "canceledDate": None,
            "invoiceType": "invoice",
            "status": "paid" if paid else "open",
        }


def _numbered(invoices: Iterator[Document]) -> Sequence[Document]:
    return [{**invoice, "documentNumber": 20_240_001 + place} for place, invoice in enumerate(invoices)]
