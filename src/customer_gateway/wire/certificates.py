"""Read certificates to trust, and explain why a system's is not accepted, and what to do about it."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Final, NamedTuple

from customer_gateway.errors import ConfigInvalid

if TYPE_CHECKING:
    from pathlib import Path

MARK: Final = "invalid peer certificate: "
"""What rustls puts before its reason."""

MAKE_ONE: Final = (
    "openssl req -x509 -newkey rsa:2048 -nodes -days 825 -subj /CN=HOST -addext subjectAltName=DNS:HOST "
    "-addext basicConstraints=critical,CA:FALSE -keyout key.pem -out certificate.pem"
)
"""A self-signed certificate that is accepted when `ca_file` holds it."""


class Distrust(NamedTuple):
    """Say what is wrong with a certificate, and what mends it."""

    reason: str
    remedy: str


_REASONS: Final = {
    "CaUsedAsEndEntity": Distrust(
        "it is itself an authority (CA:TRUE), which a server's may not be",
        f"make one that is none, by `{MAKE_ONE}`, or let an authority of your own sign one; ca_file holds it",
    ),
    "UnknownIssuer": Distrust(
        "no trusted authority has signed it", "name a file with its authority, or with itself, in ca_file"
    ),
    "not valid for name": Distrust(
        "it is for another name",
        "write the name of the certificate in base_url, or make one for this name (subjectAltName)",
    ),
    "NotValidYet": Distrust("it is not valid yet", "check this machine's clock, and the dates of the certificate"),
    "Expired": Distrust("it has expired", "renew it; if it is still valid, check this machine's clock"),
}
_OTHERWISE: Final = Distrust("it cannot be verified", "see the reason in the log (`upstream_call`)")


def distrust(reason: str) -> Distrust:
    """Explain the transport's reason, which may name hosts and is for the log alone."""
    return next((known for mark, known in _REASONS.items() if mark in reason), _OTHERWISE)


def read_authorities(path: Path, where: str) -> bytes:
    """Return the certificates of a PEM file; raises `ConfigInvalid`, which begins with `where` the file is named."""
    where = f"{where}: {path}"
    try:
        pem = path.read_bytes()
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem.decode("ascii", "ignore"))
    except FileNotFoundError:
        raise ConfigInvalid(f"{where} does not exist; expected a PEM file of certificates") from None
    except (ssl.SSLError, ValueError):
        raise ConfigInvalid(f"{where} holds no certificates; expected PEM: -----BEGIN CERTIFICATE-----") from None
    except OSError:
        raise ConfigInvalid(f"{where} cannot be read; expected a PEM file of certificates") from None
    return pem
