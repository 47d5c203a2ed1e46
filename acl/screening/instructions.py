"""
The scanner's verdict.
"""

import re
import unicodedata
from typing import Final

INSTRUCTION_LIKE: Final = "instruction-like"
MAX_SCANNED_CHARACTERS: Final = 1_000_000

_RULES: Final = re.compile(
    r"""
    \b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:previous|prior|above|earlier|all|any)\b
        .{0,40}\b(?:instruction|prompt|rule|direction|guideline|message)s?\b
    | \byou\ are\ (?:now|no\ longer)\b.{0,60}\b(?:assistant|ai|model|chatbot|dan)\b
    | \b(?:system|developer)\ (?:prompt|message)\s*:
    | <\|(?:im_start|im_end|system|endoftext)\|>
    | \b(?:do\ not|don't|never)\ (?:tell|inform|mention\ this\ to)\ the\ user\b
    | \b(?:send|post|forward|exfiltrate|upload)\b.{0,60}\b(?:conversation|chat\ history|
        api\ keys?|passwords?|credentials)\b
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)


def reads_like_an_instruction(text: str) -> bool:
    """
    Say whether a text is worded like an instruction to a language model.
    """
    folded = unicodedata.normalize("NFKC", text[:MAX_SCANNED_CHARACTERS])
    return bool(_RULES.search(folded))
