"""The compiled part: where it cannot be built everything works without."""

import os
import subprocess
import sys
from pathlib import Path

from sfu.native import PLAIN_VARIABLE
from sfu.native.sockaddr import to_sockaddr

ROOT = Path(__file__).parents[2]
SAY_WHICH = """
from sfu.forwarding.egress import Egress
from sfu.forwarding.packet_path import PacketPath
print(PacketPath(print).is_compiled, Egress().native is not None)
"""


def run(code: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)


def test_without_the_compiled_part_packets_go_out_by_python() -> None:
    assert run(SAY_WHICH, **{PLAIN_VARIABLE: "1"}).stdout.split() == ["False", "False"]


def test_a_module_built_from_other_sources_is_not_used() -> None:
    changed = """
import importlib, sfu.native
sfu.native.build.digest = lambda: "another"
print(importlib.reload(sfu.native).is_built())
"""
    assert run(changed).stdout.split() == ["False"]


def test_an_install_without_a_compiler_succeeds_and_says_so(tmp_path: Path) -> None:
    """What the build backend calls, as hatchling has it: its hook with a build that fails."""
    code = f"""
import importlib.util, sys, types
interface = types.ModuleType("hatchling.builders.hooks.plugin.interface")
interface.BuildHookInterface = object
sys.modules[interface.__name__] = interface
spec = importlib.util.spec_from_file_location("hatch_build", {str(ROOT / "hatch_build.py")!r})
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
hook = module.NativeBuildHook()
hook.target_name, hook.root = "wheel", {str(tmp_path)!r}
hook.app = types.SimpleNamespace(display_warning=print)
data = {{"artifacts": []}}
hook.initialize("standard", data)
print(data)
"""
    sources = tmp_path / "sfu" / "native"
    sources.mkdir(parents=True)
    for source in (ROOT / "sfu" / "native").iterdir():
        if source.suffix in (".c", ".h", ".py"):
            (sources / source.name).write_bytes(source.read_bytes())
    done = run(code, CC="/bin/false")
    assert done.returncode == 0, done.stderr
    assert "sfu/native was not compiled" in done.stdout
    assert done.stdout.splitlines()[-1] == "{'artifacts': []}"


def test_addresses_as_the_kernel_has_them() -> None:
    assert to_sockaddr(("192.0.2.7", 0x1234)).hex() == "02001234c00002070000000000000000"
    ipv6 = to_sockaddr(("fe80::1%eth0", 80, 0, 3)).hex()
    assert ipv6 == "0a000050" + "00000000" + "fe800000000000000000000000000001" + "03000000"
