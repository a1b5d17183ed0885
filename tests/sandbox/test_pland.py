from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sandbox.clients import Clock, guest, stranger

if TYPE_CHECKING:
    import httpx

    from customer_gateway.sandbox import Sandbox

pytestmark = pytest.mark.anyio

BY_NUMBER = '{"by":"number","direction":1}'


async def first_customer(pland: httpx.AsyncClient) -> dict[str, Any]:
    return (await pland.get("/customers/", params={"limit": 1, "sort": BY_NUMBER})).json()[0]


async def test_a_stranger_is_refused_in_pland_s_own_words(box: Sandbox) -> None:
    async with stranger(box.pland) as client:
        answer = await client.get("/customers/")

    assert answer.status_code == 401
    assert answer.json() == {"message": "Unauthorized", "errors": [{"message": "Unauthorized"}]}


async def test_a_login_gives_a_token_that_lives_an_hour(box: Sandbox, clock: Clock) -> None:
    async with stranger(box.pland) as client:
        known = box.pland.other_credentials
        login = {"username": known["username"], "password": known["password"], "type": known["login_type"]}
        token = (await client.post("/auth/login", json=login)).json()["token"]
        clock.now += 3599
        before = await client.get("/company", headers={"Authorization": token})
        clock.now += 1
        after = await client.get("/company", headers={"Authorization": token})

    assert (before.status_code, after.status_code) == (200, 401)
    assert box.pland.log.calls() == ["GET /company", "GET /company"]
    assert box.pland.log.logins() == ["POST /auth/login"]


async def test_a_forged_token_is_refused(box: Sandbox) -> None:
    async with stranger(box.pland) as client:
        answer = await client.get("/company", headers={"Authorization": "Bearer e30.e30.AAAA"})

    assert answer.status_code == 401


@pytest.mark.parametrize("limit", ["0", "1001", "many"])
async def test_a_limit_outside_1_to_1000_is_refused(pland: httpx.AsyncClient, limit: str) -> None:
    answer = await pland.get("/customers/", params={"limit": limit})

    assert answer.status_code == 400
    assert answer.json()["message"] == "limit must be an integer, between 1 and 1000"


async def test_pages_with_a_sort_hold_every_customer_once(pland: httpx.AsyncClient) -> None:
    pages = [
        (await pland.get("/customers/", params={"limit": 100, "offset": offset, "sort": BY_NUMBER})).json()
        for offset in (0, 100, 200)
    ]

    numbers = [row["number"] for page in pages for row in page]
    assert numbers == list(range(1001, 1301))
    assert (await pland.get("/customers/count")).json() == {"count": 300}


async def test_pages_without_a_sort_lose_customers(pland: httpx.AsyncClient) -> None:
    pages = [(await pland.get("/customers/", params={"limit": 100, "offset": at})).json() for at in (0, 100, 200)]

    assert len({row["_id"] for page in pages for row in page}) < 300


async def test_the_published_sort_form_is_refused_as_it_is_live(pland: httpx.AsyncClient) -> None:
    answer = await pland.get("/customers/", params={"sort": "number:1"})

    assert answer.status_code == 400


async def test_a_collection_without_its_slash_is_not_found(pland: httpx.AsyncClient) -> None:
    assert (await pland.get("/customers")).status_code == 404


@pytest.mark.parametrize("form", ["repeated", "brackets", "commas"])
async def test_ids_are_taken_in_three_forms(pland: httpx.AsyncClient, form: str) -> None:
    rows = (await pland.get("/customers/", params={"limit": 3, "sort": BY_NUMBER})).json()
    ids = [row["_id"] for row in rows]
    params = {"repeated": {"ids": ids}, "brackets": {"ids[]": ids}, "commas": {"ids": ",".join(ids)}}[form]

    found = (await pland.get("/customers/", params=params)).json()

    assert {row["_id"] for row in found} == set(ids)


async def test_an_id_of_the_wrong_form_is_named(pland: httpx.AsyncClient) -> None:
    listed, single = await pland.get("/customers/", params={"ids": "1"}), await pland.get("/customers/nothing")

    assert (listed.status_code, listed.json()["message"]) == (400, "Failed to parse Id: 1")
    assert (single.status_code, single.json()["message"]) == (400, "Failed to parse Id: nothing")


async def test_contacts_and_invoices_come_for_many_customers_at_once(pland: httpx.AsyncClient) -> None:
    customers = (await pland.get("/customers/", params={"limit": 50, "sort": BY_NUMBER})).json()
    ids = [row["_id"] for row in customers]

    contacts = (await pland.get("/contacts/", params={"customerId": ids, "limit": 1000})).json()
    invoices = (await pland.get("/invoices/", params={"customer": ids, "limit": 1000})).json()

    assert {row["customerId"] for row in contacts} == set(ids)
    assert {row["customerId"] for row in invoices} < set(ids)
    assert {row["documentType"] for row in invoices} == {"invoice", "storno", "credit"}


async def test_every_user_that_a_customer_names_is_known_but_the_forgotten_ones(pland: httpx.AsyncClient) -> None:
    customers = (await pland.get("/customers/", params={"limit": 1000, "sort": BY_NUMBER})).json()
    named = {row["status"][who] for row in customers for who in ("createdBy", "lastModifiedBy")}

    users = (await pland.get("/users/", params={"ids": sorted(named), "limit": 1000})).json()

    assert len(named - {user["_id"] for user in users}) == 1


async def test_a_patch_changes_what_was_sent_and_stamps_it(pland: httpx.AsyncClient, clock: Clock) -> None:
    before = await first_customer(pland)

    after = (await pland.patch(f"/customers/{before['_id']}", json={"vatNumber": None, "name": "Neu"})).json()

    assert after["name"] == "Neu"
    assert after["vatNumber"] is None
    assert after["address"] == before["address"]
    assert after["status"]["lastModifiedAt"] == clock.now * 1000
    assert after["status"]["createdAt"] == before["status"]["createdAt"]
    assert (await pland.get(f"/customers/{before['_id']}")).json() == after


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"nmae": "x"}, "Unknown parameter: nmae"),
        ({"name": 3}, "name has the wrong type"),
        ({"name": ""}, "name must not be empty"),
        ({"status": {"status": "9"}}, "status.status must be 1 or 2"),
    ],
)
async def test_a_patch_that_does_not_fit_is_refused(
    pland: httpx.AsyncClient, sent: dict[str, object], message: str
) -> None:
    customer = await first_customer(pland)

    answer = await pland.patch(f"/customers/{customer['_id']}", json=sent)

    assert (answer.status_code, answer.json()["message"]) == (400, message)
    assert await first_customer(pland) == customer


async def test_what_is_pland_s_own_is_passed_over(pland: httpx.AsyncClient, clock: Clock) -> None:
    before = await first_customer(pland)
    stamps = {"createdAt": 1, "createdBy": "x", "lastModifiedAt": 1, "lastModifiedBy": "x"}
    own = {"_id": "x", "companyId": "x", "chatId": "x"}

    sent = {**own, "status": {"status": 2, **stamps}}
    after = (await pland.patch(f"/customers/{before['_id']}", json=sent)).json()
    made = (await pland.post("/customers/", json={**own, "name": "Neu", "status": {"status": "2", **stamps}})).json()

    assert {name: after[name] for name in own} == {name: before[name] for name in own}
    assert after["status"] == {
        "status": 2,
        "createdAt": before["status"]["createdAt"],
        "createdBy": before["status"]["createdBy"],
        "lastModifiedAt": clock.now * 1000,
        "lastModifiedBy": made["status"]["lastModifiedBy"],
    }
    assert (made["chatId"], made["status"]["status"], made["status"]["createdAt"]) == (None, "2", clock.now * 1000)


@pytest.mark.parametrize(
    "sent", [{"paymentTermId": "x"}, {"invoiceRecipientId": ""}, {"invoiceCCRecipientIds": ["0" * 24, 5]}]
)
async def test_a_reference_has_the_form_of_an_id(pland: httpx.AsyncClient, sent: dict[str, Any]) -> None:
    customer = await first_customer(pland)

    answer = await pland.patch(f"/customers/{customer['_id']}", json=sent)

    assert (answer.status_code, answer.json()["message"].partition(":")[0]) == (400, "Failed to parse Id")


async def test_a_new_customer_needs_a_name(pland: httpx.AsyncClient) -> None:
    answer = await pland.post("/customers/", json={"number": 5})

    assert (answer.status_code, answer.json()["message"]) == (400, "Missing parameters: name")


async def test_deleting_a_customer_takes_its_objects_along(pland: httpx.AsyncClient) -> None:
    assignments = (await pland.get("/assignments/", params={"limit": 1000, "sort": BY_NUMBER})).json()
    customers = (await pland.get("/customers/", params={"limit": 1000, "sort": BY_NUMBER})).json()
    busy = {row["customerId"] for row in assignments}
    free = next(row["_id"] for row in customers if row["_id"] not in busy)
    await pland.patch(f"/customers/{free}", json={"status": {"status": "2"}})

    before = (await pland.get("/objects/", params={"customerIds": free})).json()
    await pland.delete(f"/customers/{free}")

    assert len(before) == 1
    assert (await pland.get("/objects/", params={"customerIds": free})).json() == []


async def test_a_new_customer_gets_the_next_number(pland: httpx.AsyncClient) -> None:
    created = await pland.post("/customers/", json={"name": "Neukunde GmbH"})

    assert created.status_code == 201
    assert created.json()["number"] == 1301
    assert (await pland.get(f"/customers/{created.json()['_id']}")).json() == created.json()


async def test_a_number_belongs_to_one_customer(pland: httpx.AsyncClient) -> None:
    answer = await pland.post("/customers/", json={"name": "Neukunde GmbH", "number": 1001})

    assert answer.status_code == 400
    assert answer.json()["message"].startswith("E11000")


async def test_only_a_passive_customer_without_active_assignments_can_be_deleted(pland: httpx.AsyncClient) -> None:
    assignments = (await pland.get("/assignments/", params={"limit": 1000, "status": "1", "sort": BY_NUMBER})).json()
    busy = assignments[0]["customerId"]
    free = (await pland.post("/customers/", json={"name": "Neukunde GmbH"})).json()["_id"]

    active = await pland.delete(f"/customers/{free}")
    for customer in (busy, free):
        await pland.patch(f"/customers/{customer}", json={"status": {"status": 2}})
    in_use, gone = await pland.delete(f"/customers/{busy}"), await pland.delete(f"/customers/{free}")

    assert (active.status_code, in_use.status_code, gone.status_code) == (400, 409, 204)
    assert (await pland.get(f"/customers/{free}")).status_code == 404


async def test_a_contact_needs_a_full_name_or_an_email(pland: httpx.AsyncClient) -> None:
    customer = await first_customer(pland)

    nameless = await pland.post("/contacts/", json={"customerId": customer["_id"], "firstName": "Ada"})
    named = await pland.post("/contacts/", json={"customerId": customer["_id"], "email": "ada@post.example"})

    assert (nameless.status_code, named.status_code) == (400, 201)


async def test_the_twenty_first_call_of_a_second_is_told_to_wait(limited: Sandbox, clock: Clock) -> None:
    async with guest(limited.pland) as client:
        statuses = [(await client.get("/company")).status_code for _ in range(20)]
        refused = await client.get("/company")
        clock.now += 1
        again = await client.get("/company")

    assert statuses == [200] * 20
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
    assert again.status_code == 200


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"username": "gateway"}, 400),
        ({"username": "gateway", "password": "x", "type": "app"}, 401),
        ({"username": "gateway", "password": "pland-passwort", "type": "robot"}, 400),
    ],
)
async def test_a_login_that_lacks_something_is_refused(box: Sandbox, sent: dict[str, str], status: int) -> None:
    async with stranger(box.pland) as client:
        assert (await client.post("/auth/login", json=sent)).status_code == status


async def test_many_customers_are_changed_at_once(pland: httpx.AsyncClient) -> None:
    rows = (await pland.get("/customers/", params={"limit": 3, "sort": BY_NUMBER})).json()
    ids = [row["_id"] for row in rows[:2]]

    answer = await pland.patch("/customers/many", json={"ids": ids, "data": {"contactPerson": "Ada Lovelace"}})
    after = (await pland.get("/customers/", params={"limit": 3, "sort": BY_NUMBER})).json()

    assert answer.json() == {"modifiedCount": 2}
    assert [row["contactPerson"] for row in after] == ["Ada Lovelace", "Ada Lovelace", rows[2]["contactPerson"]]


async def test_a_number_cannot_be_taken_from_another_customer(pland: httpx.AsyncClient) -> None:
    customer = await first_customer(pland)

    other = await pland.patch(f"/customers/{customer['_id']}", json={"number": 1002})
    own = await pland.patch(f"/customers/{customer['_id']}", json={"number": 1001})

    assert (other.status_code, own.status_code) == (400, 200)


async def test_the_last_number_is_told(pland: httpx.AsyncClient) -> None:
    assert (await pland.get("/customers/lastNumber")).json() == {"lastNumber": 1300}


async def test_customers_are_found_by_status_number_and_part_of_the_name(pland: httpx.AsyncClient) -> None:
    passive = (await pland.get("/customers/", params={"status": "2", "limit": 1000})).json()
    numbered = (await pland.get("/customers/", params={"number": "1007"})).json()
    named = (await pland.get("/customers/", params={"name": "GMBH", "sort": '{"by":"name","direction":-1}'})).json()

    assert {row["status"]["status"] for row in passive} == {"2"}
    assert [row["number"] for row in numbered] == [1007]
    assert all("gmbh" in row["name"].lower() for row in named)
    assert [row["name"] for row in named] == sorted((row["name"] for row in named), reverse=True)


@pytest.mark.parametrize(
    "sort", ["{", "[]", '{"by":"number"}', '{"by":"number","direction":2}', '{"by":"a b","direction":1}']
)
async def test_a_sort_that_is_none_is_refused(pland: httpx.AsyncClient, sort: str) -> None:
    assert (await pland.get("/customers/", params={"sort": sort})).status_code == 400


async def test_the_objects_of_a_customer_are_one_list_under_two_paths(pland: httpx.AsyncClient) -> None:
    customer = await first_customer(pland)

    below = (await pland.get(f"/customers/{customer['_id']}/objects")).json()
    filtered = (await pland.get("/objects/", params={"customerIds": customer["_id"]})).json()

    assert below == filtered
    assert len(below) == 1


async def test_users_are_found_by_name_by_number_and_as_oneself(pland: httpx.AsyncClient) -> None:
    oneself = (await pland.get("/users/self")).json()

    by_name = (await pland.get("/users/", params={"name": oneself["general"]["lastName"]})).json()
    by_number = (await pland.get(f"/users/{oneself['number']}/byNumber")).json()

    assert oneself in by_name
    assert by_number == oneself
    assert (await pland.get("/users/9999/byNumber")).status_code == 404


async def test_payment_terms_page_in_their_own_way(pland: httpx.AsyncClient) -> None:
    answer = (await pland.get("/paymentTerms/", params={"limit": 2, "skip": 1})).json()
    too_many = await pland.get("/paymentTerms/", params={"limit": 101})

    assert answer["meta"] == {"total": 3, "offset": 1, "limit": 2}
    assert len(answer["data"]) == 2
    assert (await pland.get(f"/paymentTerms/{answer['data'][0]['_id']}")).json() == answer["data"][0]
    assert too_many.status_code == 400


async def test_a_contact_is_changed_and_removed(pland: httpx.AsyncClient) -> None:
    contact = (await pland.get("/contacts/", params={"limit": 1, "name": "a"})).json()[0]
    path = f"/contacts/{contact['_id']}"

    changed = (await pland.patch(path, json={"phone": "+49 30 1"})).json()
    emptied = await pland.patch(path, json={"firstName": "", "email": None})
    removed = await pland.delete(path)

    assert {**changed, "status": None} == {**contact, "phone": "+49 30 1", "status": None}
    assert (emptied.status_code, removed.status_code) == (400, 204)
    assert (await pland.get(path)).status_code == 404


async def test_a_contact_needs_a_customer(pland: httpx.AsyncClient) -> None:
    assert (await pland.post("/contacts/", json={"email": "ada@post.example"})).status_code == 400


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"name": NaN}'])
async def test_a_body_that_is_no_json_object_is_refused(pland: httpx.AsyncClient, body: bytes) -> None:
    assert (await pland.post("/customers/", content=body)).status_code == 400


async def test_an_error_under_200_has_the_shape_of_pland_s_errors(box: Sandbox) -> None:
    box.pland.faults.set("error_under_200")
    async with guest(box.pland) as client:
        answer = await client.get("/anything")

    assert answer.status_code == 200
    assert set(answer.json()) == {"message", "errors"}
