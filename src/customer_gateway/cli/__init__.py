"""The command line: a verb each for what a person wants."""

from customer_gateway.cli.commands import main

__all__ = ["main"]
