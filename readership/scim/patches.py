"""
What a PATCH makes of a user or a group (RFC 7644, section 3.5.2).

Operations are applied in their order, to a copy: one that cannot be applied refuses them all.
Beyond the RFC, what identity providers are known to send is understood:

- `op` in any case, and `active` as a text (Entra ID);
- a single value in a list, `[{"value": ...}]` (Entra ID);
- attributes and their parts as the names in the value of an operation without a path (both);
- `remove` of `members` with the members to be removed as its value, which removes these alone
  (Entra ID); by the RFC it would remove all.

What would not be done is refused: also what could be meant in two ways.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from acl.model.provisioning import StatedGroup, StatedUser
from readership.scim.choosing import Choosing
from readership.scim.errors import (
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
    REPEATED,
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
HINTS: Final = {"groups": "; change the members of the group"}


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
    # One set for all of them: a copy for each operation would be work without a bound.
    members, choosing = set(before.members), Choosing()
    for one in _spread(operations, GROUP):
        if one.path is not None and one.path.attribute == "members":
            _change_members(members, one, one.path, choosing)
        else:
            _set_single(now, one)
    return StatedGroup(
        name_of("displayName", now["displayname"]),
        external_id_of(now["externalid"]),
        frozenset(members),
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
            if path.attribute in REPEATED and one.path is None:
                continue  # Okta repeats the id beside what it changes
            if path.attribute in READ_ONLY[schema]:
                msg = f"{path.attribute} cannot be changed here{HINTS.get(path.attribute, '')}"
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


def _change_members(now: set[str], one: Operation, path: PatchPath, choosing: Choosing) -> None:
    if path.part:
        msg = "a part of a member cannot be changed; remove the member, and add another"
        raise RefusedRequestError(msg, MUTABILITY)
    if path.chosen is not None:
        _change_chosen(now, one, choosing.chosen(path.chosen, now))
    elif one.kind == ADD:
        now |= members_of(one.value)
    elif one.kind == REPLACE or one.value is None:
        stated = members_of(one.value)
        now.clear()
        now |= stated
    else:
        now -= _named_to_be_removed(one)


def _named_to_be_removed(one: Operation) -> frozenset[str]:
    named = members_of(one.value)
    if not named:
        msg = "remove names the members in its value, or has no value and removes all of them"
        raise RefusedRequestError(msg, INVALID_VALUE)
    return named


def _change_chosen(now: set[str], one: Operation, matched: frozenset[str]) -> None:
    if one.kind == REMOVE:
        if one.value is not None:
            msg = "remove says whom by a filter in its path, or by its value, and not by both"
            raise RefusedRequestError(msg, INVALID_VALUE)
        now -= matched
        return
    if one.kind == ADD or not matched:
        msg = "no member passes the filter"
        raise RefusedRequestError(msg, NO_TARGET)
    stated = members_of(one.value)
    now -= matched
    now |= stated
