"""Two network namespaces and a cable between them, for one run: the server in one, the load client in the other.

Janus refuses loopback, and traffic of others on this machine is no part of a measurement. Needs root. What is made is
removed again however the run ends; what a killed run left behind is removed by the next one.
"""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_PREFIX = "rcbench-"
_CLONE_NEWNET = 0x40000000
SERVER_ADDRESS, CLIENT_ADDRESS = "10.213.0.1", "10.213.0.2"
_PATIENCE = 15.0
"""Seconds that a server which was told to end has for it."""
_QUEUE = 10_000
"""Packets that the cable holds: a large burst must not be lost between two processes of one machine."""


class NamespaceError(RuntimeError):
    """Network namespaces cannot be made here; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Namespaces:
    """Names of the two namespaces; this process is in the client's."""

    server: str
    client: str

    def command(self, *arguments: str) -> list[str]:
        """A command line that runs in the server's namespace."""
        return ["ip", "netns", "exec", self.server, *arguments]

    def clear(self) -> None:
        """Wait for what still runs in either, but for this process, and end it by force if it takes long.

        A round that was ended has told its server to end; the next one needs its ports and its core.
        """
        begun = time.monotonic()
        while pids := [pid for name in (self.server, self.client) for pid in _pids(name)]:
            waited = time.monotonic() - begun
            if waited > 2 * _PATIENCE:
                return
            if waited > _PATIENCE:
                for pid in pids:
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            time.sleep(0.1)


@contextmanager
def namespaces() -> Iterator[Namespaces]:
    """Make both, and move this thread into the client's. Raises NamespaceError."""
    if os.geteuid() != 0:
        raise NamespaceError(
            "network namespaces need root: run this as root, or measure an installation of your own with "
            "`python -m bench load --url …`, which needs no rights"
        )
    _remove_leftovers()
    both = Namespaces(f"{_PREFIX}{os.getpid()}-s", f"{_PREFIX}{os.getpid()}-c")
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        _connect(both)
        _enter(f"/run/netns/{both.client}")
        yield both
    finally:
        both.clear()
        _set_namespace(home)
        os.close(home)
        for name in (both.server, both.client):
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


def _connect(both: Namespaces) -> None:
    for name in (both.server, both.client):
        _ip("netns", "add", name)
        _ip("-n", name, "link", "set", "lo", "up")
    cable = ["eth0", "netns", both.server, "txqueuelen", str(_QUEUE)]
    _ip("link", "add", "name", *cable, "type", "veth", "peer", "name", "eth0", "netns", both.client)
    for name, address in ((both.server, SERVER_ADDRESS), (both.client, CLIENT_ADDRESS)):
        _ip("-n", name, "address", "add", f"{address}/24", "dev", "eth0")
        _ip("-n", name, "link", "set", "eth0", "up")


def _pids(name: str) -> list[int]:
    """Processes in a namespace, but for this one."""
    found = []
    with suppress(FileNotFoundError):
        wanted = Path(f"/run/netns/{name}").stat().st_ino
        for path in Path("/proc").glob("[0-9]*/ns/net"):
            # One that has just ended, or is a zombie, has none.
            with suppress(OSError):
                if path.stat().st_ino == wanted:
                    found.append(int(path.parts[2]))
    return [pid for pid in found if pid != os.getpid()]


def _ip(*arguments: str) -> None:
    try:
        subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise NamespaceError("the command `ip` is missing: run `.ci/system-packages bench`") from None
    except subprocess.CalledProcessError as error:
        raise NamespaceError(f"`ip {' '.join(arguments)}` failed: {error.stderr.strip()}") from None


def _remove_leftovers() -> None:
    """Namespaces of runs whose process is gone."""
    for path in Path("/run/netns").glob(f"{_PREFIX}*"):
        pid = path.name.removeprefix(_PREFIX).split("-")[0]
        if not Path(f"/proc/{pid}").exists():
            subprocess.run(["ip", "netns", "del", path.name], check=False, capture_output=True)


def _enter(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        _set_namespace(descriptor)
    finally:
        os.close(descriptor)


def _set_namespace(descriptor: int) -> None:
    """`setns` of this thread; threads made later inherit it. Python has it from 3.12 on."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(descriptor, _CLONE_NEWNET):
        raise NamespaceError(f"setns: {os.strerror(ctypes.get_errno())}")
