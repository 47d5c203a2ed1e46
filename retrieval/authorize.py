"""
Step 2, the first door. What may this reader search, now?

Asks `acl.decision` and adds nothing. A source whose permissions are older than its budget, or
that an operator has switched off, is dark: it is left out of the scope and named as a blind
spot. A token that was revoked proves nothing; a reader or client that was switched off is
refused, and so is a reader whom a directory does not admit.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from acl.decision.scoping import ScopeGround, mint_scope, narrow_scope
from acl.identity.linking import Link, link
from acl.identity.reader import VerifiedReader
from acl.identity.revocation import RevocationRule
from acl.model.assurance import NO_DEMANDS, Demand, Demands
from acl.model.identifiers import Epoch, SourceName, TenantId
from acl.model.labels import Ceiling, LabelPolicy
from acl.model.principals import Principal
from acl.model.scope import ReadScope
from acl.model.switches import Switches
from acl.registry.permissions import Currency, PermissionRegistry
from acl.registry.views import PermissionView
from retrieval.admit import Directories
from retrieval.errors import (
    EpochNotReachedError,
    InsufficientScopeError,
    StepUpRequiredError,
    SwitchedOffError,
)
from retrieval.passage import BlindSpot


@dataclass(frozen=True, slots=True)
class Authorized:
    """
    A reader, the principals that the identity links give, and what may be searched, by the groups
    of the sources and directories that were `believed`.

    `withheld` counts the readerships that the reader may read and the client may not carry. It
    is for operators, and no caller is ever told.
    """

    reader: VerifiedReader
    linked: frozenset[Principal]
    scope: ReadScope
    blind: tuple[BlindSpot, ...]
    believed: frozenset[SourceName]
    withheld: int = 0


@dataclass(frozen=True, slots=True)
class LabelPolicies:
    """
    The label policy of each issuer: client names and assurance levels are an issuer's own.

    `demands` are what a sign-in at a level must be like beside naming it.
    """

    by_issuer: Mapping[str, LabelPolicy]
    demands: Mapping[tuple[str, str], Demand] = field(default_factory=dict)

    def ceiling(
        self, reader: VerifiedReader, now: datetime, *, any_client: bool = False
    ) -> Ceiling:
        """
        Return how sensitive a document this reader may carry away through this client, or
        through `any_client` that has no ceiling of its own.

        A token that names several levels counts as the best of those whose demands it meets.
        """
        client = None if any_client else reader.client
        policy = self.by_issuer[reader.issuer]
        actor = next(iter(reader.actors), None)
        levels = [
            None,
            *(one for one in sorted(reader.sign_in.contexts) if self._met(reader, one, now)),
        ]
        ceilings = [policy.ceiling(client, one, actor=actor) for one in levels]
        return max(ceilings, key=lambda one: len(one.labels or ()))

    def withheld(self, reader: VerifiedReader, now: datetime, readable: Mapping[str, int]) -> int:
        """
        Count what only the client's ceiling keeps back, of what the reader may read by label.
        """
        may, could = self.ceiling(reader, now), self.ceiling(reader, now, any_client=True)
        return sum(
            count
            for label, count in readable.items()
            if could.covers(label) and not may.covers(label)
        )

    def _met(self, reader: VerifiedReader, level: str, now: datetime) -> bool:
        demand = self.demands.get((reader.issuer, level))
        return demand is None or demand.met_by(reader.sign_in, now=now)


@dataclass(frozen=True, slots=True)
class SourceBudgets:
    """
    How old each configured source's permissions may be.
    """

    staleness: Mapping[SourceName, timedelta]

    def fresh(self, currency: Currency, switches: Switches, now: datetime) -> frozenset[SourceName]:
        """
        Return the sources whose permissions can be relied on; an unconfigured one never can.
        """
        return frozenset(
            name
            for name, budget in self.staleness.items()
            if (seen := currency.acl_observed_at.get(name)) is not None
            and timedelta(0) <= now - seen + timedelta(minutes=5)
            and now - seen <= budget
            and name not in switches.sources()
        )

    def blind(self, currency: Currency, switches: Switches, now: datetime) -> tuple[BlindSpot, ...]:
        """
        Return the configured sources that cannot be relied on.
        """
        dark = sorted(self.staleness.keys() - self.fresh(currency, switches, now))
        off = switches.sources()
        return tuple(
            BlindSpot(name, "an operator has switched it off", off[name])
            if name in off
            else _dark(name, currency.acl_observed_at.get(name))
            for name in dark
        )


@dataclass(frozen=True, slots=True)
class Authorizer:
    """
    Turns verified readers into read scopes.
    """

    permissions: PermissionRegistry
    links: tuple[Link, ...]
    budgets: SourceBudgets
    labels: LabelPolicies
    directories: Directories
    tenant: TenantId
    clock: Callable[[], datetime]
    demands: Demands = NO_DEMANDS
    revocation: RevocationRule = field(default_factory=RevocationRule)

    def require_welcome(self, reader: VerifiedReader) -> None:
        """
        Refuse whom `authorize` refuses whatever is asked for.

        Raises:
            TokenRejectedError: The token was revoked.
            SwitchedOffError: An operator has switched the reader or the client off.
            NotAdmittedError: A directory says that the reader is gone, or does not know it.
            RegistryUnavailableError: The registry did not answer.
        """
        self._welcomed(reader, *self._present(reader))

    def authorize(
        self,
        reader: VerifiedReader,
        *,
        needs: str,
        sources: Iterable[str] | None = None,
        at_least: Epoch | None = None,
    ) -> Authorized:
        """
        Mint the reader's scope, narrowed to `sources` where the question names some, and to
        what client and actor may look into.

        Raises:
            TokenRejectedError: The token was revoked.
            ReaderRefusedError: It is genuine, and nobody is let in on it.
            InsufficientScopeError: The token was not issued for this operation.
            StepUpRequiredError: The reader has not signed in surely enough for it.
            SwitchedOffError: An operator has switched the reader or the client off.
            NotAdmittedError: A directory says that the reader is gone, or does not know it.
            EpochNotReachedError: The registry has not come to the epoch that was asked for.
            RegistryUnavailableError: The registry did not answer.
        """
        view, currency = self._present(reader)
        if needs not in reader.scopes:
            raise InsufficientScopeError(needs)
        now = self.clock()
        demand = self.demands.unmet(reader.issuer, needs, reader.sign_in, now=now)
        if demand is not None:
            raise StepUpRequiredError(needs, demand)
        linked = self._welcomed(reader, view, currency)
        if at_least is not None and view.epoch < at_least:
            msg = f"epoch {at_least} was asked for, the registry is at {view.epoch}"
            raise EpochNotReachedError(msg)
        ground = ScopeGround(
            epoch=view.epoch,
            visibility=view.visibility,
            fresh_sources=self.budgets.fresh(currency, view.switches, now),
            withheld=currency.unsettled | view.switched_off,
        )
        ceiling = self.labels.ceiling(reader, now)
        scope = mint_scope(
            linked, ground, now=now, token_expires_at=reader.expires_at, ceiling=ceiling
        )
        # What the scope was minted from, remembered: it costs the same whatever is withheld.
        visible = view.visibility.visible(linked, ceiling=ceiling, now=now)
        withheld = self.labels.withheld(reader, now, visible.readable)
        if reader.sources is not None:
            scope = narrow_scope(scope, sources=map(SourceName, reader.sources))
        if sources is not None:
            scope = narrow_scope(scope, sources=(SourceName(name) for name in sources))
        blind = self.budgets.blind(currency, view.switches, now)
        return Authorized(reader, linked, scope, blind, view.believed, withheld)

    def _present(self, reader: VerifiedReader) -> tuple[PermissionView, Currency]:
        # In the transaction of the epoch, and before anything that tells tokens apart.
        return self.permissions.current(
            lambda connection: self.revocation.require_in_force(reader, connection)
        )

    def _welcomed(
        self, reader: VerifiedReader, view: PermissionView, currency: Currency
    ) -> frozenset[Principal]:
        linked = link(reader, self.links, self.tenant)
        require_switched_on(reader, view.switches)
        believed = self.directories.believed(currency, view.switches, self.clock())
        self.directories.require_admitted(linked, view.people, believed)
        return linked


def require_switched_on(reader: VerifiedReader, switches: Switches) -> None:
    """
    Refuse whom an operator has switched off.

    Raises:
        SwitchedOffError: The reader, or the client.
    """
    if switches.reader(reader.issuer, reader.subject):
        msg = f"reader {reader.subject!r} of {reader.issuer} is switched off"
        raise SwitchedOffError(msg)
    if switches.client(reader.issuer, reader.client):
        msg = f"client {reader.client!r} of {reader.issuer} is switched off"
        raise SwitchedOffError(msg)


def _dark(name: SourceName, seen: datetime | None) -> BlindSpot:
    reason = "its permissions have not been read" if seen is None else "its permissions are stale"
    return BlindSpot(name, reason, seen)
