"""Read the record that is to be written, check the patch against it, and plan: nothing is sent yet but reads."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from customer_gateway.documents.changes import changes_of
from customer_gateway.documents.patching import spelled
from customer_gateway.documents.sections import clears_of
from customer_gateway.documents.versions import version_of
from customer_gateway.errors import UpstreamError
from customer_gateway.model.operations import OperationKind, UserError, UserErrorCode
from customer_gateway.model.versions import version_of_record
from customer_gateway.operations.known_users import unknown_users
from customer_gateway.operations.outcomes import not_read
from customer_gateway.operations.plan import create_plan, update_plan

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from customer_gateway.documents.patching import Spelled
    from customer_gateway.documents.writing import Present, Values, Writes
    from customer_gateway.model.changes import Patch, Refusal
    from customer_gateway.operations.plan import PlannedWrite
    from customer_gateway.operations.requests import WriteRequest
    from customer_gateway.system import CustomerWriter
    from customer_gateway.work.deadline import Deadline

BILLING_WRITE: Final = "billing:write"
MOST_CLEARS: Final = 5
"""A patch that clears more fields needs `force`: a client that sends null for all it does not set wipes a record."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is to be done: the planned calls, and the document before them; or why nothing is done.

    `paths` say for each place of the document which field of the patch writes it. Of a CONFLICT the plan has what would
    be written, with the values that stand there now.
    """

    writer: CustomerWriter | None
    plan: Sequence[PlannedWrite] = ()
    before: Present | None = None
    paths: Mapping[str, tuple[str, ...]] | None = None
    errors: Sequence[UserError] = field(default_factory=list[UserError])


async def prepare(request: WriteRequest, deadline: Deadline) -> Prepared:
    """Return what a write is to do, or everything that is refused of it.

    Raises `UpstreamError` where the record, or a list or users that it needs, cannot be read; where something is
    refused already, that comes with the failure.
    """
    writer = request.system.writer
    if writer is None or not _is_offered(request, writer.writes):
        return Prepared(None, errors=[_not_writable(request), *request.refused])
    known = [*request.refused, *_refused_unread(request, writer.writes)]
    prepare_it = _prepare_create if request.kind is OperationKind.CREATE else _prepare_change
    try:
        prepared = await prepare_it(request, writer, deadline)
    except UpstreamError as failure:
        if not known:
            raise
        return Prepared(writer, errors=[*known, not_read(failure)])
    if not known:
        return prepared
    errors = [*known, *prepared.errors]
    return replace(prepared, errors=errors, plan=prepared.plan if _is_conflict(errors) else ())


def _is_conflict(errors: Sequence[UserError]) -> bool:
    return any(each.code is UserErrorCode.CONFLICT for each in errors)


async def _prepare_create(request: WriteRequest, writer: CustomerWriter, deadline: Deadline) -> Prepared:
    present = writer.present({}, await _choices(request, writer, deadline))
    section = request.system.kind.slug
    found = spelled(writer.writes, section, request.patch, present, creates=True)
    if errors := await _refusals(request, writer.writes, present, found, deadline):
        return Prepared(writer, errors=errors)
    return Prepared(writer, create_plan(writer.writes, found.values), present, found.paths)


async def _prepare_change(request: WriteRequest, writer: CustomerWriter, deadline: Deadline) -> Prepared:
    key = request.key or ""
    present = await writer.read(key, deadline, await _choices(request, writer, deadline))
    if present is None:
        message = f"{request.system.name} has no customer with this id. Read the customer again."
        return Prepared(writer, errors=[_error(request, UserErrorCode.NOT_FOUND, message, "id")])
    values, paths, errors = await _values(request, writer.writes, present, deadline)
    errors = [*_refused_as_it_stands(request, writer.writes, present), *errors]
    plan = update_plan(writer.writes, key, present, values) if _is_conflict(errors) or not errors else ()
    return Prepared(writer, plan, present, paths, errors)


async def _values(
    request: WriteRequest, writes: Writes, present: Present, deadline: Deadline
) -> tuple[Values, Mapping[str, tuple[str, ...]], list[UserError]]:
    """Return the new values by their places, the paths of what writes them, and what is refused."""
    ways = {OperationKind.ARCHIVE: writes.archive, OperationKind.RESTORE: writes.restore}
    if (way := ways.get(request.kind)) is not None:
        return way(present), {}, []
    found = spelled(writes, request.system.kind.slug, request.patch, present, creates=False)
    return found.values, found.paths, await _refusals(request, writes, present, found, deadline)


async def _refusals(
    request: WriteRequest, writes: Writes, present: Present, found: Spelled, deadline: Deadline
) -> list[UserError]:
    """Return what is refused of the values that a patch gives."""
    refused = [_refused(request, each) for each in found.refusals]
    refused += _forbidden(request, writes, present, found)
    try:
        unknown = await unknown_users(request.system, writes, present, found, deadline)
    except UpstreamError as failure:
        if not refused:
            raise
        return [*refused, not_read(failure)]
    return [*refused, *(_refused(request, each) for each in unknown)]


def _forbidden(request: WriteRequest, writes: Writes, present: Present, found: Spelled) -> Iterator[UserError]:
    """Yield a refusal for each place that `billing` writes and that is reached another way, such as by a section."""
    if BILLING_WRITE in request.rights.scopes:
        return
    for change in changes_of(present.document, found.values):
        names = writes.fields_by_place.get(change.place, ())
        if any(name.startswith("billing.") for name in names) and all(
            name.startswith("billing.") or name == "emails" for name in names
        ):
            path = ("patch", *found.paths.get(change.place, ()))
            message = f"This is part of how the customer is billed: it needs the scope {BILLING_WRITE}. Leave it out."
            yield UserError(UserErrorCode.FORBIDDEN, message, path, request.system.name)


def _is_offered(request: WriteRequest, writes: Writes) -> bool:
    """Return whether a vendor has anything for the mutation."""
    ways = {OperationKind.ARCHIVE: writes.archive, OperationKind.RESTORE: writes.restore}
    return request.kind not in ways or ways[request.kind] is not None


def _not_writable(request: WriteRequest) -> UserError:
    what = {
        OperationKind.CREATE: "makes no customers",
        OperationKind.UPDATE: "takes no changes of customers",
        OperationKind.ARCHIVE: "has nothing for taking a customer out of use",
        OperationKind.RESTORE: "has nothing for bringing a customer back",
    }
    message = f"{request.system.name} {what[request.kind]} by its API. Do it in the system itself."
    return _error(request, UserErrorCode.NOT_WRITABLE, message)


def _refused_unread(request: WriteRequest, writes: Writes) -> Iterator[UserError]:
    """Yield what is refused whatever the record holds."""
    if request.kind is not OperationKind.CREATE and request.expected_version is None and not request.force:
        message = "The version is missing. Give Customer.version as it was read, or force."
        yield _error(request, UserErrorCode.VERSION_REQUIRED, message, "expectedVersion")
    clears = sum(_clears(request, writes))
    if request.kind is OperationKind.UPDATE and clears > MOST_CLEARS and not request.force:
        message = f"The patch clears {clears} fields, more than {MOST_CLEARS}. Leave out what is to stay, or force."
        yield _error(request, UserErrorCode.INVALID, message, "patch")


def _clears(request: WriteRequest, writes: Writes) -> Iterator[int]:
    """Yield how many fields each entry of a patch clears; null for an object clears all of its fields."""
    for name, value in request.patch.items():
        if value is None:
            yield max(1, sum(field.startswith(f"{name}.") for field in writes.fields))
        elif name == request.system.kind.slug:
            yield clears_of(writes, value)


def _refused_as_it_stands(request: WriteRequest, writes: Writes, present: Present) -> list[UserError]:
    """Return why a record is not changed as it stands now."""
    document = present.document
    if writes.archived(document):
        message = (
            f"The record is archived in {request.system.name}, which changes no archived ones. Restore it there first."
        )
        return [_error(request, UserErrorCode.ARCHIVED, message, "id")]
    if request.force:
        return []
    errors: list[UserError] = []
    version = version_of_record(request.system.name, request.key or "", version_of(writes, document))
    if request.expected_version not in (None, version):
        message = "The record has changed since it was read. Look at it as it is now, and send the write again."
        errors.append(_error(request, UserErrorCode.CONFLICT, message, "expectedVersion"))
    if writes.held(document):
        message = f"{request.system.name} is still reviewing a change of this record. Wait for it, or force."
        errors.append(_error(request, UserErrorCode.PENDING, message, "id"))
    return errors


async def _choices(request: WriteRequest, writer: CustomerWriter, deadline: Deadline) -> Mapping[str, Any]:
    """Return what the fields of the patch may be that hold an id of a list."""
    return await writer.choices(_places(request.patch, request.system.kind.slug, writer.writes), deadline)


def _places(patch: Patch, section: str, writes: Writes) -> list[str]:
    named = [place for name in patch if name in writes.fields for place in writes.fields[name].places]
    of_section: Mapping[str, Any] = patch.get(section) or {}
    return [*named, *(each.vendor for each in writes.record.fields if each.name in of_section)]


def _refused(request: WriteRequest, refusal: Refusal) -> UserError:
    path = ("patch", *refusal.field)
    return UserError(UserErrorCode(refusal.code.value), refusal.message, path, request.system.name)


def _error(request: WriteRequest, code: UserErrorCode, message: str, *path: str) -> UserError:
    return UserError(code, message, path or None, request.system.name)
