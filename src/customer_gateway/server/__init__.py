"""The process that serves: its socket, workers, signals and garbage collector."""
