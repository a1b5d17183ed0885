"""The index of records: what a row has, how a question becomes conditions on rows, and how the index is filled."""
