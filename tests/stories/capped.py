"""Servers that put fewer rows on a page than they are asked for, and do not say so."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import httpx
from vendors import FACTS

from customer_gateway.documents.record import is_list, is_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PAGES = [facts.pages for facts in FACTS.values()]
_SIZES = {pages.size for pages in PAGES if isinstance(pages.size, str)}
_SIZES_IN_BODY = {pages.size for pages in PAGES if isinstance(pages.size, tuple)}
_ROWS = {pages.rows for pages in PAGES}

Manner = Literal["counts", "counts in silence", "cuts"]
"""Whether a server counts its pages by the cap (as real ones do), tells the size if it ever does, or counts by what was
asked for and leaves rows out."""


class Capped(httpx.AsyncBaseTransport):
    """The way to a vendor that puts at most `cap` rows on a page; what has no pages comes whole."""

    def __init__(self, cap: int, manner: Manner, way: httpx.AsyncBaseTransport) -> None:
        self._cap = cap
        self._manner = manner
        self._way = way

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not _is_paged(request):
            return await self._way.handle_async_request(request)
        if self._manner == "cuts":
            cut = partial(with_rows, lambda rows: rows[: self._cap])
            return await _changed(await self._way.handle_async_request(request), cut)
        answer = await self._way.handle_async_request(_with_size(request, self._cap))
        return await _changed(answer, _without_size) if self._manner == "counts in silence" else answer


def with_rows(change: Callable[[list[Any]], list[Any]], document: Any) -> Any:
    """A list with its rows changed, whatever its envelope; anything else as it is."""
    if is_list(document):
        return change(document)
    name = next((name for name in _ROWS if is_list(document.get(name))), None)
    return document if name is None else {**document, name: change(document[name])}


def replaced(document: Any, path: tuple[str, ...], value: Any) -> Any:
    """A document with another value at a path; as it is where nothing stands there."""
    name, *rest = path
    if not is_object(document) or name not in document:
        return document
    return {**document, name: replaced(document[name], tuple(rest), value) if rest else value}


def _is_paged(request: httpx.Request) -> bool:
    return any(name in request.url.params for name in _SIZES) or any(_sizes_in_body(request))


def _sizes_in_body(request: httpx.Request) -> Iterator[tuple[str, ...]]:
    """The paths under which the body of a request may say a size."""
    return (path for path in _SIZES_IN_BODY if f'"{path[0]}"'.encode() in request.content)


def _with_size(request: httpx.Request, cap: int) -> httpx.Request:
    """The same request for at most `cap` rows."""
    url, content = request.url, request.content
    for name in _SIZES:
        if name in url.params:
            url = url.copy_set_param(name, min(cap, int(url.params[name])))
    for path in _sizes_in_body(request):
        body = size = json.loads(content)
        for name in path:
            size = size[name]
        content = json.dumps(replaced(body, path, min(cap, size))).encode()
    headers = {name: value for name, value in request.headers.items() if name != "content-length"}
    return httpx.Request(request.method, url, headers=headers, content=content, extensions=request.extensions)


async def _changed(answer: httpx.Response, change: Callable[[Any], Any]) -> httpx.Response:
    return httpx.Response(answer.status_code, json=change(json.loads(await answer.aread())))


def _without_size(document: Any) -> Any:
    for pages in PAGES:
        document = replaced(document, pages.told_size, None) if pages.told_size else document
    return document
