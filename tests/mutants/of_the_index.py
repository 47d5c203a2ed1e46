"""
Faults in the second door: the filter, what is remembered of it, and the look at what it found.
"""

from typing import Final

from tests.mutants.mutant import Mutant

STORED: Final = "acl/index/stored.py"
SHARD: Final = "acl/index/engine_shard.py"
READER: Final = "acl/index/edge_reader.py"

IN_FILTER: Final = "tests/acl/index/test_scope_filter.py"
IN_PLANS: Final = "tests/acl/index/test_plans.py"
COVERS: Final = (f"{IN_PLANS}::test_the_filter_itself_finds_exactly_what_the_scope_covers",)

INDEX: Final = (
    Mutant(
        "filter-without-sources",
        STORED,
        "        must.append(_any_of(SOURCE, sources))\n",
        "        pass\n",
        "A dark source is searched.",
        COVERS,
    ),
    Mutant(
        "filter-without-withheld",
        STORED,
        "    if withheld:\n",
        "    if withheld and False:\n",
        "A document whose points are being rewritten is searched.",
        COVERS,
    ),
    Mutant(
        "filter-complement-without-is-empty",
        STORED,
        "[edge.IsEmptyCondition(READERSHIP), _any_number(READERSHIP, left_out)]",
        "[_any_number(READERSHIP, left_out)]",
        "For a reader who sees most, a point that lost its readership is everybody's.",
        (f"{IN_PLANS}::test_a_point_without_a_readership_is_nobodys",),
    ),
    Mutant(
        "filter-complement-of-nothing",
        STORED,
        "    left_out = present.readerships - covered | {NOBODY}\n",
        "    left_out = {NOBODY}\n",
        "A reader who sees most of the index sees all of it.",
        COVERS,
    ),
    Mutant(
        "filter-covers-nobody",
        STORED,
        "    covered = set(visible) & present.readerships - {NOBODY}\n",
        "    covered = set(visible) & present.readerships\n",
        "A scope that names nobody's readership finds what is staged or withdrawn.",
        (f"{IN_FILTER}::test_no_filter_is_built_without_conditions",),
    ),
    Mutant(
        "filter-complement-shows-nobodys",
        STORED,
        "    left_out = present.readerships - covered | {NOBODY}\n",
        "    left_out = present.readerships - covered - {NOBODY}\n",
        "A reader who sees most of the index sees what is staged or withdrawn.",
        COVERS,
    ),
    Mutant(
        "filter-without-conditions",
        STORED,
        '    if not covered or not sources:\n        msg = "a search without',
        '    if not covered and not sources:\n        msg = "a search without',
        "A scope without sources is a filter that matches whatever it may.",
        (f"{IN_FILTER}::test_no_filter_is_built_without_conditions",),
    ),
    Mutant(
        "second-look-always-true",
        STORED,
        "        payload.get(READERSHIP) in visible\n        and payload.get(SOURCE) in sources\n",
        "        bool(payload)\n        or payload.get(SOURCE) in sources\n",
        "What the engine returns by mistake is not looked at again.",
        (f"{IN_FILTER}::test_the_second_look_at_a_hit_is_at_the_scope_and_not_at_the_filter",),
    ),
    Mutant(
        "second-look-not-taken",
        SHARD,
        "[stored.hit(one, payload) for one, payload in found if self._covers(payload)]",
        "[stored.hit(one, payload) for one, payload in found]",
        "The look at what the engine returned is taken by nobody.",
        (f"{IN_PLANS}::test_what_the_engine_finds_is_looked_at_again",),
    ),
    Mutant(
        "sparse-leg-unfiltered",
        SHARD,
        "self._nearest(by_words, plan.within, candidates, counted)",
        "self._nearest(by_words, edge.Filter(must=[]), candidates, counted)",
        "Hidden documents take the places of visible ones on the leg of words.",
        (f"{IN_FILTER}::test_hidden_documents_take_no_place_among_the_candidates",),
    ),
    Mutant(
        "idf-over-everything",
        SHARD,
        "edge.SearchParams(exact=True, idf=edge.IdfParams(corpus=plan.within))",
        "edge.SearchParams(exact=True)",
        "Scores tell how many hidden documents hold a word.",
        (
            (
                "tests/acl/index/test_non_interference.py"
                "::test_the_frequency_of_a_term_is_counted_in_scope"
            ),
        ),
    ),
    Mutant(
        "present-not-extended",
        SHARD,
        "        self._know(Present(readerships={int(str(one[3])) for one in publications}))\n",
        "",
        "A readership published since the start is left out of no complement.",
        (f"{IN_PLANS}::test_a_readership_that_is_published_later_is_left_out_of_older_scopes",),
    ),
    Mutant(
        "present-sources-not-extended",
        SHARD,
        "        self._know(Present(sources={str(record[1]) for record in records}))\n",
        "",
        "A filter that names no source does not begin to when there is a second one.",
        (f"{IN_PLANS}::test_a_source_that_comes_later_is_left_out_of_older_scopes",),
    ),
    Mutant(
        "present-sources-forgotten",
        SHARD,
        "set(map(str, borne(stored.SOURCE)))",
        "set[str]()",
        "An engine that is opened again searches dark sources.",
        (f"{IN_PLANS}::test_sources_are_known_from_the_start",),
    ),
    Mutant(
        "plans-not-cleared",
        SHARD,
        "            self._plans.clear()  #",
        "            pass  #",
        "A remembered filter shows what was published after it was made.",
        (f"{IN_PLANS}::test_a_readership_that_is_published_later_is_left_out_of_older_scopes",),
    ),
    Mutant(
        "plans-without-withheld",
        SHARD,
        "named = encode([packed, sources, withheld])",
        "named = encode([packed, sources])",
        "A document that is withheld since the last question is still found.",
        (f"{IN_PLANS}::test_what_is_remembered_of_a_scope_is_all_of_it",),
    ),
    Mutant(
        "plans-without-sources",
        SHARD,
        "named = encode([packed, sources, withheld])",
        "named = encode([packed, withheld])",
        "A source that has gone dark since the last question is still searched.",
        (f"{IN_PLANS}::test_what_is_remembered_of_a_scope_is_all_of_it",),
    ),
    Mutant(
        "plans-without-readerships",
        SHARD,
        "named = encode([packed, sources, withheld])",
        "named = encode([len(packed), sources, withheld])",
        "Two readers who may see equally many readerships share a filter.",
        (f"{IN_PLANS}::test_what_is_remembered_of_a_scope_is_all_of_it",),
    ),
    Mutant(
        "staged-is-somebodys",
        STORED,
        "        READERSHIP: NOBODY,\n    }",
        "        READERSHIP: 1,\n    }",
        "A chunk can be found before its permission is committed.",
        COVERS,
    ),
    Mutant(
        "publish-keeps-old-revisions",
        SHARD,
        "            self._discard([publication[:2] for publication in publications])\n",
        "",
        "The old text stays in the index beside the new one.",
        ("tests/acl/index/test_writing.py::test_publishing_a_revision_drops_the_others",),
    ),
    Mutant(
        "publish-any-revision",
        SHARD,
        "            current = stored.revision_of(named, number)\n",
        "            current = stored.all_of([named])\n",
        "A revision that is only staged becomes visible with the permission of the old one.",
        (f"{IN_PLANS}::test_publishing_makes_no_other_revision_visible",),
    ),
    Mutant(
        "withdraw-does-nothing",
        SHARD,
        "            nobodys = {stored.READERSHIP: stored.NOBODY}\n",
        "            nobodys = {stored.ACL_REVISION: stored.NOBODY}\n",
        "A withdrawn document keeps its readers in the index.",
        (
            (
                "tests/acl/index/test_writing.py"
                "::test_a_withdrawn_document_is_found_by_nobody_until_it_is_published_again"
            ),
        ),
    ),
    Mutant(
        "reader-expiry-unchecked",
        READER,
        "        if scope.expires_at <= self._clock():\n",
        "        if scope.expires_at < self._clock():\n",
        "A scope searches at the moment at which it has ended.",
        (f"{IN_FILTER}::test_an_expired_scope_is_refused",),
    ),
    Mutant(
        "reader-tenant-unchecked",
        READER,
        "        if scope.tenant != self._tenant:\n",
        "        if not scope.tenant:\n",
        "A scope of one tenant searches the shard of another.",
        (f"{IN_FILTER}::test_another_tenants_scope_is_refused",),
    ),
    Mutant(
        "reader-drops-withheld",
        READER,
        "[scope.readerships.packed(), sorted(sources), sorted(scope.withheld)]",
        "[scope.readerships.packed(), sorted(sources), []]",
        "What must be left out does not reach the engine.",
        (f"{IN_FILTER}::test_what_is_withheld_is_not_found",),
    ),
)
