"""The versions of customers, also where an installation does not list all that a client may write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from customer_gateway.documents.values import is_object
from customer_gateway.documents.versions import version_of
from customer_gateway.systems.autodns.write import WRITES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from customer_gateway.documents.record import Document
    from customer_gateway.system import Reader, Reads, Route
    from customer_gateway.systems.autodns.accepted import AcceptedKeys


def versions(accepted: AcceptedKeys, whole: Route[Document]) -> Reader:
    """Return the versions of listed customers; of each by itself where lists lack keys that were refused."""

    async def read(customers: Sequence[Any], reads: Reads) -> Sequence[Any]:
        if not accepted.lacks_keys_of_customers:
            return [customer.version for customer in customers]
        found = await reads.load(whole, [customer.key for customer in customers])
        return [version_of(WRITES, each) if is_object(each) else each for each in found]

    return read
