"""Commands whose wall clock is wrong, by skew.c beside this file.

    clock = skew.Clock(folder)
    clock.set(-3000)
    subprocess.Popen(clock.command([program, ...]))
"""

import subprocess

import compiled


class Clock:
    """A clock that is some seconds ahead, or behind. It can be set while a command looks at it."""

    def __init__(self, folder):
        self._file = folder / "clock"
        self.set(0)

    def set(self, seconds):
        written = self._file.with_suffix(".new")
        written.write_text(f"{seconds}\n")
        written.replace(self._file)

    def command(self, command):
        return [str(compiled.program("skew")), str(self._file), *command]


def is_possible(folder):
    """Whether this machine can do that: a C compiler, and processes that may trace others."""
    clock = Clock(folder)
    clock.set(-86400)
    try:
        wrong, right = (subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
                        for command in (clock.command(["date", "+%s"]), ["date", "+%s"]))  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        return False
    return int(right) - int(wrong) > 80000
