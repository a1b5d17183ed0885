"""A key for GraphiQL's page: put in use, used by requests of that page alone, and forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from http_world import GRAPHQL, World
from structlog.testing import capture_logs

from customer_gateway.errors import IssuerUnavailable, Unauthenticated
from customer_gateway.http import HttpSettings, build_http
from customer_gateway.http.callers.authenticator import Authenticator, anonymous
from customer_gateway.model.callers import Caller, Rights

if TYPE_CHECKING:
    from httpx import Response

    from customer_gateway.model.callers import CallerKind

pytestmark = pytest.mark.anyio

KEY = "cg_front-end_9f2c41"
OTHER_KEY = "cg_partner_77aa10"
LONG = "eyJ" + "a" * 4_000
SCOPES = {"customers:read", "schema:read"}
ADDRESS = "/graphql/key"
HERE = {"sec-fetch-site": "same-origin"}
NOBODY = anonymous(frozenset({"customers:read"}))


class KnownKeys:
    """Keys in memory, and the addresses that they were sent from."""

    def __init__(self) -> None:
        self.known = {KEY: "front end", OTHER_KEY: "partner"}
        self.addresses: list[str | None] = []

    def caller_of(self, key: str, address: str | None) -> Caller:
        self.addresses.append(address)
        if key not in self.known:
            raise Unauthenticated("The key is not known; ask the operator for one.")
        return caller(self.known[key], "key")


class KnownTokens:
    """Takes any token but one that would need the issuer."""

    async def caller_of(self, token: str) -> Caller:
        if token == "eyJ-unchecked":
            raise IssuerUnavailable("The issuer's keys cannot be read; try again in 5 s.", retry_after_ms=5_000)
        return caller("mia", "user")


def caller(name: str, kind: CallerKind) -> Caller:
    return Caller(name, kind, Rights(frozenset(SCOPES)))


class Page(httpx.AsyncClient):
    """A browser with GraphiQL's page in it: it has cookies, and says where its requests come from."""

    def __init__(
        self,
        unknown: Caller | None = None,
        settings: HttpSettings | None = None,
        address: str = "http://gateway.test",
        keys: KnownKeys | None = None,
    ) -> None:
        self.keys = keys or KnownKeys()
        authenticator = Authenticator(unknown, self.keys, KnownTokens())
        self.world = World()
        app = build_http(self.world.engine(), settings or HttpSettings(), authenticator)
        super().__init__(transport=httpx.ASGITransport(app), base_url=address)

    async def use(self, key: object = KEY, headers: dict[str, str] = HERE) -> Response:
        return await self.post(ADDRESS, json={"key": key}, headers=headers)

    async def token(self, key: str = KEY) -> str:
        return (await self.use(key)).json()["csrfToken"]

    async def ask(self, headers: dict[str, str] | None = None, query: str = "{ hello }") -> Response:
        return await self.post("/graphql", json={"query": query}, headers={"accept": GRAPHQL, **(headers or {})})

    async def forget(self, headers: dict[str, str]) -> Response:
        return await self.delete(ADDRESS, headers={**HERE, **headers})

    def askers(self, lines: list[Any]) -> list[str | None]:
        """Who asked for GraphQL, by the log: None where the request was refused."""
        return [line.get("caller") for line in lines if line["event"] == "request" and line["path"] == "/graphql"]


def attributes(response: Response) -> set[str]:
    return set(response.headers["set-cookie"].split("; ")[1:])


async def test_a_key_is_put_in_use_and_the_page_asks_with_it() -> None:
    async with Page() as page:
        used = await page.use(f"  {KEY}\n")
        with capture_logs() as lines:
            answer = await page.ask({"x-csrf-token": used.json()["csrfToken"]})

    assert (used.status_code, used.json()["caller"]) == (
        200,
        {"name": "front end", "kind": "key", "scopes": sorted(SCOPES)},
    )
    assert (answer.status_code, answer.json()["data"]) == (200, {"hello": "hello world"})
    assert page.askers(lines) == ["key front end"]
    assert page.keys.addresses == ["127.0.0.1", "127.0.0.1"]


async def test_a_user_enters_a_token_in_the_same_way() -> None:
    async with Page() as page:
        used = await page.use("eyJhbGciOi.eyJzdWIi.c2ln")
        with capture_logs() as lines:
            answer = await page.ask({"x-csrf-token": used.json()["csrfToken"]})

    assert used.json()["caller"]["kind"] == "user"
    assert (answer.status_code, page.askers(lines)) == (200, ["user"])


async def test_the_cookie_is_for_the_server_alone_and_ends_with_the_browser() -> None:
    async with Page() as page:
        used = await page.use()

    assert attributes(used) == {"Path=/graphql", "HttpOnly", "SameSite=Strict"}
    assert used.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("address", "headers"),
    [("https://gateway.test", HERE), ("http://gateway.test", {**HERE, "origin": "https://gateway.test"})],
    ids=["https", "a proxy that ends https"],
)
async def test_over_https_the_cookie_is_secure(address: str, headers: dict[str, str]) -> None:
    async with Page(address=address) as page:
        used = await page.use(headers=headers)

    assert "Secure" in attributes(used)


@pytest.mark.parametrize("unknown", [None, NOBODY], ids=["no anonymous", "anonymous"])
async def test_a_cookie_without_the_token_counts_for_nothing(unknown: Caller | None) -> None:
    async with Page(unknown) as page:
        await page.use()
        with capture_logs() as lines:
            answer = await page.ask()

    assert answer.status_code == (401 if unknown is None else 200)
    assert page.askers(lines) == [unknown and "anonymous"]


@pytest.mark.parametrize("unknown", [None, NOBODY], ids=["no anonymous", "anonymous"])
@pytest.mark.parametrize("wrong", ["", "x" * 43, "own, own"])
async def test_a_wrong_token_is_refused_and_never_anonymous(unknown: Caller | None, wrong: str) -> None:
    async with Page(unknown) as page:
        await page.use()
        answer = await page.ask({"x-csrf-token": wrong})

    assert (answer.status_code, answer.json()["errors"][0]["message"]) == (
        401,
        "The X-CSRF-Token header is not of the key that this browser has in use now; load GraphiQL's page again.",
    )


async def test_the_token_of_a_key_that_was_in_use_before_is_refused() -> None:
    async with Page() as page:
        first, second = await page.token(), await page.token(OTHER_KEY)
        answers = [await page.ask({"x-csrf-token": token}) for token in (first, second)]

    assert [answer.status_code for answer in answers] == [401, 200]


async def test_a_cookie_that_holds_no_credential_is_refused_and_never_anonymous() -> None:
    async with Page(NOBODY) as page:
        token = await page.token()
        page.cookies.clear()
        answer = await page.ask({"x-csrf-token": token, "cookie": "graphiql_key=broken"})

    assert (answer.status_code, answer.json()["errors"][0]["message"]) == (
        401,
        "The cookie of this browser's key cannot be read; load GraphiQL's page again, and give it the key.",
    )


async def test_a_token_without_a_cookie_counts_for_nothing() -> None:
    async with Page(NOBODY) as page:
        token = await page.token()
        page.cookies.clear()
        with capture_logs() as lines:
            await page.ask({"x-csrf-token": token})

    assert page.askers(lines) == ["anonymous"]


async def test_an_authorization_header_wins() -> None:
    async with Page() as page:
        token = await page.token()
        with capture_logs() as lines:
            for sent in (token, "wrong"):
                await page.ask({"x-csrf-token": sent, "authorization": f"Bearer {OTHER_KEY}"})
            refused = await page.ask({"x-csrf-token": token, "authorization": "Bearer cg_none"})

    assert page.askers(lines)[:2] == ["key partner"] * 2
    assert refused.status_code == 401


async def test_the_cookie_counts_for_no_get_and_for_no_other_path() -> None:
    async with Page() as page:
        token = {"x-csrf-token": await page.token()}
        got = await page.get("/graphql", params={"query": "{ hello }"}, headers={**HERE, **token})
        schema = await page.get("/schema.graphql", headers={**HERE, **token, "cookie": cookie_of(page)})

    assert [got.status_code, schema.status_code] == [401, 401]


def cookie_of(page: Page) -> str:
    return "; ".join(f"{name}={value}" for name, value in page.cookies.items())


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site", "origin": "https://other.example"},
        {"sec-fetch-site": "same-site", "origin": "http://other.gateway.test"},
        {"origin": "https://other.example"},
        {"origin": "null"},
    ],
    ids=lambda headers: ", ".join(headers.values()),
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_a_page_of_another_site_puts_no_key_in_use_and_forgets_none(headers: dict[str, str], method: str) -> None:
    settings = HttpSettings(origins=("https://other.example",))
    async with Page(settings=settings) as page:
        sent = {**headers, "x-csrf-token": await page.token()}
        answer = await page.request(method, ADDRESS, json={"key": OTHER_KEY}, headers=sent)

    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")
    assert "set-cookie" not in answer.headers
    assert "access-control-allow-origin" not in answer.headers


async def test_a_form_of_html_puts_no_key_in_use() -> None:
    async with Page() as page:
        form = await page.post(ADDRESS, data={"key": KEY}, headers=HERE)
        text = await page.post(ADDRESS, content=f'{{"key": "{KEY}"}}', headers={**HERE, "content-type": "text/plain"})

    assert [form.status_code, text.status_code] == [415, 415]
    assert page.keys.addresses == []


@pytest.mark.parametrize(
    ("key", "status", "said"),
    [
        ("cg_none", 401, "The key is not known; ask the operator for one."),
        ("cg_a; Path=/", 401, "The key has characters that no credential has; enter it as it was given out."),
        ("cg_a\r\nset-cookie: b=c", 401, "The key has characters that no credential has"),
        ("cg_é", 401, "The key has characters that no credential has"),
        ("  ", 400, 'The body has no key; send {"key": "cg_…"} with an API key.'),
        (None, 400, "The body has no key"),
        ([KEY], 400, "The body has no key"),
        (LONG, 413, "The token has more than 3800 characters, which no cookie holds; use an API key."),
        ("eyJ-unchecked", 503, "The issuer's keys cannot be read; try again in 5 s."),
    ],
)
async def test_what_is_not_taken_is_a_problem_that_says_why(key: object, status: int, said: str) -> None:
    async with Page(NOBODY) as page:
        answer = await page.use(key)

    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json()["detail"].startswith(said)
    assert "set-cookie" not in answer.headers
    assert ("www-authenticate" in answer.headers) is (status == 401)
    assert answer.headers.get("retry-after") == ("5" if status == 503 else None)


@pytest.mark.parametrize("body", [b"", b"[]", b'"cg_"', b"{", b"\xff", b'{"key": 7}'])
async def test_a_body_without_a_key_is_a_problem(body: bytes) -> None:
    async with Page() as page:
        answer = await page.post(ADDRESS, content=body, headers={**HERE, "content-type": "application/json"})

    assert (answer.status_code, answer.json()["detail"]) == (
        400,
        'The body has no key; send {"key": "cg_…"} with an API key.',
    )


async def test_a_body_that_is_too_large_is_not_read() -> None:
    async with Page() as page:
        answer = await page.use("a" * 20_001)

    assert answer.status_code == 413


async def test_a_longest_token_that_is_taken_makes_a_cookie_that_browsers_keep() -> None:
    async with Page() as page:
        used = await page.use("e" * 3_800)

    assert used.status_code == 200
    assert len(used.headers["set-cookie"]) <= 4_096


async def test_the_page_asks_whose_key_is_in_use() -> None:
    async with Page() as page:
        before = await page.get(ADDRESS, headers=HERE)
        used = await page.use()
        after = await page.get(ADDRESS, headers=HERE)

    assert before.json() == {"caller": None, "csrfToken": None}
    assert after.json() == used.json()
    assert KEY not in after.text
    assert "set-cookie" not in after.headers
    assert (after.headers["cache-control"], after.headers["cross-origin-resource-policy"]) == (
        "no-store",
        "same-origin",
    )


async def test_without_a_key_the_page_has_what_anonymous_has() -> None:
    async with Page(NOBODY) as page:
        answer = await page.get(ADDRESS, headers=HERE)

    assert answer.json() == {
        "caller": {"name": "anonymous", "kind": "anonymous", "scopes": ["customers:read"]},
        "csrfToken": None,
    }


async def test_a_key_that_was_revoked_is_refused_and_forgotten() -> None:
    async with Page() as page:
        token = await page.token()
        page.keys.known.clear()
        answer = await page.ask({"x-csrf-token": token})
        asked = await page.get(ADDRESS, headers=HERE)
        again = await page.get(ADDRESS, headers=HERE)

    assert (answer.status_code, asked.status_code) == (401, 401)
    assert asked.json()["detail"] == "The key is not known; ask the operator for one."
    assert again.json() == {"caller": None, "csrfToken": None}


async def test_a_key_is_forgotten_with_its_token() -> None:
    async with Page() as page:
        token = {"x-csrf-token": await page.token()}
        refused = [await page.forget(headers) for headers in ({}, {"x-csrf-token": "x" * 43})]
        kept = await page.ask(token)
        forgotten = await page.forget(token)
        answer = await page.ask(token)

    assert [each.status_code for each in refused] == [401, 401]
    assert all("set-cookie" not in each.headers for each in refused)
    assert (kept.status_code, forgotten.status_code, answer.status_code) == (200, 204, 401)
    assert attributes(forgotten) == {"Max-Age=0", "Path=/graphql", "HttpOnly", "SameSite=Strict"}


async def test_to_forget_where_no_key_is_in_use_is_done_already() -> None:
    async with Page() as page:
        answer = await page.forget({})

    assert answer.status_code == 204


async def test_other_methods_are_refused_with_those_that_are_served() -> None:
    async with Page() as page:
        answer = await page.put(ADDRESS, json={"key": KEY}, headers=HERE)

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST, DELETE")


async def test_without_graphiql_there_is_no_form_and_a_cookie_counts_for_nothing() -> None:
    async with Page() as page:
        token = await page.token()
        cookie = cookie_of(page)
    async with Page(settings=HttpSettings(graphiql=False)) as other:
        used = await other.use()
        answer = await other.ask({"x-csrf-token": token, "cookie": cookie})

    assert (used.status_code, answer.status_code) == (404, 401)


async def test_a_key_its_cookie_and_its_token_stand_in_no_log() -> None:
    async with Page() as page:
        with capture_logs() as lines:
            used = await page.use()
            token = {"x-csrf-token": used.json()["csrfToken"]}
            await page.ask(token)
            await page.ask({"x-csrf-token": "wrong"})
            await page.ask(token, "{ broken }")
            await page.get(ADDRESS, headers=HERE)
            await page.use("cg_none_4711")
            await page.forget(token)

    logged = repr(lines)
    assert [line["caller"] for line in lines if line.get("path") == ADDRESS and "caller" in line] == [
        "key front end"
    ] * 2
    assert [secret for secret in (KEY, "cg_none_4711", token["x-csrf-token"]) if secret in logged] == []


async def test_the_page_is_the_same_with_and_without_a_key_in_use() -> None:
    async with Page() as page:
        shown = [await page.get("/graphql", headers={"accept": "text/html"})]
        await page.use()
        shown.append(await page.get("/graphql", headers={"accept": "text/html"}))

    assert shown[0].content == shown[1].content
    assert KEY not in shown[1].text
