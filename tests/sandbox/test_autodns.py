from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sandbox.clients import Clock, guest, stranger

from customer_gateway.sandbox.autodns import reviews

if TYPE_CHECKING:
    import httpx

    from customer_gateway.sandbox import Sandbox
    from customer_gateway.sandbox.autodns.reviews import Hold

pytestmark = pytest.mark.anyio

KEY = "domainhaus/30001000"
CUSTOMER = f"/customer/{KEY}"


async def search(client: httpx.AsyncClient, *filters: dict[str, Any], **view: Any) -> dict[str, Any]:
    body = {"filters": list(filters), "view": {"limit": 1000, **view}}
    return (await client.post("/customer/_search", json=body)).json()


async def customer(client: httpx.AsyncClient, path: str = CUSTOMER) -> dict[str, Any]:
    return (await client.get(path)).json()["data"][0]


def equal(key: str, value: object, link: str = "AND") -> dict[str, Any]:
    return {"key": key, "operator": "EQUAL", "value": value, "link": link}


async def test_a_wrong_context_is_refused_in_the_envelope(autodns: httpx.AsyncClient) -> None:
    answer = await autodns.get("/hello", headers={"X-Domainrobot-Context": "1"})

    assert answer.status_code == 401
    assert answer.json()["status"]["type"] == "ERROR"
    assert answer.json()["messages"][0]["status"] == "ERROR"


async def test_a_call_without_a_user_agent_is_refused(autodns: httpx.AsyncClient) -> None:
    answer = await autodns.get("/hello", headers={"User-Agent": ""})

    assert answer.status_code == 400


async def test_a_session_lives_on_while_it_is_used(box: Sandbox, clock: Clock) -> None:
    known = box.autodns.credentials
    async with stranger(box.autodns) as client:
        opened = await client.post("/login", json=dict(known))
        client.cookies.clear()
        session = {"X-Domainrobot-SessionId": opened.headers["X-Domainrobot-SessionId"]}
        statuses: list[int] = []
        for wait in (599, 599, 600):
            clock.now += wait
            statuses.append((await client.get("/hello", headers=session)).status_code)

    assert statuses == [200, 200, 401]


async def test_a_list_has_thirty_reduced_rows_and_tells_how_many_there_are(autodns: httpx.AsyncClient) -> None:
    answer = (await autodns.post("/customer/_search", json={})).json()

    assert (len(answer["data"]), answer["object"]["summary"]) == (30, 300)
    assert "emails" not in answer["data"][0]
    assert {"number", "client", "name", "type", "owner"} <= set(answer["data"][0])


async def test_a_nested_filter_need_not_say_which_customers(autodns: httpx.AsyncClient) -> None:
    inner = {"filters": [equal("type", "PERSON")], "link": "AND"}

    answer = await search(autodns, inner, equal("number", 30001002))

    assert [row["type"] for row in answer["data"]] == ["PERSON"]


async def test_asked_for_keys_come_with_the_list(autodns: httpx.AsyncClient) -> None:
    keys = {"keys[]": ["emails", "account.currency"]}
    answer = (await autodns.post("/customer/_search", params=keys, json={})).json()

    assert answer["data"][0]["emails"]
    assert answer["data"][0]["account"]["currency"]


async def test_an_unknown_column_or_too_long_a_page_is_refused(autodns: httpx.AsyncClient) -> None:
    column = await autodns.post("/customer/_search", params={"keys[]": "nmae"}, json={})
    page = await autodns.post("/customer/_search", json={"view": {"limit": 1001}})

    assert (column.status_code, page.status_code) == (400, 400)


async def test_a_number_alone_does_not_tell_a_customer(autodns: httpx.AsyncClient) -> None:
    answer = await search(autodns, {"key": "number", "operator": "IN", "values": [30001000]})

    assert {row["client"] for row in answer["data"]} == {"domainhaus", "reseller-nord"}


async def test_pairs_are_read_by_nested_filters_linked_by_or(autodns: httpx.AsyncClient) -> None:
    wanted = [("domainhaus", 30001001), ("reseller-nord", 30001005), ("domainhaus", 1)]
    pairs = [{"filters": [equal("client", client), equal("number", number)], "link": "OR"} for client, number in wanted]

    answer = await search(autodns, *pairs)

    assert {(row["client"], row["number"]) for row in answer["data"]} == set(wanted[:2])


async def test_and_binds_before_or(autodns: httpx.AsyncClient) -> None:
    answer = await search(
        autodns, equal("number", 30001000, "AND"), equal("client", "domainhaus", "OR"), equal("number", 30001001)
    )

    assert [(row["client"], row["number"]) for row in answer["data"]] == [
        ("domainhaus", 30001000),
        ("domainhaus", 30001001),
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            {"key": "updated", "operator": "GREATER", "value": "2025-06-01 00:00:00"},
            {"key": "updated", "operator": "LESS_EQUAL", "value": "2025-06-01 00:00:00"},
        ),
        ({"key": "vatNumber", "operator": "IS_NULL"}, {"key": "vatNumber", "operator": "IS_NOT_NULL"}),
        (
            {"key": "name", "operator": "ILIKE", "value": "*gmbh*"},
            {"key": "name", "operator": "NOT_ILIKE", "value": "*gmbh*"},
        ),
        ({"key": "locked", "operator": "EQUAL", "value": True}, {"key": "locked", "operator": "EQUAL", "value": False}),
        (
            {"key": "type", "operator": "IN", "values": ["PERSON"]},
            {"key": "type", "operator": "NOT_IN", "values": ["PERSON"]},
        ),
    ],
)
async def test_an_operator_and_its_opposite_part_the_customers(
    autodns: httpx.AsyncClient, one: dict[str, Any], other: dict[str, Any]
) -> None:
    first, second = await search(autodns, one), await search(autodns, other)

    assert first["object"]["summary"] + second["object"]["summary"] == 300
    assert first["object"]["summary"] > 0
    assert second["object"]["summary"] > 0


async def test_orders_are_kept_over_pages(autodns: httpx.AsyncClient) -> None:
    orders = [{"key": "client", "type": "DESC"}, {"key": "number"}]
    pages = [
        (await autodns.post("/customer/_search", json={"orders": orders, "view": {"limit": 100, "offset": at}})).json()
        for at in (0, 100, 200)
    ]

    found = [(row["client"], row["number"]) for page in pages for row in page["data"]]
    assert found == sorted(sorted(found, key=lambda pair: pair[1]), key=lambda pair: pair[0], reverse=True)
    assert len(set(found)) == 300


async def test_a_user_with_a_slash_in_the_name_is_found(autodns: httpx.AsyncClient) -> None:
    filters = [{"key": "user", "operator": "LIKE", "value": "*/*"}]
    users = (await autodns.post("/user/_search", json={"filters": filters})).json()["data"]

    answer = await autodns.get(f"/user/{users[0]['user']}/{users[0]['context']}")

    assert answer.json()["data"][0]["user"] == users[0]["user"]


async def test_invoices_are_found_by_their_customer(autodns: httpx.AsyncClient) -> None:
    pair = [equal("customer.client", "domainhaus"), equal("customer.number", 30001001)]

    answer = (await autodns.post("/invoice/_search", json={"filters": pair})).json()

    assert {row["customer"]["number"] for row in answer["data"]} <= {30001001}


async def test_null_is_never_sent(autodns: httpx.AsyncClient) -> None:
    keys = {"keys[]": ["vatNumber", "title", "fax", "sepa", "card", "contacts"]}
    answer = (await autodns.post("/customer/_search", params=keys, json={"view": {"limit": 1000}})).text

    assert "null" not in answer


async def test_a_put_answers_without_data_and_replaces_what_was_not_sent(autodns: httpx.AsyncClient) -> None:
    before = await customer(autodns)
    sent = {name: value for name, value in before.items() if name not in ("url", "billingEmails")}

    answer = await autodns.put(CUSTOMER, json={**sent, "city": "Ulm"})
    after = await customer(autodns)

    assert "data" not in answer.json()
    assert answer.json()["status"]["type"] == "SUCCESS"
    assert (after["city"], after["owner"], after["account"]) == ("Ulm", before["owner"], before["account"])
    assert not {"url", "billingEmails"} & set(after)


async def test_a_change_of_checked_data_waits_and_keeps_the_old_in_sight(autodns: httpx.AsyncClient) -> None:
    before = await customer(autodns)

    answer = await autodns.put(CUSTOMER, json={**before, "emails": ["neu@umzug.example"]})
    after = await customer(autodns)

    assert answer.json()["status"]["type"] == "NOTIFY"
    assert after["pending"] is True
    assert after["emails"] == ["neu@umzug.example"]
    assert after["persistent"]["emails"] == before["emails"]
    assert after["verifications"][0]["status"] == "PENDING"


@pytest.mark.parametrize(
    "wrong",
    [{"phone": "030 1"}, {"type": "FIRM"}, {"country": "Germany"}, {"city": 5}, {"emails": ["x"]}, {"contacts": {}}],
)
async def test_a_put_that_does_not_fit_changes_nothing(autodns: httpx.AsyncClient, wrong: dict[str, Any]) -> None:
    before = await customer(autodns)

    answer = await autodns.put(CUSTOMER, json={**before, **wrong})

    assert answer.status_code == 400
    assert answer.json()["messages"][0]["objects"] == [{"type": "customer", "value": next(iter(wrong))}]
    assert await customer(autodns) == before


async def test_a_put_takes_every_member_but_the_server_s_own(autodns: httpx.AsyncClient, clock: Clock) -> None:
    before = await customer(autodns)
    clock.now += 5
    mine: dict[str, Any] = {
        "number": 1,
        "created": "2020-01-01T00:00:00.000+0100",
        "updated": "2020-01-01T00:00:00.000+0100",
        "owner": {"user": "x", "context": 1},
        "updater": {"user": "x", "context": 1},
        "pending": True,
        "persistent": {},
        "verifications": [],
        "sepa": {"iban": "x"},
        "account": {"currentAccountBalance": 1, "runningTotal": 1, "reserved": 1, "creditLimit": 7, "currency": "SEK"},
    }
    writable: dict[str, Any] = {
        "pin": "4711",
        "group": 5,
        "locked": True,
        "card": {"status": "LOST"},
        "pricelists": {"pricelist": []},
    }

    await autodns.put(CUSTOMER, json={**before, **mine, **writable})
    after = await customer(autodns)

    balances = ("currentAccountBalance", "runningTotal", "reserved")
    assert {name: after[name] for name in writable} == writable
    assert [after.get(name) for name in mine if name not in ("account", "updated", "updater")] == [
        before.get(name) for name in mine if name not in ("account", "updated", "updater")
    ]
    assert (after["updated"], after["updater"]["context"]) == ("2026-11-21T01:00:05.000+0100", 4)
    assert after["account"] == {
        **{name: before["account"][name] for name in (*balances, "customer", "created", "updated")},
        "creditLimit": 7,
        "currency": "SEK",
    }


async def test_left_out_members_are_gone_or_take_their_defaults(autodns: httpx.AsyncClient) -> None:
    before = await customer(autodns)
    required = {"name", "type", "fname", "lname", "pcode", "city", "country", "phone", "emails"}
    checked = {"organization", "vatNumber"}

    sent = {name: value for name, value in before.items() if name in required | checked}
    await autodns.put(CUSTOMER, json={**sent, "state": None})
    after = await customer(autodns)

    flags = {name: value for name, value in after.items() if isinstance(value, bool)}
    assert flags == {
        **dict.fromkeys(("invoicePaperbill", "taxable", "autodelete", "locked", "dataPrivacyStatement"), False),
        "newsletter": True,
        "pending": False,
    }
    assert [after[name] for name in ("client", "group", "pin")] == [before[name] for name in ("client", "group", "pin")]
    assert not {"url", "state", "paymentMode", "billingUsers", "comments", "lastConfirmed"} & set(after)
    assert after["sepa"] == before["sepa"]
    assert "creditLimit" not in after["account"]


async def test_the_required_members_are_named_all_at_once(autodns: httpx.AsyncClient) -> None:
    changed = await autodns.put(CUSTOMER, json={"name": "Neu"})
    created = await autodns.post("/customer", json={"name": "Neu", "emails": []})

    names = [[each["value"] for each in answer.json()["messages"][0]["objects"]] for answer in (changed, created)]
    assert names == [["type", "fname", "lname", "pcode", "city", "country", "phone", "emails"]] * 2


@pytest.mark.parametrize(
    "wrong",
    [
        *({"client": "other"}, {"group": "5"}, {"locked": 1}, {"card": []}, {"contacts": ["x"]}, {"comments": "x"}),
        *({"lastConfirmed": "yesterday"}, {"paymentCurrency": "euro"}),
    ],
)
async def test_a_member_of_the_wrong_form_is_named(autodns: httpx.AsyncClient, wrong: dict[str, Any]) -> None:
    answer = await autodns.put(CUSTOMER, json={**await customer(autodns), **wrong})

    assert answer.status_code == 400
    assert answer.json()["messages"][0]["objects"] == [{"type": "customer", "value": next(iter(wrong))}]


async def test_a_held_change_is_confirmed(autodns: httpx.AsyncClient, box: Sandbox, clock: Clock) -> None:
    before = await customer(autodns)
    await autodns.put(CUSTOMER, json={**before, "name": "Neu GmbH"})
    clock.now += 5

    reviews(box.autodns).confirm(KEY)
    after = await customer(autodns)

    assert (after["name"], after["pending"], after["updated"]) == ("Neu GmbH", False, "2026-11-21T01:00:05.000+0100")
    assert not {"persistent", "verifications"} & set(after)


async def test_a_refused_change_leaves_what_was_in_force(autodns: httpx.AsyncClient, box: Sandbox) -> None:
    before = await customer(autodns)
    await autodns.put(CUSTOMER, json={**before, "name": "Neu GmbH", "city": "Ulm"})
    await autodns.delete(f"{CUSTOMER}/sepa")

    reviews(box.autodns).refuse(KEY)
    after = await customer(autodns)

    stamps = {name: after[name] for name in ("updated", "updater")}
    assert after == {**{name: value for name, value in before.items() if name != "sepa"}, **stamps}


async def test_a_change_back_to_what_is_in_force_waits_no_longer(autodns: httpx.AsyncClient) -> None:
    before = await customer(autodns)
    await autodns.put(CUSTOMER, json={**before, "emails": ["neu@umzug.example"]})
    other = await autodns.put(CUSTOMER, json={**await customer(autodns), "city": "Ulm"})

    back = await autodns.put(CUSTOMER, json=before)
    after = await customer(autodns)

    assert [answer.json()["status"]["type"] for answer in (other, back)] == ["NOTIFY", "SUCCESS"]
    assert after == {**before, "updated": after["updated"], "updater": after["updater"]}


async def test_which_changes_wait_can_be_switched(autodns: httpx.AsyncClient, box: Sandbox) -> None:
    before = await customer(autodns)
    switch = reviews(box.autodns)
    kinds: list[str] = []
    cases: list[tuple[Hold, dict[str, str]]] = [("all", {"city": "Ulm"}), ("none", {"name": "Neu"}), ("checked", {})]
    for hold, change in cases:
        switch.hold = hold
        kinds.append((await autodns.put(CUSTOMER, json={**before, **change})).json()["status"]["type"])

    assert kinds == ["NOTIFY", "NOTIFY", "SUCCESS"]
    switch.hold = "none"
    assert (await autodns.put(CUSTOMER, json={**before, "name": "Neu"})).json()["status"]["type"] == "SUCCESS"
    assert (await customer(autodns))["pending"] is False


async def test_what_does_not_wait_cannot_be_decided(box: Sandbox) -> None:
    with pytest.raises(ValueError, match="No change of the customer domainhaus/30001000 waits"):
        reviews(box.autodns).confirm(KEY)
    other = next(vendor for vendor in box.vendors.values() if vendor is not box.autodns)
    with pytest.raises(TypeError, match=f"{other.name} holds no changes"):
        reviews(other)


async def test_a_new_customer_can_be_read_again(autodns: httpx.AsyncClient) -> None:
    known = await customer(autodns)
    sent = {
        name: known[name] for name in ("name", "type", "fname", "lname", "pcode", "city", "country", "phone", "emails")
    }

    created = (await autodns.post("/customer/_upgrade", json=sent)).json()["data"][0]

    assert await customer(autodns, f"/customer/{created['client']}/{created['number']}") == created
    assert created["pending"] is False


async def test_a_mandate_is_set_shown_and_removed(autodns: httpx.AsyncClient) -> None:
    sent = {"iban": "DE75512108001245126199", "accountHolder": "Neu GmbH"}

    await autodns.post(f"{CUSTOMER}/sepa", json=sent)
    shown = (await autodns.get(f"{CUSTOMER}/sepa")).json()["data"]
    await autodns.delete(f"{CUSTOMER}/sepa")

    assert shown[0]["iban"] == sent["iban"]
    assert "sepa" not in await customer(autodns)


async def test_the_fourth_call_of_a_second_is_refused_in_the_envelope(limited: Sandbox, clock: Clock) -> None:
    async with guest(limited.autodns) as client:
        statuses = [(await client.get("/hello")).status_code for _ in range(4)]
        refused = await client.get("/hello")
        clock.now += 1
        again = await client.get("/hello")

    assert statuses == [200, 200, 200, 429]
    assert refused.json()["status"]["type"] == "ERROR"
    assert "Retry-After" not in refused.headers
    assert again.status_code == 200


@pytest.mark.parametrize(
    ("minutes", "password", "status"), [("9", None, 400), ("301", None, 400), ("10", "x", 401), ("300", None, 200)]
)
async def test_a_login_has_its_bounds(box: Sandbox, minutes: str, password: str | None, status: int) -> None:
    known = box.autodns.credentials
    async with stranger(box.autodns) as client:
        answer = await client.post(
            "/login", params={"timeout": minutes}, json={**known, "password": password or known["password"]}
        )

    assert answer.status_code == status


async def test_a_logout_ends_the_session(box: Sandbox) -> None:
    async with stranger(box.autodns) as client:
        opened = await client.post("/login", json=dict(box.autodns.credentials))
        client.cookies.clear()
        client.headers["X-Domainrobot-SessionId"] = opened.headers["X-Domainrobot-SessionId"]
        out, after = await client.delete("/logout"), await client.get("/hello")

    assert (out.status_code, after.status_code) == (200, 401)


@pytest.mark.parametrize(
    "body",
    [
        {"filters": [{"key": "nmae", "operator": "EQUAL", "value": 1}]},
        {"filters": [{"key": "name", "operator": "SOUNDS", "value": 1}]},
        {"filters": [{"key": "name", "value": 1, "link": "XOR"}]},
        {"orders": [{"key": "name", "type": "UP"}]},
        {"view": {"offset": -1}},
    ],
)
async def test_a_query_that_cannot_be_honoured_is_refused(autodns: httpx.AsyncClient, body: dict[str, Any]) -> None:
    answer = await autodns.post("/customer/_search", json=body)

    assert answer.status_code == 400


async def test_numbers_compare_as_numbers_and_orders_by_date_hold(autodns: httpx.AsyncClient) -> None:
    body = {
        "filters": [{"key": "number", "operator": "LESS", "value": "30001100"}],
        "orders": [{"key": "updated", "type": "DESC"}, {"key": "fname"}],
    }
    answer = (await autodns.post("/customer/_search", json={**body, "view": {"limit": 1000}})).json()

    days = [row["updated"][:10] for row in answer["data"]]
    assert max(row["number"] for row in answer["data"]) == 30001098
    assert days == sorted(days, reverse=True)


async def test_values_of_another_kind_are_neither_less_nor_greater(autodns: httpx.AsyncClient) -> None:
    less = await search(autodns, {"key": "name", "operator": "LESS", "value": 5})
    greater = await search(autodns, {"key": "name", "operator": "GREATER", "value": 5})

    assert (less["object"]["summary"], greater["object"]["summary"]) == (0, 0)


async def test_a_list_of_values_fits_when_one_of_them_does(autodns: httpx.AsyncClient) -> None:
    known = await customer(autodns)

    answer = await search(autodns, equal("emails", known["emails"][0]))

    assert ("domainhaus", 30001000) in {(row["client"], row["number"]) for row in answer["data"]}


async def test_confirming_stamps_and_a_get_makes_a_new_pin(autodns: httpx.AsyncClient) -> None:
    before = await customer(autodns)

    await autodns.put(f"{CUSTOMER}/_dataconfirmed")
    pin = (await autodns.get(f"{CUSTOMER}/_generatePin")).json()["data"][0]["pin"]
    after = await customer(autodns)

    assert after["lastConfirmed"] == "2026-11-21T01:00:00.000+0100"
    assert after["pin"] == pin != before["pin"]


async def test_what_is_not_there_is_a_404(autodns: httpx.AsyncClient) -> None:
    paths = ("/customer/domainhaus/1", "/user/nobody/4", "/invoice/1", "/nothing")

    assert [(await autodns.get(path)).status_code for path in paths] == [404] * 4


async def test_a_single_invoice_shows_its_document(autodns: httpx.AsyncClient) -> None:
    listed = (await autodns.post("/invoice/_search", json={"view": {"limit": 1}})).json()["data"][0]

    single = (await autodns.get(f"/invoice/{listed['id']}")).json()["data"][0]

    assert "document" not in listed
    assert single["document"]["link"]


async def test_a_mandate_needs_an_iban_and_a_holder(autodns: httpx.AsyncClient) -> None:
    assert (await autodns.post(f"{CUSTOMER}/sepa", json={"iban": "DE1"})).status_code == 400


async def test_a_mandate_moves_the_stamp_and_is_removed_once(autodns: httpx.AsyncClient, clock: Clock) -> None:
    before = await customer(autodns)
    clock.now += 5

    malformed = await autodns.post(f"{CUSTOMER}/sepa", json={"iban": "1", "accountHolder": "Neu"})
    removed = [(await autodns.delete(f"{CUSTOMER}/sepa")).status_code for _ in range(2)]

    assert malformed.json()["messages"][0]["objects"] == [{"type": "sepa", "value": "iban"}]
    assert removed == [200, 404]
    assert (await customer(autodns))["updated"] == "2026-11-21T01:00:05.000+0100" > before["updated"]


async def test_a_ctid_comes_back(autodns: httpx.AsyncClient) -> None:
    assert (await autodns.get("/hello", params={"ctid": "mine"})).json()["ctid"] == "mine"


async def test_an_error_under_200_has_the_shape_of_autodns_s_errors(box: Sandbox) -> None:
    box.autodns.faults.set("error_under_200")
    async with guest(box.autodns) as client:
        answer = await client.get("/anything")

    assert answer.status_code == 200
    assert answer.json()["status"] == {
        "code": "E00500",
        "text": "The task could not be carried out.",
        "type": "ERROR",
    }
