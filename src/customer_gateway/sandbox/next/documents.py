"""NEXT's documents: customers with flat bank data, contacts, invoices, users, framework contracts, code lists."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import TYPE_CHECKING, Final

from customer_gateway.sandbox import moments
from customer_gateway.sandbox.people import CRAFT, staff_of
from customer_gateway.sandbox.store import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from customer_gateway.sandbox.people import Party, Person
    from customer_gateway.sandbox.store import Document, Store

CUSTOMERS: Final = Kind("customer", "id", ("customerno", "name"))
USERS: Final = Kind("user", "id")
CONTACTS: Final = Kind("customercontact", "id", ("customerid",))
INVOICES: Final = Kind("invoice", "id", ("customerid",))
FRAMEWORK_CONTRACTS: Final = Kind("frameworkcontract", "id")
CUSTOMER_TYPES: Final = Kind("customertype", "id")
BILLING_TERMS: Final = Kind("billingterms", "id")
CURRENCIES: Final = Kind("currency", "id")
INVOICE_TYPES: Final = Kind("invoicetype", "id")

CODES: Final[dict[Kind, tuple[str, ...]]] = {
    CUSTOMER_TYPES: ("Company", "Private", "Government", "Housing cooperative"),
    BILLING_TERMS: ("30 dagar netto", "20 dagar netto", "10 dagar netto", "Kontant"),
    CURRENCIES: ("SEK", "EUR", "NOK", "DKK"),
    INVOICE_TYPES: ("E-post", "Papper", "E-faktura"),
}
FIRST_CUSTOMER_ID: Final = 1201
_TYPE_OF_KIND: Final = {"company": 1, "person": 2, "public": 3}


def fill_next(store: Store, parties: Sequence[Party]) -> None:
    staff = staff_of("next", CRAFT)
    for kind, names in CODES.items():
        store[kind].put_all({"id": place, "name": name, "active": True} for place, name in enumerate(names, start=1))
    store[USERS].put_all(_user(number, person) for number, person in enumerate(staff, start=1))
    store[FRAMEWORK_CONTRACTS].put_all(_framework_contract(number) for number in range(1, 7))
    store[CUSTOMERS].put_all(_customer(place, party) for place, party in enumerate(parties))
    store[CONTACTS].put_all(
        _with_ids(4001, (row for place, party in enumerate(parties) for row in _contacts(place, party)))
    )
    store[INVOICES].put_all(
        _with_ids(70_001, (row for place, party in enumerate(parties) for row in _invoices(place, party)))
    )


def named(kind: Kind, code: int | None) -> str | None:
    """Return the text of a code, as answers carry it beside the id."""
    return None if code is None else CODES[kind][code - 1]


def _with_ids(first: int, rows: Iterator[Document]) -> Sequence[Document]:
    return [{"id": number, **row} for number, row in enumerate(rows, start=first)]


def _audit(rng: Random) -> Document:
    created, changed = moments.life_of_record(rng)
    return {
        "changed": moments.local(changed, moments.STOCKHOLM),
        "changedby": rng.randrange(1, 25),
        "created": moments.local(created, moments.STOCKHOLM),
        "createdby": rng.randrange(1, 25),
    }


def _user(number: int, person: Person) -> Document:
    return {
        "id": number,
        **_audit(Random(f"next user {number}")),
        # The default filter hides those who left; their customers still name them.
        "active": number % 8 != 0,
        "email": person.email if number % 7 else None,
        "employeeno": str(200 + number),
        "externalid": f"HR-{number:03d}" if number % 2 else None,
        "loginname": person.email.split("@")[0],
        "name": person.name,
        "primarygroupid": 1 + number % 4,
        "shortname": (person.first_name[0] + person.last_name[:2]).upper(),
    }


def _framework_contract(number: int) -> Document:
    return {
        "id": number,
        "name": f"Ramavtal {('Fastighet', 'El', 'VVS', 'Måleri', 'Mark', 'Städ')[number - 1]} {2020 + number}",
        "validfrom": f"{2020 + number}-01-01",
        "validto": f"{2023 + number}-12-31" if number != 4 else None,
        "active": number != 6,
    }


def _customer(place: int, party: Party) -> Document:
    rng = Random(f"next customer {party.number}")
    public, private = party.kind == "public", party.kind == "person"
    construction = party.kind == "company" and place % 6 == 0
    codes: Document = {
        "billingtermsid": 1 + place % 4 if place % 9 else None,
        "currencyid": 1 if party.land.currency == "SEK" else 2,
        "customertypeid": _TYPE_OF_KIND[party.kind],
        "invoicetypeid": 1 + place % 3 if place % 5 else None,
    }
    return {
        "id": FIRST_CUSTOMER_ID + place,
        **_audit(rng),
        "active": place % 12 != 11,
        **codes,
        "billingtermsdescription": named(BILLING_TERMS, codes["billingtermsid"]),
        "currencycode": named(CURRENCIES, codes["currencyid"]),
        "customertypename": named(CUSTOMER_TYPES, codes["customertypeid"]),
        "invoicetypename": named(INVOICE_TYPES, codes["invoicetypeid"]),
        **_addresses(place, party),
        **_bank(place, party),
        "apartmentno": f"{rng.randrange(1001, 1604)}" if private and place % 2 else None,
        "constructioncompany": construction,
        "creditrisk": None if place % 20 == 13 else place % 33 == 5,
        "customerno": f"K{10_000 + place}" if place % 25 else None,
        "customernote": "Ring alltid innan besök." if place % 8 == 2 else None,
        "defaultexternalworkorderstatusid": 3 if place % 30 == 4 else None,
        "eancode": f"73{rng.randrange(10**11):011d}" if public else None,
        "ediaddress": f"0007:{party.organisation_number}" if public and party.organisation_number else None,
        "email": party.email if place % 17 else "",
        "externalid": f"VISMA-{party.number}" if place % 3 == 0 else None,
        "fax": party.fax,
        "frameworkcontractid": 1 + place % 6 if place % 4 == 1 else None,
        "hasfavorites": place % 10 == 3,
        "hasprices": place % 6 == 1,
        "housingcooperativeorgno": party.organisation_number if public and place % 2 else None,
        "invoiceemail": party.billing_email,
        "issupplier": place % 15 == 6,
        "markup": round(rng.uniform(0, 25), 2) if place % 5 == 2 else None,
        "mobile": party.mobile,
        "name": party.name[:50],
        "novat": not construction and place % 14 == 9,
        "orgno": party.organisation_number
        if not private
        else f"{rng.randrange(400101, 991231)}-{rng.randrange(1000, 9999)}",
        "phone": _national(party.phone) if place % 2 else party.phone,
        "privateperson": private,
        "propertyname": f"Kvarteret {party.city} {place % 40 + 1}" if place % 7 == 4 else None,
        "useinvoicefee": place % 3 == 1,
        "vatno": party.vat,
        "webaddress": party.website,
    }


def _national(phone: str) -> str:
    """Write Swedish numbers as `08-123 45 67`, as people type them; others stay as they are."""
    if not phone.startswith("+46"):
        return phone
    digits = phone.removeprefix("+46")
    return f"0{digits[:-7]}-{digits[-7:-4]} {digits[-4:-2]} {digits[-2:]}"


def _addresses(place: int, party: Party) -> Document:
    return {
        "billaddress1": party.name[:50],
        "billaddress2": f"{party.street} {party.house_number}",
        "billaddress3": party.second_line,
        "billaddress4": f"{party.postal_code[:3]} {party.postal_code[3:]}"
        if party.land.code == "SE"
        else party.postal_code,
        "billaddress5": party.city,
        "billaddress6": party.land.name if place % 3 else None,
        "countrycode": party.land.code if place % 11 else None,
    }


def _bank(place: int, party: Party) -> Document:
    known = place % 3 != 2
    return {
        "bankaccountno": party.account_number if known else None,
        "bankname": party.bank if known else None,
        "clearingno": party.bank_code if known and party.land.code == "SE" else None,
        "iban": party.iban if known else None,
        "swift": party.bic if known else None,
    }


def _contacts(place: int, party: Party) -> Iterator[Document]:
    for turn, person in enumerate(party.people):
        yield {
            **_audit(Random(f"next contact {party.number} {turn}")),
            "active": (place + turn) % 10 != 9,
            "customerid": FIRST_CUSTOMER_ID + place,
            "name": person.name,
            "email": person.email,
            "phone": person.phone if turn else None,
            "mobile": person.mobile,
            "title": person.job or None,
            "note": "Har nycklar" if turn == 1 else None,
        }


def _invoices(place: int, party: Party) -> Iterator[Document]:
    for turn in range(party.number % 4):
        rng = Random(f"next invoice {party.number} {turn}")
        issued = moments.day(rng, date(2022, 2, 1), 1600)
        amount = round(rng.uniform(900, 48_000), 2)
        vat = round(amount * 0.25, 2)
        yield {
            **_audit(rng),
            "invoiceno": f"F{place:04d}{turn}",
            "customerid": FIRST_CUSTOMER_ID + place,
            "projectid": rng.randrange(300, 400) if turn % 2 else None,
            "invoicedate": issued.isoformat(),
            "duedate": (issued + timedelta(days=30)).isoformat(),
            "amount": amount,
            "vat": vat,
            "total": round(amount + vat, 2),
            "currencycode": "SEK" if party.land.currency == "SEK" else "EUR",
            "status": ("sent", "paid", "draft")[turn % 3],
        }
