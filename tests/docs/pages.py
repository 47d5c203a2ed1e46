"""
The Markdown files that people read, and how to look something up in them.
"""

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
DOCS: Final = ROOT / "docs"
README: Final = ROOT / "README.md"
CONFIGURATION: Final = DOCS / "configuration.md"
OPERATIONS: Final = DOCS / "operations.md"
DECISIONS: Final = DOCS / "decisions"
DEPENDENCIES: Final = DECISIONS / "0012-dependencies.md"

_FENCE: Final = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def pages() -> list[Path]:
    """
    Return every Markdown file at the root and below `docs`.
    """
    return sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])


def text_of(*paths: Path) -> str:
    """
    Return the text of these pages, one after the other.
    """
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def prose_of(path: Path) -> str:
    """
    Return a page without its fenced code.
    """
    return _FENCE.sub("", text_of(path))


def section_of(page: Path, heading: str) -> str:
    """
    Return what stands under one heading, up to the next; empty if there is no such heading.
    """
    _, found, rest = text_of(page).partition(f"\n{heading}\n")
    return re.split(r"^#{1,6} ", rest, maxsplit=1, flags=re.MULTILINE)[0] if found else ""
