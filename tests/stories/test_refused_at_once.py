"""All that is refused of a mutation is told in one answer, each with its path; nothing is sent but the reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
from named_callers import NamedKeys
from stories.test_writes import UPDATE, WRITTEN, first_customer, update, writing_gateway

from customer_gateway.http.callers.authenticator import Authenticator
from customer_gateway.model.callers import Rights
from customer_gateway.model.ids import encode_id

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from customer_gateway.sandbox import Sandbox

pytestmark = pytest.mark.anyio

STRANGER: Final = encode_id("User", "elsewhere", "7")
LONG: Final = "x" * 300

_ADDRESS: Final = dict.fromkeys(("street", "postalCode", "city", "state", "countryCode"))
PATCHES: Final[Mapping[str, Mapping[str, Any]]] = {
    "pland": {
        "name": None,
        "fax": "+49 221 7654322",
        "vatNumber": "DE1",
        "email": "nobody",
        "phone": "12",
        "address": _ADDRESS,
        "website": None,
        "notes": {"set": ["a"], "add": ["b"]},
        "billing": {"recipientIds": [encode_id("User", "pland", "a" * 24)], "paymentTermsId": "c" * 24},
        "pland": {"contact": {"email": "no"}, "number": None},
        "ownerId": STRANGER,
    },
    "autodns": {
        "name": LONG,
        "firstName": None,
        "mobile": "+49 171 7654321",
        "vatNumber": "DE1",
        "phone": "12",
        "currency": "gold",
        "address": {"city": None, "state": None, "countryCode": "Atlantis"},
        "billing": {"recipientIds": [encode_id("User", "autodns", "nobody/4")], "creditLimit": None},
        **dict.fromkeys(("organization", "title", "gender", "website")),
        "autodns": {"organization": "x", "pin": None, "sepa": {"iban": "DE0"}},
        "ownerId": STRANGER,
    },
    "next": {
        "name": LONG,
        "firstName": "Änne",
        "vatNumber": "DE1",
        "email": "nobody",
        "currency": "XTS",
        "billing": {"paymentTermsId": "4711", "taxable": False},
        **dict.fromkeys(("number", "organizationNumber", "mobile", "fax", "website", "externalId")),
        "next": {"active": None, "constructioncompany": True, "iban": "DE0", "customertypeid": 4711},
        "ownerId": STRANGER,
    },
    "lemonsoft": {
        "name": None,
        "firstName": "Änne",
        "vatNumber": "DE1",
        "language": "klingon",
        "address": {"street": None, "postalCode": None, "city": None, "country": "Atlantis"},
        "billing": {"paymentTermsId": "4711", "creditLimit": None},
        **dict.fromkeys(("website", "fax")),
        "notes": {"set": ["a"], "remove": ["b"]},
        "lemonsoft": {"number": None, "currencyCode": "gold", "phone": "12"},
        "ownerId": encode_id("User", "lemonsoft", "4711"),
    },
    "billbee": {
        "number": None,
        "title": "Dr.",
        "vatNumber": "DE1",
        "phone": "12",
        "address": {"street": None, "city": None, "country": "Atlantis"},
        **dict.fromkeys(("name", "firstName", "lastName", "organization")),
        "emails": {"set": [{"address": "no", "purpose": "GENERAL"}]},
        "billbee": {"name": "x", "tel2": "12", "defaultFax": {"typeId": None}},
        "ownerId": STRANGER,
    },
    "fjord": {},
}
"""For each system what of it is refused in every way that can be known before sending; more than five clears each."""
REFUSED: Final[Mapping[str, Mapping[str, set[str]]]] = {
    "pland": {
        "EXCLUSIVE": {"patch.notes"},
        "INVALID": {
            *("patch", "patch.ownerId", "patch.vatNumber", "patch.email", "patch.phone"),
            *("patch.billing.recipientIds", "patch.billing.paymentTermsId", "patch.pland.contact.email"),
        },
        "NOT_WRITABLE": {"patch.fax", "patch.notes"},
        "REQUIRED": {"patch.name", "patch.pland.number"},
        "VERSION_REQUIRED": {"expectedVersion"},
    },
    "autodns": {
        "EXCLUSIVE": {"patch.autodns.organization"},
        "INVALID": {
            *("patch", "patch.ownerId", "patch.vatNumber", "patch.phone", "patch.currency"),
            *("patch.address.countryCode", "patch.billing.recipientIds", "patch.autodns.sepa.iban"),
        },
        "NOT_WRITABLE": {"patch.mobile"},
        "REQUIRED": {"patch.firstName", "patch.address.city", "patch.autodns.pin"},
        "TOO_LONG": {"patch.name"},
        "VERSION_REQUIRED": {"expectedVersion"},
    },
    "next": {
        "EXCLUSIVE": {"patch.billing.taxable"},
        "INVALID": {
            *("patch", "patch.ownerId", "patch.vatNumber", "patch.email", "patch.currency"),
            *("patch.billing.paymentTermsId", "patch.next.customertypeid", "patch.next.iban"),
        },
        "NOT_WRITABLE": {"patch.firstName"},
        "REQUIRED": {"patch.next.active"},
        "TOO_LONG": {"patch.name"},
        "VERSION_REQUIRED": {"expectedVersion"},
    },
    "lemonsoft": {
        "EXCLUSIVE": {"patch.notes"},
        "INVALID": {
            *("patch", "patch.ownerId", "patch.vatNumber", "patch.language", "patch.address.country"),
            *("patch.billing.paymentTermsId", "patch.lemonsoft.currencyCode", "patch.lemonsoft.phone"),
        },
        "NOT_WRITABLE": {"patch.firstName"},
        "REQUIRED": {"patch.name", "patch.lemonsoft.number"},
        "VERSION_REQUIRED": {"expectedVersion"},
    },
    "billbee": {
        "EXCLUSIVE": {"patch.billbee.name"},
        "INVALID": {
            *("patch", "patch.ownerId", "patch.vatNumber", "patch.phone", "patch.emails", "patch.address.country"),
            "patch.billbee.tel2",
        },
        "NOT_WRITABLE": {"patch.title"},
        "REQUIRED": {"patch.number", "patch.billbee.defaultFax.typeId"},
        "VERSION_REQUIRED": {"expectedVersion"},
    },
    "fjord": {},
}
"""The paths that are refused, by the code."""


@pytest.mark.parametrize("system", WRITTEN)
async def test_all_refusals_are_told_at_once_and_nothing_is_sent_but_reads(
    system: str, box: Sandbox, tmp_path: Path
) -> None:
    before = box.vendors[system].customers.bodies()
    async with writing_gateway(box, tmp_path) as gateway:
        customer = await first_customer(gateway, system)
        gateway.forget_calls()

        done = await update(gateway, id=customer["id"], patch=PATCHES[system])

    found: dict[str, set[str]] = {}
    for each in done["userErrors"]:
        found.setdefault(each["code"], set()).add(".".join(each["field"]))
    assert found == REFUSED[system]
    assert (done["operation"], done["customer"]["version"]) == (None, customer["version"])
    assert [call for call in gateway.log(system) if not call.startswith("GET") and "search" not in call] == []
    assert box.vendors[system].customers.bodies() == before


WRITER: Final = Rights(frozenset({"customers:read", "customers:write"}))
NOT_THEIRS: Final[Mapping[str, Mapping[str, Any]]] = {
    "pland": {"pland": {"buyerReference": "x", "invoiceRecipientId": "not an id"}},
    "autodns": {
        "autodns": {"pin": "1", "sepa": {"iban": "DE0"}, "billingUsers": {"set": [{"user": "x", "context": 4}]}}
    },
    "next": {"next": {"iban": "DE0", "markup": "1.5"}},
    "lemonsoft": {"lemonsoft": {"accounts": {"remove": ["1"]}, "creditlimit": "1.5"}},
    "billbee": {},
    "fjord": {},
}
"""Fields of the section that need more than `customers:write`, with what else would be refused of them."""


@pytest.mark.parametrize("system", WRITTEN)
async def test_of_what_a_caller_has_no_scope_for_nothing_but_that_is_told(
    system: str, box: Sandbox, tmp_path: Path
) -> None:
    keys = Authenticator(keys=NamedKeys({"writer": WRITER}))
    headers = {"authorization": "Bearer cg_writer"}
    patch = {"vatNumber": "DE1", "billing": {"paymentTermsId": "4711"}, **NOT_THEIRS[system]}
    key = box.vendors[system].customers.keys()[0]
    given = {"id": encode_id("Customer", system, key), "patch": patch, "force": True}
    async with writing_gateway(box, tmp_path, authenticator=keys) as gateway:
        done = (await gateway.ask(UPDATE, {"input": given}, headers)).data["customerUpdate"]
        calls = gateway.paths(system)

    told = sorted((each["code"], ".".join(each["field"])) for each in done["userErrors"])
    own = [f"patch.{system}.{name}" for name in NOT_THEIRS[system].get(system, {})]
    assert told == [
        *(("FORBIDDEN", path) for path in sorted(["force", "patch.billing.paymentTermsId", *own])),
        ("INVALID", "patch.vatNumber"),
        ("VERSION_REQUIRED", "expectedVersion"),
    ]
    assert [path for path in calls if any(word in path.lower() for word in ("user", "person", "term", "list"))] == []
