"""Rate limits: what may start now, who is next, and how long the others wait; over all workers with a Redis."""
