"""
What a client, and an agent behind it, may do for a reader.

The rules:

1. Where clients are listed, one that is not listed may do nothing. Where none is, every client
   may do what the reader's token says.
2. The outermost actor (RFC 8693, section 4.1) must be listed. Actors further in are history, and
   decide nothing.
3. What is left is what the token, the client and the actor may all do. Nothing is added.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True)
class Allowance:
    """
    What one client or actor may do at most; `None` sets no limit. `name` is for people.
    """

    name: str = ""
    scopes: frozenset[str] | None = None
    sources: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Rights:
    """
    What a request may do, beside what its reader may read: its scopes, and the sources that it
    may look into (`None`: all). `via` names the client, and the actor, for people.
    """

    scopes: frozenset[str]
    sources: frozenset[str] | None
    via: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Delegation:
    """
    The allowances of one issuer's clients and actors.
    """

    clients: Mapping[str, Allowance] = field(default_factory=dict)
    actors: Mapping[str, Allowance] = field(default_factory=dict)

    def rights(self, scopes: frozenset[str], client: str, actors: tuple[str, ...]) -> Rights:
        """
        Return what is left of a token's scopes.

        Raises:
            LookupError: The client, or the outermost actor, may do nothing; the text says which.
        """
        allowances = [self._of_client(client), *map(self._of_actor, actors[:1])]
        sources: frozenset[str] | None = None
        for one in allowances:
            scopes = scopes if one.scopes is None else scopes & one.scopes
            if one.sources is not None:
                sources = one.sources if sources is None else sources & one.sources
        named = zip((client, *actors[:1]), allowances, strict=True)
        return Rights(scopes, sources, tuple(one.name or id_ for id_, one in named))

    def _of_client(self, client: str) -> Allowance:
        if self.clients and client not in self.clients:
            msg = f"client {client!r} is not one of the issuer's listed clients"
            raise LookupError(msg)
        return self.clients.get(client, _UNLIMITED)

    def _of_actor(self, actor: str) -> Allowance:
        if actor not in self.actors:
            msg = f"actor {actor!r} is not one of the issuer's listed actors"
            raise LookupError(msg)
        return self.actors[actor]


_UNLIMITED: Final = Allowance()
