"""Deliver results one after another: deferred fragments, and the events of a subscription."""
