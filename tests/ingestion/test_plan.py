"""
The rules of the plan, one by one, and what no plan may ever do.
"""

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acl.model.documents import DocumentPermission, DocumentState
from acl.model.exchange import compile_acl
from acl.model.grants import AclSnapshot
from acl.model.identifiers import AuthorityId, DocumentId, DocumentKey, SourceName
from acl.model.principals import Principal, PrincipalKind
from acl.registry.ownership import Pushed
from acl.registry.writing import KnownDocument, PermissionChange
from ingestion.plan import (
    CHANGING,
    NOT_LISTED,
    UNREAD,
    Plan,
    card_fingerprint,
    content_fingerprint,
    make_plan,
    without_pushed,
)
from ingestion.sources.port import ListedDocument, Observation
from tests.ingestion.world import TENANT, allow

DEEP = bool(os.environ.get("READERSHIP_DEEP"))
CORP = AuthorityId("corp")
NOW = datetime(2026, 11, 21, tzinfo=UTC)
PIPELINE, LABEL = "pipeline/1", "internal"
DOC = DocumentId("handbook")
ENG = Principal(TENANT, CORP, PrincipalKind.GROUP, "eng")
ALICE = Principal(TENANT, CORP, PrincipalKind.USER, "alice")
NO_GROUPS: Mapping[Principal, frozenset[Principal]] = {}
GROUPS = {ENG: frozenset({ALICE})}


def acl(*principals: str) -> AclSnapshot:
    return compile_acl(allow(*principals), tenant=TENANT, authority=CORP)


FOR_ALICE, FOR_ENG = acl("user:alice"), acl("group:eng")


def listed(
    digest: str = "one", granted: AclSnapshot | None = FOR_ALICE, **members: object
) -> ListedDocument:
    one = ListedDocument(
        document=DOC,
        title="Handbook",
        url="",
        mime="text/plain",
        modified=None,
        label=None,
        acl=granted,
        acl_problem="" if granted else "no 'acl'",
        content_digest=digest,
        content_problem="",
        where="documents.jsonl:1",
    )
    return replace(one, **members)  # type: ignore[arg-type]


def observed(
    *documents: ListedDocument,
    groups: Mapping[Principal, frozenset[Principal]] = NO_GROUPS,
    complete: bool = True,
) -> Observation:
    return Observation(NOW, {one.document: one for one in documents}, groups, (), complete, None)


def stored(
    content: ListedDocument | None = None,
    *,
    state: DocumentState = DocumentState.LIVE,
    granted: AclSnapshot | None = FOR_ALICE,
    label: str = LABEL,
    reason: str = "",
) -> KnownDocument:
    """
    Return what the registry has after `content` was taken in.
    """
    permission = DocumentPermission(
        key=DocumentKey("k"),
        source=SourceName("handbook"),
        document=DOC,
        state=state,
        revision=1 if content else 0,
        acl_revision=1,
        readership=granted.digest() if granted else None,
        label=label,
        seal=b"",
    )
    if content is None or state is DocumentState.REMOVED:
        return KnownDocument(permission, None, None, reason)
    fingerprint = content_fingerprint(content, PIPELINE)
    return KnownDocument(permission, fingerprint, card_fingerprint(content), reason)


def planned(
    observation: Observation,
    known: KnownDocument | None = None,
    groups: Mapping[Principal, frozenset[Principal]] = NO_GROUPS,
) -> Plan:
    before = {DOC: known} if known else {}
    return make_plan(observation, before, groups, pipeline=PIPELINE, default_label=LABEL)


def change(state: DocumentState, granted: AclSnapshot | None, reason: str = "") -> PermissionChange:
    return PermissionChange(DOC, state, granted, LABEL, reason)


def test_nothing_known_and_nothing_listed_is_nothing_to_do() -> None:
    assert Plan() == planned(observed())


def test_an_unchanged_document_is_left_alone() -> None:
    plan = planned(observed(listed()), stored(listed()))

    assert Plan(counts={"seen": 1, "unchanged": 1}) == plan


def test_a_new_document_is_work_and_nothing_before_it() -> None:
    """
    Content and ACL become visible together; there is no permission without content.
    """
    plan = planned(observed(listed()))

    assert ([], 1) == (plan.changes, plan.work[0].revision)
    assert {"seen": 1, "new": 1} == plan.counts


@pytest.mark.promise("fail-closed-input")
@pytest.mark.parametrize("known", [None, stored(listed())])
def test_without_an_acl_a_document_is_hidden_and_not_read(known: KnownDocument | None) -> None:
    """
    Rule 1.
    """
    plan = planned(observed(listed(granted=None)), known)

    assert [change(DocumentState.HIDDEN, None, "no 'acl'")] == plan.changes
    assert [] == plan.work
    assert {"seen": 1, "hidden": 1} == plan.counts


def test_a_hidden_document_is_hidden_once() -> None:
    known = stored(listed(), state=DocumentState.HIDDEN, granted=None, reason="no 'acl'")

    assert [] == planned(observed(listed(granted=None)), known).changes


@pytest.mark.parametrize(
    "new",
    [listed(granted=FOR_ENG), listed(granted=acl()), listed(label="secret")],
    ids=["acl", "nobody", "label"],
)
def test_a_change_of_permission_touches_no_text(new: ListedDocument) -> None:
    """
    Rule 2.
    """
    plan = planned(observed(new), stored(listed()))

    assert [PermissionChange(DOC, DocumentState.LIVE, new.acl, new.label or LABEL)] == plan.changes
    assert ([], []) == (plan.work, plan.cards)
    assert {"seen": 1, "re-permissioned": 1} == plan.counts


@pytest.mark.promise("restrict-first")
@pytest.mark.parametrize(
    ("new", "groups"),
    [
        (listed("two", FOR_ENG), NO_GROUPS),
        (listed("two", label="secret"), NO_GROUPS),
        (listed("two"), GROUPS),
    ],
    ids=["acl", "label", "a group"],
)
def test_content_and_permission_changed_together_withholds_the_old_content(
    new: ListedDocument, groups: Mapping[Principal, frozenset[Principal]]
) -> None:
    """
    Rule 3.
    """
    plan = planned(observed(new, groups=groups), stored(listed()))

    (withheld,) = plan.changes
    assert (DocumentState.SUSPENDED, CHANGING) == (withheld.state, withheld.reason)
    assert [2] == [work.revision for work in plan.work]


def test_changed_content_alone_leaves_the_old_readable_until_then() -> None:
    """
    Rule 4.
    """
    plan = planned(observed(listed("two")), stored(listed()))

    assert [] == plan.changes
    assert [2] == [work.revision for work in plan.work]
    assert {"seen": 1, "changed": 1} == plan.counts


@pytest.mark.parametrize("new", [listed(title="Guide"), listed(mime="text/html")])
def test_what_changes_the_text_is_content(new: ListedDocument) -> None:
    """
    The title is redacted and embedded with the text; the type decides how bytes are read.
    """
    assert 1 == len(planned(observed(new), stored(listed())).work)


@pytest.mark.parametrize("new", [listed(url="https://a.example"), listed(modified=NOW)])
def test_what_only_a_citation_says_is_no_content(new: ListedDocument) -> None:
    plan = planned(observed(new), stored(listed()))

    assert ([], [], 1) == (plan.changes, plan.work, len(plan.cards))


@pytest.mark.promise("restrict-first")
@pytest.mark.parametrize(
    ("new", "groups"),
    [
        (listed(url="https://a.example", granted=FOR_ENG), NO_GROUPS),
        (listed(url="https://a.example"), GROUPS),
    ],
    ids=["acl", "a group"],
)
def test_a_url_and_a_permission_changed_together_withhold_the_document_meanwhile(
    new: ListedDocument, groups: Mapping[Principal, frozenset[Principal]]
) -> None:
    """
    Rule 5: the old URL may hold a secret that the new readers were not meant to see.
    """
    plan = planned(observed(new, groups=groups), stored(listed()))

    assert [DocumentState.SUSPENDED] == [one.state for one in plan.changes]
    assert [change(DocumentState.LIVE, new.acl)] == plan.after_cards
    assert ([], 1) == (plan.work, len(plan.cards))


def test_new_versions_of_the_steps_process_anew() -> None:
    plan = make_plan(
        observed(listed()), {DOC: stored(listed())}, {}, pipeline="pipeline/2", default_label=LABEL
    )

    assert ([], 1) == (plan.changes, len(plan.work))


@pytest.mark.parametrize("state", list(DocumentState))
def test_a_missing_document_is_removed_if_the_listing_was_complete(state: DocumentState) -> None:
    """
    Rule 5; a tombstone stays as it is.
    """
    plan = planned(observed(), stored(listed(), state=state))

    expected = [] if state is DocumentState.REMOVED else [change(DocumentState.REMOVED, None)]
    assert expected == plan.changes


@pytest.mark.promise("fail-closed-input")
@pytest.mark.parametrize("state", [DocumentState.LIVE, DocumentState.HIDDEN])
def test_a_missing_document_is_only_withheld_if_the_listing_was_not(state: DocumentState) -> None:
    """
    Rule 6: a damaged listing deletes nothing, and leaves nothing readable.
    """
    plan = planned(observed(complete=False), stored(listed(), state=state))

    assert [change(DocumentState.SUSPENDED, None, NOT_LISTED)] == plan.changes
    assert {"suspended": 1} == plan.counts


@pytest.mark.parametrize("state", [DocumentState.SUSPENDED, DocumentState.REMOVED])
def test_what_is_withheld_is_withheld_once(state: DocumentState) -> None:
    assert [] == planned(observed(complete=False), stored(listed(), state=state)).changes


def test_a_removed_document_that_comes_back_is_processed_anew() -> None:
    plan = planned(observed(listed()), stored(listed(), state=DocumentState.REMOVED))

    assert ([], [2]) == (plan.changes, [work.revision for work in plan.work])


def test_unreadable_content_is_quarantined_and_tried_again() -> None:
    plan = planned(observed(listed("", content_problem="gone")), stored(listed()))

    (quarantined,) = plan.changes
    assert (DocumentState.QUARANTINED, UNREAD) == (quarantined.state, quarantined.fingerprint)
    assert [] == plan.work


def test_what_could_not_be_processed_is_not_tried_again() -> None:
    """
    Until it, or the version of a step, changes. A new permission does not make it readable.
    """
    bad = stored(listed(), state=DocumentState.QUARANTINED, reason="timed out")

    assert Plan(counts={"seen": 1, "quarantined": 1}) == planned(observed(listed()), bad)
    (only,) = planned(observed(listed(granted=FOR_ENG)), bad).changes
    assert (DocumentState.QUARANTINED, "timed out") == (only.state, only.reason)
    assert 1 == len(planned(observed(listed("two")), bad).work)


@pytest.mark.promise("fail-closed-input")
@pytest.mark.parametrize(
    "between",
    [observed(listed(granted=None)), observed(complete=False)],
    ids=["hidden", "suspended"],
)
def test_a_quarantined_document_never_returns_without_being_read(between: Observation) -> None:
    """
    Hidden or missing for a while, it must not come back as if its content were in.
    """
    bad = stored(listed(), state=DocumentState.QUARANTINED, reason="timed out")

    (withheld,) = planned(between, bad).changes

    assert UNREAD == withheld.fingerprint


contents = st.sampled_from(["one", "two", "three"])
grants = st.sampled_from([None, acl(), FOR_ALICE, FOR_ENG, acl("everyone")])
definitions = st.sampled_from([NO_GROUPS, GROUPS, {ENG: frozenset()}])
listings = st.none() | st.builds(
    listed,
    digest=contents,
    granted=grants,
    label=st.sampled_from([None, "secret"]),
    content_problem=st.sampled_from(["", "", "unreadable"]),
)
worlds = st.tuples(listings, definitions, st.booleans())


class Ledger:
    """
    A registry of one document, in a few lines: what is live, and under which permission.
    """

    def __init__(self) -> None:
        self.known: KnownDocument | None = None
        self.groups: Mapping[Principal, frozenset[Principal]] = NO_GROUPS
        self.content: str | None = None

    def take(self, one: PermissionChange) -> None:
        """
        Apply a change of permission.
        """
        before = self.known or stored(state=one.state)
        readership = one.acl.digest() if one.acl else None
        permission = replace(
            before.permission, state=one.state, readership=readership, label=one.label
        )
        fingerprint = before.fingerprint if one.fingerprint is None else one.fingerprint
        self.known = KnownDocument(permission, fingerprint, before.card_fingerprint, one.reason)
        if one.state is DocumentState.REMOVED:
            self.content = None
            self.known = replace(self.known, fingerprint=None, card_fingerprint=None)

    def live(self) -> tuple[str | None, str | None, str] | None:
        """
        Return content, readership and label, if anybody may read.
        """
        if self.known is None or self.known.permission.state is not DocumentState.LIVE:
            return None
        return self.content, self.known.permission.readership, self.known.permission.label


@settings(max_examples=3_000 if DEEP else 300, deadline=None)
@given(history=st.lists(st.tuples(worlds, st.sampled_from(["done", "aside", "crash"])), max_size=6))
@pytest.mark.promise("restrict-first")
@pytest.mark.promise("fail-closed-input")
def test_no_history_leaves_a_document_live_under_another_permission(
    history: list[
        tuple[tuple[ListedDocument | None, Mapping[Principal, frozenset[Principal]], bool], str]
    ],
) -> None:
    """
    Whatever the source said before, and wherever a sync ended: what is live after the
    permissions have been applied is listed, with this ACL and this label, and its content is
    either the listed one or, under an unchanged permission, the one before it.
    """
    ledger = Ledger()
    for (one, groups, complete), outcome in history:
        before, before_groups = ledger.live(), ledger.groups
        observation = observed(*([one] if one else []), groups=groups, complete=complete)
        plan = planned(observation, ledger.known, ledger.groups)

        ledger.groups = observation.groups if plan.groups is not None else ledger.groups
        for some in plan.changes:
            ledger.take(some)
        assert observation.groups == ledger.groups
        if (now := ledger.live()) is not None:
            assert one is not None
            assert one.acl is not None
            assert (one.acl.digest(), one.label or LABEL) == now[1:]
            same = before == now and before_groups == ledger.groups
            assert now[0] == one.content_digest or same
        for work in plan.work:
            if outcome == "done":
                ledger.content = work.listed.content_digest
                ledger.known = stored(
                    work.listed, granted=work.listed.acl, label=work.listed.label or LABEL
                )
            elif outcome == "aside":
                ledger.take(
                    PermissionChange(
                        DOC,
                        DocumentState.QUARANTINED,
                        work.listed.acl,
                        work.listed.label or LABEL,
                        "could not be processed",
                        fingerprint=work.fingerprint,
                    )
                )


@pytest.mark.promise("push-owns")
def test_what_was_pushed_is_left_out_of_a_listing() -> None:
    """
    Before anything is compared: neither its text is processed nor its group replaced.
    """
    other = DocumentId("other")
    listing = observed(listed(), replace(listed(), document=other), groups=GROUPS)

    left = without_pushed(listing, Pushed(frozenset({DOC}), frozenset({ENG})))

    assert {other} == set(left.documents)
    assert {} == left.groups
    assert listing == without_pushed(listing, Pushed(frozenset(), frozenset()))
