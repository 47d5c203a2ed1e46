"""
A point is found from its publication to its withdrawal, and not a moment before or after.
"""

import numpy as np
import pytest

from acl.index.embedder import Vectors, require_sound
from acl.index.reading import Question
from acl.index.writing import Publication, StagedChunk
from acl.model.identifiers import DocumentId, DocumentKey, SourceName
from tests.acl.index.engines import (
    DIMENSION,
    NAMER,
    OPEN,
    PRIVATE,
    SALARY,
    STAFFS,
    Index,
    chunk_of,
    scope_of,
    vector,
)
from tests.acl.people import HANDBOOK

EVERY = scope_of(OPEN, STAFFS, PRIVATE)
QUESTION = Question(vector(0), {SALARY: 1.0})


@pytest.mark.promise("no-snapshot")
def test_a_staged_point_is_found_by_nobody(index: Index) -> None:
    """
    It has no readership, and every filter demands one.
    """
    key = index.stage("payroll", chunks=3)

    assert set() == index.found(EVERY)
    assert 3 == index.writer.count(key, 1)
    index.writer.remove([key])


def test_a_published_point_is_found_by_its_readership(index: Index) -> None:
    key = index.put("payroll", STAFFS)

    assert {key} == index.found(scope_of(STAFFS))
    assert set() == index.found(scope_of(OPEN, PRIVATE))


def test_a_hit_says_what_was_published(index: Index) -> None:
    key = index.stage("payroll", revision=4)
    index.writer.publish([Publication(key, 4, 9, STAFFS)])

    dense, sparse = index.reader.search(QUESTION, scope=scope_of(STAFFS), candidates=10)

    for leg in (dense, sparse):
        ((hit, score),) = leg.hits
        assert (chunk_of(key, 4), key, STAFFS, 4, 9) == (
            hit.chunk,
            hit.document,
            hit.readership,
            hit.revision,
            hit.acl_revision,
        )
        assert np.isfinite(score)


@pytest.mark.promise("revocation")
def test_a_withdrawn_document_is_found_by_nobody_until_it_is_published_again(index: Index) -> None:
    key = index.put("payroll", OPEN)

    index.writer.withdraw([key])
    assert set() == index.found(EVERY)
    assert 1 == index.writer.count(key, 1)

    index.publish(key, PRIVATE)
    assert {key} == index.found(scope_of(PRIVATE))
    assert set() == index.found(scope_of(OPEN))


def test_a_removed_document_is_gone(index: Index) -> None:
    key, other = index.put("payroll", OPEN), index.put("menu", OPEN)

    index.writer.remove([key])

    assert {other} == index.found(EVERY)
    assert 0 == index.writer.count(key, 1)


def test_publishing_a_revision_drops_the_others(index: Index) -> None:
    key = index.put("payroll", OPEN)
    index.stage("payroll", revision=2, chunks=2)

    index.publish(key, STAFFS, revision=2)

    assert (0, 2) == (index.writer.count(key, 1), index.writer.count(key, 2))
    assert {key} == index.found(scope_of(STAFFS))
    assert set() == index.found(scope_of(OPEN))


def test_a_staged_revision_leaves_the_published_one_alone(index: Index) -> None:
    key = index.put("payroll", OPEN)
    index.stage("payroll", revision=2)

    assert {key} == index.found(scope_of(OPEN))
    dense, _ = index.reader.search(QUESTION, scope=scope_of(OPEN), candidates=10)
    assert {1} == {hit.revision for hit, _ in dense.hits}


def test_a_point_that_is_staged_again_must_be_published_again(index: Index) -> None:
    """
    Rewriting a point takes its readership off: better lost for a moment than stale.
    """
    key = index.put("payroll", OPEN)
    index.stage("payroll")

    assert set() == index.found(EVERY)
    index.publish(key, OPEN)
    assert {key} == index.found(EVERY)


def test_what_a_crash_left_behind_is_discarded(index: Index) -> None:
    key = index.put("payroll", OPEN)
    index.stage("payroll", revision=2)

    index.writer.discard_uncommitted({key: 1})

    assert (1, 0) == (index.writer.count(key, 1), index.writer.count(key, 2))
    assert {key} == index.found(scope_of(OPEN))


@pytest.mark.parametrize("operation", ["withdraw", "remove"])
def test_an_empty_list_means_no_document_and_never_all(index: Index, operation: str) -> None:
    key = index.put("payroll", OPEN)

    getattr(index.writer, operation)([])
    index.writer.publish([])
    index.writer.discard_uncommitted({})
    index.writer.stage([])

    assert {key} == index.found(EVERY)


def test_every_write_may_be_repeated(index: Index) -> None:
    key = index.stage("payroll", chunks=2)
    index.stage("payroll", chunks=2)
    for _ in range(2):
        index.publish(key, STAFFS)
    index.writer.optimize()
    index.writer.flush()

    assert 2 == index.writer.count(key, 1)
    assert {key} == index.found(scope_of(STAFFS))


BAD_VECTORS: dict[str, Vectors] = {
    "NaN": np.full(DIMENSION, np.nan, dtype=np.float32),
    "one NaN": np.array([1, 0, 0, 0, 0, 0, 0, np.nan], dtype=np.float32),
    "infinite": np.array([np.inf, 0, 0, 0, 0, 0, 0, 0], dtype=np.float32),
    "zero": np.zeros(DIMENSION, dtype=np.float32),
    "long": vector(1) * np.float32(2),
    "short": vector(1) * np.float32(0.5),
    "of another dimension": np.eye(1, 4, dtype=np.float32)[0],
}


@pytest.mark.parametrize("kind", sorted(BAD_VECTORS))
def test_a_vector_that_is_not_one_is_refused(index: Index, kind: str) -> None:
    """
    The engine would take it, and answer nonsense.
    """
    key = DocumentKey("e" * 32)
    chunk = StagedChunk(chunk_of(key), HANDBOOK, key, 1, BAD_VECTORS[kind], {SALARY: 1.0})

    with pytest.raises(ValueError, match="vector"):
        index.writer.stage([chunk])

    assert 0 == index.writer.count(key, 1)


def test_many_vectors_are_judged_one_by_one() -> None:
    good = np.stack([vector(number) for number in range(5)])
    bad = good.copy()
    bad[3] = np.nan

    assert good is require_sound(good, dimension=DIMENSION)
    for wrong in (bad, good[0], good.reshape(1, 5, DIMENSION), good[:, :4]):
        with pytest.raises(ValueError, match="vector"):
            require_sound(wrong, dimension=DIMENSION)


def test_the_index_holds_names_and_numbers_only(index: Index) -> None:
    """
    Neither the document's id nor its source's name is anywhere in the engine's files.
    """
    source, document = SourceName("very-secret-source"), "very-secret-document-name"
    index.put(document, OPEN, source=source)
    index.writer.flush()

    stored = b"".join(one.read_bytes() for one in index.directory.rglob("*") if one.is_file())
    assert (
        NAMER.document(
            SourceName("very-secret-source"), DocumentId("very-secret-document-name")
        ).encode()
        in stored
    )
    assert b"very-secret" not in stored
    index.writer.remove([NAMER.document(source, DocumentId(document))])
