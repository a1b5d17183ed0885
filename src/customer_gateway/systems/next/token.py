"""NEXT's access token: read from the settings or its file, and got once, by spending a one-time key.

Only the command `customer-gateway token NAME` spends the key. It writes the token to a file, because the key is gone
with its first use and the token has no end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from customer_gateway.documents.record import is_object
from customer_gateway.errors import ConfigInvalid, UpstreamBadResponse, UpstreamError, UpstreamUnauthorized
from customer_gateway.systems.connection import open_client
from customer_gateway.systems.token_file import new_file, present_token, token_in
from customer_gateway.wire import Call

if TYPE_CHECKING:
    from pathlib import Path

    from customer_gateway.systems.connection import Wiring
    from customer_gateway.systems.next import NextSettings
    from customer_gateway.work.deadline import Deadline

_REFUSALS: Final = {400, 401, 403, 422}
_PERHAPS_SPENT: Final = "the one-time key may be spent all the same: if it is refused then, make a new one in NEXT"
_NEEDED: Final = {
    "username": "is missing; the number of the database is needed to get a token",
    "one_time_key": "is missing; a key made in NEXT is spent to get a token",
}


def access_token(name: str, settings: NextSettings) -> str:
    """Return the token of the settings or of its file; raises `ConfigInvalid` where there is none."""
    if settings.access_token is not None:
        return present_token(settings.access_token.get_secret_value(), f"{settings.where(name, 'access_token')}:")
    path = _token_file(name, settings)
    return token_in(path, f"{settings.where(name, 'token_file')}: {path}", name)


async def fetch_token(name: str, settings: NextSettings, wiring: Wiring, deadline: Deadline) -> str:
    """Swap the one-time key for a token and write it to `token_file`; return a sentence for the operator.

    The file is made before the key is spent, so that no token is got that cannot be kept; it is removed again when no
    token was got. Raises `ConfigInvalid`, or an `UpstreamError` of the swap.
    """
    path = _token_file(name, settings)
    _credentials(name, settings)
    with new_file(path, settings.where(name, "token_file")) as file:
        file.write(await swap_one_time_key(settings, wiring, deadline, name=name) + "\n")
    return f"The access token of {name} is in {path}. The one-time key is spent: take it out of the configuration."


async def swap_one_time_key(settings: NextSettings, wiring: Wiring, deadline: Deadline, *, name: str = "next") -> str:
    """Spend the one-time key and get the access token. Never sent twice: whatever comes back, the key may be gone.

    Raises `ConfigInvalid` without a key, `UpstreamUnauthorized` where NEXT refuses it, else what went wrong.
    """
    client = open_client(name, settings, wiring, auth=None)
    try:
        answer = await client.call(Call("POST", "/token", form=_credentials(name, settings)), deadline)
    except UpstreamError as error:
        if error.status in _REFUSALS:
            message = "POST /token: the one-time key was refused; if it was used before, make a new one in NEXT"
            raise UpstreamUnauthorized(name, message, status=error.status) from None
        message = f"{str(error).removeprefix(f'{name}: ')}; {_PERHAPS_SPENT}"
        raise type(error)(name, message, retry_after_ms=error.retry_after_ms, status=error.status) from error
    finally:
        await client.aclose()
    token = answer.document.get("access_token") if is_object(answer.document) else None
    if not isinstance(token, str) or not token.strip():
        raise UpstreamBadResponse(name, "POST /token: the answer holds no access_token; the one-time key may be spent")
    return token.strip()


def _token_file(name: str, settings: NextSettings) -> Path:
    if settings.token_file is None:
        where = settings.where(name, "token_file")
        raise ConfigInvalid(f"{where}: is missing; it is the path of the file that the token is written to")
    return settings.resolved(settings.token_file)


def _credentials(name: str, settings: NextSettings) -> dict[str, str]:
    """Return the form of the swap; `client_id` and `client_secret` are sent where they are given."""
    if settings.username is None or settings.one_time_key is None:
        lacking = [key for key in _NEEDED if getattr(settings, key) is None]
        raise ConfigInvalid("\n".join(f"{settings.where(name, key)}: {_NEEDED[key]}" for key in lacking))
    form = {
        "grant_type": "password",
        "username": settings.username,
        "password": settings.one_time_key.get_secret_value(),
        "scope": "",
    }
    if settings.client_id is not None:
        form["client_id"] = settings.client_id
    if settings.client_secret is not None:
        form["client_secret"] = settings.client_secret.get_secret_value()
    return form
