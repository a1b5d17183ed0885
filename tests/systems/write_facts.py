"""What the tests know of writing to a vendor: `tests/systems/<slug>/facts.py` has it as `writes` of its `FACTS`.

A vendor that cannot be written has none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from customer_gateway.model.ids import encode_id

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Mapping, Sequence

    from systems.facts import Document

    from customer_gateway.documents.writing import Choice
    from customer_gateway.model.operations import OperationKind
    from customer_gateway.sandbox.store import Collection

OwnValues: TypeAlias = "Sequence[Any] | re.Pattern[str]"
"""Some values of a place, or what its texts match."""

NEW: Final = {"name": "Neumann & Söhne", "email": "new@example.com", "phone": "+49 221 7654321"}
ADDRESS: Final = {"address.postal_code": "50667", "address.city": "Köln", "address.country_code": "DE"}
PERSON: Final = {"first_name": "Änne", "last_name": "Neumann"}
"""Of which `new` is made up."""

STRANGER: Final = encode_id("User", "elsewhere", "7")
TOO_LONG: Final = "x" * 300
"""Of what is refused."""


@dataclass(frozen=True, slots=True)
class Calls:
    """The calls of a mutation: the reads, the writes, the reads after them, in order, as the vendor's log has them.

    `{key}` is the customer's key as its paths have it, `{id}` that of its invoice address. `reads` are those of a dry
    run, too; `searched` goes before a creation that only a comparison finds again.
    """

    reads: tuple[str, ...]
    writes: tuple[str, ...]
    after: tuple[str, ...]
    searched: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """A patch, as a client sends it, of which something is refused in every way that can be known before sending.

    It clears more than five fields at once. `by_code` are the paths that are refused, by the code.
    """

    patch: Mapping[str, Any]
    by_code: Mapping[str, set[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bodies:
    """How the sandbox's vendor is asked for its customers, changes and makes them: methods, paths and bodies."""

    listed: tuple[str, str]
    update: str
    collection: str
    new: Mapping[str, Any]
    """A body that suffices for a new customer."""
    stamps: frozenset[str] = frozenset()
    """The members that a write moves."""
    nested: str = ""
    """A member that is a list of objects, of a vendor that takes whole documents."""
    refused: tuple[int, str] | None = None
    """Under which status a member that is not documented is refused, and the member of the answer that names it.

    None for a vendor that takes whole documents, and keeps such members.
    """
    lists_unknown: bool = True
    """Whether its lists show such members, too."""


CREATION: Final = (
    ("begin", "NOTHING", "APPLIED", "REJECTED"),
    # That a search finds nothing does not prove that nothing comes.
    ("update", "REJECTED", "REJECTED or APPLIED", "UNKNOWN"),
    ("send", "UNKNOWN", "", "APPLIED"),
    ("update", "APPLIED", "APPLIED", "APPLIED"),
    ("update", "APPLIED", "APPLIED", "APPLIED"),
)


@dataclass(frozen=True, slots=True)
class LongestWrite:
    """The write that takes the most commits and calls: the creation, whose key is stored by a commit of its own.

    `patch` is what it has besides a new name and e-mail, by a number and a text that are in no other write. `steps` are
    its commits and sends, and what it is told to be in the end where it is cut off before each, within it (of a
    commit), and after: of a call that was to be sent and shows no trace, that it was not applied; what is left is sent.
    """

    creates: bool = True
    patch: Callable[[int, str], Mapping[str, Any]] = lambda _number, _mark: {}
    steps: Sequence[tuple[str, str, str, str]] = CREATION


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteFacts:
    """What is sent to the vendor and made there, by the mutations that it offers."""

    calls: Mapping[OperationKind, Calls]
    """Kept by hand; a mutation that is not among them is one that the vendor does not offer."""
    new: Mapping[str, Any]
    """What is told of a new customer."""
    foreign: tuple[str, str]
    """What somebody else changes: a place that a new phone and city leave alone, and its value."""
    refused: Refused
    guarded: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """A section of fields that need more than `customers:write`, with what else would be refused of them."""
    bodies: Bodies
    planted: str
    """Members of a customer that a version shows; numbers in spellings that a double does not keep."""
    stamped: Callable[[Document], Document]
    """What the server makes of a customer, moved, and nothing that a client wrote."""
    stamps: frozenset[str] = frozenset()
    """Places that the vendor stamps at every write."""
    answered: frozenset[str] = frozenset()
    """Places that the vendor fills by what was written."""
    defaults: frozenset[str] = frozenset()
    """Places at which it puts a value of its own when they are cleared."""
    excluding_none: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Places that exclude others, and the values with which they exclude none."""
    key_places: frozenset[str] = frozenset()
    """Places of the section that are a part of the customer's key: they are written with a creation alone."""
    after_creation: frozenset[str] = frozenset()
    """Places of the section that are written with a change alone."""
    own_values: Callable[[Sequence[str], Document], Mapping[str, OwnValues]] = lambda _users, _document: {}
    """Values of places that the vendor alone checks, by the keys of its users and the customer as it stands."""
    takes_changes: Callable[[Document], bool] = lambda _document: True
    """Whether the vendor takes changes of a customer as it stands, and holds none of them back."""
    held: Callable[[Document], frozenset[str]] = lambda _document: frozenset()
    """The ids of a customer's entries of lists that stay there whatever is sent."""
    beside: Callable[[Any, str], Mapping[str, tuple[Collection, Any]]] = lambda _vendor, _key: {}
    """Parts of a customer that are documents of their own: where the sandbox's vendor has them, and by which key."""
    longest: LongestWrite = field(default_factory=LongestWrite)
    unique_number: str = ""
    """Where a customer's number stands, if the vendor holds each once."""
    malformed: tuple[Mapping[str, Any], tuple[str, ...]] | None = None
    """A patch of what only the vendor knows not to fit, and the field that is told."""
    numbered: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What a lost creation is found by besides its name, if the vendor has it."""
    labels: Mapping[str, str | None] = field(default_factory=dict[str, "str | None"])
    """The places of ids of lists, and a label of each list; None where any will do."""
    no_entity: Sequence[bytes] = ()
    """Answers that hold no entity, first one that says so; `null` and a list hold none at all vendors."""
    wrapped: Callable[[Document], Document] = lambda document: document
    """The answer to a read by key."""
    refusals: Mapping[str, Sequence[str]] = field(default_factory=dict[str, "Sequence[str]"])
    """Texts with which it refuses a write, and the places that each names."""
    unfit: tuple[str, Any] = ("name", 7)
    """A place, and a value that the vendor refuses with its name."""
    values: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Values of unified fields, where those of all vendors are none of its own."""
    read_back: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """How readers tell what was written to a field, where it is spelled otherwise then."""
    told_by_lists: frozenset[str] = frozenset()
    """Unified fields that a list tells by an id in the customer's document."""
    choices: Mapping[str, Sequence[Choice]] = field(default_factory=dict[str, "Sequence[Choice]"])
    """Lists by whose labels fields are written, by the places of their ids."""
    parts: Mapping[str, Document] = field(default_factory=dict[str, "Document"])
    """Documents of their own that a writer has in the customer's: one of each."""
