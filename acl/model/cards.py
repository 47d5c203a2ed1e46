"""
Document cards and the names of sealed parts: both directions in one file.

A revision's envelope holds the parts `card`, `originals` and `chunk:0`, `chunk:1`, …
"""

from datetime import datetime

from acl.model.documents import DocumentCard

CARD_PART = "card"
ORIGINALS_PART = "originals"
NO_CARD = "not a document card"


def chunk_part(ordinal: int) -> str:
    """
    Return the name under which the n-th chunk of a revision is sealed.
    """
    return f"chunk:{ordinal}"


def card_to_json(card: DocumentCard) -> dict[str, object]:
    """
    Return the members to seal; those that are mostly empty are left out where they are.
    """
    seldom: dict[str, object] = {}
    if card.author:
        seldom["author"] = card.author
    if card.instructions:
        seldom["instructions"] = list(card.instructions)
    return seldom | {
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
                author=_author(written.get("author", "")),
                instructions=_ordinals(written.get("instructions", [])),
            )
        case _:
            raise ValueError(NO_CARD)


def _author(written: object) -> str:
    if not isinstance(written, str):
        raise ValueError(NO_CARD)  # noqa: TRY004 - whatever is wrong with it, it is no card
    return written


def _ordinals(written: object) -> tuple[int, ...]:
    if not isinstance(written, list) or not all(type(one) is int for one in written):
        raise ValueError(NO_CARD)
    return tuple(written)
