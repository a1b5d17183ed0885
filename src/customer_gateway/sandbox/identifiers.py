"""VAT ids, organisation numbers and IBANs whose check digits are right, made from plain digits."""

from __future__ import annotations


def german_vat(digits: str) -> str:
    """Return `DE` and nine digits, from eight; the last is the ISO 7064 mod 11,10 check digit."""
    product = 10
    for digit in digits:
        product = (int(digit) + product) % 10 or 10
        product = product * 2 % 11
    return f"DE{digits}{(11 - product) % 10}"


def luhn_digit(digits: str) -> str:
    """Return the check digit that makes `digits` plus itself pass the Luhn test."""
    doubled = (int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return str(-sum(value - 9 if value > 9 else value for value in doubled) % 10)


def swedish_organisation(digits: str) -> str:
    """Return `NNNNNN-NNNC` from nine digits."""
    whole = digits + luhn_digit(digits)
    return f"{whole[:6]}-{whole[6:]}"


def swedish_vat(organisation: str) -> str:
    """Return `SE`, the organisation number without its dash, `01`."""
    return f"SE{organisation.replace('-', '')}01"


def finnish_business_id(digits: str) -> str:
    """Return `NNNNNNN-C` from seven digits; digits that have no check digit are moved on by one."""
    weights = (7, 9, 10, 5, 8, 4, 2)
    rest = sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11
    if rest == 1:
        return finnish_business_id(f"{int(digits) + 1:07d}")
    return f"{digits}-{0 if rest == 0 else 11 - rest}"


def finnish_vat(business_id: str) -> str:
    """Return `FI` and the business id without its dash."""
    return f"FI{business_id.replace('-', '')}"


def iban(country: str, account: str) -> str:
    """Return the IBAN of a national account number, with the mod 97 check digits."""
    numeric = "".join(str(int(character, 36)) for character in f"{account}{country}00")
    return f"{country}{98 - int(numeric) % 97:02d}{account}"


def broken(identifier: str) -> str:
    """Return the same with another last digit: what a typing error leaves behind."""
    return f"{identifier[:-1]}{(int(identifier[-1]) + 1) % 10}"
