"""
`readership init`: a first configuration, with a comment for everything that must be decided.
"""

from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from acl.errors import ConfigurationError
from acl.settings_values import Name

TEMPLATE: Final = """\
# Readership. Every key is also an environment variable, such as READERSHIP_SERVICE__TENANT.
# Relative paths start at this file. Secrets never stand here; keys live below data_dir.

[service]
tenant = "{tenant}"                              # cannot change once there are data
resource = "https://rag.{tenant}.example/mcp"    # this service, as your issuer names it in 'aud'
data_dir = "./data"

[[issuers]]                                   # who signs your users in
issuer = "https://idp.{tenant}.example"          # compared with 'iss' byte for byte
audiences = ["https://rag.{tenant}.example/mcp"]
algorithms = ["RS256", "ES256"]
profile = "rfc9068"                           # rfc9068 | entra | okta | keycloak | generic
# jwks_file = "jwks.json"                     # pin keys; otherwise they are discovered
[[issuers.links]]                             # which principal a token's subject is
claim = "sub"
authority = "corp"

[[sources]]
name = "handbook"
kind = "exchange"                             # a folder with documents.jsonl and groups.jsonl
path = "./handbook"
authority = "corp"                            # whose ids the ACLs name
interval = "15m"
staleness = "1h"                              # permissions older than this are not trusted
# push_clients = ["wiki-exporter"]            # OAuth clients that may push, with scope rag.ingest
"""


def write_configuration(path: Path, tenant: str) -> None:
    """
    Write a first configuration; an existing file is left alone.

    Raises:
        ConfigurationError: There is one already, or the tenant's name cannot be one.
    """
    try:
        TypeAdapter(Name).validate_python(tenant)
    except ValidationError as error:
        msg = (
            f"--tenant {tenant!r:.100} cannot be a name: 1 to 64 letters, digits and . _ -, "
            "of which the first is a letter or digit"
        )
        raise ConfigurationError(msg) from error
    try:
        with path.open("x", encoding="utf-8") as file:
            path.chmod(0o600)
            file.write(TEMPLATE.format(tenant=tenant))
    except FileExistsError as error:
        msg = f"{path} exists already; edit it, or pass --config with another name"
        raise ConfigurationError(msg) from error
    except OSError as error:
        msg = f"{path} cannot be written: {error.strerror}"
        raise ConfigurationError(msg) from error
