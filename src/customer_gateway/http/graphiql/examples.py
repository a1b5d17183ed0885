"""The queries that GraphiQL opens with, one a tab. No line is longer than half a window of 1400 pixels shows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from customer_gateway.http import Example

if TYPE_CHECKING:
    from collections.abc import Iterable

DEMO_QUERY: Final = """\
query Everyone {
  systems {
    name kind reachable
    customers(first: 5) {
      nodes {
        id name number status vatNumber email phone
        address { street postalCode city countryCode }
        contacts { name email }
        accounts {
          __typename ... on BankAccount { iban bic }
        }
        agreements {
          description startDate products { code }
        }
        owner { name email } updater { name }
        updatedAt records { __typename key }
      }
    }
  }
}
"""

_EVERYONE: Final = f"""\
# One Customer, live from every configured system.
# Ctrl-Enter runs the query.
{DEMO_QUERY}"""

_ONE_PAGE: Final = """\
# A page of one system. For the next page, put its
# endCursor into the variables below, as "after".
query OnePage($after: String) {
  system(name: %s) {
    customers(first: 10, after: $after) {
      totalCount
      pageInfo { hasNextPage endCursor }
      nodes {
        name
        invoices(first: 3) {
          nodes { number date total currency status }
        }
      }
    }
  }
}
"""

_PROVENANCE: Final = """\
# Where a value came from, or why it is null.
query Provenance {
  systems {
    name
    customers(first: 1) {
      nodes {
        name
        provenance(fields: ["name", "kind", "owner"]) {
          field
          state
          record { system key }
        }
      }
    }
  }
}
"""


def examples(systems: Iterable[str]) -> tuple[Example, ...]:
    """Return the examples for a gateway over the systems of these names; the page of one system is of the first."""
    one_page = [Example(_ONE_PAGE % json.dumps(name), '{\n  "after": null\n}') for name in list(systems)[:1]]
    return (Example(_EVERYONE), *one_page, Example(_PROVENANCE))
