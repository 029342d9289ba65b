"""Endpoints of our own for what is left of sessions: a list, links for players, deletion."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from signalling.api.enablex.answers import Answer, Optional, Shown
from signalling.api.enablex.archive import base_url, existing_file, unknown_file
from signalling.api.enablex.backend import Backend
from signalling.api.enablex.errors import ErrorCode
from signalling.api.enablex.filters import selected
from signalling.api.enablex.operations import Call, Nothing, Operation
from signalling.api.enablex.pages import ConfNum, PageQuery, page_of
from signalling.api.enablex.shown import instant_shown
from signalling.archive import Removal
from signalling.recording.composites import CompositeState
from signalling.store import ArchiveFile, FileKind, SessionRecord

_KEY: TypeAdapter[str] = TypeAdapter(ConfNum)
_FILE = "/recordings/files/{file_id}"


class FileShown(Shown):
    """A file of the archive; `size` is in bytes."""

    file_id: str
    kind: FileKind
    name: str
    content_type: str
    size: int
    sha256: str
    ready_at: str
    expires_at: Optional[str] = Field(None, description="When it will be deleted.")


class CompositeShown(Shown):
    """A composite that is being made, or cannot be made."""

    segment: int
    percent: Annotated[float, Field(ge=0, le=100)]
    failure: Optional[str] = Field(None, description="Why it cannot be made.")


class SessionShown(Shown):
    """A session that has files."""

    conf_num: str
    room_id: str
    room_name: str
    opened_at: str
    closed_at: Optional[str] = Field(None, description="Left out while the session goes on.")
    files: list[FileShown]
    progress: list[CompositeShown]


class RecordingsAnswer(Answer):
    sessions: list[SessionShown]
    next: Optional[str] = Field(None, description="Send it as `after` to get what follows.")


class FileLinkAnswer(Answer):
    url: str
    expires_at: str


def operations(backend: Backend) -> list[Operation[Any, Any]]:
    recordings = _Recordings(backend)
    return [
        Operation("GET", "/recordings", "List recordings", recordings.list, RecordingsAnswer, PageQuery, Nothing),
        Operation(
            "DELETE",
            "/recordings/{conf_num}",
            "Delete the files of a session",
            recordings.delete_session,
            Answer,
            Nothing,
            Nothing,
            (ErrorCode.UNKNOWN_SESSION,),
        ),
        Operation(
            "DELETE",
            _FILE,
            "Delete a file",
            recordings.delete_file,
            Answer,
            Nothing,
            Nothing,
            (ErrorCode.UNKNOWN_FILE,),
        ),
        Operation(
            "POST",
            _FILE + "/link",
            "Get a link to a file for a player",
            recordings.link,
            FileLinkAnswer,
            Nothing,
            Nothing,
            (ErrorCode.UNKNOWN_FILE,),
        ),
    ]


class _Recordings:
    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._files = backend.store.archive_files
        self._removal = Removal(backend.store, backend.storage, backend.clock) if backend.storage else None

    async def list(self, call: Call[PageQuery, Nothing]) -> RecordingsAnswer:
        page = page_of(call.query, _KEY)
        now = self._backend.clock()
        found = await self._files.latest(self._backend.app_id, now, page.limit + 1, page.after)
        return RecordingsAnswer(
            sessions=[
                _shown(session, files, self._backend.composites(session.conf_num))
                for session, files in found[: page.limit]
            ],
            next=page.next([session.conf_num for session, _ in found]),
        )

    async def delete_session(self, call: Call[Nothing, Nothing]) -> Answer:
        selection = await selected(call.path, self._backend.store, self._backend.app_id)
        found = await self._files.find(selection, self._backend.clock(), limit=1)
        if self._removal is not None:
            for _, files in found:
                await self._removal.remove(files)
        return Answer()

    async def delete_file(self, call: Call[Nothing, Nothing]) -> Answer:
        file = await existing_file(self._backend, call.path["file_id"])
        if file is None or self._removal is None:
            raise unknown_file()
        await self._removal.remove([file])
        return Answer()

    async def link(self, call: Call[Nothing, Nothing]) -> FileLinkAnswer:
        file = await existing_file(self._backend, call.path["file_id"])
        if file is None:
            raise unknown_file()
        link = self._backend.links.make(file.file_id, self._backend.clock())
        origin = base_url(call.request, self._backend.proxies)
        url = origin / "files" / file.file_id / file.name % {"expires": link.expires, "signature": link.signature}
        return FileLinkAnswer(url=str(url), expires_at=instant_shown(link.expires))


def _shown(session: SessionRecord, files: list[ArchiveFile], composites: Sequence[CompositeState]) -> SessionShown:
    return SessionShown(
        conf_num=session.conf_num,
        room_id=session.room_id,
        room_name=str(session.room["name"]),
        opened_at=instant_shown(session.opened_at),
        closed_at=None if session.closed_at is None else instant_shown(session.closed_at),
        files=[_file_shown(file) for file in files],
        progress=[CompositeShown(segment=one.segment, percent=one.percent, failure=one.failure) for one in composites],
    )


def _file_shown(file: ArchiveFile) -> FileShown:
    return FileShown(
        file_id=file.file_id,
        kind=file.kind,
        name=file.name,
        content_type=file.content_type,
        size=file.size,
        sha256=file.sha256,
        ready_at=instant_shown(file.ready_at),
        expires_at=None if file.expires_at is None else instant_shown(file.expires_at),
    )
