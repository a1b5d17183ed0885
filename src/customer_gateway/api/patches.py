"""Input types of the mutations: the unified fields of a patch, and a section for each kind of system.

They are graphql-core's, not strawberry's: a value holds what was given and no more, so that what is absent stays apart
from what is null. Unified fields arrive by their model names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from graphql import GraphQLDefaultInput, GraphQLInputField, GraphQLInputObjectType, GraphQLList, GraphQLNonNull

from customer_gateway.api.sections import SectionTypes, list_input
from customer_gateway.documents.structs import graphql_name
from customer_gateway.model.value_objects import EmailAddress

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from graphql import GraphQLNamedType

    from customer_gateway.api.sections import LeafType
    from customer_gateway.system import Kind

INPUTS: Final = {
    "customerCreate": "CustomerCreateInput",
    "customerUpdate": "CustomerUpdateInput",
    "customerArchive": "CustomerArchiveInput",
    "customerRestore": "CustomerArchiveInput",
}
"""The type of the argument `input` of each mutation, by the mutation's name."""

_ADDRESS: Final = {
    "name": ("String", "Who is addressed."),
    "lines": ("[String]", "The address lines, instead of street and the others where the system holds lines."),
    "street": ("String", "Street, with the house number where the system does not part them."),
    "house_number": ("String", "House number, where the system parts it from the street."),
    "postal_code": ("String", "Postal code."),
    "city": ("String", "City."),
    "state": ("String", "State or region."),
    "country_code": ("String", "ISO 3166-1 alpha-2."),
    "country": ("String", "The country by its code or name, instead of countryCode."),
}
_EINVOICE: Final = {
    "leitweg_id": ("String", "Leitweg-ID of a German public buyer."),
    "supplier_number": ("String", "The number under which the buyer knows the supplier."),
    "ean": ("String", "EAN / GLN of the buyer."),
    "edi_address": ("String", "EDI address."),
    "finvoice_address": ("String", "Finvoice address."),
}
_BILLING: Final = {
    "email": ("String", "Where invoices are mailed."),
    "name": ("String", "Name on the invoice."),
    "address": ("AddressPatch", "Address on the invoice."),
    "payment_terms_id": ("String", "The terms of payment, by their id: System.choices lists them."),
    "payment_method": ("String", "How the customer pays, in the vendor's word."),
    "invoice_delivery_id": ("String", "How invoices are delivered, by its id: System.choices lists them."),
    "credit_limit": ("Decimal", "Credit limit."),
    "taxable": ("Boolean", "Whether VAT is charged."),
    "recipient_ids": ("[ID]", "The users of the same system who receive invoices, by their global ids."),
    "einvoice": ("EInvoicePatch", "What electronic invoices need to know."),
}
_CUSTOMER: Final = {
    "number": ("String", "The number under which people know the customer."),
    "name": ("String", "Name of the company or person."),
    "kind": ("CustomerKind", "Company, person or public body."),
    "title": ("String", "Title of a person."),
    "gender": ("Gender", "Gender of a person."),
    "first_name": ("String", "First name of a person."),
    "last_name": ("String", "Last name of a person."),
    "organization": ("String", "Organisation."),
    "vat_number": ("String", "VAT number, checked where its country's numbers can be."),
    "organization_number": ("String", "Number in the register of companies."),
    "email": ("String", "The first e-mail address; others that the system holds stay."),
    "emails": ("EmailListPatch", "All e-mail addresses, instead of email."),
    "phone": ("String", "Main phone: with its country, as +49 221 123456, or as dialled in the customer's."),
    "mobile": ("String", "Mobile phone, in the same forms."),
    "fax": ("String", "Fax, in the same forms."),
    "website": ("String", "Website."),
    "language": ("String", "Language, BCP 47."),
    "currency": ("String", "Currency, ISO 4217."),
    "is_supplier": ("Boolean", "Whether the customer is a supplier too."),
    "address": ("AddressPatch", "Main address; null clears all of it."),
    "billing": ("BillingPatch", "How the customer is billed. Needs the scope billing:write."),
    "notes": ("TextListPatch", "Notes about the customer."),
    "external_id": ("String", "Id of the customer in a system outside the gateway."),
    "owner_id": ("ID", "A user of the same system, by its global id: who is responsible from now on."),
}
_PATCH: Final = (
    "What is to change of a customer: absent leaves alone, null clears, a value sets. The unified fields, and a "
    "section for each kind of system with every field that its API lets a client write. Two ways to one place are "
    "EXCLUSIVE; a section of another kind than the record's, and a field that the system lacks, are NOT_WRITABLE."
)
_KEY: Final = (
    "What tells a repeated request from a new one for 24 hours, at most 255 characters; the header Idempotency-Key "
    "serves a request with one mutation field."
)
_VERSION: Final = "Customer.version as it was read: where the customer has changed since, nothing is written."
_FORCE: Final = "Write without a version, or over another one. Needs the scope force."
_DRY_RUN: Final = "Answer the plan: nothing is sent but reads, nothing is stored."


def input_types(kinds: Sequence[Kind], named: Mapping[str, GraphQLNamedType]) -> dict[str, GraphQLInputObjectType]:
    """Return the inputs of the mutations by their names; `named` are the schema's scalars and enums."""
    return _Inputs(named).of_mutations(kinds)


class _Inputs:
    def __init__(self, named: Mapping[str, GraphQLNamedType]) -> None:
        self._types: dict[str, Any] = dict(named)

    def of_mutations(self, kinds: Sequence[Kind]) -> dict[str, GraphQLInputObjectType]:
        self._add_parts()
        sections = _section_fields(kinds, self._types.__getitem__)
        patch = GraphQLInputObjectType("CustomerPatch", {**self._fields(_CUSTOMER), **sections}, description=_PATCH)
        key, version = self._field("String", _KEY), self._field("String", _VERSION)
        force, dry_run = self._flag("force", _FORCE), self._flag("dry_run", _DRY_RUN)
        system = self._required("String", "The configured name of the system that is to hold the customer.")
        named = self._required("ID", "The customer's global id.")
        changed = GraphQLInputField(GraphQLNonNull(patch), description="What is to change.")
        given = GraphQLInputField(GraphQLNonNull(patch), description="What the customer is made with.")
        made = {
            "CustomerCreateInput": {"system": system, "patch": given},
            "CustomerUpdateInput": {"id": named, "patch": changed, "expectedVersion": version, **force},
            "CustomerArchiveInput": {"id": named, "expectedVersion": version, **force},
        }
        return {
            name: GraphQLInputObjectType(name, {**fields, "idempotencyKey": key, **dry_run}, description=_ABOUT[name])
            for name, fields in made.items()
        }

    def _add_parts(self) -> None:
        text = self._types["String"]
        email = self._email()
        added = "What comes at the end."
        parts = {
            "AddressPatch": (_ADDRESS, "What is to change of an address."),
            "EInvoicePatch": (_EINVOICE, "What is to change of what electronic invoices need to know."),
            "BillingPatch": (
                _BILLING,
                "What is to change of how a customer is billed. Ids are those of System.choices.",
            ),
        }
        addresses = {"set": (email, ""), "add": (email, added), "remove": (text, "The addresses that go, in any case.")}
        texts = {"set": (text, ""), "add": (text, added), "remove": (text, "The texts that go.")}
        about = "Either set alone, or add and remove."
        self._types["EmailListPatch"] = list_input("EmailListPatch", about, addresses)
        self._types["TextListPatch"] = list_input("TextListPatch", about, texts)
        for name, (fields, told) in parts.items():
            self._types[name] = GraphQLInputObjectType(name, self._fields(fields), description=told)

    def _email(self) -> GraphQLInputObjectType:
        purpose = GraphQLInputField(
            GraphQLNonNull(self._types["EmailPurpose"]),
            description="What it is for.",
            default=GraphQLDefaultInput(value="GENERAL"),
        )
        fields = {"address": self._required("String", "The address alone, without a name."), "purpose": purpose}
        return GraphQLInputObjectType(
            "EmailInput",
            fields,
            description="An e-mail address and what it is for.",
            out_type=lambda given: EmailAddress(given["address"], given["purpose"]),
        )

    def _fields(self, told: Mapping[str, tuple[str, str]]) -> dict[str, GraphQLInputField]:
        return {graphql_name(name): self._field(kind, about, name) for name, (kind, about) in told.items()}

    def _field(self, kind: str, about: str, name: str | None = None) -> GraphQLInputField:
        item = self._types[kind.strip("[]")]
        type_ = GraphQLList(GraphQLNonNull(item)) if kind.startswith("[") else item
        return GraphQLInputField(type_, description=about, out_name=name)

    def _required(self, kind: str, about: str) -> GraphQLInputField:
        return GraphQLInputField(GraphQLNonNull(self._types[kind]), description=about)

    def _flag(self, name: str, about: str) -> dict[str, GraphQLInputField]:
        type_ = GraphQLNonNull(self._types["Boolean"])
        field = GraphQLInputField(type_, description=about, default=GraphQLDefaultInput(value=False))
        return {graphql_name(name): field}


_ABOUT: Final = {
    "CustomerCreateInput": "A customer to be made in a system.",
    "CustomerUpdateInput": "A change of a customer.",
    "CustomerArchiveInput": "A customer that is to be taken out of use, or brought back.",
}


def _section_fields(kinds: Sequence[Kind], leaf: LeafType) -> dict[str, GraphQLInputField]:
    types = SectionTypes(leaf)
    return {
        kind.slug: GraphQLInputField(
            types.section(kind.writes), description=f"What only {kind.title} has, named as on {kind.record.name}."
        )
        for kind in kinds
        if kind.writes is not None
    }
