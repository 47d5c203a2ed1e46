"""
Filters in the language of OpenAI's vector stores, of which `source` is the only key.

They choose among the names of sources; what they choose is cut with what the reader may search.
No other key exists here, so nothing about permissions can be named.

How many there are and how deep they are nested is looked at first: what is wrong with a filter is
said with the whole way to it, and the ways of many, deep down, would be far longer than that.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag

from retrieval.api.schemas import SourceText

MAX_COMPARISONS: Final = 32
MAX_DEPTH: Final = 4


class _Filter(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Comparison(_Filter):
    """
    One source, or any but one.
    """

    type: Literal["eq", "ne"]
    key: Literal["source"]
    value: SourceText

    def chosen(self, known: frozenset[str]) -> frozenset[str]:
        """
        Return the known sources that it chooses.
        """
        return known & {self.value} if self.type == "eq" else known - {self.value}


class Membership(_Filter):
    """
    Some sources, or any but some.
    """

    type: Literal["in", "nin"]
    key: Literal["source"]
    value: Annotated[list[SourceText], Field(min_length=1, max_length=32)]

    def chosen(self, known: frozenset[str]) -> frozenset[str]:
        """
        Return the known sources that it chooses.
        """
        named = frozenset(self.value)
        return known & named if self.type == "in" else known - named


class Compound(_Filter):
    """
    What all, or any, of several filters choose.
    """

    type: Literal["and", "or"]
    filters: Annotated[list["AnyFilter"], Field(min_length=1, max_length=MAX_COMPARISONS)]

    def chosen(self, known: frozenset[str]) -> frozenset[str]:
        """
        Return the known sources that it chooses.
        """
        chosen = [one.chosen(known) for one in self.filters]
        join = frozenset.intersection if self.type == "and" else frozenset.union
        return join(*chosen)


_KINDS: Final[Mapping[object, str]] = {
    "eq": "comparison",
    "ne": "comparison",
    "in": "membership",
    "nin": "membership",
    "and": "compound",
    "or": "compound",
}


def _kind(value: Any) -> str | None:  # noqa: ANN401 - whatever was sent
    named = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return _KINDS.get(named) if isinstance(named, str) else None


AnyFilter: TypeAlias = Annotated[
    Annotated[Comparison, Tag("comparison")]
    | Annotated[Membership, Tag("membership")]
    | Annotated[Compound, Tag("compound")],
    Discriminator(
        _kind,
        custom_error_type="filter_type",
        custom_error_message="a filter is of type eq, ne, in, nin, and, or",
    ),
]
Compound.model_rebuild()


def _small(value: Any) -> Any:  # noqa: ANN401 - whatever was sent
    level, comparisons = [value], 0
    for _ in range(MAX_DEPTH):
        inner = [one["filters"] for one in level if _is_compound(one)]
        comparisons += len(level) - len(inner)
        level = [one for several in inner for one in several]
    if level or comparisons > MAX_COMPARISONS:
        msg = f"at most {MAX_COMPARISONS} comparisons, nested {MAX_DEPTH} deep"
        raise ValueError(msg)
    return value


def _is_compound(value: Any) -> bool:  # noqa: ANN401 - whatever was sent
    return isinstance(value, dict) and isinstance(value.get("filters"), list)


StoreFilter = Annotated[AnyFilter, BeforeValidator(_small)]
