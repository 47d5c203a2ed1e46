"""
Street addresses, postcodes and boxes by shape, in the orders in which countries write them.

Every repetition below is bounded and no two neighbouring parts can match the same text in many
ways, so that a hostile document costs time proportional to its length.
"""

import re
from collections.abc import Iterator

from acl.model.redaction import Finding

_CAPITAL = r"[^\W\d_a-zß-öø-ÿ]"
_WORD = rf"{_CAPITAL}[\w'’.\-]{{0,30}}"  # noqa: RUF001 - typographic apostrophe
_NUMBER = r"\d{1,6}(?:[-/]\d{1,4})?[A-Za-z]?"
_GAP = r"[ \t]{1,2}"

_ENGLISH_KINDS = (
    r"(?:Street|Str|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Square|Sq"
    r"|Terrace|Ter|Parkway|Pkwy|Highway|Hwy|Crescent|Close|Grove|Gardens|Circle|Cir|Trail|Trl"
    r"|Alley|Plaza|Turnpike|Mews|Quay|Wharf|Way|Place|Pl)\b\.?"
)
_LEADING_KINDS = (
    r"(?:Via|Viale|Corso|Piazza|Vicolo|Rue|Avenue|Boulevard|Chemin|Impasse|Quai|Route|Rua|R"
    r"|Avenida|Av|Travessa|Praça|Calle|Carrera|Paseo|Plaza|Camino|Ctra|C/|Rruga|Ulica|Ul|Strada"
    r"|Bulevardul|Hauz|Jalan|Jl)\.?"
)
_JOINED_KINDS = (
    r"(?:stra(?:ß|ss)e|str|gasse|weg|platz|allee|ring|ufer|damm|gatan|gata|vägen|väg|gränd|gränden"
    r"|stigen|gade|vej|vænget|allé|veien|vegen|straat|laan|plein|gracht|kade|katu|tie|kuja|polku"
    r"|gränd|stræde)\.?"
)
_SPACED_KINDS = r"(?:utca|út|útja|u|ulica|ul|cesta|sokak|caddesi|köz|tér|krt)\.?"
_LINK = r"(?:de|del|della|delle|degli|dei|di|du|des|da|do|das|dos|la|le|las|los|el|et|y|e|van|der)"
_NAME = rf"(?:(?:{_LINK}|{_WORD}){_GAP}){{0,4}}{_WORD}"

_PATTERNS = tuple(
    (re.compile(pattern, flags), score)
    for pattern, flags, score in (
        # "12 Old Mill Road", "1200 W. 5th St."
        (
            (
                rf"\b{_NUMBER}{_GAP}(?:[\w'.\-]{{1,30}}{_GAP}){{0,1}}(?:{_WORD}{_GAP}){{1,4}}"
                rf"{_ENGLISH_KINDS}"
            ),
            0,
            0.6,
        ),
        # "Clarke Avenue 24", and without a number in running text
        (
            (
                rf"\b(?:{_WORD}{_GAP}){{1,3}}(?:Street|Avenue|Road|Boulevard|Lane)\b"
                rf"(?:{_GAP}{_NUMBER}\b)?"
            ),
            0,
            0.5,
        ),
        # "15 Via Carlo Cattaneo 130", "Rue Abderrahmen Ziad 4"
        (rf"\b(?:{_NUMBER},?{_GAP})?{_LEADING_KINDS}{_GAP}{_NAME},?{_GAP}{_NUMBER}\b", 0, 0.6),
        (rf"\b{_NUMBER},?{_GAP}{_LEADING_KINDS}{_GAP}{_NAME}", 0, 0.6),
        # "Hauptstraße 12", "74 Västerviksgatan 2"
        (
            (
                rf"\b(?:{_NUMBER}{_GAP})?(?:{_WORD}{_GAP})?{_CAPITAL}\w{{2,30}}{_JOINED_KINDS}{_GAP}"
                rf"{_NUMBER}\b"
            ),
            0,
            0.6,
        ),
        (rf"\b(?:{_WORD}{_GAP}){{1,3}}{_SPACED_KINDS}{_GAP}{_NUMBER}\b", 0, 0.55),
        # A house number on both sides of a street name, as some countries do.
        (rf"^[>? ]{{0,4}}\d{{1,4}}{_GAP}{_NAME}{_GAP}\d{{1,4}}$", re.MULTILINE, 0.5),
        (
            r"\b(?:P\.?[ ]?O\.?[ ]?Box|Post Office Box|Postfach|Apartado)[ ]#?\d{1,6}\b",
            re.IGNORECASE,
            0.7,
        ),
        (r"\b(?:Suite|Ste|Apt|Apartment|Flat)\b\.?[ ]#?\d{1,5}[A-Z]?\b", re.IGNORECASE, 0.5),
        (r"\b(?:PSC|Unit|CMR)[ ]\d{3,5},?[ ]Box[ ]\d{2,5}\b", 0, 0.7),
        # Postcodes: United States (after a state), United Kingdom, Canada.
        (
            (
                r"\b(?:A[AEKLPRSZ]|C[AOT]|D[CE]|FL|FM|G[AU]|HI|I[ADLN]|K[SY]|LA|M[ADEHINOPST]"
                r"|N[CDEHJMVY]"
                r"|O[HKR]|P[ARW]|RI|S[CD]|T[NX]|UT|V[AIT]|W[AIVY])[ \n]{1,2}\d{5}(?:-\d{4})?\b"
            ),
            0,
            0.6,
        ),
        (r"\b[A-Z]{1,2}\d[A-Z\d]?[ ]\d[ABD-HJLNP-UW-Z]{2}\b", 0, 0.6),
        (r"\b[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z][ ]\d[ABCEGHJ-NPRSTV-Z]\d\b", 0, 0.6),
    )
)


_HOUSE_NUMBER = re.compile(r"(?<!\d)\d{1,5},?[ ]{1,2}\Z")
_HOUSE_NUMBER_REACH = 9
_POSTCODE = re.compile(r"\b\d{5}\b")
_POSTCODE_REACH = 80
"""
A bare number is a postcode if it stands at most this far behind a street.
"""


def street_addresses(text: str) -> Iterator[Finding]:
    """
    Find street lines, unit and box numbers, and postcodes.
    """
    for pattern, score in _PATTERNS:
        for match in pattern.finditer(text):
            start, end = match.span()
            if before := _HOUSE_NUMBER.search(text, max(0, start - _HOUSE_NUMBER_REACH), start):
                start = before.start()
            yield Finding(start, end, "ADDRESS", score, "street_addresses")
            if after := _POSTCODE.search(text, end, end + _POSTCODE_REACH):
                yield Finding(*after.span(), "ADDRESS", score, "street_addresses")
