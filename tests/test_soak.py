"""The soak of the index (`make soak`), for a minute: churn, faults and kills, and every row is true in the end."""

from __future__ import annotations

import json

import pytest
from processes import python
from supervised import NEEDS_PROC


@pytest.mark.alone
@NEEDS_PROC
def test_a_minute_of_churn_faults_and_kills_leaves_an_index_that_is_what_the_vendors_have() -> None:
    with python("-m", "bench.soak", "--seconds", "60", "--customers", "150") as process:
        told, failed = process.communicate(timeout=400)

    assert process.returncode == 0, f"{told}{failed[-2000:]}"
    done = json.loads(told.splitlines()[0])
    assert done["kills"] > 0
    assert done["faults"] > 0
    assert done["rows compared"] > 500
