"""
Non-interference: an answer is a function of what its reader may see, and of nothing else.

For a random corpus, reader and question the answer over HTTP is taken three times: on the corpus,
on the same corpus with everything that the reader may not see replaced (other texts, titles, ids,
readers and numbers of documents), and on what the reader may see alone. All three are the same to
the byte: status, headers, passages and their order, context, provenance, blind spots.

What is left out of the comparison, and why:

- `request_id` and the context's boundary are drawn at random for every request;
- `epoch` counts the changes of permissions in the whole installation. It tells that somebody
  changed something, which the threat model says; it cannot be the same after three syncs. The
  content's length is compared less the epoch's digits;
- of the signed provenance what is stated is compared, less these, the time and the context's
  digest, which is of a text with its boundary.

Nothing else is: the clock stands still, so that times are compared as well.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pytest
from httpx2 import Response

from retrieval.answer import ReadingRoom
from tests.properties.effort import DEEP
from tests.real_data.sabotage import with_global_frequencies
from tests.scenarios.installation import Installation, client
from tests.security.endpoints import told

WORLDS: Final = 250 if DEEP else 6
QUESTIONS: Final = 20 if DEEP else 10
WORDS: Final = tuple(
    f"{a}{b}" for a in ("salar", "merg", "heron", "budg", "plan", "audit") for b in "aeiouxyz"
)
READERS: Final = ("alice", "bob", "carol")
GROUPS: Final = {"eng": ("alice",), "ops": ("bob", "carol"), "all": READERS}
BOUNDARY: Final = re.compile(r"(?<=Boundary: )[0-9a-f]{32}")

Line = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """
    One question, and how many passages it asks for.
    """

    words: str
    limit: int


class Draw:
    """
    Repeatable random choices.
    """

    def __init__(self, seed: int) -> None:
        self._from = np.random.default_rng(seed)

    def number(self, least: int, most: int) -> int:
        return int(self._from.integers(least, most + 1))

    def some(self, among: Sequence[str], least: int, most: int) -> list[str]:
        # Some words are common and some are rare, as they are.
        weights = 1 / np.arange(1, len(among) + 1)
        picked = self._from.choice(len(among), self.number(least, most), p=weights / weights.sum())
        return [among[one] for one in picked]

    def line(self, name: str, acl: dict[str, list[str]]) -> Line:
        text = " ".join(self.some(WORDS, 5, 60))
        return {"id": name, "title": " ".join(self.some(WORDS, 1, 3)), "text": text, "acl": acl}

    def acl(self) -> dict[str, list[str]]:
        named = [f"user:{one}" for one in READERS] + [f"group:{one}" for one in GROUPS]
        allow = sorted({named[self.number(0, len(named) - 1)] for _ in range(self.number(1, 3))})
        deny = [named[self.number(0, 2)]] if self.number(0, 3) == 0 else []
        return {"allow": allow, "deny": deny}

    def hidden_acl(self, reader: str) -> dict[str, list[str]]:
        while may_read(reader, acl := self.acl()):
            pass
        return acl


def may_read(reader: str, acl: dict[str, list[str]]) -> bool:
    """
    Decide a short-form ACL of these groups, plainly.
    """
    held = {f"user:{reader}"} | {f"group:{one}" for one, some in GROUPS.items() if reader in some}
    return not held & set(acl["deny"]) and bool(held & set(acl["allow"]))


def corpora(draw: Draw, reader: str) -> list[list[Line]]:
    """
    Return a corpus, one with its secrets swapped, and one without them.
    """
    lines = [draw.line(f"d{number:02}", draw.acl()) for number in range(draw.number(6, 14))]
    seen = {"allow": [f"user:{reader}"], "deny": []}
    lines.append(draw.line("always-seen", seen))
    visible = [one for one in lines if may_read(reader, one["acl"])]
    secrets = [one["id"] for one in lines if one not in visible]
    kept = [one for one in secrets if draw.number(0, 1)]
    new = [f"n{number:02}" for number in range(draw.number(0, 12))]
    swapped = [draw.line(one, draw.hidden_acl(reader)) for one in (*kept, *new)]
    mixed = [*swapped[::2], *visible, *swapped[1::2]]
    return [lines, mixed, visible]


def questions(draw: Draw) -> list[Asked]:
    limits = (1, 3, 8, 50)
    return [
        Asked(" ".join(draw.some(WORDS[::-1], 1, 4)), limits[draw.number(0, 3)])
        for _ in range(QUESTIONS)
    ]


def compared(response: Response) -> tuple[object, ...]:
    """
    Return what must be the same; the module's docstring says what is left out.
    """
    status, headers, body = told(response)
    epoch = str(body.pop("epoch", ""))
    context = str(body.get("context", ""))
    if drawn := BOUNDARY.search(context):
        body["context"] = context.replace(drawn.group(), "boundary")
    body.get("signed_provenance", {}).pop("epoch", None)
    signed = response.json().get("signed_provenance", "")
    others = [one for one in headers if one[0] != "content-length"]
    return status, others, body, len(response.content) - len(epoch) - len(signed)


def answers(
    shared: Installation, seed: int, change: Callable[[ReadingRoom], ReadingRoom]
) -> Iterator[tuple[list[tuple[object, ...]], ...]]:
    """
    Yield what one reader gets on each of the three corpora.
    """
    draw = Draw(seed)
    reader, source = READERS[draw.number(0, 2)], shared.fresh()
    three, asked = corpora(draw, reader), questions(draw)
    names = sorted({line["id"] for lines in three for line in lines})
    groups = [{"id": one, "members": [f"user:{u}" for u in some]} for one, some in GROUPS.items()]
    headers = shared.bearer(reader, {"corp": reader})
    for lines in three:
        shared.write(source, lines, groups)
        shared.sync(source, "corp")
        http = client(change(shared.room([source], ["corp"])))
        found = [
            http.post("/v1/search", json={"query": q.words, "limit": q.limit}, headers=headers)
            for q in asked
        ]
        hidden = set(names) - {line["id"] for line in three[-1]}
        fetched = [http.get(f"/v1/documents/{one}", headers=headers) for one in names]
        assert {200} == {one.status_code for one in found}
        assert len(hidden) == sum(one.status_code == 404 for one in fetched)
        yield [compared(one) for one in found], [compared(one) for one in fetched]


@pytest.mark.promise("non-interference")
@pytest.mark.promise("absent-equals-forbidden")
@pytest.mark.timeout(3_600)
@pytest.mark.parametrize("seed", range(WORLDS))
def test_an_answer_does_not_change_with_what_is_hidden(shared: Installation, seed: int) -> None:
    corpus, swapped, visible_only = answers(shared, seed, lambda room: room)

    assert any(body["passages"] for _, _, body, _ in corpus[0] if isinstance(body, dict))
    assert corpus == swapped
    assert corpus == visible_only


@pytest.mark.promise("non-interference")
def test_with_frequencies_of_everything_answers_do_change(shared: Installation) -> None:
    """
    The control: words are counted over all documents, filtering stays, and a secret shows in the
    order of what is visible.
    """
    differing = 0
    for seed in range(1_000, 1_002):
        corpus, swapped, visible_only = answers(shared, seed, with_global_frequencies)
        differing += not corpus == swapped == visible_only

    assert differing
