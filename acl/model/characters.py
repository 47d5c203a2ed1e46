"""
Characters that a person does not see but a language model reads.

Unicode's category Cf is not enough: variation selectors are Mn, Hangul fillers are Lo, and
normalisation removes none of them. The table is therefore explicit (Unicode 15.1,
Default_Ignorable_Code_Point, plus what renders as nothing in practice).

Two joiners are kept where scripts need them: ZERO WIDTH NON-JOINER and ZERO WIDTH JOINER
between letters of scripts that join, and ZERO WIDTH JOINER between pictographs.
"""

import re
import unicodedata
from typing import Final

_INVISIBLE: Final = re.compile(
    "["
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "\ue000-\uf8ff\U000f0000-\U0010ffff"
    "]"
)
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_ANSI: Final = re.compile(
    "\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)?|[@-Z\\\\-_])"
)
_JOINER: Final = re.compile("[\u200c\u200d]")
_JOINING_SCRIPTS: Final = (
    "ARABIC",
    "BENGALI",
    "DEVANAGARI",
    "GUJARATI",
    "GURMUKHI",
    "KANNADA",
    "KHMER",
    "MALAYALAM",
    "MONGOLIAN",
    "MYANMAR",
    "ORIYA",
    "SINHALA",
    "SYRIAC",
    "TAMIL",
    "TELUGU",
)


def visible(text: str) -> str:
    """
    Return the text without what a person would not see; newlines and tabs are kept.
    """
    shown = _ANSI.sub("", text)
    shown = _CONTROL.sub("", shown.replace("\r\n", "\n").replace("\r", "\n"))
    shown = _INVISIBLE.sub("", shown)
    return _JOINER.sub(lambda match: _kept_joiner(shown, match), shown)


def _kept_joiner(text: str, match: "re.Match[str]") -> str:
    before = text[match.start() - 1] if match.start() else ""
    after = text[match.end()] if match.end() < len(text) else ""
    if before and after and (_joins(before, after) or _pictographs(before, after)):
        return match.group()
    return ""


def _joins(before: str, after: str) -> bool:
    return all(unicodedata.name(c, "").startswith(_JOINING_SCRIPTS) for c in (before, after))


def _pictographs(before: str, after: str) -> bool:
    return all(unicodedata.category(c) in {"So", "Sk"} for c in (before, after))
