"""
Document cards and the names of sealed parts: both directions in one file.

A revision's envelope holds the parts `card`, `originals` and `chunk:0`, `chunk:1`, …
"""

from datetime import datetime

from acl.model.documents import DocumentCard

CARD_PART = "card"
ORIGINALS_PART = "originals"


def chunk_part(ordinal: int) -> str:
    """
    Return the name under which the n-th chunk of a revision is sealed.
    """
    return f"chunk:{ordinal}"


def card_to_json(card: DocumentCard) -> dict[str, object]:
    """
    Return the members to seal.
    """
    return {
        "title": card.title,
        "url": card.url,
        "mime": card.mime,
        "modified": card.modified.isoformat() if card.modified else None,
        "content_sha256": card.content_sha256,
        "redactions": [[kind, count] for kind, count in card.redactions],
        "signals": list(card.signals),
    }


def card_from_json(written: dict[str, object]) -> DocumentCard:
    """
    Read what `card_to_json` wrote.

    Raises:
        ValueError: It did not write this.
    """
    match written:
        case {
            "title": str(title),
            "url": str(url),
            "mime": str(mime),
            "modified": (str() | None) as modified,
            "content_sha256": str(digest),
            "redactions": list(redactions),
            "signals": list(signals),
        }:
            return DocumentCard(
                title=title,
                url=url,
                mime=mime,
                modified=datetime.fromisoformat(modified) if modified else None,
                content_sha256=digest,
                redactions=tuple((str(kind), int(count)) for kind, count in redactions),
                signals=tuple(str(signal) for signal in signals),
            )
        case _:
            msg = "not a document card"
            raise ValueError(msg)
