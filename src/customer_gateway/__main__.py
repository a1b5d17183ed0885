"""`python -m customer_gateway` is the command `customer-gateway`."""

from __future__ import annotations

from customer_gateway.cli import main

if __name__ == "__main__":
    main()
