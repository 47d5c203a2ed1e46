"""
What this service says of itself (RFC 7643, sections 5 to 7): what it keeps, and what it can do.
"""

from typing import Final

from readership.scim.resources import GROUP, USER, Json

MAX_RESULTS: Final = 200
"""
Resources on one page of a list.
"""

_CONFIG: Final = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
_TYPE: Final = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
_SCHEMA: Final = "urn:ietf:params:scim:schemas:core:2.0:Schema"


def service_provider_config(base: str) -> Json:
    """
    Return which parts of the protocol there are.
    """
    unsupported = {"supported": False}
    return {
        "schemas": [_CONFIG],
        "patch": {"supported": True},
        "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": True, "maxResults": MAX_RESULTS},
        "changePassword": unsupported,
        "sort": unsupported,
        "etag": {"supported": True},
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "OAuth 2.0 access token",
                "description": "An access token of a trusted issuer, with the scope rag.scim.",
                "specUri": "https://www.rfc-editor.org/rfc/rfc6750",
                "primary": True,
            }
        ],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": f"{base}/ServiceProviderConfig",
        },
    }


def resource_types(base: str) -> list[Json]:
    """
    Return the types of resources that there are.
    """
    return [
        {
            "schemas": [_TYPE],
            "id": name,
            "name": name,
            "description": what,
            "endpoint": f"/{name}s",
            "schema": schema,
            "meta": {"resourceType": "ResourceType", "location": f"{base}/ResourceTypes/{name}"},
        }
        for name, schema, what in (
            ("User", USER, "Somebody whose reading is allowed while they are active"),
            ("Group", GROUP, "What the ACLs of sources name"),
        )
    ]


def schemas(base: str, *, unique_group_names: bool) -> list[Json]:
    """
    Return what is kept of each type of resource.
    """
    name = _attribute("userName", "Who it is; case does not count", uniqueness="server")
    active = _attribute("active", "Whether this user may read anything", kind="boolean")
    uniqueness = "server" if unique_group_names else "none"
    called = _attribute("displayName", "What the group is called", uniqueness=uniqueness)
    return [
        _schema(base, USER, "User", [name, active]),
        _schema(base, GROUP, "Group", [called, _members()]),
    ]


def _schema(base: str, urn: str, name: str, attributes: list[Json]) -> Json:
    return {
        "schemas": [_SCHEMA],
        "id": urn,
        "name": name,
        "description": f"What is kept of a {name.lower()}",
        "attributes": attributes,
        "meta": {"resourceType": "Schema", "location": f"{base}/Schemas/{urn}"},
    }


def _attribute(name: str, what: str, *, kind: str = "string", uniqueness: str = "none") -> Json:
    return {
        "name": name,
        "type": kind,
        "multiValued": False,
        "description": what,
        "required": True,
        "caseExact": False,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": uniqueness,
    }


def _members() -> Json:
    def part(name: str, what: str, kind: str = "string", **more: object) -> Json:
        fixed = {"required": False, "mutability": "immutable", "caseExact": True}
        return _attribute(name, what, kind=kind) | fixed | more

    types = ["User", "Group"]
    return _attribute("members", "Who belongs to the group, directly", kind="complex") | {
        "multiValued": True,
        "required": False,
        "subAttributes": [
            part("value", "The id of a user or group"),
            part("$ref", "Where it is", "reference", referenceTypes=types),
            part("type", "What it is", canonicalValues=types),
        ],
    }
