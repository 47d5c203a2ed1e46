"""
`readership explain`: why a reader may or may not read a document. Works on a data directory,
with or without a running service.
"""

from dataclasses import dataclass

from acl.decision.explaining import explain_read
from acl.errors import ConfigurationError
from acl.identity.linking import linked_principals
from acl.model.documents import DocumentPermission, DocumentState
from acl.model.identifiers import DocumentId, SourceName
from acl.model.principals import Principal
from acl.registry.permissions import Currency
from acl.registry.views import PermissionView
from acl.settings import Configuration
from acl.wiring import Ground
from retrieval.wiring import identity_links, permission_registry, source_budgets


@dataclass(frozen=True, slots=True)
class Explanation:
    """
    One verdict and the chain that leads to it.
    """

    reader: str
    issuer: str
    document: str
    source: str | None
    permitted: bool
    chain: tuple[str, ...]
    epoch: int

    def to_json(self) -> dict[str, object]:
        """
        Return the members as JSON values.
        """
        return {
            "reader": self.reader,
            "issuer": self.issuer,
            "document": self.document,
            "source": self.source,
            "decision": "permit" if self.permitted else "deny",
            "chain": list(self.chain),
            "epoch": self.epoch,
        }


@dataclass(frozen=True, slots=True)
class Explainer:
    """
    Explains decisions of one installation.
    """

    ground: Ground

    def explain(
        self, subject: str, document: str, *, issuer: str | None, source: str | None
    ) -> list[Explanation]:
        """
        Explain every document of this id; a single denial if there is none.

        Raises:
            ConfigurationError: The issuer is not configured, or several are and none is named.
        """
        configuration = self.ground.configuration
        named = _issuer(configuration, issuer)
        links = identity_links(configuration)
        # Offline only the subject is known; links by other claims need a token to apply.
        linked = linked_principals(named, {"sub": subject}, links, self.ground.tenant)
        registry = permission_registry(self.ground)
        within = SourceName(source) if source is not None else None
        keys = registry.keys_of(DocumentId(document), within)
        view, currency, statements = registry.permissions(keys)
        first = f"{named} says the subject is {subject!r}"
        if not statements:
            reason = "no document of this id is known, or its seal does not hold"
            verdict = (False, (first, reason))
            return [Explanation(subject, named, document, source, *verdict, view.epoch)]
        return [
            Explanation(
                subject,
                named,
                document,
                statement.source,
                *self._decide(statement, linked, view, currency, first),
                view.epoch,
            )
            for statement in statements.values()
        ]

    def _decide(
        self,
        statement: DocumentPermission,
        linked: frozenset[Principal],
        view: PermissionView,
        currency: Currency,
        first: str,
    ) -> tuple[bool, tuple[str, ...]]:
        if (obstacle := self._obstacle(statement, view, currency)) is not None:
            return False, (first, obstacle)
        digest = statement.readership
        snapshot = view.by_digest.get(digest) if digest is not None else None
        now = self.ground.clock()
        permitted, chain = explain_read(view.directory, linked, snapshot, now=now)
        where = f"{statement.source}/{statement.document} has ACL revision {statement.acl_revision}"
        return permitted, (first, where, *chain)

    def _obstacle(
        self, statement: DocumentPermission, view: PermissionView, currency: Currency
    ) -> str | None:
        if statement.state is not DocumentState.LIVE:
            return f"the document is {statement.state.value}: nobody may read it"
        if statement.key in currency.unsettled:
            return "the document's index points are being rewritten; run 'readership sync'"
        budgets = source_budgets(self.ground.configuration)
        for spot in budgets.blind(currency, view.switches, self.ground.clock()):
            if spot.source == statement.source:
                return f"source {spot.source} is dark: {spot.reason}"
        if statement.source not in budgets.staleness:
            return f"source {statement.source} is no longer configured"
        return None


def _issuer(configuration: Configuration, named: str | None) -> str:
    known = [one.issuer for one in configuration.settings.issuers]
    if named is None and len(known) == 1:
        return known[0]
    if named not in known:
        listed = ", ".join(known) or "none"
        msg = f"name the reader's issuer with --issuer; configured: {listed}"
        raise ConfigurationError(msg)
    return named
