"""
Faults in who defines what: names, kinds, and those who do not speak any more.
"""

from typing import Final

from tests.mutants.mutant import Mutant
from tests.mutants.of_the_directories import ADMISSION, CHANGES, OF_ADMISSION

STORED: Final = "acl/directory/stored.py"
STEPS: Final = "acl/registry/steps.py"
FORGETTING: Final = "acl/registry/forgetting.py"
ADMIT: Final = "retrieval/admit.py"
OF_DEFINERS: Final = "tests/acl/registry/test_definers.py"

DEFINERS: Final = (
    Mutant(
        "dark-definer-decides",
        STORED,
        "        else:\n            doubted.add(group)\n    for row in",
        "    for row in",
        "While one of two that define a group is dark, the other alone says who is in it.",
        (f"{OF_DEFINERS}::test_a_group_that_a_dark_source_defines_is_in_doubt",),
    ),
    Mutant(
        "members-make-a-group",
        STORED,
        "            if (row.source, group) in stated:\n"
        "                stated[row.source, group].add(member)\n"
        "            else:\n"
        "                doubted.add(group)\n",
        "            stated.setdefault((row.source, group), set()).add(member)\n",
        "Some members of a group that nobody defines are taken for all of them.",
        (f"{OF_DEFINERS}::test_members_without_a_group_are_no_group",),
    ),
    Mutant(
        "joining-what-is-not-defined",
        CHANGES,
        "    if not is_defined(connection, source, group):\n",
        "    if False:\n",
        "One who joins a group that is not defined is taken for all of it.",
        (f"{OF_DEFINERS}::test_nobody_joins_a_group_that_is_not_defined",),
    ),
    Mutant(
        "name-of-another-kind",
        STEPS,
        "    elif row.kind != kind.value:\n",
        "    elif False:\n",
        "A directory that takes over a name takes over the groups that were filed under it.",
        (f"{OF_DEFINERS}::test_a_name_is_that_of_one_kind_until_it_is_forgotten",),
    ),
    Mutant(
        "believed-as-another-kind",
        ADMIT,
        "currency.heard.get((name, self.kinds()[name]))",
        "next((at for (one, _), at in currency.heard.items() if one == name), None)",
        "What a directory of another kind has said under a name counts on.",
        (f"{OF_DEFINERS}::test_a_directory_is_believed_only_as_what_it_is",),
    ),
    Mutant(
        "former-directory-is-forgotten",
        ADMISSION,
        "    reasons = chain(found, found_before)\n",
        "    reasons = chain(found)\n",
        "Taking a directory out of the configuration lets back in whom it had deactivated.",
        (
            f"{OF_ADMISSION}::test_leaving_a_directory_out_lets_nobody_back_in",
            f"{OF_DEFINERS}::test_whoever_was_let_go_stays_out_until_forgotten",
        ),
    ),
    Mutant(
        "deactivation-by-letter-case",
        ADMISSION,
        '    return unicodedata.normalize("NFKC", identifier).casefold()\n',
        "    return identifier\n",
        "Whoever writes the name of somebody deactivated in capitals is unknown, and let in.",
        (f"{OF_ADMISSION}::test_a_name_in_other_case_dodges_nothing",),
    ),
    Mutant(
        "forgetting-what-is-configured",
        FORGETTING,
        "            if not self._is_former(left):\n",
        "            if False:\n",
        "A slip of the pen lets back in whom a directory in force has deactivated.",
        (f"{OF_DEFINERS}::test_whoever_was_let_go_stays_out_until_forgotten",),
    ),
)
