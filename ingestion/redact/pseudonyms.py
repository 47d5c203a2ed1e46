"""
Typed pseudonyms that keep equality, such as `<PERSON_3f9a12c4>`, and texts that imitate them.

A pseudonym is eight hexadecimal digits of HMAC-SHA256 under the tenant's key over the kind and
the normal form. Whoever lacks the key can neither undo it nor test a guess against it.

A source may *contain* something shaped like a pseudonym, to speak in another person's name. Such
a text is itself a finding, of kind `QUOTED_PSEUDONYM`: what stands in angle brackets after
redaction was therefore put there by us. A quoted pseudonym in exactly our form is left alone,
because imitating one of those says nothing about anybody; that makes redaction come to rest.
"""

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Iterator, Sequence

from acl.model.encoding import encode
from acl.model.redaction import Finding, RedactedText
from ingestion.redact.settings import KINDS, QUOTED_PSEUDONYM

MIN_KEY_BYTES = 16
"""
Shorter keys can be searched.
"""

# 32 bits. Among n different forms of one kind, two share a pseudonym with a probability of at
# most n * (n - 1) / 2 ** 33: 1 in 86 for 10,000 people of one tenant, and an expected 1.2
# confusions for 100,000. A confusion merges two names in an answer; it reveals neither.
_HEX_DIGITS = 8

_COMPACT_KINDS = frozenset(
    {
        "CREDIT_CARD",
        "IBAN_CODE",
        "PHONE_NUMBER",
        "UK_NHS",
        "UK_NINO",
        "US_BANK_NUMBER",
        "US_DRIVER_LICENSE",
        "US_ITIN",
        "US_PASSPORT",
        "US_SSN",
    }
)

_SHAPE = re.compile(
    rf"(?:[<(\[]\s?)?\b(?:{'|'.join(KINDS)})_[0-9a-f]{{{_HEX_DIGITS}}}(?![0-9a-z])(?:\s?[>)\]])?",
    re.IGNORECASE,
)
_OWN_QUOTE = re.compile(rf"<{QUOTED_PSEUDONYM}_[0-9a-f]{{{_HEX_DIGITS}}}>")


class Pseudonymiser:
    """
    Makes the pseudonyms of one tenant. Equal forms of equal kind give equal pseudonyms.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) < MIN_KEY_BYTES:
            msg = f"a pseudonym key has at least {MIN_KEY_BYTES} bytes"
            raise ValueError(msg)
        self._key = key

    def pseudonym(self, kind: str, form: str) -> str:
        """
        Return the pseudonym that replaces `form`.
        """
        if kind == QUOTED_PSEUDONYM and _OWN_QUOTE.fullmatch(form):
            return form
        message = encode([kind, normal_form(kind, form)])
        digest = hmac.new(self._key, message, hashlib.sha256).hexdigest()
        return f"<{kind}_{digest[:_HEX_DIGITS]}>"

    def replace(self, text: str, findings: Sequence[Finding]) -> RedactedText:
        """
        Replace findings that are in order and do not overlap.
        """
        originals: dict[str, str] = {}
        pieces: list[str] = []
        past = 0
        for finding in findings:
            form = text[finding.start : finding.end]
            mark = self.pseudonym(finding.kind, form)
            originals.setdefault(mark, form)
            pieces += (text[past : finding.start], mark)
            past = finding.end
        return RedactedText(
            "".join([*pieces, text[past:]]), tuple(findings), tuple(originals.items())
        )


def normal_form(kind: str, form: str) -> str:
    """
    Return what two forms must share to be the same person, number or place.

    Numbers keep letters and digits only, since people group digits as they like.
    """
    folded = unicodedata.normalize("NFKC", form).casefold()
    # Case folding can undo the composition, so it is composed once more.
    folded = unicodedata.normalize("NFKC", folded)
    if kind in _COMPACT_KINDS:
        return "".join(character for character in folded if character.isalnum())
    return " ".join(folded.split())


def quoted_pseudonyms(text: str) -> Iterator[Finding]:
    """
    Find everything in an unredacted text that a reader could take for a pseudonym.

    Also in other letter case, with full-width brackets or letters, and with invisible
    characters in between: a language model reads those as the same mark.
    """
    shown, origin = _as_shown(text)
    for match in _SHAPE.finditer(shown):
        start, end = origin[match.start()], origin[match.end() - 1] + 1
        yield Finding(start, end, QUOTED_PSEUDONYM, 1.0, "quoted_pseudonyms")


def _as_shown(text: str) -> tuple[str, range | list[int]]:
    if text.isascii():
        return text, range(len(text))
    shown: list[str] = []
    origin: list[int] = []
    for index, character in enumerate(text):
        if unicodedata.category(character) == "Cf":
            continue
        for part in unicodedata.normalize("NFKC", character):
            shown.append(part)
            origin.append(index)
    return "".join(shown), origin
