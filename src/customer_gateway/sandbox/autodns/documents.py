"""AutoDNS's documents: customers with everything embedded, users, invoices. What is null is left out."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any, Final

from customer_gateway.sandbox import moments
from customer_gateway.sandbox.people import DOMAINS, staff_of
from customer_gateway.sandbox.store import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from customer_gateway.sandbox.people import Party, Person
    from customer_gateway.sandbox.store import Document, Store

CUSTOMERS: Final = Kind("customer", "client/number", ("number",))
USERS: Final = Kind("user", "user/context", ("user",))
INVOICES: Final = Kind("invoice", "id", ("customer.number",))

CLIENT: Final = "domainhaus"
# A second group of customers, whose numbers are also numbers of the first: only the pair distinguishes them.
OTHER_CLIENT: Final = "reseller-nord"
CONTEXT: Final = 4
FIRST_NUMBER: Final = 30_001_000
_PERSONAL_CONTEXT: Final = 33004
_MIDNIGHT: Final = "T00:00:00.000"
_USER_DETAILS: Final = {
    "language": "de",
    "status": 1,
    "passwordExpired": False,
    "passwordChanged": "2026-02-01T08:00:00.000+0100",
    "passwordExpires": "2027-02-01T08:00:00.000+0100",
}
_STAMPS: Final = {"created": "2023-03-01T10:15:00.000+0100", "updated": "2025-07-14T16:42:07.000+0200"}


def fill_autodns(store: Store, parties: Sequence[Party]) -> None:
    staff = staff_of("autodns", DOMAINS)
    store[USERS].put_all(_user(number, person) for number, person in enumerate(staff))
    store[CUSTOMERS].put_all(_customer(place, party, staff) for place, party in enumerate(parties))
    invoices = (invoice for place, party in enumerate(parties) for invoice in _invoices(place, party))
    store[INVOICES].put_all({"id": 88_000_001 + at, **invoice} for at, invoice in enumerate(invoices))


def present(members: Document) -> Document:
    """Return the members that are not null: AutoDNS does not send the others."""
    return {name: value for name, value in members.items() if value is not None}


def identity(place: int) -> Document:
    """Return client, number and group of the customer at this place."""
    other = place % 5 == 4
    number = FIRST_NUMBER + place - (4 if other else 0)
    return {"number": number, "client": OTHER_CLIENT if other else CLIENT, "group": number // 1000}


def reference(number: int, staff: tuple[Person, ...]) -> Document:
    """Return a user as others mention it."""
    person = staff[number % len(staff)]
    mail = {"defaultEmail": person.email} if number % 4 else {}
    return {**_user_key(number % len(staff), person), **mail}


def _user_key(number: int, person: Person) -> Document:
    # A name may hold a slash, as `team/name` here: only the last one parts it from the context.
    name = person.email.split("@")[0]
    prefix = "technik/" if number % 10 == 7 else ""
    return {"user": f"{prefix}{name}", "context": _PERSONAL_CONTEXT if number % 6 == 5 else CONTEXT}


def _user(number: int, person: Person) -> Document:
    created, updated = moments.life_of_record(Random(f"autodns user {number}"))
    return {
        **_user_key(number, person),
        "status": 1,
        "defaultEmail": person.email,
        "language": "de",
        "passwordExpired": number % 12 == 11,
        "created": moments.with_offset(created, moments.BERLIN),
        "updated": moments.with_offset(updated, moments.BERLIN),
    }


def _phone(phone: str | None, party: Party) -> str | None:
    """Write a phone as `+49-123-12345`: country, area, number."""
    if phone is None:
        return None
    code = party.land.dialling_code
    return f"+{code}-{phone[1 + len(code) : -7]}-{phone[-7:]}"


def _customer(place: int, party: Party, staff: tuple[Person, ...]) -> Document:
    rng = Random(f"autodns customer {party.number}")
    created, updated = moments.life_of_record(rng)
    number = rng.randrange(len(staff))
    document = present(
        {
            **identity(place),
            **_who(place, party),
            **_where(place, party),
            **_billing(rng, place, party),
            "contacts": _contacts(place, party, staff) or None,
            "contracts": _contracts(rng, place) or None,
            "account": _account(rng, place, party),
            "sepa": _sepa(place, party) if place % 3 == 0 else None,
            "card": _card(place) if place % 5 == 2 else None,
            "billingUsers": [reference(number, staff)] + ([reference(number + 3, staff)] if place % 4 == 0 else []),
            "comments": [_comment(place, reference(number, staff))] if place % 6 == 1 else None,
            "owner": {**reference(number, staff), **(_USER_DETAILS if place % 10 == 0 else {})},
            "updater": reference(rng.randrange(len(staff)), staff),
            "created": moments.with_offset(created, moments.BERLIN),
            "updated": moments.with_offset(updated, moments.BERLIN),
            "autodelete": place % 16 == 5,
            "locked": place % 23 == 9,
            "pending": False,
        }
    )
    return _waiting(document) if place % 31 == 8 else document


def _comment(place: int, author: Document) -> Document:
    return {
        "id": 700 + place,
        "text": "Zahlt pünktlich.",
        "user": author,
        "customer": identity(place),
        **_STAMPS,
    }


def _who(place: int, party: Party) -> Document:
    person = party.people[0]
    company = party.kind != "person"
    return {
        "name": party.name,
        "type": "ORGANIZATION" if company else "PERSON",
        "organization": party.name if company else None,
        "organization2": party.second_line if company else None,
        "vatNumber": party.vat,
        "gender": ("FEMALE" if person.female else "MALE") if place % 4 else None,
        "title": "Dr." if place % 22 == 6 else None,
        "fname": person.first_name,
        "lname": person.last_name,
        "pin": f"{(party.number * 7919) % 10_000:04d}",
        "url": party.website,
    }


def _where(place: int, party: Party) -> Document:
    return {
        "addressLines": [f"{party.street} {party.house_number}", *([party.second_line] if party.second_line else [])],
        "pcode": party.postal_code,
        "city": party.city,
        "state": party.region if place % 3 else "",
        "country": party.land.code,
        "phone": _phone(party.phone, party) if place % 53 != 20 else "siehe Mobil",
        "fax": _phone(party.fax, party),
        "emails": [address for address in (party.email, party.people[0].email if place % 3 == 1 else None) if address],
        "billingEmails": [party.billing_email] if party.billing_email else None,
    }


def _billing(rng: Random, place: int, party: Party) -> Document:
    return {
        "payment": ("PRE", "POST", "LIVE")[place % 3],
        "paymentMode": ("SEPA", "PayPal", "Überweisung")[place % 3],
        "paymentCurrency": party.land.currency,
        "paymentCurrencyExchangeFee": 1.5 if party.land.currency == "SEK" else 0.0,
        "discountValid": "2027-06-30T23:59:59.000+0200" if place % 9 == 4 else None,
        "invoiceLanguage": party.land.language,
        "invoiceDays": {"days": [14] if place % 2 else [7, 30]} if place % 3 else None,
        "invoicePaperbill": place % 8 == 0,
        "taxable": party.land.code == "DE",
        "lastConfirmed": f"{moments.day(rng, date(2024, 1, 1), 900)}{_MIDNIGHT}+0100" if place % 4 else None,
        "pricelists": {"pricelist": [{"articleTypeLabel": "domain", "priceListLabel": "Standard", "type": "PERSONAL"}]}
        if place % 7 == 3
        else None,
        "dataPrivacyStatement": place % 6 != 0,
        "newsletter": place % 2 == 0,
        "supplierNumber": f"L-{70_000 + party.number}" if place % 5 == 1 else None,
    }


def _waiting(document: Document) -> Document:
    """Return the same customer with a changed e-mail address that is not verified yet."""
    address = f"neu-{document['number']}@umzug.example"
    whom = {name: document[name] for name in ("number", "client", "group")}
    verification = {"email": address, "status": "PENDING", "customer": whom, **_STAMPS}
    return {
        **document,
        "emails": [address],
        "pending": True,
        "persistent": document,
        "verifications": [verification],
    }


def _contacts(place: int, party: Party, staff: tuple[Person, ...]) -> list[Document]:
    return [
        present(
            {
                "id": 500_001 + place * 5 + turn,
                "customer": identity(place),
                "type": ("BILLING", "TECH", "LEGAL")[turn % 3],
                "firstName": person.first_name,
                "lastName": person.last_name,
                "title": "Dr." if turn == 2 else None,
                "label": person.last_name,
                "language": party.land.language,
                "gender": "FEMALE" if person.female else "MALE",
                "postalCode": party.postal_code if turn == 0 else None,
                "city": party.city if turn == 0 else None,
                "state": party.region if turn == 0 else None,
                "country": party.land.code,
                "phone": _phone(person.phone, party),
                "fax": _phone(party.fax, party),
                "email": person.email,
                "address": [f"{party.street} {party.house_number}"] if turn == 0 else None,
                "owner": reference(place, staff),
                "updater": reference(place + 5, staff) if turn else None,
                **_STAMPS,
            }
        )
        for turn, person in enumerate(party.people[1:] if party.kind == "company" else party.people)
    ]


def _contracts(rng: Random, place: int) -> list[Document]:
    return [
        present(
            {
                "id": 41_001 + place * 2 + turn,
                "contract": {"label": ("Reseller", "Auftragsverarbeitung")[turn], **_STAMPS},
                "accountManager": {
                    "id": 11 + rng.randrange(3),
                    "name": ("Petra Kunz", "Max Rieder", "Ilka Sommer")[rng.randrange(3)],
                    "phone": {"phone": "+49-941-595590"},
                    "email": "partner@registrar.example",
                    **_STAMPS,
                },
                "classification": "STANDARD",
                "invoiceNotice": "Bitte Bestellnummer angeben" if turn else None,
                "notice": "Verlängert sich jährlich" if turn == 0 else None,
                "ticketNumber": f"T{place:05d}" if turn else None,
                "noSap": False,
                "created": f"{moments.day(rng, date(2018, 2, 1), 2000)}{_MIDNIGHT}+0100",
                "updated": f"{moments.day(rng, date(2024, 2, 1), 500)}{_MIDNIGHT}+0100",
            }
        )
        for turn in range(place % 3)
    ]


def _account(rng: Random, place: int, party: Party) -> Document:
    balance = round(rng.uniform(-400, 3000), 2)
    return {
        "customer": identity(place),
        "currentAccountBalance": balance,
        "runningTotal": round(balance - 12.5, 2),
        "creditLimit": float(500 * (place % 5)),
        "currency": party.land.currency,
        "minRunningTotalNotification": 50.0,
        **({"minRunningTotalNotificationEmail": party.billing_email} if party.billing_email else {}),
        **({"view": {"currency": "EUR", "rate": 11.25}} if party.land.currency == "SEK" else {}),
        **_STAMPS,
        "reserved": 12.5,
    }


def _sepa(place: int, party: Party) -> Document:
    return {
        "reference": f"MD-{10_000 + place}",
        "accountHolder": party.name,
        "iban": party.iban,
        "bic": party.bic,
        "status": ("ACTIVE", "ACTIVE", "EXPIRED", "LOCKED")[place % 4],
        "confirmSignature": "2023-03-01T10:15:00.000+0100",
        "confirmIp": "192.0.2.17",
        "confirmUseragent": "Mozilla/5.0",
        "confirmChecked": place % 2 == 0,
        "expire": "2028-03-01T00:00:00.000+0100",
        "document": _mandate_paper(place),
        "histories": [_former_mandate(place, party)] if place % 2 else [],
        **_STAMPS,
    }


def _former_mandate(place: int, party: Party) -> Document:
    return {
        "reference": f"MD-{10_000 + place}-A",
        "accountHolder": party.name,
        "iban": party.iban,
        "bic": party.bic,
        "status": "CANCELED",
        "confirmSignature": "2019-08-12T08:00:00.000+0200",
        "confirmIp": "192.0.2.18",
        "confirmUseragent": "Mozilla/5.0",
        "confirmChecked": True,
        "expire": "2023-02-28T23:59:59.000+0100",
        "document": _mandate_paper(place),
        **_STAMPS,
    }


def _mandate_paper(place: int) -> Document:
    return {
        "id": 66_000 + place,
        "name": f"mandat-{place}.pdf",
        "type": "SEPA_MANDATE",
        "mimeType": "application/pdf",
        "size": 48_211,
        "comment": "unterschrieben",
        "link": f"/document/{66_000 + place}",
        "data": "JVBERi0xLjQK",
        **_STAMPS,
    }


def _card(place: int) -> Document:
    return {
        "provider": "IPAYMENT",
        "type": ("VISA", "MC", "AMEX")[place % 3],
        "status": "ACTIVE" if place % 10 else "EXPIRED",
        "validFrom": "2023-01-01T00:00:00.000+0100",
        "validTo": "2027-12-31T23:59:59.000+0100",
        **_STAMPS,
    }


def _invoices(place: int, party: Party) -> Iterator[Document]:
    for turn in range(party.number % 4):
        rng = Random(f"autodns invoice {party.number} {turn}")
        issued = datetime(2022, 1, 3, 6, tzinfo=UTC) + timedelta(days=rng.randrange(1600))
        amount = round(rng.uniform(9, 900), 2)
        kind = "CREDIT" if turn == 2 else "INVOICE"
        stamps: dict[str, Any] = {
            "created": moments.with_offset(issued, moments.BERLIN),
            "updated": moments.with_offset(issued + timedelta(hours=2), moments.BERLIN),
        }
        yield {
            "number": f"RE{issued:%Y}{place:04d}{turn}",
            "customer": identity(place),
            "amount": amount,
            "vatAmount": round(amount * 0.19, 2),
            "currency": party.land.currency,
            "status": ("FINISHED", "SENT", "CREATED")[turn % 3],
            "type": kind,
            "payment": ("PRE", "POST", "LIVE")[place % 3],
            "paid": turn == 0,
            **stamps,
            "document": {"link": f"/document/{place * 4 + turn}"},
        }
