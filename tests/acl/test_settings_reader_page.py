"""
The reader's page is off unless it is configured, and configured without room for doubt.
"""

from pathlib import Path

import pytest

from acl.errors import ConfigurationError
from acl.settings import load_configuration
from tests.acl.identity.issuers import ISSUER, OTHER_ISSUER
from tests.end_to_end.event_world import CONFIGURATION, PUSHER, lay_out

NO_PUSH = CONFIGURATION.replace(f'push_clients = ["{PUSHER}"]', 'path = "./wiki"')
PAGE = '[reader_page]\nclient_id = "page"\n'
OTHER = f'[[issuers]]\nissuer = "{OTHER_ISSUER}"\naudiences = ["x"]\n'


def test_it_is_off_unless_it_is_configured(tmp_path: Path) -> None:
    assert load_configuration(lay_out(tmp_path)).settings.reader_page is None


@pytest.mark.parametrize("more", ["", f'issuer = "{ISSUER}"\n'], ids=["the only one", "named"])
def test_it_signs_in_at_a_configured_issuer(tmp_path: Path, more: str) -> None:
    settings = load_configuration(lay_out(tmp_path, text=CONFIGURATION + PAGE + more)).settings

    assert settings.reader_page is not None
    assert ISSUER == settings.reader_page.of(settings.issuers).issuer


WRONG = {
    "no client": ('[reader_page]\nclient_id = ""\n', "at least 1 character"),
    "a secret in the file": (PAGE + 'client_secret = "x"\n', "not a known key"),
    "an issuer that is not configured": (
        PAGE + f'issuer = "{OTHER_ISSUER}"\n',
        f"issuer {OTHER_ISSUER} is not configured",
    ),
    "several issuers": (PAGE + OTHER, "so it names its issuer"),
}


@pytest.mark.parametrize("what", sorted(WRONG))
def test_what_is_in_doubt_is_refused(tmp_path: Path, what: str) -> None:
    text, told = WRONG[what]

    with pytest.raises(ConfigurationError) as refused:
        load_configuration(lay_out(tmp_path, text=NO_PUSH + text))

    assert told in refused.value.diagnostics()


def test_tokens_that_a_browser_cannot_prove_are_refused_at_the_start(tmp_path: Path) -> None:
    bound = CONFIGURATION.replace(
        f'issuer = "{ISSUER}"\naud',
        f'issuer = "{ISSUER}"\nsender = {{ dpop = true, required = true }}\naud',
    )

    with pytest.raises(ConfigurationError) as refused:
        load_configuration(lay_out(tmp_path, text=bound + PAGE))

    assert "a browser proves no possession" in refused.value.diagnostics()
