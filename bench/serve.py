"""One contestant in a process of its own: `python -m bench.serve MODULE CORES WORKERS`; it prints its port.

All run alike: uvicorn, uvloop, httptools, no access log, no proxy's headers; the gateway with connections of its own,
as `customer-gateway serve` gives it. CORES are numbers parted by commas.
"""

from __future__ import annotations

import os
import socket
import sys

from uvicorn import Config, Server
from uvicorn.supervisors import Multiprocess


def main(module: str, cores: str, workers: int) -> None:
    os.sched_setaffinity(0, {int(core) for core in cores.split(",")})
    # With the protocol named the event loop sets TCP_NODELAY on what it accepts.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(1024)
    listener.set_inheritable(True)
    config = Config(
        f"bench.contestants.{module}:app",
        loop="uvloop",
        http="customer_gateway.http.connection:HttpConnection" if module == "gateway" else "httptools",
        ws="none",
        access_log=False,
        proxy_headers=False,
        log_level="warning",
        # A connection that waits for the others at the end of a load is not closed under it.
        timeout_keep_alive=120,
        workers=workers,
    )
    print(listener.getsockname()[1], flush=True)
    if workers == 1:
        Server(config).run([listener])
    else:
        Multiprocess(config, [listener]).run()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
