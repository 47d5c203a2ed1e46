"""
Decides what a sync has to do, from what the source says and what the registry has.

The rules, for a listed document:

1. Without an ACL that can be understood it is hidden; its content is not touched.
2. If its content is the one that is stored, a change of ACL or label is applied at once.
3. If its content has changed as well as any permission of this sync (its own ACL, or any
   group), the stored content is withheld until the new one is in: the new permissions were
   not meant for the old text.
4. If only its content has changed, the stored content stays readable until the new one is in.
5. If what citations say of it (URL, time) has changed as well as any permission, it is
   withheld for as long as it takes to replace that, for the same reason.

For a document that is no longer listed:

6. If the listing was complete, it is removed and its key destroyed.
7. If not, it is withheld until a complete listing says more.

What the brake holds back has been taken out of the observation before (`ingestion.brake`).
Documents and groups that have been pushed are none of a listing's business: they are left out
before anything is compared.
"""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from acl.model.documents import DocumentState
from acl.model.encoding import encode
from acl.model.identifiers import DocumentId
from acl.model.principals import Principal
from acl.registry.held import Holding
from acl.registry.ownership import Pushed
from acl.registry.writing import KnownDocument, PermissionChange
from ingestion.sources.port import ListedDocument, Observation

Name = TypeVar("Name")
Stated = TypeVar("Stated")

NOT_LISTED = "not in a listing of which a part could not be read"
CHANGING = "content and permissions changed together; waiting for the new content"

UNREAD = ""
"""
The fingerprint of a content that could not be read: it equals none, so it is tried again.
"""


@dataclass(frozen=True, slots=True)
class Work:
    """
    A document whose content must be processed.
    """

    listed: ListedDocument
    fingerprint: str
    card_fingerprint: str
    revision: int


@dataclass(slots=True)
class Plan:
    """
    What to do, in this order: permissions, cards where only the description changed, what
    had to wait for these, and content.
    """

    groups: Mapping[Principal, frozenset[Principal]] | None = None
    changes: list[PermissionChange] = field(default_factory=list)
    work: list[Work] = field(default_factory=list)
    cards: list[Work] = field(default_factory=list)
    after_cards: list[PermissionChange] = field(default_factory=list)
    holding: Holding = field(default_factory=Holding)
    counts: dict[str, int] = field(default_factory=dict)

    def count(self, what: str) -> None:
        """
        Add one to a line of the summary.
        """
        self.counts[what] = self.counts.get(what, 0) + 1


def make_plan(
    observation: Observation,
    known: Mapping[DocumentId, KnownDocument],
    groups: Mapping[Principal, frozenset[Principal]],
    *,
    pipeline: str,
    default_label: str,
) -> Plan:
    """
    Compare; `pipeline` names the versions of every step, so that new ones process anew.
    """
    plan = Plan(groups=dict(observation.groups) if observation.groups != groups else None)
    for document, listed in observation.documents.items():
        plan.count("seen")
        _plan_listed(plan, listed, known.get(document), pipeline, default_label)
    for document, stored in known.items():
        if document not in observation.documents:
            _plan_missing(plan, document, stored, complete=observation.complete)
    return plan


def without_pushed(observation: Observation, pushed: Pushed) -> Observation:
    """
    Return what the listing says of everything that has not been pushed.
    """
    return replace(
        observation,
        documents=without(observation.documents, pushed.documents),
        groups=without(observation.groups, pushed.groups),
    )


def without(stated: Mapping[Name, Stated], left_out: Collection[Name]) -> dict[Name, Stated]:
    """
    Return the entries under other names.
    """
    return {name: one for name, one in stated.items() if name not in left_out}


def content_fingerprint(listed: ListedDocument, pipeline: str) -> str:
    """
    Name a content as processed by these versions; the title is redacted with it.
    """
    named = encode([pipeline, listed.content_digest, listed.mime, listed.title])
    return hashlib.sha256(named).hexdigest()


def card_fingerprint(listed: ListedDocument) -> str:
    """
    Name what a citation says besides the content.
    """
    return hashlib.sha256(encode([listed.url, listed.modified, listed.author])).hexdigest()


def _plan_listed(
    plan: Plan,
    listed: ListedDocument,
    stored: KnownDocument | None,
    pipeline: str,
    default_label: str,
) -> None:
    label = listed.label or default_label
    if listed.acl is None:
        _plan_hidden(plan, listed, stored, label)
        return
    fingerprint = content_fingerprint(listed, pipeline)
    revision = stored.permission.revision if stored else 0
    work = Work(listed, fingerprint, card_fingerprint(listed), revision + 1)
    if listed.content_problem:
        _plan_quarantined(plan, listed, stored, label)
    elif stored is None or stored.fingerprint != fingerprint:
        _plan_content(plan, work, stored, label)
    else:
        _plan_permission(plan, work, stored, label)


def _plan_hidden(
    plan: Plan, listed: ListedDocument, stored: KnownDocument | None, label: str
) -> None:
    plan.count("hidden")
    same = stored is not None and _same(
        stored, DocumentState.HIDDEN, None, label, listed.acl_problem
    )
    if not same:
        plan.changes.append(
            PermissionChange(
                listed.document,
                DocumentState.HIDDEN,
                None,
                label,
                listed.acl_problem,
                fingerprint=_kept_fingerprint(stored),
            )
        )


def _plan_quarantined(
    plan: Plan, listed: ListedDocument, stored: KnownDocument | None, label: str
) -> None:
    plan.count("quarantined")
    digest = listed.acl.digest() if listed.acl else None
    state = DocumentState.QUARANTINED
    if stored is None or not _same(stored, state, digest, label, listed.content_problem):
        plan.changes.append(
            PermissionChange(
                listed.document,
                state,
                listed.acl,
                label,
                listed.content_problem,
                fingerprint=UNREAD,
            )
        )


def _plan_content(plan: Plan, work: Work, stored: KnownDocument | None, label: str) -> None:
    listed = work.listed
    plan.work.append(work)
    gone = stored is not None and stored.permission.state is DocumentState.REMOVED
    if stored is None or stored.permission.revision == 0 or gone:
        plan.count("new")
        return
    plan.count("changed")
    acl_changed = listed.acl is None or stored.permission.readership != listed.acl.digest()
    moved = acl_changed or stored.permission.label != label or plan.groups is not None
    if moved and stored.permission.state is DocumentState.LIVE:
        plan.changes.append(
            PermissionChange(listed.document, DocumentState.SUSPENDED, listed.acl, label, CHANGING)
        )


def _plan_permission(plan: Plan, work: Work, stored: KnownDocument, label: str) -> None:
    listed = work.listed
    state = stored.permission.state
    # What could not be processed is not tried again until it, or a step's version, changes.
    wanted = state if state is DocumentState.QUARANTINED else DocumentState.LIVE
    reason = stored.reason if wanted is DocumentState.QUARANTINED else ""
    digest = listed.acl.digest() if listed.acl else None
    change = PermissionChange(listed.document, wanted, listed.acl, label, reason)
    moved = not _same(stored, wanted, digest, label, reason)
    if moved:
        plan.count("re-permissioned")
    else:
        plan.count("unchanged" if wanted is DocumentState.LIVE else "quarantined")
    if stored.card_fingerprint == work.card_fingerprint or wanted is not DocumentState.LIVE:
        plan.changes += [change] if moved else []
        return
    plan.cards.append(work)
    if moved or plan.groups is not None:
        # Rule 5: the new permissions were not meant for the old URL, nor the old for the new.
        plan.changes.append(
            PermissionChange(listed.document, DocumentState.SUSPENDED, listed.acl, label, CHANGING)
        )
        plan.after_cards.append(change)


def _plan_missing(
    plan: Plan, document: DocumentId, stored: KnownDocument, *, complete: bool
) -> None:
    state = stored.permission.state
    label = stored.permission.label
    if state is DocumentState.REMOVED:
        return
    if complete:
        plan.count("removed")
        plan.changes.append(PermissionChange(document, DocumentState.REMOVED, None, label))
        return
    plan.count("suspended")
    if state is not DocumentState.SUSPENDED:
        plan.changes.append(
            PermissionChange(
                document,
                DocumentState.SUSPENDED,
                None,
                label,
                NOT_LISTED,
                fingerprint=_kept_fingerprint(stored),
            )
        )


def _kept_fingerprint(stored: KnownDocument | None) -> str | None:
    # A quarantined document carries the fingerprint of what could not be processed. Withheld
    # for another reason it must not come back as if that content were the stored one.
    unread = stored is not None and stored.permission.state is DocumentState.QUARANTINED
    return UNREAD if unread else None


def _same(
    stored: KnownDocument,
    state: DocumentState,
    readership: str | None,
    label: str,
    reason: str,
) -> bool:
    permission = stored.permission
    return (permission.state, permission.readership, permission.label, stored.reason) == (
        state,
        readership,
        label,
        reason,
    )
