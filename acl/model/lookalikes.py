"""
Letters of another script that look like the ones around them.

A word that is written with letters of two scripts reads as one word and is searched as another,
and which letters were exchanged can carry a message that nobody sees. Such a word is written in
one script: that of its letters which only one of the two has.

Two rules, for Cyrillic and Greek beside Latin (Unicode Technical Standard 39, confusables; those
that one cannot tell apart in common fonts):

1. A word with letters of both scripts becomes Latin, if every other letter in it looks Latin, or
   the other script, if every Latin letter in it looks like one of that script.
2. A Cyrillic word that looks Latin becomes Latin where the text is Latin otherwise.
"""

import re
from typing import Final

_CYRILLIC: Final = (
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u04bb\u0501\u051b\u051d"
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0405\u0406\u0408"
)
_AS_CYRILLIC: Final = "aeopcyxijshdqwABEKMHOPCTXSIJ"
_GREEK: Final = (
    "\u03bf\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7"
)
_AS_GREEK: Final = "oABEZHIKMNOPTYX"

_TO_LATIN: Final = str.maketrans(_CYRILLIC + _GREEK, _AS_CYRILLIC + _AS_GREEK)
_TO_CYRILLIC: Final = str.maketrans(_AS_CYRILLIC, _CYRILLIC)
_TO_GREEK: Final = str.maketrans(_AS_GREEK, _GREEK)

_FOREIGN: Final = re.compile("[\u0370-\u03ff\u0400-\u052f]")
_WORD: Final = re.compile(r"[^\W\d_]+")
_LATIN: Final = re.compile("[A-Za-z\u00c0-\u024f]")
_GREEK_LETTER: Final = re.compile("[\u0370-\u03ff]")
_CYRILLIC_LETTER: Final = re.compile("[\u0400-\u052f]")
_ONLY_CYRILLIC: Final = re.compile(f"(?![{_CYRILLIC}])[\u0400-\u052f]")


def unmixed(text: str) -> str:
    """
    Return the text with every word in one script. Nothing becomes longer or shorter.
    """
    if not _FOREIGN.search(text):
        return text
    shown = _WORD.sub(lambda match: _in_one_script(match.group()), text)
    if _LATIN.search(shown) and not _ONLY_CYRILLIC.search(shown):
        return _WORD.sub(lambda match: _latin_if_cyrillic(match.group()), shown)
    return shown


def _in_one_script(word: str) -> str:
    if not (_FOREIGN.search(word) and _LATIN.search(word)):
        return word
    latin = word.translate(_TO_LATIN)
    if not _FOREIGN.search(latin):
        return latin
    greek = bool(_GREEK_LETTER.search(latin))
    if greek and _CYRILLIC_LETTER.search(latin):
        return word
    native = word.translate(_TO_GREEK if greek else _TO_CYRILLIC)
    return word if _LATIN.search(native) else native


def _latin_if_cyrillic(word: str) -> str:
    return word.translate(_TO_LATIN) if _CYRILLIC_LETTER.search(word) else word
