"""
Whatever stands in a line, its document alone pays for it, and somebody is told where.
"""

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acl.errors import InputError
from acl.model.grants import AclSnapshot
from acl.model.identifiers import AuthorityId, DocumentId, SourceName
from acl.model.principals import Principal, PrincipalKind
from ingestion.sources.exchange import MAX_LINE_BYTES, ExchangeSource
from ingestion.sources.members import DOCUMENT_MEMBERS, MAX_CONTENT_BYTES, MAX_ID_CHARACTERS
from ingestion.sources.port import ListedDocument, Observation
from tests.ingestion.unprivileged import unprivileged
from tests.ingestion.world import TENANT, allow, document, wall_clock, write_lines

CORP = AuthorityId("corp")
GOOD = document("good", "Nothing is wrong with this one.")
ENG = Principal(TENANT, CORP, PrincipalKind.GROUP, "eng")
ALICE = Principal(TENANT, CORP, PrincipalKind.USER, "alice")


def source(folder: Path) -> ExchangeSource:
    return ExchangeSource(SourceName("handbook"), folder, TENANT, CORP, wall_clock)


def observe(folder: Path, *rows: object, groups: tuple[object, ...] = ()) -> Observation:
    """
    Observe a folder of these lines and one good document after them.
    """
    write_lines(folder / "documents.jsonl", [*rows, GOOD])
    if groups:
        write_lines(folder / "groups.jsonl", groups)
    return source(folder).observe()


def told(observation: Observation) -> list[str]:
    return [str(problem) for problem in observation.problems]


def only(observation: Observation, name: str) -> ListedDocument:
    """
    Return one document, after a look whether the good one is untouched.
    """
    good = observation.documents[DocumentId("good")]
    assert good.acl is not None
    assert ("", "") == (good.acl_problem, good.content_problem)
    return observation.documents[DocumentId(name)]


MALFORMED: Mapping[str, bytes] = {
    "not JSON": b'{"id": "bad", "text":',
    "not an object": b'["bad"]',
    "no id": b'{"text": "x", "acl": {"allow": ["everyone"]}}',
    "an id that is a number": b'{"id": 7, "text": "x", "acl": {"allow": ["everyone"]}}',
    "an id without characters": b'{"id": "", "text": "x", "acl": {"allow": ["everyone"]}}',
    "two ids": b'{"id": "bad", "id": "worse", "text": "x", "acl": {"allow": ["everyone"]}}',
    "not UTF-8": '{"id": "bad", "text": "caf\u00e9"}'.encode("latin-1"),
    "UTF-16": '{"id": "bad", "text": "x"}'.encode("utf-16-le").replace(b"\n", b""),
    "a byte order mark": b"\xef\xbb\xbf" + json.dumps(document("bad")).encode(),
    "nested without end": b'{"id": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "half a surrogate pair as id": b'{"id": "\\ud800", "text": "x", "acl": {"allow": []}}',
    "a control character in the id": b'{"id": "a\\u0007b", "text": "x", "acl": {"allow": []}}',
    "an id without end": json.dumps(document("n" * (MAX_ID_CHARACTERS + 1))).encode(),
}


@pytest.mark.promise("fail-closed-input")
@pytest.mark.parametrize("what", MALFORMED)
def test_a_line_that_names_no_document_makes_the_listing_incomplete(
    tmp_path: Path, what: str
) -> None:
    """
    It is named by file and number, and the others count.
    """
    observation = observe(tmp_path, MALFORMED[what])

    assert {"good"} == observation.documents.keys()
    assert not observation.complete
    (problem,) = told(observation)
    assert problem.startswith("documents.jsonl:1: ")
    only(observation, "good")


HIDING: Mapping[str, tuple[dict[str, object], str]] = {
    "no acl": ({"id": "bad", "text": "x"}, "no 'acl': hidden from everybody"),
    "acl is null": (document("bad", acl=None), "acl must be an object"),
    "acl is empty": (document("bad", acl={}), "acl must hold"),
    "acl is a list": (document("bad", acl=["user:alice"]), "acl must be an object"),
    "both forms": (document("bad", acl={"allow": [], "gates": []}), "acl must hold"),
    "an unknown kind": (document("bad", acl=allow("role:boss")), "unknown principal 'role:boss'"),
    "kind in capitals": (document("bad", acl=allow("User:alice")), "unknown principal"),
    "a principal that is null": (document("bad", acl={"allow": [None]}), "a principal is a string"),
    "one bad among good": (document("bad", acl=allow("user:alice", "x")), "unknown principal 'x'"),
    "a denial of an unknown kind": (
        document("bad", acl={"allow": ["everyone"], "deny": ["role:boss"]}),
        "unknown principal 'role:boss'",
    ),
    "an expiry without a zone": (
        document("bad", acl={"gates": [[{"permit": ["everyone"], "until": "2030-01-01"}]]}),
        "must be a time with a zone",
    ),
    "an unknown member of an entry": (
        document("bad", acl={"gates": [[{"permit": ["everyone"], "unless": "x"}]]}),
        "an entry holds",
    ),
    "an unknown member": (document("bad", readers=["user:alice"]), "unknown members ['readers']"),
}


@pytest.mark.promise("fail-closed-input")
@pytest.mark.parametrize("what", HIDING)
def test_a_document_whose_acl_is_not_understood_is_hidden(tmp_path: Path, what: str) -> None:
    """
    Never public, never partly: the listing stays complete, and the document has no ACL.
    """
    row, message = HIDING[what]

    observation = observe(tmp_path, row)

    bad = only(observation, "bad")
    assert bad.acl is None
    assert message in bad.acl_problem
    assert observation.complete
    (problem,) = told(observation)
    assert problem.startswith("documents.jsonl:1 (document 'bad'): ")


@pytest.mark.promise("fail-closed-input")
@pytest.mark.parametrize(
    "line",
    [
        b'{"id": "bad", "text": "x", "metadata": {"size": NaN}, "acl": {"allow": ["everyone"]}}',
        b'{"id": "bad", "text": "x", "metadata": {"a": Infinity}, "acl": {"allow": ["everyone"]}}',
        b'{"id": "bad", "text": "x", "metadata": [1e999], "acl": {"allow": ["everyone"]}}',
        b'{"id": "bad", "text": "x", "metadata": 1' + b"0" * 99 + b', "acl": {"allow": []}}',
    ],
)
def test_a_number_that_is_none_hides_its_document(tmp_path: Path, line: bytes) -> None:
    bad = only(observe(tmp_path, line), "bad")

    assert bad.acl is None
    assert "number" in bad.acl_problem or "integer" in bad.acl_problem


UNREADABLE_CONTENT: Mapping[str, tuple[dict[str, object], str]] = {
    "outside": (document("bad", path="../outside.txt"), "leaves the source's folder"),
    "outside, absolute": (document("bad", path="/etc/passwd"), "leaves the source's folder"),
    "through a link": (document("bad", path="link.txt"), "symbolic links are refused"),
    "through a linked folder": (document("bad", path="way/outside.txt"), "cannot be opened"),
    "missing": (document("bad", path="none.txt"), "No such file"),
    "a folder": (document("bad", path="folder"), "not a regular file"),
    "zero bytes": (document("bad", path="empty.txt"), "zero bytes"),
    "zero characters": (document("bad", text="") | {"text": ""}, "zero bytes"),
    "200 MB": (document("bad", path="large.txt"), "has 200000000 bytes, more than"),
    "text and path": (document("bad", "x") | {"path": "a.txt"}, "needs either 'text' or 'path'"),
    "neither": ({"id": "bad", "acl": allow("everyone")}, "needs either 'text' or 'path'"),
    "text is a number": (document("bad") | {"text": 7}, "needs either 'text' or 'path'"),
    "half a surrogate pair": (document("bad", "\ud800"), "half of a surrogate pair"),
    "title is a number": (document("bad", title=7), "'title' is a string"),
    "title without end": (document("bad", title="x" * 5_000), "'title' is a string of at most"),
    "half a pair in the title": (document("bad", title="\ud800"), "'title' holds half"),
    "half a pair in the url": (document("bad", url="\udfff"), "'url' holds half"),
    "half a pair in the type": (document("bad", mime="\ud800"), "'mime' holds half"),
    "half a pair in the label": (document("bad", label="\ud800"), "'label' holds half"),
    "a NUL in the label": (document("bad", label="a\0b"), "no control characters"),
    "half a pair in the path": (document("bad", path="\ud800"), "surrogate"),
    "a time that is none": (document("bad", modified="yesterday"), "'modified' is not a time"),
}


@pytest.mark.promise("fail-closed-input")
@pytest.mark.parametrize("what", UNREADABLE_CONTENT)
def test_content_that_cannot_be_read_is_told(tmp_path: Path, what: str) -> None:
    """
    It stays listed with its ACL, so that it is quarantined and not removed.
    """
    folder = tmp_path / "source"
    (folder / "folder").mkdir(parents=True)
    (tmp_path / "outside.txt").write_text("outside")
    (folder / "link.txt").symlink_to("../outside.txt")
    (folder / "way").symlink_to("..")
    (folder / "empty.txt").touch()
    with (folder / "large.txt").open("wb") as large:
        large.truncate(200_000_000)
    row, message = UNREADABLE_CONTENT[what]

    observation = observe(folder, row)

    bad = only(observation, "bad")
    assert message in bad.content_problem
    assert observation.complete
    (problem,) = told(observation)
    assert problem.startswith("documents.jsonl:1 (document 'bad'): ")


def test_a_file_that_only_its_owner_may_read_is_told() -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        folder.chmod(0o755)
        write_lines(folder / "documents.jsonl", [document("bad", path="mine.txt"), GOOD])
        (folder / "documents.jsonl").chmod(0o644)
        (folder / "mine.txt").write_text("mine")
        (folder / "mine.txt").chmod(0)

        with unprivileged():
            observation = source(folder).observe()

    assert "Permission denied" in only(observation, "bad").content_problem


@pytest.mark.parametrize("forbidden", [".", "documents.jsonl", "groups.jsonl"])
def test_a_source_that_cannot_be_read_concludes_nothing(forbidden: str) -> None:
    """
    An `InputError` for people, not the operating system's.
    """
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        folder.chmod(0o755)
        write_lines(folder / "documents.jsonl", [GOOD])
        write_lines(folder / "groups.jsonl", [{"id": "eng", "members": []}])
        (folder / "documents.jsonl").chmod(0o644)
        (folder / forbidden).chmod(0)

        with unprivileged(), pytest.raises(InputError) as refused:
            source(folder).observe()

        folder.chmod(0o700)
    assert "Permission denied" in refused.value.diagnostics()


def test_a_folder_without_a_listing_concludes_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        source(tmp_path).observe()

    assert f"{tmp_path} has no documents.jsonl; it lists documents" in refused.value.diagnostics()


@pytest.mark.parametrize("listing", [b"", b"\n\n  \n"])
def test_an_empty_listing_is_taken_for_a_damaged_one(tmp_path: Path, listing: bytes) -> None:
    """
    An exporter that died must not delete everything.
    """
    (tmp_path / "documents.jsonl").write_bytes(listing)

    observation = source(tmp_path).observe()

    assert not observation.complete
    assert ["documents.jsonl: lists nothing; taken for incomplete"] == told(observation)


@pytest.mark.promise("fail-closed-input")
@pytest.mark.parametrize(
    "second",
    [
        document("twice", "another text"),
        {"id": "twice", "text": "no acl"},
        b'{"id": "twice", "text": "x", "metadata": NaN}',
    ],
)
@pytest.mark.parametrize("order", [1, -1])
def test_an_id_that_occurs_twice_is_hidden(tmp_path: Path, second: object, order: int) -> None:
    """
    Which of the two was meant is a guess, in either order, also where one is unusable.
    """
    rows = [document("twice", "one text"), second][::order]

    observation = observe(tmp_path, *rows)

    assert only(observation, "twice").acl is None
    assert any("documents.jsonl:2 (document 'twice')" in one for one in told(observation))


def test_a_text_of_200_mb_in_its_line_costs_that_line_alone(tmp_path: Path) -> None:
    with (tmp_path / "documents.jsonl").open("wb") as file:
        file.write(json.dumps(document("first")).encode() + b"\n")
        file.write(b'{"id": "large", "acl": {"allow": ["everyone"]}, "text": "')
        for _ in range(200):
            file.write(b"x" * 1_000_000)
        file.write(b'"}\n' + json.dumps(document("last")).encode())

    reading = source(tmp_path)
    observation = reading.observe()

    assert {"first", "last"} == observation.documents.keys()
    assert not observation.complete
    (problem,) = told(observation)
    assert f"documents.jsonl:2: longer than {MAX_LINE_BYTES} bytes" in problem
    assert b"The text of last." == reading.fetch(observation.documents[DocumentId("last")])


def test_a_text_above_the_limit_is_quarantined_by_name(tmp_path: Path) -> None:
    bad = only(observe(tmp_path, document("bad", "x" * (MAX_CONTENT_BYTES + 1))), "bad")

    assert f"'text' has {MAX_CONTENT_BYTES + 1} bytes" in bad.content_problem


def group(name: str, *members: object) -> dict[str, object]:
    return {"id": name, "members": list(members)}


def test_groups_are_read_with_their_members(tmp_path: Path) -> None:
    observation = observe(tmp_path, groups=(group("eng", "user:alice", "group:other/platform"),))

    platform = Principal(TENANT, AuthorityId("other"), PrincipalKind.GROUP, "platform")
    assert {ENG: frozenset({ALICE, platform})} == observation.groups


def test_without_a_groups_file_no_group_is_known(tmp_path: Path) -> None:
    assert {} == observe(tmp_path).groups


@pytest.mark.promise("fail-closed-input")
@pytest.mark.parametrize(
    "line",
    [
        b'{"id": "eng", "members": ["user:alice"',
        group("eng", "role:boss"),
        group("eng", "everyone"),
        group("eng", None),
        {"id": "eng"},
        {"id": "eng", "members": "user:alice"},
        {"id": "eng", "members": [], "owner": "user:alice"},
        group("", "user:alice"),
        b'{"id": "\\ud800", "members": []}',
        b'{"id": "eng", "members": [], "size": NaN}',
        b"\xff\xfe",
    ],
)
def test_a_group_line_that_is_not_understood_leaves_its_group_unknown(
    tmp_path: Path, line: object
) -> None:
    observation = observe(tmp_path, groups=(line, group("ops", "user:alice")))

    assert ["ops"] == [one.id for one in observation.groups]
    (problem,) = told(observation)
    assert problem.startswith("groups.jsonl:1: ")


@pytest.mark.promise("fail-closed-input")
@pytest.mark.parametrize("other", [group("eng", "user:bob"), group("eng", "role:boss")])
@pytest.mark.parametrize("order", [1, -1])
def test_two_groups_with_one_id_are_one_unknown_group(
    tmp_path: Path, other: object, order: int
) -> None:
    """
    Also if one of the two is unusable: the other is not all that was said of it.
    """
    lines = [group("eng", "user:alice"), other][::order]

    observation = observe(tmp_path, groups=tuple(lines))

    assert {} == observation.groups
    (problem,) = told(observation)
    assert "unknown" in problem


def test_a_group_that_is_its_own_member_is_told_and_kept(tmp_path: Path) -> None:
    observation = observe(tmp_path, groups=(group("eng", "group:eng", "user:alice"),))

    assert {ENG: frozenset({ENG, ALICE})} == observation.groups
    assert ["groups.jsonl:1: group:corp/eng is a member of itself; that adds nothing"] == told(
        observation
    )


def test_what_is_fetched_is_what_was_listed(tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_bytes(b"in a file")
    write_lines(
        tmp_path / "documents.jsonl", [document("a", "in line"), document("b", path="file.txt")]
    )
    reading = source(tmp_path)
    listed = reading.observe().documents

    assert b"in line" == reading.fetch(listed[DocumentId("a")])
    assert b"in a file" == reading.fetch(listed[DocumentId("b")])


@pytest.mark.parametrize("change", ["removed", "edited"])
@pytest.mark.parametrize("name", ["file.txt", "documents.jsonl"])
def test_what_changed_since_it_was_listed_is_not_fetched(
    tmp_path: Path, name: str, change: str
) -> None:
    (tmp_path / "file.txt").write_bytes(b"in a file")
    write_lines(
        tmp_path / "documents.jsonl", [document("a", "in line"), document("b", path="file.txt")]
    )
    reading = source(tmp_path)
    listed = reading.observe().documents[DocumentId("b" if name == "file.txt" else "a")]

    if change == "removed":
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(b"something else")

    with pytest.raises(InputError):
        reading.fetch(listed)


@pytest.mark.parametrize("name", ["documents.jsonl", "groups.jsonl"])
@pytest.mark.parametrize("deed", ["rewrite", "append", "touch", "remove"])
def test_a_touched_file_is_no_longer_what_was_observed(
    tmp_path: Path, name: str, deed: str
) -> None:
    write_lines(tmp_path / "groups.jsonl", [group("eng")])
    write_lines(tmp_path / "documents.jsonl", [GOOD])
    reading = source(tmp_path)
    observation = reading.observe()
    assert reading.unchanged_since(observation)

    path = tmp_path / name
    match deed:
        case "rewrite":
            write_lines(path, [json.loads(path.read_bytes())])
        case "append":
            with path.open("ab") as file:
                file.write(b"\n")
        case "touch":
            os.utime(path, ns=(1, 1))
        case _:
            path.unlink()

    assert not reading.unchanged_since(observation)


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)
members: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"id": st.sampled_from(["bad", "\ud800", ""]) | any_json},
    optional=dict.fromkeys(sorted(DOCUMENT_MEMBERS - {"id"}), any_json),
)
lines = st.binary(max_size=60).map(lambda b: b.replace(b"\n", b"")) | members.map(
    lambda one: json.dumps(one).encode()
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(garbage=st.lists(lines, max_size=4))
@pytest.mark.promise("fail-closed-input")
def test_no_line_ever_stops_the_others(tmp_path: Path, garbage: list[bytes]) -> None:
    """
    Whatever the lines hold: the good document is listed, and no other has an ACL by accident.
    """
    observation = observe(tmp_path, *garbage)

    only(observation, "good")
    for listed in observation.documents.values():
        assert listed.acl is None or isinstance(listed.acl, AclSnapshot)
        assert (listed.acl is None) == bool(listed.acl_problem)
        str(listed.document).encode()
        listed.title.encode()
