"""
What can be done with groups. Members are read and written only where they are asked for.
"""

from http import HTTPStatus
from typing import Final

from fastapi import Request, Response

from acl.model.provisioning import Condition
from acl.registry.provisioning import NotProvisionedError
from readership.scim import answers
from readership.scim.desk import Provisioner, ScimDesk
from readership.scim.patches import patched_group, read_operations
from readership.scim.requests import Wanted, condition_of, filter_of, is_known, page_of, wanted_of
from readership.scim.resources import Json, read_group, written_group

MEMBERS: Final = "members"
MAX_TOLD: Final = 1_000
"""
A group with more members than this is not told back after a PATCH that does not ask for it.
"""


def listed(desk: ScimDesk, by: Provisioner, request: Request) -> Response:
    """
    Answer `GET /Groups`.
    """
    wanted, page = wanted_of(request.query_params), page_of(request.query_params)
    total, found = by.directory.registry.groups(
        filter_of(request.query_params), page, members=wanted.has(MEMBERS)
    )
    bodies = [wanted.of(written_group(one, desk.base).body) for one in found]
    return answers.listed(bodies, total, page.start)


def got(desk: ScimDesk, by: Provisioner, request: Request, identifier: str) -> Response:
    """
    Answer `GET /Groups/{id}`.
    """
    wanted = wanted_of(request.query_params)
    found = by.directory.registry.group(identifier, members=wanted.has(MEMBERS))
    if found is None:
        raise NotProvisionedError
    written = written_group(found, desk.base)
    if is_known(request.headers.getlist("if-none-match"), found.kept.version):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"ETag": written.version})
    return answers.resource(written, wanted)


def created(desk: ScimDesk, by: Provisioner, request: Request, body: Json) -> Response:
    """
    Answer `POST /Groups`.
    """
    wanted = wanted_of(request.query_params)
    stated = read_group(body)
    record = desk.recorder(by, "create group")
    kept = by.directory.groups.create(stated, record, now=desk.clock())
    return _told(desk, by, kept.id, wanted, HTTPStatus.CREATED, record.epoch)


def replaced(
    desk: ScimDesk, by: Provisioner, request: Request, identifier: str, body: Json
) -> Response:
    """
    Answer `PUT /Groups/{id}`.
    """
    wanted = wanted_of(request.query_params)
    stated = read_group(body)
    record = desk.recorder(by, "replace group")
    by.directory.groups.change(
        identifier, _condition(request), lambda _: stated, record, now=desk.clock()
    )
    return _told(desk, by, identifier, wanted, HTTPStatus.OK, record.epoch)


def patched(
    desk: ScimDesk, by: Provisioner, request: Request, identifier: str, body: Json
) -> Response:
    """
    Answer `PATCH /Groups/{id}`.
    """
    wanted = wanted_of(request.query_params)
    operations = read_operations(body)
    record = desk.recorder(by, "patch group")
    by.directory.groups.change(
        identifier,
        _condition(request),
        lambda before: patched_group(before, operations),
        record,
        now=desk.clock(),
    )
    return _told(desk, by, identifier, wanted, HTTPStatus.OK, record.epoch)


def deleted(desk: ScimDesk, by: Provisioner, request: Request, identifier: str) -> Response:
    """
    Answer `DELETE /Groups/{id}`.
    """
    record = desk.recorder(by, "delete group")
    by.directory.groups.delete(identifier, _condition(request), record, now=desk.clock())
    return Response(status_code=HTTPStatus.NO_CONTENT, headers=answers.in_force(record.epoch))


def _told(
    desk: ScimDesk,
    by: Provisioner,
    identifier: str,
    wanted: Wanted,
    status: HTTPStatus,
    epoch: int,
) -> Response:
    found = by.directory.registry.group(identifier, members=wanted.has(MEMBERS))
    if found is None:
        raise NotProvisionedError  # deleted since, by another request
    written = written_group(found, desk.base)
    told = len(found.users or ()) + len(found.groups or ()) <= MAX_TOLD
    if status is HTTPStatus.OK and wanted.only is None and not told:
        headers = {"ETag": written.version, **answers.in_force(epoch)}
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)
    return answers.resource(written, wanted, status, epoch)


def _condition(request: Request) -> Condition:
    values = request.headers.getlist
    return condition_of(values("if-match"), values("if-none-match"))
