"""Where a run happens: which core and address the server has, and which core the load client."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench.namespace import SERVER_ADDRESS, Namespaces, namespaces


@dataclass(frozen=True, slots=True)
class Place:
    """`server_core` None leaves the server wherever the kernel puts it."""

    server_address: str
    server_core: int | None = None
    namespaces: Namespaces | None = None

    def command(self, command: list[str]) -> list[str]:
        """The command line that starts a server here."""
        if self.server_core is not None:
            command = ["taskset", "--cpu-list", str(self.server_core), *command]
        return self.namespaces.command(*command) if self.namespaces else command


LOOPBACK = Place("127.0.0.1")
"""For a look at whether things work: what is measured there is no figure to compare."""


@contextmanager
def apart() -> Iterator[Place]:
    """A place for measurements: server and client in network namespaces of their own, on a core each.

    Raises NamespaceError. With one core only, both share it.
    """
    cores = sorted(os.sched_getaffinity(0))
    with namespaces() as both:
        os.sched_setaffinity(0, {cores[-1]})
        try:
            yield Place(SERVER_ADDRESS, cores[0], both)
        finally:
            os.sched_setaffinity(0, cores)
