"""Share work that several requests wait for: deadlines, shared calls, the batcher, failures of reads, tasks."""
