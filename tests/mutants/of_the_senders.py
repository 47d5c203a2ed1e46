"""
Faults in what push and provisioning clients may send: by whom, how long, and in which words.
"""

from typing import Final

from tests.mutants.mutant import Mutant

COMMON: Final = "acl/registry/provisioning.py"
PATCHES: Final = "readership/scim/patches.py"
CHOOSING: Final = "readership/scim/choosing.py"
RESOURCES: Final = "readership/scim/resources.py"
STAYING: Final = "readership/staying.py"
PUSH_DESK: Final = "readership/push_desk.py"
DESK: Final = "readership/scim/desk.py"
REFUSALS: Final = "acl/audit/refusals.py"

OF_STATEMENTS: Final = "tests/end_to_end/test_scim_statements.py"
OF_CHOOSING: Final = "tests/readership/scim/test_choosing.py"
OF_THE_DESK: Final = "tests/readership/scim/test_desk.py"
OF_STAYING: Final = "tests/end_to_end/test_staying.py"
OF_SENDERS: Final = "tests/end_to_end/test_deactivated_senders.py"
OF_REFUSALS: Final = "tests/acl/audit/test_refusals.py"
OF_EVENTS: Final = "tests/end_to_end/test_events.py"
OF_SERVING: Final = "tests/readership/test_serving.py"
OF_SCIM: Final = "tests/end_to_end/test_scim.py"
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

SENDERS: Final = (
    Mutant(
        "provisioning-by-any-scope",
        STAYING,
        "            if scope not in reader.scopes:\n",
        "            if not reader.scopes:\n",
        "A reader's token of the right client provisions.",
        (f"{OF_THE_DESK}::test_a_token_for_something_else_is_refused",),
    ),
    Mutant(
        "provisioning-by-revoked-tokens",
        STAYING,
        "            self.revocation.require_in_force(reader, connection)\n",
        "",
        "Whoever was cut off goes on saying who works here.",
        ("tests/security/test_scim_endpoints.py::test_nobody_else_learns_or_changes_anything",),
    ),
    Mutant(
        "provisioning-by-a-client-that-is-off",
        STAYING,
        "            require_switched_on(reader, switches)\n",
        "",
        "A client that an operator has switched off goes on provisioning.",
        (f"{OF_THE_DESK}::test_who_is_switched_off_is_refused",),
    ),
    Mutant(
        "senders-past-their-end",
        STAYING,
        "        if reader.expires_at <= now:\n",
        "        if reader.expires_at is None:\n",
        "A body that is sent for days is taken in with a token of the day before yesterday.",
        (f"{OF_STAYING}::test_a_token_that_expires_while_a_body_is_sent_ends_the_push",),
    ),
    Mutant(
        "senders-deactivated",
        STAYING,
        "        directories.require_admitted(linked, people, believed)\n",
        "",
        "Whoever has left the company goes on granting documents.",
        (f"{OF_SENDERS}::test_a_push_of_whom_the_directory_does_not_admit_is_refused",),
    ),
    Mutant(
        "push-not-asked-again",
        PUSH_DESK,
        "            self.senders.require(pusher.request.reader, INGEST_SCOPE)\n",
        "            pass\n",
        "Whoever is cut off while a body is underway still grants what it says.",
        (
            f"{OF_STAYING}::test_what_ends_while_a_body_is_sent_ends_the_push",
            f"{OF_SENDERS}::test_whoever_is_deactivated_while_sending_pushes_nothing",
        ),
    ),
    Mutant(
        "provisioning-not-asked-again",
        DESK,
        "            self._admitted(by.request.reader)\n",
        "            pass\n",
        "Whoever is cut off while a body is underway still says who works here.",
        (f"{OF_SENDERS}::test_what_ends_while_a_body_is_sent_ends_the_provisioning",),
    ),
    Mutant(
        "provisioning-by-whom-is-held-to-some-sources",
        DESK,
        "        if found is None or reader.sources is not None:\n",
        "        if found is None:\n",
        "An agent that may look into one source changes who reads all of them.",
        (f"{OF_SENDERS}::test_a_client_that_is_held_to_some_sources_does_not_provision",),
    ),
    Mutant(
        "push-by-any-issuers-client",
        PUSH_DESK,
        "(reader.issuer, reader.client) not in found.clients",
        "reader.client not in {name for _, name in found.clients}",
        "A client that took its name at another issuer grants the source's documents.",
        (f"{OF_STAYING}::test_a_client_of_the_same_name_at_another_issuer_pushes_nothing",),
    ),
    Mutant(
        "refusals-of-a-kind-without-end",
        REFUSALS,
        " or alike >= self._of_a_kind\n",
        "\n",
        "One client that is refused crowds out what is recorded of the others.",
        (f"{OF_REFUSALS}::test_a_kind_is_recorded_once_in_a_window_and_then_counted",),
    ),
    Mutant(
        "refusals-without-end",
        REFUSALS,
        "        return len(self._recorded) >= REFUSALS_A_WINDOW or alike",
        "        return alike",
        "Whoever takes another name for each request fills the disk, and stops every answer.",
        (f"{OF_REFUSALS}::test_all_kinds_together_are_bounded",),
    ),
    Mutant(
        "repeats-without-end",
        "readership/event_desk.py",
        "        if applied.repeated:\n            # Each",
        "        if not applied:\n            # Each",
        "Whoever has caught one statement fills the disk with it.",
        (f"{OF_EVENTS}::test_a_statement_that_is_said_again_and_again_is_recorded_once_more",),
    ),
    Mutant(
        "addresses-by-hearsay",
        "readership/serving.py",
        "            proxy_headers=False,\n",
        "            proxy_headers=True,\n",
        "Whoever writes a header is believed to be the proxy that vouches for certificates.",
        (f"{OF_SERVING}::test_nobody_says_of_themselves_from_where_they_connect",),
    ),
    Mutant(
        "two-directories-of-one-client",
        "acl/settings_directories.py",
        '        known = clients[one.issuer or "".join(issuers)]',
        "        known = clients[str(one.issuer)]",
        "What a client says of one directory's users is taken for another's.",
        ("tests/end_to_end/test_scim.py::test_a_configuration_that_could_be_misread_is_refused",),
    ),
)
