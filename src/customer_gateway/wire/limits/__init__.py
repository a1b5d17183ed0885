"""Limit the rate of calls: which may start now, which is next, how long others wait; with Redis over all workers."""
