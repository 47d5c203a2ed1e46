"""
Markdown, kept as Markdown, without what nobody sees when it is shown.

That is comments, except inside code, definitions of links that no link uses, as comments are
often written, and the titles of those that one does. Where the markup in it hides something, the
text is that of the page that it makes.
"""

import re
from collections import Counter
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import normalizeReference

from ingestion.extraction.formats.html import to_markdown
from ingestion.extraction.formats.source import Source, decode_strictly, normal_form
from ingestion.extraction.formats.unseen import Unseen
from ingestion.extraction.wire import Extracted

COMMENT = "markdown-comment"

_PARSER = MarkdownIt("commonmark").enable("table")
_LABEL = re.compile(r"\[([^\[\]]{1,999})\]")
_MARKUP = re.compile(r"<[A-Za-z?!]")

# The leftmost match wins, which is how a fence inside a comment and a comment
# inside a fence are told apart. A code span ends with its paragraph
# (CommonMark §6.1); else two stray backticks would shelter comments between them.
_CODE_OR_COMMENT = re.compile(
    r"""
      (?P<fence> ^[ ]{0,3} (?P<mark>`{3,}|~{3,}) [^\n]* \n
                 (?: .*? ^[ ]{0,3} (?P=mark) [`~]* [ \t]* $ | .* ) )
    | (?P<code> (?<!`) (?P<ticks>`+) (?!`) (?: (?!\n[ \t]*\n) . )+? (?<!`) (?P=ticks) (?!`) )
    | <!-- .*? (?: --> | \Z )
    """,
    re.MULTILINE | re.DOTALL | re.VERBOSE,
)
_HEADING = re.compile(
    r"^ {0,3}#[ \t]+(?P<atx>[^\n]+)$|^(?P<setext>\S[^\n]*)\n=+[ \t]*$", re.MULTILINE
)


def extract(source: Source) -> Extracted:
    """
    Return the Markdown text; the title is its first heading of the first level.
    """
    text, unseen = normal_form(decode_strictly(source)), Unseen()
    shown = _without_titles(remove_comments(text, unseen), unseen)
    if _MARKUP.search(shown):
        before = dict(unseen.characters)
        page, _ = to_markdown(str(_PARSER.render(shown)), unseen)
        if unseen.characters != before:
            return unseen.beside(page, _title(text))
    return unseen.beside(shown, _title(text))


def _without_titles(text: str, unseen: Unseen) -> str:
    """
    Reduce definitions to what a link uses of them.
    """
    if "]:" not in text:
        return text
    environment: dict[str, Any] = {}
    _PARSER.parse(text, environment)
    named = environment.get("references", {})
    used = Counter(normalizeReference(label) for label in _LABEL.findall(text))
    lines = text.split("\n")
    # Of several by one name the first counts.
    again = [("", one) for one in environment.get("duplicate_refs", [])]
    for name, one in [*named.items(), *again]:
        kept = f"[{name}]: <{one['href']}>" if used[name] > 1 else ""
        first, end = one["map"]
        if one["title"] or not kept:
            unseen.note(COMMENT, one["title"] if kept else "\n".join(lines[first:end]))
            lines[first:end] = [kept, *[""] * (end - first - 1)]
    return "\n".join(lines)


def remove_comments(text: str, unseen: Unseen) -> str:
    """
    Remove HTML comments outside code; one that is never closed reaches to the end.
    """

    def kept(found: re.Match[str]) -> str:
        shown = found["fence"] or found["code"]
        if shown is None:
            unseen.note(COMMENT, found.group()[4:])
        return shown or ""

    return _CODE_OR_COMMENT.sub(kept, text)


def _title(text: str) -> str | None:
    prose = _CODE_OR_COMMENT.sub(lambda found: found["code"] or "", text)
    heading = _HEADING.search(prose)
    if heading is None:
        return None
    return (heading["atx"] or heading["setext"]).strip().rstrip("#").strip()
