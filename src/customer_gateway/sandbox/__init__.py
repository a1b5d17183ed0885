"""The vendors' APIs over SQLite, for the demo, the tests and partners. Imports nothing of the gateway.

box = Sandbox()
box.pland.app                                   # an ASGI application, for tests in process
async with box.serving() as urls:               # or all on sockets: {"pland": "http://127.0.0.1:PORT/v2", …}
    box.next.faults.set("status", status=500)   # what can go wrong: fault.FaultKind
    box.pland.log.calls()                       # what was asked: ["GET /customers/?limit=50&offset=0"]
    box.next.faults.set("reset", method="PUT", applied="before")    # the write is applied, its answer is lost
    box.next.hooks.after("GET /customer/1202", change)              # between that read and what comes next
    box.next.customers.text(1202)               # a customer as it is stored, to the letter
    box.next.customers.plant(1202, '{"markup": 1.10}')              # a foreign change, past the vendor's rules
    reviews(box.autodns).hold = "all"           # sandbox.autodns: which changes wait; confirm(key), refuse(key)
    box.next.faults.set("lost_keys", share=0.5)                     # lists and look-ups: views
    box.next.population.vanish(1202)                                # and come_back(1202), change(key), appear()
    box.next.churn.start(per_second=5, seed="monday")               # all of these, until stop(); log, truth()
    box.next.tenants.switch("other")                                # other customers at the same address; "first" again
    box.next.clock.offset = 3600                                    # its stamps are an hour ahead
    await box.stop("next")                      # connections are refused, until box.start("next")
"""

from __future__ import annotations

from customer_gateway.sandbox.box import PORTS, DirectoryUnfit, Sandbox, run_sandbox
from customer_gateway.sandbox.call_log import Call, CallLog
from customer_gateway.sandbox.churn import Change, Churn
from customer_gateway.sandbox.fault import Fault, FaultKind
from customer_gateway.sandbox.hooks import Hooks
from customer_gateway.sandbox.population import Population
from customer_gateway.sandbox.registry import DEFINITIONS
from customer_gateway.sandbox.server import PortTaken
from customer_gateway.sandbox.switch import Faults
from customer_gateway.sandbox.tenants import Tenants
from customer_gateway.sandbox.vendor import Vendor, VendorDefinition

__all__ = [
    "DEFINITIONS",
    "PORTS",
    "Call",
    "CallLog",
    "Change",
    "Churn",
    "DirectoryUnfit",
    "Fault",
    "FaultKind",
    "Faults",
    "Hooks",
    "Population",
    "PortTaken",
    "Sandbox",
    "Tenants",
    "Vendor",
    "VendorDefinition",
    "run_sandbox",
]
