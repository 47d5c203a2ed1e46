"""
Why may a reader read a document, or not? The whole chain, or the first link that is missing.

The links, in the order in which they are looked at:

1. reader: neither the reader nor the client is switched off;
2. link: an identity link gives the token's subject a principal;
3. directory: the directories that speak for the reader admit it;
4. document: a document of this id is known, and the seal over its statement holds;
5. state: it is live;
6. switch: neither it nor its source is switched off;
7. source: its source is configured and its permissions are fresh;
8. index: none of its index points is being rewritten;
9. ceiling: its label lies below the ceiling of the client and the assurance level;
10. gates: `decide_read` permits, by which entries, through which groups.

The past is explained from the history of permissions, memberships, directories' users and
switches. How old a source's permissions were, how long a directory had been silent, and what the
index held, is not kept: links 7 and 8 are then passed over, and the explanation says so.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias

from acl.decision.admission import People
from acl.decision.explaining import explain_read
from acl.decision.membership import Directory
from acl.decision.read import Permit, decide_read
from acl.identity.linking import Link as IdentityRule
from acl.identity.linking import linked_principals
from acl.model.documents import DocumentPermission, DocumentState
from acl.model.grants import AclSnapshot
from acl.model.identifiers import (
    DocumentId,
    DocumentKey,
    Epoch,
    ReadershipDigest,
    SourceName,
    TenantId,
)
from acl.model.labels import Ceiling
from acl.model.principals import Principal
from acl.model.switches import Switches
from acl.registry.history import History, PastPermission
from acl.registry.permissions import PermissionRegistry
from retrieval.admit import Directories
from retrieval.authorize import LabelPolicies, SourceBudgets

When: TypeAlias = Epoch | datetime
Stated: TypeAlias = DocumentPermission | PastPermission
Link: TypeAlias = tuple[str, bool, str]
"""
The name of a link, whether it holds, and what there is to say.
"""

SUBJECT_CLAIM: Final = "sub"


@dataclass(frozen=True, slots=True)
class Person:
    """
    Whose reading is explained: what a token would say.

    Only the subject is known without a token, so links by other claims do not apply. Without
    a client or an assurance level the ceiling is that of one which is not listed.
    """

    issuer: str
    subject: str
    client: str = ""
    assurance: str | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """
    One verdict and the chain that leads to it. `missing` names the first missing link, and is
    empty for a permit.
    """

    person: Person
    document: str
    source: str | None
    epoch: Epoch
    at: datetime
    missing: str
    chain: tuple[str, ...]

    @property
    def permitted(self) -> bool:
        """
        Say whether the reader may read.
        """
        return not self.missing

    def to_json(self) -> dict[str, object]:
        """
        Return the members as JSON values.
        """
        return {
            "reader": self.person.subject,
            "issuer": self.person.issuer,
            "client": self.person.client or None,
            "document": self.document,
            "source": self.source,
            "decision": "permit" if self.permitted else "deny",
            "missing": self.missing or None,
            "chain": list(self.chain),
            "epoch": self.epoch,
            "at": self.at.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Difference:
    """
    What a reader could read at one epoch and not at another, each explained at the later one.
    """

    person: Person
    earlier: Epoch
    later: Epoch
    gained: tuple[Explanation, ...]
    lost: tuple[Explanation, ...]

    def to_json(self) -> dict[str, object]:
        """
        Return the members as JSON values.
        """
        return {
            "reader": self.person.subject,
            "issuer": self.person.issuer,
            "from": self.earlier,
            "to": self.later,
            "gained": [one.to_json() for one in self.gained],
            "lost": [one.to_json() for one in self.lost],
        }


@dataclass(frozen=True, slots=True)
class _Facts:
    """
    What an explanation rests on. Of the past, `dark` and `unsettled` are not known.
    """

    epoch: Epoch
    at: datetime
    directory: Directory
    people: People
    believed: frozenset[SourceName]
    switches: Switches
    documents: Sequence[Stated]
    acls: Mapping[ReadershipDigest, AclSnapshot]
    dark: Mapping[SourceName, str] | None
    unsettled: frozenset[DocumentKey]


@dataclass(frozen=True, slots=True)
class Explainer:
    """
    Explains the decisions of one installation.
    """

    permissions: PermissionRegistry
    history: History
    links: tuple[IdentityRule, ...]
    budgets: SourceBudgets
    labels: LabelPolicies
    directories: Directories
    tenant: TenantId
    clock: Callable[[], datetime]

    def explain(
        self,
        person: Person,
        document: DocumentId,
        source: SourceName | None = None,
        when: When | None = None,
    ) -> list[Explanation]:
        """
        Explain every document of this id; a single denial if there is none.

        Raises:
            NotRecordedError: Nothing is recorded of that epoch or moment.
        """
        facts = self._present(document) if when is None else self._past(when, document)
        found = [one for one in facts.documents if source in {None, one.source}]
        if not found:
            return [self._explanation(person, facts, document, source, None)]
        return [self._explanation(person, facts, document, one.source, one) for one in found]

    def difference(self, person: Person, earlier: When, later: When | None) -> Difference:
        """
        Say what the reader gained and lost from one point to another, or to the present.

        Raises:
            NotRecordedError: Nothing is recorded of that epoch or moment.
        """
        before = self._past(earlier, None)
        after = self._past(later if later is not None else self.permissions.epoch(), None)
        could, can = self._readable(person, before), self._readable(person, after)
        stated = {one.key: one for one in after.documents}

        def explained(key: DocumentKey, known: Mapping[DocumentKey, Stated]) -> Explanation:
            named = known[key]
            return self._explanation(person, after, named.document, named.source, stated.get(key))

        return Difference(
            person,
            before.epoch,
            after.epoch,
            tuple(explained(key, can) for key in sorted(can.keys() - could.keys())),
            tuple(explained(key, could) for key in sorted(could.keys() - can.keys())),
        )

    def _present(self, document: DocumentId) -> _Facts:
        keys = self.permissions.keys_of(document, None)
        view, currency, statements = self.permissions.permissions(keys)
        now = self.clock()
        blind = self.budgets.blind(currency, view.switches, now)
        return _Facts(
            view.epoch,
            now,
            view.directory,
            view.people,
            self.directories.believed(currency, view.switches, now),
            view.switches,
            tuple(statements.values()),
            view.by_digest,
            {spot.source: spot.reason for spot in blind},
            currency.unsettled,
        )

    def _past(self, when: When, document: DocumentId | None) -> _Facts:
        past = self.history.at(when, document)
        return _Facts(
            past.epoch,
            past.at,
            past.directory,
            past.people,
            # How long each had been silent is not kept; what is switched off is.
            frozenset(self.directories.staleness) - past.switches.sources().keys(),
            past.switches,
            past.documents,
            past.acls,
            None,
            frozenset(),
        )

    def _explanation(
        self,
        person: Person,
        facts: _Facts,
        document: str,
        source: str | None,
        stated: Stated | None,
    ) -> Explanation:
        chain: list[str] = []
        missing = ""
        for name, holds, says in self._links(person, facts, stated):
            chain.append(says)
            if not holds:
                missing = name
                break
        return Explanation(
            person, document, source, facts.epoch, facts.at, missing, tuple(filter(None, chain))
        )

    def _links(self, person: Person, facts: _Facts, stated: Stated | None) -> Iterator[Link]:
        yield from _reader_links(person, facts.switches)
        linked = self._linked(person)
        yield _identity_link(person, linked)
        yield from self._directory_link(linked, facts)
        if stated is None:
            yield "document", False, "no document of this id is known, or its seal does not hold"
            return
        yield from _document_links(stated, facts)
        yield from self._source_links(stated, facts)
        yield _ceiling_link(self._ceiling(person), stated.label)
        acl = facts.acls.get(stated.readership) if stated.readership is not None else None
        permitted, lines = explain_read(facts.directory, linked, acl, now=facts.at)
        for line in lines[:-1]:
            yield "gates", True, line
        yield "gates", permitted, lines[-1]

    def _directory_link(self, linked: frozenset[Principal], facts: _Facts) -> Iterator[Link]:
        reason = self.directories.refusal(linked, facts.people, facts.believed)
        if reason is not None:
            yield "directory", False, reason

    def _source_links(self, stated: Stated, facts: _Facts) -> Iterator[Link]:
        if stated.source not in self.budgets.staleness:
            yield "source", False, f"source {stated.source} is not configured"
        if facts.dark is None:
            yield "source", True, f"how fresh {stated.source} was at that time is not recorded"
        elif stated.source in facts.dark:
            yield "source", False, f"source {stated.source} is dark: {facts.dark[stated.source]}"

    def _linked(self, person: Person) -> frozenset[Principal]:
        claims = {SUBJECT_CLAIM: person.subject}
        return linked_principals(person.issuer, claims, self.links, self.tenant)

    def _ceiling(self, person: Person) -> Ceiling:
        policy = self.labels.by_issuer[person.issuer]
        return policy.ceiling(person.client, person.assurance)

    def _readable(self, person: Person, facts: _Facts) -> dict[DocumentKey, Stated]:
        # By readership, so that a document costs no decision of its own.
        standing = facts.directory.standing_of(self._linked(person))
        permitted = {
            digest
            for digest, acl in facts.acls.items()
            if isinstance(decide_read(standing, acl, now=facts.at), Permit)
        }
        return {
            one.key: one
            for one in facts.documents
            if one.readership in permitted
            and all(holds for _, holds, _ in self._links_but_gates(person, facts, one))
        }

    def _links_but_gates(self, person: Person, facts: _Facts, stated: Stated) -> Iterator[Link]:
        yield from _reader_links(person, facts.switches)
        yield from self._directory_link(self._linked(person), facts)
        yield from _document_links(stated, facts)
        yield from self._source_links(stated, facts)
        yield _ceiling_link(self._ceiling(person), stated.label)


def _reader_links(person: Person, switches: Switches) -> Iterator[Link]:
    if switches.reader(person.issuer, person.subject):
        yield "reader", False, f"an operator has switched off reader {person.subject!r}"
    if person.client and switches.client(person.issuer, person.client):
        yield "reader", False, f"an operator has switched off client {person.client!r}"


def _identity_link(person: Person, linked: frozenset[Principal]) -> Link:
    says = f"{person.issuer} says the subject is {person.subject!r}"
    if not linked:
        return "link", False, f"{says}, and no identity link makes that a principal: nobody"
    return "link", True, says


def _document_links(stated: Stated, facts: _Facts) -> Iterator[Link]:
    where = f"{stated.source}/{stated.document}"
    if stated.state is not DocumentState.LIVE:
        yield "state", False, f"{where} is {stated.state.value}: nobody may read it"
    if facts.switches.document(stated.source, stated.document):
        yield "switch", False, f"an operator has switched off {where}"
    if stated.source in facts.switches.sources():
        yield "switch", False, f"an operator has switched off source {stated.source}"
    if stated.key in facts.unsettled:
        yield "index", False, f"index points of {where} are being rewritten; run 'readership sync'"
    digest = (stated.readership or "none")[:12]
    yield (
        "document",
        True,
        (f"{where} has ACL revision {stated.acl_revision}, which is readership {digest}"),
    )


def _ceiling_link(ceiling: Ceiling, label: str) -> Link:
    if ceiling.labels is None:
        return "ceiling", True, ""
    covered = ceiling.covers(label)
    relation = "within" if covered else "above"
    return "ceiling", covered, f"label {label!r} is {relation} the ceiling {ceiling.top!r}"
