"""
Faults in what is compared with signed provenance, and in what a check of an answer finds.
"""

from typing import Final

from tests.mutants.mutant import Mutant

STRICT: Final = "acl/model/strict_json.py"

FILTER: Final = "retrieval/output_filter.py"
CITING: Final = "retrieval/citing.py"
QUOTING: Final = "retrieval/quoting.py"
FOLDING: Final = "retrieval/folding.py"
RESPONSES: Final = "retrieval/responses.py"
DEPARTURE: Final = "retrieval/departure.py"
ROUTES: Final = "retrieval/api/proof_routes.py"

IN_EVASIONS: Final = "tests/retrieval/test_output_evasions.py"
QUOTED: Final = (f"{IN_EVASIONS}::test_quotations_are_found_however_they_are_marked",)
CITED: Final = (f"{IN_EVASIONS}::test_citations_are_found_however_they_are_written",)
PIECES: Final = (
    f"{IN_EVASIONS}::test_the_pieces_of_a_quotation_stand_in_their_order_from_word_to_word",
)
PARTED: Final = (f"{IN_EVASIONS}::test_nothing_that_stands_in_personal_data_hides_it",)
IN_VERDICTS: Final = "tests/security/test_verdicts.py"
FORGED: Final = (f"{IN_VERDICTS}::test_a_forged_response_does_not_verify",)
IN_HTTP: Final = "tests/security/test_checks_over_http.py"

PROOFS: Final = (
    Mutant(
        "half-a-pair-let-through",
        STRICT,
        "    if not half_pairs and _HALF.search(decoded):\n",
        "    if half_pairs and _HALF.search(decoded):\n",
        "A text that no UTF-8 can hold fails where it is digested.",
        (f"{IN_HTTP}::test_half_a_surrogate_pair_is_malformed",),
    ),
    Mutant(
        "check-gives-keyed-pseudonyms",
        FILTER,
        "            self._instead.append((span, NO_PERSONAL_DATA))\n",
        "            self._instead.append((span, redactor.redact(words.text).text))\n",
        "Whoever has a list of names learns which of them a passage speaks of.",
        (f"{IN_EVASIONS}::test_no_keyed_pseudonym_comes_back",),
    ),
    Mutant(
        "check-keeps-any-pseudonym",
        FILTER,
        "            if one[0] not in known:\n",
        "            if not one[0]:\n",
        "A pseudonym that somebody made up passes for one that was released.",
        (f"{IN_EVASIONS}::test_a_pseudonym_counts_where_a_released_text_has_it",),
    ),
    Mutant(
        "check-redacts-between-marks",
        FILTER,
        "        words = self._folded.without(sorted(apart))\n",
        "        words = self._folded\n",
        "A mark in the middle of an address keeps it from being found.",
        PARTED,
    ),
    Mutant(
        "check-accepts-what-it-has-not-compared",
        FILTER,
        "        if not all_of_them:\n",
        "        if not text:\n",
        "Enough small quotations hide a large one.",
        (f"{IN_EVASIONS}::test_what_is_too_much_to_compare_is_not_accepted",),
    ),
    Mutant(
        "check-takes-text-as-it-is-written",
        FOLDING,
        "            piece = visible(html.unescape(reference))\n",
        "            piece = reference\n",
        "A reference of HTML for a mark hides what is quoted.",
        (*QUOTED, *CITED),
    ),
    Mutant(
        "check-takes-each-form-for-another",
        FOLDING,
        'unicodedata.normalize("NFKC", text.translate(_ONE_FORM)).translate(_ONE_FORM)',
        "text",
        "Digits and brackets of another script make a citation unrecognisable.",
        CITED,
    ),
    Mutant(
        "citation-in-square-brackets-only",
        CITING,
        '        if text[at] in "[(":\n            brackets',
        '        if text[at] == "[":\n            brackets',
        "A citation in round brackets may name anything.",
        CITED,
    ),
    Mutant(
        "quotation-of-words-between-spaces-only",
        QUOTING,
        "    return words >= MIN_QUOTED_WORDS or characters + words >= MIN_QUOTED_CHARACTERS\n",
        "    return words >= MIN_QUOTED_WORDS\n",
        "Chinese and Japanese may be made up at any length.",
        QUOTED,
    ),
    Mutant(
        "quotation-in-any-order",
        QUOTING,
        "        at = found + len(piece) - 1\n",
        "        at = 0\n",
        "The sense of a text is turned by quoting its pieces in another order.",
        PIECES,
    ),
    Mutant(
        "quotation-of-single-words",
        QUOTING,
        "for text in [] if scraps else self._texts:",
        "for text in self._texts:",
        "Any sentence is put together from the words of a text.",
        PIECES,
    ),
    Mutant(
        "quotation-that-nobody-closes",
        QUOTING,
        "        if family[0] != _SINGLE:\n            yield from",
        "        if not family:\n            yield from",
        "Who leaves out the closing mark quotes what they like.",
        QUOTED,
    ),
    Mutant(
        "checks-in-the-common-pool",
        ROUTES,
        ", may, body.asked(), limiter=turns)",
        ", may, body.asked())",
        "A few checks keep every reader waiting.",
        (f"{IN_HTTP}::test_checks_leave_room_for_readers",),
    ),
    Mutant(
        "response-of-any-form",
        RESPONSES,
        "    if not response.keys() <= known:\n        yield FOREIGN\n    yield from (f",
        "    yield from (f",
        "What was added to a response is verified with it.",
        FORGED,
    ),
    Mutant(
        "response-that-lacks-what-was-stated",
        RESPONSES,
        "for name in sorted(known - _UNSTATED - response.keys()))",
        "for name in sorted(known - known))",
        "A response that holds nothing that was stated is verified.",
        FORGED,
    ),
    Mutant(
        "response-with-another-label",
        RESPONSES,
        '        or provenance.get("label") != stated.label\n',
        "",
        "A secret passage is verified as public.",
        FORGED,
    ),
    Mutant(
        "tools-text-not-compared",
        RESPONSES,
        ' or _read(one["text"]) != told:',
        ":",
        "The text that a model reads is verified unread.",
        (f"{IN_VERDICTS}::test_a_forged_result_of_a_tool_does_not_verify",),
    ),
    Mutant(
        "tools-titles-not-compared",
        RESPONSES,
        '{"id", "title", "url"} or _entitled_otherwise(text, stated)',
        '{"id", "title", "url"}',
        "Whatever an agent is said to have found is verified.",
        (f"{IN_VERDICTS}::test_a_forged_result_of_a_tool_does_not_verify",),
    ),
    Mutant(
        "titles-stated-with-texts",
        DEPARTURE,
        'replace(one, text="", citation="") for one',
        "one for one",
        "A statement says that texts left which nobody was given.",
        (f"{IN_VERDICTS}::test_of_a_search_for_titles_no_text_is_stated",),
    ),
)
