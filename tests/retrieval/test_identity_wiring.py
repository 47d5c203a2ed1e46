"""
What the operator writes down about issuers is what the verifier does, and mistakes are told.
"""

import json
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from acl.errors import ConfigurationError
from acl.identity.claims import GroupClaim
from acl.identity.keysets import DiscoveredKeys, PinnedKeys
from acl.identity.linking import GroupLink, IdentityLink, ServiceLink
from acl.model.assurance import SignIn
from acl.model.identifiers import AuthorityId
from acl.settings import Configuration, load_configuration
from retrieval.identity_wiring import demands, identity_links, trusted_issuers
from retrieval.wiring import label_policies
from tests.acl.identity.issuers import AUDIENCE, ISSUER, OTHER_ISSUER, Issuer, clock
from tests.acl.identity.readers import proven
from tests.acl.identity.tls import certify

CORP: Final = AuthorityId("corp")
HEAD: Final = f"""
[service]
tenant = "acme"
resource = "{AUDIENCE}"
[[sources]]
name = "handbook"
path = "handbook"
authority = "corp"
"""
FIRST: Final = f"""
[[issuers]]
issuer = "{ISSUER}"
audiences = ["{AUDIENCE}"]
"""
SECOND: Final = FIRST.replace(ISSUER, OTHER_ISSUER)
LINK: Final = """
[[issuers.links]]
claim = "sub"
authority = "corp"
"""
ASKED: Final = """
[issuers.introspection]
endpoint = "https://idp.acme.example/introspect"
client_id = "rag"
client_secret_file = "secret"
"""


def configured(directory: Path, *sections: str) -> Configuration:
    """
    Return a configuration of these sections, with the files that they name.
    """
    for name, content in (
        ("jwks.json", json.dumps({"keys": [Issuer("ES256").jwk()]})),
        ("secret", "s3cret\n"),
    ):
        (directory / name).write_text(content, encoding="utf-8")
        (directory / name).chmod(0o600)
    file = directory / "readership.toml"
    file.write_text(HEAD + "".join(sections), encoding="utf-8")
    file.chmod(0o600)
    return load_configuration(file)


def test_an_issuer_without_more_is_as_strict_as_can_be(tmp_path: Path) -> None:
    """
    One hour, half a minute, asymmetric algorithms, no groups, no agents, no services, no
    introspection.
    """
    configuration = configured(tmp_path, FIRST)

    one = trusted_issuers(configuration)[ISSUER]

    assert (3_600, 30) == (one.max_lifetime_seconds, one.leeway_seconds)
    assert {"RS256", "ES256"} == one.algorithms
    assert isinstance(one.keys, DiscoveredKeys)
    assert one.groups is None
    assert one.introspector is None
    assert {} == one.delegation.actors
    assert () == identity_links(configuration)
    assert {} == demands(configuration).by_scope


def test_everything_that_is_written_down_arrives(tmp_path: Path) -> None:
    configuration = configured(
        tmp_path,
        FIRST,
        'profile = "keycloak"\njwks_uri = "https://idp.acme.example/jwks"\n',
        LINK,
        '[issuers.groups]\nauthority = "corp"\nclaim = "roles"\nwhen_missing = "none"\n',
        ASKED,
        'when = "both"\ncache_for = "30s"\n',
        '[[issuers.clients]]\nclient = "chat"\nname = "ChatGPT"\nscopes = ["rag.search"]\n',
        '[[issuers.actors]]\nactor = "agent://planner"\nsources = ["handbook"]\n',
        '[[issuers.services]]\nclient = "svc"\nsubject = "svc-7"\n',
        'authority = "corp"\nuser = "robot"\n',
        '[[step_up]]\nscope = "rag.read"\nacr = ["phr"]\nmax_age = "15m"\ngrant = "rag.more"\n',
    )

    one = trusted_issuers(configuration)[ISSUER]

    assert GroupClaim("roles", may_lack=True) == one.groups
    assert isinstance(one.keys, DiscoveredKeys)
    assert "https://idp.acme.example/jwks" == one.keys.jwks_uri
    rights = one.delegation.rights(
        frozenset({"rag.search", "rag.read"}), "chat", ("agent://planner",)
    )
    assert ({"rag.search"}, {"handbook"}) == (set(rights.scopes), set(rights.sources or ()))
    assert ("ChatGPT", "agent://planner") == rights.via
    assert (
        IdentityLink(ISSUER, "sub", CORP),
        GroupLink(ISSUER, CORP),
        ServiceLink(ISSUER, "svc", "svc-7", CORP, "robot"),
    ) == identity_links(configuration)
    introspector = one.introspector
    assert introspector is not None
    assert (True, True, 30) == (
        introspector.opaque,
        introspector.always,
        introspector.cache_seconds,
    )
    assert "s3cret" == introspector.secret()
    assert "s3cret" not in repr(one)
    unmet = demands(configuration).unmet(ISSUER, "rag.read", SignIn(), now=clock())
    assert unmet is not None
    assert (("phr",), timedelta(minutes=15), "rag.more") == (
        unmet.contexts,
        unmet.max_age,
        unmet.scope,
    )


def test_a_pinned_file_and_a_private_authority_are_used(tmp_path: Path) -> None:
    certificate = certify(tmp_path)

    pinned = trusted_issuers(configured(tmp_path, FIRST, 'jwks_file = "jwks.json"\n'))[ISSUER]
    private = trusted_issuers(configured(tmp_path, FIRST, f'ca_file = "{certificate.name}"\n'))

    assert isinstance(pinned.keys, PinnedKeys)
    keys = private[ISSUER].keys
    assert isinstance(keys, DiscoveredKeys)
    assert 1 == len(keys.wire.trust.get_ca_certs())


def test_a_ceiling_can_demand_more_than_a_level(tmp_path: Path) -> None:
    configuration = configured(
        tmp_path,
        FIRST,
        '[labels]\norder = ["public", "secret"]\nceiling = "secret"\n',
        '[[labels.assurance]]\nacr = "phr"\namr = ["hwk"]\nmax_age = "15m"\nceiling = "secret"\n',
        '[[labels.actors]]\nactor = "agent://planner"\nceiling = "public"\n',
    )
    policies = label_policies(configuration)
    strong = SignIn(frozenset({"phr"}), frozenset({"hwk"}), clock())

    def top(sign_in: SignIn, *actors: str) -> str:
        return policies.ceiling(proven(sign_in=sign_in, actors=actors), clock()).top

    assert "secret" == top(strong)
    assert "public" == top(SignIn(frozenset({"phr"}), frozenset(), clock()))
    assert "public" == top(SignIn(frozenset({"phr"}), frozenset({"hwk"}), None))
    assert "public" == top(strong, "agent://planner")
    assert "secret" == top(strong, "agent://other", "agent://planner")


LABELS: Final = '[labels]\norder = ["low", "high"]\n'


def ceilings(kind: str, key: str) -> str:
    """
    Return two ceilings of one name, of which only one says whose it is.
    """
    one = f'[[labels.{kind}]]\n{key} = "x"\nceiling = '
    return f'{one}"low"\nissuer = "{ISSUER}"\n{one}"high"\n'


MISTAKES: Final[dict[str, tuple[tuple[str, ...], str]]] = {
    "no issuer": ((), "no [[issuers]]"),
    "an empty name": ((FIRST.replace(ISSUER, ""),), "https://"),
    "a name without a host": ((FIRST.replace(ISSUER, "https://"),), "https://"),
    "a name with a user": ((FIRST.replace("https://idp", "https://me@idp"),), "https://"),
    "no audience": ((FIRST.replace(f'"{AUDIENCE}"]', "]"),), "at least 1 item"),
    "an empty audience": ((FIRST.replace(f'["{AUDIENCE}"]', '[""]'),), "audience is empty"),
    "a symmetric algorithm": ((FIRST, 'algorithms = ["HS256"]\n'), "cannot be used"),
    "no algorithm": ((FIRST, 'algorithms = ["none"]\n'), "cannot be used"),
    "two sources of keys": (
        (FIRST, 'jwks_file = "jwks.json"\njwks_uri = "https://x.example/k"\n'),
        "exclude each other",
    ),
    "keys in the clear": ((FIRST, 'jwks_uri = "http://x.example/k"\n'), "https://"),
    "no authorities": ((FIRST, 'ca_file = "jwks.json"\n'), "no certificate authority"),
    "authorities that are missing": ((FIRST, 'ca_file = "gone.pem"\n'), "does not exist"),
    "groups of nobody": ((FIRST, '[issuers.groups]\nauthority = "corp"\n'), "needs a link"),
    "a secret that is missing": (
        (FIRST, ASKED.replace('"secret"', '"gone"')),
        "No such file",
    ),
    "answers that count for long": ((FIRST, ASKED, 'cache_for = "10m"\n'), "at most 300s"),
    "opaque tokens of two": ((FIRST, ASKED, SECOND, ASKED), "opaque tokens"),
    "a client twice": (
        (FIRST, '[[issuers.clients]]\nclient = "x"\n' * 2),
        "two clients share one name",
    ),
    "an actor twice": (
        (FIRST, '[[issuers.actors]]\nactor = "x"\n' * 2),
        "two actors share one name",
    ),
    "an agent's unknown source": (
        (FIRST, '[[issuers.actors]]\nactor = "x"\nsources = ["crm"]\n'),
        "'crm' is not configured",
    ),
    "a client with two ceilings": ((FIRST, LABELS, ceilings("clients", "client")), "stands twice"),
    "a level with two ceilings": ((FIRST, LABELS, ceilings("assurance", "acr")), "stands twice"),
    "an agent with two ceilings": ((FIRST, LABELS, ceilings("actors", "actor")), "stands twice"),
    "a step-up for nothing": ((FIRST, '[[step_up]]\nscope = "rag.read"\n'), "demands acr"),
    "a step-up for pushing": (
        (FIRST, '[[step_up]]\nscope = "rag.ingest"\nacr = ["x"]\n'),
        "rag.search",
    ),
    "a step-up twice": (
        (FIRST, '[[step_up]]\nscope = "rag.read"\nacr = ["x"]\n' * 2),
        "stands twice",
    ),
    "a step-up of whom": (
        (FIRST, SECOND, '[[step_up]]\nscope = "rag.read"\nacr = ["x"]\n'),
        "names its issuer",
    ),
    "a step-up of a stranger": (
        (FIRST, '[[step_up]]\nscope = "rag.read"\nacr = ["x"]\nissuer = "https://x.example"\n'),
        "is not configured",
    ),
    "a context that ends the quotes": (
        (FIRST, '[[step_up]]\nscope = "rag.read"\nacr = [\'x", error="\']\n'),
        "should match pattern",
    ),
}


@pytest.mark.parametrize("mistake", sorted(MISTAKES))
def test_a_mistake_is_told_before_anybody_is_served(tmp_path: Path, mistake: str) -> None:
    sections, reason = MISTAKES[mistake]

    with pytest.raises(ConfigurationError) as refused:
        trusted_issuers(configured(tmp_path, *sections))

    assert reason in refused.value.diagnostics()
    assert "s3cret" not in refused.value.diagnostics()


@pytest.mark.promise("key-file-permissions")
@pytest.mark.parametrize(("file", "mode"), [("secret", 0o640), ("secret", 0o604)])
def test_a_secret_that_others_can_read_is_not_used(tmp_path: Path, file: str, mode: int) -> None:
    configuration = configured(tmp_path, FIRST, ASKED)
    trusted_issuers(configuration)
    (tmp_path / file).chmod(mode)

    with pytest.raises(ConfigurationError) as refused:
        trusted_issuers(configuration)

    assert "can be read or changed by others" in refused.value.diagnostics()


@pytest.mark.parametrize("content", [b"", b"\n", b"a\nb\n", b"a\0", b"\xff"])
def test_a_secret_is_one_line_of_text(tmp_path: Path, content: bytes) -> None:
    configuration = configured(tmp_path, FIRST, ASKED)
    (tmp_path / "secret").write_bytes(content)

    with pytest.raises(ConfigurationError):
        trusted_issuers(configuration)


def test_two_issuers_keep_their_own(tmp_path: Path) -> None:
    """
    Nothing of one section reaches the other issuer.
    """
    agents = '[[issuers.actors]]\nactor = "agent://planner"\n'
    found = trusted_issuers(configured(tmp_path, FIRST, agents, SECOND, ASKED))

    assert {ISSUER, OTHER_ISSUER} == set(found)
    assert {"agent://planner"} == found[ISSUER].delegation.actors.keys()
    assert {} == found[OTHER_ISSUER].delegation.actors
    assert found[ISSUER].introspector is None
    other = found[OTHER_ISSUER].introspector
    assert other is not None
    assert OTHER_ISSUER == other.issuer
