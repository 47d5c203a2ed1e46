"""
Holds back what would suddenly show much, or something sensitive, to a broad audience.

`acl.decision.exposure` says what is newly exposed. The rules, for each document that is:

1. If it was released as the source states it now, it goes through.
2. If it is held already, it stays held, whatever the number.
3. If it is, or was, labelled above the limit, it is held.
4. If the sync would newly expose more documents than the limit, all of them are held; not before
   a source has been synced once, where the configuration allows that.

What is held is readable by those whom the old **and** the new ACL permit, under the more sensitive
of both labels: what the change takes away holds at once. Where that would not help, because the
document is new or because it is a group that changes, the document is withheld.

A group may matter to documents of other sources; those are withheld by the same rules.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from acl.decision.exposure import Audience, Exposure, conjunction
from acl.keys.naming import Namer
from acl.model.documents import DocumentState
from acl.model.grants import AclSnapshot
from acl.model.identifiers import DocumentId, DocumentKey, ReadershipDigest, SourceName
from acl.model.labels import LabelPolicy
from acl.registry.braking import BrakeRegistry, GroupLists, LiveElsewhere
from acl.registry.held import HeldDocument, Hold, Holding
from acl.registry.ownership import Pushed
from acl.registry.writing import KnownDocument, PermissionChange
from ingestion.plan import CHANGING, UNREAD, content_fingerprint
from ingestion.sources.port import ListedDocument, Observation

HELD = "held for review: would newly be readable by "
MAX_NAMED = 5


@dataclass(frozen=True, slots=True)
class BrakeLimits:
    """
    How much one sync may newly expose; `label` is the most sensitive that is not always held.
    """

    documents: int
    group_size: int
    label: str | None
    allow_first_sync: bool
    labels: LabelPolicy

    def is_sensitive(self, *labels: str) -> bool:
        """
        Say whether any of these labels is above the limit.
        """
        limit = self.label
        return limit is not None and any(self.labels.above(one, limit) for one in labels)

    def stricter(self, old: str, new: str) -> str:
        """
        Return the more sensitive of two labels; the old one where no order is configured.
        """
        if new in self.labels.order and self.labels.above(old, new):
            return old
        return new if self.labels.order else old


@dataclass(frozen=True, slots=True)
class Situation:
    """
    What a sync has read: of its source, and of what the registry has.
    """

    source: SourceName
    observation: Observation
    known: Mapping[DocumentId, KnownDocument]
    pushed: Pushed
    groups: GroupLists
    pipeline: str
    default_label: str


@dataclass(frozen=True, slots=True)
class Braked:
    """
    What may be carried out at once: `observation` without what is held back, and `changes` that
    withhold documents.
    """

    observation: Observation
    changes: tuple[PermissionChange, ...] = ()
    holding: Holding = field(default_factory=Holding)
    held: int = 0


@dataclass(frozen=True, slots=True)
class _Exposed:
    listed: ListedDocument
    acl: AclSnapshot
    label: str
    old: AclSnapshot | None
    audience: Audience
    row: HeldDocument | None
    stored: KnownDocument | None

    def is_released(self) -> bool:
        row = self.row
        released = row is not None and row.released_at is not None
        return released and row is not None and row.is_of(self.acl.digest(), self.label)

    def labels(self) -> tuple[str, ...]:
        return (self.label, self.stored.permission.label) if self.stored else (self.label,)


@dataclass(frozen=True, slots=True)
class Brake:
    """
    Decides before a plan is made; what it decides is committed with the plan's permissions.
    """

    limits: BrakeLimits
    registry: BrakeRegistry
    namer: Namer
    clock: Callable[[], datetime]

    def hold(self, now: Situation) -> Braked:
        """
        Say what may be carried out, and what is held.
        """
        return _Decision(self, now).braked()


class _Decision:
    def __init__(self, brake: Brake, now: Situation) -> None:
        self._limits, self._registry, self._namer = brake.limits, brake.registry, brake.namer
        self._now = now
        self._rows = self._registry.held(now.source)
        before = self._registry.groups()
        mine = before.get(now.source, {})
        pushed = {one: some for one, some in mine.items() if one in now.pushed.groups}
        after = {**before, now.source: {**pushed, **now.observation.groups}}
        self._groups_moved = now.observation.groups != now.groups
        self._exposure = Exposure(
            self._registry.directory(before),
            self._registry.directory(after),
            group_size=self._limits.group_size,
            now=brake.clock(),
        )
        self._baselines = self._read_baselines()
        self._acls = self._registry.acls([*self._moving(), *self._befores()])

    def braked(self) -> Braked:
        """
        Decide over the source's documents, and over those of others if groups change.
        """
        exposed, done = self._exposed()
        elsewhere = self._exposed_elsewhere() if self._groups_moved else []
        first = self._limits.allow_first_sync and self._registry.is_first(self._now.source)
        over = len(elsewhere) + (0 if first else len(exposed)) > self._limits.documents
        held = [
            one
            for one in exposed
            if one.row or (over and not first) or self._limits.is_sensitive(*one.labels())
        ]
        foreign = [one for one in elsewhere if over or self._limits.is_sensitive(one[0].label)]
        documents = dict(self._now.observation.documents)
        changes = [_withheld(*one) for one in foreign]
        holds = [_hold_elsewhere(*one) for one in foreign]
        for one in held:
            kept = self._kept(one)
            holds += self._hold(one, kept)
            if kept is None:
                del documents[one.listed.document]
                changes += _suspended(one)
            else:
                documents[one.listed.document] = kept
        return Braked(
            replace(self._now.observation, documents=documents),
            tuple(changes),
            Holding(holds, done),
            len(held) + len(foreign),
        )

    def _exposed(self) -> tuple[list[_Exposed], list[DocumentKey]]:
        exposed: list[_Exposed] = []
        done = self._gone()
        for document, listed in self._now.observation.documents.items():
            row, stored = self._rows.get(document), self._now.known.get(document)
            if listed.acl is None or self._stays_unread(listed, stored):
                continue
            if row is not None and _is_in_force(row, stored):
                done.append(row.key)
                row = None
            if row is None and self._unmoved(document, listed.acl):
                continue
            old = self._old(document, row)
            audience = self._exposure.newly(old, listed.acl)
            label = listed.label or self._now.default_label
            one = _Exposed(listed, listed.acl, label, old, audience, row, stored)
            if audience and not one.is_released():
                exposed.append(one)
            elif row is not None and not audience:
                done.append(row.key)
        return exposed, done

    def _unmoved(self, document: DocumentId, acl: AclSnapshot) -> bool:
        return not self._groups_moved and self._baselines.get(document) == acl.digest()

    def _moving(self) -> set[ReadershipDigest]:
        """
        Return the ACLs of documents that may read differently after this sync.
        """
        listed = self._now.observation.documents
        return {
            digest
            for document, digest in self._baselines.items()
            if document in listed
            and (acl := listed[document].acl) is not None
            and not self._unmoved(document, acl)
        }

    def _exposed_elsewhere(self) -> list[tuple[LiveElsewhere, AclSnapshot, Audience]]:
        source = self._now.source
        acls = self._registry.acls(self._registry.readerships_elsewhere(source))
        audiences = {digest: self._exposure.newly(acl, acl) for digest, acl in acls.items()}
        concerned = [digest for digest, audience in audiences.items() if audience]
        return [
            (one, acls[one.readership], audiences[one.readership])
            for one in self._registry.live_elsewhere(source, concerned)
        ]

    def _kept(self, one: _Exposed) -> ListedDocument | None:
        """
        Return the document under an ACL that exposes nothing, or `None` if there is none.
        """
        both = None if one.old is None else conjunction(one.old, one.acl)
        if both is None or self._exposure.newly(one.old, both):
            return None
        label = one.label
        if one.stored is not None and one.stored.permission.state is not DocumentState.REMOVED:
            label = self._limits.stricter(one.stored.permission.label, label)
        return replace(one.listed, acl=both, label=label)

    def _hold(self, one: _Exposed, kept: ListedDocument | None) -> list[Hold]:
        before = one.old if kept is not None else None
        names = tuple(sorted(map(str, one.audience)))
        digest = before.digest() if before is not None else None
        if one.row is not None and one.row.released_at is None:
            stated = (one.acl.digest(), one.label, digest, names)
            if stated == (one.row.wanted, one.row.label, one.row.before, one.row.exposed_to):
                return []
        document = one.listed.document
        key = self._namer.document(self._now.source, document)
        return [Hold(key, self._now.source, document, before, one.acl, one.label, names)]

    def _gone(self) -> list[DocumentKey]:
        """
        Return the rows of documents that are removed, or belong to push clients.
        """
        now = self._now
        return [
            row.key
            for document, row in self._rows.items()
            if document in now.pushed.documents
            or (now.observation.complete and document not in now.observation.documents)
        ]

    def _old(self, document: DocumentId, row: HeldDocument | None) -> AclSnapshot | None:
        digest = self._baselines.get(document) if row is None else row.before
        return None if digest is None else self._acls.get(digest)

    def _befores(self) -> list[ReadershipDigest]:
        return [row.before for row in self._rows.values() if row.before is not None]

    def _read_baselines(self) -> dict[DocumentId, ReadershipDigest]:
        """
        Return by which ACL each document is readable, or was before it was withheld.
        """
        known = {document: one.permission for document, one in self._now.known.items()}
        gone = (DocumentState.LIVE, DocumentState.REMOVED)
        withheld = {one.key: document for document, one in known.items() if one.state not in gone}
        found = {
            document: one.readership
            for document, one in known.items()
            if one.state is DocumentState.LIVE and one.readership is not None
        }
        changed = self._registry.groups_changed()
        for key, past in self._registry.last_live(list(withheld)).items():
            document = withheld[key]
            # If a group has changed while it was withheld, nobody has looked at what that does.
            looked_at = self._now.known[document].reason == CHANGING and changed == past.withheld
            if changed < past.withheld or looked_at:
                found[document] = past.readership
        return found

    def _stays_unread(self, listed: ListedDocument, stored: KnownDocument | None) -> bool:
        if listed.content_problem:
            return True
        if stored is None or stored.permission.state is not DocumentState.QUARANTINED:
            return False
        return stored.fingerprint == content_fingerprint(listed, self._now.pipeline)


def _is_in_force(row: HeldDocument, stored: KnownDocument | None) -> bool:
    if stored is None or row.released_at is None:
        return False
    now = stored.permission
    live = now.state is DocumentState.LIVE
    return live and (now.readership, now.label) == (row.wanted, row.label)


def _suspended(one: _Exposed) -> list[PermissionChange]:
    """
    Return what withholds a document, or nothing if it is withheld like that already.
    """
    reason, stored = _reason(one.audience), one.stored
    wanted = (DocumentState.SUSPENDED, one.acl.digest(), one.label, reason)
    fingerprint = None
    if stored is not None:
        now = stored.permission
        if wanted == (now.state, now.readership, now.label, stored.reason):
            return []
        fingerprint = UNREAD if now.state is DocumentState.QUARANTINED else None
    document = one.listed.document
    state = DocumentState.SUSPENDED
    return [PermissionChange(document, state, one.acl, one.label, reason, fingerprint)]


def _withheld(one: LiveElsewhere, acl: AclSnapshot, audience: Audience) -> PermissionChange:
    return PermissionChange(
        one.document,
        DocumentState.SUSPENDED,
        acl,
        one.label,
        _reason(audience),
        source=one.source,
    )


def _hold_elsewhere(one: LiveElsewhere, acl: AclSnapshot, audience: Audience) -> Hold:
    names = tuple(sorted(map(str, audience)))
    return Hold(one.key, one.source, one.document, None, acl, one.label, names)


def _reason(audience: Audience) -> str:
    names = sorted(map(str, audience))
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return HELD + ", ".join(names[:MAX_NAMED]) + more
