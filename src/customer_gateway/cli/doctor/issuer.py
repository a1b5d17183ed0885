"""Whether the key set of the issuer of users' tokens can be read, and has keys that can check them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from customer_gateway.app import issuer_source
from customer_gateway.cli.doctor.finding import Checkup, Finding
from customer_gateway.cli.doctor.way import way_to
from customer_gateway.errors import UpstreamBadResponse, UpstreamError, UpstreamTimeout, UpstreamUnauthorized
from customer_gateway.work.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from customer_gateway.config import JwtSettings

_NAME: Final = "[auth.jwt]"
_NONE_NEEDED: Final = Finding("unknown", "none needed")
_CHECK: Final = "check jwks_url in [auth.jwt]: the issuer's discovery document names it as jwks_uri"


async def examine_issuer(jwt: JwtSettings, authorities: bytes, seconds: float, now: Callable[[], float]) -> Checkup:
    """Read the key set as the gateway does, without credentials; `authorities` (PEM) are trusted beside the machine's.

    What is shown of its address lacks the query, which may be a secret.
    """
    url = urlsplit(jwt.jwks_url)
    found = await way_to(f"{url.scheme}://{url.netloc}", authorities, seconds, now)
    reach, clock = (_of_issuer(each) for each in found)
    keys = Finding("unknown", "not tried") if reach.outcome == "wrong" else await _keys(jwt, seconds)
    return Checkup(_NAME, "issuer", url._replace(query="").geturl(), reach, _NONE_NEEDED, clock, content=keys)


def _of_issuer(finding: Finding) -> Finding:
    return replace(finding, remedy=finding.remedy.replace("base_url", "jwks_url").replace("vendor", "issuer"))


async def _keys(jwt: JwtSettings, seconds: float) -> Finding:
    """Return how many keys of the set can check tokens signed by an algorithm that is taken."""
    from customer_gateway.http.callers.jwks import keys_of  # as `app`: cryptography takes long to import

    source = issuer_source(jwt)
    try:
        document = await source.fetch(Deadline.after(seconds))
    except UpstreamError as error:
        return _unread(error)
    finally:
        await source.aclose()
    keys, skipped = keys_of(document, list(jwt.algorithms))
    if keys:
        return Finding("well", f"{_counted(len(keys))}{f', {sum(skipped.values())} skipped' if skipped else ''}")
    taken = ", ".join(jwt.algorithms)
    text = f"it has no key that can be used for {taken}{_reasons(skipped)}"
    return Finding("wrong", "no keys", text, "check jwks_url and `algorithms` in [auth.jwt]")


def _unread(error: UpstreamError) -> Finding:
    text, _, advice = str(error).removeprefix(f"{error.system}: ").partition("; ")
    match error:
        case UpstreamTimeout():
            return Finding(
                "wrong", "no answer", text, "the issuer is slow or hangs: see its status, or raise --seconds"
            )
        case UpstreamUnauthorized():
            return Finding("wrong", "refused", f"its key set is refused ({error.status})", _CHECK)
        case UpstreamBadResponse():
            own = "" if advice.startswith("check base_url") else advice.replace("base_url", "jwks_url in [auth.jwt]")
            return Finding("wrong", "not a key set", text, own or _CHECK)
        case _:
            return Finding("wrong", "no answer", text, "the issuer is down, or refuses calls: see its status")


def _counted(keys: int) -> str:
    return "1 key" if keys == 1 else f"{keys} keys"


def _reasons(skipped: Mapping[str, int]) -> str:
    return f" ({', '.join(f'{reason}: {count}' for reason, count in skipped.items())})" if skipped else ""
