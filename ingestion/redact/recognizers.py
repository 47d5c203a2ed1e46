"""
Every recognizer of our own, that is: what is found without the language model.

A shape that is enough by itself is a function from a text to findings. A shape that proves
nothing by itself is a `WeakPattern`; the engine adds the weight of the words before it.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from acl.model.redaction import Finding
from ingestion.redact.addresses import street_addresses
from ingestion.redact.contacts import email_addresses, personal_urls, public_ip_addresses
from ingestion.redact.people import listed_names, titled_names
from ingestion.redact.places import listed_places

PHONE_REGIONS = ("US", "GB", "DE", "FR", "IL", "IN", "CA", "BR")
"""
Regions whose national formats are known; each costs half a millisecond a kilobyte.
"""

_MIN_PHONE_DIGITS = 6
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class WeakPattern:
    """
    A shape that becomes a finding only after one of its context words.

    `context` are whole words in small letters, looked for in the five words before the match.
    """

    kind: str
    regex: str
    score: float
    context: tuple[str, ...]


_PHONE_WORDS = (
    "phone",
    "telephone",
    "cell",
    "cellphone",
    "mobile",
    "call",
    "calling",
    "fax",
    "tel",
    "contact",
    "reach",
    "office",
    "answering",
    "sms",
    "whatsapp",
    "dial",
)
_NUMBER_WORDS = (*_PHONE_WORDS, "number")
_BIRTH_WORDS = ("born", "birth", "birthday", "birthdate", "dob")
_CARD_WORDS = (
    "credit",
    "card",
    "cards",
    "visa",
    "mastercard",
    "amex",
    "maestro",
    "debit",
    "cc",
)
_NHS_WORDS = ("nhs", "patient")

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)

WEAK_PATTERNS = (
    # Mistyped card numbers fail the checksum and are card numbers all the same.
    WeakPattern("CREDIT_CARD", r"\b\d{4}(?:[- ]?\d{3,6}){2,3}\b", 0.3, _CARD_WORDS),
    WeakPattern(
        "PHONE_NUMBER",
        r"(?<![\w.])(?!\d{4}-\d\d-\d\d\b|\d{3}-\d\d-\d{4}\b)"
        r"\+?(?:\(\d{1,5}\)[ ]?|\d{2,5}[ .-])(?:\d{2,5}[ .-]){0,3}\d{2,8}"
        r"(?:[ ]?x\d{1,6})?(?![\w])",
        0.2,
        _NUMBER_WORDS,
    ),
    WeakPattern("PHONE_NUMBER", r"(?<![\w.+])\+?\d{7,15}(?![\w.])", 0.1, _PHONE_WORDS),
    # Written so that hardly anything else is meant: "+44 20 7946 0958", "001-490-155-3846".
    WeakPattern(
        "PHONE_NUMBER",
        r"(?<![\w.])(?:\+|00)\d{1,3}[ .-](?:\(?\d{1,4}\)?[ .-]){1,4}\d{2,6}(?:x\d{1,6})?\b",
        0.5,
        _NUMBER_WORDS,
    ),
    WeakPattern(
        "PHONE_NUMBER",
        r"(?<![\w.])(?:\(\d{3}\)[ ]?|\d{3}[.-])\d{3}[.-]\d{4}(?:x\d{1,6})?\b",
        0.5,
        _NUMBER_WORDS,
    ),
    WeakPattern(
        "PHONE_NUMBER",
        r"(?<![\w.])\+?\(?\d{1,5}\)?(?:[ .-]\d{2,8}){1,4}(?=[ ](?:office|fax|mobile|cell|home)\b)",
        0.5,
        _NUMBER_WORDS,
    ),
    # One US phone number in eleven has a valid NHS check digit: the checksum alone says little.
    WeakPattern("UK_NHS", r"\b\d{3}[- ]?\d{3}[- ]?\d{4}\b", 0.3, _NHS_WORDS),
    WeakPattern(
        "DATE_OF_BIRTH",
        r"\b(?:\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}"
        rf"|\d{{1,2}}(?:st|nd|rd|th)?[ -]{_MONTH}[ ,-]{{1,2}}\d{{4}}"
        rf"|{_MONTH}[ ]\d{{1,2}}(?:st|nd|rd|th)?,?[ ]\d{{4}})\b",
        0.1,
        _BIRTH_WORDS,
    ),
)

_BY_SHAPE: tuple[Callable[[str], Iterator[Finding]], ...] = (
    email_addresses,
    public_ip_addresses,
    personal_urls,
    street_addresses,
    titled_names,
    listed_names,
    listed_places,
)


def find_by_shape(text: str) -> Iterator[Finding]:
    """
    Find everything whose shape is enough.
    """
    for recognize in _BY_SHAPE:
        yield from recognize(text)


def may_hold_phone(text: str) -> bool:
    """
    Tell whether a text has the digits of a phone number; the search for one is expensive.
    """
    return sum(1 for _ in zip(range(_MIN_PHONE_DIGITS), _DIGIT.finditer(text), strict=False)) == (
        _MIN_PHONE_DIGITS
    )
