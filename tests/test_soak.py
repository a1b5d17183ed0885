"""The soak of the index (`make soak`), for a minute: churn, faults, kills and writes, and every row is true."""

from __future__ import annotations

import json

import pytest
from processes import python
from supervised import NEEDS_PROC


@pytest.mark.alone
@NEEDS_PROC
def test_a_minute_of_churn_faults_kills_and_writes_leaves_an_index_that_is_what_the_vendors_have() -> None:
    with python("-m", "bench.soak", "--seconds", "60", "--customers", "150") as process:
        told, failed = process.communicate(timeout=400)

    assert process.returncode == 0, f"{told}{failed[-2000:]}"
    done = json.loads(told.splitlines()[0])
    assert done["kills"] > 0
    assert done["lists"] > 0
    assert done["faults"] > 0
    assert done["rows compared"] > 500
    assert done["writes"]["found at once"] > 100
    assert done["writes"]["replayed"] > 0
    assert "lost" not in done["writes"]
    assert set(done["SUSPECT by churn at the end"]) <= done["states"].keys()
