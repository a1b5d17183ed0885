"""One folder per vendor: all that is peculiar to it. The registry is an explicit tuple (registry.py)."""
