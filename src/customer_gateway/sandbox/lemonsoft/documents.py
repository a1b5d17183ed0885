"""Lemonsoft's documents: customers with everything embedded, persons, invoices, code lists."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import TYPE_CHECKING, Final

from customer_gateway.sandbox import moments
from customer_gateway.sandbox.lemonsoft.agreements import agreements
from customer_gateway.sandbox.people import WHOLESALE, staff_of
from customer_gateway.sandbox.store import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from customer_gateway.sandbox.people import Party, Person
    from customer_gateway.sandbox.store import Document, Store

CUSTOMERS: Final = Kind("customers", "id", ("number",))
PERSONS: Final = Kind("persons", "number", ("id",))
INVOICES: Final = Kind("invoices", "id", ("customer_number", "number"))

# The basic row: what the model carries from `id` to its end.
BASE_FIELDS: Final = (
    "id", "number", "name", "name2", "phone", "vat", "street", "street2", "city", "postal_code", "country", "www",
    "language_code", "group", "customer_group_id", "invoicing_name", "invoicing_name2", "invoicing_address",
    "invoicing_postaladdress", "invoicing_postal_code", "invoicing_city", "type", "seller_number", "fax",
)  # fmt: skip
PAYMENT_TERMS: Final = {1: ("14 pv netto", 14), 2: ("30 pv netto", 30), 3: ("7 pv netto", 7), 4: ("Käteinen", 0)}
DESCRIPTIONS: Final = {
    "INVOICE_METHODS": {0: "Paperilasku", 1: "Sähköposti", 2: "Verkkolasku", 3: "Ei laskua"},
    "CUSTOMER_CLASSES": {1: "A-asiakas", 2: "B-asiakas", 3: "C-asiakas"},
    "DELIVERY_TERMS": {1: "Vapaasti varastossa", 2: "Vapaasti perillä"},
    "COUNTRIES": {1: "Suomi", 2: "Ruotsi", 3: "Saksa"},
}
GROUPS: Final = {1: "Yritykset", 2: "Yksityiset", 3: "Julkiset"}

FIRST_ID: Final = 5001
FIRST_NUMBER: Final = 20_001
FIRST_PERSON: Final = 501
PERSON_COUNT: Final = 40
_TYPE_OF_KIND: Final = {"company": 0, "person": 1, "public": 2}
_GROUP_OF_KIND: Final = {"company": 1, "person": 2, "public": 3}


def fill_lemonsoft(store: Store, parties: Sequence[Party]) -> None:
    staff = staff_of("lemonsoft", WHOLESALE, PERSON_COUNT)
    store[PERSONS].put_all(_person(place, person) for place, person in enumerate(staff))
    store[CUSTOMERS].put_all(_customer(place, party) for place, party in enumerate(parties))
    invoices = (invoice for place, party in enumerate(parties) for invoice in _invoices(place, party))
    store[INVOICES].put_all({"id": 90_001 + at, "number": 3001 + at, **invoice} for at, invoice in enumerate(invoices))


def person_number(rng: Random) -> int:
    """Somebody of the staff; once in a while a number that nobody has any more."""
    return FIRST_PERSON + rng.randrange(PERSON_COUNT) if rng.random() > 0.02 else FIRST_PERSON + 900


def _person(place: int, person: Person) -> Document:
    return {
        "id": 71 + place,
        "number": FIRST_PERSON + place,
        "name": person.name,
        "short_name": (person.first_name[0] + person.last_name[:2]).upper(),
        "username": f"{person.first_name[:2]}{person.last_name[:4]}".lower(),
        "email": person.email if place % 6 else None,
        "gsm": person.mobile,
        "office": 1 + place % 3,
        "language_code": "FIN" if place % 5 else "SWE",
        "attributes": [],
    }


def _customer(place: int, party: Party) -> Document:
    rng = Random(f"lemonsoft customer {party.number}")
    document = {
        **_trade(rng, place, party),
        "agreements": agreements(place, party.number, FIRST_ID + place, lambda: person_number(rng)),
        "accounts": _accounts(place, party),
        "circulations": _circulations(rng, place),
        "dimension": _dimension(rng, place),
        "person_responsible_number": person_number(rng) if place % 7 else None,
        **_base(rng, place, party),
    }
    if place % 4 == 3:
        # Answers cannot be trusted to carry every member: some rows leave out what they do not have.
        return {name: value for name, value in document.items() if value is not None}
    return document


def _trade(rng: Random, place: int, party: Party) -> Document:
    created, modified = moments.life_of_record(rng)
    return {
        "searchname": party.core.upper()[:20],
        "email": party.email if place % 19 else "",
        "currency_code": party.land.currency,
        "attributes": [
            {"id": number, "name": name, "selected": (place + number) % 3 == 0}
            for number, name in ((1, "Avainasiakas"), (2, "Uutiskirje"))
        ],
        "contacts": _contacts(place, party),
        "texts": [{"id": 30_000 + place, "header_number": 1, "note": "Soita ennen käyntiä."}] if place % 6 == 2 else [],
        "costcenter": f"{100 + place % 9}" if place % 4 else None,
        "delivery_code": f"R{place % 6}" if place % 8 == 1 else None,
        "invoicing_customer_number": FIRST_NUMBER + place - 1 if place % 21 == 20 else 0,
        "orderer_customer_number": 0,
        "is_customer": True,
        "is_nonactive": place % 14 == 13,
        "is_prospect": place % 18 == 8,
        "is_supplier": place % 11 == 4,
        "created": moments.local_with_fraction(created, moments.HELSINKI),
        "modified": moments.local_with_fraction(modified, moments.HELSINKI),
        "delivery_method_number": place % 4,
        "delivery_term": 1 + place % 2,
        "payment_term_number": 1 + place % 4 if place % 9 else None,
        "interest": 8.5 if place % 3 else 11.0,
        "sales_account": "3000",
        "purchase_account": "4000",
        "receivables_account": "1700",
        "accountspayable_account": "2871",
        "customer_edi": f"0037{(party.organisation_number or '').replace('-', '')}"
        if _finnish(party) and place % 2
        else None,
        "invoice_method_id": place % 4,
        "invoice_code": "KONE" if place % 12 == 7 else None,
        "finvoice_address": f"FI{rng.randrange(10**16):016d}" if _finnish(party) and place % 3 == 0 else None,
        "reference": f"{rng.randrange(1000, 99999)}",
        "creditlimit": float(rng.randrange(0, 50) * 1000) if place % 5 else None,
        "deny_credit": place % 29 == 3,
        "reseller": 0,
        "default_reference": party.people[0].name if place % 2 else "",
        "prevent_delivery": place % 43 == 9,
        "partial_delivery_disabled": place % 8 == 0,
        "invoiceperiod": place % 3,
        "invoicedates": "1,15" if place % 3 == 1 else None,
        "due_invoice_sum": round(rng.uniform(0, 900), 2) if place % 6 == 0 else 0.0,
        "open_invoice_sum": round(rng.uniform(900, 5000), 2) if place % 6 == 0 else 0.0,
    }


def _finnish(party: Party) -> bool:
    return party.land.code == "FI" and party.organisation_number is not None


def _base(rng: Random, place: int, party: Party) -> Document:
    invoicing = place % 5 == 1
    return {
        "id": FIRST_ID + place,
        "number": FIRST_NUMBER + place,
        "name": party.name,
        "name2": party.second_line,
        "phone": party.phone if place % 47 else "ei tiedossa",
        "vat": party.vat,
        "street": f"{party.street} {party.house_number}",
        "street2": "" if place % 7 else "Rakennus B",
        "city": party.city,
        "postal_code": party.postal_code,
        "country": party.land.code if place % 3 else party.land.name,
        "www": party.website,
        "language_code": {"fi": "FIN", "sv": "SWE", "de": "GER"}[party.land.language],
        "group": _GROUP_OF_KIND[party.kind],
        "customer_group_id": 1 + place % 3,
        "invoicing_name": party.name if invoicing else None,
        "invoicing_name2": "Ostoreskontra" if invoicing else None,
        "invoicing_address": f"PL {rng.randrange(1, 900)}" if invoicing else None,
        "invoicing_postaladdress": f"{party.postal_code} {party.city}" if invoicing else None,
        "invoicing_postal_code": party.postal_code if invoicing else None,
        "invoicing_city": party.city if invoicing else None,
        "type": _TYPE_OF_KIND[party.kind],
        "seller_number": person_number(rng) if place % 3 else None,
        "fax": party.fax,
    }


def _contacts(place: int, party: Party) -> list[Document]:
    return [
        {
            "id": 8001 + place * 5 + turn,
            "customer_id": FIRST_ID + place,
            "name": person.name,
            "attributes": [{"id": 1, "name": "Laskut", "selected": turn == 0, "contact_id": 8001 + place * 5 + turn}],
            "street": f"{party.street} {party.house_number}" if turn == 1 else None,
            "street2": party.second_line if turn == 1 else None,
            "department": ("Hallinto", "Osto", "Tuotanto")[turn % 3] if party.kind != "person" else None,
            "email": person.email,
            "fax": party.fax if turn else None,
            "gsm": person.mobile,
            "note": "Lomalla heinäkuussa" if turn == 2 else "",
            "phone": person.phone if turn else None,
            "postal_city": party.city if turn == 1 else None,
            "postal_code": party.postal_code if turn == 1 else None,
            "city": party.city if turn == 1 else None,
            "title": person.job or None,
        }
        for turn, person in enumerate(party.people)
    ]


def _accounts(place: int, party: Party) -> list[Document]:
    return [
        {
            "account_id": 6001 + place * 2 + turn,
            "customer_id": FIRST_ID + place,
            "account_number": party.account_number,
            "bank_name": party.bank,
            "bank_address": "Aleksanterinkatu 36" if turn == 0 else None,
            "bank_address2": "00100 Helsinki" if turn == 0 else None,
            "bank_country_code": party.land.code,
            "bank_info": "" if turn == 0 else "Vanha tili",
            "bic": party.bic,
            "iban": party.iban,
            "foreign_type": "SEPA" if party.land.code != "FI" else None,
            "foreign_share": "SHA" if party.land.code != "FI" else None,
            "clearing": party.bank_code if party.land.code == "SE" else None,
        }
        for turn in range(place % 3)
    ]


def _circulations(rng: Random, place: int) -> list[Document]:
    return [
        {
            "id": 9500 + place,
            "customer_id": FIRST_ID + place,
            "person_number": person_number(rng),
            "circulation_type": place % 2,
        }
        for _ in range(int(place % 10 == 5))
    ]


def _dimension(rng: Random, place: int) -> Document:
    started = moments.day(rng, date(2016, 1, 1), 3000)
    return {
        "Area_code": 1 + place % 8,
        "Chain_code": 0,
        "Turnover_code": place % 5,
        "Employer_quantity_code": place % 4,
        "Customer_segment_code": 1 + place % 3,
        "Customer_abc": place % 3,
        "Mainbusiness_code": place % 7,
        "Branch_classification1": f"{43 + place % 4}",
        "Branch_classification2": "432" if place % 4 == 1 else None,
        "Branch_classification3": "4321" if place % 8 == 1 else None,
        "Customergroup_id": 1 + place % 3,
        "Business_activity_areacode": 0,
        "Customer_class_id": 1 + place % 3,
        "Customer_quality_system_bit": place % 9 == 0,
        "Customer_reference_bit": place % 5 == 0,
        "Customer_dimension_started": f"{started}T00:00:00",
        "Customer_dimension_turnover": float(rng.randrange(10, 9000) * 1000),
        "Customer_costcenter": f"{100 + place % 9}",
        "Customer_lta": "LTA-1" if place % 16 == 2 else None,
        "Customer_quality_system_name": "ISO 9001" if place % 9 == 0 else None,
        "Customer_reference_note": "Saa mainita" if place % 5 == 0 else "",
        "Transaction_type": place % 2,
    }


def _invoices(place: int, party: Party) -> Iterator[Document]:
    for turn in range(party.number % 4):
        rng = Random(f"lemonsoft invoice {party.number} {turn}")
        issued = moments.day(rng, date(2022, 1, 10), 1600)
        credit = turn == 2
        total = round(rng.uniform(80, 22_000), 2) * (-1 if credit else 1)
        yield {
            "date": f"{issued}T00:00:00",
            "due_date": f"{issued + timedelta(days=14)}T00:00:00",
            "total_sum": total,
            "currency_code": party.land.currency,
            "currency_rate": 1.0 if party.land.currency == "EUR" else 11.3,
            "state": ("Avoin", "Maksettu", "Hyvitetty")[turn % 3],
            "type": 1 if credit else 0,
            "invoice_method": place % 4,
            "invoiced_bit": True,
            "customer_number": FIRST_NUMBER + place,
            "delivery_customer_number": FIRST_NUMBER + place,
            "updated": f"{issued + timedelta(days=1)}T06:30:00",
            "rows": [{"id": rng.randrange(10**6), "product_code": "T-100", "amount": 1.0, "total": total}],
            "payments": [] if turn == 0 else [{"date": f"{issued + timedelta(days=12)}T00:00:00", "sum": total}],
        }
