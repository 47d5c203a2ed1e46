"""
Faults in cursors, in the route for OpenAI's clients, and in the page for readers.
"""

from typing import Final

from tests.mutants.mutant import Mutant

NOTES: Final = "retrieval/notes.py"
CURSOR: Final = "retrieval/cursors.py"
STORES: Final = "retrieval/api/store_schemas.py"
FILTERS: Final = "retrieval/api/store_filters.py"
ID_TOKENS: Final = "acl/identity/id_tokens.py"
SIGN_IN: Final = "retrieval/console/sign_in.py"
CITATIONS: Final = "retrieval/console/citations.py"
PAGES: Final = "retrieval/console/pages.py"
SESSIONS: Final = "retrieval/console/sessions.py"
OWN_COOKIES: Final = "retrieval/console/cookies.py"
PROVIDER: Final = "retrieval/console/provider.py"
ROUTES: Final = "retrieval/console/routes.py"
RESPONSES: Final = "retrieval/responses.py"

IN_NOTES: Final = "tests/retrieval/test_notes.py"
FOREIGN_NOTE: Final = (f"{IN_NOTES}::test_a_note_for_something_else_is_refused",)
ALTERED_NOTE: Final = (f"{IN_NOTES}::test_an_altered_note_is_refused",)
IN_CURSORS: Final = (
    "tests/security/test_cursors.py::test_a_cursor_that_is_not_ones_own_is_one_refusal",
)
IN_STORES: Final = "tests/security/test_vector_stores.py"
STORE: Final = (f"{IN_STORES}::test_a_store_is_a_source_or_all",)
CHOOSING: Final = (f"{IN_STORES}::test_filters_choose_among_sources",)
WIDENING: Final = (f"{IN_STORES}::test_no_filter_widens",)
IN_ID_TOKENS: Final = ("tests/acl/identity/test_id_tokens.py::test_a_spoiled_one_names_nobody",)
IN_SIGN_IN: Final = "tests/retrieval/console/test_sign_in.py"
GOOD_ANSWER: Final = (f"{IN_SIGN_IN}::test_a_good_answer_signs_somebody_in",)
BAD_ANSWER: Final = (f"{IN_SIGN_IN}::test_what_proves_nothing_signs_nobody_in",)
FOREIGN_ANSWER: Final = (
    f"{IN_SIGN_IN}::test_nothing_is_sent_to_the_issuer_for_an_answer_that_is_not_its_own",
)
IN_WAYS: Final = (
    "tests/retrieval/console/test_ways.py::test_how_many_gates_and_entries_there_are_does_not_show",
)
IN_PAGES: Final = (
    "tests/retrieval/console/test_pages.py::test_a_hostile_text_changes_no_element_of_the_page",
)

IN_ATTACKS: Final = "tests/security/test_page_attacks.py"
IN_SESSIONS: Final = "tests/security/test_page_sessions.py"
IN_STRANGERS: Final = "tests/security/test_page_strangers.py"
IN_FACES: Final = "tests/security/test_every_face.py"
HARDENED: Final = (
    f"{IN_SESSIONS}::test_every_answer_is_framed_by_nobody_kept_nowhere_and_sends_no_referrer",
)
COOKIES: Final = (
    f"{IN_SESSIONS}::test_cookies_are_of_this_host_over_tls_and_out_of_reach_of_scripts",
)
SIGNING_OUT: Final = (f"{IN_SESSIONS}::test_only_a_form_of_this_session_signs_out",)
AT_EVERY_FACE: Final = (f"{IN_FACES}::test_what_does_not_fit_leaves_by_no_face",)
VERIFYING: Final = (f"{IN_FACES}::test_a_page_for_openais_client_verifies_as_it_came",)

CURSORS: Final = (
    Mutant(
        "note-never-ends",
        NOTES,
        "        if until <= self._clock().timestamp():\n            raise NoteRefusedError\n",
        "        del until\n",
        "A cursor, and a session, lasts for ever.",
        FOREIGN_NOTE,
    ),
    Mutant(
        "note-of-any-purpose",
        NOTES,
        'info = b"readership note: " + purpose.encode()',
        'info = b"readership note: "',
        "A cursor passes for a session.",
        FOREIGN_NOTE,
    ),
    Mutant(
        "note-in-several-spellings",
        NOTES,
        "            if _spelt(sealed) != note:\n                raise NoteRefusedError\n",
        "",
        "An altered cursor is taken.",
        ALTERED_NOTE,
    ),
    Mutant(
        "cursor-of-any-reader",
        CURSOR,
        "asked = [reader.issuer, reader.subject, reader.client,",
        "asked = [reader.issuer, reader.client,",
        "A reader goes on where another has stopped.",
        IN_CURSORS,
    ),
    Mutant(
        "cursor-of-any-question",
        CURSOR,
        "list(reader.actors), *question]",
        "list(reader.actors)]",
        "A cursor leads into another question's answer.",
        IN_CURSORS,
    ),
)

STORE_FAULTS: Final = (
    Mutant(
        "store-ignored",
        STORES,
        "everything if store == EVERYTHING else everything & {store}",
        "everything",
        "Whoever asks one source is answered from all.",
        STORE,
    ),
    Mutant(
        "store-widened-by-filter",
        STORES,
        "chosen &= self.filters.chosen(everything)",
        "chosen |= self.filters.chosen(everything)",
        "A filter widens what is searched.",
        WIDENING,
    ),
    Mutant(
        "store-filter-of-nothing-passed-over",
        STORES,
        "text, self.max_num_results, tuple(sorted(chosen)), cursor=self.page",
        "text, self.max_num_results, tuple(sorted(chosen)) or None, cursor=self.page",
        "A filter that chooses nothing chooses everything.",
        WIDENING,
    ),
    Mutant(
        "store-filter-inverted-wrongly",
        FILTERS,
        'return known & {self.value} if self.type == "eq" else known - {self.value}',
        "return known & {self.value}",
        "Any source but one is that one.",
        CHOOSING,
    ),
)

PAGE_FAULTS: Final = (
    Mutant(
        "id-token-of-another-request",
        ID_TOKENS,
        '    refuse(not same, "ID token: nonce is not this request\'s")\n',
        "    del same\n",
        "A sign-in that was overheard is used by somebody else.",
        IN_ID_TOKENS,
    ),
    Mutant(
        "id-token-of-another-client",
        ID_TOKENS,
        "    _check_audience(claims, client)  # step 4\n",
        "",
        "A token that another application got signs somebody in here.",
        IN_ID_TOKENS,
    ),
    Mutant(
        "id-token-of-another-kind",
        ID_TOKENS,
        '    refuse(str(header.get("typ", "JWT")).lower() != "jwt", "ID token: typ")  # step 2\n',
        "",
        "An access token passes for an ID token.",
        IN_ID_TOKENS,
    ),
    Mutant(
        "sign-in-of-another-issuer",
        SIGN_IN,
        "        if named != self.trusted.issuer and (\n",
        "        if named == self.trusted.issuer and (\n",
        "A code of another issuer is sent to this one (RFC 9207).",
        FOREIGN_ANSWER,
    ),
    Mutant(
        "sign-in-with-another-clients-token",
        SIGN_IN,
        "        if (reader.issuer, reader.client) != (self.trusted.issuer, client):\n",
        "        if reader.issuer != self.trusted.issuer:\n",
        "A token that was issued to another client becomes a session.",
        BAD_ANSWER,
    ),
    Mutant(
        "sign-in-with-another-issuers-token",
        SIGN_IN,
        "        if (reader.issuer, reader.client) != (self.trusted.issuer, client):\n",
        "        if reader.client != client:\n",
        "Whoever is alice at another issuer is alice here.",
        (f"{IN_SIGN_IN}::test_a_token_of_another_trusted_issuer_signs_nobody_in",),
    ),
    Mutant(
        "sign-in-without-verifier",
        SIGN_IN,
        "            code_verifier=begun.verifier,\n",
        "",
        "A code that was stolen could be used by whoever has it.",
        GOOD_ANSWER,
    ),
    Mutant(
        "page-counts-gates",
        CITATIONS,
        "    return tuple(way for way in Way if way in taken)\n",
        "    return tuple(_WAYS[one.principal.kind] for one in openings)\n",
        "A reader sees how many rules a source has.",
        IN_WAYS,
    ),
    Mutant(
        "page-unescaped",
        PAGES,
        "autoescape=True",
        "autoescape=False",
        "A document's text becomes part of the page.",
        IN_PAGES,
    ),
)

SESSION_FAULTS: Final = (
    Mutant(
        "sign-in-that-any-browser-finishes",
        SESSIONS,
        " if secrets.compare_digest(found.state.encode(), state.encode()) else None\n",
        "\n",
        "A sign-in is finished with the state of another.",
        (f"{IN_ATTACKS}::test_what_was_begun_is_found_by_its_own_state_alone",),
    ),
    Mutant(
        "sign-in-that-is-not-used-up",
        ROUTES,
        "            self.sessions.finished(response, state)\n",
        "            pass\n",
        "State, nonce and verifier serve twice.",
        (f"{IN_ATTACKS}::test_an_answer_is_used_up",),
    ),
    Mutant(
        "sign-in-that-lasts",
        SESSIONS,
        "sealed = self.notes.written(_BEGUN, content, lasting=MAX_SIGN_IN)",
        "sealed = self.notes.written(_BEGUN, content, lasting=MAX_SESSION)",
        "An answer from long ago signs somebody in.",
        (f"{IN_ATTACKS}::test_a_sign_in_ends_when_it_takes_too_long",),
    ),
    Mutant(
        "sign-in-by-one-draw",
        SESSIONS,
        "        state, nonce, verifier = (secrets.token_urlsafe(48) for _ in range(3))\n",
        "        state = nonce = verifier = secrets.token_urlsafe(48)\n",
        "Whoever sees the address knows the verifier of the code.",
        (f"{IN_ATTACKS}::test_nothing_of_a_sign_in_is_used_in_another",),
    ),
    Mutant(
        "session-beside-one-that-was-planted",
        SESSIONS,
        "            else:\n                _drop(response, _part(number))\n",
        "",
        "What an attacker planted stays beside the new session.",
        (f"{IN_ATTACKS}::test_a_session_that_was_planted_is_not_taken_over",),
    ),
    Mutant(
        "page-of-any-name",
        ROUTES,
        "    return passage if _PASSAGE_ID.fullmatch(passage) else NO_PASSAGE\n",
        "    return passage\n",
        "Whatever somebody writes into an address comes back in another.",
        (f"{IN_ATTACKS}::test_nobody_is_led_elsewhere",),
    ),
    Mutant(
        "page-that-can-be-framed",
        PAGES,
        "\"base-uri 'none'; frame-ancestors 'none'\"",
        "\"base-uri 'none'\"",
        "Another site lays its own page over this one.",
        HARDENED,
    ),
    Mutant(
        "page-that-is-kept",
        "retrieval/api/limits.py",
        '    (b"cache-control", b"no-store"),\n',
        "",
        "Whoever sits down at the browser next goes back to the page.",
        HARDENED,
    ),
    Mutant(
        "cookie-that-scripts-read",
        SESSIONS,
        'secure=True, httponly=True, samesite="lax"\n    )\n\n\ndef _drop',
        'secure=True, samesite="lax"\n    )\n\n\ndef _drop',
        "A script that got in somehow takes the session with it.",
        COOKIES,
    ),
    Mutant(
        "cookie-in-the-clear",
        SESSIONS,
        'secure=True, httponly=True, samesite="lax"\n    )\n\n\ndef _drop',
        'httponly=True, samesite="lax"\n    )\n\n\ndef _drop',
        "The session is sent over plain HTTP.",
        COOKIES,
    ),
    Mutant(
        "cookie-for-foreign-forms",
        SESSIONS,
        'secure=True, httponly=True, samesite="lax"\n    )\n\n\ndef _drop',
        'secure=True, httponly=True, samesite="none"\n    )\n\n\ndef _drop',
        "Another site's requests carry the session.",
        COOKIES,
    ),
    Mutant(
        "cookie-of-any-host",
        OWN_COOKIES,
        'SESSION_COOKIE: Final = "__Host-readership-session"',
        'SESSION_COOKIE: Final = "readership-session"',
        "A neighbouring host plants a session.",
        COOKIES,
    ),
    Mutant(
        "cookie-of-a-neighbour",
        OWN_COOKIES,
        '        one.strip(" \\t").partition("=")\n',
        '        one.strip().partition("=")\n',
        "A neighbouring host plants a session, under a name that begins with a no-break space.",
        (f"{IN_STRANGERS}::test_a_neighbour_plants_no_session",),
    ),
    Mutant(
        "cookie-that-stands-twice",
        OWN_COOKIES,
        "if times[name] == 1 and _OURS.fullmatch(name)",
        "if _OURS.fullmatch(name)",
        "Of two sessions that a browser cannot both keep, the latter counts.",
        (f"{IN_STRANGERS}::test_a_name_that_stands_twice_is_nobodys",),
    ),
    Mutant(
        "cookie-of-any-name",
        OWN_COOKIES,
        "if times[name] == 1 and _OURS.fullmatch(name)",
        "if times[name] == 1",
        "A name that can be no cookie's makes the page fail.",
        (f"{IN_STRANGERS}::test_no_foreign_name_is_answered",),
    ),
    Mutant(
        "page-reads-every-parameter",
        ROUTES,
        "request.query_params.getlist(name) for name in PARAMETERS}",
        "request.query_params.getlist(name) for name in {*PARAMETERS, *request.query_params}}",
        "A stranger's address full of parameters keeps a processor busy for seconds.",
        (f"{IN_STRANGERS}::test_of_a_strangers_parameters_only_ours_are_looked_at",),
    ),
    Mutant(
        "everybody-waits-for-the-issuer",
        PROVIDER,
        "        if not self._waiting.acquire(blocking=False):\n",
        "        if not self._waiting.acquire():\n",
        "Strangers at the page occupy every thread while the issuer is slow.",
        (f"{IN_STRANGERS}::test_few_wait_for_an_issuer_that_does_not_answer",),
    ),
    Mutant(
        "sign-ins-wait-for-each-other",
        SIGN_IN,
        "        if not self.asking.acquire(blocking=False):\n",
        "        if not self.asking.acquire(timeout=1.0):\n",
        "Codes that are made up occupy every thread.",
        (f"{IN_STRANGERS}::test_nobody_waits_until_codes_of_others_were_exchanged",),
    ),
    Mutant(
        "session-without-end",
        SESSIONS,
        "        lasting = min(until - now, MAX_SESSION)\n",
        "        lasting = until - now\n",
        "A browser stays signed in for as long as a long token.",
        (f"{IN_SESSIONS}::test_a_session_lasts_no_longer_than_it_may",),
    ),
    Mutant(
        "sign-ins-without-number",
        SESSIONS,
        "        for name in before[: 1 - MAX_BEGUN]:\n",
        "        for name in before[:0]:\n",
        "Another site fills the browser's headers until nothing gets through.",
        (f"{IN_SESSIONS}::test_many_pages_at_once_fill_no_header",),
    ),
    Mutant(
        "sign-out-by-foreign-form",
        ROUTES,
        "        if not _sent_by_us(session, body):\n",
        "        if session is None:\n",
        "Another site signs readers out.",
        SIGNING_OUT,
    ),
    Mutant(
        "page-without-limits",
        CITATIONS,
        "        reader = self._admitted(credentials)\n",
        "        reader = self.welcome(credentials)\n",
        "Who may ask no more goes on reading at the page.",
        AT_EVERY_FACE,
    ),
    Mutant(
        "store-page-with-any-text",
        RESPONSES,
        'or [_digest(_object(one).get("text")) for one in texts] != [stated.sha256]',
        'or stated.sha256 not in [_digest(_object(one).get("text")) for one in texts]',
        "A text that was added to a result passes for one that was released.",
        VERIFYING,
    ),
    Mutant(
        "store-page-under-any-name",
        RESPONSES,
        '        or result["filename"] != (title or said.get("document"))\n',
        "",
        "A result is shown under a name that it was not released under.",
        VERIFYING,
    ),
)
