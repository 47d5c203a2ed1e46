"""
The part of `readership doctor` that knows how the identity providers that people have differ:
what must stand in the configuration for each, as far as it can be told without asking anybody.
"""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from acl.settings import ServiceSettings
from acl.settings_issuers import IssuerSettings
from readership.findings import Finding, wrong

GUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
ENTRA_HOSTS: Final = frozenset({"login.microsoftonline.com", "sts.windows.net"})
GOOGLE: Final = "accounts.google.com"


def provider_findings(issuer: IssuerSettings, service: ServiceSettings) -> Iterator[Finding]:
    """
    Yield what is wrong with an issuer's section, given whose it is.
    """
    host = urlsplit(issuer.issuer).hostname or ""
    if host in ENTRA_HOSTS or issuer.profile == "entra":
        yield from _entra(issuer, service, host)
        return
    yield from _audience(issuer, service)
    if host == GOOGLE:
        yield _wrong_issuer(
            issuer,
            "Google's access tokens are opaque and name no resource; put an authorization server "
            "in between that signs people in with Google, and configure that one",
        )
    if host.endswith(".auth0.com") and not issuer.issuer.endswith("/"):
        what = f'Auth0 ends its issuer with a slash: write issuer = "{issuer.issuer}/"'
        yield _wrong_issuer(issuer, what)
    if issuer.profile == "okta" and "/oauth2/" not in issuer.issuer:
        what = (
            "this is Okta's org authorization server, whose access tokens only Okta can read; "
            f"use a custom one, such as {issuer.issuer.rstrip('/')}/oauth2/default"
        )
        yield _wrong_issuer(issuer, what)
    if issuer.profile == "keycloak" and "/realms/" not in issuer.issuer:
        what = "Keycloak's issuer is that of a realm: https://HOST/realms/REALM"
        yield _wrong_issuer(issuer, what)


def _audience(issuer: IssuerSettings, service: ServiceSettings) -> Iterator[Finding]:
    if service.resource not in issuer.audiences:
        what = f"audiences do not list the resource {service.resource}, which clients will ask for"
        yield wrong(f"audience of {issuer.issuer}", what)


def _entra(issuer: IssuerSettings, service: ServiceSettings, host: str) -> Iterator[Finding]:
    if issuer.profile != "entra":
        what = f'it is Entra ID, and profile is {issuer.profile!r}; write profile = "entra"'
        yield wrong(f"profile of {issuer.issuer}", what)
    if not GUID.search(issuer.issuer):
        what = (
            "it names no tenant, so that its tokens bear another issuer; write your tenant's id "
            "in place of 'common' or 'organizations'"
        )
        yield _wrong_issuer(issuer, what)
    if host == "sts.windows.net":
        yield from _audience(issuer, service)
    elif not any(GUID.fullmatch(one) for one in issuer.audiences):
        what = "Entra ID names the application by its client id; list that id in audiences"
        yield wrong(f"audience of {issuer.issuer}", what)
    if service.scope_prefix != f"{service.resource}/":
        what = (
            f"Entra ID refuses the resource {service.resource} with scopes of another App ID URI "
            "(AADSTS9010010); make it the App ID URI, and write "
            f'scope_prefix = "{service.resource}/" in [service]'
        )
        yield wrong(f"scopes of {issuer.issuer}", what)


def _wrong_issuer(issuer: IssuerSettings, what: str) -> Finding:
    return wrong(f"issuer {issuer.issuer}", what)
