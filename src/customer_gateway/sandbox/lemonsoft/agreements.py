"""Lemonsoft's agreements and their products, as embedded in a customer."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import TYPE_CHECKING, Final

from customer_gateway.sandbox import moments

if TYPE_CHECKING:
    from collections.abc import Callable

    from customer_gateway.sandbox.store import Document

_PRODUCTS: Final = (
    ("H-200", "Huoltokäynti", "kpl", 190.0),
    ("V-310", "Vuosihuolto", "kpl", 640.0),
    ("K-115", "Kalibrointi", "kpl", 88.5),
    ("L-900", "Laitevuokra", "kk", 129.0),
)


def agreements(place: int, party: int, customer_id: int, person_number: Callable[[], int]) -> list[Document]:
    """Return none, one or two agreements of a customer."""
    return [_agreement(place, party, turn, customer_id, person_number) for turn in range(place % 3)]


def _agreement(place: int, party: int, turn: int, customer_id: int, person_number: Callable[[], int]) -> Document:
    rng = Random(f"lemonsoft agreement {party} {turn}")
    key = 2001 + place * 3 + turn
    start = moments.day(rng, date(2019, 1, 1), 2200)
    end = start + timedelta(days=365 * rng.randrange(1, 5))
    leasing = turn == 1
    return {
        "products": [_product(rng, key, at) for at in range(1 + place % 2)],
        "id": key,
        "type": turn,
        "date": _day(start),
        "invoicing_customer": customer_id,
        "notes": "" if turn else "Sopimus allekirjoitettu sähköisesti",
        "period_length": 12,
        "description": ("Huoltosopimus", "Leasingsopimus")[turn % 2],
        "startdate": _day(start),
        "enddate": _day(end) if place % 5 else None,
        "checkdate": _day(end - timedelta(days=60)) if place % 5 else None,
        "install_date": _day(start + timedelta(days=9)),
        "invoiced_date": _day(start + timedelta(days=30)) if turn == 0 else None,
        "mark": f"M{key}",
        "invoice_text": "Sopimuslaskutus" if turn else None,
        "order_number": f"T-{rng.randrange(1000, 9999)}",
        "blocking": 0,
        "responsible_person": person_number(),
        "invoice_travelling_bit": place % 2 == 0,
        "auto_renew_bit": place % 4 != 0,
        "service_person_number": person_number(),
        "backup_service_person_number": person_number() if turn else None,
        "response_time": 24,
        "leasing_number": f"LS{key}" if leasing else None,
        "leasing_start_date": _day(start) if leasing else None,
        "leasing_end_date": _day(end) if leasing else None,
        "leasing_value": round(rng.uniform(2000, 9000), 2) if leasing else None,
        "leasing_end_value": 500.0 if leasing else None,
        "automation_weekday": 1,
        "automation_month": 1,
        "automation_markdate": "2026-01-01T00:00:00" if turn else None,
        "location": "Varasto 2" if place % 3 == 2 else None,
        "email": "huolto@sopimus.example" if turn else None,
        "phone": "+358 9 1234567" if turn else None,
        "no_charges": False,
        "travel_time_percent": 50.0,
        "master": 0,
        "balancing_period": 0,
        "balanced_date": "2025-12-31T00:00:00" if turn else None,
        "payment_term": 1 + place % 4,
        "based_charges": True,
        "no_crediting": False,
        "pricelist": 1,
        "show_included_amount": False,
    }


def _product(rng: Random, agreement: int, at: int) -> Document:
    code, description, unit, price = _PRODUCTS[(agreement + at) % len(_PRODUCTS)]
    amount = float(rng.randrange(1, 6))
    return {
        "agreement_product_id": agreement * 10 + at,
        "agreement_id": agreement,
        "product_code": code,
        "product_description": description,
        "product_description2": "sis. matkat" if at else None,
        "product_serialnumber": f"SN{rng.randrange(10**6):06d}" if at else None,
        "product_amount": amount,
        "product_unit": unit,
        "product_price": round(price * amount, 2),
        "product_type": 0,
        "product_unitprice": price,
        "product_discount": 0.0 if at else 5.0,
        "product_amount2": 0.0,
        "product_blocking": 0,
        "product_notes": "" if at else "Vain arkisin",
        "warranty_ends": "2028-12-31T00:00:00" if at else None,
        "product_sales_price": price,
        "service_interval": 12,
        "calibration_interval": 0,
        "product_project_id": 0,
        "product_project_phase_id": 0,
    }


def _day(of: date) -> str:
    return f"{of}T00:00:00"
