"""The table of values as real installations send them: a row a kind (issue ids A1 to B10), a column a system.

A cell is a `Case` (what is sent, what is selected, what is told), a reason why the system cannot send such a thing, or
the name of a test elsewhere that asks it of that system.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from scripted import ANOTHER_ID, OBJECT_ID
from vendors import FACTS, VENDORS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROWS: Final = (*(f"A{number}" for number in range(1, 22)), *(f"B{number}" for number in range(1, 11)))
SYSTEMS: Final = tuple(FACTS)


@dataclass(frozen=True, slots=True)
class Case:
    """One document of one system: `sent` beside who the customer is, and what a query of `selection` answers.

    `states` are the provenance of fields. `notices` are fields that must be noticed; without any, `quiet` demands that
    nothing is. `customers` and `nodes` stand in where the list holds another number of them than one; with
    `failed` the list itself is null.
    """

    row: str
    system: str
    what: str
    sent: Mapping[str, Any]
    selection: str
    value: Any = None
    states: Mapping[str, str] = field(default_factory=dict[str, str])
    routes: Mapping[str, Any] = field(default_factory=dict[str, Any])
    codes: Sequence[str] = ()
    notices: Sequence[str] = ()
    quiet: bool = True
    customers: Sequence[Any] | None = None
    nodes: Any = None
    failed: bool = False

    def __str__(self) -> str:
        return f"{self.row}-{self.system}-{self.what}"


AS_SENT: Final = {system: facts.as_sent for system, facts in FACTS.items()}
PHONE: Final = {system: each.phone for system, each in AS_SENT.items()}
EMAIL: Final = {system: each.email for system, each in AS_SENT.items()}
NUMBER: Final = {system: each.number for system, each in AS_SENT.items()}
VAT: Final = {system: each.vat for system, each in AS_SENT.items()}
NAME: Final = {system: each.name for system, each in AS_SENT.items()}
OTHER_UNIT: Final = {each.kind.slug: 1751241600 * (1000 if each.kind.unix_seconds else 1) for each in VENDORS}
"""Unix time in seconds where the vendor has milliseconds, and the other way round."""
IDENTITY: Final = {system: facts.identity for system, facts in FACTS.items()}


ELSEWHERE: dict[tuple[str, str], tuple[str, ...]] = {}
REASONS: dict[tuple[str, str], str] = {}


def _cases() -> Iterator[Case]:
    yield from _integers_as_floats()
    yield from _phones_of_other_countries()
    yield from _countries()
    yield from _vat_numbers()
    yield from _one_for_many()
    yield from _dates()
    yield from _unreadable_values()
    yield from _states()
    yield from _types()
    yield from _several_addresses()
    yield from _ids_in_another_form()
    yield from _errors_under_200()
    yield from _rows_alone()
    yield from _siblings()
    yield from _contact_data()
    yield from _embedded_nouns()
    yield from _refused_parameters()
    yield from _code_lists()
    yield from _own_cases()


def _integers_as_floats() -> Iterator[Case]:
    for system in SYSTEMS:
        number = float(IDENTITY[system].get(NUMBER[system], 1050))
        yield Case("A1", system, "a number", {NUMBER[system]: number}, "number", {"number": f"{number:.0f}"})
        phone = {"phone": "8123456", "phones": [{"raw": "8123456"}]}
        yield Case("A1", system, "a phone", PHONE[system](8123456.0), "phone phones { raw }", phone, quiet=False)
    invoice = {"id": 1, "number": 77.0, "customer_number": 1050.0}
    yield Case(
        "A1",
        "lemonsoft",
        "a number that invoices are found by",
        {"number": 1050.0},
        "invoices(first: 5) { nodes { number } }",
        {"invoices": {"nodes": [{"number": "77"}]}},
        routes={"GET /api/invoices": [invoice]},
    )
    for name in ("changedby", "createdby"):
        user = "updater" if name == "changedby" else "creator"
        yield Case(
            "A1",
            "next",
            f"the key of {name}",
            {name: 15.0},
            f"{user} {{ key name }}",
            {user: {"key": "15", "name": "Kalle"}},
            {user: "VALUE"},
            routes={"GET /user/": [{"id": 15.0, "name": "Kalle"}]},
        )
        yield Case(
            "A1",
            "next",
            f"a key of another form in {name}",
            {name: "Kalle"},
            f"{user} {{ key }}",
            {user: None},
            {user: "UNREADABLE"},
            notices=[name],
        )
    yield Case(
        "A1",
        "next",
        "a contract's key of another form",
        {"frameworkcontractid": "K-7"},
        "agreements { id }",
        {"agreements": None},
        {"agreements": "FAILED"},
        codes=["UPSTREAM_BAD_RESPONSE"],
        notices=["frameworkcontractid"],
    )
    yield Case(
        "A1",
        "lemonsoft",
        "a responsible person as a float",
        {"person_responsible_number": 3.0},
        "owner { key name }",
        {"owner": {"key": "3", "name": "Aino"}},
        {"owner": "VALUE"},
        routes={"GET /api/persons/3": {"number": 3.0, "name": "Aino"}},
    )
    yield Case(
        "A1",
        "lemonsoft",
        "a person's number of another form",
        {"person_responsible_number": "Aino"},
        "owner { key }",
        {"owner": None},
        {"owner": "UNREADABLE"},
        notices=["person_responsible_number"],
    )
    yield Case(
        "A1",
        "lemonsoft",
        "a customer's number of another form",
        {"number": "K-1050"},
        "number invoices(first: 5) { nodes { number } }",
        {"number": "K-1050", "invoices": None},
        {"invoices": "FAILED", "number": "VALUE"},
        codes=["UPSTREAM_BAD_RESPONSE"],
        notices=["number"],
    )
    yield Case(
        "A1",
        "pland",
        "a user's key of another form",
        {"status": {"lastModifiedBy": 15.0}},
        "updater { key }",
        {"updater": None},
        {"updater": "UNREADABLE"},
        notices=["lastModifiedBy"],
    )
    yield Case(
        "A1",
        "pland",
        "a recipient's key of another form",
        {"invoiceRecipientId": "buero"},
        "billing { recipients { key } }",
        {"billing": {"recipients": None}},
        codes=["UPSTREAM_BAD_RESPONSE"],
        notices=["invoiceRecipientId"],
    )
    yield Case(
        "A1",
        "autodns",
        "a user's context as a float",
        {"owner": {"user": "anna", "context": 4.0}},
        "owner { key }",
        {"owner": {"key": "anna/4"}},
        {"owner": "VALUE"},
    )
    yield Case(
        "A1",
        "autodns",
        "a user without a context",
        {"owner": {"user": "anna", "context": "x"}},
        "owner { key }",
        {"owner": None},
        {"owner": "UNREADABLE"},
        notices=["owner"],
    )


def _phones_of_other_countries() -> Iterator[Case]:
    told = "phones { raw e164 }"
    for system in SYSTEMS:
        for country, raw, e164 in (
            ("FR", "06 12 34 56 78", "+33612345678"),
            ("Great Britain", "020 7946 0958", "+442079460958"),
            ("Atlantis", "020 7946 0958", None),
            ("Atlantis", "+44 20 7946 0958", "+442079460958"),
            ("DE", "492211234567", None),
        ):
            document, routes = AS_SENT[system].in_country(country)
            sent = {**document, **PHONE[system](raw)}
            value = {"phones": [{"raw": raw, "e164": e164}]}
            yield Case("A5", system, f"{raw} in {country}", sent, told, value, routes=routes, quiet=False)
    for system in SYSTEMS:
        raw, e164 = AS_SENT[system].phone_at_home
        value = {"phones": [{"raw": raw, "e164": e164}]}
        yield Case("A5", system, "no country is stated", PHONE[system](raw), told, value)


def _countries() -> Iterator[Case]:
    for system in SYSTEMS:
        for sent, code in (
            *(("Czech Republic", "CZ"), ("Turkey", "TR"), ("Great Britain", "GB"), ("The Netherlands", "NL")),
            *(("Oesterreich", "AT"), ("España", "ES"), ("Côte d'Ivoire", "CI"), ("EL", "GR"), ("XI", "GB")),
            *(("IC", None), ("EA", None), ("XK", None)),
        ):
            document, routes = AS_SENT[system].in_country(sent)
            value = {"address": {"country": sent, "countryCode": code}}
            known = code is not None
            yield Case(
                "A6",
                system,
                sent,
                document,
                "address { country countryCode }",
                value,
                routes=routes,
                quiet=known,
                notices=() if known else [AS_SENT[system].country],
            )


def _vat_numbers() -> Iterator[Case]:
    for system in SYSTEMS:
        for sent, compact in (
            *(("GR094259216", "EL094259216"), ("EL 094259216", "EL094259216")),
            *(("CHE-107.787.577 MWST", "CHE107787577"), ("CHE107787577TVA", "CHE107787577")),
            *(("CHE-107.787.577 IVA", "CHE107787577"), ("CHE-107.787.577", "CHE107787577")),
            *(("USt-IdNr. DE 136695976", "DE136695976"), ("VAT: DE136695976", "DE136695976")),
            *(("UID ATU13585627", "ATU13585627"), ("NO 974 760 673", "NO974760673MVA")),
        ):
            raw = {"vatNumber": compact}
            yield Case("A7", system, sent, {VAT[system]: sent}, "vatNumber", raw, {"vatNumber": "VALUE"})


def _one_for_many() -> Iterator[Case]:
    for contacts in ({"id": 5, "name": "Aino"}, [{"id": 5, "name": "Aino"}]):
        records = "records { ... on LemonsoftCustomer { contacts { name } } }"
        yield Case(
            "A8",
            "lemonsoft",
            f"contacts as {type(contacts).__name__}",
            {"contacts": contacts},
            f"contacts {{ name }} {records}",
            {"contacts": [{"name": "Aino"}], "records": [{"contacts": [{"name": "Aino"}]}]},
        )
    for kind in (dict, list):
        sepa = {"reference": "M-1"}
        contract = {"id": 5, "classification": "A"}
        yield Case(
            "A8",
            "autodns",
            f"a mandate as {kind.__name__}",
            {"sepa": sepa if kind is dict else [sepa]},
            "accounts { ... on SepaMandate { reference } } records { ... on AutodnsCustomer { sepa { reference } } }",
            {"accounts": [sepa], "records": [{"sepa": sepa}]},
        )
        yield Case(
            "A8",
            "autodns",
            f"contracts as {kind.__name__}",
            {"contracts": contract if kind is dict else [contract]},
            "agreements { type } records { ... on AutodnsCustomer { contracts { classification } } }",
            {"agreements": [{"type": "A"}], "records": [{"contracts": [{"classification": "A"}]}]},
        )
        yield Case(
            "A8",
            "autodns",
            f"comments as {kind.__name__}",
            {"comments": {"text": "hallo"} if kind is dict else [{"text": "hallo"}]},
            "notes",
            {"notes": ["hallo"]},
        )
        place = {"city": "Köln"}
        yield Case(
            "A8",
            "pland",
            f"an address as {kind.__name__}",
            {"address": place if kind is dict else [place]},
            "address { city } records { ... on PlandCustomer { address { city } } }",
            {"address": place, "records": [{"address": place}]},
        )
        mail = {"Id": 1, "TypeId": 1, "Value": "a@x.example"}
        yield Case(
            "A8",
            "billbee",
            f"contact data as {kind.__name__}",
            {"MetaData": mail if kind is dict else [mail], "DefaultPhone1": [{"Value": "040 36123456"}]},
            "emails { address } phone records { ... on BillbeeCustomer { metaData { value } } }",
            {
                "emails": [{"address": "a@x.example"}],
                "phone": "040 36123456",
                "records": [{"metaData": [{"value": "a@x.example"}]}],
            },
        )
    yield from _pages_of_one()


def _pages_of_one() -> Iterator[Case]:
    for system, facts in FACTS.items():
        row = {**facts.identity, NAME[system]: "A"}
        for what, route, body in facts.as_sent.lone_row(row):
            told = {"name": "A", "records": [{"key": facts.key, "raw": row}]}
            routes = {route: body, f"{route}/base": body}
            yield Case("A8", system, what, {}, "name records { key raw }", told, routes=routes)
    failed = {"status": [{"type": "ERROR"}], "data": []}
    yield Case(
        "A3",
        "autodns",
        "an error in a list",
        {},
        "name",
        routes={"POST /customer/_search": failed},
        codes=["UPSTREAM_BAD_RESPONSE"],
        quiet=False,
        failed=True,
    )


def _dates() -> Iterator[Case]:
    for system, wrapped in ((system, each.created) for system, each in AS_SENT.items() if each.created):
        moments = {"2025-06-30": AS_SENT[system].first_hour, "9999-12-31": "9999-12-31T23:59:59Z"}
        for sent, told, state in (
            ("20250630", "2025-06-30", "VALUE"),
            (OTHER_UNIT[system], None, "UNREADABLE"),
            (0, None, "UNREADABLE"),
            ("0001-01-01T00:00:00", None, "EMPTY"),
            ("0001-01-01", None, "EMPTY"),
            ("1900-01-01T00:00:00", None, "UNREADABLE"),
            ("0000-00-00", None, "UNREADABLE"),
            ("9999-12-31T23:59:59Z", "9999-12-31", "VALUE"),
        ):
            document, name = wrapped(sent)
            moment = None if told is None else moments[told]
            yield Case(
                "A12",
                system,
                f"created {sent}",
                document,
                "createdAt",
                {"createdAt": moment},
                {"createdAt": state},
                notices=[name] if state == "UNREADABLE" else (),
            )
    invoice = {"id": 1, "customer_number": 1050, "date": "20250630", "due_date": "0001-01-01T00:00:00"}
    yield Case(
        "A12",
        "lemonsoft",
        "days of an invoice",
        {},
        "invoices(first: 5) { nodes { date dueDate } }",
        {"invoices": {"nodes": [{"date": "2025-06-30", "dueDate": None}]}},
        routes={"GET /api/invoices": [invoice]},
    )
    for sent, status, state in (
        ("0001-01-01T00:00:00", "ACTIVE", "VALUE"),
        ("20250630", "ARCHIVED", "VALUE"),
        (0, None, "UNREADABLE"),
    ):
        yield Case(
            "A12",
            "billbee",
            f"archived {sent}",
            {"ArchivedAt": sent},
            "status",
            {"status": status},
            {"status": state},
            notices=["ArchivedAt"] if state == "UNREADABLE" else (),
        )


def _unreadable_values() -> Iterator[Case]:
    for system in SYSTEMS:
        for name, vendor in (("name", NAME[system]), ("vatNumber", VAT[system])):
            yield Case(
                "A13",
                system,
                f"an object for {name}",
                {vendor: {"de": "A"}},
                name,
                {name: None},
                {name: "UNREADABLE"},
                notices=[vendor],
            )
            yield Case("A13", system, f"null for {name}", {vendor: None}, name, {name: None}, {name: "EMPTY"})
            yield Case("A13", system, f"a blank {name}", {vendor: " "}, name, {name: None}, {name: "EMPTY"})
    for system, (sent, name, unified) in ((name, each.unreadable) for name, each in AS_SENT.items() if each.unreadable):
        selection = {"contacts": "contacts { name }", "address": "address { city }"}.get(unified, unified)
        empty: Any = [] if unified == "contacts" else None
        yield Case(
            "A13",
            system,
            f"an unreadable {unified}",
            sent,
            selection,
            {unified: empty},
            {unified: "UNREADABLE"},
            notices=[name],
        )
    row = {"Id": 3, "CustomerId": 7, "AddressType": 1, "Company": {"de": "A"}, "City": "X"}
    yield Case(
        "A13",
        "billbee",
        "an unreadable field of the address",
        {},
        "organization address { city }",
        {"organization": None, "address": {"city": "X"}},
        {"organization": "UNREADABLE", "address": "VALUE"},
        routes={"GET /customers/7/addresses": [row], "GET /customer-addresses": [row]},
        notices=["Company"],
    )


def _states() -> Iterator[Case]:
    def case(system: str, what: str, sent: Mapping[str, Any], status: str | None, *notices: str) -> Case:
        state = "UNREADABLE" if status is None else "VALUE"
        return Case("A14", system, what, sent, "status", {"status": status}, {"status": state}, notices=notices)

    for sent in (-1, "Y", "TRUE", 1.0, "1.0", True):
        yield case("lemonsoft", f"inactive {sent!r}", {"is_nonactive": sent}, "INACTIVE")
        yield case("autodns", f"locked {sent!r}", {"locked": sent}, "LOCKED")
        yield case("autodns", f"pending {sent!r}", {"locked": False, "pending": sent}, "PENDING")
        yield case("next", f"active {sent!r}", {"active": sent}, "ACTIVE")
    for sent in (0, "N", "FALSE", 0.0, "0.0", None):
        yield case("lemonsoft", f"inactive {sent!r}", {"is_nonactive": sent}, "ACTIVE")
    yield case("next", "active 'N'", {"active": "N"}, "INACTIVE")
    for system, name in (
        ("lemonsoft", "is_nonactive"),
        ("autodns", "locked"),
        ("autodns", "pending"),
        ("next", "active"),
    ):
        yield case(system, f"{name} vielleicht", {name: "vielleicht"}, None, name)
    for sent, status in ((1.0, "ACTIVE"), ("1.0", "ACTIVE"), ("1", "ACTIVE"), (0, "INACTIVE"), (2.0, "INACTIVE")):
        yield case("pland", f"status {sent!r}", {"status": {"status": sent}}, status)
    yield case("pland", "status 9", {"status": {"status": 9}}, None, "status")
    yield case("pland", "status as an object", {"status": {"status": {"is": 1}}}, None, "status")
    for archived, restored, status in (
        ("0001-01-01T00:00:00", None, "ACTIVE"),
        ("2026-02-03T07:00:00", None, "ARCHIVED"),
        ("2026-02-03T07:00:00", "2026-02-04T07:00:00", "ACTIVE"),
        ("2026-02-03T07:00:00", "2026-02-02T07:00:00", "ARCHIVED"),
        ("2026-02-03T07:00:00", "0001-01-01T00:00:00", "ARCHIVED"),
    ):
        sent = {"ArchivedAt": archived, "RestoredAt": restored}
        yield case("billbee", f"archived {archived} restored {restored}", sent, status)
    yield case("billbee", "archived gestern", {"ArchivedAt": "gestern"}, None, "ArchivedAt")
    yield Case(
        "A14",
        "next",
        "a private person vielleicht",
        {"privateperson": "vielleicht"},
        "kind",
        {"kind": None},
        {"kind": "UNREADABLE"},
        notices=["privateperson"],
    )


def _types() -> Iterator[Case]:
    yield Case(
        "A15",
        "lemonsoft",
        "a response time of half an hour",
        {"agreements": [{"id": 1, "response_time": 4.5}]},
        "records { ... on LemonsoftCustomer { agreements { responseTime } } }",
        {"records": [{"agreements": [{"responseTime": "4.5"}]}]},
    )
    for system in set(SYSTEMS) - {"lemonsoft"}:
        ELSEWHERE["A15", system] = (_TYPES,)


_TYPES: Final = "systems/test_contract.py::test_a_field_of_several_record_types_has_one_integer_type"


def _several_addresses() -> Iterator[Case]:
    for system in SYSTEMS:
        for what, sent in (
            ("two addresses in one field", " a@x.example; B@y.example ,A@X.example"),
            ("addresses parted by a slash", "a@x.example/B@y.example"),
            ("addresses behind names", "Anna Schmidt <a@x.example>, Bo<B@y.example>"),
            ("addresses of links", "mailto:a@x.example?subject=Hallo;MAILTO:B@y.example"),
        ):
            addresses = [{"address": each, "purpose": "GENERAL"} for each in ("a@x.example", "B@y.example")]
            value = {"email": "a@x.example", "emails": addresses}
            yield Case("A19", system, what, EMAIL[system](sent), "email emails { address purpose }", value)
    for sent in ("mailto:a@x.example", "<a@x.example>", "a@x.example/b@x.example"):
        yield Case(
            "A19",
            "pland",
            f"{sent} of a contact",
            {},
            "contacts { email }",
            {"contacts": [{"email": "a@x.example"}]},
            routes={"GET /contacts/": [{"_id": ANOTHER_ID, "customerId": OBJECT_ID, "email": sent}]},
        )
    for system in SYSTEMS:
        whole = {"email": "Anna a@x.example", "emails": [{"address": "Anna a@x.example"}]}
        sent = EMAIL[system]("Anna a@x.example")
        yield Case("A19", system, "an address that is not clear", sent, "email emails { address }", whole)


def _ids_in_another_form() -> Iterator[Case]:
    for system, odd, key in ((name, *odd) for name, each in AS_SENT.items() for odd in each.odd_ids):
        name = next(iter(IDENTITY[system]))
        row = {**IDENTITY[system], name: odd, NAME[system]: "B"}
        first: dict[str, Any] = {"name": "A", "records": [{"key": FACTS[system].key}]}
        yield Case(
            "A20",
            system,
            f"{name} {odd!r}",
            {},
            "name records { key }",
            customers=[{**IDENTITY[system], NAME[system]: "A"}, row],
            nodes=[first, {"name": "B", "records": [{"key": key}]}],
            quiet=False,
        )
        for what, none in (("an object", {"of": 1}), ("nothing", None)):
            yield Case(
                "A20",
                system,
                f"{name} {odd!r} beside {what} for an id",
                {},
                "name records { key }",
                customers=[{name: none, NAME[system]: "X"}, {**IDENTITY[system], NAME[system]: "A"}, row],
                nodes=[first, {"name": "B", "records": [{"key": key}]}],
                notices=[name],
            )


def _contact_data() -> Iterator[Case]:
    data = [
        {"Id": 1, "TypeId": 2, "TypeName": "Phone", "Value": "040 36123456"},
        {"Id": 2, "TypeId": 4, "Value": "040 36123457"},
        {"Id": 3, "TypeId": 3, "TypeName": "Fax", "Value": "040 36123458"},
        {"Id": 4, "TypeId": 2, "SubType": "mobile", "Value": "0151 23456789"},
        {"Id": 5, "TypeId": 1, "Value": "a@x.example"},
        {"Id": 6, "TypeId": 2.0, "TypeName": "Phone", "Value": "040 36123456"},
    ]
    yield Case(
        "A21",
        "billbee",
        "numbers in contact data alone",
        {"Tel2": "040 36123456", "MetaData": data},
        "phones { raw kind } emails { address }",
        {
            "phones": [
                {"raw": "040 36123456", "kind": "PHONE"},
                {"raw": "040 36123457", "kind": "PHONE"},
                {"raw": "040 36123458", "kind": "FAX"},
                {"raw": "0151 23456789", "kind": "MOBILE"},
            ],
            "emails": [{"address": "a@x.example"}],
        },
    )
    for system in set(SYSTEMS) - {"billbee"}:
        REASONS["A21", system] = "it has no list of contact data beside its own fields"


def _embedded_nouns() -> Iterator[Case]:
    people = [{"name": "Anna", "lastName": "Anna", "id": 0}, {"name": "Anna", "lastName": "Anna", "id": 0}]
    for system in ("autodns", "lemonsoft"):
        selection, value = "contacts { name }", {"contacts": [{"name": "Anna"}, {"name": "Anna"}]}
        yield Case("A2", system, "two equal contacts with the id 0", {"contacts": people}, selection, value)
        ELSEWHERE["A2", system] = (
            "stories/test_nodes.py::test_nouns_that_have_no_id_or_share_one_are_all_there_and_found_again",
        )
    REASONS["A2", "pland"] = "no noun is embedded in its customers: each has a list of its own, with ids"
    REASONS["A2", "next"] = "the bank account alone is embedded, one a customer and without an id by design"
    REASONS["A2", "billbee"] = "it has no contacts, accounts or contracts, and its orders are a list with ids"


def _refused_parameters() -> Iterator[Case]:
    ELSEWHERE["A4", "autodns"] = (
        "systems/autodns/test_accepted.py::test_a_refusal_that_names_a_key_costs_that_key_alone",
    )
    ELSEWHERE["A4", "next"] = (
        "systems/next/test_active.py::test_a_list_that_refuses_active_is_asked_without_it_from_then_on",
    )
    REASONS["A4", "pland"] = "without its one inferred parameter, the sort, pages lose rows: the refusal is told"
    REASONS["A4", "lemonsoft"] = "its framework passes over parameters that it does not know: none is refused"
    REASONS["A4", "billbee"] = "all the parameters that it is sent, page and pageSize, are published"
    yield from ()


_TERM: Final = {"number": 14, "description": "14 days net"}


def _code_lists() -> Iterator[Case]:
    failed = ("stories/test_code_lists.py::test_a_failed_code_list_is_one_error_at_the_first_row_that_needed_it",)
    terms: Sequence[tuple[str, Any]] = (
        ("trimmed", [{"_id": f" {OBJECT_ID}", "description": "14 Tage"}]),
        ("alone", {"data": {"_id": OBJECT_ID, "description": "14 Tage"}}),
    )
    for what, rows in terms:
        yield Case(
            "A16",
            "pland",
            f"a payment term {what}",
            {"paymentTermId": f"{OBJECT_ID} "},
            "billing { paymentTerms }",
            {"billing": {"paymentTerms": "14 Tage"}},
            routes={"GET /paymentTerms/": rows},
        )
    yield Case(
        "A16",
        "next",
        "a user by a key with zeros before it",
        {"changedby": "015"},
        "updater { key name }",
        {"updater": {"key": "15", "name": "Kalle"}},
        routes={"GET /user/": [{"id": 15, "name": "Kalle"}]},
    )
    yield Case(
        "A16",
        "next",
        "a type of customer and a user trimmed",
        {"customertypename": " Government ", "changedby": " 15 "},
        "kind updater { name }",
        {"kind": "PUBLIC", "updater": {"name": "Kalle"}},
        routes={"GET /user/": [{"id": " 15", "name": "Kalle"}]},
    )
    for sent in (" 14", "14 ", "014"):
        yield Case(
            "A16",
            "lemonsoft",
            f"a payment term {sent!r} of both sides",
            {"payment_term_number": sent},
            "billing { paymentTerms }",
            {"billing": {"paymentTerms": "14 days net"}},
            routes={"GET /api/codelist/payment_term": [{"number": f" {sent} ", "description": "14 days net"}]},
        )
    for what, rows in (("bare", _TERM), ("in its envelope", {"results": _TERM})):
        yield Case(
            "A16",
            "lemonsoft",
            f"the only payment term {what}",
            {"payment_term_number": 14, "invoice_method_id": 14},
            "billing { paymentTerms invoiceDelivery }",
            {"billing": {"paymentTerms": "14 days net", "invoiceDelivery": "14 days net"}},
            routes={"GET /api/codelist/payment_term": rows, "GET /api/codelist/description": rows},
        )
    for keyed in ({"number": 14}, {"id": 14}, {"number": "14", "id": 3}, {"number": 14.0}):
        yield Case(
            "A16",
            "lemonsoft",
            f"a payment term with {' and '.join(f'{name} {value!r}' for name, value in keyed.items())}",
            {"payment_term_number": 14},
            "billing { paymentTerms }",
            {"billing": {"paymentTerms": "14 days net"}},
            routes={"GET /api/codelist/payment_term": [{**keyed, "description": "14 days net"}]},
        )
    ELSEWHERE["A16", "lemonsoft"] = ELSEWHERE["A16", "pland"] = failed
    REASONS["A16", "autodns"] = "it tells terms and ways of payment in words, without a list of codes"
    REASONS["A16", "billbee"] = "no unified field is told by one of its lists of codes"


def _own_cases() -> Iterator[Case]:
    """What the facts of a vendor say of it alone."""
    for system, facts in AS_SENT.items():
        yield from (Case(system=system, **each) for each in facts.cases)
        ELSEWHERE.update({(row, system): tuple(tests) for row, tests in facts.elsewhere.items()})
        REASONS.update({(row, system): reason for row, reason in facts.reasons.items()})


def _rows_alone() -> Iterator[Case]:
    """A page of nothing but a row without an id: what follows it can still be reached."""
    for system in SYSTEMS:
        name = next(iter(IDENTITY[system]))
        rows = [{NAME[system]: "X"}]
        yield Case("A20", system, "a lone row without an id", {}, "name", customers=rows, nodes=[], notices=[name])


def _siblings() -> Iterator[Case]:
    """What a reading with fresh eyes found beside the examples of the rows."""
    invoices = "invoices(first: 5) { nodes { number } }"
    of_pland = {"_id": OBJECT_ID, "documentNumber": "R1", "documentType": "INVOICE"}
    bills: Sequence[tuple[str, str, dict[str, Any], list[dict[str, str]]]] = (
        ("next", "GET /invoice/", {"id": 1, "invoiceno": "R1"}, [{"number": "R1"}]),
        ("next", "GET /invoice/", {"id": 1, "invoiceno": "R1", "customerid": 8}, []),
        ("autodns", "POST /invoice/_search", {"id": 1, "number": "R1"}, [{"number": "R1"}]),
        ("pland", "GET /invoices/", of_pland, [{"number": "R1"}]),
    )
    for system, route, row, nodes in bills:
        what = "an invoice of another" if "customerid" in row else "an invoice of nobody"
        value = {"invoices": {"nodes": nodes}}
        yield Case("A13", system, what, {}, invoices, value, routes={route: [row]}, quiet=False)
    yield Case(
        "A13",
        "pland",
        "an invoice of an unknown kind",
        {},
        invoices,
        {"invoices": {"nodes": []}},
        routes={"GET /invoices/": [{"_id": OBJECT_ID, "documentType": "bill"}]},
        notices=["documentType"],
    )
    yield Case(
        "A13",
        "next",
        "a type of customer that is no text",
        {"customertypename": {"id": 1}},
        "kind",
        {"kind": None},
        {"kind": "UNREADABLE"},
        notices=["customertypename"],
    )
    for system, hour in (("next", 23), ("lemonsoft", 22)):
        yield Case(
            "A12",
            system,
            "never, without a zone",
            {"created": "9999-12-31T00:00:00"},
            "createdAt",
            {"createdAt": f"9999-12-30T{hour}:00:00Z"},
            {"createdAt": "VALUE"},
        )
    yield Case(
        "A1",
        "lemonsoft",
        "a limit of which digits were lost",
        {"creditlimit": 123456789012345678901234567890},
        "billing { creditLimit }",
        {"billing": {"creditLimit": None}},
        notices=["creditlimit"],
    )
    yield Case(
        "A1",
        "autodns",
        "a user's name as a float",
        {"owner": {"user": 15.0, "context": 4}},
        "owner { key name }",
        {"owner": {"key": "15/4", "name": "15"}},
    )
    yield Case("A8", "autodns", "a comment as a text", {"comments": "hallo"}, "notes", {"notes": ["hallo"]})
    yield Case("A14", "autodns", "a type in small letters", {"type": "organization"}, "kind", {"kind": "COMPANY"})
    odd = {"countrycode": "XX", "billaddress6": "Sverige", "phone": "08-123 456 78"}
    yield Case(
        "A5",
        "next",
        "a code that is none beside a name",
        odd,
        "phones { e164 }",
        {"phones": [{"e164": "+46812345678"}]},
        quiet=False,
    )


def _errors_under_200() -> Iterator[Case]:
    for system, what, route, body in ((name, *each) for name, facts in AS_SENT.items() for each in facts.failed):
        routes = {route: body, f"{route}/base": body}
        codes = ["UPSTREAM_BAD_RESPONSE"]
        yield Case("A3", system, what, {}, "name", routes=routes, codes=codes, quiet=False, failed=True)


_PAGES: Final = "stories/test_odd_pages.py::"
_CAPPED: Final = "stories/test_capped_pages.py::"
_FAULTS: Final = "stories/test_our_faults.py::"
_EVERYWHERE: Final[Mapping[str, tuple[str, ...]]] = {
    "A9": (
        "stories/test_garbled_text.py::test_half_a_character_costs_one_character_and_a_bom_nothing",
        "stories/test_garbled_text.py::test_bytes_that_are_no_utf_8_cost_the_request_that_asked_for_them",
        "http/test_requests.py::test_half_a_character_is_a_400_that_says_so",
    ),
    "A10": (
        f"{_PAGES}test_a_count_below_the_rows_costs_the_total_alone_and_the_cursors_go_on_to_the_last",
        f"{_PAGES}test_an_empty_page_that_tells_of_more_is_an_error_that_may_pass",
        f"{_PAGES}test_a_count_beside_no_rows_at_all_is_not_told",
    ),
    "A11": (
        f"{_CAPPED}test_customers_walked_from_anywhere_through_any_cap_are_those_that_follow_once",
        f"{_CAPPED}test_every_noun_of_a_page_through_any_cap_is_there_once_cold_and_warm",
        f"{_CAPPED}test_nodes_by_their_ids_through_any_cap_are_all_found",
    ),
    "A18": ("stories/test_raw.py::test_raw_is_what_the_system_sent_to_the_letter",),
    "B1": (
        "stories/test_empty_answers.py::test_an_empty_answer_of_any_path_is_a_bad_response_of_its_system",
        f"{_FAULTS}test_a_mistake_in_a_reader_or_finder_costs_its_field_only",
        f"{_FAULTS}test_a_mistake_in_a_route_costs_what_it_reads",
        f"{_FAULTS}test_a_mistake_in_reading_a_list_costs_that_list_only",
    ),
    "B3": (
        "wire/test_answers.py::test_plain_json_is_read_whatever_coding_it_claims",
        "wire/test_retry.py::test_a_wait_that_is_over_already_still_is_a_little_one",
    ),
    "B4": (
        "wire/test_certificates.py::test_a_certificate_that_an_authority_of_ones_own_has_signed_is_trusted",
        "wire/test_certificates.py::test_a_certificate_that_is_an_authority_is_told_with_how_to_make_a_right_one",
        "cli/test_doctor.py::test_every_noun_and_code_list_is_asked_and_of_one_customer",
    ),
    "B5": ("stories/test_nodes.py::test_a_system_that_is_not_configured_is_named_in_the_refusal",),
    "B6": ("stories/test_reachable.py::test_a_system_that_breaks_and_is_mended_is_told_so_at_once",),
    "B7": (
        "api/test_engine.py::test_a_misspelt_name_is_told_with_the_right_one",
        "api/test_query.py::test_wrong_names_of_systems_are_refused_before_anything_is_read",
        "http/test_connection.py::test_an_offer_of_a_websocket_is_told_that_there_is_none",
    ),
    "B8": (
        "http/test_graphiql.py::test_a_window_of_1400_pixels_shows_each_example_whole_in_a_tab_of_its_own",
        "stories/test_records.py::test_systems_and_records_have_ids_that_no_other_has_under_which_clients_can_keep_them",
    ),
    "B10": (
        "server/test_supervisor.py::test_the_health_check_of_the_image_asks_where_the_gateway_listens",
        "cli/test_commands.py::test_ports_that_there_are_not_are_told_with_those_there_are",
        "wire/test_transport.py::test_no_way_of_writing_this_machine_asks_a_proxy",
    ),
}
"""Rows that one test, or one of several, asks of every system alike."""


def _elsewhere() -> None:
    for row, tests in _EVERYWHERE.items():
        ELSEWHERE.update(dict.fromkeys(((row, system) for system in SYSTEMS), tests))
    sessions = ("systems/test_lost_sessions.py::test_a_lost_session_costs_a_new_login_and_nothing_else",)
    ELSEWHERE["A17", "lemonsoft"] = ELSEWHERE["A17", "pland"] = sessions
    for system in ("autodns", "next", "billbee"):
        REASONS["A17", system] = "its credentials are sent with every call, so there is no session to lose"
    ELSEWHERE["B2", "lemonsoft"] = ("systems/test_fewest_calls.py::test_a_row_that_fails_costs_no_other_of_the_batch",)
    ELSEWHERE["B2", "billbee"] = (
        "systems/billbee/test_lists.py::test_one_customer_whose_read_fails_costs_itself_alone",
    )
    ELSEWHERE["B2", "pland"] = ELSEWHERE["B2", "autodns"] = (
        "work/test_batcher.py::test_a_route_may_fail_for_single_keys",
    )
    REASONS["B2", "next"] = "none of its routes is asked one key at a time: every look-up takes many"
    for system in SYSTEMS:
        REASONS["B9", system] = "the versions of Python are tried by hand, as the closing note of the change says"


_elsewhere()
CASES: Final = tuple(case for case in _cases() if case.system in SYSTEMS)
for table in (REASONS, ELSEWHERE):
    for cell in [cell for cell in table if cell[1] not in SYSTEMS]:
        del table[cell]
