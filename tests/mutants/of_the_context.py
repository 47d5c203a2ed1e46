"""
Faults in what makes an answer safe to read.
"""

from typing import Final

from tests.mutants.mutant import Mutant

SANITISE: Final = "retrieval/sanitise.py"
MARKUP: Final = "retrieval/markup.py"
CHOOSE: Final = "retrieval/choose.py"
SCREEN: Final = "retrieval/screen.py"
CITE: Final = "retrieval/cite.py"
CHARACTERS: Final = "acl/model/characters.py"

IN_INERT: Final = "tests/security/test_inert.py"
IN_FENCE: Final = "tests/security/test_fence.py"
IN_FLOOD: Final = "tests/security/test_flood.py"
IN_CARRIERS: Final = "tests/security/test_invisible_carriers.py"
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
        "            return REPEATED\n",
        "            return None\n",
        "Who says it most often fills the answer.",
        (f"{IN_FLOOD}::test_what_repeats_itself_has_one_place",),
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
        "context-never-cleared",
        SCREEN,
        " and not self._clears(passage)",
        "",
        "What was kept back once stays so, whatever an operator says.",
        (f"{IN_KEPT_BACK}::test_what_is_kept_back_is_counted_and_comes_back",),
    ),
)
