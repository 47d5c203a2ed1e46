"""
Faults in what is decided: memberships, the rule, its fast way, and scopes.
"""

from typing import Final

from tests.mutants.mutant import Mutant

DIRECTORY: Final = "acl/directory/stored.py"
MEMBERSHIP: Final = "acl/decision/membership.py"
READ: Final = "acl/decision/read.py"
VISIBILITY: Final = "acl/decision/visibility.py"
COMPILED: Final = "acl/decision/compiled.py"
SCOPING: Final = "acl/decision/scoping.py"

IN_CLIMBS: Final = "tests/acl/decision/test_climbs.py"
IN_DOCUMENTS: Final = "tests/acl/registry/test_documents.py"
IN_MEMBERSHIP: Final = "tests/acl/decision/test_membership.py"
IN_READ: Final = "tests/acl/decision/test_read.py"
IN_SCOPING: Final = "tests/acl/decision/test_scoping.py"
IN_VISIBILITY: Final = "tests/acl/decision/test_visibility.py"
KNOWN: Final = (f"{IN_MEMBERSHIP}::test_5_a_group_is_fully_known_if_all_below_it_is",)

CLOSURE: Final = (
    Mutant(
        "closure-one-level",
        MEMBERSHIP,
        "                    held.add(group)\n                    frontier.append(group)\n",
        "                    held.add(group)\n",
        "Whoever is in a group inside a denied group is not denied.",
        (f"{IN_MEMBERSHIP}::test_3_groups_nest_to_any_depth",),
    ),
    Mutant(
        "closure-cycles-never-end",
        MEMBERSHIP,
        "                if group not in held:\n                    held.add(group)\n"
        "                    frontier.append(group)\n",
        "                held.add(group)\n                frontier.append(group)\n",
        "Two groups in each other hold up every request for ever.",
        (f"{IN_MEMBERSHIP}::test_3_a_group_of_itself_is_a_group",),
    ),
    Mutant(
        "closure-conflicting-counted",
        DIRECTORY,
        "if len(sets) > 1 or group in unknown}",
        "if group in unknown}",
        "Of a group that sources define differently, one definition counts by chance.",
        (f"{IN_DOCUMENTS}::test_a_group_that_two_sources_define_differently_is_conflicting",),
    ),
    Mutant(
        "closure-undefined-trusted",
        MEMBERSHIP,
        "        unknown = (nested - defined) | self.conflicting\n",
        "        unknown = self.conflicting\n",
        "A group with an undefined group in it counts as fully known, so its denial misses some.",
        KNOWN,
    ),
    Mutant(
        "closure-doubt-does-not-climb",
        MEMBERSHIP,
        "        return defined - self._closure_above(unknown)\n",
        "        return defined - unknown\n",
        "What is unknown of a group is forgotten one group further up.",
        KNOWN,
    ),
    Mutant(
        "closure-nobody-holds-everyone",
        MEMBERSHIP,
        "        if not held:\n            return Standing(self.tenant, held,",
        "        if not held:\n            return Standing(self.tenant, "
        "frozenset({everyone(self.tenant)}),",
        "A reader without any link reads what everyone may read.",
        (f"{IN_MEMBERSHIP}::test_2_nobody_does_not_hold_everyone",),
    ),
    Mutant(
        "closure-everyones-groups-forgotten",
        MEMBERSHIP,
        "        above = self._closure_above(held | {everyone(self.tenant)})\n",
        "        above = self._closure_above(held) | {everyone(self.tenant)}\n",
        "A denied group that everyone is a member of denies nobody.",
        (f"{IN_MEMBERSHIP}::test_3_a_group_that_everyone_is_a_member_of_is_everyones",),
    ),
    Mutant(
        "closure-unvouched-group-ignored",
        MEMBERSHIP,
        "principal not in self.known_groups or principal in self.unvouched_groups",
        "principal not in self.known_groups",
        "A denied group with somebody in it who may be this reader does not deny.",
        (f"{IN_MEMBERSHIP}::test_4_nobody_vouches_for_a_reader_in_an_authority_without_a_link",),
    ),
    Mutant(
        "closure-unvouched-user-ignored",
        MEMBERSHIP,
        "        return principal.kind is PrincipalKind.USER and (\n"
        "            principal.authority not in self.authorities\n        )\n",
        "        return False\n",
        "A denied user of another authority who may be this reader does not deny.",
        (f"{IN_READ}::test_4b_a_denial_in_an_authority_without_a_link_denies_everybody",),
    ),
    Mutant(
        "closure-domains-trusted",
        MEMBERSHIP,
        "UNRESOLVED_KINDS = frozenset({PrincipalKind.GROUP, PrincipalKind.DOMAIN, ",
        "UNRESOLVED_KINDS = frozenset({PrincipalKind.GROUP, ",
        "A denied domain, whose members nobody knows, denies nobody.",
        KNOWN,
    ),
)

RULE: Final = (
    Mutant(
        "read-no-snapshot-is-open",
        READ,
        "    if snapshot is None:\n        return NO_SNAPSHOT\n",
        "    if snapshot is None:\n        return Permit(())\n",
        "A document whose permission is unknown is public.",
        (f"{IN_READ}::test_1_no_snapshot_is_nobody",),
    ),
    Mutant(
        "read-other-tenant",
        READ,
        "    if snapshot.tenant != standing.tenant:\n        return OTHER_TENANT\n",
        "",
        "Another tenant's document is judged, and explained, as one of ours.",
        (f"{IN_READ}::test_2_another_tenants_document_is_refused",),
    ),
    Mutant(
        "read-no-gates-is-open",
        READ,
        "    if not snapshot.gates:\n        return NO_GATES\n",
        "",
        "An ACL that names nobody opens for everybody: all of no gates are open.",
        (f"{IN_READ}::test_3_no_gates_is_nobody",),
    ),
    Mutant(
        "read-any-gate",
        READ,
        "        if isinstance(verdict, Deny):\n            return verdict\n"
        "        openings.append(verdict)\n",
        "        if isinstance(verdict, Deny):\n            continue\n"
        "        openings.append(verdict)\n    if not openings:\n        return NO_GATES\n",
        "One open gate is enough, although the folder above it is shut.",
        (f"{IN_READ}::test_4_every_gate_must_open",),
    ),
    Mutant(
        "read-expiry-inclusive",
        READ,
        "entry.until <= now",
        "entry.until < now",
        "A permission lives on at the moment at which it ends.",
        (f"{IN_READ}::test_4a_a_permission_ends_at_its_expiry",),
    ),
    Mutant(
        "read-expiry-of-denials-only",
        READ,
        "if entry.until is not None and entry.until <= now:",
        "if entry.until is not None and entry.until <= now and entry.effect is Effect.DENY:",
        "Permissions never end.",
        (f"{IN_READ}::test_4a_a_permission_ends_at_its_expiry",),
    ),
    Mutant(
        "read-permits-first",
        READ,
        "    for position, entry in enumerate(gate, 1):\n",
        "    for position, entry in enumerate(\n"
        "        sorted(gate, key=lambda one: one.effect is Effect.DENY), 1\n    ):\n",
        "A permission further down beats a denial above it.",
        (f"{IN_READ}::test_4b_a_denial_before_a_permission_decides",),
    ),
    Mutant(
        "read-denies-first",
        READ,
        "    for position, entry in enumerate(gate, 1):\n",
        "    for position, entry in enumerate(\n"
        "        sorted(gate, key=lambda one: one.effect is not Effect.DENY), 1\n    ):\n",
        "A denial further down beats a permission above it: the source meant the opposite.",
        (f"{IN_READ}::test_4d_the_first_entry_that_decides_decides",),
    ),
    Mutant(
        "read-doubt-ignored",
        READ,
        "        if entry.effect is Effect.DENY and (doubtful :=",
        "        if entry.effect is Effect.DENY and False and (doubtful :=",
        "A denial of a group that nobody defined keeps nobody out.",
        (f"{IN_READ}::test_4b_a_denial_of_an_unknown_group_denies_everybody",),
    ),
)

SCOPES: Final = (
    Mutant(
        "visible-cache-without-links",
        VISIBILITY,
        "asked = (linked, ceiling, passed)",
        "asked = (frozenset[Principal](), ceiling, passed)",
        "The second reader gets the scope of the first.",
        (f"{IN_VISIBILITY}::test_what_is_remembered_is_remembered_for_one_reader",),
    ),
    Mutant(
        "visible-cache-without-ceiling",
        VISIBILITY,
        "asked = (linked, ceiling, passed)",
        "from acl.model.labels import NO_CEILING\n        asked = (linked, NO_CEILING, passed)",
        "What a reader saw through a trusted client is remembered for any other.",
        (f"{IN_VISIBILITY}::test_what_is_remembered_is_remembered_for_one_ceiling",),
    ),
    Mutant(
        "visible-cache-without-expiry",
        VISIBILITY,
        "asked = (linked, ceiling, passed)",
        "asked = (linked, ceiling, 0 * passed)",
        "A permission that ended is still in what is remembered.",
        (f"{IN_VISIBILITY}::test_what_is_remembered_is_forgotten_at_the_next_expiry",),
    ),
    Mutant(
        "visible-cache-expiry-side",
        VISIBILITY,
        'microseconds(now), side="right"',
        'microseconds(now), side="left"',
        "What is remembered outlives an expiry by a moment.",
        (f"{IN_VISIBILITY}::test_what_is_remembered_is_forgotten_at_the_next_expiry",),
    ),
    Mutant(
        "visible-expiry-inclusive",
        VISIBILITY,
        "met[runs.dated_run[dated & (runs.until > now)]] = True",
        "met[runs.dated_run[dated & (runs.until >= now)]] = True",
        "The second door keeps a permission at the moment at which it ends.",
        (f"{IN_VISIBILITY}::test_a_permission_ends_at_its_expiry",),
    ),
    Mutant(
        "visible-next-expiry-unheeded",
        SCOPING,
        "ends = [token_expires_at, now + MAX_SCOPE_LIFE, visible.next_expiry]",
        "ends = [token_expires_at, now + MAX_SCOPE_LIFE]",
        "A scope outlives a permission that it rests on.",
        (f"{IN_SCOPING}::test_3_a_scope_ends_with_whatever_ends_first",),
    ),
    Mutant(
        "scope-token-unheeded",
        SCOPING,
        "ends = [token_expires_at, now + MAX_SCOPE_LIFE, visible.next_expiry]",
        "ends = [now + MAX_SCOPE_LIFE, visible.next_expiry]",
        "A scope outlives the reader's token.",
        (f"{IN_SCOPING}::test_3_a_scope_ends_with_whatever_ends_first",),
    ),
    Mutant(
        "scope-withheld-dropped",
        SCOPING,
        "        withheld=ground.withheld,\n",
        "        withheld=frozenset(),\n",
        "Documents whose points are being rewritten are searched.",
        (f"{IN_SCOPING}::test_1_a_scope_holds_what_the_reader_may_read",),
    ),
    Mutant(
        "scope-narrowing-widens",
        SCOPING,
        "sources=scope.sources & frozenset(sources)",
        "sources=frozenset(sources)",
        "A question that names a dark source searches it.",
        ("tests/acl/model/test_scope.py::test_narrowing_takes_sources_away_and_never_adds_one",),
    ),
    Mutant(
        "visible-first-row-of-a-gate",
        VISIBILITY,
        "np.not_equal(gate[1:], gate[:-1], out=first[1:])",
        "np.not_equal(gate[1:], gate[:-1], out=first[:-1])",
        "Off by one: the last row of a gate decides, and a denial above it does not.",
        (f"{IN_VISIBILITY}::test_so_it_does_where_effects_take_turns",),
    ),
    Mutant(
        "visible-any-gate",
        VISIBILITY,
        "        chosen[self._several] &= ~shut[self._several_of]\n",
        "",
        "The second door is content with the first gate.",
        (f"{IN_VISIBILITY}::test_every_gate_must_open",),
    ),
    Mutant(
        "visible-doubt-ignored",
        VISIBILITY,
        "    met[doubted.runs] = True\n",
        "",
        "The second door lets everybody past a denial of an unknown group.",
        (f"{IN_VISIBILITY}::test_a_denial_of_whom_a_reader_might_be_denies",),
    ),
    Mutant(
        "visible-dated-doubt-ignored",
        VISIBILITY,
        "    dated[doubted.rows] = True\n",
        "",
        "A denial of an unknown group that ends at some time is not felt before.",
        (f"{IN_VISIBILITY}::test_a_doubtful_denial_ends_when_it_says",),
    ),
    Mutant(
        "visible-doubt-of-the-first-four",
        VISIBILITY,
        "        named[runs.further_run[_any_of(might_be, runs.further_strip)]] = True\n",
        "",
        "Who is named in a long denial, and might be the reader, does not deny.",
        (f"{IN_VISIBILITY}::test_a_doubtful_denial_ends_when_it_says",),
    ),
    Mutant(
        "visible-first-four-of-a-run",
        VISIBILITY,
        "    met[runs.further_run[_any_of(held, runs.further_strip)]] = True\n",
        "",
        "The fifth of those who are denied is not.",
        (f"{IN_VISIBILITY}::test_each_of_many_neighbours_decides",),
    ),
    Mutant(
        "compiled-nobody-is-the-last",
        COMPILED,
        "held = np.zeros(count + 1, dtype=np.bool_)",
        "held = np.zeros(count, dtype=np.bool_)",
        "Whoever has the last number is in every short run.",
        (f"{IN_VISIBILITY}::test_whoever_is_named_last_stands_for_nobody_else",),
    ),
    Mutant(
        "visible-doubt-of-first-reader",
        VISIBILITY,
        "        authorities = frozenset(principal.authority for principal in linked)\n",
        "        authorities = frozenset[AuthorityId]()\n",
        "Who is vouched for in one authority is taken to be vouched for in each.",
        (f"{IN_VISIBILITY}::test_a_denial_of_whom_a_reader_might_be_denies",),
    ),
    Mutant(
        "visible-ceiling-ignored",
        VISIBILITY,
        "            chosen &= below[self._label]\n",
        "            pass\n",
        "The second door hands a client what lies above its ceiling.",
        (f"{IN_VISIBILITY}::test_what_is_remembered_is_remembered_for_one_ceiling",),
    ),
    Mutant(
        "visible-nobody-is-everyone",
        VISIBILITY,
        "        if not linked:\n            return NOTHING\n",
        "",
        "A reader without any link searches what is everyone's.",
        (
            f"{IN_SCOPING}::test_1_nobodys_scope_covers_nothing",
            f"{IN_VISIBILITY}::test_nobody_sees_nothing",
        ),
    ),
    Mutant(
        "visible-next-expiry-of-denials",
        VISIBILITY,
        "upcoming = runs.until[concerned[runs.dated_run] & (runs.until > now)]",
        "upcoming = runs.until[concerned[runs.dated_run] & (runs.until > now)"
        " & runs.denies[runs.dated_run]]",
        "The end of a permission does not end the scopes that rest on it.",
        (f"{IN_SCOPING}::test_3_a_scope_ends_with_whatever_ends_first",),
    ),
    Mutant(
        "compiled-numbers-reused",
        COMPILED,
        "        found = self._numbers.setdefault(principal, len(self._principals))\n"
        "        if found == len(self._principals):\n",
        "        found = self._numbers.setdefault(principal, len(self._principals) % 4)\n"
        "        if found == len(self._principals):\n",
        "Two principals have one number, and one reads as the other.",
        (f"{IN_VISIBILITY}::test_every_principal_keeps_a_number_of_its_own",),
    ),
    Mutant(
        "compiled-closure-one-level",
        COMPILED,
        "                    frontier.append(group)\n",
        "",
        "Below a cycle the second door climbs one group only; a denial further up is not felt.",
        (f"{IN_CLIMBS}::test_below_a_cycle_the_climb_goes_step_by_step_and_above_it_at_once",),
    ),
    Mutant(
        "compiled-climb-from-the-group-alone",
        COMPILED,
        "                bits |= climbed[higher]\n",
        "                pass\n",
        "What was climbed before ends at the first group; a denial further up is not felt.",
        (
            f"{IN_CLIMBS}::test_a_climb_finds_what_a_plain_walk_finds",
            f"{IN_CLIMBS}::test_so_it_does_without_room",
        ),
    ),
    Mutant(
        "compiled-climb-forgotten",
        COMPILED,
        "climbed |= self.climbed[group]",
        "climbed = self.climbed[group]",
        "Of somebody in two groups, only what is above one of them is held.",
        (f"{IN_CLIMBS}::test_a_climb_finds_what_a_plain_walk_finds",),
    ),
    Mutant(
        "compiled-effects-in-one-run",
        COMPILED,
        "groupby(gate, key=lambda entry: entry.effect)",
        "groupby(gate, key=lambda entry: gate[0].effect)",
        "What follows the first entry of a gate has its effect; a denial permits.",
        (f"{IN_VISIBILITY}::test_the_first_entry_of_each_gate_decides",),
    ),
    Mutant(
        "compiled-empty-gate-without-run",
        COMPILED,
        "self.denies.append(not entries or entries[0].effect is Effect.DENY)",
        "self.denies.extend(entry.effect is Effect.DENY for entry in entries[:1])",
        "An empty gate, which opens for nobody, shifts the effect of the next one.",
        (f"{IN_VISIBILITY}::test_so_it_does_where_effects_take_turns",),
    ),
    Mutant(
        "visible-later-run-overrules",
        VISIBILITY,
        "of_later[~decided[gates.later_gate[of_later]]]",
        "of_later",
        "A permission below a denial opens the gate that the denial has shut.",
        (f"{IN_VISIBILITY}::test_the_first_entry_of_each_gate_decides",),
    ),
    Mutant(
        "compiled-runs-of-two-batches",
        COMPILED,
        "dated_run=np.concatenate([self.dated_run, more.dated_run + before]),",
        "dated_run=np.concatenate([self.dated_run, more.dated_run]),",
        "What was compiled later decides gates that were compiled before.",
        (
            (
                "tests/properties/test_visibility_equals_decision.py"
                "::test_an_index_that_grew_equals_one_built_at_once"
            ),
        ),
    ),
    Mutant(
        "compiled-other-tenant",
        COMPILED,
        "if digest not in self.places and one.gates and one.tenant == self.tenant",
        "if digest not in self.places and one.gates",
        "A readership of another tenant gets into scopes of this one.",
        (f"{IN_VISIBILITY}::test_another_tenants_everyone_is_nobody_here",),
    ),
    Mutant(
        "compiled-gate-effect-lost",
        COMPILED,
        "                if gate not in known:\n",
        "                if {frozenset(e.principals) for e in gate} not in "
        "[{frozenset(e.principals) for e in one} for one in known]:\n",
        "Gates that name the same people are compiled as one, denial or not.",
        (f"{IN_VISIBILITY}::test_the_first_entry_of_each_gate_decides",),
    ),
    Mutant(
        "compiled-expiry-in-seconds",
        COMPILED,
        "    return (moment - _START) // timedelta(microseconds=1)\n",
        "    return (moment - _START) // timedelta(seconds=1) * 1_000_000\n",
        "Moments are rounded down, and a permission lives to the end of its second.",
        (f"{IN_VISIBILITY}::test_a_permission_ends_at_its_expiry",),
    ),
)
