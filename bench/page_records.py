"""The records that all contestants of the page query answer from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class User:
    id: str
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Contact:
    id: str
    name: str
    email: str
    phone: str


@dataclass(frozen=True, slots=True)
class Customer:
    id: str
    number: int
    name: str
    email: str
    phone: str
    city: str
    country: str
    status: str
    created_at: str
    updated_at: str
    owner_id: int
    updater_id: int


@dataclass(frozen=True, slots=True)
class Memory:
    customers: list[Customer]
    users: dict[int, User]
    contacts: dict[str, list[Contact]]


def memory(count: int, users: int = 500) -> Memory:
    return Memory(
        [
            Customer(
                id=f"c{n}",
                number=n,
                name=f"Customer {n}",
                email=f"customer{n}@example.com",
                phone=f"+35840{n:07}",
                city="Helsinki",
                country="FI",
                status="ACTIVE",
                created_at="2026-01-01T00:00:00Z",
                updated_at="2026-11-01T00:00:00Z",
                owner_id=n % users,
                updater_id=(n * 7 + 1) % users,
            )
            for n in range(count)
        ],
        {n: User(f"u{n}", f"User {n}", f"user{n}@example.com") for n in range(users)},
        {
            f"c{n}": [
                Contact(f"p{n}-{k}", f"Person {n} {k}", f"p{n}{k}@example.com", f"+35850{n:06}{k}") for k in (0, 1)
            ]
            for n in range(count)
        },
    )
