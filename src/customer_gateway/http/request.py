"""Read what a client sends: the body, once and within its cap, and the GraphQL request inside it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

import orjson

from customer_gateway.documents.json_text import BOM
from customer_gateway.documents.record import is_object
from customer_gateway.http.hangups import ClientGone
from customer_gateway.http.negotiation import is_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Receive

MOST_MILLISECONDS: Final = 999_999_999
"""The most that X-Request-Timeout may say: 11 days are enough."""
MOST_LEVELS: Final = 254
"""As deep as orjson encodes."""

_WHOLE: Final = r"send both halves of a pair such as \ud83c\udf3b, or neither."


class RequestInvalid(Exception):
    """The HTTP request cannot be served: `status` and `code` say why, `headers` go with the answer.

    With `retry_after_ms` the same request may be served after that time.
    """

    def __init__(
        self,
        status: int,
        message: str,
        code: str = "BAD_USER_INPUT",
        headers: tuple[tuple[bytes, bytes], ...] = (),
        retry_after_ms: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.headers = headers
        self.extensions: dict[str, Any] = (
            {} if retry_after_ms is None else {"retryable": True, "retryAfterMs": retry_after_ms}
        )


class ParametersInvalid(RequestInvalid):
    """The body is JSON, but no well-formed GraphQL-over-HTTP request (422, or 400 for clients of plain JSON)."""

    def __init__(self, message: str, code: str = "BAD_USER_INPUT") -> None:
        super().__init__(422, message, code)


class PersistedQueryUnknown(ParametersInvalid):
    """The client sent a hash without its query. It then sends the query; urql does so by this very message."""

    def __init__(self) -> None:
        super().__init__("PersistedQueryNotSupported", "PERSISTED_QUERY_NOT_SUPPORTED")


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """Hold the parameters of a GraphQL-over-HTTP request; `variables` as decoded from JSON."""

    document: str
    operation_name: str | None
    variables: dict[str, Any] | None


def header_map(headers: list[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Return the headers by lower-case name; lines of the same name are joined by a comma."""
    found = dict(headers)
    if len(found) == len(headers):
        return found
    joined: dict[bytes, bytes] = {}
    for name, value in headers:
        joined[name] = joined[name] + b", " + value if name in joined else value
    return joined


def is_websocket_offer(headers: dict[bytes, bytes]) -> bool:
    """Return whether a GET would open a WebSocket; `HttpConnection` has removed `Upgrade` itself."""
    return b"sec-websocket-key" in headers or b"websocket" in headers.get(b"upgrade", b"").lower()


def timeout_seconds(header: bytes | None, most: float) -> float:
    """Return the seconds this request has. `X-Request-Timeout` is in milliseconds and only lowers `most`.

    Raises RequestInvalid (400) on anything but a whole number from 1 to `MOST_MILLISECONDS`.
    """
    if header is None:
        return most
    text = header.strip()
    if not text.isdigit() or len(text) > len(str(MOST_MILLISECONDS)) or int(text) == 0:
        raise RequestInvalid(
            400, f"X-Request-Timeout is no number of milliseconds; give a whole one from 1 to {MOST_MILLISECONDS}."
        )
    return min(most, int(text) / 1000)


def ends_at(headers: Mapping[bytes, bytes], most: float) -> float:
    """Return when the time of a request is over, on the loop's clock. Raises RequestInvalid."""
    return asyncio.get_running_loop().time() + timeout_seconds(headers.get(b"x-request-timeout"), most)


def check_content(headers: dict[bytes, bytes]) -> None:
    """Raise RequestInvalid (415) where the body is not to be read."""
    if not is_json(headers.get(b"content-type")):
        raise RequestInvalid(
            415, "The Content-Type is not JSON in UTF-8; send the body as Content-Type: application/json."
        )
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise RequestInvalid(415, "The body is compressed; send it without Content-Encoding.")


def check_size(size: int, most: int) -> None:
    """Raise RequestInvalid (413) where a body of `size` bytes is too large."""
    if size > most:
        # What is still on its way is not read, so the connection cannot serve another request.
        message = f"The body has more than {most} bytes, the most that is read; ask in several requests."
        raise RequestInvalid(413, message, "QUERY_TOO_LARGE", ((b"connection", b"close"),))


async def read_body(receive: Receive, announced: bytes | None, most: int) -> bytes:
    """Return the whole body. Raises RequestInvalid (413) as soon as it is longer than `most`, or ClientGone."""
    if announced is not None and announced.isdigit():
        check_size(int(announced), most)
    message = await receive()
    body: bytes = message.get("body", b"")
    if message["type"] == "http.disconnect":
        raise ClientGone
    check_size(len(body), most)
    return await _read_on(receive, body, most) if message.get("more_body") else body


async def _read_on(receive: Receive, first: bytes, most: int) -> bytes:
    chunks, size, more = [first], len(first), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        check_size(size, most)
        chunks.append(chunk)
        more = message.get("more_body", False)
    return b"".join(chunks)


def request_of_body(body: bytes) -> GraphQLRequest:
    """Return the request in a JSON body. Raises RequestInvalid (400) for no JSON object, else ParametersInvalid."""
    try:
        parameters = orjson.loads(body.removeprefix(BOM))
    except orjson.JSONDecodeError as error:
        raise RequestInvalid(400, _why_not_json(body, error)) from None
    if not isinstance(parameters, dict):
        raise RequestInvalid(400, "The body is no JSON object; send one with a `query`, and batches one by one.")
    return _request(parameters)  # pyright: ignore[reportUnknownArgumentType]  a JSON object has only string keys


def _why_not_json(body: bytes, error: orjson.JSONDecodeError) -> str:
    try:
        body.decode()
    except UnicodeDecodeError as undecodable:
        return f"The body is not in UTF-8, from byte {undecodable.start} on; encode it so."
    if _is_half_character(error):
        return f"The body holds half a character at line {error.lineno}, column {error.colno}; {_WHOLE}"
    return f"The body is not JSON, or nests too deep, at line {error.lineno}, column {error.colno}; correct it there."


def _is_half_character(error: orjson.JSONDecodeError) -> bool:
    return "surrogate" in error.msg


def request_of_query(query_string: bytes, most: int) -> GraphQLRequest:
    """Return the request in a URL's query component, at most `most` bytes. Raises RequestInvalid."""
    if len(query_string) > most:
        raise RequestInvalid(414, f"The URL's query has more than {most} bytes; use POST.", "QUERY_TOO_LARGE")
    try:
        pairs = parse_qsl(query_string.decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError:
        raise RequestInvalid(400, "The URL's query is not percent-encoded UTF-8; encode it so.") from None
    parameters: dict[str, Any] = {name: text for name, text in pairs if text}
    for name in ("variables", "extensions"):
        if name in parameters:
            parameters[name] = _json_parameter(name, parameters[name])
    return _request(parameters)


def variables_key(variables: dict[str, Any] | None) -> bytes:
    """Return a key of the variables, whatever the order of their names. Raises ParametersInvalid on too many levels.

    JSON is decoded down to 1,024 levels, and encoded to `MOST_LEVELS`: more than any input of a schema nests.
    """
    try:
        return orjson.dumps(variables or {}, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        raise ParametersInvalid(
            f"The parameter `variables` nests too deep; give at most {MOST_LEVELS} levels."
        ) from None


def _json_parameter(name: str, text: str) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        wrong = f"holds half a character; {_WHOLE}" if _is_half_character(error) else "is not JSON; give a JSON object."
        raise RequestInvalid(400, f"The parameter `{name}` {wrong}") from None


def _request(parameters: dict[str, Any]) -> GraphQLRequest:
    document, name = parameters.get("query"), parameters.get("operationName")
    variables, extensions = parameters.get("variables"), parameters.get("extensions")
    if document is None and _names_persisted(extensions):
        raise PersistedQueryUnknown
    if not isinstance(document, str):
        raise ParametersInvalid("There is no text in the parameter `query`; give a GraphQL document.")
    if name is not None and not isinstance(name, str):
        raise ParametersInvalid("The parameter `operationName` is no text; give a name, or leave it out.")
    for parameter, value in (("variables", variables), ("extensions", extensions)):
        if value is not None and not isinstance(value, dict):
            raise ParametersInvalid(f"The parameter `{parameter}` is no JSON object; give one, or leave it out.")
    return GraphQLRequest(document, name or None, variables)


def _names_persisted(extensions: Any) -> bool:
    """Return whether a query is named by its hash, as Apollo's automatic persisted queries do."""
    persisted = extensions.get("persistedQuery") if is_object(extensions) else None
    return is_object(persisted) and "sha256Hash" in persisted
