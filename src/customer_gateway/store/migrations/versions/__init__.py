"""A file for each migration. It says all it needs by itself: `tables.py` goes on changing, a migration does not."""
