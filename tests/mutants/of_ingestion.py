"""
Faults on the way in: plans, the order of a sync, settling, and pushes.
"""

from typing import Final

from tests.mutants.mutant import Mutant

PLAN: Final = "ingestion/plan.py"
SETTLE: Final = "ingestion/settle.py"
RECONCILE: Final = "ingestion/reconcile.py"
SUBMISSION: Final = "acl/registry/submission.py"
PUSHING: Final = "acl/registry/pushing.py"
WRITING: Final = "acl/registry/writing.py"
STORED: Final = "acl/directory/stored.py"
ENGINE: Final = "ingestion/redact/engine.py"
POOL: Final = "ingestion/redact/pool.py"
PROVING: Final = "retrieval/proving.py"

IN_PLAN: Final = "tests/ingestion/test_plan.py"
IN_SETTLE: Final = "tests/ingestion/test_settle.py"
IN_RECONCILE: Final = "tests/ingestion/test_reconcile.py"
IN_CONDITIONS: Final = "tests/acl/registry/test_submission.py"
IN_ENGINE: Final = "tests/ingestion/redact/test_presidio.py"
IN_POOL: Final = "tests/ingestion/redact/test_pool.py"
IN_OWNERSHIP: Final = "tests/end_to_end/test_push_and_sync.py"
TOGETHER: Final = (
    f"{IN_PLAN}::test_content_and_permission_changed_together_withholds_the_old_content",
)

SYNCS: Final = (
    Mutant(
        "plan-content-stays-while-acl-changes",
        PLAN,
        "    if moved and stored.permission.state is DocumentState.LIVE:\n",
        "    if moved and stored.permission.state is DocumentState.HIDDEN:\n",
        "A new friend reads the old text until the new one is in.",
        TOGETHER,
    ),
    Mutant(
        "plan-group-change-is-no-change",
        PLAN,
        "stored.permission.label != label or plan.groups is not None\n",
        "stored.permission.label != label\n",
        "Whoever comes into a group reads the old text until the new one is in.",
        (f"{IN_RECONCILE}::test_the_new_friend_never_reads_the_old_text",),
    ),
    Mutant(
        "plan-new-readers-of-the-old-text",
        PLAN,
        "DocumentState.SUSPENDED, listed.acl, label, CHANGING)\n        )\n\n\n"
        "def _plan_permission(",
        "DocumentState.LIVE, listed.acl, label, CHANGING)\n        )\n\n\ndef _plan_permission(",
        "The new permission is put on the old text.",
        TOGETHER,
    ),
    Mutant(
        "plan-incomplete-listing-removes",
        PLAN,
        '    if complete:\n        plan.count("removed")\n',
        '    if complete or state:\n        plan.count("removed")\n',
        "One bad line removes every document below it.",
        ((f"{IN_PLAN}::test_a_missing_document_is_only_withheld_if_the_listing_was_not"),),
    ),
    Mutant(
        "plan-incomplete-listing-keeps-live",
        PLAN,
        "    if state is not DocumentState.SUSPENDED:\n",
        "    if state is not DocumentState.SUSPENDED and state is not DocumentState.LIVE:\n",
        "A document of which a damaged listing says nothing stays readable.",
        ((f"{IN_PLAN}::test_a_missing_document_is_only_withheld_if_the_listing_was_not"),),
    ),
    Mutant(
        "plan-vanished-document-stays",
        PLAN,
        "        if document not in observation.documents:\n            _plan_missing(",
        "        if document not in observation.documents and not observation.complete:\n"
        "            _plan_missing(",
        "What its owner has deleted stays readable.",
        (f"{IN_PLAN}::test_a_missing_document_is_removed_if_the_listing_was_complete",),
    ),
    Mutant(
        "plan-unknown-acl-keeps-the-old",
        PLAN,
        "        _plan_hidden(plan, listed, stored, label)\n        return\n",
        "        return\n",
        "A document whose new ACL cannot be read keeps its old readers.",
        (f"{IN_PLAN}::test_without_an_acl_a_document_is_hidden_and_not_read",),
    ),
    Mutant(
        "plan-relabelling-is-no-change",
        PLAN,
        "(permission.state, permission.readership, permission.label, stored.reason) == (\n"
        "        state,\n        readership,\n        label,\n",
        "(permission.state, permission.readership, stored.reason) == (\n"
        "        state,\n        readership,\n",
        "A document that is called secret from now on stays public.",
        (f"{IN_PLAN}::test_a_change_of_permission_touches_no_text",),
    ),
    Mutant(
        "plan-quarantined-comes-back-unread",
        PLAN,
        "    return UNREAD if unread else None\n",
        "    return None\n",
        "Content that could not be processed comes back as if it were the stored one.",
        (f"{IN_PLAN}::test_a_quarantined_document_never_returns_without_being_read",),
    ),
    Mutant(
        "reconcile-content-before-permissions",
        RECONCILE,
        "        self._apply(source, plan, observation)\n"
        "        self._refresh_cards(source, plan)\n",
        "        self._refresh_cards(source, plan)\n",
        "New text is committed while its old readers still read.",
        (f"{IN_RECONCILE}::test_the_new_enemy_never_reads_the_new_text",),
    ),
    Mutant(
        "reconcile-commits-on-old-permissions",
        RECONCILE,
        "            if not source.unchanged_since(observation):\n"
        "                raise _PermissionsMovedError\n",
        "",
        "Text is committed under permissions that changed while it was read.",
        (f"{IN_RECONCILE}::test_an_acl_that_changes_before_the_commit_is_read_again",),
    ),
    Mutant(
        "reconcile-two-halves-are-one",
        RECONCILE,
        "        if not source.unchanged_since(observation):\n"
        "            raise _PermissionsMovedError\n        plan =",
        "        plan =",
        "Documents of one moment are read with the groups of another.",
        (f"{IN_RECONCILE}::test_two_halves_of_two_moments_are_no_observation",),
    ),
    Mutant(
        "settle-before-flush",
        SETTLE,
        "        self.index.flush()\n"
        "        self.registry.settle({key: seen[key] for key in seen.keys() - set(incomplete)})\n",
        "        self.registry.settle({key: seen[key] for key in seen.keys() - set(incomplete)})\n"
        "        self.index.flush()\n",
        "After a crash the registry says that the index followed, and it did not.",
        (f"{IN_SETTLE}::test_nothing_counts_as_settled_before_it_is_durable",),
    ),
    Mutant(
        "settle-incomplete-too",
        SETTLE,
        "seen.keys() - set(incomplete)",
        "seen.keys()",
        "A document whose points are lost counts as settled.",
        (f"{IN_SETTLE}::test_a_document_with_a_missing_point_is_not_half_visible",),
    ),
    Mutant(
        "settle-publishes-what-is-withheld",
        SETTLE,
        "            elif state.permission.state is DocumentState.LIVE:\n",
        "            elif state.permission.readership:\n",
        "A suspended document is put back into the index with its readers.",
        (f"{IN_SETTLE}::test_what_is_suspended_with_its_readers_known_is_withdrawn",),
    ),
)

PUSHES: Final = (
    Mutant(
        "push-older-event-accepted",
        SUBMISSION,
        "    if conditions.event < owner.event:\n        raise StaleEventError\n",
        "",
        "An older event that arrives late undoes a revocation.",
        (f"{IN_CONDITIONS}::test_an_older_event_is_refused",),
    ),
    Mutant(
        "push-equal-event-of-another-statement",
        SUBMISSION,
        "    if conditions.event == owner.event and stated != owner.stated:\n",
        "    if conditions.event == owner.event and stated == owner.stated:\n",
        "Of two statements of one event, the one that arrives last wins.",
        (f"{IN_CONDITIONS}::test_one_event_is_one_statement",),
    ),
    Mutant(
        "push-event-forgotten",
        SUBMISSION,
        "    return conditions.event if conditions.event is not None else stored\n",
        "    return conditions.event\n",
        "A push without an event lets the older ones in again.",
        (f"{IN_CONDITIONS}::test_a_push_without_an_event_leaves_the_stored_one",),
    ),
    Mutant(
        "push-condition-unheeded",
        SUBMISSION,
        "    if conditions.match is not None and not (exists and revision in conditions.match):\n",
        "    if conditions.match is not None and not exists:\n",
        "Of two clients that saw the same revision, both may replace it.",
        (f"{IN_CONDITIONS}::test_a_revision_that_was_replaced_is_refused",),
    ),
    Mutant(
        "push-waits-in-the-open",
        PUSHING,
        "            DocumentState.SUSPENDED,\n            stated.acl,\n",
        "            DocumentState.LIVE,\n            stated.acl,\n",
        "While new content waits, its new readers read the old one.",
        ("tests/end_to_end/test_push_order.py::test_nobody_reads_between_the_halves",),
    ),
    Mutant(
        "listing-overrides-pushed-permission",
        WRITING,
        "                for key, change in zip(keys, changes, strict=True)\n"
        "                if key not in pushed\n",
        "                for key, change in zip(keys, changes, strict=True)\n",
        "A listing that is older than a push takes its deletion or permission back.",
        (
            f"{IN_OWNERSHIP}::test_a_deletion_during_a_sync_wins",
            f"{IN_CONDITIONS}::test_a_listing_changes_nothing_that_was_pushed",
        ),
    ),
    Mutant(
        "listing-overrides-pushed-content",
        WRITING,
        "                for key, new in zip(keys, revisions, strict=True)\n"
        "                if key not in pushed\n",
        "                for key, new in zip(keys, revisions, strict=True)\n",
        "A sync that was underway commits its text and readers over those of a push.",
        (f"{IN_CONDITIONS}::test_a_listing_changes_nothing_that_was_pushed",),
    ),
    Mutant(
        "listing-overrides-pushed-groups",
        STORED,
        "    for group in sorted(groups.keys() - pushed):\n",
        "    for group in sorted(groups.keys()):\n",
        "A listing brings back whom a push has put out of a group.",
        (f"{IN_OWNERSHIP}::test_a_group_pushed_during_a_sync_wins",),
    ),
    Mutant(
        "listing-forgets-pushed-groups",
        STORED,
        "stored.keys() - groups.keys() - pushed",
        "stored.keys() - groups.keys()",
        "A listing that never heard of a pushed group removes it.",
        (
            f"{IN_OWNERSHIP}::test_what_was_pushed_is_not_removed_for_not_being_listed",
            f"{IN_CONDITIONS}::test_a_listing_changes_nothing_that_was_pushed",
        ),
    ),
    Mutant(
        "plan-without-ownership",
        PLAN,
        "        documents=without(observation.documents, pushed.documents),\n",
        "        documents=observation.documents,\n",
        "The plan processes what is pushed, and reports that it brought it back.",
        (f"{IN_PLAN}::test_what_was_pushed_is_left_out_of_a_listing",),
    ),
)

REDACTION: Final = (
    Mutant(
        "redaction-rulers-as-they-are",
        ENGINE,
        "        shown = [_spaced(text) for text in whole]\n",
        "        shown = whole\n",
        "A ruler in a question stops everybody's questions.",
        (f"{IN_ENGINE}::test_the_model_never_sees_long_punctuation_without_a_space",),
    ),
    Mutant(
        "redaction-endless-patience",
        POOL,
        "        limit = loading + self._reply_seconds + written\n",
        "        limit = loading + 600 + written\n",
        "A worker that hangs holds up everybody's questions.",
        (f"{IN_POOL}::test_a_worker_that_takes_too_long_is_lost_and_loading_is_not_counted",),
    ),
    Mutant(
        "checks-before-questions",
        PROVING,
        "self.room.checker",
        "self.room.preparer.redactor",
        "Questions wait for answers that are checked.",
        ("tests/scenarios/test_checks_apart.py::test_where_one_redactor_fails_the_other_goes_on",),
    ),
)
