"""The unified nouns and the small values that every room shares: ids and cursors."""
