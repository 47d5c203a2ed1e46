"""
Ways for a mail and for Markdown to hide what stands in them.
"""

from typing import Final

MAIL: Final = "message/rfc822"
MARKDOWN: Final = "text/markdown"

_HEAD: Final = "From: a@b.example\r\nTo: c@d.example\r\nSubject: s\r\nMIME-Version: 1.0\r\n"
_PAGE: Final = "Content-Type: text/html\r\n\r\n<p>{}</p>"
_PLAIN: Final = "Content-Type: text/plain\r\n\r\n{}"


def _mail(kind: str, *parts: str) -> str:
    inside = "".join(f"--B\r\n{part}\r\n" for part in parts)
    return f"{_HEAD}Content-Type: multipart/{kind}; boundary=B\r\n\r\n{inside}--B--\r\n"


def _mails(seen: str, hidden: str) -> dict[str, str]:
    page, plain = _PAGE.format(seen), _PLAIN.format(hidden)
    return {
        "another alternative": _mail("alternative", plain, page),
        "another alternative, later": _mail("alternative", page, plain),
        "beside a page": _mail("related", page, f"Content-ID: <x>\r\n{plain}"),
        "in a page": _mail("mixed", _PAGE.format(f"{seen}<p hidden>{hidden}")),
    }


def _markdown(seen: str, hidden: str) -> dict[str, str]:
    tricks = {
        "comment": "<!-- {} -->",
        "definition": "[//]: # ({})",
        "definition in angles": '[comment]: <> "{}"',
        "definition by its label": "[{}]: #",
        "definition, repeated": "[x][1]\n\n[1]: /y\n[1]: /z ({})",
        "title of a definition": '[x][1]\n\n[1]: /y\n"{}"',
        "definition in a quotation": "> a\n>\n> [//]: # ({})",
        "attribute": "a <span hidden>{}</span>",
        "style": '<div style="display:none">\n\n{}\n\n</div>',
        "folded": "<details><summary>x</summary>\n\n{}\n\n</details>",
    }
    return {name: f"{seen}\n\n{trick.format(hidden)}\n" for name, trick in tricks.items()}


def written(seen: str, hidden: str) -> dict[str, tuple[str, bytes]]:
    """
    Return what shows the one and hides the other: name to media type and bytes.
    """
    found = {f"EML: {name}": (MAIL, one.encode()) for name, one in _mails(seen, hidden).items()}
    texts = _markdown(seen, hidden).items()
    return found | {f"MD: {name}": (MARKDOWN, one.encode()) for name, one in texts}
