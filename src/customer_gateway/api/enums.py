"""The enums of a customer, in the schema with what each value means: fields and filters have the same."""

from __future__ import annotations

from customer_gateway.api.declare import described_enum
from customer_gateway.model.value_objects import CustomerKind, CustomerStatus, Gender

__all__ = ["CustomerKind", "CustomerStatus", "Gender"]

described_enum(
    CustomerKind,
    "What a customer is.",
    COMPANY="A company, an association or another organisation.",
    PERSON="A natural person.",
    PUBLIC="A public body, such as a town or an authority.",
    OTHER="Something else: the system names a kind that is none of these.",
)
described_enum(
    CustomerStatus,
    "Where a customer stands in its life.",
    ACTIVE="In use.",
    INACTIVE="No longer in use, by a flag of the system; it is still listed.",
    ARCHIVED="In the system's archive.",
    LOCKED="Barred by the system.",
    PENDING="Not yet checked by the system.",
)
described_enum(
    Gender,
    "Gender, as the system holds it.",
    MALE="Male.",
    FEMALE="Female.",
    OTHER="Neither, or the system holds another word.",
)
