"""The demo: the sandbox's vendors and the gateway over them, in one process."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from customer_gateway.app import build_app, systems_of_anonymous
from customer_gateway.config import AuthSettings, DatabaseSettings, ServerSettings, Settings
from customer_gateway.config.database import SQLITE
from customer_gateway.http.graphiql.examples import examples
from customer_gateway.model.callers import SCOPES
from customer_gateway.sandbox import PORTS, Sandbox
from customer_gateway.server.serving import Timeouts, address_of, serve
from customer_gateway.systems.registry import VENDORS

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Mapping

    from customer_gateway.server.serving import Ending

SHORT_QUERY: Final = "{ systems { name reachable customers(first: 1) { nodes { name email } } } }"
"""What `demo` shows for a shell; GraphiQL opens with more."""
DEMO_SCOPES: Final = tuple(scope for scope in SCOPES if scope != "admin")
"""What a request without a credential may do with customers that are made up."""

_GRACE_SECONDS: Final = 2.0


def sandbox_ports(first: int) -> dict[str, int]:
    """Return the vendors' ports: in a row from `first`; 0 takes free ones."""
    return {name: first + place if first else 0 for place, name in enumerate(PORTS)}


def demo_settings(
    box: Sandbox, urls: Mapping[str, str], *, budgets: bool, database: DatabaseSettings | None = None
) -> Settings:
    """Return a gateway over the vendors of `box`; with `budgets` it keeps to the vendors' documented rate limits.

    Without a `database` it has no keys, no journal and no index.
    """
    tables = {name: _table(box, name, url) | {"limits": {"vendor_budget": budgets}} for name, url in urls.items()}
    models = {vendor.kind.slug: vendor.settings for vendor in VENDORS}
    systems = {name: (name, models[name].model_validate(table)) for name, table in tables.items() if name in models}
    return Settings(ServerSettings(), systems, AuthSettings(anonymous=DEMO_SCOPES), database)


def sandbox_config(first_port: int) -> str:
    """Return the text of a `gateway.toml` for a sandbox whose ports begin at `first_port`."""
    box = Sandbox(customers=1)
    urls = {
        name: f"http://127.0.0.1:{port}{box.vendors[name].base_path}"
        for name, port in sandbox_ports(first_port).items()
    }
    box.close()
    return _config(box, urls)


async def run_demo(
    connection: socket.socket, ending: Ending, *, first_port: int, rate_limits: bool, say: Callable[[str], None]
) -> bool:
    """Serve vendors and gateway until the ending; False when the gateway could not start.

    Raises the sandbox's `PortTaken`, with nothing left listening.
    """
    box = Sandbox(rate_limits=rate_limits)
    try:
        with TemporaryDirectory(prefix="customer-gateway-") as folder:
            async with box.serving(sandbox_ports(first_port)) as urls:
                # Never the database of real systems: the same names of systems, and idempotency keys, stand there.
                table = {"url": f"{SQLITE}{folder}/gateway.db", "key": secrets.token_hex()}
                config = Path(folder) / "gateway.toml"
                config.write_text("\n".join([_toml("database", table), _config(box, urls)]), encoding="utf-8")
                database = DatabaseSettings.model_validate(table)
                settings = demo_settings(box, urls, budgets=rate_limits, database=database)
                app = build_app(settings, examples=examples(systems_of_anonymous(settings)))
                text = welcome(address_of(connection), urls, config, rate_limits=rate_limits)
                timeouts = Timeouts(_GRACE_SECONDS)
                return await serve(app, connection, ending, timeouts=timeouts, started=lambda: say(text))
    finally:
        box.close()


def welcome(gateway: str, urls: Mapping[str, str], config: Path, *, rate_limits: bool) -> str:
    """Make the text that is printed as soon as everything listens; `config` is the configuration for other verbs."""
    vendors = "\n".join(f"  {name:10} {url}" for name, url in urls.items())
    limits = "on" if rate_limits else "off; --rate-limits switches them on"
    body = json.dumps({"query": SHORT_QUERY})
    one = urlsplit(next(iter(urls.values())))
    faults = f"{one.scheme}://{one.netloc}/_sandbox/faults"
    return f"""\
The vendors of the sandbox (rate limits {limits}):
{vendors}

Customer Gateway is at {gateway}/graphql: open it in a browser for GraphiQL and some queries,
or ask from a shell:
  curl -s {gateway}/graphql -H 'content-type: application/json' -d '{body}'

Let one vendor fail, ask again, and mend it:
  curl -s -X PUT {faults} -d '{{"kind": "reset"}}'
  curl -s -X DELETE {faults}

Other verbs take its configuration, such as `customer-gateway keys create --name me`:
  --config {config}

Customers, writes and keys are made anew each time.
Ctrl-C ends everything."""


def _config(box: Sandbox, urls: Mapping[str, str]) -> str:
    auth = _toml("auth", {"anonymous": DEMO_SCOPES})
    return "\n".join([auth, *(_toml(f"systems.{name}", _table(box, name, url)) for name, url in urls.items())])


def _table(box: Sandbox, name: str, url: str) -> dict[str, Any]:
    return {"base_url": url, **box.vendors[name].credentials}


def _toml(table: str, keys: Mapping[str, str | int | tuple[str, ...]]) -> str:
    lines = [f"{key} = {json.dumps(value)}" for key, value in keys.items()]  # such JSON is TOML, too
    return "\n".join([f"[{table}]", *lines, ""])
