"""Certificates made by `openssl`, and servers that show them, for tests over real TLS."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from pathlib import Path

NEEDS_OPENSSL: Final = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="there is no openssl to make a certificate with"
)
_KEY: Final = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
_SERVER: Final = "basicConstraints=critical,CA:FALSE"


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate (PEM) and its key."""

    file: Path
    key: Path

    def shown(self) -> ssl.SSLContext:
        """What a server needs to show it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file, self.key)
        return context


class Workshop:
    """Makes certificates in a folder, each for a host."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = 0

    def authority(self) -> Certificate:
        made = self._named("authority")
        self._run(f"req -x509 {_KEY} -days 2 -subj /CN=Our-authority {_files(made)}")
        return made

    def signed_by(self, authority: Certificate, host: str = "IP:127.0.0.1", days: int = 2) -> Certificate:
        made = self._named("signed")
        request, extensions = made.file.with_suffix(".csr"), made.file.with_suffix(".ext")
        extensions.write_text(f"subjectAltName={host}\n{_SERVER}\n")
        self._run(f"req -new {_KEY} -subj /CN=server", "-keyout", str(made.key), "-out", str(request))
        signing = ["-in", str(request), "-CA", str(authority.file), "-CAkey", str(authority.key), "-CAcreateserial"]
        self._run(f"x509 -req -days {days}", *signing, "-extfile", str(extensions), "-out", str(made.file))
        return made

    def self_signed(self, host: str = "IP:127.0.0.1") -> Certificate:
        made = self._named("self-signed")
        names = f"-addext subjectAltName={host} -addext {_SERVER}"
        self._run(f"req -x509 {_KEY} -days 2 -subj /CN=server {names} {_files(made)}")
        return made

    def one_liner(self) -> Certificate:
        """What most people make: it is an authority itself."""
        made = self._named("one-liner")
        self._run(f"req -x509 {_KEY} -days 2 -subj /CN=server -addext subjectAltName=IP:127.0.0.1 {_files(made)}")
        return made

    def advised(self, line: str, host: str) -> Certificate:
        """What the line that the gateway advises makes."""
        words = line.replace("DNS:HOST", host).replace("HOST", "server").split()
        subprocess.run(words, check=True, capture_output=True, cwd=self._folder)
        return Certificate(self._folder / "certificate.pem", self._folder / "key.pem")

    def _named(self, name: str) -> Certificate:
        self._made += 1
        return Certificate(self._folder / f"{name}-{self._made}.pem", self._folder / f"{name}-{self._made}.key")

    def _run(self, words: str, *files: str) -> None:
        subprocess.run(["openssl", *words.split(), *files], check=True, capture_output=True)  # noqa: S607 - fixed words


def _files(made: Certificate) -> str:
    return f"-keyout {made.key} -out {made.file}"
