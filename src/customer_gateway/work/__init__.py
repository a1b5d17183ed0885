"""Share work that several requests wait for: deadlines, shared calls, the batcher, and failures of reads."""
