from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
import pytest
from sandbox.clients import Clock, guest, stranger

if TYPE_CHECKING:
    import httpx

    from customer_gateway.sandbox import Sandbox

pytestmark = pytest.mark.anyio

ALL: dict[str, Any] = {"active__in": ["true", "false"]}


async def listed(client: httpx.AsyncClient, path: str, size: int = 100, **terms: Any) -> dict[str, Any]:
    answer = await client.get(path, params={"size": size, "filter_str": orjson.dumps(terms).decode()})
    return answer.json()


async def test_the_one_time_key_is_spent_by_its_first_use(box: Sandbox) -> None:
    form = {"grant_type": "password", "scope": "", **box.next.other_credentials}
    async with stranger(box.next) as client:
        first, second = await client.post("/token", data=form), await client.post("/token", data=form)
        token = first.json()["access_token"]
        answer = await client.get("/currency/", headers={"Authorization": f"Bearer {token}"})

    assert first.json()["token_type"] == "bearer"
    assert second.status_code == 401
    assert answer.status_code == 200


async def test_a_call_without_a_bearer_is_refused(box: Sandbox) -> None:
    async with stranger(box.next) as client:
        answer = await client.get("/customer/")

    assert (answer.status_code, answer.json()) == (401, {"detail": "Not authenticated"})


async def test_more_than_a_hundred_a_page_is_a_422(next_: httpx.AsyncClient) -> None:
    answer = await next_.get("/customer/", params={"size": 101})

    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["query", "size"]


async def test_a_list_holds_active_rows_only_unless_both_are_asked_for(next_: httpx.AsyncClient) -> None:
    default, everything = (await next_.get("/customer/")).json(), await listed(next_, "/customer/", **ALL)

    assert (default["total"], default["size"], default["pages"]) == (275, 50, 6)
    assert all(row["active"] for row in default["items"])
    assert (everything["total"], everything["pages"]) == (300, 3)


async def test_an_inactive_record_is_found_by_its_id(next_: httpx.AsyncClient) -> None:
    inactive = (await listed(next_, "/customer/", active=False))["items"][0]

    assert (await next_.get(f"/customer/{inactive['id']}")).json() == inactive


async def test_many_are_read_by_id_in(next_: httpx.AsyncClient) -> None:
    found = await listed(next_, "/customer/", id__in=[1201, 1212, 9999], **ALL)

    assert [row["id"] for row in found["items"]] == [1201, 1212]


async def test_contains_ignores_case(next_: httpx.AsyncClient) -> None:
    found = await listed(next_, "/customer/", name__contains="bygg")

    assert found["total"] > 0
    assert all("bygg" in row["name"].lower() for row in found["items"])


async def test_ge_and_le_hold_dates_apart(next_: httpx.AsyncClient) -> None:
    new = await listed(next_, "/customer/", changed__ge="2026-01-01T00:00:00", **ALL)
    old = await listed(next_, "/customer/", changed__le="2025-12-31T23:59:59", **ALL)

    assert new["total"] + old["total"] == 300
    assert new["total"] > 0


@pytest.mark.parametrize(
    ("filter_str", "message"),
    [
        ("{", "Failed to decode json"),
        ("[]", "Failed to decode json"),
        ('{"nmae": "x"}', "Invalid filter fields for Customer: nmae"),
        ('{"name__like": "x"}', "Invalid filter fields for Customer: name__like"),
        ('{"id__contains": "1"}', "id__contains works on strings only"),
        ('{"id": "1"}', "id has the wrong type"),
        ('{"id__in": 1}', "id__in needs a list"),
    ],
)
async def test_a_filter_that_cannot_be_honoured_is_a_422_with_one_detail(
    next_: httpx.AsyncClient, filter_str: str, message: str
) -> None:
    answer = await next_.get("/customer/", params={"filter_str": filter_str})

    assert (answer.status_code, answer.json()["detail"]["msg"]) == (422, message)


async def test_contacts_and_invoices_come_by_customer(next_: httpx.AsyncClient) -> None:
    ids = list(range(1201, 1251))

    contacts = await listed(next_, "/customercontact/", customerid__in=ids, **ALL)
    invoices = await listed(next_, "/invoice/", customerid__in=ids)

    assert {row["customerid"] for row in contacts["items"]} <= set(ids)
    assert {row["customerid"] for row in invoices["items"]} <= set(ids)
    assert contacts["total"] >= 50


async def test_a_put_changes_only_what_was_sent(next_: httpx.AsyncClient, clock: Clock) -> None:
    clock.now = 1_795_219_200
    before = (await next_.get("/customer/1202")).json()

    after = (await next_.put("/customer/1202", json={"phone": "08-1", "customertypeid": 3})).json()

    changed = {name for name in before if before[name] != after[name]}
    assert changed <= {"phone", "customertypeid", "customertypename", "changed", "changedby"}
    assert after["customertypename"] == "Government"
    assert after["changed"] == "2026-11-21T01:00:00"


async def test_construction_and_no_vat_exclude_each_other(next_: httpx.AsyncClient) -> None:
    answer = await next_.put("/customer/1202", json={"constructioncompany": True, "novat": True})

    assert answer.status_code == 400
    assert "constructioncompany" in answer.json()["detail"]


async def test_everything_wrong_with_a_body_is_told_at_once(next_: httpx.AsyncClient) -> None:
    answer = await next_.put(
        "/customer/1202", json={"name": "x" * 51, "issupplier": None, "nmae": 1, "currencyid": "1"}
    )

    assert answer.status_code == 422
    assert [problem["loc"][1] for problem in answer.json()["detail"]] == ["name", "issupplier", "nmae", "currencyid"]


async def test_a_customer_needs_a_name_and_a_type(next_: httpx.AsyncClient) -> None:
    nothing = await next_.post("/customer/", json={})
    enough = await next_.post("/customer/", json={"name": "Nytt AB", "customertypeid": 1})

    assert {problem["loc"][1] for problem in nothing.json()["detail"]} == {"name", "customertypeid"}
    assert enough.status_code == 200
    assert enough.json()["currencycode"] == "SEK"
    assert (await next_.get(f"/customer/{enough.json()['id']}")).json() == enough.json()


async def test_a_supplier_has_the_same_id_there(next_: httpx.AsyncClient) -> None:
    supplier = (await listed(next_, "/supplier/"))["items"][0]

    assert (await next_.get(f"/customer/{supplier['id']}")).json() == supplier


async def test_the_eleventh_call_of_a_second_is_refused_without_a_hint(limited: Sandbox, clock: Clock) -> None:
    async with guest(limited.next) as client:
        statuses = [(await client.get("/currency/")).status_code for _ in range(11)]
        refused = await client.get("/currency/")
        clock.now += 1
        again = await client.get("/currency/")

    assert statuses == [200] * 10 + [429]
    assert "Retry-After" not in refused.headers
    assert again.status_code == 200


@pytest.mark.parametrize(
    ("form", "status"),
    [({"grant_type": "client_credentials"}, 400), ({"grant_type": "password", "username": "x"}, 401)],
)
async def test_a_token_request_that_does_not_fit_leaves_the_key_unspent(
    box: Sandbox, form: dict[str, str], status: int
) -> None:
    async with stranger(box.next) as client:
        refused = await client.post("/token", data=form)
        json_sent = await client.post("/token", json=form)
        good = await client.post("/token", data={"grant_type": "password", **box.next.other_credentials})

    assert (refused.status_code, json_sent.status_code, good.status_code) == (status, 422, 200)


async def test_an_id_that_is_no_number_or_of_nobody(next_: httpx.AsyncClient) -> None:
    nonsense, nobody = await next_.get("/customer/abc"), await next_.get("/customer/1")

    assert (nonsense.status_code, nobody.status_code) == (422, 404)


@pytest.mark.parametrize("page", ["0", "x"])
async def test_pages_count_from_one(next_: httpx.AsyncClient, page: str) -> None:
    assert (await next_.get("/customer/", params={"page": page})).status_code == 422


async def test_null_and_in_with_null_are_values(next_: httpx.AsyncClient) -> None:
    without = await listed(next_, "/customer/", vatno=None, **ALL)
    mixed = await listed(next_, "/customer/", vatno__in=[None, "SE556000000001"], **ALL)

    assert without["total"] == mixed["total"] > 0
    assert {row["vatno"] for row in without["items"]} == {None}


async def test_a_contact_is_made_and_changed(next_: httpx.AsyncClient) -> None:
    made = (await next_.post("/customercontact/", json={"customerid": 1201, "name": "Ada"})).json()
    changed = (await next_.put(f"/customercontact/{made['id']}", json={"phone": "08-1"})).json()
    orphan = await next_.post("/customercontact/", json={"customerid": 9, "name": "Ada"})

    assert (changed["name"], changed["phone"], changed["active"]) == ("Ada", "08-1", True)
    assert changed in (await listed(next_, "/customercontact/", customerid=1201))["items"]
    assert orphan.status_code == 400


@pytest.mark.parametrize("wrong", [{"customertypeid": 99}, {"currencyid": 0}])
async def test_a_code_that_does_not_exist_is_refused(next_: httpx.AsyncClient, wrong: dict[str, int]) -> None:
    assert (await next_.put("/customer/1202", json=wrong)).status_code == 400


async def test_an_empty_name_is_refused(next_: httpx.AsyncClient) -> None:
    assert (await next_.put("/customer/1202", json={"name": ""})).status_code == 422


async def test_an_error_under_200_has_the_shape_of_next_s_errors(box: Sandbox) -> None:
    box.next.faults.set("error_under_200")
    async with guest(box.next) as client:
        answer = await client.get("/anything")

    assert answer.status_code == 200
    assert set(answer.json()) == {"detail"}


async def test_a_method_that_a_path_does_not_know_is_refused_in_the_vendor_s_words(box: Sandbox) -> None:
    async with guest(box.next) as client:
        answer = await client.delete("/customer/1201")

    assert (answer.status_code, answer.json()) == (405, {"detail": "Method Not Allowed"})
