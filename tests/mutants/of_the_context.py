"""
Faults in what makes an answer safe to read.
"""

from typing import Final

from tests.mutants.mutant import Mutant

SANITISE: Final = "retrieval/sanitise.py"
MARKUP: Final = "retrieval/markup.py"
CHOOSE: Final = "retrieval/choose.py"
ANSWER: Final = "retrieval/answer.py"
SEARCH: Final = "retrieval/search.py"
DEPARTURE: Final = "retrieval/departure.py"
SCREEN: Final = "retrieval/screen.py"
CITE: Final = "retrieval/cite.py"
CHARACTERS: Final = "acl/model/characters.py"

IN_INERT: Final = "tests/security/test_inert.py"
IN_FENCE: Final = "tests/security/test_fence.py"
IN_FLOOD: Final = "tests/security/test_flood.py"
IN_CARRIERS: Final = "tests/security/test_invisible_carriers.py"
IN_HIDDEN: Final = (
    "tests/ingestion/extraction/test_hiding.py::test_a_parser_leaves_out_what_is_hidden",
)
IN_KEPT_BACK: Final = "tests/security/test_kept_back.py"

CONTEXT: Final = (
    Mutant(
        "context-links-left",
        SANITISE,
        "    shown = unlinked(shown)\n",
        "",
        "A link without an address of its own kind stays one.",
        (f"{IN_INERT}::test_nothing_is_live",),
    ),
    Mutant(
        "context-tags-left",
        SANITISE,
        '    shown = _TAG.sub("\\u2039", shown)\n',
        "",
        "A page of an answer runs what a document says.",
        (f"{IN_INERT}::test_nothing_is_live",),
    ),
    Mutant(
        "context-references-left",
        SANITISE,
        "    shown = _REFERENCE.sub(_kept_reference, shown)\n",
        "",
        "A colon that is written as a reference makes an address where it is shown.",
        (f"{IN_INERT}::test_nothing_is_live",),
    ),
    Mutant(
        "context-escapes-left",
        SANITISE,
        '(r"(?<=\\S)(?<!hxxp)',
        '(r"(?<=[a-z0-9+.-])(?<!hxxp)',
        "A colon behind a backslash makes an address where it is shown.",
        (f"{IN_INERT}::test_nothing_is_live",),
    ),
    Mutant(
        "context-lookalikes-left",
        SANITISE,
        "    shown = unmixed(visible(text))\n",
        "    shown = visible(text)\n",
        "Letters of another script carry a message out.",
        (f"{IN_CARRIERS}::test_on_the_way_out_alone_nothing_hidden_leaves",),
    ),
    Mutant(
        "context-spaces-left",
        CHARACTERS,
        '    shown = _SPACE.sub(" ", _INVISIBLE.sub("", shown))\n',
        '    shown = _INVISIBLE.sub("", shown)\n',
        "Spaces of several widths carry a message.",
        (f"{IN_CARRIERS}::test_no_bit_of_a_hidden_message_comes_out",),
    ),
    Mutant(
        "context-code-trusted",
        MARKUP,
        "any(_is_live(text, parser) for parser in _PARSERS)",
        "False",
        "A link that the parsers cannot place is left alive.",
        (f"{IN_INERT}::test_nothing_is_live",),
    ),
    Mutant(
        "context-known-boundary",
        CITE,
        "    boundary = secrets.token_hex(BOUNDARY_BYTES)\n",
        '    boundary = "ab" * BOUNDARY_BYTES\n',
        "Every answer has the same fence.",
        (f"{IN_FENCE}::test_each_context_has_a_boundary_of_128_bits_of_its_own",),
    ),
    Mutant(
        "context-share-of-everything",
        CHOOSE,
        "    return (limit + 1) // 2\n",
        "    return limit\n",
        "One document has every place of an answer.",
        (f"{IN_FLOOD}::test_a_document_without_an_author_is_a_writer_of_its_own",),
    ),
    Mutant(
        "context-repetition-allowed",
        CHOOSE,
        "        if original is not None:\n",
        "        if False:\n",
        "Who says it most often fills the answer.",
        (f"{IN_FLOOD}::test_what_repeats_itself_has_one_place",),
    ),
    Mutant(
        "context-repetition-of-what-is-quoted",
        CHOOSE,
        "    share_of_it = REPEATS_IF_SHORT if len(one) < SHORT_TRIPLES else REPEATS\n"
        "    return len(one & known) >= len(one) * share_of_it\n",
        "    shorter = min(len(one), len(known))\n"
        "    share_of_it = REPEATS_IF_SHORT if shorter < SHORT_TRIPLES else REPEATS\n"
        "    return len(one & known) >= shorter * share_of_it\n",
        "A title pushes out every document that has its words.",
        (f"{IN_FLOOD}::test_a_few_words_that_others_hold_do_not_push_them_out",),
    ),
    Mutant(
        "context-repetition-with-some-words-changed",
        CHOOSE,
        "REPEATS: Final = 0.3\n",
        "REPEATS: Final = 0.6\n",
        "Who changes every tenth word says it as often as he likes.",
        (f"{IN_FLOOD}::test_changing_every_tenth_word_makes_no_other_text",),
    ),
    Mutant(
        "context-repetition-without-share",
        CHOOSE,
        " or self._copies[original] >= most",
        "",
        "What stands alone in a corpus fills the answer by being copied.",
        (f"{IN_FLOOD}::test_what_repeats_itself_fills_no_more_than_a_share_of_empty_places",),
    ),
    Mutant(
        "context-repetition-lost",
        ANSWER,
        "        chosen.fill_up()\n",
        "",
        "Of two equal documents a reader is shown one, though there is place for both.",
        ("tests/scenarios/test_scenarios.py::test_scenario",),
    ),
    Mutant(
        "context-pages-overlap",
        SEARCH,
        " if hit not in found]",
        "]",
        "A second page shows what the first has shown.",
        ("tests/retrieval/test_search.py::test_what_only_a_deeper_search_finds_comes_last",),
    ),
    Mutant(
        "context-first-part-speaks-for-all",
        DEPARTURE,
        "for part in parts for one in part.provenance.trust",
        "for one in first.provenance.trust",
        "An instruction on the second page of a document is fetched unmarked.",
        ("tests/retrieval/test_cite.py::test_a_document_is_marked_by_every_part",),
    ),
    Mutant(
        "markup-defined-where-others-see-it",
        "retrieval/markup.py",
        'text, defined = _AT_LINE_START.subn(r"\\1 ", text)',
        "defined = 0",
        "A renderer that reads quotations otherwise makes a link.",
        ("tests/security/test_inert.py::test_nothing_is_live",),
    ),
    Mutant(
        "markup-share-behind-an-underscore",
        SANITISE,
        "(?<![^\\W_])([/",
        "(?<!\\w)([/",
        "An address without a scheme is live behind an underscore.",
        ("tests/security/test_inert.py::test_nothing_is_live",),
    ),
    Mutant(
        "context-too-large",
        CHOOSE,
        "MAX_ANSWER_CHARACTERS: Final = 92_000\n",
        "MAX_ANSWER_CHARACTERS: Final = 192_000\n",
        "An answer is refused by its host.",
        (f"{IN_FENCE}::test_an_answer_of_the_largest_passages_fits_every_host",),
    ),
    Mutant(
        "context-titles-unjudged",
        SCREEN,
        "        said = (passage.text, passage.title, provenance.document)\n",
        "        said = (passage.text,)\n",
        "An instruction in a title is released unmarked.",
        (f"{IN_KEPT_BACK}::test_what_a_title_or_an_id_says_counts_as_well",),
    ),
    Mutant(
        "context-address-hides-something",
        SANITISE,
        "    is_seen = visible(passage.url) == passage.url\n",
        "    is_seen = True\n",
        "An address carries a message that nobody sees.",
        (f"{IN_CARRIERS}::test_an_address_that_hides_something_is_left_out",),
    ),
    Mutant(
        "hidden-behind-a-value-that-is-none",
        "ingestion/extraction/formats/html_sheets.py",
        'return [one for one in stated if one.lower_name.startswith("--") or _is_known(one)]',
        "return stated",
        "A second, invalid value shows to a model what browsers hide.",
        IN_HIDDEN,
    ),
    Mutant(
        "hidden-shown-where-something-may-hold",
        "ingestion/extraction/formats/html_sheets.py",
        "    looks = [True] if all(sure for *_, sure in rules) else [True, False]\n",
        "    looks = [True]\n",
        "A condition that never holds shows to a model what browsers hide.",
        IN_HIDDEN,
    ),
    Mutant(
        "hidden-in-another-alternative",
        "ingestion/extraction/formats/eml.py",
        "key=lambda inner: not _is_page(inner)",
        "key=_is_page",
        "A mail says one thing to its reader and another to the model.",
        IN_HIDDEN,
    ),
    Mutant(
        "hidden-in-a-definition",
        "ingestion/extraction/formats/markdown.py",
        "_without_titles(remove_comments(text, unseen), unseen)",
        "remove_comments(text, unseen)",
        "A comment of another kind is read as text.",
        IN_HIDDEN,
    ),
    Mutant(
        "hidden-by-an-inherited-style",
        "ingestion/extraction/formats/docx.py",
        "    while at is not None and at not in chain:\n",
        "    while False:\n",
        "A style that is based on a hidden one shows what that hides.",
        IN_HIDDEN,
    ),
    Mutant(
        "hidden-under-a-drawing",
        "ingestion/extraction/formats/pdf.py",
        " or self._others.hide(one, bounds, ink)",
        "",
        "Words under a black bar are read.",
        IN_HIDDEN,
    ),
    Mutant(
        "hidden-inside-a-cell",
        "ingestion/extraction/formats/xlsx.py",
        "            if trick is None and isinstance(cell.value, CellRichText):\n",
        "            if False:\n",
        "White words beside black ones in one cell are read.",
        IN_HIDDEN,
    ),
    Mutant(
        "context-never-cleared",
        SCREEN,
        " and not self._clears(passage)",
        "",
        "What was kept back once stays so, whatever an operator says.",
        (f"{IN_KEPT_BACK}::test_what_is_kept_back_is_counted_and_comes_back",),
    ),
)
