"""
Filters over provisioned users and groups (RFC 7644, section 3.4.2.2), as a tree.

Attribute names are in lower case, without the schema's URN.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Operator(StrEnum):
    """
    How an attribute is compared.
    """

    EQ = "eq"
    NE = "ne"
    CO = "co"
    SW = "sw"
    EW = "ew"
    GT = "gt"
    GE = "ge"
    LT = "lt"
    LE = "le"
    PR = "pr"


Value: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Test:
    """
    One comparison; `value` means nothing to `pr`.
    """

    __test__ = False  # no test of the test runner

    attribute: str
    operator: Operator
    value: Value = None


@dataclass(frozen=True, slots=True)
class Within:
    """
    Some value of a multi-valued attribute passes a filter over its parts.
    """

    attribute: str
    inner: "Filter"


@dataclass(frozen=True, slots=True)
class All:
    """
    Every part holds.
    """

    parts: tuple["Filter", ...]


@dataclass(frozen=True, slots=True)
class Some:
    """
    At least one part holds.
    """

    parts: tuple["Filter", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """
    The part does not hold.
    """

    part: "Filter"


Filter: TypeAlias = Test | Within | All | Some | Not
