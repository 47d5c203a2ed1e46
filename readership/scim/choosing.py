"""
Which members a filter in the path of a PATCH chooses, with a bound on the work.

A member has one attribute that can be chosen by: its value. `value eq "..."`, which identity
providers send a thousand times in a request, looks at one member; every other test, and every
`and`, `or` and `not`, looks at as many as it is given. All filters of a request together look
at no more than `MAX_LOOKED_AT`.
"""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from acl.model.filters import All, Filter, Not, Operator, Some, Test, Value, Within
from readership.scim.errors import INVALID_FILTER, TOO_MANY, RefusedRequestError

MAX_LOOKED_AT: Final = 2_000_000
_COMPARE: Final[Mapping[Operator, Callable[[str, Value], bool]]] = {
    Operator.PR: lambda one, _: bool(one),
    Operator.NE: lambda one, other: one != other,
    Operator.CO: lambda one, other: isinstance(other, str) and other in one,
    Operator.SW: lambda one, other: isinstance(other, str) and one.startswith(other),
    Operator.EW: lambda one, other: isinstance(other, str) and one.endswith(other),
    Operator.GT: lambda one, other: isinstance(other, str) and one > other,
    Operator.GE: lambda one, other: isinstance(other, str) and one >= other,
    Operator.LT: lambda one, other: isinstance(other, str) and one < other,
    Operator.LE: lambda one, other: isinstance(other, str) and one <= other,
}


class Choosing:
    """
    The filters of one request, and how much they have looked at.
    """

    def __init__(self) -> None:
        self._looked_at = 0

    def chosen(self, stated: Filter, members: AbstractSet[str]) -> frozenset[str]:
        """
        Return the members that pass a filter.

        Raises:
            RefusedRequestError: Members have no such attribute, or it is too much work.
        """
        match stated:
            # Every part is looked at: whether a filter is one must not depend on the members.
            case All(parts):
                return frozenset.intersection(*self._each(parts, members))
            case Some(parts):
                return frozenset.union(*self._each(parts, members))
            case Not(part):
                return self._look_at(members) - self.chosen(part, members)
            case Test("value", Operator.EQ, value):
                self._count(1)
                found = isinstance(value, str) and value in members
                return frozenset({str(value)}) if found else frozenset()
            case Test("value", operator, value):
                passes = _COMPARE[operator]
                return frozenset(one for one in self._look_at(members) if passes(one, value))
            case Test() | Within():
                msg = "members are chosen by their value"
                raise RefusedRequestError(msg, INVALID_FILTER)

    def _each(self, parts: Sequence[Filter], members: AbstractSet[str]) -> list[frozenset[str]]:
        return [self._look_at(self.chosen(one, members)) for one in parts]

    def _look_at(self, members: AbstractSet[str]) -> frozenset[str]:
        self._count(len(members))
        return frozenset(members)

    def _count(self, members: int) -> None:
        self._looked_at += members
        if self._looked_at > MAX_LOOKED_AT:
            msg = (
                f"the filters would look at more than {MAX_LOOKED_AT:,} members; send fewer "
                'operations, name members by [value eq "..."], or state the whole list'
            )
            raise RefusedRequestError(msg, TOO_MANY)
