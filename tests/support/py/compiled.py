"""The small C programs beside this file, built on first use into a folder that is removed at exit."""

import atexit
import functools
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading

_alone = threading.Lock()


@functools.lru_cache(maxsize=None)
def _folder():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="instantexec-compiled-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def program(name):
    """The program of that name, of which the source is NAME.c."""
    with _alone:
        target = _folder() / name
        if not target.exists():
            source = pathlib.Path(__file__).with_name(f"{name}.c")
            compiler = os.environ.get("CC", "cc").split()
            subprocess.run([*compiler, "-O2", "-D_GNU_SOURCE", "-static", "-o", target, source], check=True)
        return target
