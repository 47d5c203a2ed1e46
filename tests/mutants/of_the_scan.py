"""
Faults in the copy of the vectors: what a scan may look at, and how the copy follows the shard.
"""

from typing import Final

from tests.mutants.mutant import Mutant

ROWS: Final = "acl/index/dense_rows.py"
COPY: Final = "acl/index/dense_copy.py"
SHARD: Final = "acl/index/engine_shard.py"

SELECTION: Final = "tests/acl/index/test_dense_selection.py"
SCAN: Final = "tests/acl/index/test_dense_scan.py"
COVERS: Final = (f"{SELECTION}::test_a_scan_finds_exactly_what_the_scope_covers",)
FOLLOWS: Final = (f"{SELECTION}::test_a_scan_keeps_to_what_was_written_last",)
ROUNDING: Final = (f"{SCAN}::test_what_is_hidden_changes_nothing_of_what_a_scan_finds",)
HALF_WAY: Final = (f"{SCAN}::test_a_write_that_fails_half_way_is_followed_as_far_as_it_came",)

SCANNING: Final = (
    Mutant(
        "scan-without-readerships",
        ROWS,
        "        covered = _among(readerships, visible) & (readerships != NOBODY)\n",
        "        covered = readerships != NOBODY\n",
        "Hidden chunks are scanned and take the places of visible ones.",
        COVERS,
    ),
    Mutant(
        "scan-of-nobodys",
        ROWS,
        "        covered = _among(readerships, visible) & (readerships != NOBODY)\n",
        "        covered = _among(readerships, visible)\n",
        "A scope that names nobody's readership scans what is staged or withdrawn.",
        COVERS,
    ),
    Mutant(
        "scan-without-sources",
        ROWS,
        "        if len(searched) < len(self._numbers):\n",
        "        if len(searched) > len(self._numbers):\n",
        "A dark source is scanned.",
        COVERS,
    ),
    Mutant(
        "scan-without-withheld",
        ROWS,
        "        for document in withheld:\n",
        "        for document in list(withheld)[1:]:\n",
        "A document whose points are being rewritten is scanned.",
        COVERS,
    ),
    Mutant(
        "scan-of-neighbours",
        ROWS,
        "= ascending[places] == values\n",
        "= ascending[places] >= values\n",
        "Readerships whose numbers lie between visible ones are scanned.",
        COVERS,
    ),
    Mutant(
        "scan-past-the-run",
        ROWS,
        "(first, last + 1) for first, last",
        "(first + 1, last + 2) for first, last",
        "A scan looks at the row behind a readership's last.",
        (f"{SELECTION}::test_each_row_is_scanned_by_its_own_vector",),
    ),
    Mutant(
        "scan-of-an-old-selection",
        ROWS,
        "        if last is not None and last.changes == self._changes:\n",
        "        if last is not None:\n",
        "A search remembers which rows a scope covered before the last write.",
        FOLLOWS,
    ),
    Mutant(
        "scan-changes-uncounted",
        ROWS,
        "        self._changes += 1\n        before = {\n",
        "        before = {\n",
        "A document that was hidden is scanned by whoever has asked before.",
        FOLLOWS,
    ),
    Mutant(
        "scan-keeps-what-is-gone",
        ROWS,
        "            self._readerships[row] = NOBODY\n            self._free.append(row)\n",
        "            self._free.append(row)\n",
        "What was removed is still proposed.",
        FOLLOWS,
    ),
    Mutant(
        "scan-without-slack",
        ROWS,
        "scanned >= least - 2 * self._slack",
        "scanned >= least",
        "Rounding in the scan decides what is found, and hidden rows decide the rounding.",
        ROUNDING,
    ),
    Mutant(
        "scan-wants-one-too-few",
        ROWS,
        "np.partition(scanned, len(scanned) - wanted)[len(scanned) - wanted]",
        "np.partition(scanned, len(scanned) - wanted)[len(scanned) - wanted + 1]",
        "The last of the best is not proposed.",
        (f"{SCAN}::test_few_rows_are_left_to_the_engine", *COVERS),
    ),
    Mutant(
        "scan-of-what-is-no-vector",
        ROWS,
        "        if not (np.linalg.norm(vectors, axis=1) <= MAX_LENGTH).all():\n",
        "        if (np.linalg.norm(vectors, axis=1) > MAX_LENGTH).any():\n",
        "A vector that is not a number takes part in scans.",
        (f"{SCAN}::test_a_vector_that_is_none_ends_scanning",),
    ),
    Mutant(
        "copy-used-before-it-is-whole",
        COPY,
        "        return self._rows if self._gathered else None\n",
        "        return self._rows\n",
        "After a restart a search misses what has not been read yet.",
        (f"{SCAN}::test_a_copy_that_is_not_whole_is_not_searched",),
    ),
    Mutant(
        "copy-uncounted",
        COPY,
        "        if len(rows) != (total := self._total()):\n",
        "        if len(rows) > (total := self._total()):\n",
        "A copy that misses points is taken for whole.",
        (f"{SCAN}::test_a_copy_that_misses_a_point_is_given_up",),
    ),
    Mutant(
        "copy-although-none-is-wanted",
        COPY,
        "        if not places:\n            return\n",
        "        places = places or 10_000\n",
        "Vectors are kept in memory although the configuration says none.",
        (f"{SCAN}::test_no_more_chunks_are_in_memory_than_there_are_places",),
    ),
    Mutant(
        "copy-does-not-follow",
        COPY,
        "        finally:\n            self._follow(documents)\n",
        "        finally:\n            self._follow([])\n",
        "What was written since the start is not scanned, and what was hidden still is.",
        FOLLOWS,
    ),
    Mutant(
        "copy-does-not-follow-failures",
        COPY,
        "        try:\n            yield\n        finally:\n            self._follow(documents)\n",
        "        yield\n        self._follow(documents)\n",
        "A write that fails half-way leaves rows of what it has hidden.",
        HALF_WAY,
    ),
    Mutant(
        "copy-keeps-old-vectors",
        COPY,
        "            self._rows.restate(documents, ())\n",
        "            pass\n",
        "A chunk that is staged anew is found by its old vector.",
        (f"{SELECTION}::test_a_chunk_that_is_staged_anew_is_scanned_by_its_new_vector",),
    ),
    Mutant(
        "copy-trusted-unread",
        COPY,
        '            self.give_up(f"{type(error).__name__}: {error}")\n',
        "            pass\n",
        "A copy that could not follow a write is scanned as if it had.",
        (f"{SCAN}::test_a_write_that_cannot_be_read_back_ends_scanning",),
    ),
    Mutant(
        "scan-trusted-after-a-wrong-proposal",
        SHARD,
        "                if len(hits) == candidates:\n",
        "                if len(hits) <= candidates:\n",
        "A proposal of the wrong chunks shortens an answer.",
        (f"{SCAN}::test_what_the_copy_has_wrong_is_shown_to_nobody",),
    ),
    Mutant(
        "publishing-is-not-followed",
        SHARD,
        "self._copy.following([str(publication[0]) for publication in publications])",
        "self._copy.following([])",
        "A permission that was changed in the index is not in what is scanned.",
        FOLLOWS,
    ),
    Mutant(
        "withdrawing-is-not-followed",
        SHARD,
        "            with self._copy.following(documents):\n"
        "                self._shard.update(update(stored.all_of(documents), nobodys))\n",
        "            self._shard.update(update(stored.all_of(documents), nobodys))\n",
        "A withdrawn document is scanned.",
        FOLLOWS,
    ),
    Mutant(
        "filter-of-no-chunks",
        "acl/index/stored.py",
        "    if not chunks:\n",
        "    if chunks is None:\n",
        "A proposal of nothing is a filter that matches whatever it may.",
        (f"{SELECTION}::test_no_filter_is_built_of_no_chunks",),
    ),
)
