"""
Faults in the client package: what one user's request leaves for the next one's.
"""

from typing import Final

from tests.mutants.mutant import Mutant

FILE: Final = "readership_client/client.py"
TESTS: Final = "tests/end_to_end/test_client.py"

CLIENT: Final = (
    Mutant(
        "client-keeps-cookies",
        FILE,
        "    jar.set_policy(DefaultCookiePolicy(allowed_domains=()))\n",
        "    jar.set_policy(DefaultCookiePolicy())\n",
        "A gateway's session makes the next reader the one before.",
        (f"{TESTS}::test_nothing_of_one_request_is_there_in_the_next",),
    ),
    Mutant(
        "client-takes-a-text-for-a-token",
        FILE,
        "    if not callable(token):\n",
        "    if not callable(token) and not isinstance(token, str):\n",
        "A program stores one reader's token for everybody, and nobody says so.",
        (f"{TESTS}::test_a_token_in_place_of_a_function_is_refused",),
    ),
    Mutant(
        "client-sends-whatever-token",
        FILE,
        "    if not isinstance(token, str) or _TOKEN.fullmatch(token) is None:\n",
        "    if not isinstance(token, str):\n",
        "What a token function returns writes headers of its own.",
        (f"{TESTS}::test_without_a_token_nothing_is_sent",),
    ),
    Mutant(
        "client-in-the-clear",
        FILE,
        "return ip_address(host).is_loopback",
        "return ip_address(host).is_private",
        "A token goes over the network unencrypted.",
        (f"{TESTS}::test_a_token_goes_nowhere_in_the_clear",),
    ),
    Mutant(
        "client-through-a-proxy",
        FILE,
        'return httpx.URL(url).scheme == "https"',
        'return httpx.URL(url).scheme != "ftp"',
        "A proxy of the environment reads the token of a service on this machine.",
        (f"{TESTS}::test_a_token_goes_to_this_machine_and_through_nobodys_proxy",),
    ),
)
