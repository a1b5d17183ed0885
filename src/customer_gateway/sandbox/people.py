"""The invented world behind the vendors: who exists, in which markets, and how each vendor spells it.

Everything comes from seeded generators, so that every process on every machine sees the same people. Which vendors
there are changes nobody's customers: parties depend on the markets alone, what a vendor makes of them on its own name.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from itertools import combinations, cycle
from random import Random
from typing import TYPE_CHECKING, Final

from customer_gateway.sandbox import identifiers
from customer_gateway.sandbox.names import COMPANY_WORDS, FINLAND, GERMANY, JOB_TITLES, SWEDEN, Land

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LANDS: Final = {"DE": GERMANY, "SE": SWEDEN, "FI": FINLAND}


@dataclass(frozen=True, slots=True)
class Market:
    """Where customers come from: the countries, each as often as it is met there; the first is where the seller is."""

    name: str
    countries: tuple[str, ...]


# The markets that share customers with each other by one plan. A vendor of another market finds its shared customers
# among theirs.
BUILDINGS: Final = Market("buildings", ("DE", "DE", "DE", "DE", "SE"))
DOMAINS: Final = Market("domains", ("DE", "DE", "SE", "FI"))
CRAFT: Final = Market("craft", ("SE", "SE", "SE", "SE", "FI"))
WHOLESALE: Final = Market("wholesale", ("FI", "FI", "FI", "FI", "SE"))
WEB_SHOPS: Final = Market("web shops", ("DE", "DE", "DE", "FI", "SE"))
_PLANNED: Final = (BUILDINGS, DOMAINS, CRAFT, WHOLESALE, WEB_SHOPS)

_KINDS: Final = ("company", "company", "company", "person", "company", "person", "company", "public")
_DOMAIN_LETTERS: Final = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "å": "a", "é": "e", " ": "-", "&": "und", "(": "", ")": "", ".": ""}
)


@dataclass(frozen=True, slots=True)
class Person:
    """Someone to talk to; phones in E.164."""

    first_name: str
    last_name: str
    female: bool
    job: str
    email: str
    phone: str
    mobile: str

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"


@dataclass(frozen=True, slots=True)
class Party:
    """One real-world customer. `kind` is company, person or public; phones in E.164; `core` is the name without form.

    `number` is its place in the world: the same party carries the same number in every system that knows it. It has the
    country, and the spelling, of the first of its markets.
    """

    number: int
    kind: str
    land: Land
    name: str
    core: str
    form: str
    street: str
    house_number: str
    second_line: str | None
    postal_code: str
    city: str
    region: str
    vat: str | None
    organisation_number: str | None
    phone: str
    mobile: str | None
    fax: str | None
    email: str | None
    billing_email: str | None
    website: str | None
    iban: str
    bic: str
    bank: str
    bank_code: str
    account_number: str
    people: tuple[Person, ...]
    markets: tuple[Market, ...]


@cache
def customers_of(vendor: str, market: Market, customers: int) -> tuple[Party, ...]:
    """Return the customers of one vendor in the order of its books, spelled its way; `customers` of them."""
    world = _world(customers)
    if market in _PLANNED:
        mine = [party for party in world if market in party.markets]
    else:
        mine = _found_by(vendor, market, customers, [party for party in world if len(party.markets) > 1])
    Random(f"order {vendor}").shuffle(mine)
    return tuple(_as_spelled_by(vendor, market, party) for party in mine)


def _found_by(vendor: str, market: Market, customers: int, shared: Sequence[Party]) -> list[Party]:
    """Return a third that others know, too, and two thirds that nobody else does, in numbers far from the others'."""
    rng = Random(f"customers {vendor}")
    known = rng.sample(shared, min(customers // 3, len(shared)))
    first = rng.randrange(10**6, 10**9)
    return known + [_party(first + place, (market,)) for place in range(customers - len(known))]


@cache
def strangers_of(vendor: str, market: Market, group: str, count: int) -> tuple[Party, ...]:
    """Return parties that no vendor has among its customers, in numbers far from theirs."""
    first = Random(f"strangers {vendor} {group}").randrange(10**6, 10**9)
    return tuple(_party(first + place, (market,)) for place in range(count))


@cache
def staff_of(vendor: str, market: Market, count: int = 24) -> tuple[Person, ...]:
    """Return the vendor's own users, no two of one name: who creates, owns and updates the customers."""
    rng = Random(f"staff {vendor}")
    land = LANDS[market.countries[0]]
    host = f"{vendor}-betrieb.example"
    staff: dict[str, Person] = {}
    while len(staff) < count:
        person = _person(rng, land, host, "Innendienst")
        staff.setdefault(person.email, person)
    return tuple(staff.values())


@cache
def _world(customers: int) -> tuple[Party, ...]:
    """Return every party of the planned markets, shared ones first: about a third of those of each market."""
    memberships = [*_shared(customers // 3)]
    for market in _PLANNED:
        known = sum(market in markets for markets in memberships)
        memberships += [(market,)] * (customers - known)
    return tuple(_party(number, markets) for number, markets in enumerate(memberships))


def _shared(quota: int) -> Iterator[tuple[Market, ...]]:
    """Return who shares a customer with whom, until every market has `quota` shared ones or no group fits any more."""
    left = dict.fromkeys(_PLANNED, quota)
    groups = [*combinations(_PLANNED, 2), *combinations(_PLANNED, 3), _PLANNED]
    idle = 0
    for group in cycle(groups):  # pragma: no branch - a cycle has no end, the return below leaves it
        fits = all(left[market] > 0 for market in group)
        idle = 0 if fits else idle + 1
        if fits:
            left.update({market: left[market] - 1 for market in group})
            yield group
        elif idle == len(groups):
            return


def _party(number: int, markets: tuple[Market, ...]) -> Party:
    rng = Random(f"party {number}")
    land = LANDS[rng.choice(markets[0].countries)]
    kind = rng.choice(_KINDS)
    city = rng.choice(land.cities)
    someone = _person(rng, land, rng.choice(land.mail_hosts), "")
    core, form = _name(rng, kind, land, city.name, someone)
    name = f"{core} {form}".strip()
    host = f"{core.lower().translate(_DOMAIN_LETTERS)}.example"
    organisation, vat = _registration(rng, land, number)
    bank, bic, bank_code = rng.choice(land.banks)
    account = f"{rng.randrange(10**9):010d}"
    private = kind == "person"
    return Party(
        number=number,
        kind=kind,
        land=land,
        name=name,
        core=core,
        form=form,
        street=rng.choice(land.streets),
        house_number=f"{rng.randrange(1, 140)}{rng.choice(('', '', '', 'a', 'b'))}",
        second_line=rng.choice(("Hinterhaus", "2. OG", "c/o Empfang", None, None, None, None, None)),
        postal_code=city.postal_prefix + f"{rng.randrange(10 ** (land.postal_digits - 3)):02d}",
        city=city.name,
        region=city.region,
        vat=None if private else vat,
        organisation_number=None if private else organisation,
        phone=f"+{land.dialling_code}{city.area_code}{rng.randrange(2_000_000, 9_000_000)}",
        mobile=_mobile(rng, land) if private or rng.random() < 0.4 else None,
        fax=None if private or rng.random() < 0.5 else _fax(rng, land, city.area_code),
        email=someone.email if private else f"{rng.choice(('info', 'kontakt', 'office', 'post'))}@{host}",
        billing_email=None if private or rng.random() < 0.4 else f"{rng.choice(('rechnung', 'faktura', 'ap'))}@{host}",
        website=None if private or rng.random() < 0.2 else f"https://www.{host}",
        iban=identifiers.iban(land.code, _national_account(land, bank_code, account)),
        bic=bic,
        bank=bank,
        bank_code=bank_code,
        account_number=account,
        people=(someone,)
        if private
        else tuple(_person(rng, land, host, rng.choice(JOB_TITLES)) for _ in range(1 + number % 3)),
        markets=markets,
    )


def _name(rng: Random, kind: str, land: Land, city: str, someone: Person) -> tuple[str, str]:
    if kind == "person":
        return someone.name, ""
    if kind == "public":
        return f"{rng.choice(land.public_bodies)} {city} {rng.choice(land.quarters)}", ""
    form = rng.choice(land.forms)[0]
    trade = rng.choice(land.trades)
    if rng.random() < 0.35:
        return f"{someone.last_name} {trade}", form
    return f"{rng.choice(COMPANY_WORDS)} {trade} {rng.choice(('', city, someone.last_name))}".strip(), form


def _person(rng: Random, land: Land, host: str, job: str) -> Person:
    female = rng.random() < 0.5
    first = rng.choice(land.female_names if female else land.male_names)
    last = rng.choice(land.last_names)
    local = ".".join(name.lower().translate(_DOMAIN_LETTERS) for name in (first, last))
    return Person(
        first_name=first,
        last_name=last,
        female=female,
        job=job,
        email=f"{local}@{host}",
        phone=f"+{land.dialling_code}{rng.choice(land.cities).area_code}{rng.randrange(2_000_000, 9_000_000)}",
        mobile=_mobile(rng, land),
    )


def _mobile(rng: Random, land: Land) -> str:
    digits = 8 if land is GERMANY else 7
    return f"+{land.dialling_code}{rng.choice(land.mobile_prefixes)}{rng.randrange(10 ** (digits - 1), 10**digits)}"


def _fax(rng: Random, land: Land, area_code: str) -> str:
    return f"+{land.dialling_code}{area_code}{rng.randrange(2_000_000, 9_000_000)}"


def _registration(rng: Random, land: Land, number: int) -> tuple[str | None, str]:
    """Organisation number and VAT id; one party in 29 has a typing error in the latter."""
    if land is GERMANY:
        organisation, vat = None, identifiers.german_vat(f"{rng.randrange(10_000_000, 99_999_999)}")
    elif land is SWEDEN:
        organisation = identifiers.swedish_organisation(f"556{rng.randrange(10**6):06d}")
        vat = identifiers.swedish_vat(organisation)
    else:
        organisation = identifiers.finnish_business_id(f"{rng.randrange(1_000_000, 2_900_000)}")
        vat = identifiers.finnish_vat(organisation)
    if number % 29 == 17:
        vat = identifiers.broken(vat) if land is GERMANY else f"{vat[:-3]}{vat[-1]}{vat[-2:]}"
    return organisation, vat


def _national_account(land: Land, bank_code: str, account: str) -> str:
    if land is GERMANY:
        return bank_code + account
    if land is SWEDEN:
        digits = bank_code + f"{account:0>16}"
        return digits + identifiers.luhn_digit(digits)
    digits = bank_code + account[-7:]
    return digits + identifiers.luhn_digit(digits)


def _as_spelled_by(vendor: str, market: Market, party: Party) -> Party:
    """Return the party as this vendor wrote it down: the first market has it as it is, the others differ a little."""
    broken_iban = party.number % 37 == 11
    party = replace(party, iban=identifiers.broken(party.iban)) if broken_iban else party
    if market == party.markets[0]:
        return party
    rng = Random(f"spelling {vendor} {party.number}")
    core = rng.choice(_CORE_SPELLINGS)(party.core)
    form = rng.choice(next((forms for forms in party.land.forms if party.form in forms), (party.form,)))
    written = f"{form} {core}" if form == "Oy" and rng.random() < 0.3 else f"{core} {form}"
    return replace(
        party,
        name=written.strip(),
        core=core,
        form=form,
        street=rng.choice((str, _short_street, _plain_letters))(party.street),
        vat=None if rng.random() < 0.25 else party.vat,
        email=rng.choice((party.email, party.email, party.billing_email, party.email and party.email.upper())),
        phone=party.phone if rng.random() < 0.7 else party.mobile or party.phone,
        people=party.people[: 1 + rng.randrange(len(party.people))],
    )


def _plain_letters(text: str) -> str:
    return text.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue").replace("ß", "ss").replace("å", "a")


def _short_street(text: str) -> str:
    return text.replace("straße", "str.").replace("Straße", "Str.").replace("gatan", "g.").replace("katu", "k.")


def _last_name_first(text: str) -> str:
    words = text.split(" ")
    return f"{words[-1]}, {' '.join(words[:-1])}" if len(words) == 2 else text


def _one_letter_missing(text: str) -> str:
    middle = len(text) // 2
    return text[:middle] + text[middle + 1 :]


def _hyphenated(text: str) -> str:
    return text.replace(" ", "-", 1)


_CORE_SPELLINGS: Final = (str, str, str, _plain_letters, str.upper, _last_name_first, _one_letter_missing, _hyphenated)
