from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from sandbox.clients import Clock, guest, signed_in, stranger
from systems.lemonsoft.facts import login_body

if TYPE_CHECKING:
    import httpx

    from customer_gateway.sandbox import Sandbox

pytestmark = pytest.mark.anyio

BASE_ONLY = {"id", "number", "name", "vat", "street", "city", "country", "www", "type", "seller_number", "fax"}


async def rows(client: httpx.AsyncClient, path: str, **parameters: Any) -> list[dict[str, Any]]:
    query = {f"filter.{name}": value for name, value in parameters.items()}
    return (await client.get(path, params=query)).json()["results"]


async def test_a_call_without_a_session_is_refused(box: Sandbox) -> None:
    async with stranger(box.lemonsoft) as client:
        answer = await client.get("/api/customers")

    assert answer.status_code == 401
    assert set(answer.json()) == {"Message"}


async def test_the_keys_of_a_login_may_be_written_in_any_case(box: Sandbox) -> None:
    login = login_body(box.lemonsoft.credentials)
    sent = {
        "UserName": login["username"],
        "PASSWORD": login["password"],
        "database": login["database"],
        "ApiKey": login["apikey"],
    }
    async with stranger(box.lemonsoft) as client:
        answer = await client.post("/api/auth/login", json=sent)

    assert answer.json()["session_id"]


@pytest.mark.parametrize(
    ("wrong", "status"),
    [({"password": "x"}, 401), ({"database": "x"}, 400), ({"apikey": "x"}, 403), ({"apikey": ""}, 400)],
)
async def test_a_login_says_what_is_wrong(box: Sandbox, wrong: dict[str, str], status: int) -> None:
    async with stranger(box.lemonsoft) as client:
        answer = await client.post("/api/auth/login", json={**login_body(box.lemonsoft.credentials), **wrong})

    assert answer.status_code == status


async def test_a_session_ends_after_thirty_minutes_of_use(
    lemonsoft: httpx.AsyncClient, box: Sandbox, clock: Clock
) -> None:
    clock.now += 29 * 60
    alive = await lemonsoft.get("/api/auth/alive")
    clock.now += 60
    ended = await lemonsoft.get("/api/auth/alive")

    assert (alive.status_code, ended.status_code) == (200, 401)
    assert box.lemonsoft.log.logins() == ["POST /api/auth/login"]


async def test_a_renewal_opens_a_fresh_session_and_leaves_the_old_one(
    lemonsoft: httpx.AsyncClient, box: Sandbox, clock: Clock
) -> None:
    clock.now += 20 * 60
    renewed = (await lemonsoft.post("/api/auth/renew", json=login_body(box.lemonsoft.credentials))).json()["session_id"]
    old = await lemonsoft.get("/api/auth/alive")
    clock.now += 11 * 60
    new = await lemonsoft.get("/api/auth/alive", headers={"Session-Id": renewed})

    assert (old.status_code, new.status_code) == (200, 200)


async def test_ten_rows_come_unless_more_are_asked_for_and_never_above_five_hundred(
    lemonsoft: httpx.AsyncClient,
) -> None:
    default = (await lemonsoft.get("/api/customers")).json()
    most = (await lemonsoft.get("/api/customers", params={"filter.page_size": 9999})).json()
    beyond = (await lemonsoft.get("/api/customers", params={"filter.page": 99})).json()

    assert (len(default["results"]), default["result_count"]) == (10, 10)
    assert most["result_count"] == 300
    assert beyond == {"results": [], "result_count": 0}


async def test_page_and_size_are_taken_with_and_without_their_prefix(lemonsoft: httpx.AsyncClient) -> None:
    plain = (await lemonsoft.get("/api/customers", params={"page": 2, "page_size": 3})).json()

    assert plain["results"] == await rows(lemonsoft, "/api/customers", page=2, page_size=3)


async def test_many_are_read_by_ids_or_by_numbers(lemonsoft: httpx.AsyncClient) -> None:
    by_id = await rows(lemonsoft, "/api/customers", object_ids=[5001, 5003], page_size=50)
    by_number = await rows(lemonsoft, "/api/customers", customer_number=[20001, 20003], page_size=50)

    assert [row["id"] for row in by_id] == [5001, 5003]
    assert by_number == by_id


async def test_base_rows_are_the_tail_of_the_full_ones(lemonsoft: httpx.AsyncClient) -> None:
    thin = (await rows(lemonsoft, "/api/customers/base", page_size=1))[0]
    full = (await lemonsoft.get(f"/api/customers/{thin['id']}")).json()

    assert set(thin) >= BASE_ONLY
    assert "contacts" not in thin
    assert {name: full[name] for name in thin} == thin


async def test_some_rows_leave_out_what_they_do_not_have(lemonsoft: httpx.AsyncClient) -> None:
    found = await rows(lemonsoft, "/api/customers", page_size=500)

    assert len({frozenset(row) for row in found}) > 1
    assert all({"id", "number", "contacts", "agreements", "accounts"} <= set(row) for row in found)


async def test_filters_are_integers_where_bodies_have_booleans(lemonsoft: httpx.AsyncClient) -> None:
    suppliers = await rows(lemonsoft, "/api/customers", is_supplier=1, page_size=500)
    others = await rows(lemonsoft, "/api/customers", is_supplier=0, page_size=500)

    assert {row["is_supplier"] for row in suppliers} == {True}
    assert len(suppliers) + len(others) == 300


async def test_modified_after_and_before_part_the_customers(lemonsoft: httpx.AsyncClient) -> None:
    new = await rows(lemonsoft, "/api/customers/base", modified_after="2025-01-01T00:00:00Z", page_size=500)
    old = await rows(lemonsoft, "/api/customers/base", modified_before="2025-01-01T00:00:00Z", page_size=500)

    assert len(new) + len(old) == 300
    assert new
    assert old


async def test_a_filter_of_the_wrong_type_is_named_in_the_model_state(lemonsoft: httpx.AsyncClient) -> None:
    answer = await lemonsoft.get("/api/customers", params={"filter.object_ids": "x"})

    assert answer.status_code == 400
    assert list(answer.json()["ModelState"]) == ["filter.object_ids"]


async def test_persons_are_found_by_number_or_all_at_once(lemonsoft: httpx.AsyncClient) -> None:
    everybody = await rows(lemonsoft, "/api/persons", page_size=500)
    one = (await lemonsoft.get("/api/persons/503")).json()

    assert len(everybody) == 40
    assert one in everybody
    assert await rows(lemonsoft, "/api/persons", number=503) == [one]
    assert (await lemonsoft.get("/api/persons/1401")).status_code == 404


async def test_contacts_and_invoices_come_for_one_customer(lemonsoft: httpx.AsyncClient) -> None:
    customer = (await lemonsoft.get("/api/customers/5001")).json()

    contacts = await rows(lemonsoft, "/api/contacts/5001", page_size=100)
    invoices = await rows(lemonsoft, "/api/invoices", customer_number=customer["number"], page_size=100)

    assert contacts == customer["contacts"]
    assert {row["customer_number"] for row in invoices} == {customer["number"]}


async def test_a_put_clears_unsent_scalars_and_leaves_unsent_lists(lemonsoft: httpx.AsyncClient) -> None:
    before = (await lemonsoft.get("/api/customers/5002")).json()

    after = (await lemonsoft.put("/api/customers/5002", json={"name": "Uusi", "email": "u@s.example"})).json()

    assert (after["phone"], after["street"], after["is_supplier"]) == (None, None, None)
    assert (after["number"], after["created"]) == (before["number"], before["created"])
    assert after["contacts"] == before["contacts"]
    assert after["agreements"] == before["agreements"]


async def test_what_is_lemonsoft_s_own_is_passed_over(lemonsoft: httpx.AsyncClient, clock: Clock) -> None:
    before = (await lemonsoft.get("/api/customers/5002")).json()
    clock.now += 5
    sums = {"due_invoice_sum": 1, "open_invoice_sum": 1}
    contacts = [{**row, "customer_id": 1} for row in before["contacts"]]
    sent = {**before, **sums, "id": 1, "created": "x", "modified": "x", "contacts": contacts}

    after = (await lemonsoft.put("/api/customers/5002", json=sent)).json()

    assert after == {**before, "modified": "2026-11-21T02:00:05"}


async def test_a_row_that_left_members_out_does_so_after_a_put(lemonsoft: httpx.AsyncClient) -> None:
    found = await rows(lemonsoft, "/api/customers", page_size=500)
    sparse = next(row for row in found if "fax" not in row and row["email"])

    after = (await lemonsoft.put(f"/api/customers/{sparse['id']}", json=sparse)).json()

    assert [*after] == [*sparse]


async def test_a_number_stays_when_it_is_left_out_and_must_be_free(lemonsoft: httpx.AsyncClient) -> None:
    sent = {"name": "Uusi", "email": "u@s.example"}

    kept = (await lemonsoft.put("/api/customers/5002", json=sent)).json()["number"]
    moved = (await lemonsoft.put("/api/customers/5002", json={**sent, "number": 99_001})).json()["number"]
    taken = await lemonsoft.put("/api/customers/5003", json={**sent, "number": 99_001})

    assert (kept, moved) == (20_002, 99_001)
    assert list(taken.json()["ModelState"]) == ["customer.number"]


async def test_a_sent_list_replaces_the_one_before(lemonsoft: httpx.AsyncClient) -> None:
    before = (await lemonsoft.get("/api/customers/5002")).json()

    sent = {**before, "contacts": [{"name": "Uusi Henkilö"}]}
    after = (await lemonsoft.put("/api/customers/5002", json={**sent, "email": "u@s.example"})).json()

    assert [row["name"] for row in after["contacts"]] == ["Uusi Henkilö"]
    assert after["contacts"][0]["customer_id"] == 5002
    assert after["street"] == before["street"]


async def test_name_and_email_are_required(lemonsoft: httpx.AsyncClient) -> None:
    answer = await lemonsoft.post("/api/customers", json={"phone": "1"})

    assert answer.status_code == 400
    assert set(answer.json()["ModelState"]) == {"customer.name", "customer.email"}


async def test_accounts_agreements_and_products_come_and_go(lemonsoft: httpx.AsyncClient) -> None:
    made = (await lemonsoft.post("/api/customers", json={"name": "Uusi", "email": "u@s.example"})).json()
    path = f"/api/customers/{made['id']}"

    account = (await lemonsoft.post(f"{path}/accounts", json={"iban": "FI2112345600000785"})).json()
    agreement = (await lemonsoft.post(f"{path}/agreements", json={"description": "Huolto"})).json()
    product = (await lemonsoft.post(f"{path}/agreements/{agreement['id']}/products", json={"product_code": "H"})).json()
    full = (await lemonsoft.get(path)).json()
    await lemonsoft.delete(f"{path}/agreements/products/{product['agreement_product_id']}")
    await lemonsoft.delete(f"{path}/accounts/{account['account_id']}")
    rest = (await lemonsoft.get(path)).json()

    assert full["accounts"] == [account]
    assert full["agreements"][0]["products"] == [product]
    assert product["agreement_id"] == agreement["id"]
    assert (rest["accounts"], rest["agreements"][0]["products"]) == ([], [])


async def test_the_ninth_call_at_the_same_time_is_a_503(limited: Sandbox) -> None:
    async with guest(limited.lemonsoft) as client:
        await signed_in(limited.lemonsoft, client)
        limited.lemonsoft.faults.set("latency", latency=0.05)
        answers = await asyncio.gather(*(client.get("/api/persons/current") for _ in range(9)))
        later = await client.get("/api/persons/current")

    assert sorted(answer.status_code for answer in answers) == [200] * 8 + [503]
    assert later.status_code == 200


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"name": "oy"}, "name"),
        ({"search_name": "a"}, "searchname"),
        ({"city": "x", "search": "helsinki"}, "city"),
        ({"email": "info"}, "email"),
        ({"phone": "+358"}, "phone"),
    ],
)
async def test_text_filters_find_parts(lemonsoft: httpx.AsyncClient, parameters: dict[str, str], field: str) -> None:
    found = await rows(lemonsoft, "/api/customers", page_size=500, **parameters)

    wanted = [*parameters.values()][-1]
    assert 0 < len(found) < 300
    assert any(wanted in str(row.get(field)).lower() for row in found)


async def test_contact_email_and_attributes_look_inside(lemonsoft: httpx.AsyncClient) -> None:
    someone = (await rows(lemonsoft, "/api/customers", page_size=1))[0]["contacts"][0]

    found = await rows(lemonsoft, "/api/customers", contact_email=someone["email"], page_size=500)
    marked = await rows(lemonsoft, "/api/customers", attribute_ids=[1], page_size=500)

    assert any(someone in row["contacts"] for row in found)
    assert 0 < len(marked) < 300


async def test_types_groups_and_e_mail_presence_are_filters(lemonsoft: httpx.AsyncClient) -> None:
    persons = await rows(lemonsoft, "/api/customers", type=1, page_size=500)
    silent = await rows(lemonsoft, "/api/customers", has_email=0, page_size=500)

    assert {row["group"] for row in persons} == {2}
    assert not any(row.get("email") for row in silent)


@pytest.mark.parametrize("query", [{"filter.page": -1}, {"filter.modified_after": "yesterday"}])
async def test_a_page_or_a_date_that_is_none_is_refused(lemonsoft: httpx.AsyncClient, query: dict[str, Any]) -> None:
    assert (await lemonsoft.get("/api/customers", params=query)).status_code == 400


async def test_invoices_are_found_by_number_and_date(lemonsoft: httpx.AsyncClient) -> None:
    by_number = await rows(lemonsoft, "/api/invoices", numbers=[3001, 3002], page_size=50)
    recent = await rows(lemonsoft, "/api/invoices", invoice_date_after="2025-06-01", page_size=500)
    one = (await lemonsoft.get(f"/api/invoices/{by_number[0]['id']}")).json()

    assert [row["number"] for row in by_number] == [3001, 3002]
    assert recent
    assert min(row["date"] for row in recent) > "2025-06-01"
    assert one == by_number[0]


async def test_code_lists_name_their_numbers(lemonsoft: httpx.AsyncClient) -> None:
    terms = await rows(lemonsoft, "/api/codelist/payment_term")
    methods = await rows(lemonsoft, "/api/codelist/description", codeListFilter="INVOICE_METHODS")
    groups = await rows(lemonsoft, "/api/customers/groups")
    unknown = await lemonsoft.get("/api/codelist/description", params={"filter.codeListFilter": "COLOURS"})

    assert {row["number"] for row in terms} == {1, 2, 3, 4}
    assert {row["id"] for row in methods} == {0, 1, 2, 3}
    assert {row["id"] for row in groups} == {1, 2, 3}
    assert unknown.status_code == 400


async def test_a_contact_is_replaced_by_its_own_id(lemonsoft: httpx.AsyncClient) -> None:
    contact = (await rows(lemonsoft, "/api/contacts/5001"))[0]

    await lemonsoft.put(f"/api/contacts/{contact['id']}", json={"name": "Uusi"})
    after = (await rows(lemonsoft, "/api/contacts/5001"))[0]

    assert (after["name"], after["id"], after["email"]) == ("Uusi", contact["id"], None)


async def test_a_customer_that_is_not_there(lemonsoft: httpx.AsyncClient) -> None:
    statuses = [
        (await lemonsoft.get("/api/customers/1")).status_code,
        (await lemonsoft.get("/api/contacts/1")).status_code,
        (await lemonsoft.put("/api/contacts/1", json={})).status_code,
        (await lemonsoft.delete("/api/customers/5001/accounts/1")).status_code,
    ]

    assert statuses == [404] * 4


async def test_a_new_number_must_be_free_and_types_must_fit(lemonsoft: httpx.AsyncClient) -> None:
    sent = {"name": "Uusi", "email": "u@s.example"}
    taken = await lemonsoft.post("/api/customers", json={**sent, "number": 20001})
    parts: list[dict[str, Any]] = [
        {"group": "x"},
        {"is_supplier": 1},
        {"phone": 1},
        {"contacts": {}},
        {"contacts": ["x"]},
    ]
    parts += [{"agreements": [{"products": [1]}]}, {"dimension": []}, {"number": "1"}]
    wrong = [(await lemonsoft.put("/api/customers/5001", json={**sent, **part})).status_code for part in parts]

    assert taken.status_code == 400
    assert wrong == [400] * 8


async def test_agreements_sent_with_a_customer_keep_their_products(lemonsoft: httpx.AsyncClient) -> None:
    sent = {"name": "Uusi", "email": "u@s.example", "agreements": [{"products": [{"product_code": "H"}]}]}

    made = (await lemonsoft.post("/api/customers", json={**sent, "dimension": {"Area_code": 3}})).json()

    agreement = made["agreements"][0]
    assert agreement["products"][0]["agreement_id"] == agreement["id"]
    assert made["dimension"] == {"Area_code": 3}
    assert made["number"] == 20301


async def test_who_am_i_is_somebody(lemonsoft: httpx.AsyncClient) -> None:
    assert (await lemonsoft.get("/api/persons/current")).json()["number"] == 501


async def test_an_error_under_200_has_the_shape_of_lemonsoft_s_errors(box: Sandbox) -> None:
    box.lemonsoft.faults.set("error_under_200")
    async with guest(box.lemonsoft) as client:
        answer = await client.get("/anything")

    assert answer.status_code == 200
    assert set(answer.json()) == {"Message"}
