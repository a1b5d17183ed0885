"""The arguments of `Query.customers` as GraphQL types, and what they ask."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

import strawberry
from strawberry import UNSET

from customer_gateway.api.declare import described_enum
from customer_gateway.api.enums import CustomerKind, CustomerStatus
from customer_gateway.catalog.questions import Filter, MomentFilter, Question, TextFilter
from customer_gateway.documents.countries import country_code
from customer_gateway.errors import BadUserInput
from customer_gateway.model.catalog import TEXT_FIELDS, Order

if TYPE_CHECKING:
    from collections.abc import Sequence


class CustomerOrderField(Enum):
    NAME = "NAME"
    NUMBER = "NUMBER"
    CREATED_AT = "CREATED_AT"
    UPDATED_AT = "UPDATED_AT"


class OrderDirection(Enum):
    ASC = "ASC"
    DESC = "DESC"


described_enum(
    CustomerOrderField,
    "By what customers are ordered. Those without a value come last in both directions.",
    NAME="By name, without case and accents.",
    NUMBER="By number, 9 before 10.",
    CREATED_AT="By when they were created.",
    UPDATED_AT="By when they were last changed.",
)
described_enum(OrderDirection, "In which direction.", ASC="Lowest first.", DESC="Highest first.")


def _given(description: str, name: str | None = None) -> Any:
    """Return a field of an input that may be left out; null is the same."""
    return strawberry.field(default=UNSET, description=description, name=name)


@strawberry.input(
    description="What a text has to be, without regard to case and accents; all that is given must hold. A phone is "
    "compared by its digits, a VAT number without blanks and signs."
)
class StringFilter:
    eq: str | None = _given("The whole text.")
    in_: list[str] | None = _given("One of these is the whole text.", name="in")
    contains: str | None = _given("It stands anywhere in the text.")
    starts_with: str | None = _given("The text begins with it.")


@strawberry.input(description="Between which moments, both excluded.")
class DateTimeFilter:
    after: datetime | None = _given("Later than this.")
    before: datetime | None = _given("Earlier than this.")


@strawberry.input(
    description="What a customer has to be; all that is given must hold. A value that the index does not know fits no "
    "filter. A field that none of the asked systems has is refused with FILTER_NOT_SUPPORTED."
)
class CustomerFilter:
    systems: list[str] | None = _given("Customers of these systems alone, by their configured names.")
    status: list[CustomerStatus] | None = _given("One of these.")
    kind: list[CustomerKind] | None = _given("One of these.")
    name: StringFilter | None = _given("The name of the company or person.")
    number: StringFilter | None = _given("The number under which people know the customer.")
    email: StringFilter | None = _given("The main e-mail address.")
    phone: StringFilter | None = _given("The main phone.")
    vat_number: StringFilter | None = _given("The VAT number.")
    organization_number: StringFilter | None = _given("The number in the country's register.")
    country_code: list[str] | None = _given("The country of the main address is one of these, ISO 3166-1 alpha-2.")
    city: StringFilter | None = _given("The city of the main address.")
    is_supplier: bool | None = _given("Whether the customer is a supplier too.")
    created_at: DateTimeFilter | None = _given("When it was created.")
    updated_at: DateTimeFilter | None = _given("When it was last changed.")


@strawberry.input(description="How customers are ordered.")
class CustomerOrder:
    field: CustomerOrderField = strawberry.field(description="By what.")
    direction: OrderDirection = strawberry.field(default=OrderDirection.ASC, description="In which direction.")


Search: TypeAlias = Annotated[
    str | None,
    strawberry.argument(
        description="Words of which each begins a word of the customer: of its name, number, e-mail, VAT or register "
        "number, phone or city. A text that is a whole number, VAT number, phone or e-mail finds that customer first."
    ),
]
Filters: TypeAlias = Annotated[CustomerFilter | None, strawberry.argument(description="What a customer has to be.")]
Ordered: TypeAlias = Annotated[
    CustomerOrder | None,
    strawberry.argument(description="By name if left out; with a search, whole matches first and then by name."),
]
Live: TypeAlias = Annotated[
    bool,
    strawberry.argument(description="Whether the page is read from the systems; else it is as the index knows it."),
]
First: TypeAlias = Annotated[
    int | None, strawberry.argument(description="How many, 1 to 100: this or last is required.")
]
Last: TypeAlias = Annotated[int | None, strawberry.argument(description="How many from the end, 1 to 100.")]
After: TypeAlias = Annotated[
    str | None, strawberry.argument(description="The cursor of the customer before the page; with first.")
]
Before: TypeAlias = Annotated[
    str | None, strawberry.argument(description="The cursor of the customer after the page; with last.")
]

_NOTHING: Final = CustomerFilter()


def systems_of(asked: CustomerFilter | None) -> Sequence[str] | None:
    """Return the systems that a filter names, None where it names none."""
    return _value((asked or _NOTHING).systems)


def question_of(search: str | None, asked: CustomerFilter | None, order: CustomerOrder | None) -> Question:
    """Return what is asked, in the words of the catalog."""
    by = None if order is None else Order[order.field.name]
    is_descending = order is not None and order.direction is OrderDirection.DESC
    return Question(search, _filter(asked or _NOTHING), by, is_descending)


def _filter(asked: CustomerFilter) -> Filter:
    texts = {name: given for name in TEXT_FIELDS if (given := _value(getattr(asked, name))) is not None}
    return Filter(
        status=_value(asked.status),
        kind=_value(asked.kind),
        country_code=_countries(_value(asked.country_code)),
        is_supplier=_value(asked.is_supplier),
        texts={name: _text(given) for name, given in texts.items()},
        created_at=_moments(_value(asked.created_at)),
        updated_at=_moments(_value(asked.updated_at)),
    )


def _countries(asked: Sequence[str] | None) -> Sequence[str] | None:
    """Return the codes of countries as they are given. Raises `BadUserInput` for what is none; blanks fit nobody."""
    for each in filter(str.strip, asked or ()):
        code = country_code(each)
        if code != each.strip().upper():
            remedy = "give its code, such as DE." if code is None else f"give {code}."
            raise BadUserInput(f"filter.countryCode: {each[:40]!r} is no country code (ISO 3166-1 alpha-2); {remedy}")
    return asked


def _text(asked: StringFilter) -> TextFilter:
    return TextFilter(_value(asked.eq), _value(asked.in_), _value(asked.contains), _value(asked.starts_with))


def _moments(asked: DateTimeFilter | None) -> MomentFilter | None:
    return None if asked is None else MomentFilter(_value(asked.after), _value(asked.before))


def _value(given: Any) -> Any:
    return None if given is UNSET else given
