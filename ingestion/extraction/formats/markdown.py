"""
Markdown, kept as Markdown, without the comments that nobody sees when it is shown.

A comment inside code is shown, and stays.
"""

import re

from ingestion.extraction.formats.source import Source, decode_strictly, normal_form
from ingestion.extraction.formats.unseen import Unseen
from ingestion.extraction.wire import Extracted

COMMENT = "markdown-comment"

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
    return unseen.beside(remove_comments(text, unseen), _title(text))


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
