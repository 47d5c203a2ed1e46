"""
The Kubernetes enhancement proposals as a source system: documents, their owners, and teams.

The data lie beside the checkout, at `../shared/data/kubernetes`, and nothing of them is copied
into the project. They are from kubernetes/enhancements and kubernetes/org (Apache-2.0).

The convention, ours: a document's readers are its approvers, its reviewers and the approvers of
the directories above it, and every team that has members and all of whose members, nested
teams included, are such readers. So a team never adds a person, and two spellings of an ACL
mean the same. Documents take turns:

- *listed*: `allow` names every person and every such team;
- *grouped*: `allow` names one group that contains those teams, and the people whom no team
  covers. Whoever reads such a document through a team does so by nested membership alone.

GitHub logins are case-insensitive and Readership's principals are not, so the source system, and
that is this module, folds them to lower case. In the data of today that changes nothing.
A team's id contains a slash and is therefore written with its authority.
"""

import gzip
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

DATA: Final = Path(__file__).resolve().parents[3] / "shared" / "data" / "kubernetes"
ABSENT: Final = "the real documents are not here: ../shared/data/kubernetes beside the checkout"
AUTHORITY: Final = "github"
_HEADING: Final = re.compile(r"^# +(\S.*)$", re.MULTILINE)
_BODY: Final = re.compile(
    r"^#{1,3} +(?:Summary|Motivation|Overview|Abstract|Introduction)\b", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """
    One document and the people who may read it.
    """

    id: str
    title: str
    text: str
    readers: frozenset[str]


@dataclass(frozen=True, slots=True)
class Team:
    """
    One team: its own members, and the teams inside it.
    """

    id: str
    people: frozenset[str]
    teams: frozenset[str]


@dataclass(frozen=True)
class Kubernetes:
    """
    All documents and teams.
    """

    proposals: Sequence[Proposal]
    teams: Mapping[str, Team]

    @cached_property
    def people(self) -> frozenset[str]:
        """
        Everybody who owns a document or is in a team.
        """
        named = [proposal.readers for proposal in self.proposals]
        return frozenset().union(*named, *(team.people for team in self.teams.values()))

    def members(self, team: str) -> frozenset[str]:
        """
        Return who is in a team or in a team inside it.
        """
        reached, waiting = {team}, [team]
        while waiting:
            inside = self.teams[waiting.pop()].teams - reached
            reached |= inside
            waiting += inside
        return frozenset().union(*(self.teams[one].people for one in reached))

    def readable_by(self, person: str) -> frozenset[str]:
        """
        Return the documents that a person may read.
        """
        return frozenset(one.id for one in self.proposals if person in one.readers)


def available() -> bool:
    """
    Say whether the data are there.
    """
    return (DATA / "docs.jsonl.gz").is_file() and (DATA / "groups.json.gz").is_file()


def load() -> Kubernetes:
    """
    Read the data as they are.
    """
    with gzip.open(DATA / "docs.jsonl.gz", "rt", encoding="utf-8") as lines:
        proposals = [_proposal(json.loads(line)) for line in lines]
    with gzip.open(DATA / "groups.json.gz", "rt", encoding="utf-8") as file:
        teams: dict[str, Any] = json.load(file)["teams"]
    inside: dict[str, set[str]] = {name: set() for name in teams}
    for name, team in teams.items():
        if team["parent"] is not None:
            inside[team["parent"]].add(name)
    return Kubernetes(
        proposals,
        {
            name: Team(name, _folded(team["direct_members"]), frozenset(inside[name]))
            for name, team in teams.items()
        },
    )


def excerpt(text: str, characters: int) -> str:
    """
    Return the heading and so many characters from where a proposal begins to speak: what comes
    before its summary is a table of contents that they all share.
    """
    heading, body = _HEADING.search(text), _BODY.search(text)
    title = f"{heading[0]}\n\n" if heading else ""
    start = body.start() if body else 0
    return title + text[start : start + characters]


def write_exchange(
    data: Kubernetes, folder: Path, *, documents: Sequence[Proposal], lengths: Sequence[int] = ()
) -> None:
    """
    Lay documents and all teams out as an exchange-format folder, texts as Markdown files.

    Texts are whole, or excerpts of the given lengths, which the documents take in turns.
    """
    (folder / "files").mkdir(parents=True, exist_ok=True)
    members = {name: data.members(name) for name in data.teams}
    groups = [_group(team) for team in data.teams.values()]
    lines = []
    for number, one in enumerate(documents):
        covering = sorted(
            name for name, people in members.items() if people and people <= one.readers
        )
        rest = one.readers.difference(*(members[name] for name in covering))
        file = f"files/{hashlib.sha256(one.id.encode()).hexdigest()[:16]}.md"
        text = excerpt(one.text, lengths[number % len(lengths)]) if lengths else one.text
        (folder / file).write_text(text, encoding="utf-8", newline="")
        if is_grouped(one):
            group = f"readers of {one.id}"
            named = [*map(_team, covering), *map(_user, sorted(rest))]
            groups.append({"id": group, "members": named})
            allow = [_team(group)]
        else:
            allow = [*map(_user, sorted(one.readers)), *map(_team, covering)]
        lines.append(_line(one, file, allow))
    write_lines(folder / "documents.jsonl", lines)
    write_lines(folder / "groups.jsonl", groups)


def is_grouped(proposal: Proposal) -> bool:
    """
    Say which of the two spellings a document's ACL has.
    """
    return hashlib.sha256(proposal.id.encode()).digest()[0] % 2 == 1


def write_lines(path: Path, lines: Sequence[Mapping[str, object]]) -> None:
    """
    Write one JSON object a line.
    """
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def _proposal(stated: Mapping[str, Any]) -> Proposal:
    owners = (*stated["approvers"], *stated["reviewers"], *stated["ancestor_approvers"])
    heading = _HEADING.search(stated["text"])
    title = heading[1].strip() if heading else Path(stated["path"]).parent.name
    return Proposal(stated["id"], title or stated["id"], stated["text"], _folded(owners))


def _folded(logins: Sequence[str]) -> frozenset[str]:
    return frozenset(login.lower() for login in logins)


def _line(one: Proposal, file: str, allow: Sequence[str]) -> dict[str, object]:
    return {
        "id": one.id,
        "title": one.title,
        "url": f"https://github.com/kubernetes/{one.id.replace('/', '/blob/master/', 1)}",
        "mime": "text/markdown",
        "path": file,
        "acl": {"allow": list(allow)},
    }


def _group(team: Team) -> dict[str, object]:
    named = [*map(_user, sorted(team.people)), *map(_team, sorted(team.teams))]
    return {"id": team.id, "members": named}


def _user(login: str) -> str:
    return f"user:{AUTHORITY}/{login}"


def _team(name: str) -> str:
    return f"group:{AUTHORITY}/{name}"
