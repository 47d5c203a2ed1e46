# ruff: noqa: RUF001 - letters that look like others are the subject here
"""
What a person does not see is removed; what they do see stays.
"""

import re
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acl.model.characters import visible
from tests.properties.effort import tries

# Default_Ignorable_Code_Point of Unicode 15.1, DerivedCoreProperties.txt.
DEFAULT_IGNORABLE = [
    *[0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFEFF, 0xFFA0],
    *range(0x180B, 0x1810),
    *range(0x200B, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x2060, 0x2070),
    *range(0xFE00, 0xFE10),
    *range(0xFFF0, 0xFFF9),
    *range(0x1BCA0, 0x1BCA4),
    *range(0x1D173, 0x1D17B),
    *range(0xE0000, 0xE1000),
]
SHOWN_FORMAT_CHARACTERS = {
    *range(0x0600, 0x0606),
    *(0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2, 0x110BD, 0x110CD),
    *range(0x13430, 0x13440),
}
"""
Category Cf, and yet drawn: signs that enclose Arabic numbers, Kaithi number signs; and the
joiners of Egyptian hieroglyphs, which arrange what is drawn.
"""

CLEAN = {
    "Arabic": "مرحبا بالعالم، هذا نص عادي.",
    "Bengali": "র‍্যাব একটি শব্দ",
    "Chinese": "本手册说明休假规定。",
    "Czech": "Příliš žluťoučký kůň úpěl ďábelské ódy.",
    "emoji, family": "👨\u200d👩\u200d👧 team",
    "emoji, rainbow": "🏳\u200d🌈",
    "emoji, skin tone": "👩🏽\u200d💻 codes",
    "English": "It's 5 o'clock; the “quarterly” report — page 3 … is due.",
    "German": "Übergrößenträger äßen süße Äpfel",
    "Greek": "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία",
    "Hebrew": "שלום עולם",
    "Hindi": "क्\u200dष और श्रीमान्\u200cको",
    "Japanese": "社内手順書　第１章",
    "Kannada": "ನ್\u200dನಡ",
    "Korean": "안녕하세요 세계",
    "mathematics": "∀x∈ℝ: ⌈x⌉ = −⌊−x⌋, α≠β, 𝒳→𝒴",
    "Persian": "می\u200cخواهم کتاب\u200cها را بخوانم",
    "Russian": "Съешь ещё этих мягких французских булок",
    "Sinhala": "ශ්\u200dරී ලංකාව",
    "table": "a\tb\nc\td\n",
    "Tamil": "க்\u200cஷ",
    "Thai": "สวัสดีชาวโลก",
    "Turkish": "İstanbul'da ılık bir gün",
    "Vietnamese": "Xin chào thế giới",
}


def test_every_default_ignorable_character_is_removed() -> None:
    """
    From between letters of a script that does not join, the two joiners too.
    """
    kept = [hex(code) for code in DEFAULT_IGNORABLE if visible(f"a{chr(code)}b") != "ab"]

    assert [] == kept


def test_every_format_control_and_private_character_is_removed() -> None:
    """
    Unicode's own categories agree with the table: Cf, Cc, Co, Zl and Zp.
    """
    hidden = {"Cf", "Cc", "Co", "Zl", "Zp"}
    kept = [
        hex(code)
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in hidden
        and code not in SHOWN_FORMAT_CHARACTERS
        and chr(code) not in "\n\t\r"
        and visible(f"a{chr(code)}b") != "ab"
    ]

    assert [] == kept


def test_every_letter_digit_and_sign_is_kept() -> None:
    """
    Apart from the listed invisible ones, nothing that is drawn goes missing.
    """
    drawn = ("L", "N", "P", "S")
    invisible = {*DEFAULT_IGNORABLE, 0x2800, 0xFFFC, 0xFFFD, 0x1D159}
    lost = [
        hex(code)
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)).startswith(drawn)
        and code not in invisible
        and visible(chr(code)) != chr(code)
    ]

    assert [] == lost


def test_every_space_is_one_and_the_same() -> None:
    """
    Nobody tells them apart, and each could be a bit; only the ideographic one is wide.
    """
    spaces = [chr(c) for c in range(sys.maxunicode + 1) if unicodedata.category(chr(c)) == "Zs"]

    assert {" ", "\u3000"} == {visible(f"a{one}b")[1:-1] for one in spaces}
    assert "a\u3000b" == visible("a\u3000b")


@pytest.mark.parametrize("language", sorted(CLEAN))
def test_a_clean_text_is_unchanged(language: str) -> None:
    assert CLEAN[language] == visible(CLEAN[language])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("pay\u200bload", "payload"),
        ("a\u200db", "ab"),
        ("\u200dक\u200d", "क"),
        ("क\u200d\u200dष", "कष"),
        ("👨\u200dx", "👨x"),
        ("a\u202egnirts\u202cb", "agnirtsb"),
        ("x\U000e0041\U000e0042y", "xy"),
        ("h\ufe01\ufe02i", "hi"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]8;;https://evil.example\x07link\x1b]8;;\x07", "link"),
        ("\x1b]0;title\x1b\\text", "text"),
        ("a\x9b31mb", "ab"),
        ("a\x9d8;;https://evil.example\x9clink\x9d8;;\x07", "alink"),
        ("a \x93word\x94, \x9dand more\nof it", "a word, and more\nof it"),
        (
            "\u0936\u094d\u0930\u0940\u200c\u092e\u093e\u0928",
            "\u0936\u094d\u0930\u0940\u092e\u093e\u0928",
        ),
        ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),
        ("\u0645\u0627\u200c\u062e", "\u0645\u0627\u062e"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("tab\tstays", "tab\tstays"),
        ("\u3164\uffa0\u2800", ""),
        ("", ""),
    ],
)
def test_known_carriers_are_emptied(text: str, shown: str) -> None:
    assert shown == visible(text)


@given(
    secret=st.binary(min_size=1, max_size=16), cover=st.sampled_from(["report", "отчёт", "報告"])
)
@tries(100)
def test_no_invisible_alphabet_carries_a_message(secret: bytes, cover: str) -> None:
    """
    Tags, selectors, zero-width bits: whatever was hidden between the letters is gone.
    """
    alphabets = [
        [chr(0xE0000 + byte) for byte in secret],
        [chr(0xE0100 + byte % 240) for byte in secret],
        [chr(0xFE00 + byte % 16) for byte in secret],
        ["\u200b" if byte & 1 else "\u200c" for byte in secret],
        ["\u2062" if byte & 1 else "\u2064" for byte in secret],
    ]

    for hidden in alphabets:
        carrier = "".join(hidden).join(cover)
        assert cover == visible(carrier)


@given(text=st.text(max_size=40))
@tries(300)
def test_looking_twice_changes_nothing(text: str) -> None:
    once = visible(text)

    assert once == visible(once)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\ufeff]", once)
