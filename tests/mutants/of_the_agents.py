"""
Faults in the agents' door, and in what their tools ask and tell.
"""

from typing import Final

from tests.mutants.mutant import Mutant

DOOR: Final = "retrieval/mcp/door.py"
IN_DOOR: Final = "tests/retrieval/mcp/test_door.py"
IN_CONTRACT: Final = "tests/retrieval/mcp/test_contract.py"

AGENTS: Final = (
    Mutant(
        "agents-host-of-anybody",
        "retrieval/mcp/visitors.py",
        "        if len(hosts) != 1 or hosts[0].lower() not in self.hosts:\n",
        "        if len(hosts) != 1:\n",
        "A stranger's name that points here leads to the tools.",
        (f"{IN_DOOR}::test_only_its_own_name_and_pages_come_in",),
    ),
    Mutant(
        "agents-origin-by-its-beginning",
        "retrieval/mcp/visitors.py",
        "        if any(one.lower() not in self.origins for one in origins):\n",
        "        if any(not one.startswith(tuple(self.origins)) for one in origins):\n",
        "A page of a stranger whose name begins like ours uses the tools.",
        (f"{IN_DOOR}::test_only_its_own_name_and_pages_come_in",),
    ),
    Mutant(
        "agents-revoked-are-welcome",
        "retrieval/answer.py",
        "        self.authorizer.require_welcome(reader)\n",
        "",
        "A revoked token still lists the tools.",
        (f"{IN_DOOR}::test_whoever_was_revoked_sees_no_tools",),
    ),
    Mutant(
        "agents-any-scope-is-welcome",
        "retrieval/answer.py",
        "        if reader.scopes.isdisjoint(READERS_SCOPES):\n",
        "        if not reader.scopes:\n",
        "A token for something else is let in.",
        (f"{IN_DOOR}::test_a_token_for_no_tool_is_told_every_scope",),
    ),
    Mutant(
        "agents-envelope-unchecked",
        DOOR,
        "    if not _is_request(message):\n",
        "    if not message:\n",
        "A request with a malformed id is taken for a notification, and never answered.",
        (f"{IN_DOOR}::test_what_is_not_one_request_is_refused",),
    ),
    Mutant(
        "agents-security-schemes-dropped",
        "retrieval/mcp/server.py",
        "        self._server.middleware[:] = [_securing(tools)]\n",
        "        self._server.middleware[:] = []\n",
        "ChatGPT is not told what a tool needs, and opens no sign-in.",
        (f"{IN_CONTRACT}::test_search_and_fetch_are_listed_exactly_so",),
    ),
    Mutant(
        "agents-dateless-in-every-range",
        "retrieval/page.py",
        "        if modified is None:\n            return False\n",
        "        if modified is None:\n            return True\n",
        "What has no date is shown in a range of dates.",
        (f"{IN_CONTRACT}::test_filters_stay_within_sources_and_dates",),
    ),
)
