"""
Users and groups as a client writes them, and as it reads them back.

Only what permissions need is kept: `userName`, `externalId` and `active` of a user, and
`displayName`, `externalId` and `members` of a group. The other attributes of the core schema, and
every extension, are accepted and dropped. A name that is in no schema is refused: it may be a
misspelt `active`. So is what says nothing where silence could be meant in two ways.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from acl.model.provisioning import KeptGroup, KeptUser, StatedGroup, StatedUser, require_text
from readership.scim.errors import INVALID_VALUE, RefusedRequestError
from readership.scim.filters import attribute_name

Json: TypeAlias = dict[str, object]
USER: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP: Final = "urn:ietf:params:scim:schemas:core:2.0:Group"
MAX_NAME_BYTES: Final = 512
REPEATED: Final = frozenset({"id", "schemas", "meta"})
READ_ONLY: Final[Mapping[str, frozenset[str]]] = {
    USER: REPEATED | {"groups"},
    GROUP: REPEATED,
}
"""
What this service says alone: ignored where a whole resource is stated (RFC 7644, section 3.5.1).
"""

STANDARD: Final = "urn:ietf:"
EXTENSION: Final = "urn:ietf:params:scim:schemas:extension:"
DROPPED: Final[Mapping[str, frozenset[str]]] = {
    USER: frozenset(
        {
            "name",
            "displayname",
            "nickname",
            "profileurl",
            "title",
            "usertype",
            "preferredlanguage",
            "locale",
            "timezone",
            "password",
            "emails",
            "phonenumbers",
            "ims",
            "photos",
            "addresses",
            "entitlements",
            "roles",
            "x509certificates",
        }
    ),
    GROUP: frozenset(),
}
KEPT: Final[Mapping[str, frozenset[str]]] = {
    USER: frozenset({"username", "externalid", "active"}),
    GROUP: frozenset({"displayname", "externalid", "members"}),
}
MEMBER_PARTS: Final = frozenset({"value", "$ref", "type", "display"})
_TRUTHS: Final = {"true": True, "false": False}


def is_dropped(schema: str, attribute: str) -> bool:
    """
    Say whether an attribute is accepted and not kept; one of an extension always is.

    What begins like a name of the standard, and is neither of the core schema nor of an
    extension, is a slip of the pen.
    """
    if attribute.startswith(STANDARD):
        return attribute.startswith(EXTENSION)
    return attribute in DROPPED[schema] or attribute.startswith("urn:")


def lowered(stated: Mapping[str, object]) -> Json:
    """
    Return an object with its names in lower case (RFC 7643, section 2.1).

    Raises:
        RefusedRequestError: Two of its names differ in case only.
    """
    found = {attribute_name(name): value for name, value in stated.items()}
    if len(found) != len(stated):
        msg = "an attribute is repeated in another case"
        raise RefusedRequestError(msg)
    return found


def read_user(body: Mapping[str, object]) -> tuple[StatedUser, bool]:
    """
    Read a user, and whether it says if it is active; one that does not is taken for active.

    Raises:
        RefusedRequestError: It is no user.
    """
    stated = _resource(body, USER)
    active = stated.get("active")
    user = StatedUser(
        name_of("userName", stated.get("username")),
        external_id_of(stated.get("externalid")),
        active=True if active is None else truth_of(active),
    )
    return user, active is not None


def replaced_user(stated: StatedUser, before: StatedUser, *, says_active: bool) -> StatedUser:
    """
    Return what a user becomes that is replaced: silence makes nobody active again.
    """
    return stated if says_active else replace(stated, active=before.active)


def read_group(body: Mapping[str, object]) -> tuple[StatedGroup, bool]:
    """
    Read a group, and whether it says who its members are; one that does not has none.

    Raises:
        RefusedRequestError: It is no group.
    """
    stated = _resource(body, GROUP)
    group = StatedGroup(
        name_of("displayName", stated.get("displayname")),
        external_id_of(stated.get("externalid")),
        members_of(stated.get("members")),
    )
    return group, stated.get("members") is not None


def replaced_group(stated: StatedGroup, before: StatedGroup, *, says_members: bool) -> StatedGroup:
    """
    Return what a group becomes that is replaced.

    To empty a group in silence would let in whom a denial of it keeps out, and to leave it as it
    is would leave in whoever was taken out: silence is refused where there are members.

    Raises:
        RefusedRequestError: It says nothing of members, and there are some.
    """
    if before.members and not says_members:
        msg = (
            f"'members' is missing, and the group has {len(before.members)}; "
            'send all of them, or "members": [] if it has none any more'
        )
        raise RefusedRequestError(msg, INVALID_VALUE)
    return stated


def name_of(what: str, value: object) -> str:
    """
    Read a name that must be there.

    Raises:
        RefusedRequestError: It is none.
    """
    if not isinstance(value, str):
        msg = f"{what} is a text, and must be there"
        raise RefusedRequestError(msg, INVALID_VALUE)
    try:
        require_text(what, value, MAX_NAME_BYTES)
    except ValueError as error:
        raise RefusedRequestError(str(error), INVALID_VALUE) from error
    return value


def external_id_of(value: object) -> str | None:
    """
    Read the client's own id of a resource.

    Raises:
        RefusedRequestError: It is none.
    """
    return None if value is None else name_of("externalId", value)


def truth_of(value: object) -> bool:
    """
    Read a boolean; Entra ID writes it as a text.

    Raises:
        RefusedRequestError: It is none.
    """
    found = _TRUTHS.get(value.lower()) if isinstance(value, str) else value
    if not isinstance(found, bool):
        msg = "active is true or false"
        raise RefusedRequestError(msg, INVALID_VALUE)
    return found


def members_of(value: object) -> frozenset[str]:
    """
    Read a list of members, or one: the ids that this service gave them.

    Raises:
        RefusedRequestError: One of them is none.
    """
    listed = [] if value is None else value if isinstance(value, list) else [value]
    return frozenset(_member(one) for one in listed)


def _member(value: object) -> str:
    stated = lowered(value) if isinstance(value, dict) else {}
    identifier = stated.get("value")
    if not isinstance(identifier, str) or stated.keys() - MEMBER_PARTS:
        msg = "a member is an object with the id of a user or a group as its 'value'"
        raise RefusedRequestError(msg, INVALID_VALUE)
    return identifier


def _resource(body: Mapping[str, object], schema: str) -> Json:
    stated = lowered(body)
    schemas = stated.get("schemas")
    if not isinstance(schemas, list) or schema not in schemas:
        msg = f"'schemas' does not name {schema}"
        raise RefusedRequestError(msg)
    for name in stated.keys() - KEPT[schema] - READ_ONLY[schema]:
        if not is_dropped(schema, name):
            msg = f"{name!r:.80} is not an attribute of {schema}"
            raise RefusedRequestError(msg)
    return stated


@dataclass(frozen=True, slots=True)
class Written:
    """
    A resource as a client reads it.
    """

    body: Json
    version: str
    location: str


def entity_tag(version: int) -> str:
    """
    Return the `ETag` of a resource's version.
    """
    return f'W/"{version}"'


def written_user(user: KeptUser, base: str) -> Written:
    """
    Write a user; `base` is where this service's SCIM is.
    """
    stated = user.stated
    body: Json = {"schemas": [USER], "id": user.kept.id, "userName": stated.user_name}
    if stated.external_id is not None:
        body["externalId"] = stated.external_id
    body["active"] = stated.active
    location = f"{base}/Users/{user.kept.id}"
    tag = entity_tag(user.kept.version)
    body["meta"] = {
        "resourceType": "User",
        "created": user.kept.created.isoformat(),
        "lastModified": user.kept.modified.isoformat(),
        "location": location,
        "version": tag,
    }
    return Written(body, tag, location)


def written_group(group: KeptGroup, base: str) -> Written:
    """
    Write a group, with its members where they were asked for.
    """
    body: Json = {"schemas": [GROUP], "id": group.kept.id, "displayName": group.display_name}
    if group.external_id is not None:
        body["externalId"] = group.external_id
    if group.users or group.groups:
        body["members"] = [
            {"value": one, "$ref": f"{base}/{where}/{one}", "type": kind}
            for kind, where, some in (
                ("User", "Users", group.users or ()),
                ("Group", "Groups", group.groups or ()),
            )
            for one in some
        ]
    location = f"{base}/Groups/{group.kept.id}"
    tag = entity_tag(group.kept.version)
    body["meta"] = {
        "resourceType": "Group",
        "created": group.kept.created.isoformat(),
        "lastModified": group.kept.modified.isoformat(),
        "location": location,
        "version": tag,
    }
    return Written(body, tag, location)
