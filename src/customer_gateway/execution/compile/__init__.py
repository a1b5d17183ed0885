"""Compile an operation: its fields collected, its arguments made ready, its plan made and kept. Executes nothing."""
