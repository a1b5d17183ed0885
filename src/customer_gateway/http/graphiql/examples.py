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

FIND_QUERY: Final = """\
query Find {
  customers(first: 10, search: "muehlen") {
    totalCount pageInfo { hasNextPage endCursor }
    nodes {
      id name number status vatNumber email phone
      address { street postalCode city countryCode }
      contacts { name email }
      owner { name email } updatedAt
      records { __typename key system { name } }
      provenance(fields: ["name"]) { state seenAt }
    }
  }
}
"""

_FIND: Final = f"""\
# Customers of all systems: found in the index, read
# live from their systems. Ctrl-Enter runs the query.
{FIND_QUERY}"""

TYPE_AHEAD_QUERY: Final = """\
query TypeAhead($typed: String = "mül") {
  customers(first: 10, search: $typed, live: false) {
    nodes { id name records { key system { name } } }
  }
}
"""

_TYPE_AHEAD: Final = f"""\
# While somebody types: the index alone answers, and
# no system is called.
{TYPE_AHEAD_QUERY}"""

_EVERYONE: Final = f"""\
# One Customer, live from every configured system.
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


def examples(systems: Iterable[str], *, finds: bool = True) -> tuple[Example, ...]:
    """Return the examples for a gateway over the systems of these names; the page of one system is of the first.

    One that `finds` has an index of customers.
    """
    found = [Example(_FIND), Example(_TYPE_AHEAD, '{\n  "typed": "mül"\n}')] if finds else []
    one_page = [Example(_ONE_PAGE % json.dumps(name), '{\n  "after": null\n}') for name in list(systems)[:1]]
    return (*found, Example(_EVERYONE), *one_page, Example(_PROVENANCE))
