from __future__ import annotations

import base64
import stat
from typing import TYPE_CHECKING

import pytest
from processes import PATIENCE, python

from customer_gateway.errors import ConfigInvalid, PrivateKeyMissing
from customer_gateway.store.private_key import PrivateKeySource
from customer_gateway.store.private_values import PrivateKey

if TYPE_CHECKING:
    from pathlib import Path

SECRET = bytes(range(32))
TEXT = base64.b64encode(SECRET).decode()

MAKE = """
import sys
from pathlib import Path
from customer_gateway.store.private_key import PrivateKeySource

source = PrivateKeySource(None, lambda: Path(sys.argv[1]))
print("ready", flush=True)
while not Path(sys.argv[1]).with_name("begin").exists():
    pass
print(source.needed().digest("text"), flush=True)
"""


def source_of(file: Path, secret: bytes | None = None) -> PrivateKeySource:
    return PrivateKeySource(secret, lambda: file)


def a_file(folder: Path, text: str, mode: int = 0o600) -> Path:
    file = folder / "gateway.key"
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)
    return file


def test_a_key_of_the_configuration_is_taken_and_no_file_made(tmp_path: Path) -> None:
    source = source_of(tmp_path / "gateway.key", SECRET)

    assert source.needed().digest("text") == PrivateKey(SECRET).digest("text")
    assert not list(tmp_path.iterdir())


def test_a_key_is_made_once_by_who_needs_it_for_its_user_alone(tmp_path: Path) -> None:
    file = tmp_path / "state" / "gateway.key"

    assert source_of(file).present() is None
    assert not file.parent.exists()
    made = source_of(file).needed()

    assert [each.name for each in file.parent.iterdir()] == ["gateway.key"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    for again in (source_of(file).needed(), source_of(file).present()):
        assert again is not None
        assert again.digest("text") == made.digest("text")


def test_a_key_that_was_found_is_kept(tmp_path: Path) -> None:
    file = a_file(tmp_path, TEXT + "\n")
    source = source_of(file)

    assert not source.is_found
    found = source.present()
    file.unlink()

    assert source.is_found
    assert source.needed() is found is source.present()


def test_processes_that_make_a_key_at_once_agree(tmp_path: Path) -> None:
    file = str(tmp_path / "gateway.key")
    with python("-c", MAKE, file) as one, python("-c", MAKE, file) as two, python("-c", MAKE, file) as three:
        makers = (one, two, three)
        for each in makers:
            assert each.stdout is not None
            assert each.stdout.readline() == "ready\n"
        (tmp_path / "begin").touch()
        said = {each.communicate(timeout=PATIENCE) for each in makers}

    assert len(said) == 1
    assert said.pop()[1] == ""


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620])
def test_a_key_that_others_may_use_is_refused(tmp_path: Path, mode: int) -> None:
    file = a_file(tmp_path, TEXT, mode)

    with pytest.raises(ConfigInvalid) as refused:
        source_of(file).needed()
    assert str(refused.value) == (f"{file}: others may use the key of the database (mode {mode:04o}): chmod 600 {file}")


@pytest.mark.parametrize("text", ["", TEXT[:-4], TEXT + TEXT, "not-to-be-shown", "\x00", "ä" * 64])
def test_a_file_that_holds_no_key_is_refused_and_stays(tmp_path: Path, text: str) -> None:
    file = a_file(tmp_path, text)

    for selection in (source_of(file).needed, source_of(file).present):
        with pytest.raises(ConfigInvalid, match="this is no key of the database; expected 32 random bytes") as refused:
            selection()
        assert "not-to-be-shown" not in str(refused.value)
    assert file.read_text(encoding="utf-8") == text


def test_a_place_where_no_key_can_be_made_or_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder.key").mkdir(mode=0o700)

    with pytest.raises(ConfigInvalid, match=r"cannot be read: Not a directory"):
        source_of(tmp_path / "file" / "gateway.key").needed()
    with pytest.raises(ConfigInvalid, match=r"cannot be made: File name too long; set \[database\] key"):
        source_of(tmp_path / ("k" * 250)).needed()
    with pytest.raises(ConfigInvalid, match=r"cannot be read: Is a directory"):
        source_of(tmp_path / "folder.key").needed()


def test_without_a_key_and_a_place_for_one_none_is_made() -> None:
    source = PrivateKeySource(None, lambda: None)

    assert source.present() is None
    with pytest.raises(PrivateKeyMissing, match=r"writes need \[database\] key: .*openssl rand -base64 32"):
        source.needed()
