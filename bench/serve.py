"""One contestant in a process of its own: `python -m bench.serve MODULE CORES WORKERS`; it prints its port.

All run alike: uvicorn, uvloop, httptools, no access log, no proxy's headers; the gateway with connections of its own,
as `customer-gateway serve` gives it. Several workers are the gateway's, as `serve --workers` starts them. CORES are
numbers parted by commas.
"""

from __future__ import annotations

import os
import socket
import sys

from uvicorn import Config, Server

from customer_gateway.server.serving import Ending, Timeouts, listen
from customer_gateway.server.workers import serve_by_workers


def main(module: str, cores: str, workers: int) -> None:
    os.sched_setaffinity(0, {int(core) for core in cores.split(",")})
    if workers > 1:
        _by_workers(workers)
        return
    # With the protocol named the event loop sets TCP_NODELAY on what it accepts.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(1024)
    config = Config(
        f"bench.contestants.{module}:app",
        loop="uvloop",
        http="customer_gateway.http.connection:HttpConnection" if module.endswith("gateway") else "httptools",
        ws="none",
        access_log=False,
        proxy_headers=False,
        log_level="warning",
        # A connection that waits for the others at the end of a load is not closed under it.
        timeout_keep_alive=120,
    )
    print(listener.getsockname()[1], flush=True)
    Server(config).run([listener])


def _by_workers(workers: int) -> None:
    """Serve the gateway by its own supervisor."""
    ending = Ending()
    with ending.on_signals(), listen("127.0.0.1", 0) as listener:
        print(listener.getsockname()[1], flush=True)
        serve_by_workers(None, workers, listener, ending, Timeouts(shutdown_seconds=5))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
