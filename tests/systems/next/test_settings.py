"""What is peculiar to the table of a NEXT in the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from configured import table_of

from customer_gateway.app import load_settings
from customer_gateway.errors import ConfigInvalid

if TYPE_CHECKING:
    from pathlib import Path


def told(folder: Path, text: str) -> str:
    """What is said of a wrong configuration."""
    file = folder / "gateway.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigInvalid) as refused:
        load_settings(file)
    return str(refused.value)


@pytest.mark.parametrize("key", ["username", "one_time_key", "client_id", "client_secret"])
def test_what_gets_a_token_is_not_empty_where_it_is_given(tmp_path: Path, key: str) -> None:
    text = told(tmp_path, table_of("next", **{key: ""}))

    assert f"[systems.next] {key}: expected: text that is not empty" in text


def test_credentials_that_go_together_are_told_together(tmp_path: Path) -> None:
    text = told(tmp_path, '[systems.next]\nbase_url = "http://127.0.0.1:9303/v1"\n')

    assert "[systems.next]: expected access_token or token_file" in text
