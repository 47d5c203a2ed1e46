"""
Faults in what ends tokens before they expire, and in what clients are told of them.
"""

from typing import Final

from tests.mutants.mutant import Mutant

MODEL: Final = "acl/model/revocations.py"
RULE: Final = "acl/identity/revocation.py"
BOARD: Final = "acl/registry/revoking.py"
AUTHORIZE: Final = "retrieval/authorize.py"
STATEMENTS: Final = "acl/identity/statements.py"
EVENTS: Final = "acl/identity/security_events.py"
LOGOUTS: Final = "acl/identity/logouts.py"
SUBJECTS: Final = "acl/identity/subjects.py"

IN_MODEL: Final = "tests/acl/model/test_revocations.py"
IN_BOARD: Final = "tests/acl/registry/test_revoking.py"
IN_STATEMENTS: Final = "tests/acl/identity/test_statements.py"
IN_EVENTS: Final = "tests/end_to_end/test_events.py"
IN_CHALLENGES: Final = "tests/end_to_end/test_challenges.py"
SPOILED_EVENT: Final = (f"{IN_STATEMENTS}::test_a_spoiled_event_is_refused_with_its_code",)
SPOILED_LOGOUT: Final = (f"{IN_STATEMENTS}::test_a_spoiled_logout_is_refused",)
AT_ONCE: Final = (f"{IN_BOARD}::test_what_is_revoked_holds_at_once_and_for_nobody_else",)

REVOCATION: Final = (
    Mutant(
        "revocation-moves-back",
        MODEL,
        "max(self.not_before, moment)",
        "moment",
        "A revocation that arrives late lets in again what a newer one had ended.",
        (f"{IN_MODEL}::test_not_before_only_moves_forward",),
    ),
    Mutant(
        "revocation-of-the-same-second-let-in",
        MODEL,
        "issued_at is None or issued_at <= self.not_before",
        "issued_at is None or issued_at < self.not_before",
        "A token of the very second of its revocation goes on counting.",
        (f"{IN_MODEL}::test_a_token_of_that_moment_or_earlier_is_refused",),
    ),
    Mutant(
        "revocation-of-undated-token-let-in",
        MODEL,
        "issued_at is None or issued_at <= self.not_before",
        "issued_at is not None and issued_at <= self.not_before",
        "A token that does not say when it was issued cannot be revoked.",
        (f"{IN_MODEL}::test_a_token_of_that_moment_or_earlier_is_refused",),
    ),
    Mutant(
        "revocation-disabled-account-counts",
        MODEL,
        "frozenset({AccountState.DISABLED, AccountState.PURGED})",
        "frozenset({AccountState.PURGED})",
        "The tokens of a disabled account count.",
        (f"{IN_MODEL}::test_what_happened_later_decides_of_an_account",),
    ),
    Mutant(
        "revocation-purge-is-undone",
        MODEL,
        "    return state is AccountState.PURGED, at, state in REFUSED_ACCOUNTS\n",
        "    return False, at, state in REFUSED_ACCOUNTS\n",
        "An account that was purged is brought back by its issuer.",
        (f"{IN_MODEL}::test_what_happened_later_decides_of_an_account",),
    ),
    Mutant(
        "revocation-older-event-wins",
        MODEL,
        "    return state is AccountState.PURGED, at, state in REFUSED_ACCOUNTS\n",
        "    return state is AccountState.PURGED, at, state not in REFUSED_ACCOUNTS\n",
        "Enabled and disabled at one moment is enabled.",
        (f"{IN_MODEL}::test_what_happened_later_decides_of_an_account",),
    ),
    Mutant(
        "revocation-not-asked",
        AUTHORIZE,
        "            lambda connection: self.revocation.require_in_force(reader, connection)\n",
        "            lambda connection: None\n",
        "Readers go on with revoked tokens.",
        ("tests/retrieval/test_authorize.py::test_a_revoked_token_proves_nothing",),
    ),
    Mutant(
        "revocation-scope-told-first",
        AUTHORIZE,
        "        # In the transaction of the epoch, and before anything that tells tokens apart.\n",
        "        if needs not in reader.scopes:\n            raise InsufficientScopeError(needs)\n",
        "A revoked token without the scope is told so, and so that it was good.",
        ("tests/retrieval/test_authorize.py::test_a_revoked_token_proves_nothing",),
    ),
    Mutant(
        "revocation-refusal-told-first",
        "acl/identity/tokens.py",
        "            refused = error.diagnostics()\n",
        "            raise\n",
        "A revoked token of an agent that is not listed is told so, and so that it was good.",
        (f"{IN_EVENTS}::test_a_revoked_token_looks_like_any_refused_one",),
    ),
    Mutant(
        "revocation-refused-reader-let-in",
        RULE,
        "        reader.require_accepted()\n",
        "",
        "A client that is not listed is told that it lacks a scope, and asks for more.",
        (
            "tests/security/test_for_whom_over_http.py::test_groups_that_did_not_fit_refuse_the_request",
        ),
    ),
    Mutant(
        "revocation-explained-to-whom-it-hit",
        "retrieval/answer.py",
        "meanwhile learns nothing.\n        may = self.authorizer.authorize(",
        "meanwhile learns nothing.\n        dict(operator=",
        "An operator whose token was revoked meanwhile is told who may read what.",
        (f"{IN_EVENTS}::test_a_request_that_is_underway_is_refused",),
    ),
    Mutant(
        "revocation-push-not-asked",
        "readership/staying.py",
        "            self.revocation.require_in_force(reader, connection)\n",
        "",
        "A push client goes on with a revoked token.",
        (f"{IN_EVENTS}::test_a_revoked_token_is_refused_on_every_route",),
    ),
    Mutant(
        "revocation-session-ignored",
        RULE,
        "(SESSION, reader.claims.get(SESSION))]",
        "]",
        "Tokens of a session that was ended go on counting.",
        (f"{IN_BOARD}::test_a_session_and_an_issuer_end_too",),
    ),
    Mutant(
        "revocation-issuer-ignored",
        MODEL,
        "    return frozenset((TokensOf(issuer), *by_claim))\n",
        "    return frozenset(by_claim)\n",
        "A whole issuer cannot be revoked.",
        (f"{IN_BOARD}::test_a_session_and_an_issuer_end_too",),
    ),
    Mutant(
        "revocation-unnamed-person-let-in",
        RULE,
        "            if address is None or well_named(folded(address)) is None:\n",
        "            if address is None:\n                continue\n            if False:\n",
        "A token without the address by which people are revoked cannot be revoked.",
        (f"{IN_BOARD}::test_a_token_that_does_not_say_by_what_it_is_revoked_is_refused",),
    ),
    Mutant(
        "revocation-without-epoch",
        BOARD,
        "    epoch = next_epoch(connection, now=now)\n",
        "    epoch = Epoch(0)\n",
        "A request that is underway is answered although its token was revoked meanwhile.",
        (f"{IN_BOARD}::test_each_change_begins_an_epoch_and_nothing_else_does",),
    ),
    Mutant(
        "revocation-issuer-not-compared",
        "acl/registry/revocations.py",
        '            columns.issuer == bindparam(f"issuer_{n}"),\n',
        '            bindparam(f"issuer_{n}") != "",\n',
        "An issuer's subject is revoked with another's of the same name.",
        AT_ONCE,
    ),
    Mutant(
        "revocation-disabled-account-forgotten",
        BOARD,
        "    return columns.changed_at < now - REMEMBERED, columns.account.not_in(refused)\n",
        "    return (columns.changed_at < now - REMEMBERED,)\n",
        "A disabled account counts again after some days.",
        (f"{IN_BOARD}::test_what_has_expired_is_forgotten_and_accounts_are_not",),
    ),
    Mutant(
        "statement-counts-twice",
        BOARD,
        "                if connection.execute(_made(statement)).first() is not None:\n",
        "                if False:\n",
        "A repeated statement is taken in again.",
        (f"{IN_BOARD}::test_a_statement_counts_once_and_with_all_that_it_says",),
    ),
    Mutant(
        "statement-of-any-kind-is-known",
        BOARD,
        "        columns.kind == statement.kind,\n",
        "",
        "A logout is not taken in because an event had its number.",
        (f"{IN_BOARD}::test_a_statement_counts_once_and_with_all_that_it_says",),
    ),
    Mutant(
        "statement-forgotten-early",
        BOARD,
        "columns.received_at < now - REMEMBERED",
        "columns.received_at <= now - REMEMBERED",
        "A statement is forgotten while it could still be repeated.",
        (f"{IN_BOARD}::test_old_statements_are_forgotten",),
    ),
    Mutant(
        "event-of-any-type",
        EVENTS,
        'frozenset({"secevent+jwt", "application/secevent+jwt"})',
        'frozenset({"secevent+jwt", "application/secevent+jwt", "jwt", "at+jwt", "logout+jwt"})',
        "What is no security event is taken for one.",
        SPOILED_EVENT,
    ),
    Mutant(
        "statement-for-anybody",
        "acl/identity/tokens.py",
        "        said.check_audience(claims, accepted=trusted.audiences)  # step 9\n",
        "",
        "A statement that was meant for another receiver is taken in.",
        (*SPOILED_EVENT, *SPOILED_LOGOUT),
    ),
    Mutant(
        "event-with-exp-and-sub",
        EVENTS,
        '{"exp", "sub"} & claims.keys()',
        "set[str]()",
        "An event may look like an access token.",
        SPOILED_EVENT,
    ),
    Mutant(
        "event-of-any-age",
        EVENTS,
        '        require(moment >= now - MAX_AGE, f"iat is older than {MAX_AGE.days} days")\n',
        "",
        "An event that was forgotten is taken in again.",
        SPOILED_EVENT,
    ),
    Mutant(
        "event-from-the-future",
        EVENTS,
        '        require(moment <= now + self.leeway, "iat is in the future")\n',
        "",
        "An event keeps people out until a moment that has not come.",
        SPOILED_EVENT,
    ),
    Mutant(
        "event-stamp-unbounded",
        EVENTS,
        "        since = min(max(stamp, stated_at.timestamp()), latest.timestamp())\n",
        "        since = max(stamp, stated_at.timestamp())\n",
        "An event's stamp keeps people out for years.",
        (f"{IN_STATEMENTS}::test_the_later_of_saying_and_happening_counts",),
    ),
    Mutant(
        "event-account-of-a-session",
        EVENTS,
        '    require(tokens.claim != SESSION, "a session has no account; name the user")\n',
        "",
        "Disabling a session keeps out everybody whose token names none.",
        (f"{IN_STATEMENTS}::test_a_session_has_no_account",),
    ),
    Mutant(
        "event-disables-without-cutting",
        EVENTS,
        "    return CutOff(tokens, since), AccountChange(tokens, state, since)\n",
        "    return (AccountChange(tokens, state, since),)\n",
        "Tokens from before an account was disabled count when it is enabled.",
        (f"{IN_STATEMENTS}::test_these_events_are_about_accounts",),
    ),
    Mutant(
        "subject-of-any-issuer",
        SUBJECTS,
        "        require(issuer in self.issuers,",
        "        require(bool(issuer),",
        "A transmitter speaks for the subjects of others.",
        (f"{IN_STATEMENTS}::test_a_subject_that_is_not_beyond_doubt_is_refused",),
    ),
    Mutant(
        "subject-address-by-case",
        SUBJECTS,
        "        if not giving:\n",
        "        if giving and not address:\n",
        "An event about Alice@Example.com leaves alice@example.com in.",
        (f"{IN_BOARD}::test_an_address_ends_tokens_however_it_is_spelled",),
    ),
    Mutant(
        "subject-address-given-back-by-case",
        SUBJECTS,
        "        if not giving:\n",
        "        if address:\n",
        "Whoever's address differs in case only is let in with another's account.",
        (
            (
                f"{IN_STATEMENTS}"
                "::test_an_address_is_matched_without_case_to_take_and_byte_for_byte_to_give"
            ),
        ),
    ),
    Mutant(
        "revocation-address-by-case",
        RULE,
        "            stated += [(claim, address), (claim, folded(address))]\n",
        "            stated += [(claim, address)]\n",
        "A token whose address has capitals is not revoked.",
        (f"{IN_BOARD}::test_an_address_ends_tokens_however_it_is_spelled",),
    ),
    Mutant(
        "subject-session-by-name-alone",
        SUBJECTS,
        "    return TokensOf(issuer, SESSION, session), TokensOf(issuer, SESSION)\n",
        "    return (TokensOf(issuer, SESSION, session),)\n",
        "A session ends, and its tokens that do not name it go on.",
        (f"{IN_STATEMENTS}::test_a_logout_ends_a_subject_or_a_session",),
    ),
    Mutant(
        "logout-of-any-type",
        LOGOUTS,
        'frozenset({"logout+jwt", "application/logout+jwt"})',
        'frozenset({"logout+jwt", "application/logout+jwt", "jwt"})',
        "An ID token is taken for a logout.",
        SPOILED_LOGOUT,
    ),
    Mutant(
        "logout-with-nonce",
        LOGOUTS,
        '        require("nonce" not in claims, "a logout token has no nonce")\n',
        "",
        "An ID token that says it is a logout is taken for one.",
        SPOILED_LOGOUT,
    ),
    Mutant(
        "logout-without-event",
        LOGOUTS,
        '        require(LOGOUT_EVENT in events, "there is no logout event")\n',
        "",
        "Another statement of the issuer is taken for a logout.",
        SPOILED_LOGOUT,
    ),
    Mutant(
        "logout-expired",
        LOGOUTS,
        '        require(expires > now - self.leeway, "it has expired")\n',
        "",
        "A logout token counts for ever.",
        SPOILED_LOGOUT,
    ),
    Mutant(
        "logout-repeated-in-silence",
        "readership/event_desk.py",
        "        if applied.repeated:\n            msg",
        "        if False:\n            msg",
        "Whoever repeats a logout token is told that somebody was logged out.",
        (f"{IN_EVENTS}::test_a_repeated_event_is_acknowledged_and_a_repeated_logout_is_not",),
    ),
    Mutant(
        "statement-media-type-any",
        "readership/event_routes.py",
        '    if len(named) != 1 or named[0].partition(";")[0].strip().lower() != media_type:\n',
        "    if len(named) != 1:\n",
        "A page can make a browser post a statement as plain text.",
        (f"{IN_EVENTS}::test_only_the_right_media_type_is_read",),
    ),
    Mutant(
        "challenge-error-without-token",
        "retrieval/api/problems.py",
        "                return f'Bearer {common}, scope=\"{wanted}\"'\n",
        '                return f\'Bearer error="invalid_token", {common}, scope="{wanted}"\'\n',
        "A client that has sent no token is told that its token is wrong, and gives up.",
        (f"{IN_CHALLENGES}::test_each_challenge_is_exactly_this",),
    ),
    Mutant(
        "challenge-scope-without-prefix",
        "retrieval/api/problems.py",
        "        wanted = self.names.asked_as(*(operation or self.default_scope).split())\n",
        "        wanted = operation or self.default_scope\n",
        "Clients of Entra ID ask for a scope that it does not know.",
        (f"{IN_CHALLENGES}::test_scopes_are_asked_for_as_the_issuer_names_them",),
    ),
    Mutant(
        "scope-of-another-application",
        "acl/model/scopes.py",
        "one.removeprefix(self.prefix) for one in granted",
        'one.rpartition("/")[2] for one in granted',
        "A scope of another application opens this one.",
        (f"{IN_CHALLENGES}::test_a_prefix_is_put_before_and_taken_off",),
    ),
    Mutant(
        "metadata-for-any-path",
        "retrieval/api/routes.py",
        '        if f"/{named}" != path:\n',
        "        if False:\n",
        "The metadata are given out for resources that are not here.",
        (f"{IN_CHALLENGES}::test_the_metadata_says_where_tokens_come_from_and_what_to_ask_for",),
    ),
)
