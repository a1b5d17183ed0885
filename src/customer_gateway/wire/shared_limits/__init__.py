"""Share rate limits with other processes: their calls are counted in one Redis."""
