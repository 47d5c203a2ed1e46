"""
Who may say that access has ended is configured without room for doubt.
"""

from pathlib import Path

import pytest

from acl.errors import ConfigurationError
from acl.model.revocations import TokensOf
from acl.settings import load_configuration
from readership.revoking import named
from retrieval.identity_wiring import revocation_rule
from tests.acl.identity.issuers import AUDIENCE, ISSUER, OTHER_ISSUER
from tests.acl.identity.spoken import CHAT, RECEIVER, TRANSMITTER
from tests.end_to_end.event_world import CONFIGURATION, lay_out

WRONG: dict[str, tuple[str, str, str]] = {
    "it speaks for nobody": (f'speaks_for = ["{ISSUER}"]', "speaks_for = []", "at least 1 item"),
    "it speaks for a stranger": (
        f'speaks_for = ["{ISSUER}"]',
        f'speaks_for = ["{ISSUER}", "{OTHER_ISSUER}"]',
        f"speaks for {OTHER_ISSUER}, which is no configured issuer",
    ),
    "its opaque subjects are a stranger's": (
        f'opaque_issuer = "{ISSUER}"',
        f'opaque_issuer = "{OTHER_ISSUER}"',
        "opaque_issuer is not among those that speaks_for lists",
    ),
    "its audience is the resource": (RECEIVER, AUDIENCE, "events need one of their own"),
    "its audience is a client": (RECEIVER, CHAT, "events need one of their own"),
    "its audience is empty": (RECEIVER, "", "at least 1 character"),
    "its address is not https": (TRANSMITTER, "http://ssf.acme.example", "must be an https://"),
    "its keys are a secret": (
        'algorithms = ["ES256"]\njwks_file = "transmitter.json"',
        'algorithms = ["HS256"]',
        "cannot be used",
    ),
    "its keys are in two places": (
        'jwks_file = "transmitter.json"',
        'jwks_file = "transmitter.json"\njwks_uri = "https://ssf.acme.example/keys"',
        "exclude each other",
    ),
    "it has a secret": (
        'jwks_file = "transmitter.json"',
        'jwks_file = "transmitter.json"\nsecret = "x"',
        "not a known key",
    ),
    "its address claim is empty": (
        'jwks_file = "transmitter.json"',
        'jwks_file = "transmitter.json"\nemail_claim = ""',
        "at least 1 character",
    ),
    "a client is an audience": (
        f'logout_clients = ["{CHAT}"]',
        f'logout_clients = ["{AUDIENCE}"]',
        "a client id is no audience",
    ),
    "a client is empty": (f'["{CHAT}"]', '[""]', "at least 1 character"),
    "a prefix would run into the names": (
        "[service]\n",
        '[service]\nscope_prefix = "https://rag.acme.example/mcp"\n',
        "String should match pattern",
    ),
    "a prefix would end the challenge": (
        "[service]\n",
        "[service]\nscope_prefix = 'a\"b/'\n",
        "String should match pattern",
    ),
}


@pytest.mark.promise("statements-apart")
@pytest.mark.parametrize("what", sorted(WRONG))
def test_what_leaves_room_for_doubt_is_refused(what: str, tmp_path: Path) -> None:
    before, after, told = WRONG[what]
    assert before in CONFIGURATION
    load_configuration(lay_out(tmp_path / "right"))

    with pytest.raises(ConfigurationError) as refused:
        load_configuration(lay_out(tmp_path / "wrong", text=CONFIGURATION.replace(before, after)))

    assert told in refused.value.diagnostics()


def test_two_transmitters_of_one_name_are_refused(tmp_path: Path) -> None:
    start, end = CONFIGURATION.index("[[transmitters]]"), CONFIGURATION.index("[embedding]")
    twice = CONFIGURATION[:end] + CONFIGURATION[start:end] + CONFIGURATION[end:]

    with pytest.raises(ConfigurationError) as refused:
        load_configuration(lay_out(tmp_path / "twice", text=twice))

    assert "two transmitters share one name" in refused.value.diagnostics()


def test_by_which_claims_people_are_revoked_is_said_by_transmitters(tmp_path: Path) -> None:
    """
    And is then demanded of the tokens of the issuers for which they speak.
    """
    plain = load_configuration(lay_out(tmp_path / "plain"))
    by_mail = CONFIGURATION.replace("opaque_issuer", 'email_claim = "upn"\nopaque_issuer')
    named_by_mail = load_configuration(lay_out(tmp_path / "mail", text=by_mail))

    assert {} == revocation_rule(plain).claims
    assert {ISSUER: {"upn"}} == revocation_rule(named_by_mail).claims


@pytest.mark.promise("identity-exact")
def test_an_operator_names_tokens_without_doubt(tmp_path: Path) -> None:
    """
    The one issuer that there is need not be said, and no other can be.
    """
    configuration = load_configuration(lay_out(tmp_path / "one"))

    assert TokensOf(ISSUER, "sub", "Alice") == named(configuration, "sub", "Alice", None)
    assert TokensOf(ISSUER) == named(configuration, "", "", ISSUER)
    for claim, value, issuer in (
        ("sub", "alice", OTHER_ISSUER),
        ("sub", "alice", f"{ISSUER}/"),
        ("sub", "", None),
        ("sid", "s" * 256, None),
    ):
        with pytest.raises(ConfigurationError):
            named(configuration, claim, value, issuer)
