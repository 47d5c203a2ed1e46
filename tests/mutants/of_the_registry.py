"""
Faults in what the registry keeps, and in what it says is in force.
"""

from typing import Final

from tests.mutants.mutant import Mutant

VIEWS: Final = "acl/registry/views.py"
EPOCHS: Final = "acl/registry/epochs.py"
WRITING: Final = "acl/registry/writing.py"
SWITCHING: Final = "acl/registry/switching.py"
BOARD: Final = "acl/registry/switchboard.py"
PERMISSIONS: Final = "acl/registry/permissions.py"
STORED: Final = "acl/directory/stored.py"

IN_VIEWS: Final = "tests/acl/registry/test_views.py"
IN_EDITED: Final = "tests/acl/registry/test_edited.py"
IN_DOCUMENTS: Final = "tests/acl/registry/test_documents.py"
IN_EPOCH: Final = "tests/acl/registry/test_epoch.py"
NEXT_VIEW: Final = (f"{IN_VIEWS}::test_the_next_view_has_whatever_changed",)

REGISTRY: Final = (
    Mutant(
        "view-kept-for-ever",
        VIEWS,
        "            if last is None or last.stamp != stamp:\n",
        "            if last is None:\n",
        "A process that has answered once never hears of a revocation.",
        NEXT_VIEW,
    ),
    Mutant(
        "view-without-epoch",
        VIEWS,
        "            if last is None or last.stamp != stamp:\n",
        "            if last is None or not last.stamp.same_groups(stamp):\n",
        "A process hears of groups, and of no document that was withdrawn.",
        NEXT_VIEW,
    ),
    Mutant(
        "view-groups-kept-without-belief",
        VIEWS,
        "            other.edition.directory,\n            other.believed,\n",
        "            other.edition.directory,\n            self.believed,\n",
        "Groups of a source that has gone dark go on granting.",
        (f"{IN_VIEWS}::test_groups_of_a_source_that_is_not_believed_grant_nothing",),
    ),
    Mutant(
        "view-groups-kept-without-switches",
        VIEWS,
        "            other.believed,\n            other.unknown,\n",
        "            other.believed,\n            self.unknown,\n",
        "A group that an operator has switched off goes on granting.",
        (f"{IN_VIEWS}::test_a_group_that_is_switched_off_is_unknown",),
    ),
    Mutant(
        "view-switched-groups-not-loaded",
        VIEWS,
        "load_directory(connection, self._tenant, stamp.believed, stamp.unknown)",
        "load_directory(connection, self._tenant, stamp.believed)",
        "A group that an operator has switched off is looked up as if it were not.",
        (f"{IN_VIEWS}::test_a_group_that_is_switched_off_is_unknown",),
    ),
    Mutant(
        "view-of-documents-that-are-not-live",
        VIEWS,
        "        .where(tables.documents.c.state == DocumentState.LIVE.value)\n",
        "",
        "Scopes cover the readership of a document that was withdrawn.",
        (f"{IN_DOCUMENTS}::test_a_readership_that_no_live_document_has_is_in_no_view",),
    ),
    Mutant(
        "view-digest-unchecked",
        VIEWS,
        "        if snapshot is None or snapshot.digest() != digest:\n",
        "        if snapshot is None:\n",
        "Who edits the registry writes an ACL of their own under a known digest.",
        (f"{IN_EDITED}::test_an_edited_readership_grants_nobody",),
    ),
    Mutant(
        "view-standing-of-another",
        VIEWS,
        "            self._standings[linked] = found\n",
        "            self._standings[linked] = found\n"
        "            self._standings.update(dict.fromkeys((frozenset({one}) for one in "
        "found.principals), found))\n",
        "The standing of one reader is remembered for others of the same group.",
        (f"{IN_VIEWS}::test_a_standing_is_remembered_for_one_reader",),
    ),
    Mutant(
        "epoch-groups-unmarked",
        EPOCHS,
        '    values |= {"directory": number} if directory else {}\n',
        "",
        "Whoever was put out of a group keeps reading until something else changes.",
        NEXT_VIEW,
    ),
    Mutant(
        "epoch-documents-unmarked",
        EPOCHS,
        '    values |= {"documents": number} if documents else {}\n',
        "",
        "Whoever lost a document keeps reading until the process is restarted.",
        NEXT_VIEW,
    ),
    Mutant(
        "epoch-of-pushed-groups-unmarked",
        EPOCHS,
        '    values |= {"directory": epoch} if directory else {}\n',
        "",
        "A group that was pushed holds at no request.",
        ("tests/end_to_end/test_push.py::test_a_pushed_group_holds_at_the_next_request",),
    ),
    Mutant(
        "epoch-of-a-sync-without-groups",
        WRITING,
        "connection, now=now, documents=bool(changes), directory=groups is not None",
        "connection, now=now, documents=bool(changes)",
        "A sync that changes groups alone is heard by no process that runs.",
        NEXT_VIEW,
    ),
    Mutant(
        "apply-does-not-unsettle",
        WRITING,
        "            mark_unsettled(connection, touched, now)\n"
        "            write_holding(connection, holding, pushed, now)\n",
        "            write_holding(connection, holding, pushed, now)\n",
        "After a crash nobody remembers that index points must follow.",
        (f"{IN_DOCUMENTS}::test_what_has_changed_is_unsettled_until_the_index_followed",),
    ),
    Mutant(
        "removed-keeps-its-key",
        WRITING,
        "            values |= SHREDDED\n",
        "",
        "A removed document can still be opened.",
        (f"{IN_DOCUMENTS}::test_a_removed_document_leaves_no_text_and_no_key",),
    ),
    Mutant(
        "acl-revision-stands-still",
        WRITING,
        "                acl_revision=current.acl_revision + 1 if current else 1,\n"
        "                readership=intern_readership(connection, change.acl),\n",
        "                acl_revision=current.acl_revision if current else 1,\n"
        "                readership=intern_readership(connection, change.acl),\n",
        "The last door cannot tell an index that was told from one that was not.",
        (f"{IN_DOCUMENTS}::test_every_change_of_a_document_raises_its_acl_revision",),
    ),
    Mutant(
        "view-switches-kept",
        VIEWS,
        "last is not None and last.stamp.edition.epoch == edition.epoch\n",
        "last is not None\n",
        "A process that has answered once never hears of an emergency switch.",
        (f"{IN_VIEWS}::test_a_group_that_is_switched_off_is_unknown",),
    ),
    Mutant(
        "unsettled-not-asked",
        PERMISSIONS,
        "connection.scalars(_UNSETTLED) if some_unsettled else ()",
        "connection.scalars(_UNSETTLED) if not some_unsettled else ()",
        "A document is searched while its index points are being rewritten.",
        (f"{IN_DOCUMENTS}::test_unsettled_documents_are_listed_until_settled",),
    ),
    Mutant(
        "settled-whatever-came-since",
        WRITING,
        "                if current_permission(connection, key) == (state and state.permission):\n",
        "                if True:\n",
        "A change that the index never heard of is taken for settled, and its document is lost.",
        (f"{IN_DOCUMENTS}::test_what_has_changed_since_it_was_seen_stays_unsettled",),
    ),
    Mutant(
        "registry-seal-remembered-by-key",
        "acl/registry/permissions.py",
        "verified = [self._or_none(self._verify_once, row) for row in rows]",
        "known = self.__dict__.setdefault('known', {})\n"
        "        anew = self._or_none\n"
        "        verified = [known.setdefault(r[0], anew(self._verify, r)) for r in rows]",
        "Whoever edits a row that was asked for before is believed.",
        ("tests/acl/registry/test_edited.py::test_an_edited_row_is_absent",),
    ),
    Mutant(
        "seal-of-nothing-not-verified",
        PERMISSIONS,
        "LookedUp(self._or_none(self._verify, row), row[0] == key)",
        "LookedUp(self._or_none(self._verify, row) if row[0] == key else None, row[0] == key)",
        "The time of a fetch tells whether what is refused exists.",
        (f"{IN_DOCUMENTS}::test_one_seal_is_verified_for_each_document_that_is_looked_up",),
    ),
    Mutant(
        "look-up-of-another",
        PERMISSIONS,
        "LookedUp(self._or_none(self._verify, row), row[0] == key)",
        "LookedUp(self._or_none(self._verify, row), there=key != '')",
        "Whoever asks for what is not there gets another document.",
        (f"{IN_DOCUMENTS}::test_one_seal_is_verified_for_each_document_that_is_looked_up",),
    ),
    Mutant(
        "seal-not-verified",
        PERMISSIONS,
        "        self._sealer.verify(statement)\n",
        "",
        "Who edits the registry gives a document the readers of another.",
        (f"{IN_EDITED}::test_an_edited_row_is_absent",),
    ),
    Mutant(
        "switch-off-is-no-epoch",
        BOARD,
        "            epoch = next_epoch(connection, now=now)\n",
        "            epoch = connection.scalar(select(tables.epoch.c.value))\n",
        "A switch holds when the next permission changes, and not before.",
        (
            f"{IN_VIEWS}::test_a_group_that_is_switched_off_is_unknown",
            f"{IN_VIEWS}::test_a_switch_is_an_epoch_of_its_own",
        ),
    ),
    Mutant(
        "switches-thrown-back-by-others",
        BOARD,
        "    return (\n        columns.kind == switch.kind.value,\n"
        "        columns.within == switch.within,\n",
        "    return (\n        columns.kind == switch.kind.value,\n",
        "Switching on one source's document brings back another's of the same id.",
        (f"{IN_VIEWS}::test_a_switch_is_an_epoch_of_its_own",),
    ),
    Mutant(
        "switches-not-loaded",
        SWITCHING,
        "        found = found.where(columns.on_epoch.is_(None))\n",
        "        found = found.where(columns.on_epoch.is_not(None))\n",
        "What is switched off is what was switched on again.",
        (f"{IN_VIEWS}::test_a_switch_is_an_epoch_of_its_own",),
    ),
    Mutant(
        "directory-believes-everybody",
        STORED,
        "        if row.source in believed:\n"
        "            stated[row.source, group] = set()\n"
        "        else:\n"
        "            doubted.add(group)\n"
        "    for row in connection.execute(select(tables.members)):\n"
        "        if row.source in believed:\n",
        "        stated[row.source, group] = set()\n"
        "    for row in connection.execute(select(tables.members)):\n"
        "        if row.source:\n",
        "Groups of a source that is no longer configured go on granting.",
        (f"{IN_VIEWS}::test_groups_of_a_source_that_is_not_believed_grant_nothing",),
    ),
    Mutant(
        "directory-forgets-empty-groups",
        STORED,
        "            stated[row.source, group] = set()\n",
        "            stated.pop((row.source, group), None)\n",
        "A group that a source defines as empty does not conflict with a full one.",
        (f"{IN_DOCUMENTS}::test_an_empty_definition_conflicts_with_a_full_one",),
    ),
)
