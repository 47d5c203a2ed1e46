"""
Faults in cursors, in the route for OpenAI's clients, and in the page for readers.
"""

from typing import Final

from tests.mutants.mutant import Mutant

NOTES: Final = "retrieval/notes.py"
CURSOR: Final = "retrieval/cursors.py"
AMOUNT: Final = "retrieval/page.py"
STORES: Final = "retrieval/api/store_schemas.py"
FILTERS: Final = "retrieval/api/store_filters.py"
ID_TOKENS: Final = "acl/identity/id_tokens.py"
SIGN_IN: Final = "retrieval/console/sign_in.py"
CITATIONS: Final = "retrieval/console/citations.py"
PAGES: Final = "retrieval/console/pages.py"

IN_NOTES: Final = "tests/retrieval/test_notes.py"
FOREIGN_NOTE: Final = (f"{IN_NOTES}::test_a_note_for_something_else_is_refused",)
ALTERED_NOTE: Final = (f"{IN_NOTES}::test_an_altered_note_is_refused",)
IN_CURSORS: Final = (
    "tests/security/test_cursors.py::test_a_cursor_that_is_not_ones_own_is_one_refusal",
)
IN_ACTIONS: Final = ("tests/security/test_actions.py::test_no_response_is_longer_than_a_gpt_takes",)
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
    Mutant(
        "page-without-end",
        AMOUNT,
        "        if found and room < 0:\n            break\n",
        "",
        "An answer is longer than a GPT takes, and is lost whole.",
        IN_ACTIONS,
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
