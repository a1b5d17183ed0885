"""Work that several wait for: deadlines, shared calls, the batcher, and what stands in place of work that failed."""
