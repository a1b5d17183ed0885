"""The protocol: all that federation, catalog and api know of an upstream.

A system tells *facts* (what it supplies, which keys it knows, how many fit in a call) and offers *reads*. A read is a
`Route`, a batched look-up by keys; federation joins the keys of a request, and of all requests, into as few calls as
the route allows. What a customer's own document holds is read through the system's view of it; what another call must
tell is read by the system's `readers`, each for many customers at once.

Read results are values: an element that failed is an `UpstreamError` in its place, so that one dead read costs its own
fields only.
"""

from customer_gateway.system.kind import Kind
from customer_gateway.system.pages import MOST_WALKS, Page, rows_per_page_of
from customer_gateway.system.protocol import System
from customer_gateway.system.routes import EVERYTHING, Lookup, NodeLookup, Reader, Reads, Route, Selection
from customer_gateway.system.writer import CreateTrace, CustomerWriter, SendResult, WrittenDocument

__all__ = [
    "EVERYTHING",
    "MOST_WALKS",
    "CreateTrace",
    "CustomerWriter",
    "Kind",
    "Lookup",
    "NodeLookup",
    "Page",
    "Reader",
    "Reads",
    "Route",
    "Selection",
    "SendResult",
    "System",
    "WrittenDocument",
    "rows_per_page_of",
]
