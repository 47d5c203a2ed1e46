"""
What a client can learn about this service.
"""

from http import HTTPStatus

from fastapi import Response

from readership.scim import answers
from readership.scim.desk import Provisioner, ScimDesk
from readership.scim.errors import RefusedRequestError
from readership.scim.resources import Json
from readership.scim.schemas import resource_types, schemas, service_provider_config


def service_provider(desk: ScimDesk) -> Response:
    """
    Answer `GET /ServiceProviderConfig`.
    """
    return answers.answer(service_provider_config(desk.base))


def types(desk: ScimDesk, name: str | None = None) -> Response:
    """
    Answer `GET /ResourceTypes`, or for one of them.
    """
    return _told(resource_types(desk.base), name)


def kept_schemas(desk: ScimDesk, by: Provisioner, name: str | None = None) -> Response:
    """
    Answer `GET /Schemas`, or for one of them.
    """
    return _told(schemas(desk.base, unique_group_names=by.directory.unique_group_names), name)


def _told(every: list[Json], name: str | None) -> Response:
    if name is None:
        return answers.listed(every, len(every), 0)
    found = [one for one in every if one["id"] == name]
    if not found:
        status = HTTPStatus.NOT_FOUND
        raise RefusedRequestError(status.phrase, "", status)
    return answers.answer(found[0])
