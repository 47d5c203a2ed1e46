"""
Step 2, the first door. What may this reader search, now?

Asks `acl.decision` and adds nothing. A source whose permissions are older than its budget is
dark: it is left out of the scope and named as a blind spot.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from acl.decision.scoping import ScopeGround, mint_scope, narrow_scope
from acl.identity.linking import IdentityLink, link
from acl.identity.reader import VerifiedReader
from acl.model.identifiers import SourceName, TenantId
from acl.model.principals import Principal
from acl.model.scope import ReadScope
from acl.registry.permissions import Currency, PermissionRegistry
from retrieval.errors import InsufficientScopeError
from retrieval.passage import BlindSpot


@dataclass(frozen=True, slots=True)
class Authorized:
    """
    A reader, the principals that the identity links give, and what may be searched.
    """

    reader: VerifiedReader
    linked: frozenset[Principal]
    scope: ReadScope
    blind: tuple[BlindSpot, ...]


@dataclass(frozen=True, slots=True)
class SourceBudgets:
    """
    How old each configured source's permissions may be.
    """

    staleness: Mapping[SourceName, timedelta]

    def fresh(self, currency: Currency, now: datetime) -> frozenset[SourceName]:
        """
        Return the sources whose permissions can be relied on; an unconfigured one never can.
        """
        return frozenset(
            name
            for name, budget in self.staleness.items()
            if (seen := currency.acl_observed_at.get(name)) is not None
            and timedelta(0) <= now - seen + timedelta(minutes=5)
            and now - seen <= budget
        )

    def blind(self, currency: Currency, now: datetime) -> tuple[BlindSpot, ...]:
        """
        Return the configured sources that cannot be relied on.
        """
        dark = sorted(self.staleness.keys() - self.fresh(currency, now))
        return tuple(_dark(name, currency.acl_observed_at.get(name)) for name in dark)


@dataclass(frozen=True, slots=True)
class Authorizer:
    """
    Turns verified readers into read scopes.
    """

    permissions: PermissionRegistry
    links: tuple[IdentityLink, ...]
    budgets: SourceBudgets
    tenant: TenantId
    clock: Callable[[], datetime]

    def authorize(
        self, reader: VerifiedReader, *, needs: str, sources: Iterable[str] | None = None
    ) -> Authorized:
        """
        Mint the reader's scope, narrowed to `sources` where the question names some.

        Raises:
            InsufficientScopeError: The token was not issued for this operation.
            RegistryUnavailableError: The registry did not answer.
        """
        if needs not in reader.scopes:
            raise InsufficientScopeError(needs)
        linked = link(reader, self.links, self.tenant)
        view, currency = self.permissions.current()
        now = self.clock()
        ground = ScopeGround(
            epoch=view.epoch,
            readerships=view.readerships,
            fresh_sources=self.budgets.fresh(currency, now),
            unsettled=currency.unsettled,
        )
        standing = view.directory.standing_of(linked)
        scope = mint_scope(standing, ground, now=now, token_expires_at=reader.expires_at)
        if sources is not None:
            scope = narrow_scope(scope, sources=(SourceName(name) for name in sources))
        return Authorized(reader, linked, scope, self.budgets.blind(currency, now))


def _dark(name: SourceName, seen: datetime | None) -> BlindSpot:
    reason = "its permissions have not been read" if seen is None else "its permissions are stale"
    return BlindSpot(name, reason, seen)
