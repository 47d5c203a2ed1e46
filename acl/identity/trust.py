"""
Whose TLS certificates are believed when an issuer is asked for its keys.
"""

import ssl
from pathlib import Path

import httpx

from acl.errors import ConfigurationError
from acl.identity.keysets import FETCH_SECONDS


def client_trusting(ca_file: Path) -> httpx.Client:
    """
    Return a client that believes these authorities and no others, and follows no redirect.

    Raises:
        ConfigurationError: The file is missing, can be changed by others, or holds none.
    """
    if not ca_file.is_file():
        msg = f"ca_file {ca_file} does not exist; place the authority's certificate there"
        raise ConfigurationError(msg)
    if ca_file.stat().st_mode & 0o022:
        msg = f"{ca_file} can be changed by others, who could pose as the issuer; chmod go-w it"
        raise ConfigurationError(msg)
    try:
        context = ssl.create_default_context(cafile=str(ca_file))
    except (ssl.SSLError, OSError) as error:
        msg = f"ca_file {ca_file} holds no certificate in PEM: {error}"
        raise ConfigurationError(msg) from error
    return httpx.Client(
        timeout=FETCH_SECONDS, follow_redirects=False, trust_env=False, verify=context
    )
