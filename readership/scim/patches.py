"""
What a PATCH makes of a user or a group (RFC 7644, section 3.5.2).

Operations are applied in their order, to a copy: one that cannot be applied refuses them all.
Beyond the RFC, what identity providers are known to send is understood:

- `op` in any case, and `active` as a text (Entra ID);
- a single value in a list, `[{"value": ...}]` (Entra ID);
- attributes and their parts as the names in the value of an operation without a path (both);
- `remove` of `members` with the members to be removed as its value, which removes these alone
  (Entra ID); by the RFC it would remove all.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from acl.model.filters import All, Filter, Not, Operator, Some, Test, Within
from acl.model.provisioning import StatedGroup, StatedUser
from readership.scim.errors import (
    INVALID_FILTER,
    INVALID_PATH,
    INVALID_VALUE,
    MUTABILITY,
    NO_TARGET,
    RefusedRequestError,
)
from readership.scim.filters import PatchPath, read_path
from readership.scim.resources import (
    GROUP,
    READ_ONLY,
    USER,
    Json,
    external_id_of,
    is_dropped,
    lowered,
    members_of,
    name_of,
    truth_of,
)

PATCH: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
MAX_OPERATIONS: Final = 1_000
ADD, REPLACE, REMOVE = "add", "replace", "remove"
_COMPARE: Final[Mapping[Operator, Callable[[str, str], bool]]] = {
    Operator.EQ: lambda one, other: one == other,
    Operator.NE: lambda one, other: one != other,
    Operator.CO: lambda one, other: other in one,
    Operator.SW: str.startswith,
    Operator.EW: str.endswith,
    Operator.GT: lambda one, other: one > other,
    Operator.GE: lambda one, other: one >= other,
    Operator.LT: lambda one, other: one < other,
    Operator.LE: lambda one, other: one <= other,
}


@dataclass(frozen=True, slots=True)
class Operation:
    """
    One step of a PATCH. `value` is `None` where there is none.
    """

    kind: str
    path: PatchPath | None
    value: object


def read_operations(body: Mapping[str, object]) -> list[Operation]:
    """
    Read the body of a PATCH.

    Raises:
        RefusedRequestError: It is none.
    """
    stated = lowered(body)
    schemas, listed = stated.get("schemas"), stated.get("operations")
    if not isinstance(schemas, list) or PATCH not in schemas:
        msg = f"'schemas' does not name {PATCH}"
        raise RefusedRequestError(msg)
    if not isinstance(listed, list) or not 0 < len(listed) <= MAX_OPERATIONS:
        msg = f"'Operations' is a list of 1 to {MAX_OPERATIONS} operations"
        raise RefusedRequestError(msg)
    return [_operation(one) for one in listed]


def patched_user(before: StatedUser, operations: list[Operation]) -> StatedUser:
    """
    Return what a user becomes.

    Raises:
        RefusedRequestError: An operation cannot be applied.
    """
    now: Json = {
        "username": before.user_name,
        "externalid": before.external_id,
        "active": before.active,
    }
    for one in _spread(operations, USER):
        _set_single(now, one)
    return StatedUser(
        name_of("userName", now["username"]),
        external_id_of(now["externalid"]),
        active=truth_of(now["active"]),
    )


def patched_group(before: StatedGroup, operations: list[Operation]) -> StatedGroup:
    """
    Return what a group becomes.

    Raises:
        RefusedRequestError: An operation cannot be applied.
    """
    now: Json = {"displayname": before.display_name, "externalid": before.external_id}
    members = before.members
    for one in _spread(operations, GROUP):
        if one.path is not None and one.path.attribute == "members":
            members = _members(members, one, one.path)
        else:
            _set_single(now, one)
    return StatedGroup(
        name_of("displayName", now["displayname"]), external_id_of(now["externalid"]), members
    )


def _operation(value: object) -> Operation:
    stated = lowered(value) if isinstance(value, dict) else {}
    kind, path = stated.get("op"), stated.get("path")
    known = isinstance(kind, str) and kind.lower() in {ADD, REPLACE, REMOVE}
    if not known or stated.keys() - {"op", "path", "value"}:
        msg = "an operation has 'op' (add, replace or remove), 'path' and 'value'"
        raise RefusedRequestError(msg)
    if path is not None and not isinstance(path, str):
        msg = "'path' is a text"
        raise RefusedRequestError(msg, INVALID_PATH)
    named = str(kind).lower()
    if named != REMOVE and stated.get("value") is None:
        msg = f"{named} needs a value"
        raise RefusedRequestError(msg, INVALID_VALUE)
    return Operation(named, read_path(path) if path else None, stated.get("value"))


def _spread(operations: list[Operation], schema: str) -> Iterator[Operation]:
    """
    Yield operations on one kept attribute each.
    """
    for one in operations:
        for single in [one] if one.path is not None else _named_in_value(one):
            path = single.path
            if path is None or is_dropped(schema, path.attribute):
                continue
            if path.attribute in READ_ONLY:
                if one.path is None:
                    continue  # Okta repeats the id beside what it changes
                msg = f"{path.attribute} cannot be changed"
                raise RefusedRequestError(msg, MUTABILITY)
            yield single


def _named_in_value(one: Operation) -> Iterator[Operation]:
    if one.kind == REMOVE:
        msg = "remove needs a path"
        raise RefusedRequestError(msg, NO_TARGET)
    if not isinstance(one.value, dict):
        msg = "without a path the value is an object of attributes"
        raise RefusedRequestError(msg, INVALID_VALUE)
    for name, value in lowered(one.value).items():
        yield Operation(REMOVE if value is None else one.kind, read_path(name), value)


def _set_single(now: Json, one: Operation) -> None:
    path = one.path
    if path is None or path.attribute not in now or path.chosen is not None or path.part:
        msg = "the path names nothing that is kept"
        raise RefusedRequestError(msg, INVALID_PATH)
    if one.kind != REMOVE:
        now[path.attribute] = _unwrapped(one.value)
    elif path.attribute == "externalid":
        now[path.attribute] = None
    else:
        msg = f"{path.attribute} cannot be removed"
        raise RefusedRequestError(msg, MUTABILITY)


def _unwrapped(value: object) -> object:
    if isinstance(value, list) and len(value) == 1:
        (value,) = value
    return value["value"] if isinstance(value, dict) and "value" in value else value


def _members(now: frozenset[str], one: Operation, path: PatchPath) -> frozenset[str]:
    if path.part:
        msg = "a part of a member cannot be changed; remove the member, and add another"
        raise RefusedRequestError(msg, MUTABILITY)
    if path.chosen is not None:
        return _chosen_members(now, one, path.chosen)
    if one.kind == ADD:
        return now | members_of(one.value)
    if one.kind == REPLACE:
        return members_of(one.value)
    return frozenset() if one.value is None else now - members_of(one.value)


def _chosen_members(now: frozenset[str], one: Operation, chosen: Filter) -> frozenset[str]:
    matched = frozenset(member for member in now if _passes(member, chosen))
    if one.kind == REMOVE:
        return now - matched
    if one.kind == ADD or not matched:
        msg = "no member passes the filter"
        raise RefusedRequestError(msg, NO_TARGET)
    return (now - matched) | members_of(one.value)


def _passes(member: str, chosen: Filter) -> bool:
    match chosen:
        case All(parts):
            # Each is looked at: whether a filter is one must not depend on the members.
            return False not in [_passes(member, one) for one in parts]
        case Some(parts):
            return True in [_passes(member, one) for one in parts]
        case Not(part):
            return not _passes(member, part)
        case Test("value", operator, value):
            if operator is Operator.PR:
                return True
            compared = isinstance(value, str) and _COMPARE[operator](member, value)
            return compared or (operator is Operator.NE and not isinstance(value, str))
        case Test() | Within():
            msg = "members are chosen by their value"
            raise RefusedRequestError(msg, INVALID_FILTER)
