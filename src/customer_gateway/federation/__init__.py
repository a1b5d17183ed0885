"""One graph out of many systems: joined reads, golden values, lists and nodes. Knows the protocol of a system only."""
