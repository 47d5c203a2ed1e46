"""
Characters that a person does not see but a language model reads.

Unicode's category Cf is not enough: variation selectors are Mn, Hangul fillers are Lo, and
normalisation removes none of them. The table is therefore explicit: Default_Ignorable_Code_Point
of Unicode 15.1, and what renders as nothing in practice (the blank Braille pattern, the null
notehead, layout controls of hieroglyphs, private use, noncharacters).

What is told apart by no reader is made one thing: every space but the ideographic one, which is
wide, becomes a space, and spaces at the end of a line go.

Two joiners are kept where they change what is seen, and only there:

1. Beside a virama, where scripts of India choose conjuncts with them (RFC 5892, appendices A.1
   and A.2).
2. ZERO WIDTH NON-JOINER between two letters that would join (RFC 5892, appendix A.1), and ZERO
   WIDTH JOINER after a letter that would join and has nothing to join to.
3. ZERO WIDTH JOINER between two pictographs, where the second is one that sequences continue
   with (Unicode Technical Standard 51, emoji-zwj-sequences).
"""

import re
import unicodedata
from typing import Final

_INVISIBLE: Final = re.compile(
    "["
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff"
    "\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff\ufdd0-\ufdef"
    "\ue000-\uf8ff\U000f0000-\U0010ffff"
    "]|[\U0001fffe\U0001ffff\U0002fffe\U0002ffff\U0003fffe\U0003ffff]"
)
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_ANSI: Final = re.compile(
    "(?:\x1b\\[[0-?]*|\x9b[0-?]+)[ -/]*[@-~]"
    "|\x1b[\\]PX^_][^\x07\x1b\x9c\n]*(?:\x07|\x1b\\\\|\x9c)?"
    "|[\x90\x98\x9d-\x9f][^\x07\x1b\x90\x98\x9c-\x9f\n]*+(?:\x07|\x1b\\\\|\x9c)"
    "|\x1b[@-Z\\\\-_]"
)
"""
ECMA-48: control sequences, control strings (commands to the operating system among them, which
is how a terminal is given a link), and two-character escapes. What one character begins must have
parameters or an end: such characters stand alone in text that was decoded wrongly.
"""

_SPACE: Final = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f]")
_TRAILING: Final = re.compile("(?<![ \t])[ \t]++(?=\n)")
"""
Possessive, and from the beginning of a run alone: else a long run takes the square of its length.
"""

_JOINERS: Final = re.compile("[\u200c\u200d]+")
_NON_JOINER: Final = "\u200c"
_VIRAMA: Final = 9
"""
The canonical combining class of viramas.
"""

_JOINS_TO_NEXT: Final = re.compile(
    "[\u0626\u0628\u062a-\u062e\u0633-\u063f\u0641-\u0647\u0649\u064a\u066e\u066f\u0678-\u0687"
    "\u069a-\u06bf\u06c1\u06c2\u06cc\u06ce\u06d0\u06d1\u06fa-\u06fc\u06ff\u0640"
    "\u0712-\u0714\u071a-\u071d\u071f-\u0727\u0729\u072b\u072d\u072e\u074e-\u0758\u075c-\u076a"
    "\u076d-\u0770\u0772\u0775-\u0777\u077a-\u077f\u07ca-\u07ea\u0841-\u0845\u0848\u084a-\u0853"
    "\u08a0-\u08a9\u08af\u08b0\u08b3-\u08b8\u08ba-\u08c8\u1807\u180a\u1820-\u1878\u1887-\u18aa]"
)
_JOINS_TO_PREVIOUS: Final = re.compile(
    f"{_JOINS_TO_NEXT.pattern[:-1]}\u0622-\u0625\u0627\u0629\u062f-\u0632\u0648\u0671-\u0673"
    "\u0675-\u0677\u0688-\u0699\u06c0\u06c3-\u06cb\u06cd\u06cf\u06d2\u06d3\u06d5\u06ee\u06ef"
    "\u0710\u0715-\u0719\u071e\u0728\u072a\u072c\u072f\u074d\u0759-\u075b\u076b\u076c\u0771"
    "\u0773\u0774\u0778\u0779\u08aa-\u08ac\u08ae\u08b1\u08b2\u08b9]"
)
_PICTOGRAPH: Final = re.compile(
    "[\u2190-\u21ff\u2300-\u23ff\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]"
)
_CONTINUES: Final = re.compile(
    "[\u2194\u2195\u2640\u2642\u2695\u2696\u26a7\u2708\u2744\u2764\u27a1\u2b1b\u2620"
    "\U0001f308\U0001f32b\U0001f33e\U0001f373\U0001f37c\U0001f384\U0001f393\U0001f3a4\U0001f3a8"
    "\U0001f3eb\U0001f3ed\U0001f466-\U0001f469\U0001f48b\U0001f4a5\U0001f4a8\U0001f4ab\U0001f4bb"
    "\U0001f4bc\U0001f525\U0001f527\U0001f52c\U0001f5e8\U0001f680\U0001f692\U0001f7e9\U0001f7eb"
    "\U0001f91d\U0001f9af\U0001f9ba\U0001f9bc\U0001f9bd\U0001f9d1\U0001f9d2\U0001fa79\U0001f430]"
)


def visible(text: str) -> str:
    """
    Return the text without what a person would not see; newlines and tabs are kept.

    Applying it twice changes nothing, and nothing becomes longer.
    """
    shown = _ANSI.sub("", text)
    shown = _CONTROL.sub("", shown.replace("\r\n", "\n").replace("\r", "\n"))
    if shown.isascii():
        return _TRAILING.sub("", shown)
    shown = _SPACE.sub(" ", _INVISIBLE.sub("", shown))
    shown = _JOINERS.sub(lambda match: _kept_joiner(shown, match), shown)
    return _TRAILING.sub("", shown)


def _kept_joiner(text: str, match: "re.Match[str]") -> str:
    # Of several in a row the first counts; the others would change nothing that is seen.
    joiner = match.group()[0]
    before, after = _base(text, match.start(), -1), _base(text, match.end() - 1, 1)
    if not before:
        return ""
    if _is_virama(text[match.start() - 1]) or (after and _is_virama(text[match.end()])):
        return joiner
    opens, closes = bool(_JOINS_TO_NEXT.match(before)), bool(_JOINS_TO_PREVIOUS.match(after))
    if joiner == _NON_JOINER:
        return joiner if opens and closes else ""
    if opens and not closes:
        return joiner
    return joiner if _PICTOGRAPH.match(before) and _CONTINUES.match(after) else ""


def _base(text: str, place: int, step: int) -> str:
    # Vowel signs lie over letters that join across them; a virama is looked at by itself.
    place += step
    while 0 <= place < len(text) and unicodedata.category(text[place]) == "Mn":
        place += step
    return text[place] if 0 <= place < len(text) else ""


def _is_virama(character: str) -> bool:
    return unicodedata.combining(character) == _VIRAMA
