"""The unified fields as a system has them that has no such field: a view overrides those that it reads."""

from __future__ import annotations

from typing import Any


class CustomerFields:
    """Every field of `model.nouns.Customer`, read as None; lists that none supplies are empty in answers."""

    __slots__ = ()

    number: Any = None
    name: Any = None
    kind: Any = None
    status: Any = None
    title: Any = None
    gender: Any = None
    first_name: Any = None
    last_name: Any = None
    organization: Any = None
    vat_number: Any = None
    organization_number: Any = None
    email: Any = None
    emails: Any = None
    phone: Any = None
    phones: Any = None
    website: Any = None
    language: Any = None
    currency: Any = None
    is_supplier: Any = None
    address: Any = None
    addresses: Any = None
    billing: Any = None
    notes: Any = None
    external_ids: Any = None
    contacts: Any = None
    accounts: Any = None
    agreements: Any = None
    owner_key: Any = None
    updater_key: Any = None
    creator_key: Any = None
    created_at: Any = None
    updated_at: Any = None


class ContactFields:
    """Every field of `model.nouns.Contact` but its identity, read as None."""

    __slots__ = ()

    name: Any = None
    first_name: Any = None
    last_name: Any = None
    title: Any = None
    department: Any = None
    email: Any = None
    phone: Any = None
    mobile: Any = None
    fax: Any = None
    address: Any = None
    notes: Any = None
