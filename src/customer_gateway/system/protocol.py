"""One configured upstream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from customer_gateway.documents.values import Document
    from customer_gateway.model.nouns import Customer, Invoice, User
    from customer_gateway.system.kind import Kind
    from customer_gateway.system.pages import Page
    from customer_gateway.system.routes import Lookup, NodeLookup, Reader, Route, Selection
    from customer_gateway.system.writer import CustomerWriter
    from customer_gateway.work.deadline import Deadline


class System(Protocol):
    """One configured upstream. Every method raises nothing but `UpstreamError`."""

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> Kind: ...

    @property
    def withheld(self) -> frozenset[str]:
        """Unified fields that the kind supplies and this installation was found to refuse: NOT_IN_SYSTEM, and null."""
        ...

    @property
    def readers(self) -> Mapping[str, Reader]:
        """Unified fields that another call tells; their names are `kind.readers`."""
        ...

    @property
    def node_lookups(self) -> Mapping[str, NodeLookup]:
        """How the nouns `Contact`, `Account`, `Agreement`, `Invoice` are found by their keys."""
        ...

    @property
    def users(self) -> Route[User] | None:
        """Users by key; None where the vendor has none."""
        ...

    @property
    def invoice_details(self) -> Route[Invoice] | None:
        """Invoices by key with the fields that the customer's list of invoices lacks; None where it lacks nothing."""
        ...

    @property
    def lookups(self) -> Sequence[Lookup]:
        """Every noun and code list that customers are told with and that takes a call of its own, once."""
        ...

    @property
    def writer(self) -> CustomerWriter | None:
        """What writes its customers; None where nothing can be written."""
        ...

    async def people(self, start: int, size: int, deadline: Deadline, after: str = "") -> Page[User] | None:
        """Return a page of the vendor's users in its own order, as `page` does; None where it has none."""
        ...

    def customers(self, selection: Selection, /) -> Route[Customer]:
        """Return customers by key, read as widely as `selection` needs; the same width is the same route.

        Where `selection` tells `raw`, their documents are `RawObject`s (so in `page`), else they cost nothing for it.
        """
        ...

    async def page(
        self, start: int, size: int, selection: Selection, deadline: Deadline, *, ask_next: bool, after: str = ""
    ) -> Page[Customer]:
        """Return `size` customers from position `start`, inactive ones included.

        `after` is what the page before gave for its last place (`Page.after`).
        `has_next` is told where the answer tells it; with `ask_next` always, at the cost of another call if need be.
        """
        ...

    def read_by_writer(self, answers: Mapping[str, Any], /) -> Mapping[Route[Any], Any]:
        """Return what the answers tell by which the writer has read the parts of a customer: values by their routes.

        Nothing of an answer that tells less than the route's own call.
        """
        ...

    def customer_in(self, document: Document) -> Customer | None:
        """Return the customer of a document that the system's writer has read, as wide as any selection needs but for
        `raw`; None where that is not what its list would tell.
        """
        ...

    async def count(self, deadline: Deadline) -> int | None:
        """Return how many customers there are; None where the vendor does not say."""
        ...

    @property
    def rows_per_page(self) -> int:
        """Return how many customers the vendor puts on a page at most."""
        ...

    @property
    def calls_per_second(self) -> float | None:
        """Return how many calls that give way this process may make in a second; None where nothing bounds them."""
        ...

    async def reachable(self, deadline: Deadline) -> bool:
        """Return whether the last call within 30 s was answered, else whether one cheap call now is."""
        ...

    async def aclose(self) -> None: ...
