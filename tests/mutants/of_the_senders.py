"""
Faults in what push and provisioning clients may send: by whom, how long, and in which words.
"""

from typing import Final

from tests.mutants.mutant import Mutant

COMMON: Final = "acl/registry/provisioning.py"
PATCHES: Final = "readership/scim/patches.py"
CHOOSING: Final = "readership/scim/choosing.py"
RESOURCES: Final = "readership/scim/resources.py"

OF_STATEMENTS: Final = "tests/end_to_end/test_scim_statements.py"
OF_CHOOSING: Final = "tests/readership/scim/test_choosing.py"
OF_TURNS: Final = "tests/acl/registry/test_provisioning_apart.py"

STATEMENTS: Final = (
    Mutant(
        "group-emptied-by-silence",
        RESOURCES,
        "    if before.members and not says_members:\n",
        "    if not before.members and not says_members:\n",
        "Renaming a group that is denied lets in everybody whom it kept out.",
        (f"{OF_STATEMENTS}::test_a_group_is_not_emptied_by_silence",),
    ),
    Mutant(
        "misspelt-urn-is-an-extension",
        RESOURCES,
        "    if attribute.startswith(STANDARD):\n",
        "    if attribute.startswith(EXTENSION):\n",
        "Taking everybody out of a group with a slip of the pen is accepted, and does nothing.",
        (f"{OF_STATEMENTS}::test_a_misspelt_name_of_the_standard_is_refused",),
    ),
    Mutant(
        "removing-nobody-is-done",
        PATCHES,
        "    if not named:\n",
        "    if named is None:\n",
        "Whoever meant to empty a group is told that it was done, and it was not.",
        (f"{OF_STATEMENTS}::test_what_would_not_be_done_is_refused",),
    ),
    Mutant(
        "choosing-without-a-bound",
        CHOOSING,
        "        self._looked_at += members\n",
        "        self._looked_at = members\n",
        "One request that a provisioning client sends keeps the service busy for hours.",
        (f"{OF_CHOOSING}::test_a_request_looks_at_no_more_members_than_a_bound",),
    ),
    Mutant(
        "worked-out-in-the-turn",
        COMMON,
        "            stated = to(before.stated)\n            try:\n",
        "            with self._database.writing():\n"
        "                stated = to(before.stated)\n"
        "            try:\n",
        "While a long list of members is worked out nothing else can be written, no revocation.",
        (f"{OF_TURNS}::test_others_write_while_a_change_is_worked_out",),
    ),
    Mutant(
        "worked-out-from-what-is-gone",
        COMMON,
        "            self._require_unmoved(turn, before.kept)\n",
        "",
        "Whoever was taken out of a group meanwhile is in it again.",
        (
            f"{OF_TURNS}::test_a_change_that_came_first_is_not_undone",
            f"{OF_TURNS}::test_a_condition_is_of_the_version_that_is_changed",
        ),
    ),
    Mutant(
        "moment-beyond-the-calendar",
        "acl/registry/filtering.py",
        "        return zoned.astimezone(UTC)\n",
        "        return zoned\n",
        "A filter is answered with 500.",
        (f"{OF_STATEMENTS}::test_a_moment_beyond_the_calendar_is_no_moment",),
    ),
)
