"""Builds the compiled part: `python sfu/native/build.py`, or by itself when the package is installed.

It stands alone: an isolated build has cffi and setuptools, and nothing of this package.
"""

import hashlib
import shutil
import sys
import tempfile
from pathlib import Path

from cffi import FFI

HERE = Path(__file__).resolve().parent
MODULE = "_packets"
SOURCES = ("packets.c", "messages.c", "feedback.c", "ingress.c", "resend.c", "rtcp.c", "intake.c")
HEADERS = ("packets.h", "ingress.h", "rtcp.h", "intake.h")
"""Those that Python sees, too."""
INTERNAL = ("internal.h", "messages.h", "resend.h")
CALLBACK = 'extern "Python" void write_frame(void *stream, const char *packet, int size);'


def digest() -> str:
    """What tells a module that was built from these sources from one that was not."""
    contents = (name.encode() + (HERE / name).read_bytes() for name in (*HEADERS, *INTERNAL, *SOURCES))
    return hashlib.sha256(b"".join(contents)).hexdigest()


def build(target: Path = HERE) -> Path:
    """Compile the module into `target`; its path. Raises what a missing or failing compiler raises."""
    builder = FFI()
    seen = "".join((HERE / header).read_text() for header in HEADERS)
    builder.cdef(seen + CALLBACK + "const char *sources_digest(void);")
    builder.set_source(
        MODULE,
        "#include <stdint.h>\n"
        + "".join(f'#include "{header}"\n' for header in HEADERS)
        + f'static const char *sources_digest(void) {{ return "{digest()}"; }}\n',
        sources=[str(HERE / source) for source in SOURCES],
        include_dirs=[str(HERE)],
        extra_compile_args=["-O2", "-Wall", "-Wextra"],
        py_limited_api=True,
    )
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(builder.compile(tmpdir=scratch))
        built = target / made.name
        # By way of a new file: a process that has the old one loaded keeps it.
        fresh = built.with_suffix(".new")
        shutil.copy(made, fresh)
        fresh.replace(built)
    return built


if __name__ == "__main__":
    sys.stdout.write(f"{build()}\n")
