"""The queries that GraphiQL opens with."""

from __future__ import annotations

from typing import Final

DEMO_QUERY: Final = """\
query Everyone {
  systems {
    name
    kind
    reachable
    customers(first: 5) {
      nodes {
        id name number status vatNumber email phone
        address { street postalCode city countryCode }
        contacts { name email }
        accounts { __typename ... on BankAccount { iban bic } }
        agreements { description startDate products { code } }
        owner { name email }
        updater { name }
        updatedAt
        records { __typename key }
      }
    }
  }
}
"""

EXAMPLES: Final = f"""\
# Customer Gateway: one Customer, read live from every configured system.
# Run a query with Ctrl-Enter; several stand in this tab, the play button asks which.

{DEMO_QUERY}
# The next page of one system: give endCursor as `after`.
query OnePage {{
  system(name: "pland") {{
    customers(first: 10) {{
      totalCount
      pageInfo {{ hasNextPage endCursor }}
      nodes {{ name invoices(first: 3) {{ nodes {{ number date total currency status }} }} }}
    }}
  }}
}}

# Where a value came from, or why it is null.
query Provenance {{
  systems {{
    name
    customers(first: 1) {{ nodes {{ name provenance(fields: ["name", "owner", "language"]) {{ field state }} }} }}
  }}
}}
"""
