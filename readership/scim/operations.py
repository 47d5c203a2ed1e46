"""
What can be done with users, and in the same way with groups.

What a change answers is what was committed, with the version of that commit: another change may
have come since.
"""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import Request, Response

from acl.model.provisioning import Condition
from acl.registry.errors import NotProvisionedError
from acl.registry.provisioning import Found, Stated
from readership.scim import answers
from readership.scim.desk import Provisioner, ScimDesk
from readership.scim.kinds import MEMBERS, Kind
from readership.scim.patches import read_operations
from readership.scim.requests import Wanted, condition_of, filter_of, is_known, page_of, wanted_of
from readership.scim.resources import Json


@dataclass(frozen=True, slots=True)
class Call:
    """
    One request of a client that was admitted.
    """

    desk: ScimDesk
    by: Provisioner
    request: Request

    @property
    def wanted(self) -> Wanted:
        """
        Which attributes it wants to be told.
        """
        return wanted_of(self.request.query_params)

    @property
    def condition(self) -> Condition:
        """
        On which versions it may change something.
        """
        values = self.request.headers.getlist
        return condition_of(values("if-match"), values("if-none-match"))


def listed(kind: Kind[Stated, Found], call: Call) -> Response:
    """
    Answer `GET` of all of them.
    """
    query, wanted = call.request.query_params, call.wanted
    page = page_of(query)
    total, found = kind.some(call.by.directory, filter_of(query), page, wanted)
    bodies = [wanted.of(kind.written(one, call.desk.base).body) for one in found]
    return answers.listed(bodies, total, page.start)


def got(kind: Kind[Stated, Found], call: Call, identifier: str) -> Response:
    """
    Answer `GET` of one.
    """
    wanted = call.wanted
    found = kind.one(call.by.directory, identifier, wanted)
    if found is None:
        raise NotProvisionedError
    written = kind.written(found, call.desk.base)
    if is_known(call.request.headers.getlist("if-none-match"), found.kept.version):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"ETag": written.version})
    return answers.resource(written, wanted)


def created(kind: Kind[Stated, Found], call: Call, body: Json) -> Response:
    """
    Answer `POST`.
    """
    wanted, desk = call.wanted, call.desk
    stated, _ = kind.read(body)
    record = desk.recorder(call.by, f"create {kind.name.lower()}")
    made = kind.changes(call.by.directory).create(stated, record, now=desk.clock())
    written = kind.written(made, desk.base)
    return answers.resource(written, wanted, HTTPStatus.CREATED, record.epoch)


def replaced(kind: Kind[Stated, Found], call: Call, identifier: str, body: Json) -> Response:
    """
    Answer `PUT`.
    """
    stated, says = kind.read(body)
    return _changed(kind, call, identifier, "replace", lambda one: kind.replaced(stated, one, says))


def patched(kind: Kind[Stated, Found], call: Call, identifier: str, body: Json) -> Response:
    """
    Answer `PATCH`.
    """
    asked = read_operations(body)
    return _changed(kind, call, identifier, "patch", lambda one: kind.patched(one, asked))


def deleted(kind: Kind[Stated, Found], call: Call, identifier: str) -> Response:
    """
    Answer `DELETE`.
    """
    record = call.desk.recorder(call.by, f"delete {kind.name.lower()}")
    changes = kind.changes(call.by.directory)
    changes.delete(identifier, call.condition, record, now=call.desk.clock())
    return Response(status_code=HTTPStatus.NO_CONTENT, headers=answers.in_force(record.epoch))


def _changed(
    kind: Kind[Stated, Found],
    call: Call,
    identifier: str,
    verb: str,
    to: Callable[[Stated], Stated],
) -> Response:
    wanted, desk = call.wanted, call.desk
    record = desk.recorder(call.by, f"{verb} {kind.name.lower()}")
    changes = kind.changes(call.by.directory)
    after = changes.change(identifier, call.condition, to, record, now=desk.clock())
    written = kind.written(after, desk.base)
    if kind.is_long(after) and wanted.only is None and wanted.has(MEMBERS):
        headers = {"ETag": written.version, **answers.in_force(record.epoch)}
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)
    return answers.resource(written, wanted, epoch=record.epoch)
