"""
Sensitivity labels and the ceilings that clients and assurance levels are given.

A policy orders the labels. Whoever asks has a ceiling, and documents labelled above it do not
exist for them. Ceilings narrow; no label ever lets anybody read what an ACL does not.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Ceiling:
    """
    The labels that a request may carry away; `None` where no policy is configured.

    `top` is the most sensitive of them, for people; empty if there is none.
    """

    labels: frozenset[str] | None
    top: str

    def covers(self, label: str) -> bool:
        """
        Say whether documents of this label lie below the ceiling.
        """
        return self.labels is None or label in self.labels


NO_CEILING: Final = Ceiling(None, "")
"""
For installations that configure no labels: their ACLs alone decide.
"""


@dataclass(frozen=True, slots=True)
class LabelPolicy:
    """
    The order of labels, least sensitive first, and the ceilings.

    A label that is not in the order lies above every ceiling. A client that is not listed has
    `default`, and so has an agent that acts for the reader and is not listed. Where assurance
    levels (`acr`) are listed, one that is not, or a token without one, gets the lowest label.

    `models` are classes of language models, each with the most sensitive label that may be shown
    to it.
    """

    order: tuple[str, ...]
    default: str
    clients: Mapping[str, str] = field(default_factory=dict)
    assurance: Mapping[str, str] = field(default_factory=dict)
    actors: Mapping[str, str] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)

    def most_sensitive(self, labels: Iterable[str]) -> str | None:
        """
        Return the most sensitive of these labels; `None` if there is none, or no policy.

        Raises:
            ValueError: One is not in the order, so nobody could have been given it.
        """
        return max(labels, key=self.order.index, default=None) if self.order else None

    def models_for(self, label: str | None) -> tuple[str, ...] | None:
        """
        Return the classes of models that may see what is labelled at most so, in their order;
        `None` if no classes are configured, which says nothing about any model.
        """
        if not self.models:
            return None
        return tuple(
            name
            for name, limit in self.models.items()
            if label is None or not self.above(label, limit)
        )

    def ceiling(
        self, client: str | None, assurance: str | None, *, actor: str | None = None
    ) -> Ceiling:
        """
        Return the ceiling of a request: the lowest of its client's, its assurance's, and that of
        the agent that acts, if one does. Without a client it is that of the other two.
        """
        if not self.order:
            return NO_CEILING
        level = len(self.order) - 1
        if client is not None:
            level = self.order.index(self.clients.get(client, self.default))
        if actor is not None:
            level = min(level, self.order.index(self.actors.get(actor, self.default)))
        if self.assurance:
            named = self.assurance.get(assurance or "", self.order[0])
            level = min(level, self.order.index(named))
        return Ceiling(frozenset(self.order[: level + 1]), self.order[level])

    def above(self, label: str, limit: str) -> bool:
        """
        Say whether a label is more sensitive than a limit; an unknown label always is.
        """
        if label not in self.order:
            return True
        return self.order.index(label) > self.order.index(limit)


NO_LABEL_POLICY: Final = LabelPolicy((), "")
