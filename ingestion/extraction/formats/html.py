"""
HTML, as Markdown of what a person would see in a browser.

Hidden text is where instructions to a language model hide, so what the markup
itself declares hidden is removed. Style sheets are not computed: a class that
some sheet hides still counts as seen. Nothing is loaded, no script is run, and
entities are those of HTML, which do not expand into one another.
"""

import codecs
import re

import markdownify
from bs4 import BeautifulSoup, Comment, Declaration, Doctype, ProcessingInstruction, Tag

from ingestion.extraction.formats.source import Source, UnreadableError
from ingestion.extraction.wire import Extracted

_NEVER_SEEN = (
    "head", "script", "style", "template", "noscript", "noframes", "iframe", "object", "svg",
    "datalist", "title",
)  # fmt: skip
_NOT_TEXT = (Comment, Declaration, Doctype, ProcessingInstruction)
_HIDING_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0(?![.\d])|font-size\s*:\s*0(?![.\d])",
    re.IGNORECASE,
)
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([-\w]+)", re.IGNORECASE)
_META_WITHIN_BYTES = 1024
"""Where a declaration must stand to count (HTML standard, prescan a byte stream)."""

_PLAIN_LINK = re.compile(r"(?:https?:|mailto:|[^:]*$|[^:]*[/?#])", re.IGNORECASE)
_BLANK_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*){2,}")


def extract(source: Source) -> Extracted:
    """
    Return the visible text; the title is `<title>`, else the first `<h1>`.
    """
    text, title = to_markdown(decode(source.content, source.charset))
    return Extracted(text, title=title, page_starts=())


def to_markdown(markup: str) -> tuple[str, str | None]:
    """
    Return text and title of an HTML document.
    """
    # Bytes with a fixed encoding, so that a declaration inside cannot change it again.
    soup = BeautifulSoup(markup.encode("utf-8", "replace"), "lxml", from_encoding="utf-8")
    title = _title(soup)
    _remove_unseen(soup)
    _simplify(soup)
    return _BLANK_LINES.sub("\n\n", _render(soup)).strip(), title


def decode(content: bytes, declared: str | None) -> str:
    """
    Decode as browsers do: mark, declaration outside, declaration inside, UTF-8, windows-1252.

    Raises:
        UnreadableError: The charset that the source declared is unknown.
    """
    if content.startswith(codecs.BOM_UTF8):
        return content.decode("utf-8-sig", "replace")
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace")
    if declared:
        try:
            return content.decode(declared, "replace")
        except LookupError as error:
            msg = f"unknown charset {declared!r}"
            raise UnreadableError(msg) from error
    return _decode_undeclared(content)


def _decode_undeclared(content: bytes) -> str:
    inside = _META_CHARSET.search(content[:_META_WITHIN_BYTES])
    try:
        return content.decode(inside[1].decode("ascii")) if inside else content.decode()
    except (LookupError, UnicodeError):
        pass
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("windows-1252", "replace")


def _title(soup: BeautifulSoup) -> str | None:
    for name in ("title", "h1"):
        found = soup.find(name)
        if isinstance(found, Tag) and (text := found.get_text(" ", strip=True)):
            return text
    return None


def _remove_unseen(soup: BeautifulSoup) -> None:
    for text in soup.find_all(string=lambda text: isinstance(text, _NOT_TEXT)):
        text.extract()
    for tag in soup.find_all(_is_unseen):
        # Inside something removed already, there is nothing left to do.
        if not tag.decomposed:
            tag.decompose()


def _is_unseen(tag: Tag) -> bool:
    if tag.name in _NEVER_SEEN or tag.has_attr("hidden"):
        return True
    if str(tag.get("aria-hidden", "")).strip().lower() == "true":
        return True
    return bool(_HIDING_STYLE.search(str(tag.get("style", ""))))


def _simplify(soup: BeautifulSoup) -> None:
    """
    Reduce pictures to their description, and links that are code or data to their text.
    """
    for image in soup.find_all("img"):
        image.replace_with(str(image.get("alt") or ""))
    for link in soup.find_all("a", href=True):
        if not _PLAIN_LINK.match(str(link["href"]).strip()):
            link.unwrap()


def _render(soup: BeautifulSoup) -> str:
    converter = markdownify.MarkdownConverter(
        heading_style=markdownify.ATX,
        # Escapes would stand between a word and the search for it.
        escape_asterisks=False,
        escape_underscores=False,
        escape_misc=False,
    )
    try:
        return str(converter.convert_soup(soup))
    except RecursionError:
        # Nested beyond any use; the words are still there to be found.
        return soup.get_text("\n", strip=True)
