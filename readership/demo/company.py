"""
Lays out the fictional company as an exchange-format folder with a configuration beside it.
"""

import json
import shutil
from pathlib import Path
from typing import Final

from acl.errors import ConfigurationError
from readership.demo.issuer import DEMO_RESOURCE, UNSAFE_DEMO_ISSUER

MARKER: Final = ".readership-demo"
CONFIGURATION: Final = f"""\
# The demo's configuration. Its issuer is unsafe on purpose; never copy this section.
[service]
tenant = "larkspur-demo"
resource = "{DEMO_RESOURCE}"
data_dir = "./data"

[[issuers]]
issuer = "{UNSAFE_DEMO_ISSUER}"
audiences = ["{DEMO_RESOURCE}"]
algorithms = ["ES256"]
profile = "rfc9068"
jwks_file = "unsafe-demo-issuer.jwks.json"
max_lifetime = "24h"
[[issuers.links]]
claim = "sub"
authority = "corp"

[[sources]]
name = "larkspur"
kind = "exchange"
path = "./company"
authority = "corp"
staleness = "30d"    # a demo may lie around; a real source gets an hour
"""


def locate_company() -> Path:
    """
    Return the folder of the fictional company, in an installation or a checkout.

    Raises:
        ConfigurationError: It is in neither.
    """
    package = Path(__file__).resolve().parent
    for place in (package / "company", package.parent.parent / "fixtures" / "company"):
        if (place / "documents.jsonl").is_file():
            return place
    msg = "the demo's company is not installed; run the demo from a checkout"
    raise ConfigurationError(msg)


def lay_out(directory: Path) -> Path:
    """
    Make a fresh demo directory; return its configuration file.

    Raises:
        ConfigurationError: The directory exists and is not a demo's.
    """
    if directory.exists() and any(directory.iterdir()):
        if not (directory / MARKER).is_file():
            msg = f"{directory} exists and is not a demo; name another directory with --dir"
            raise ConfigurationError(msg)
        shutil.rmtree(directory)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    (directory / MARKER).touch()
    company = locate_company()
    target = directory / "company"
    target.mkdir(mode=0o700)
    for name in ("documents.jsonl", "groups.jsonl"):
        shutil.copyfile(company / name, target / name)
    shutil.copytree(company / "files", target / "files")
    configuration = directory / "readership.toml"
    configuration.write_text(CONFIGURATION, encoding="utf-8")
    configuration.chmod(0o600)
    return configuration


def remove_member(directory: Path, group: str, member: str) -> None:
    """
    Take a member out of a group, as the company's own directory would.
    """
    path = directory / "company" / "groups.jsonl"
    groups = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for one in groups:
        if one["id"] == group:
            one["members"] = [m for m in one["members"] if m != member]
    path.write_text("".join(json.dumps(one) + "\n" for one in groups), encoding="utf-8")
