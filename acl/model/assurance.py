"""
How surely a reader has signed in, and how surely something demands it.

What a token does not say counts as not done: a missing claim meets no demand.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final


@dataclass(frozen=True, slots=True)
class SignIn:
    """
    What a token says of how its reader signed in: authentication contexts (`acr`), methods
    (`amr`, RFC 8176) and the moment (`auth_time`).
    """

    contexts: frozenset[str] = frozenset()
    methods: frozenset[str] = frozenset()
    at: datetime | None = None


UNKNOWN_SIGN_IN: Final = SignIn()
"""
For tokens that say nothing about it.
"""


@dataclass(frozen=True, slots=True)
class Demand:
    """
    What a sign-in must be like: one of `contexts`, all of `methods`, and at most `max_age` ago.

    `scope` is one that the issuer grants after such a sign-in only; it is named in challenges
    for clients that understand scopes and not RFC 9470.
    """

    contexts: tuple[str, ...] = ()
    methods: frozenset[str] = frozenset()
    max_age: timedelta | None = None
    scope: str | None = None

    def met_by(self, sign_in: SignIn, *, now: datetime) -> bool:
        """
        Say whether a sign-in is enough.
        """
        return (
            (not self.contexts or not sign_in.contexts.isdisjoint(self.contexts))
            and self.methods <= sign_in.methods
            and self._is_recent(sign_in.at, now)
        )

    def _is_recent(self, signed_in_at: datetime | None, now: datetime) -> bool:
        if self.max_age is None:
            return True
        return signed_in_at is not None and now - signed_in_at <= self.max_age


@dataclass(frozen=True, slots=True)
class Demands:
    """
    What the operations demand: by issuer and by the scope that the operation needs.
    """

    by_scope: Mapping[tuple[str, str], Demand] = field(default_factory=dict)

    def unmet(self, issuer: str, scope: str, sign_in: SignIn, *, now: datetime) -> Demand | None:
        """
        Return the demand that a sign-in does not meet, if there is one.
        """
        demand = self.by_scope.get((issuer, scope))
        return None if demand is None or demand.met_by(sign_in, now=now) else demand


NO_DEMANDS: Final = Demands()
"""
For installations that leave it to the issuer how its readers sign in.
"""
