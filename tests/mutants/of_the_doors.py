"""
Faults in the first and the last door, and in the path of a question between them.
"""

from typing import Final

from tests.mutants.mutant import Mutant

ADMITTING: Final = "retrieval/api/admitting.py"
AUTHORIZE: Final = "retrieval/authorize.py"
RECHECK: Final = "retrieval/recheck.py"
UNSEAL: Final = "retrieval/unseal.py"
ANSWER: Final = "retrieval/answer.py"
PAGE: Final = "retrieval/page.py"

IN_ADMITTING: Final = "tests/security/test_admitting.py"
IN_AUTHORIZE: Final = "tests/retrieval/test_authorize.py"
IN_RECHECK: Final = "tests/retrieval/test_recheck.py"
IN_DISCREPANCIES: Final = "tests/retrieval/test_discrepancies.py"
IN_ANSWER: Final = "tests/end_to_end/test_one_epoch.py"
IN_ALARM: Final = "tests/security/test_door_alarm.py"
IN_HOPS: Final = "tests/security/test_every_hop.py"
IN_NEW_ENEMY: Final = "tests/security/test_new_enemy.py"
STRADDLING: Final = (
    f"{IN_NEW_ENEMY}::test_without_its_guards_a_request_that_began_before_gets_the_secret",
)
FRESH: Final = (f"{IN_AUTHORIZE}::test_a_source_is_searched_while_its_permissions_are_fresh",)

FIRST_DOOR: Final = (
    Mutant(
        "admitting-after-reading",
        ADMITTING,
        "                came = presented_by(request)\n",
        "                came, _ = presented_by(request), await request.body()\n",
        "A stranger's body is read, and faults are looked for in it.",
        (f"{IN_ADMITTING}::test_no_body_of_a_stranger_is_read",),
    ),
    Mutant(
        "admitting-malformed-before-unwelcome",
        ADMITTING,
        "                    await to_thread.run_sync(room.authorizer.require_welcome, reader)\n",
        "",
        "Whoever was revoked or switched off is told what is wrong with their request.",
        (f"{IN_ADMITTING}::test_whoever_was_shut_out_is_not_told_what_is_malformed",),
    ),
    Mutant(
        "admitting-unreadable-before-unwelcome",
        ADMITTING,
        "                except (RequestValidationError, HTTPException):\n",
        "                except RequestValidationError:\n",
        "Whoever was revoked is told that no parser could read what they sent.",
        (f"{IN_ADMITTING}::test_whoever_was_shut_out_is_not_told_what_is_malformed",),
    ),
    Mutant(
        "every-fault-told",
        "retrieval/api/problems.py",
        "        for one in found[:MAX_FAULTS]\n",
        "        for one in found\n",
        "A malformed request is answered with many times its length.",
        (f"{IN_ADMITTING}::test_few_of_many_faults_are_told",),
    ),
    Mutant(
        "authorize-scope-of-token-unchecked",
        AUTHORIZE,
        "        if needs not in reader.scopes:\n            raise InsufficientScopeError(needs)\n",
        "",
        "A token for something else is enough to search.",
        (f"{IN_AUTHORIZE}::test_a_token_for_something_else_is_refused",),
    ),
    Mutant(
        "authorize-switched-reader-ignored",
        AUTHORIZE,
        "        require_switched_on(reader, view.switches)\n",
        "",
        "Whom an operator has switched off goes on reading.",
        (f"{IN_AUTHORIZE}::test_whoever_is_switched_off_is_refused",),
    ),
    Mutant(
        "authorize-switched-client-ignored",
        AUTHORIZE,
        "    if switches.client(reader.issuer, reader.client):\n",
        "    if switches.client(reader.issuer, reader.subject):\n",
        "A client that an operator has switched off goes on asking.",
        (f"{IN_AUTHORIZE}::test_whoever_is_switched_off_is_refused",),
    ),
    Mutant(
        "authorize-at-least-epoch-ignored",
        AUTHORIZE,
        "if at_least is not None and view.epoch < at_least:",
        "if at_least is not None and view.epoch + 1 < at_least:",
        "An answer is older than the client asked for.",
        (f"{IN_AUTHORIZE}::test_an_epoch_that_is_not_reached_is_refused",),
    ),
    Mutant(
        "authorize-blind-source-searched",
        AUTHORIZE,
        "            fresh_sources=self.budgets.fresh(currency, view.switches, now),\n",
        "            fresh_sources=frozenset(self.budgets.staleness),\n",
        "A source whose permissions are old is searched all the same.",
        FRESH,
    ),
    Mutant(
        "authorize-budget-unlimited",
        AUTHORIZE,
        "            and now - seen <= budget\n",
        "",
        "Permissions count for ever, once they have been read.",
        FRESH,
    ),
    Mutant(
        "authorize-future-is-fresh",
        AUTHORIZE,
        "            and timedelta(0) <= now - seen + timedelta(minutes=5)\n",
        "",
        "After a clock was put back, old permissions stay fresh for ever.",
        FRESH,
    ),
    Mutant(
        "authorize-switched-source-searched",
        AUTHORIZE,
        "            and name not in switches.sources()\n",
        "",
        "A source that an operator has switched off is searched.",
        (f"{IN_AUTHORIZE}::test_a_source_that_is_off_is_not_searched",),
    ),
    Mutant(
        "authorize-unsettled-not-withheld",
        AUTHORIZE,
        "withheld=currency.unsettled | view.switched_off",
        "withheld=view.switched_off",
        "Documents whose index points lag behind are searched.",
        (f"{IN_AUTHORIZE}::test_what_is_withheld_is_left_out_of_the_scope",),
    ),
    Mutant(
        "authorize-switched-off-not-withheld",
        AUTHORIZE,
        "withheld=currency.unsettled | view.switched_off",
        "withheld=currency.unsettled",
        "A document that an operator has switched off is searched.",
        (f"{IN_AUTHORIZE}::test_what_is_withheld_is_left_out_of_the_scope",),
    ),
    Mutant(
        "authorize-empty-filter-is-none",
        AUTHORIZE,
        "        if sources is not None:\n",
        "        if sources:\n",
        "A question for no source at all searches every source.",
        (f"{IN_AUTHORIZE}::test_a_question_names_sources_to_stay_within",),
    ),
    Mutant(
        "authorize-no-ceiling",
        AUTHORIZE,
        "        ceiling = self.labels.ceiling(reader, now)\n",
        '        ceiling = LabelPolicy((), "").ceiling("", None)\n',
        "A client may carry away whatever its reader may read.",
        (f"{IN_AUTHORIZE}::test_a_scope_keeps_the_ceiling_of_its_request",),
    ),
)

LAST_DOOR: Final = (
    Mutant(
        "recheck-not-live",
        RECHECK,
        '    if statement.state is not DocumentState.LIVE:\n        yield "not live"\n',
        "",
        "A withdrawn document is released while another one keeps its ACL in force.",
        (f"{IN_RECHECK}::test_2_a_document_that_is_not_live_is_refused",),
    ),
    Mutant(
        "recheck-switched-off",
        RECHECK,
        '    if statement.key in present.view.switched_off:\n        yield "switched off"\n',
        "",
        "A document that was switched off is still fetched by its id.",
        (f"{IN_RECHECK}::test_2_a_document_that_is_switched_off_is_refused",),
    ),
    Mutant(
        "recheck-being-rewritten",
        RECHECK,
        "    if statement.key in present.currency.unsettled:\n        yield BEING_REWRITTEN\n",
        "",
        "A document is released while index and registry disagree about it.",
        (f"{IN_RECHECK}::test_2_a_document_that_is_being_rewritten_is_refused",),
    ),
    Mutant(
        "recheck-dark-source",
        RECHECK,
        "    if statement.source not in present.searchable:\n        yield SOURCE_IS_DARK\n",
        "",
        "A document of a source with old permissions is still fetched by its id.",
        (f"{IN_RECHECK}::test_3_a_source_that_went_dark_since_it_was_searched_is_refused",),
    ),
    Mutant(
        "recheck-source-of-the-scope-only",
        RECHECK,
        "        return self.authorized.scope.sources & self.fresh\n",
        "        return self.authorized.scope.sources\n",
        "A source that went dark during the search is released.",
        (f"{IN_RECHECK}::test_3_a_source_that_went_dark_since_it_was_searched_is_refused",),
    ),
    Mutant(
        "recheck-source-of-the-registry-only",
        RECHECK,
        "        return self.authorized.scope.sources & self.fresh\n",
        "        return self.fresh\n",
        "A source that the scope leaves out is released.",
        (f"{IN_RECHECK}::test_3_a_source_that_was_not_searched_is_refused",),
    ),
    Mutant(
        "recheck-above-the-ceiling",
        RECHECK,
        '    if not present.ceiling.covers(statement.label):\n        yield "above the ceiling"\n',
        "",
        "A document above the client's ceiling is fetched by its id.",
        (f"{IN_RECHECK}::test_5_a_label_above_the_ceiling_is_refused",),
    ),
    Mutant(
        "recheck-decision",
        RECHECK,
        "        case Deny():\n            yield DENIED\n",
        "        case Deny():\n            return\n",
        "What the index found is released without asking whether the reader may read it.",
        (f"{IN_RECHECK}::test_6_whoever_may_no_longer_read_is_refused",),
    ),
    Mutant(
        "recheck-any-revision",
        RECHECK,
        "        return (hit.revision, hit.acl_revision, hit.readership) == (\n"
        "            statement.revision,\n",
        "        return (statement.revision, hit.acl_revision, hit.readership) == (\n"
        "            statement.revision,\n",
        "A hit in an old text is released as the new one.",
        (f"{IN_RECHECK}::test_4_a_hit_that_names_something_else_than_the_registry_is_refused",),
    ),
    Mutant(
        "recheck-any-acl-revision",
        RECHECK,
        "        return (hit.revision, hit.acl_revision, hit.readership) == (\n",
        "        return (hit.revision, statement.acl_revision, hit.readership) == (\n",
        "A row of the registry that was rolled back as a whole goes unnoticed.",
        (f"{IN_RECHECK}::test_4_a_hit_that_names_something_else_than_the_registry_is_refused",),
    ),
    Mutant(
        "recheck-any-readership",
        RECHECK,
        "        return (hit.revision, hit.acl_revision, hit.readership) == (\n",
        "        return (hit.revision, hit.acl_revision, stated) == (\n",
        "An index that published the readership of another document goes unnoticed.",
        (f"{IN_RECHECK}::test_4_a_hit_that_names_something_else_than_the_registry_is_refused",),
    ),
    Mutant(
        "recheck-fetch-without-objections",
        RECHECK,
        "objections = list(_objections(found.statement, present))",
        'objections = [one for one in _objections(found.statement, present) if one == "denied"]',
        "Fetching by id asks for the ACL alone.",
        (f"{IN_RECHECK}::test_2_a_document_that_is_not_live_is_refused",),
    ),
    Mutant(
        "recheck-fetch-undecided",
        RECHECK,
        "objections = list(_objections(found.statement, present))",
        "objections = [found.statement.readership] * (not found.statement.readership)",
        "Whoever was shown an id, or guesses it, may fetch what it names.",
        (f"{IN_HOPS}::test_no_hop_leads_to_what_its_follower_may_not_read",),
    ),
)

DISCREPANCIES: Final = (
    Mutant(
        "discrepancy-at-another-epoch",
        RECHECK,
        "        if present.view.epoch != scope.epoch:\n            return True\n",
        "",
        "Every revocation that comes during a search raises an alarm.",
        (f"{IN_DISCREPANCIES}::test_a_new_epoch_explains_everything",),
    ),
    Mutant(
        "discrepancy-never-at-this-epoch",
        RECHECK,
        "        if present.view.epoch != scope.epoch:\n            return True\n",
        "        if present.view.epoch >= scope.epoch:\n            return True\n",
        "Doors that disagree raise no alarm.",
        (f"{IN_DISCREPANCIES}::test_what_the_scope_did_not_cover_is_a_discrepancy",),
    ),
    Mutant(
        "discrepancy-any-source",
        RECHECK,
        "            and statement.source in scope.sources\n",
        "",
        "A filter that forgets sources raises no alarm.",
        (f"{IN_DISCREPANCIES}::test_a_source_that_was_not_asked_for_is_a_discrepancy",),
    ),
    Mutant(
        "discrepancy-any-readership",
        RECHECK,
        "            and hit.readership in scope.readerships\n",
        "",
        "A filter that forgets readerships raises no alarm while a document is rewritten.",
        (f"{IN_DISCREPANCIES}::test_outside_the_scope_rewriting_explains_nothing",),
    ),
    Mutant(
        "discrepancy-nothing-withheld",
        RECHECK,
        "            and hit.document not in scope.withheld\n",
        "",
        "A filter that forgets what is withheld raises no alarm.",
        (f"{IN_DISCREPANCIES}::test_what_the_scope_did_not_cover_is_a_discrepancy",),
    ),
    Mutant(
        "discrepancy-every-denial-explained",
        RECHECK,
        "(present.now >= scope.expires_at or dark_now != dark_then)",
        "True",
        "Scopes that cover more than the decision permits raise no alarm.",
        (f"{IN_DISCREPANCIES}::test_a_scope_that_covers_too_much_is_a_discrepancy",),
    ),
    Mutant(
        "discrepancy-expiry-not-explained",
        RECHECK,
        "(present.now >= scope.expires_at or dark_now != dark_then)",
        "(dark_now != dark_then)",
        "A permission that expires during a search raises an alarm.",
        (f"{IN_DISCREPANCIES}::test_a_permission_that_expired_since_is_none",),
    ),
    Mutant(
        "discrepancy-groups-not-explained",
        RECHECK,
        "(present.now >= scope.expires_at or dark_now != dark_then)",
        "(present.now >= scope.expires_at)",
        "A source that goes dark during a search raises an alarm about those who name its groups.",
        (f"{IN_DISCREPANCIES}::test_groups_that_are_no_longer_known_are_none",),
    ),
    Mutant(
        "discrepancy-rewriting-not-explained",
        RECHECK,
        "        return inside and reason in {BEING_REWRITTEN, SOURCE_IS_DARK}\n",
        "        return inside and reason in {SOURCE_IS_DARK}\n",
        "A sync that begins during a search raises an alarm.",
        (f"{IN_DISCREPANCIES}::test_rewriting_that_has_begun_since_is_none",),
    ),
    Mutant(
        "discrepancy-everything-in-scope-explained",
        RECHECK,
        "        return inside and reason in {BEING_REWRITTEN, SOURCE_IS_DARK}\n",
        "        return inside\n",
        "An index that names another revision than the registry raises no alarm.",
        (f"{IN_DISCREPANCIES}::test_an_index_that_says_something_else_is_a_discrepancy",),
    ),
    Mutant(
        "discrepancy-without-alarm",
        ANSWER,
        "        _alarm(request_id, checked)\n",
        "",
        "Doors that disagree are recorded, and nobody is told.",
        (f"{IN_ALARM}::test_without_the_filter_the_alarm_goes_off",),
    ),
    Mutant(
        "discrepancy-without-record",
        ANSWER,
        '            "discrepancies": checked.discrepancies,\n',
        '            "discrepancies": {},\n',
        "An alarm that nobody heard leaves no trace.",
        (f"{IN_ALARM}::test_without_the_filter_the_alarm_goes_off",),
    ),
)

PATH: Final = (
    Mutant(
        "unseal-of-another-epoch",
        UNSEAL,
        "        if revision is not None and revision.epoch != epoch:\n",
        "        if revision is not None and revision.epoch < epoch:\n",
        "Who is shut out between recheck and unsealing gets the new address of an old text.",
        STRADDLING,
    ),
    Mutant(
        "unseal-whatever-is-stored",
        UNSEAL,
        "        if revision is None or revision.revision != statement.revision:\n"
        "            return None  # removed or replaced since the recheck\n"
        "        meaning = Meaning(self.tenant, statement.source, statement.document, "
        "statement.revision)\n",
        "        if revision is None:\n"
        "            return None\n"
        "        meaning = Meaning(self.tenant, statement.source, statement.document, "
        "revision.revision)\n",
        "A text is opened that is not the one which was rechecked.",
        STRADDLING,
    ),
    Mutant(
        "fetch-of-two-epochs",
        ANSWER,
        "        if epoch != may.scope.epoch:\n",
        "        if epoch < may.scope.epoch:\n",
        "A fetch is recorded at another epoch than the one that decided it.",
        (f"{IN_ANSWER}::test_what_is_not_found_is_recorded_at_the_epoch_that_decided",),
    ),
    Mutant(
        "answer-of-two-epochs",
        ANSWER,
        "        if checked.epoch != may.scope.epoch:\n",
        "        if checked.epoch < may.scope.epoch:\n",
        "What was searched under older permissions is answered under newer ones.",
        (
            f"{IN_ANSWER}::test_what_was_searched_under_older_permissions_is_searched_again",
            f"{IN_ANSWER}::test_permissions_that_never_stand_still_are_answered_with_nothing",
        ),
    ),
    Mutant(
        "answer-beyond-the-limit",
        ANSWER,
        "            released, waiting = waiting[:missing], waiting[missing:]\n",
        "            released, waiting = waiting, ()\n",
        "More is opened and released than was asked for.",
        (f"{IN_ANSWER}::test_no_more_is_opened_than_was_asked_for",),
    ),
    Mutant(
        "answer-without-record",
        ANSWER,
        "        self._record(leaving, parts, details)\n        return waybill\n",
        "        try:\n"
        "            self._record(leaving, parts, details)\n"
        "        except Exception:\n"
        "            pass\n"
        "        return waybill\n",
        "With a full disk, passages leave without a trace.",
        (f"{IN_ANSWER}::test_an_answer_that_cannot_be_recorded_is_none",),
    ),
    Mutant(
        "answer-records-what-was-found",
        ANSWER,
        "        self._record(leaving, parts, details)\n",
        "        self._record(leaving, (), details)\n",
        "The record says that nothing was released.",
        (f"{IN_ANSWER}::test_no_more_is_opened_than_was_asked_for",),
    ),
)
