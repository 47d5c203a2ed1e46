"""
The two ways in: a folder that is synced, and pushes. Both real, with a point at every call.
"""

import json
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from acl.model.documents import UNLABELLED
from acl.model.identifiers import AuthorityId, DocumentId, SourceName
from acl.model.pushes import Conditions
from acl.registry.submission import Accepted, Submission
from ingestion.push import PushIntake
from ingestion.pushed_body import Namespace, read_document, read_group
from ingestion.pushed_content import PushedContent
from ingestion.reconcile import Progress
from ingestion.sources.exchange import ExchangeSource
from ingestion.sources.labelled import LabelRules
from ingestion.sources.port import ListedDocument, Problem
from ingestion.wiring import build_intake, build_pipeline, build_pushed_content, build_settler
from tests.ingestion.fuse import Calls
from tests.scenarios.installation import Installation
from tests.security.enemy.stories import State

Unsaid = list[tuple[str, str, dict[str, Any]]]
"""
What a client has still to push: source, kind and body.
"""


class Way(Protocol):
    """
    How what an owner does reaches the registry.
    """

    source: str
    directory: str

    def tell(self, state: State) -> None:
        """
        The owner acts; nobody has read it yet.
        """

    def take_in(self, calls: Calls) -> None:
        """
        Take in what the owner has done so far, after whatever a broken-off run has left.
        """


class SteppingSource(ExchangeSource):
    """
    A folder that is read in steps, each of them a point.
    """

    calls: Calls

    def _groups(self, problems: list[Problem]) -> Any:  # noqa: ANN401 - as the parent
        return self.calls.call("list groups", super()._groups, (problems,), {})

    def _documents(self, problems: list[Problem]) -> tuple[dict[DocumentId, ListedDocument], bool]:
        listed: tuple[dict[DocumentId, ListedDocument], bool]
        listed = self.calls.call("list documents", super()._documents, (problems,), {})
        return listed


@dataclass
class Pull:
    """
    Two folders that are synced one after the other, the one with the groups first.
    """

    shared: Installation
    source: str
    directory: str

    def tell(self, state: State) -> None:
        """
        Write the listings; groups first, which is the order of the story.
        """
        groups = [{"id": "folder", "members": list(state.members)}]
        if self.directory == self.source:
            self.shared.write(self.source, state.documents, groups)
            return
        filler = {"id": "filler", "text": "Nothing.", "acl": {"allow": ["user:nobody"]}}
        self.shared.write(self.directory, [filler], groups)
        self.shared.write(self.source, state.documents)

    def take_in(self, calls: Calls) -> None:
        """
        Sync.
        """
        for name in dict.fromkeys((self.directory, self.source)):
            self.sync(name, calls)

    def sync(self, name: str, calls: Calls) -> None:
        """
        Sync one folder.
        """
        one = self.shared.reconciler(name, self.directory)
        registry, index = calls.around(one.registry), calls.around(one.index)
        settler = replace(one.settler, registry=registry, index=index)
        reconciler = replace(one, registry=registry, index=index, settler=settler)
        tenant, folder = self.shared.ground.tenant, self.shared.folder(name)
        clock = self.shared.clock
        source = SteppingSource(
            SourceName(name), folder, tenant, AuthorityId(self.directory), clock
        )
        source.calls = calls
        reconciler.sync(calls.around(source), UNLABELLED, Progress())


@dataclass
class Push:
    """
    A client that pushes what has changed, and the service that takes it in.

    What the client was told of by an answer is accepted; after a crash it says all again.
    """

    shared: Installation
    source: str
    directory: str
    last: State = field(default_factory=lambda: State((), ()))
    unsaid: Unsaid = field(default_factory=list)

    def tell(self, state: State) -> None:
        """
        Note what is to be pushed: groups first, which is the order of the story.
        """
        if state.members != self.last.members:
            body = {"id": "folder", "members": list(state.members)}
            self.unsaid.append((self.directory, "group", body))
        before = {one["id"]: one for one in self.last.documents}
        for line in state.documents:
            if before.get(line["id"]) != line:
                self.unsaid.append((self.source, "document", dict(line)))
        for gone in sorted(before.keys() - {one["id"] for one in state.documents}):
            self.unsaid.append((self.source, "gone", {"id": gone}))
        self.last = state

    def take_in(self, calls: Calls) -> None:
        """
        Start as a service does, accept, and process what is queued.
        """
        intake, content = self._service(calls)
        content.queue.resume()
        content.settler.settle_all()
        for source, kind, body in self.unsaid:
            content.settler.settle(list(self._accepted(intake, source, kind, body).touched))
        while content.process_next():
            pass
        self.unsaid.clear()

    def _service(self, calls: Calls) -> tuple[PushIntake, PushedContent]:
        ground, tools = self.shared.ground, self.shared.tools
        pipeline = build_pipeline(
            ground,
            UNLABELLED,
            embedder=tools.embedder,
            redactor=tools.redactor,
            extractor=self.shared.extractor,
        )
        settler = build_settler(ground, tools.lease, tools.embedder)
        intake = build_intake(ground, pipeline)
        content = build_pushed_content(ground, settler, pipeline)
        index, queue = calls.around(content.index), calls.around(content.queue)
        settler = replace(settler, registry=calls.around(settler.registry), index=index)
        content = replace(content, index=index, queue=queue, settler=settler)
        documents, groups = calls.around(intake.documents), calls.around(intake.groups)
        return replace(intake, documents=documents, groups=groups), content

    def _accepted(
        self, intake: PushIntake, source: str, kind: str, body: dict[str, Any]
    ) -> Accepted:
        authority = AuthorityId(self.directory)
        space = Namespace(self.shared.ground.tenant, authority, LabelRules([], UNLABELLED))
        now = self.shared.clock()
        by = Submission(SourceName(source), authority, "pusher", now, Conditions(), observes=True)
        content, name = self._encoded(body), str(body["id"])
        match kind:
            case "group":
                return intake.put_group(by, *read_group(content, name, space), unrecorded)
            case "document":
                return intake.put_document(by, read_document(content, name, space), unrecorded)
            case _:
                return intake.delete_document(by, DocumentId(name), unrecorded)

    @staticmethod
    def _encoded(body: dict[str, Any]) -> bytes:
        return json.dumps(body).encode()


def unrecorded(accepted: Accepted) -> None:
    """
    Keep no audit record; that there is one is tested elsewhere.
    """
    del accepted
