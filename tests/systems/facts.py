"""What the tests know of a vendor, beside what its kind says: `tests/systems/<slug>/facts.py` has it as `FACTS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from customer_gateway.documents.record import is_list, is_object

if TYPE_CHECKING:
    import httpx
    from systems.write_facts import WriteFacts

Document: TypeAlias = dict[str, Any]
SendResult: TypeAlias = Callable[[Any], Document]


@dataclass(frozen=True, slots=True)
class Budget:
    """Calls that the vendor counts together: how many, at which address; tables that are, and are not, counted so."""

    base_url: str
    calls: int
    shared: Mapping[str, Any]
    apart: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Session:
    """How a system that logs in sends its session, and what else than a refusal says that it is lost.

    `is_other` says that the credentials are the sandbox's other ones: those it has by itself need no login.
    """

    header: str
    is_other: bool = False
    lost: Sequence[tuple[int, Mapping[str, str], bytes]] = ()


@dataclass(frozen=True, slots=True)
class Pages:
    """How a page of the vendor's lists is requested and answered.

    `size` is the parameter that says how many rows, or the path to it in a JSON body; `rows` is where they stand in the
    answer, blank where they are the answer; `row` is the name under which each stands in an object of its own. `total`
    and `told_size` are the paths to how many rows the list has, and how many fit the page.
    """

    size: str | tuple[str, ...] = "limit"
    rows: str = "data"
    row: str = ""
    total: tuple[str, ...] = ()
    told_size: tuple[str, ...] = ()

    def found_in(self, answer: Any) -> Any:
        """What stands in place of the rows in the answer to a page, or to a single record."""
        return answer.get(self.rows, answer) if is_object(answer) else answer

    def record_in(self, found: Any) -> Any:
        """The record that stands in place of a row, or of the only one of a list."""
        row = found[0] if is_list(found) else found
        return row.get(self.row, row)


@dataclass(frozen=True, slots=True)
class AsSent:
    """How values stand in the vendor's customer: the names of fields, or the document that a value makes."""

    number: str
    name: str
    vat: str
    phone: SendResult
    email: SendResult
    phone_at_home: tuple[str, str]
    """A phone as it is written in the vendor's country, and in E.164."""
    country: str
    in_country: Callable[[str], tuple[Document, Mapping[str, Any]]]
    """What says that an address is in a country: in the document, and by routes of its own."""
    created: Callable[[Any], tuple[Document, str]] | None = None
    """The document that was created then, and the name of the field."""
    first_hour: str = ""
    """The beginning of 30 June 2025 where the vendor is."""
    lone_row: Callable[[Document], Sequence[tuple[str, str, Document]]] = lambda _row: ()
    """Pages of one row that is not in a list: what, at which route, and the answer."""
    failed: Sequence[tuple[str, str, Document]] = ()
    """Errors under 200: what, at which route, and the answer."""
    unreadable: tuple[Document, str, str] | None = None
    """A document that holds a field in another form: the field, and the unified one that it tells."""
    odd_ids: Sequence[tuple[Any, str]] = ()
    """Ids in another form than documented, for the first field of the identity, and the keys that they are read as."""
    cases: Sequence[Mapping[str, Any]] = ()
    """Further rows of the table, as `stories.as_sent.Case` is given them."""
    elsewhere: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    """Rows that are asked of the vendor by tests elsewhere: their names."""
    reasons: Mapping[str, str] = field(default_factory=dict[str, str])
    """Rows that the vendor cannot send such a thing of, and why."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How the sandbox's vendor is asked for its customers: the arguments of `httpx.AsyncClient.request`."""

    page: Callable[[int, int, Any], Mapping[str, Any]]
    """A page by the place of its first row, how many rows fit, and the page before it."""
    customer: Callable[[str], str]
    """The path of a customer by its key in the sandbox."""
    key: Callable[[Document], str]
    changed: Callable[[Document], float] | None
    """When a customer was changed as it tells, in seconds since 1970; None where nothing tells it."""
    batch: Callable[[Sequence[Document]], Mapping[str, Any]] | None = None
    """Many customers by their keys."""
    count: Mapping[str, Any] | None = None
    """How many there are, where a page does not tell."""


@dataclass(frozen=True, slots=True)
class Facts:
    """`key` is that of the customer with `identity`; `listed` are the routes that list customers.

    `credentials` are any that its settings take. `envelope` puts rows into the answer to a request for a page, `single`
    answers a request for one of the customers, or for their number, if there is a route for that.
    """

    identity: Mapping[str, Any]
    """What tells it from others, first what is noticed where it is missing."""
    key: str
    credentials: Mapping[str, Any]
    config: Mapping[str, str | int]
    """A table of the configuration with what the vendor needs; credentials are `…`."""
    listed: frozenset[str]
    envelope: Callable[[list[Any], httpx.Request], Any]
    as_sent: AsSent
    nouns: frozenset[str]
    """The GraphQL types that its customers and their lists have."""
    states: frozenset[str]
    not_in_system: frozenset[str]
    """The unified fields that it has no source for."""
    nested: tuple[str, str, str]
    """A field that another call tells, its selection, and the path of that call."""
    page_calls: tuple[int, int, int]
    """The calls of a page; with what follows; with how many there are."""
    counts: bool
    """Whether it tells how many customers there are."""
    single_calls: Mapping[str, Sequence[str]]
    """Selections of 50 customers that one call tells."""
    rename: Callable[[httpx.AsyncClient, str, Document], Any]
    """Gives the customer at a path, with this document, the name Neu."""
    sign_in: Callable[[Mapping[str, str | int]], Mapping[str, Any]]
    """The arguments of an HTTP client that the sandbox's vendor lets in, from its credentials."""
    asked: Asked
    login: Callable[[httpx.AsyncClient, Mapping[str, str | int]], Any] | None = None
    """Gives such a client a session, where that is needed."""
    single: Callable[[str, Sequence[Any]], Any] = lambda _route, _customers: None
    logged_in: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """The route that gives a session, and its answer."""
    further_calls: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    """Selections of 50 customers that cost calls of other routes, and which."""
    follows_tokens: bool = False
    """Whether a page is followed by the vendor's token: then the cursor of a row is that of the page it was read on."""
    cold_times: int = 1
    """How often such a call is made the first time, when it is not known yet whether lists are cut."""
    further_capped_calls: int = 0
    """The calls more than pages that a walk of 40 customers in pages of ten, asked for by twenty, costs."""
    embedded: Mapping[str, str] = field(default_factory=dict[str, str])
    """The lists of nouns that are embedded in a customer, and what their ids are called."""
    doubled: frozenset[str] = frozenset()
    """The unified lists of which every noun is there twice when those lists have each twice."""
    batches: bool = True
    """Whether many customers are looked up in one call."""
    errors_under_200: bool = False
    """Whether it documents answers under 200 that are errors."""
    vendor_id: bool = True
    """Whether the key of a record is the id that the vendor's document has."""
    nowhere: Sequence[str] = ()
    """Keys that no customer has; the first is of the form that keys have."""
    nodes_nowhere: Sequence[str] = ()
    """Plain node ids, of its nouns, that nothing has."""
    told_together: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    """Fields of the document and the unified fields that they have a say in beside others that tell them."""
    asked_by_doctor: Sequence[str] = ()
    """Every noun and code list of it: paths, with `{}` for a number."""
    lost: Sequence[tuple[str, Sequence[str]]] = ()
    """Paths of look-ups, and the unified fields that are lost without each."""
    pages: Pages = field(default_factory=Pages)
    budget: Budget | None = None
    session: Session | None = None
    writes: WriteFacts | None = None
    """What the tests know of writing to it; None where it cannot be written."""
