"""
By which names, and from whose pages, agents may come: exact ones, or the configuration is refused.
"""

import pytest
from pydantic import ValidationError

from acl.settings_mcp import McpSettings


def test_nobody_is_listed_by_default() -> None:
    assert ([], []) == (McpSettings().allowed_hosts, McpSettings().allowed_origins)


@pytest.mark.parametrize(
    "host",
    ["rag.acme.example", "rag.acme.example:8443", "127.0.0.1:8080", "[::1]:8080", "localhost"],
)
def test_names_are_taken_as_clients_send_them(host: str) -> None:
    settings = McpSettings(allowed_hosts=[host], allowed_origins=[f"http://{host}"])

    assert ([host], [f"http://{host}"]) == (settings.allowed_hosts, settings.allowed_origins)


@pytest.mark.promise("mcp-visitors")
@pytest.mark.parametrize(
    "name",
    [
        "",
        "*",
        "*.acme.example",
        "rag.acme.example:*",
        "https://rag.acme.example",
        "a/b",
        "a b",
        "a@b",
    ],
)
def test_a_pattern_is_no_name(name: str) -> None:
    with pytest.raises(ValidationError):
        McpSettings(allowed_hosts=[name])
    with pytest.raises(ValidationError):
        McpSettings(allowed_origins=[f"https://{name}"])


@pytest.mark.promise("mcp-visitors")
@pytest.mark.parametrize("origin", ["null", "rag.acme.example", "https://a.example/", "ftp://a"])
def test_what_no_browser_sends_is_no_origin(origin: str) -> None:
    with pytest.raises(ValidationError):
        McpSettings(allowed_origins=[origin])
