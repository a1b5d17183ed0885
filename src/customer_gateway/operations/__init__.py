"""Writes: a mutation becomes a plan, the plan's calls are noted before they are sent, and their outcome after.

`service.py` is called by `api`, `attempts.py` makes one attempt under its leases, `preparation.py` reads and checks,
`plan.py` plans, `running.py` carries out, `settling.py` finds out what became of a call whose outcome is open,
`requests.py` says what is asked for and what comes of it.
Nothing here knows GraphQL, HTTP or SQL: `api` asks, `System.writer` sends, `store.journal` keeps (`model.journal`).
"""
