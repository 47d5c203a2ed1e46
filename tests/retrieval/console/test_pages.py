"""
Whatever stands in a document, or in a name, is text on the page: also if nothing had made it
harmless before.
"""

from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Final

import pytest
from starlette.responses import Response

from acl.model.documents import Span
from acl.model.identifiers import ChunkId, DocumentId, DocumentKey, SourceName
from retrieval.console import pages
from retrieval.console.citations import Cited, Way
from retrieval.console.pages import citation_page
from retrieval.console.sessions import Session
from retrieval.passage import Passage, Provenance, Waybill
from tests.retrieval.scene import reader

NOON: Final = datetime(2027, 1, 1, 12, tzinfo=UTC)
SESSION: Final = Session("token", "proof")
HOSTILE: Final = {
    "script": "<script>alert(1)</script>",
    "closing": "</blockquote></main></body></html><script>alert(1)</script>",
    "handler": "<img src=x onerror=alert(1)>",
    "vector": "<svg/onload=alert(1)>",
    "out of an attribute": '" onmouseover="alert(1)" x=\'',
    "out of another": "' onfocus='alert(1)' autofocus='",
    "style": "</style><style>*{background:url(https://evil.example)}</style>",
    "title": "</title><meta http-equiv=refresh content='0;url=https://evil.example'>",
    "template": "{{ session.token }}{% for x in [].__class__.__mro__ %}{{ x }}{% endfor %}",
    "comment": "<!--><script>alert(1)</script>-->",
    "cdata": "<![CDATA[<script>alert(1)</script>]]>",
    "form": "<form action=https://evil.example><input name=form></form>",
    "frame": "<iframe srcdoc='&lt;script>alert(1)&lt;/script>'></iframe>",
    "base": "<base href=https://evil.example/>",
    "null": "<scr\x00ipt>alert(1)</scr\x00ipt>",
    "utf-7": "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
    "entity": "&lt;script&gt;alert(1)&lt;/script&gt;",
    "mathml": "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
}


class Elements(HTMLParser):
    """
    Every element of a page with its attributes' names, and the text.
    """

    def __init__(self, page: Response) -> None:
        super().__init__()
        self.seen: list[tuple[str, tuple[str, ...]]] = []
        self.text = ""
        self.feed(bytes(page.body).decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, tuple(name for name, _ in attrs)))

    def handle_comment(self, data: str) -> None:
        self.seen.append(("comment", (data,)))

    def handle_data(self, data: str) -> None:
        self.text += data


def cited(text: str) -> Cited:
    """
    Return a citation in which this stands wherever somebody else's text can stand.
    """
    provenance = Provenance(
        source=SourceName(text),
        document=DocumentId(text),
        revision=1,
        span=Span(0, 1, 3),
        content_sha256="0" * 64,
        modified=NOON,
        mime=text,
        acl_revision=1,
        acl_observed_at=NOON,
        label=text,
        redactions={},
        trust=(text,),
        ingest_run="run",
    )
    passage = Passage(ChunkId("p"), DocumentKey("k"), text, f"https://x/{text}", text, provenance)
    who = reader(subject=text)
    return Cited(
        who,
        passage,
        before=text,
        after=text,
        goes_on_before=True,
        goes_on_after=True,
        original=passage.url,
        ways=(Way.BY_NAME,),
        checked_at=NOON,
        waybill=Waybill(text, text, (text,)),
    )


@pytest.mark.promise("page-runs-nothing")
@pytest.mark.parametrize("how", sorted(HOSTILE))
def test_a_hostile_text_changes_no_element_of_the_page(how: str) -> None:
    harmless = Elements(citation_page(cited("harmless"), SESSION))

    hostile = Elements(citation_page(cited(HOSTILE[how]), SESSION))

    assert harmless.seen == hostile.seen
    assert HOSTILE[how] in hostile.text


@pytest.mark.promise("page-runs-nothing")
def test_without_escaping_it_would(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The control.
    """
    bare = pages._PAGES.overlay(autoescape=False)  # noqa: SLF001 - the fault that is planted
    monkeypatch.setattr(pages, "_PAGES", bare)
    harmless = Elements(citation_page(cited("harmless"), SESSION))

    assert harmless.seen != Elements(citation_page(cited(HOSTILE["script"]), SESSION)).seen


@pytest.mark.promise("token-kept-nowhere")
def test_no_token_stands_on_a_page() -> None:
    page = citation_page(cited("text"), Session("a-token-of-alice", "proof"))

    assert b"a-token-of-alice" not in bytes(page.body)
    assert "token-of-alice" not in repr(Session("a-token-of-alice", "proof"))


@pytest.mark.promise("page-names-nobody")
def test_no_digest_or_number_of_an_acl_stands_on_a_page() -> None:
    """
    By it two documents could be seen to have the same readers.
    """
    one = cited("text")
    provenance = replace(one.passage.provenance, acl_revision=987_654, ingest_run="run-1234")
    page = citation_page(replace(one, passage=replace(one.passage, provenance=provenance)), SESSION)

    assert b"987654" not in bytes(page.body)
    assert b"run-1234" not in bytes(page.body)
