"""The caller of a comparison: an API key, where a tree's gateway knows callers, and its reads audited."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, NamedTuple

from bench.contest import configured

if TYPE_CHECKING:
    from pathlib import Path

    from bench.processes import Stub
    from bench.trees import Tree

_SCOPES = "customers:read,billing:read,schema:read"


class Keyed(NamedTuple):
    """The configuration of a tree's gateway, and the key to ask with: blank in one from before there were callers."""

    config: Path
    key: str

    @classmethod
    def of(cls, tree: Tree, stub: Stub, directory: Path, name: str) -> Keyed:
        if not tree.auth:
            return cls(configured(stub, directory, name, tree=tree), "")
        database, audit = directory / f"{name}.sqlite", directory / f"{name}-audit.log"
        auth = (
            f"[auth]\naudit_file = {json.dumps(str(audit))}\n"
            f"[database]\nurl = {json.dumps(f'sqlite+aiosqlite:///{database}')}\n"
        )
        config = configured(stub, directory, name, tree=tree, auth=auth)
        create = ["-m", "customer_gateway", "keys", "create", "--name", "bench", "--scopes", _SCOPES]
        command = [tree.python, *create, "--config", str(config)]
        made = subprocess.run(command, env=tree.environment, check=True, stdout=subprocess.PIPE, text=True)
        return cls(config, made.stdout.split()[-1])
