"""
Filters over provisioned users and groups, as conditions of the database.

Every test is false where its attribute has no value, so that no condition is ever unknown and
`not` means what it says. Texts are compared as each attribute does: exactly, or without case.
Nothing of a filter becomes part of a statement's text; values are parameters.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from sqlalchemy import ColumnElement, and_, exists, false, func, not_, or_

from acl.model.filters import All, Filter, Not, Operator, Some, Test, Value, Within
from acl.registry.directory_tables import scim_groups, scim_members, scim_users
from acl.registry.tables import storable

Condition: TypeAlias = ColumnElement[bool]
TRUTHS: Final = {"true": True, "false": False}
MEMBERS: Final = "members"
MEMBER_ID: Final = "value"


class UnusableFilterError(ValueError):
    """
    An attribute cannot be compared like that.
    """


@dataclass(frozen=True, slots=True)
class Text:
    """
    An attribute that holds a text. `folded` if case does not count; the column is folded then.
    """

    column: ColumnElement[str]
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Truth:
    """
    An attribute that holds a boolean.
    """

    column: ColumnElement[bool]


@dataclass(frozen=True, slots=True)
class Time:
    """
    An attribute that holds a moment.
    """

    column: ColumnElement[datetime]


Attribute: TypeAlias = Text | Truth | Time
USERS: Final[Mapping[str, Attribute]] = {
    "id": Text(scim_users.c.id),
    "username": Text(scim_users.c.user_name_folded, folded=True),
    "externalid": Text(scim_users.c.external_id),
    "active": Truth(scim_users.c.active),
    "meta.created": Time(scim_users.c.created),
    "meta.lastmodified": Time(scim_users.c.modified),
}
GROUPS: Final[Mapping[str, Attribute]] = {
    "id": Text(scim_groups.c.id),
    "displayname": Text(scim_groups.c.display_name_folded, folded=True),
    "externalid": Text(scim_groups.c.external_id),
    "meta.created": Time(scim_groups.c.created),
    "meta.lastmodified": Time(scim_groups.c.modified),
}
MEMBER: Final[Mapping[str, Attribute]] = {MEMBER_ID: Text(scim_members.c.member)}


def condition_of(stated: Filter, attributes: Mapping[str, Attribute]) -> Condition:
    """
    Return a filter as a condition over the table of these attributes.

    An attribute that is not kept has no value (RFC 7644, section 3.4.2.2).

    Raises:
        UnusableFilterError: A boolean is put in order, or a time is compared with no time.
    """
    match stated:
        case All(parts):
            return and_(*(condition_of(one, attributes) for one in parts))
        case Some(parts):
            return or_(*(condition_of(one, attributes) for one in parts))
        case Not(part):
            return not_(condition_of(part, attributes))
        case Within(attribute, inner):
            return _within(attribute, inner, attributes)
        case Test():
            return _test(stated, attributes)


def _within(attribute: str, inner: Filter, attributes: Mapping[str, Attribute]) -> Condition:
    if attribute != MEMBERS or attributes is not GROUPS:
        return false()
    return _has_member(condition_of(inner, MEMBER))


def _has_member(condition: Condition) -> Condition:
    # "Some member is ..." never means "no member is not ...": each is looked at by itself.
    mine = and_(
        scim_members.c.directory == scim_groups.c.directory,
        scim_members.c.group == scim_groups.c.id,
    )
    return exists().where(mine, condition).correlate(scim_groups)


def _test(test: Test, attributes: Mapping[str, Attribute]) -> Condition:
    if test.operator is Operator.NE:
        return not_(_test(Test(test.attribute, Operator.EQ, test.value), attributes))
    if test.operator is Operator.EQ and test.value is None:
        return not_(_test(Test(test.attribute, Operator.PR), attributes))
    if test.attribute in {MEMBERS, f"{MEMBERS}.{MEMBER_ID}"}:
        return _within(MEMBERS, Test(MEMBER_ID, test.operator, test.value), attributes)
    attribute = attributes.get(test.attribute)
    if attribute is None:
        return false()
    if test.operator is Operator.PR:
        return attribute.column.is_not(None)
    return and_(attribute.column.is_not(None), _compared(attribute, test.operator, test.value))


def _compared(attribute: Attribute, operator: Operator, value: Value) -> Condition:
    match attribute:
        case Text(column, folded):
            return _text(column, operator, value, folded=folded)
        case Truth(column):
            return _truth(column, operator, value)
        case Time(column):
            return _time(column, operator, value)


def _text(
    column: ColumnElement[str], operator: Operator, value: Value, *, folded: bool
) -> Condition:
    if not isinstance(value, str) or not storable(value):
        return false()
    wanted = value.casefold() if folded else value
    size = len(wanted)
    match operator:
        case Operator.EQ:
            return column == wanted
        # Not LIKE: what it ignores differs from one database to the next.
        case Operator.CO:
            return func.replace(column, wanted, "") != column if wanted else column.is_not(None)
        case Operator.SW:
            return func.substr(column, 1, size) == wanted
        case Operator.EW:
            tail = func.substr(column, func.length(column) - size + 1, size)
            return and_(func.length(column) >= size, tail == wanted)
        case _:
            return _ordered(column, operator, wanted)


def _truth(column: ColumnElement[bool], operator: Operator, value: Value) -> Condition:
    if operator is not Operator.EQ:
        msg = f"a boolean cannot be compared with {operator.value}"
        raise UnusableFilterError(msg)
    # Entra ID writes booleans as texts.
    wanted = TRUTHS.get(value.lower()) if isinstance(value, str) else value
    return column.is_(wanted) if isinstance(wanted, bool) else false()


def _time(column: ColumnElement[datetime], operator: Operator, value: Value) -> Condition:
    if operator in {Operator.CO, Operator.SW, Operator.EW}:
        msg = f"a time cannot be compared with {operator.value}"
        raise UnusableFilterError(msg)
    moment = _moment(value)
    return column == moment if operator is Operator.EQ else _ordered(column, operator, moment)


def _ordered(column: ColumnElement[Any], operator: Operator, value: str | datetime) -> Condition:
    match operator:
        case Operator.GT:
            return column > value
        case Operator.GE:
            return column >= value
        case Operator.LT:
            return column < value
        case _:
            return column <= value


def _moment(value: Value) -> datetime:
    msg = "a time is written like 2026-10-02T09:00:00Z"
    if not isinstance(value, str):
        raise UnusableFilterError(msg)
    try:
        moment = datetime.fromisoformat(value)
        zoned = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
        # Where the calendar ends, a moment of another zone has no equal in ours.
        return zoned.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UnusableFilterError(msg) from error
