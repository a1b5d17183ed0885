"""Work that several wait for: deadlines, and what stands in place of work that failed."""
