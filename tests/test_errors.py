"""The family of errors: a code each, and what a client is to make of it."""

from __future__ import annotations

import pytest

from customer_gateway import errors
from customer_gateway.errors import GatewayError, RequestRefused, UpstreamError


@pytest.mark.parametrize(
    ("kind", "code", "retryable"),
    [
        (errors.UpstreamUnavailable, "UPSTREAM_UNAVAILABLE", True),
        (errors.UpstreamTimeout, "UPSTREAM_TIMEOUT", True),
        (errors.UpstreamRateLimited, "UPSTREAM_RATE_LIMITED", True),
        (errors.UpstreamUnauthorized, "UPSTREAM_UNAUTHORIZED", False),
        (errors.UpstreamBadResponse, "UPSTREAM_BAD_RESPONSE", False),
        (errors.SyncIncomplete, "SYNC_INCOMPLETE", True),
    ],
)
def test_a_failed_read_names_its_system_its_code_and_whether_to_ask_again(
    kind: type[UpstreamError],
    code: str,
    retryable: bool,
) -> None:
    failure = kind("pland", "GET /customers/ failed", retry_after_ms=250, status=503)

    assert (failure.code, failure.retryable) == (code, retryable)
    assert (failure.system, failure.retry_after_ms, failure.status) == ("pland", 250, 503)
    assert str(failure) == "pland: GET /customers/ failed"


def test_one_failure_may_know_better_than_its_kind_whether_to_ask_again() -> None:
    assert errors.UpstreamBadResponse("pland", "cut short", retryable=True).retryable
    assert not errors.UpstreamUnavailable("pland", "gone for good", retryable=False).retryable


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.BadUserInput, "BAD_USER_INPUT"),
        (errors.InvalidCursor, "INVALID_CURSOR"),
        (errors.FilterNotSupported, "FILTER_NOT_SUPPORTED"),
        (errors.QueryTooLarge, "QUERY_TOO_LARGE"),
        (errors.QueryTooDeep, "QUERY_TOO_DEEP"),
    ],
)
def test_a_refusal_has_its_code(kind: type[RequestRefused], code: str) -> None:
    assert kind("no").code == code


def test_all_that_is_raised_on_purpose_is_of_one_family() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]

    assert all(issubclass(kind, GatewayError) for kind in kinds)
