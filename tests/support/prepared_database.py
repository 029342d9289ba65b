"""A SQLite database that is migrated already: most tests need one, and every migration takes a while."""

import tempfile
from pathlib import Path

from signalling.store import Store

_migrated: bytes = b""


async def prepared_database(file: Path) -> str:
    """The URL of a database in `file`: the one that is there, or an empty one of the newest schema."""
    global _migrated
    if not _migrated:
        with tempfile.TemporaryDirectory(prefix="roomcast-") as folder:
            first = Path(folder) / "migrated"
            await (await Store.open(f"sqlite:///{first}")).close()
            _migrated = first.read_bytes()
    if not file.exists():
        file.write_bytes(_migrated)
    return f"sqlite:///{file}"
