"""
The part of `readership doctor` that looks at issuers: is what is configured here what the issuer
does there, and what must a client find?

Each issuer whose keys are not pinned is asked for its discovery document and its keys, over the
same bounded connection as in service. An issuer with pinned keys is asked nothing.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from acl.errors import ReadershipError
from acl.identity.errors import KeysUnavailableError, TokenRejectedError
from acl.identity.jwks import PublicKey, fit
from acl.identity.keysets import DiscoveredKeys, PinnedKeys
from acl.identity.wire import WireError
from acl.model.strict_json import parse_object
from acl.settings import Configuration
from acl.settings_events import TransmitterSettings
from acl.settings_issuers import IssuerSettings
from readership.findings import Finding, fine, wrong
from readership.provider_findings import provider_findings
from retrieval.identity_wiring import identity_links, key_source, wire_to

DISCOVERY: Final = "/.well-known/openid-configuration"
_REGISTRATION: Final = (
    ("client_id_metadata_document_supported", "by their metadata document"),
    ("registration_endpoint", "dynamically"),
)


def issuer_findings(configuration: Configuration) -> Iterator[Finding]:
    """
    Yield what was found of every issuer and transmitter.
    """
    settings = configuration.settings
    if not settings.issuers:
        yield wrong("issuers", "none is configured; add an [[issuers]] section")
    for issuer in settings.issuers:
        yield from _of_issuer(configuration, issuer)
    for transmitter in settings.transmitters:
        yield from _keys(configuration, transmitter, f"transmitter {transmitter.issuer}")


def _of_issuer(configuration: Configuration, issuer: IssuerSettings) -> Iterator[Finding]:
    yield from _keys(configuration, issuer, issuer.issuer)
    if issuer.jwks_file is None:
        yield _discovery(configuration, issuer)
    if issuer.issuer not in {one.issuer for one in identity_links(configuration)}:
        what = "has no [[issuers.links]]: its readers would be nobody and see nothing"
        yield wrong(f"links of {issuer.issuer}", what)
    yield from provider_findings(issuer, configuration.settings.service)


def _keys(
    configuration: Configuration, issuer: IssuerSettings | TransmitterSettings, name: str
) -> Iterator[Finding]:
    try:
        found = _fetched(configuration, issuer)
    except ReadershipError as error:
        yield wrong(f"keys of {name}", _remedied(error.diagnostics(), issuer.issuer))
        return
    where = "pinned" if issuer.jwks_file is not None else "fetched"
    usable = {kid: _algorithms(found, kid, issuer.algorithms) for kid in sorted(found)}
    told = ", ".join(f"{kid} ({'/'.join(able) or 'no use'})" for kid, able in usable.items())
    if any(usable.values()):
        yield fine(f"keys of {name}", f"{len(found)} {where}: {told}")
        return
    types = sorted({f"{key.key_type} {key.get('alg', '')}".strip() for key in found.values()})
    what = f"algorithms {issuer.algorithms} fit none of its keys ({', '.join(types)}); add theirs"
    yield wrong(f"keys of {name}", what)


def _fetched(
    configuration: Configuration, issuer: IssuerSettings | TransmitterSettings
) -> Mapping[str, PublicKey]:
    source = key_source(configuration, issuer)
    if isinstance(source, DiscoveredKeys):
        return source.fetch()
    if isinstance(source, PinnedKeys):
        return source.load()
    msg = "its keys cannot be listed"
    raise KeysUnavailableError(msg)


def _algorithms(keys: Mapping[str, PublicKey], kid: str, accepted: list[str]) -> list[str]:
    able = []
    for algorithm in accepted:
        try:
            fit(keys, kid, algorithm)
        except TokenRejectedError:
            continue
        able.append(algorithm)
    return able


def _remedied(problem: str, issuer: str) -> str:
    named = re.search(r"discovery names issuer '([^']*)', not ", problem)
    if named is None:
        return problem
    return f"{problem}; {_renamed(named[1], issuer)}"


def _renamed(named: str, issuer: str) -> str:
    if named.rstrip("/") == issuer.rstrip("/"):
        return f'the slash at the end counts: write issuer = "{named}"'
    return f'if that is the issuer you mean, write issuer = "{named}"'


def _discovery(configuration: Configuration, issuer: IssuerSettings) -> Finding:
    name = f"discovery of {issuer.issuer}"
    try:
        answer = wire_to(configuration, issuer).get(issuer.issuer.rstrip("/") + DISCOVERY)
        document = parse_object(answer)
    except (WireError, ValueError, ReadershipError) as error:
        told = error.diagnostics() if isinstance(error, ReadershipError) else str(error)
        return wrong(name, f"{told}; clients find no way to sign in without it")
    if document.get("issuer") != issuer.issuer:
        named = str(document.get("issuer"))[:200]
        return wrong(name, f"it names issuer {named!r}; {_renamed(named, issuer.issuer)}")
    return _for_clients(name, document, issuer)


def _for_clients(name: str, document: Mapping[str, object], issuer: IssuerSettings) -> Finding:
    methods = document.get("code_challenge_methods_supported")
    announced = isinstance(methods, list) and "S256" in methods
    if not announced and issuer.profile != "entra":
        what = (
            "it does not announce PKCE with S256 (code_challenge_methods_supported), without "
            "which ChatGPT and other clients refuse it; turn it on at the issuer"
        )
        return wrong(name, what)
    ways = [text for member, text in _REGISTRATION if document.get(member)]
    registered = " or ".join(ways) or "by hand: enter each at the issuer"
    pkce = "PKCE S256" if announced else "PKCE not announced, as always with Entra ID"
    return fine(name, f"agrees; {pkce}; clients register {registered}")
