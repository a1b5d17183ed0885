"""Limit the rate of calls: which call of this process may start now, which is next, how long the others wait."""
