"""The demo: the sandbox's vendors and the gateway over them, in one process."""

from __future__ import annotations

import json
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from pydantic import SecretStr

from customer_gateway.app import build_app, systems_of_anonymous
from customer_gateway.config import AuthSettings, CatalogSettings, DatabaseSettings, ServerSettings, Settings
from customer_gateway.config.database import SQLITE
from customer_gateway.http.graphiql.examples import examples
from customer_gateway.model.callers import SCOPES
from customer_gateway.sandbox import PORTS, Sandbox
from customer_gateway.server.serving import Timeouts, address_of, serve
from customer_gateway.store.address import location_of
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


def demo_settings(box: Sandbox, urls: Mapping[str, str], *, budgets: bool, folder: str | None = None) -> Settings:
    """Return a gateway over the vendors of `box`; with `budgets` it keeps to the vendors' documented rate limits.

    It has an index of customers in a `folder`, never among those of real systems; without one it has none.
    """
    tables = {name: _table(box, name, url) | {"limits": {"vendor_budget": budgets}} for name, url in urls.items()}
    models = {vendor.kind.slug: vendor.settings for vendor in VENDORS}
    systems = {name: (name, models[name].model_validate(table)) for name, table in tables.items() if name in models}
    url = None if folder is None else SecretStr(f"{SQLITE}{folder}/catalog.db")
    catalog = CatalogSettings(enabled=folder is not None, url=url)
    return Settings(ServerSettings(), systems, AuthSettings(anonymous=DEMO_SCOPES), DatabaseSettings(), catalog)


def sandbox_config(first_port: int) -> str:
    """Return the text of a `gateway.toml` for a sandbox whose ports begin at `first_port`."""
    box = Sandbox(customers=1)
    urls = {
        name: f"http://127.0.0.1:{port}{box.vendors[name].base_path}"
        for name, port in sandbox_ports(first_port).items()
    }
    box.close()
    auth = _toml("auth", {"anonymous": DEMO_SCOPES})
    return "\n".join([auth, *(_toml(f"systems.{name}", _table(box, name, url)) for name, url in urls.items())])


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
                settings = demo_settings(box, urls, budgets=rate_limits, folder=folder)
                app = build_app(settings, examples=examples(systems_of_anonymous(settings)))
                kept = location_of(DatabaseSettings().address())
                text = welcome(address_of(connection), urls, kept, rate_limits=rate_limits)
                timeouts = Timeouts(_GRACE_SECONDS)
                return await serve(app, connection, ending, timeouts=timeouts, started=lambda: say(text))
    finally:
        box.close()


def welcome(gateway: str, urls: Mapping[str, str], kept: str, *, rate_limits: bool) -> str:
    """Make the text that is printed as soon as everything listens; `kept` is where keys and the journal are."""
    vendors = "\n".join(f"  {name:10} {url}" for name, url in urls.items())
    limits = "on" if rate_limits else "off; --rate-limits switches them on"
    body = json.dumps({"query": SHORT_QUERY})
    one = urlsplit(next(iter(urls.values())))
    faults = f"{one.scheme}://{one.netloc}/_sandbox/faults"
    return f"""\
The vendors of the sandbox (rate limits {limits}):
{vendors}

Customer Gateway is at {gateway}/graphql: open it in a browser for GraphiQL and its first query,
or ask from a shell:
  curl -s {gateway}/graphql -H 'content-type: application/json' -d '{body}'

Let one vendor fail, ask again, and mend it:
  curl -s -X PUT {faults} -d '{{"kind": "reset"}}'
  curl -s -X DELETE {faults}

Keys and the journal of writes stay in {kept};
customers and their index are made anew each time.
Ctrl-C ends everything."""


def _table(box: Sandbox, name: str, url: str) -> dict[str, Any]:
    return {"base_url": url, **box.vendors[name].credentials}


def _toml(table: str, keys: Mapping[str, str | int | tuple[str, ...]]) -> str:
    lines = [f"{key} = {json.dumps(value)}" for key, value in keys.items()]  # such JSON is TOML, too
    return "\n".join([f"[{table}]", *lines, ""])
