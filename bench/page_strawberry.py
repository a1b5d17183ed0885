"""The page query's schema as one writes it with Strawberry: graphql-core executes it object by object."""

from __future__ import annotations

import strawberry
from strawberry.extensions import ParserCache, ValidationCache

from bench.page_records import Customer, Memory

Info = strawberry.Info[Memory, None]


@strawberry.type(name="User")
class UserType:
    id: strawberry.ID
    name: str | None
    email: str | None


@strawberry.type(name="Contact")
class ContactType:
    id: strawberry.ID
    name: str | None
    email: str | None
    phone: str | None


def owner_of(root: Customer, info: Info) -> UserType | None:
    return info.context.users[root.owner_id]  # pyright: ignore[reportReturnType]  the record stands in for the type


def updater_of(root: Customer, info: Info) -> UserType | None:
    return info.context.users[root.updater_id]  # pyright: ignore[reportReturnType]  the record stands in for the type


def contacts_of(root: Customer, info: Info) -> list[ContactType]:
    return info.context.contacts[root.id]  # pyright: ignore[reportReturnType]  the record stands in for the type


@strawberry.type(name="Customer")
class CustomerType:
    id: strawberry.ID
    number: int | None
    name: str | None
    email: str | None
    phone: str | None
    city: str | None
    country: str | None
    status: str | None
    created_at: str | None
    updated_at: str | None
    owner: UserType | None = strawberry.field(resolver=owner_of)
    updater: UserType | None = strawberry.field(resolver=updater_of)
    contacts: list[ContactType] = strawberry.field(resolver=contacts_of)


def first_customers(info: Info, first: int) -> list[CustomerType]:
    return info.context.customers[:first]  # pyright: ignore[reportReturnType]  the record stands in for the type


@strawberry.type
class Query:
    customers: list[CustomerType] = strawberry.field(resolver=first_customers)


def strawberry_schema() -> strawberry.Schema:
    return strawberry.Schema(Query, extensions=[ParserCache, ValidationCache])
