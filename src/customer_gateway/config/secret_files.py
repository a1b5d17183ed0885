"""Read secrets from files: `api_key_file` names the file that holds `api_key`, for every secret of a table.

Docker and Kubernetes hand secrets to a process as files; so the variable `…__API_KEY_FILE` does the same.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

from pydantic import SecretStr

from customer_gateway import environment
from customer_gateway.errors import ConfigInvalid

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pydantic import BaseModel

_SUFFIX: Final = "_file"
_MOST_BYTES: Final = 100_000


def with_secrets(
    file: Path | None, place: Sequence[str], table: Mapping[str, Any], model: type[BaseModel]
) -> dict[str, Any]:
    """Return the table at `place` with the secrets that its keys name files of. Raises `ConfigInvalid`.

    A relative path begins at the folder of the configuration `file`. Blanks and line ends around the secret go.
    """
    whole = dict(table)
    for secret in _secrets(model):
        key = secret + _SUFFIX
        if key not in whole or key in model.model_fields:
            continue
        where = environment.where(file, [*place, key])
        path = whole.pop(key)
        if secret in whole:
            raise ConfigInvalid(f"{where}: {secret} is given, too; keep one of them.")
        if not isinstance(path, str) or not path:
            raise ConfigInvalid(f"{where}: expected: the path of a file that holds {secret}")
        whole[secret] = _text(where, (file.parent if file else Path()) / Path(path).expanduser())
    return whole


def _secrets(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        if SecretStr in (field.annotation, *get_args(field.annotation)):
            yield name


def _text(where: str, path: Path) -> str:
    """Return what the file holds; messages name the path and nothing of the contents."""
    try:
        with path.open("rb") as opened:
            content = opened.read(_MOST_BYTES + 1)
        text = content.decode("utf-8").strip()
    except FileNotFoundError:
        raise ConfigInvalid(f"{where}: {path} does not exist; write the secret there, or name another file.") from None
    except UnicodeDecodeError:
        raise ConfigInvalid(f"{where}: {path} is no text in UTF-8.") from None
    except OSError as error:
        raise ConfigInvalid(f"{where}: {path} cannot be read: {error.strerror}.") from None
    if not text or len(content) > _MOST_BYTES:
        what = "has no text" if not text else f"has more than {_MOST_BYTES} bytes"
        raise ConfigInvalid(f"{where}: {path} {what}; expected a file that holds the secret alone.")
    return text
