from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sandbox.clients import Clock, guest, stranger

from customer_gateway.sandbox.billbee.documents import ADDRESSES

if TYPE_CHECKING:
    import httpx

    from customer_gateway.sandbox import Sandbox

pytestmark = pytest.mark.anyio

FIRST = 300_000_000_412_001
ARCHIVED = FIRST + 14


async def data(client: httpx.AsyncClient, path: str, **query: Any) -> Any:
    return (await client.get(path, params=query)).json()["Data"]


async def test_both_the_api_key_and_the_password_are_needed(box: Sandbox) -> None:
    known = box.billbee.credentials
    async with stranger(box.billbee) as client:
        keyless = await client.get("/customers", auth=(str(known["user"]), str(known["password"])))
        nobody = await client.get("/customers", headers={"X-Billbee-Api-Key": str(known["api_key"])})

    assert (keyless.status_code, nobody.status_code) == (401, 401)
    assert set(keyless.json()) == {"Message"}


async def test_a_page_tells_how_many_there_are_and_never_holds_more_than_250(billbee: httpx.AsyncClient) -> None:
    default, most = (await billbee.get("/customers")).json(), (await billbee.get("/customers?pageSize=99999")).json()

    assert default["Paging"] == {"Page": 1, "TotalPages": 6, "TotalRows": 300, "PageSize": 50}
    assert (default["ErrorMessage"], default["ErrorCode"], default["ErrorDescription"]) == (None, 0, "NoError")
    assert (len(most["Data"]), most["Paging"]["PageSize"]) == (250, 250)


async def test_page_zero_is_refused_with_an_error_code(billbee: httpx.AsyncClient) -> None:
    answer = await billbee.get("/customers", params={"page": 0})

    assert (answer.status_code, answer.json()["ErrorCode"], answer.json()["Data"]) == (400, 11, None)


async def test_nothing_filters_the_customers(billbee: httpx.AsyncClient) -> None:
    assert await data(billbee, "/customers", ids=FIRST, Name="x") == await data(billbee, "/customers")


async def test_an_unknown_customer_is_a_404_with_an_error_code(billbee: httpx.AsyncClient) -> None:
    answer = await billbee.get("/customers/1")

    assert (answer.status_code, answer.json()["ErrorCode"]) == (404, 11)


async def test_addresses_stand_apart_from_their_customer(billbee: httpx.AsyncClient) -> None:
    customer = await data(billbee, f"/customers/{FIRST + 2}")
    own = await data(billbee, f"/customers/{FIRST + 2}/addresses")
    every = [row for page in (1, 2) for row in await data(billbee, "/customer-addresses", page=page, pageSize=250)]

    assert "Address" not in customer
    assert [row["AddressType"] for row in own] == [2, 1]
    assert [row for row in every if row["CustomerId"] == FIRST + 2] == own


async def test_the_orders_of_a_customer_are_thin_and_a_single_one_is_not(billbee: httpx.AsyncClient) -> None:
    orders = await data(billbee, f"/customers/{FIRST + 1}/orders")
    order = await data(billbee, f"/orders/{orders[0]['Id']}")

    assert "Currency" not in orders[0]
    assert order["Currency"] == "EUR"
    assert order["Customer"]["Id"] == FIRST + 1
    assert orders[0]["InvoiceNumber"] == f"{order['InvoiceNumberPrefix']}{order['InvoiceNumber']}"


async def test_a_search_finds_thin_rows_by_all_words(billbee: httpx.AsyncClient) -> None:
    found = (await billbee.post("/search", json={"Type": ["customer"], "Term": "gmbh köln"})).json()["Data"][
        "Customers"
    ]

    assert found
    assert all(set(row) == {"Id", "Name", "Addresses", "Number"} for row in found)
    assert all("Köln" in row["Addresses"] and "gmbh" in row["Name"].lower() for row in found)


async def test_a_put_empties_what_was_not_sent(billbee: httpx.AsyncClient) -> None:
    before = await data(billbee, f"/customers/{FIRST + 1}")

    await billbee.put(f"/customers/{FIRST + 1}", json={"Name": before["Name"]})
    after = await data(billbee, f"/customers/{FIRST + 1}")

    assert (after["Name"], after["Id"]) == (before["Name"], before["Id"])
    assert {name for name, value in after.items() if value not in (None, [])} == {"Id", "Name"}


async def test_a_customer_sent_back_as_it_was_read_stays_the_same(billbee: httpx.AsyncClient) -> None:
    before = await data(billbee, f"/customers/{FIRST + 1}")

    await billbee.put(f"/customers/{FIRST + 1}", json=before)

    assert await data(billbee, f"/customers/{FIRST + 1}") == before


async def test_an_archived_customer_refuses_changes(billbee: httpx.AsyncClient) -> None:
    changed = await billbee.put(f"/customers/{ARCHIVED}", json={"Name": "x"})
    added = await billbee.post(f"/customers/{ARCHIVED}/addresses", json={"City": "Ulm"})

    assert (changed.status_code, changed.json()["ErrorCode"]) == (400, 11)
    assert added.status_code == 400


@pytest.mark.parametrize(
    "wrong", [{"Name": 1}, {"Number": "1"}, {"Type": 7}, {"Number": 1}, {"DefaultFax": {"TypeId": 9}}]
)
async def test_a_body_that_does_not_fit_is_refused(billbee: httpx.AsyncClient, wrong: dict[str, Any]) -> None:
    answer = await billbee.put(f"/customers/{FIRST + 1}", json=wrong)

    assert (answer.status_code, answer.json()["ErrorCode"]) == (400, 11)


async def test_a_new_customer_brings_an_address_that_is_kept_apart(billbee: httpx.AsyncClient) -> None:
    sent = {"Name": "Neu", "Address": {"City": "Ulm", "CountryCode": "DE"}}

    created = (await billbee.post("/customers", json=sent)).json()["Data"]

    assert "Address" not in created
    assert [row["City"] for row in await data(billbee, f"/customers/{created['Id']}/addresses")] == ["Ulm"]


async def test_a_new_customer_may_come_without_an_address(billbee: httpx.AsyncClient) -> None:
    created = (await billbee.post("/customers", json={"Name": "Neu", "Number": 4711})).json()["Data"]

    assert created["Number"] == 4711
    assert await data(billbee, f"/customers/{created['Id']}/addresses") == []


async def test_a_set_id_stops_the_creation_of_an_address(billbee: httpx.AsyncClient) -> None:
    answer = await billbee.post(f"/customers/{FIRST}/addresses", json={"Id": 5, "City": "Ulm"})

    assert answer.status_code == 400


async def test_patching_an_address_keeps_and_putting_it_empties_the_rest(billbee: httpx.AsyncClient) -> None:
    before = (await data(billbee, f"/customers/{FIRST}/addresses"))[0]
    path = f"/customers/addresses/{before['Id']}"

    patched = (await billbee.patch(path, json={"Street": "Neue Gasse", "CustomerId": 1})).json()["Data"]
    put = (await billbee.put(path, json={"Street": "Neue Gasse"})).json()["Data"]

    assert patched == {**before, "Street": "Neue Gasse"}
    assert (put["Street"], put["City"], put["CustomerId"]) == ("Neue Gasse", None, FIRST)


async def test_the_addresses_of_an_archived_customer_refuse_changes(billbee: httpx.AsyncClient) -> None:
    address = (await data(billbee, f"/customers/{ARCHIVED}/addresses"))[0]

    answer = await billbee.patch(f"/customers/addresses/{address['Id']}", json={"City": "Ulm"})

    assert (answer.status_code, answer.json()["ErrorCode"]) == (400, 11)


async def test_a_customer_that_was_restored_can_be_changed_again(billbee: httpx.AsyncClient, box: Sandbox) -> None:
    statuses: list[int] = []
    for restored in ('"2026-01-02T00:00:00"', '"2020-01-01T00:00:00"'):
        stamps = f'{{"ArchivedAt":"2026-01-01T00:00:00","RestoredAt":{restored}}}'
        box.billbee.customers.plant(FIRST, stamps)
        statuses.append((await billbee.put(f"/customers/{FIRST}", json={"Name": "x"})).status_code)

    assert statuses == [200, 400]


async def test_what_is_billbee_s_own_is_passed_over(billbee: httpx.AsyncClient) -> None:
    before = await data(billbee, f"/customers/{FIRST}")
    mine = {"Id": 5, "ArchivedAt": "2026-01-01T00:00:00", "RestoredAt": "2026-01-01T00:00:00", "Address": {"City": "x"}}

    put = (await billbee.put(f"/customers/{FIRST}", json={**before, **mine})).json()["Data"]
    made = (await billbee.post("/customers", json={"Name": "Neu", **mine})).json()["Data"]

    assert put == before
    assert (made["Id"], made["ArchivedAt"], made["RestoredAt"]) == (FIRST + 300, None, None)
    assert "Address" not in made


async def test_an_address_keeps_what_nobody_documents_as_the_customer_does(
    billbee: httpx.AsyncClient, box: Sandbox
) -> None:
    address = (await data(billbee, f"/customers/{FIRST}/addresses"))[0]
    path = f"/customers/addresses/{address['Id']}"

    await billbee.patch(path, content=b'{"Depot":{"a":1.10},"City":"Ulm"}')
    patched = box.billbee.store[ADDRESSES].text(address["Id"])
    await billbee.put(path, content=patched.encode())
    put = box.billbee.store[ADDRESSES].text(address["Id"])
    made = (await billbee.post(f"/customers/{FIRST}/addresses", content=b'{"Depot":[1e2]}')).text

    assert '"Depot":{"a":1.10}' in patched
    assert put == patched
    assert '"Depot":[1e2]' in made


@pytest.mark.parametrize("wrong", [{"MetaData": ["x"]}, {"MetaData": {}}, {"DefaultFax": []}])
async def test_contact_data_are_objects(billbee: httpx.AsyncClient, wrong: dict[str, Any]) -> None:
    assert (await billbee.put(f"/customers/{FIRST}", json=wrong)).status_code == 400


async def test_two_calls_a_second_reach_an_endpoint_and_ten_a_user(limited: Sandbox, clock: Clock) -> None:
    async with guest(limited.billbee) as client:
        paths = [f"/customers/{FIRST + at}" for at in range(3)]
        statuses = [(await client.get(path)).status_code for path in paths]
        for path in ("/customers", "/customer-addresses", "/orders", "/enums/orderstates"):
            statuses += [(await client.get(path)).status_code for _ in range(2)]
        refused = await client.get(f"/customers/{FIRST}/orders")
        clock.now += 1
        again = await client.get("/customers")

    assert statuses == [200, 200, 429, *[200] * 8]
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
    assert again.status_code == 200


async def test_one_order_is_read_six_times_a_minute(limited: Sandbox, clock: Clock) -> None:
    statuses: list[int] = []
    async with guest(limited.billbee) as client:
        for _ in range(7):
            statuses.append((await client.get("/orders/300000001950001")).status_code)
            clock.now += 1

    assert statuses == [200] * 6 + [429]


async def test_addresses_are_made_read_and_put_at_the_top_level_too(billbee: httpx.AsyncClient) -> None:
    made = (await billbee.post("/customer-addresses", json={"CustomerId": FIRST, "City": "Ulm"})).json()["Data"]
    orphan = await billbee.post("/customer-addresses", json={"CustomerId": 1, "City": "Ulm"})

    assert await data(billbee, f"/customer-addresses/{made['Id']}") == made
    assert await data(billbee, f"/customers/addresses/{made['Id']}") == made
    assert orphan.status_code == 400


async def test_a_country_is_two_letters(billbee: httpx.AsyncClient) -> None:
    answer = await billbee.post(f"/customers/{FIRST}/addresses", json={"CountryCode": "Germany"})

    assert answer.status_code == 400


async def test_an_address_that_is_no_object_makes_no_customer(billbee: httpx.AsyncClient) -> None:
    answer = await billbee.post("/customers", json={"Name": "Neu", "Address": "Ulm"})

    assert answer.status_code == 400
    assert (await billbee.get("/customers")).json()["Paging"]["TotalRows"] == 300


async def test_contact_data_gets_ids_and_type_names_and_joins_the_rest(billbee: httpx.AsyncClient) -> None:
    mail = {"TypeId": 1, "Value": "a@b.example", "TypeName": "Carrier pigeon"}
    extra = {"TypeId": 2, "Value": "+49 30 1"}

    await billbee.put(f"/customers/{FIRST}", json={"Name": "x", "DefaultMailAddress": mail, "MetaData": [extra]})
    after = await data(billbee, f"/customers/{FIRST}")

    assert after["DefaultMailAddress"]["TypeName"] == "Email"
    assert {row["Value"] for row in after["MetaData"]} == {"a@b.example", "+49 30 1"}
    assert all(row["Id"] for row in after["MetaData"])


async def test_invoices_are_listed_without_regard_to_customers(billbee: httpx.AsyncClient) -> None:
    every = (await billbee.get("/orders/invoices", params={"pageSize": 250})).json()
    recent = (await billbee.get("/orders/invoices", params={"minInvoiceDate": "2025-01-01"})).json()

    assert every["Paging"]["TotalRows"] > recent["Paging"]["TotalRows"] > 0
    assert all(row["InvoiceDate"] >= "2025" for row in recent["Data"])


async def test_the_same_page_of_invoices_is_read_once_a_minute(limited: Sandbox, clock: Clock) -> None:
    async with guest(limited.billbee) as client:
        first, again = await client.get("/orders/invoices"), await client.get("/orders/invoices?page=1")
        other = await client.get("/orders/invoices?page=2")
        clock.now += 60
        later = await client.get("/orders/invoices")

    assert [answer.status_code for answer in (first, again, other, later)] == [200, 429, 200, 200]
    assert again.headers["Retry-After"] == "60"


async def test_an_empty_search_is_refused_and_orders_are_listed(billbee: httpx.AsyncClient) -> None:
    empty = await billbee.post("/search", json={"Term": " "})
    orders = (await billbee.get("/orders", params={"pageSize": 5})).json()

    assert empty.status_code == 400
    assert len(orders["Data"]) == 5


async def test_an_error_under_200_has_the_shape_of_billbee_s_errors(box: Sandbox) -> None:
    box.billbee.faults.set("error_under_200")
    async with guest(box.billbee) as client:
        answer = await client.get("/anything")

    assert answer.status_code == 200
    assert answer.json()["ErrorCode"] == 8
