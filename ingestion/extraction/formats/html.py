"""
HTML, as Markdown of what a person would see in a browser.

Hidden text is where instructions to a language model hide, so what the markup
or the page's own style sheets hide is removed and counted (see `html_styles`);
what a picture is described by is marked as such. Nothing is loaded, no script
is run, and entities are those of HTML, which do not expand into one another.
"""

import codecs
import re

import markdownify
from bs4 import BeautifulSoup, Comment, Declaration, Doctype, ProcessingInstruction, Tag
from bs4.element import NavigableString

from ingestion.extraction.formats.html_sheets import styles_of
from ingestion.extraction.formats.html_styles import ELEMENT, hiding, unreadable
from ingestion.extraction.formats.source import Source, UnreadableError
from ingestion.extraction.formats.unseen import Unseen
from ingestion.extraction.wire import Extracted

_NO_TEXT = ("head", "script", "style", "title")
_NOT_TEXT = (Comment, Declaration, Doctype, ProcessingInstruction)
_COMMENT = "html-comment"
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([-\w]+)", re.IGNORECASE)
_META_WITHIN_BYTES = 1024
"""Where a declaration must stand to count (HTML standard, prescan a byte stream)."""

_PLAIN_LINK = re.compile(r"(?:https?:|mailto:|[^:]*$|[^:]*[/?#])", re.IGNORECASE)
_BLANK_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*){2,}")


def extract(source: Source) -> Extracted:
    """
    Return the visible text; the title is `<title>`, else the first `<h1>`.
    """
    unseen = Unseen()
    text, title = to_markdown(decode(source.content, source.charset), unseen)
    return unseen.beside(text, title)


def to_markdown(markup: str, unseen: Unseen) -> tuple[str, str | None]:
    """
    Return text and title of an HTML document; what is hidden is noted.
    """
    # Bytes with a fixed encoding, so that a declaration inside cannot change it again.
    soup = BeautifulSoup(markup.encode("utf-8", "replace"), "lxml", from_encoding="utf-8")
    title = _title(soup)
    _remove_unseen(soup, unseen)
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


def _remove_unseen(soup: BeautifulSoup, unseen: Unseen) -> None:
    _remove_comments(soup, unseen)
    _fold(soup, unseen)
    # Read before the sheets go, and held by the objects that they are about until all is done.
    looks, tags = styles_of(soup), list(soup.find_all())
    # Asked of a tag itself, this would be a search of all that stands in it.
    gone: set[int] = set()
    for tag in tags:
        # Inside something removed already, there is nothing left to do.
        if id(tag) in gone:
            continue
        tricks = () if tag.name in _NO_TEXT else (hiding(tag, styles) for styles in looks)
        trick = next(filter(None, tricks), None)
        if tag.name in _NO_TEXT or trick is not None:
            if trick is not None:
                unseen.note(trick, tag.get_text(" "))
            gone.update(map(id, [tag, *tag.find_all()]))
            tag.decompose()
    for styles in looks:
        for tag, trick in unreadable((one for one in tags if id(one) not in gone), styles):
            _remove_own_text(tag, trick, unseen)


def _fold(soup: BeautifulSoup, unseen: Unseen) -> None:
    """
    Take out what shows only once its summary is clicked.
    """
    for tag in soup.find_all("details"):
        if tag.decomposed or tag.has_attr("open"):
            continue
        shown = tag.find("summary", recursive=False)
        for inner in [one for one in tag.contents if one is not shown]:
            unseen.note(ELEMENT, inner.get_text(" "))
            inner.decompose()


def _remove_comments(soup: BeautifulSoup, unseen: Unseen) -> None:
    for text in soup.find_all(string=lambda text: isinstance(text, _NOT_TEXT)):
        if isinstance(text, Comment):
            unseen.note(_COMMENT, text)
        text.extract()


def _remove_own_text(tag: Tag, trick: str, unseen: Unseen) -> None:
    for text in [one for one in tag.children if isinstance(one, NavigableString)]:
        if text.strip():
            unseen.note(trick, text)
            text.extract()


def _simplify(soup: BeautifulSoup) -> None:
    """
    Reduce pictures to their description, which is marked as one, and links that are code or
    data to their text. What shows only under a pointer goes.
    """
    for image in soup.find_all("img"):
        described = " ".join(str(image.get("alt") or "").split())
        image.replace_with(f"(picture: {described})" if described else "")
    for tag in soup.find_all(title=True):
        del tag["title"]
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
