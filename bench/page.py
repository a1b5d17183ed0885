"""The page query that the contestants answer over HTTP, and the smallest one."""

from __future__ import annotations

from typing import Final

SELECTION: Final = """nodes {
        id name number status vatNumber email phone
        address { street postalCode city countryCode }
        creator { id name email }
        updater { id name email }
        contacts { id name email phone }
      }"""

GATEWAY_QUERY: Final = f"""query Page($after: String) {{
  system(name: "pland") {{
    customers(first: 50, after: $after) {{
      {SELECTION}
    }}
  }}
}}"""

CURSOR_QUERY: Final = """query Cursor($after: String) {
  system(name: "pland") { customers(first: 50, after: $after) { pageInfo { endCursor } } }
}"""

OFFSET_QUERY: Final = f"""query Page($offset: Int!) {{
  system(name: "pland") {{
    customers(first: 50, offset: $offset) {{
      {SELECTION}
    }}
  }}
}}"""

SMALLEST_QUERY: Final = "{ __typename }"
