"""What the tests know of Fjord, the vendor on trial (`tests/trial/fjord`)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs

import httpx
from systems.facts import Asked, AsSent, Facts, Session

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

KEY: Final = "00000000-0000-4000-8000-00000000000a"


def envelope(rows: list[Any], request: httpx.Request) -> Any:
    query = parse_qs(request.url.query.decode())
    start, size = int(query.get("cursor", ["0"])[0]), int(query["limit"][0])
    end = start + size
    return {"data": rows[start:end], "next_cursor": str(end) if end < len(rows) else None}


def single(route: str, customers: Sequence[Any]) -> Any:
    if not route.startswith("GET /customers/"):
        return None
    return customers[0] if customers else httpx.Response(404, json={"error": "There is none of this id."})


async def rename(client: httpx.AsyncClient, path: str, _document: dict[str, Any]) -> httpx.Response:
    return await client.patch(path, json={"name": "Neu"})


async def login(client: httpx.AsyncClient, known: Mapping[str, str | int]) -> None:
    answer = await client.post("/oauth/token", data={"grant_type": "client_credentials", **known})
    client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"


def page(_start: int, size: int, before: Any) -> dict[str, Any]:
    cursor = {"cursor": before["next_cursor"]} if before and before["next_cursor"] else {}
    return {"method": "GET", "url": "/customers", "params": {"limit": size, **cursor}}


FACTS: Final = Facts(
    identity={"id": KEY},
    key=KEY,
    credentials={"client_id": "c", "client_secret": "s"},
    config={"base_url": "http://127.0.0.1:9309/api", "client_id": "…", "client_secret": "…"},
    listed=frozenset({"GET /customers"}),
    envelope=envelope,
    single=single,
    as_sent=AsSent(
        number="number",
        name="name",
        vat="vat",
        phone=lambda value: {"phone": value},
        email=lambda value: {"email": value},
        phone_at_home=("040 36123456", "+494036123456"),
        country="country",
        in_country=lambda country: ({"city": "X", "country": country}, {}),
        created=lambda sent: ({"created": sent}, "created"),
        first_hour="2025-06-29T22:00:00Z",
        lone_row=lambda row: [("a row without its list", "GET /customers", {"data": row, "next_cursor": None})],
        failed=(("an error and no rows", "GET /customers", {"error": "sorry"}),),
        unreadable=({"people": ["Anna"]}, "people", "contacts"),
        odd_ids=[(42, "42"), (8.0, "8"), (" ab-7 ", "ab-7")],
        cases=[
            {
                "row": "A8",
                "what": "people as dict",
                "sent": {"people": {"name": "Aino"}},
                "selection": "contacts { name } records { ... on FjordCustomer { people { name } } }",
                "value": {"contacts": [{"name": "Aino"}], "records": [{"people": [{"name": "Aino"}]}]},
            },
            {
                "row": "A2",
                "what": "two equal people",
                "sent": {"people": [{"name": "Anna"}, {"name": "Anna"}]},
                "selection": "contacts { name }",
                "value": {"contacts": [{"name": "Anna"}, {"name": "Anna"}]},
            },
            *(
                {
                    "row": "A14",
                    "what": f"archived {sent!r}",
                    "sent": {"archived": sent},
                    "selection": "status",
                    "value": {"status": status},
                    "states": {"status": "VALUE"},
                }
                for sent, status in (("Y", "ARCHIVED"), (1.0, "ARCHIVED"), ("0", "ACTIVE"), (None, "ACTIVE"))
            ),
            {
                "row": "A14",
                "what": "archived vielleicht",
                "sent": {"archived": "vielleicht"},
                "selection": "status",
                "value": {"status": None},
                "states": {"status": "UNREADABLE"},
                "notices": ["archived"],
            },
            {
                "row": "A1",
                "what": "an owner's key of another form",
                "sent": {"owner": "nobody at all"},
                "selection": "owner { key }",
                "value": {"owner": None},
                "states": {"owner": "UNREADABLE"},
                "notices": ["owner"],
            },
        ],
        elsewhere={
            "A2": ["stories/test_nodes.py::test_nouns_that_have_no_id_or_share_one_are_all_there_and_found_again"],
            "A17": ["systems/test_lost_sessions.py::test_a_lost_session_costs_a_new_login_and_nothing_else"],
            "B2": ["systems/test_fewest_calls.py::test_a_row_that_fails_costs_no_other_of_the_batch"],
        },
        reasons={
            "A4": "its two parameters are published, and an unknown one is a refusal that is told",
            "A16": "no unified field is told by a list of codes",
        },
    ),
    nouns=frozenset({"Customer", "Contact", "User"}),
    states=frozenset({"ACTIVE", "ARCHIVED"}),
    not_in_system=frozenset(
        {"kind", "organization", "firstName", "lastName", "title", "gender", "organizationNumber", "website"}
        | {"language", "isSupplier", "billing", "notes", "externalIds", "accounts", "agreements", "invoices"}
        | {"updater", "creator"}
    ),
    nested=("owner", "owner { name }", "/users"),
    page_calls=(1, 1, 1),
    counts=False,
    single_calls={
        (
            "number name kind status vatNumber email phone address { street city } updatedAt version "
            "contacts { id name email phone } accounts { id } agreements { id } invoices(first: 5) { nodes { id } } "
            "creator { name } updater { name }"
        ): ["GET /customers"],
    },
    asked=Asked(
        page=page,
        customer=lambda key: f"/customers/{key}",
        key=lambda row: row["id"],
        changed=lambda row: datetime.fromisoformat(row["updated"]).timestamp(),
    ),
    rename=rename,
    sign_in=lambda _known: {},
    login=login,
    logged_in={"POST /oauth/token": {"access_token": "t", "token_type": "Bearer", "expires_in": 300}},
    follows_tokens=True,
    embedded={"people": "id"},
    doubled=frozenset({"contacts"}),
    batches=False,
    nowhere=("00000000-0000-4000-8000-000000000000", "a/b", "x" * 41),
    nodes_nowhere=(f"Customer:fjord:{KEY}", f"Contact:fjord:{KEY}/~0000000000000000", "Invoice:fjord:1"),
    told_together={"country": frozenset({"phones"})},
    session=Session("authorization"),
    asked_by_doctor=["/customers", "/users/{}"],
    lost=[("/users", ["owner"])],
)
