"""NEXT's customer, as documented: fields and types from seed 002, names published by the vendor where it names them.

Names that the vendor leaves open are inferred (docs/systems/next.md); this table is the one place to change them.
"""

from __future__ import annotations

from typing import Final

from customer_gateway.documents.structs import Struct, billing, boolean, decimal, identifier, moment, text, vendor_id

CUSTOMER: Final = Struct(
    "NextCustomer",
    "A customer as NEXT documents it: who orders and pays for construction and service work.",
    (
        vendor_id("id", "Identifier of the record in the API."),
        moment("changed", "When the record was last changed."),
        identifier("changedby", "The user who last changed the record."),
        moment("created", "When the record was created."),
        identifier("createdby", "The user who created the record."),
        boolean("active", "Whether the customer is in use; false is NEXT's way to archive."),
        text("apartmentno", "Number of the apartment."),
        billing(text("bankaccountno", "Account number at the bank.")),
        billing(text("bankname", "Name of the bank.")),
        text("billaddress1", "First line of the billing address, usually the name."),
        text("billaddress2", "Second line, usually the street."),
        text("billaddress3", "Third line, usually building, box or other particulars of the street."),
        text("billaddress4", "Fourth line, usually the postal code."),
        text("billaddress5", "Fifth line, usually the city."),
        text("billaddress6", "Sixth line, usually the country."),
        billing(text("billingtermsdescription", "The billing terms, as printed on invoices.")),
        billing(identifier("billingtermsid", "The billing terms on the customer's invoices.")),
        billing(text("clearingno", "Clearing number of the bank.")),
        boolean("constructioncompany", "A construction company, which decides on VAT by default; excludes novat."),
        text("countrycode", "Country code, two letters."),
        billing(boolean("creditrisk", "Considered a credit risk; null also where the caller may not see it.")),
        text("currencycode", "Currency, as its code."),
        identifier("currencyid", "Currency, as its record."),
        text("customerno", "The customer's business number."),
        text("customernote", "Internal notes about the customer."),
        identifier("customertypeid", "Type of customer, as its record."),
        text("customertypename", "Type of customer by name: company, private, government and others."),
        identifier("defaultexternalworkorderstatusid", "External status that the customer's work orders begin with."),
        billing(text("eancode", "EAN of the recipient of electronic invoices.")),
        billing(text("ediaddress", "EDI address.")),
        text("email", "E-mail address of the customer."),
        text("externalid", "Identifier in another system; null until exported there."),
        text("fax", "Fax number."),
        identifier("frameworkcontractid", "The framework contract that the customer's work orders get."),
        boolean("hasfavorites", "Whether the customer has favourites."),
        billing(boolean("hasprices", "Whether the customer has prices of its own.")),
        text("housingcooperativeorgno", "Organisation number of the housing cooperative."),
        billing(text("iban", "IBAN.")),
        text("invoiceemail", "E-mail address that invoices go to."),
        billing(identifier("invoicetypeid", "How invoices are sent, as its record.")),
        billing(text("invoicetypename", "How invoices are sent: by e-mail, on paper and others.")),
        boolean("issupplier", "Also a supplier, under the same id among the suppliers."),
        billing(decimal("markup", "Markup, in percent.")),
        text("mobile", "Mobile phone, which can get SMS."),
        text("name", "Name of the customer."),
        billing(boolean("novat", "Whether invoices are without VAT by default; excludes constructioncompany.")),
        text("orgno", "Organisation number, or a person's identity number."),
        text("phone", "First phone."),
        boolean("privateperson", "Whether the customer is a private person."),
        text("propertyname", "Name of the property."),
        billing(text("swift", "BIC.")),
        billing(boolean("useinvoicefee", "Whether invoices carry the invoice fee.")),
        text("vatno", "VAT number."),
        text("webaddress", "Website."),
    ),
)
