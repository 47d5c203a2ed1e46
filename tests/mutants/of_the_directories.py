"""
Faults in what directories say: who is admitted, who belongs where, and who may say so.
"""

from typing import Final

from tests.mutants.mutant import Mutant

ADMISSION: Final = "acl/decision/admission.py"
AUTHORIZE: Final = "retrieval/authorize.py"
EXPLAIN: Final = "retrieval/explain.py"
VIEWS: Final = "acl/registry/views.py"
CHANGES: Final = "acl/directory/changes.py"
PEOPLE: Final = "acl/directory/people.py"
COMMON: Final = "acl/registry/provisioning.py"
USERS: Final = "acl/registry/provisioning_users.py"
GROUPS: Final = "acl/registry/provisioning_groups.py"
DESK: Final = "readership/scim/desk.py"
PATCHES: Final = "readership/scim/patches.py"
RESOURCES: Final = "readership/scim/resources.py"

OF_ADMISSION: Final = "tests/acl/decision/test_admission.py"
OF_SEQUENCES: Final = "tests/acl/registry/test_provisioning.py"
OF_THE_DESK: Final = "tests/readership/scim/test_desk.py"
OF_PATCHES: Final = "tests/readership/scim/test_patches.py"
AS_A_TABLE_SAYS: Final = (f"{OF_ADMISSION}::test_every_combination_is_as_a_table_says",)
AS_A_MODEL_SAYS: Final = (
    f"{OF_SEQUENCES}::test_one_story_of_everything_is_what_a_plain_model_says",
)
OF_THE_DOOR: Final = "tests/retrieval/test_admit.py"
LEAVERS: Final = (f"{OF_THE_DOOR}::test_whoever_leaves_is_refused_and_whoever_returns_is_not",)

LISTING: Final = "ingestion/sources/ldap_listing.py"
CONNECTION: Final = "ingestion/sources/ldap_connection.py"
OF_LISTINGS: Final = "tests/ingestion/test_ldap_listing.py"
OF_SLAPD: Final = "tests/ingestion/test_ldap_source.py"

LDAP: Final = (
    Mutant(
        "listing-of-one-page",
        CONNECTION,
        "            if not cookie:\n",
        "            if cookie or not cookie:\n",
        "Whoever comes after the first page is taken out of every group.",
        (f"{OF_SLAPD}::test_pages_are_put_together",),
    ),
    Mutant(
        "listing-with-a-referral",
        CONNECTION,
        "            for one in self._connection.response:\n                seen += 1\n",
        "            for one in self._connection.response:\n"
        '                if one["type"] != "searchResEntry":\n'
        "                    continue\n"
        "                seen += 1\n",
        "Groups that are on another server are taken for gone.",
        (f"{OF_SLAPD}::test_a_referral_is_refused",),
    ),
    Mutant(
        "password-to-anybody",
        CONNECTION,
        "    context = ssl.create_default_context(cafile=address.ca_file)\n",
        "    context = ssl._create_unverified_context()\n",
        "Whoever answers at the directory's address gets the password.",
        (f"{OF_SLAPD}::test_a_server_that_somebody_else_vouches_for_is_refused",),
    ),
    Mutant(
        "password-to-another-host",
        CONNECTION,
        "    context = ssl.create_default_context(cafile=address.ca_file)\n",
        "    context = ssl.create_default_context(cafile=address.ca_file)\n"
        "    context.check_hostname = False\n",
        "Whoever has any certificate of the authority gets the password.",
        (f"{OF_SLAPD}::test_a_certificate_of_another_host_is_refused",),
    ),
    Mutant(
        "password-before-tls",
        CONNECTION,
        "    if not secure and address.start_tls and not connection.start_tls(",
        "    if not secure and not address.start_tls and not connection.start_tls(",
        "The password travels in the clear.",
        (f"{OF_SLAPD}::test_a_server_without_tls_is_sent_no_password",),
    ),
    Mutant(
        "stranger-in-a-group-is-left-out",
        LISTING,
        "            members.add(found or self._unlisted(_shown(value)))\n",
        "            members |= {found} if found else set()\n",
        "A denial of a group lets in somebody who is in it and was not listed.",
        (f"{OF_LISTINGS}::test_a_group_with_somebody_unknown_in_it_is_not_fully_known",),
    ),
    Mutant(
        "two-entries-of-one-id",
        LISTING,
        "        if principal in self._taken:\n",
        "        if False:\n",
        "Two people of one id read what either may.",
        (f"{OF_LISTINGS}::test_a_listing_in_which_one_could_be_another_is_refused",),
    ),
    Mutant(
        "parts-with-a-gap",
        LISTING,
        "        if first != len(members) or (",
        "        if (",
        "Whoever slips between two parts of a list is in no denied group.",
        (f"{OF_LISTINGS}::test_parts_that_make_no_whole_are_refused",),
    ),
    Mutant(
        "parts-of-two-lists",
        LISTING,
        "        if before != _version(search, entry.dn):\n",
        "        if not before:\n",
        "Whoever moves up while a list is read in parts is in no denied group.",
        (f"{OF_LISTINGS}::test_parts_that_make_no_whole_are_refused",),
    ),
    Mutant(
        "member-by-likeness",
        LISTING,
        "        found = self._search.entry(dn, [])\n",
        "        found = next(Entry(o, {}) for o in self._listed if likeness(o) == likeness(dn))\n",
        "Whoever has a name like a member's is taken for the member.",
        (
            f"{OF_LISTINGS}::test_a_member_that_is_spelled_otherwise_is_whose_the_server_says",
            f"{OF_LISTINGS}::test_a_member_is_whose_dn_it_is_and_nobody_else",
            f"{OF_SLAPD}::test_a_dn_that_looks_like_another_is_not_that_one",
        ),
    ),
    Mutant(
        "hidden-members-are-none",
        LISTING,
        "        if not one.members and not self._wanted.none_hidden:\n",
        "        if False:\n",
        "A denial of a group whose members are hidden lets all of them in.",
        (f"{OF_SLAPD}::test_members_that_nobody_may_see_are_not_none",),
    ),
    Mutant(
        "unlisted-is-a-group",
        LISTING,
        "PrincipalKind.UNLISTED, what)\n",
        "PrincipalKind.GROUP, what)\n",
        "Whoever defines a group of the right name vouches for members that nobody knows.",
        (f"{OF_LISTINGS}::test_nobody_can_be_or_define_a_member_that_is_not_listed",),
    ),
    Mutant(
        "primary-group-is-whole",
        LISTING,
        "            members.add(self._unlisted(PRIMARY_ELSEWHERE))\n",
        "",
        "A denial of a primary group lets in whoever is in it and was not listed.",
        (f"{OF_LISTINGS}::test_a_primary_group_has_its_users_and_is_not_fully_known",),
    ),
    Mutant(
        "primary-group-unread",
        "ingestion/sources/ldap_primary.py",
        "            raise InputError(_unreadable(silent, PRIMARY))\n",
        "            return frozenset()\n",
        "A denial of a primary group lets in whoever is in it and does not say so.",
        (f"{OF_LISTINGS}::test_a_primary_group_that_cannot_be_read_refuses_the_listing",),
    ),
    Mutant(
        "dn-in-another-encoding",
        CONNECTION,
        '        return Entry(bytes(one["raw_dn"]).decode("utf-8"), attributes)\n',
        '        return Entry(one["dn"], attributes)\n',
        "An entry whose DN is no text is taken for another.",
        (f"{OF_SLAPD}::test_an_entry_whose_dn_is_no_text_refuses_the_listing",),
    ),
)

DIRECTORIES: Final = (
    Mutant(
        "admission-not-asked",
        AUTHORIZE,
        "        self.directories.require_admitted(linked, view.people, believed)\n",
        "",
        "Whoever has left the company goes on reading.",
        LEAVERS,
    ),
    Mutant(
        "admission-of-the-unknown",
        ADMISSION,
        "(unknown and directory.admits_unknown)",
        "unknown",
        "Whoever was deleted before this service was set up reads.",
        AS_A_TABLE_SAYS,
    ),
    Mutant(
        "admission-by-a-directory-that-is-not-believed",
        ADMISSION,
        "    if directory.name not in believed:\n",
        "    if not believed:\n",
        "A directory that is silent or switched off goes on admitting.",
        (f"{OF_ADMISSION}::test_a_directory_that_is_not_believed_admits_nobody",),
    ),
    Mutant(
        "admission-of-the-inactive",
        ADMISSION,
        "    if state is UserState.ACTIVE or (unknown",
        "    if state in {UserState.ACTIVE, UserState.INACTIVE} or (unknown",
        "Deactivating somebody does nothing.",
        AS_A_TABLE_SAYS,
    ),
    Mutant(
        "admission-by-one-of-two",
        ADMISSION,
        "    return next((reason for reason in reasons if reason is not None), None)\n",
        "    return next(reasons, None)\n",
        "Whoever is active in one directory is not asked about in another.",
        (f"{OF_ADMISSION}::test_a_second_principal_does_not_make_up_for_the_first",),
    ),
    Mutant(
        "explaining-without-directories",
        EXPLAIN,
        "        yield from self._directory_link(linked, facts)\n        if stated",
        "        if stated",
        "An operator is told that somebody reads who is refused.",
        (f"{OF_THE_DOOR}::test_an_explanation_says_so_now_and_of_the_past",),
    ),
    Mutant(
        "people-kept-for-ever",
        VIEWS,
        "        same_people = last is not None and last.people == spoken\n",
        "        same_people = last is not None\n",
        "A process that has answered once never hears that somebody has left.",
        LEAVERS,
    ),
    Mutant(
        "people-edited-are-active",
        PEOPLE,
        "        if state == UserState.ACTIVE.value:\n",
        "        if state not in {UserState.INACTIVE, UserState.DELETED}:\n",
        "Whoever writes a state of their own into the registry is admitted.",
        (f"{OF_SEQUENCES}::test_a_state_that_was_written_by_hand_is_not_an_active_one",),
    ),
    Mutant(
        "people-state-without-epoch",
        PEOPLE,
        '    values = {"state": state.value, "epoch": epoch}\n',
        '    values = {"state": state.value} | ({"epoch": epoch} if known is None else {})\n',
        "Nobody hears of a second change of the same user.",
        LEAVERS,
    ),
    Mutant(
        "joining-without-history",
        CHANGES,
        "            added=members_json(added),\n",
        "            added=members_json(frozenset()),\n",
        "The past is explained without who had joined a group.",
        AS_A_MODEL_SAYS,
    ),
    Mutant(
        "joining-a-list-that-is-long-past",
        CHANGES,
        "        past.epoch > newest.c.epoch,\n",
        "",
        "The past is explained with who had left before a group was defined anew.",
        (
            *AS_A_MODEL_SAYS,
            f"{OF_SEQUENCES}::test_a_long_history_of_joining_one_by_one_is_read_back",
        ),
    ),
    Mutant(
        "leaving-is-forgotten",
        CHANGES,
        "        connection.execute(delete(members).where(mine, or_(*some)))\n",
        "",
        "Whoever is taken out of a group stays in it.",
        AS_A_MODEL_SAYS,
    ),
    Mutant(
        "deleted-stays-in-groups",
        COMMON,
        "            self._take_from_parents(turn, identifier, principal)\n",
        "",
        "A user who was deleted and comes back is in every group again.",
        AS_A_MODEL_SAYS,
    ),
    Mutant(
        "old-id-stays-active",
        USERS,
        "            self._set_state(turn, old, UserState.DELETED)\n",
        "",
        "Whoever comes by an id that somebody gave up is admitted in their place.",
        AS_A_MODEL_SAYS,
    ),
    Mutant(
        "old-id-stays-in-groups",
        COMMON,
        "                removed=frozenset({old}),\n",
        "                removed=frozenset(),\n",
        "Whoever comes by an id that somebody gave up has their groups.",
        AS_A_MODEL_SAYS,
    ),
    Mutant(
        "two-users-of-one-id",
        USERS,
        "                scim_users.c.principal == principal.id,\n",
        "",
        "Two people become one, or the registry fails where it should refuse.",
        AS_A_MODEL_SAYS,
    ),
    Mutant(
        "group-deleted-and-defined",
        GROUPS,
        "        self._undefine(turn, principal)\n        return",
        "        return",
        "A group that the directory has deleted goes on granting.",
        AS_A_MODEL_SAYS,
    ),
    Mutant(
        "group-change-unmarked",
        GROUPS,
        "            removed=self._principals(turn, leaving),\n"
        "            epoch=turn.epoch,\n"
        "        )\n"
        "        mark_changed(turn.connection, turn.epoch, directory=True)\n",
        "            removed=self._principals(turn, leaving),\n"
        "            epoch=turn.epoch,\n"
        "        )\n",
        "Whoever is taken out of a group keeps reading until something else changes.",
        AS_A_MODEL_SAYS,
    ),
    Mutant(
        "provisioning-by-any-client",
        DESK,
        "        found = self.directories.get((reader.issuer, reader.client))\n",
        "        found = next(iter(self.directories.values()), None)\n",
        "Any client with the scope provisions somebody's directory.",
        (f"{OF_THE_DESK}::test_a_client_of_no_directory_is_refused",),
    ),
    Mutant(
        "activity-by-any-value",
        RESOURCES,
        '    if not isinstance(found, bool):\n        msg = "active is',
        '    if found is None:\n        msg = "active is',
        'A user whom somebody deactivates with 0 or "no" stays what the value is taken for.',
        (f"{OF_PATCHES}::test_what_is_no_truth_is_not_taken_for_one",),
    ),
    Mutant(
        "activity-by-silence",
        RESOURCES,
        "    return stated if says_active else replace(stated, active=before.active)\n",
        "    return stated\n",
        "Whoever is replaced without a word about it is active again.",
        (f"{OF_PATCHES}::test_a_user_that_is_replaced_is_not_made_active_by_silence",),
    ),
    Mutant(
        "misspelt-is-dropped",
        PATCHES,
        "            if path is None or is_dropped(schema, path.attribute):\n",
        "            if path is None or path.attribute not in {\n"
        '                "active", "members", "username", "externalid", "displayname"\n'
        "            }:\n",
        "A deactivation with a slip of the pen is accepted, and does nothing.",
        (f"{OF_PATCHES}::test_an_operation_that_is_none_refuses_them_all",),
    ),
    Mutant(
        "removing-some-removes-all",
        PATCHES,
        "        now -= _named_to_be_removed(one)\n",
        "        now.clear()\n",
        "Taking one person out of a group that is denied lets all the others in.",
        (f"{OF_PATCHES}::test_members_come_and_go",),
    ),
)
