"""
What can be done with users.
"""

from http import HTTPStatus

from fastapi import Request, Response

from acl.model.provisioning import Condition
from acl.registry.provisioning import NotProvisionedError
from readership.scim import answers
from readership.scim.desk import Provisioner, ScimDesk
from readership.scim.patches import patched_user, read_operations
from readership.scim.requests import condition_of, filter_of, is_known, page_of, wanted_of
from readership.scim.resources import Json, read_user, replaced_user, written_user


def listed(desk: ScimDesk, by: Provisioner, request: Request) -> Response:
    """
    Answer `GET /Users`.
    """
    wanted, page = wanted_of(request.query_params), page_of(request.query_params)
    total, found = by.directory.registry.users(filter_of(request.query_params), page)
    bodies = [wanted.of(written_user(one, desk.base).body) for one in found]
    return answers.listed(bodies, total, page.start)


def got(desk: ScimDesk, by: Provisioner, request: Request, identifier: str) -> Response:
    """
    Answer `GET /Users/{id}`.
    """
    wanted = wanted_of(request.query_params)
    found = by.directory.registry.user(identifier)
    if found is None:
        raise NotProvisionedError
    written = written_user(found, desk.base)
    if is_known(request.headers.getlist("if-none-match"), found.kept.version):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"ETag": written.version})
    return answers.resource(written, wanted)


def created(desk: ScimDesk, by: Provisioner, request: Request, body: Json) -> Response:
    """
    Answer `POST /Users`.
    """
    wanted = wanted_of(request.query_params)
    stated, _ = read_user(body)
    record = desk.recorder(by, "create user")
    kept = by.directory.users.create(stated, record, now=desk.clock())
    written = written_user(kept, desk.base)
    return answers.resource(written, wanted, HTTPStatus.CREATED, record.epoch)


def replaced(
    desk: ScimDesk, by: Provisioner, request: Request, identifier: str, body: Json
) -> Response:
    """
    Answer `PUT /Users/{id}`.
    """
    wanted = wanted_of(request.query_params)
    stated, says_active = read_user(body)
    record = desk.recorder(by, "replace user")
    kept = by.directory.users.change(
        identifier,
        _condition(request),
        lambda before: replaced_user(stated, before, says_active=says_active),
        record,
        now=desk.clock(),
    )
    return answers.resource(written_user(kept, desk.base), wanted, epoch=record.epoch)


def patched(
    desk: ScimDesk, by: Provisioner, request: Request, identifier: str, body: Json
) -> Response:
    """
    Answer `PATCH /Users/{id}`.
    """
    wanted = wanted_of(request.query_params)
    operations = read_operations(body)
    record = desk.recorder(by, "patch user")
    kept = by.directory.users.change(
        identifier,
        _condition(request),
        lambda before: patched_user(before, operations),
        record,
        now=desk.clock(),
    )
    return answers.resource(written_user(kept, desk.base), wanted, epoch=record.epoch)


def deleted(desk: ScimDesk, by: Provisioner, request: Request, identifier: str) -> Response:
    """
    Answer `DELETE /Users/{id}`.
    """
    record = desk.recorder(by, "delete user")
    by.directory.users.delete(identifier, _condition(request), record, now=desk.clock())
    return Response(status_code=HTTPStatus.NO_CONTENT, headers=answers.in_force(record.epoch))


def _condition(request: Request) -> Condition:
    values = request.headers.getlist
    return condition_of(values("if-match"), values("if-none-match"))
