#!/usr/bin/env python3
"""Checks who includes whom in lib/ and cmd/, and that pure modules stay pure.

The tables below are the layers of docs/architecture.md. Every offence is printed as file:line: message.
Exit code: 0 none, 1 some, 2 wrong usage.
"""

import argparse
import dataclasses
import pathlib
import re
import sys

PURE = ("manifest", "validate", "analyze", "risk", "policy", "plan", "status", "journal", "report")
FOUNDATION = ("base", "model")
ADAPTERS = ("kube", "vcs", "sim")

# Module -> modules it may include. Its own headers are always allowed.
ALLOWED = {
    "base": (),
    "model": ("base",),
    **{module: FOUNDATION for module in PURE},
    "risk": FOUNDATION + ("analyze",),  # it weighs what analyze measured; those types have no other reader
    "engine": FOUNDATION + PURE,
    "pipeline": FOUNDATION + PURE + ("engine",),
    "os": ("base",),
    "net": ("base", "os"),
    **{module: FOUNDATION + PURE + ("net", "os", "engine") for module in ADAPTERS},
    "cli": FOUNDATION + PURE + ADAPTERS + ("engine", "pipeline", "net", "os"),
    "cmd": ("cli",),
}

# (module, module) -> the headers that may cross, where a whole module would be too much.
ONLY_HEADERS = {(adapter, "engine"): ("engine/ports.h", "engine/repository.h") for adapter in ADAPTERS}

# Start of a third-party header -> the one module that may include it. None: any module.
THIRD_PARTY = {
    "curl/": "net",
    "yaml-cpp/": "manifest",
    "tree_sitter/": "analyze",
    "CLI/": "cli",
    "spdlog/": "os",
    "zstd": "journal",
    "openssl/": "base",
    "tl/": None,
    "nlohmann/": None,
    "fmt/": None,
}

# No input or output, clock, environment or thread here. base and model are below the pure modules; the engine and the
# pipeline reach the world through ports only.
WITHOUT_WORLD = FOUNDATION + PURE + ("engine", "pipeline")
WORLDLY_HEADERS = {
    "condition_variable", "csignal", "filesystem", "fstream", "future", "iostream", "mutex", "random",
    "semaphore", "stop_token", "syncstream", "thread",
}
WORLDLY_TOKENS = [
    (re.compile(r"\b(?:system|steady|high_resolution|utc)_clock\s*::\s*now\b"), "reads a clock"),
    (re.compile(r"\bstd::time\s*\(|\b(?:clock_gettime|gettimeofday|localtime(?:_r)?)\s*\("), "reads a clock"),
    (re.compile(r"\b(?:secure_)?getenv\s*\("), "reads the environment"),
    (re.compile(r"\bstd::(?:cout|cerr|clog|cin)\b|\b(?:printf|puts|perror)\s*\("), "prints"),
    (re.compile(r"\bf(?:re)?open\s*\(|\bstd::(?:i|o)?fstream\b|\bstd::filesystem\b"), "touches files"),
    (re.compile(r"\bstd::j?thread\b|\bstd::async\b"), "starts a thread"),
    (re.compile(r"\bstd::random_device\b|\b(?:s?rand|getrandom)\s*\("), "is not deterministic"),
]

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')
SOURCE_SUFFIXES = {".h", ".cc", ".c", ".inc"}
# Comments, and string and character literals, in the order a compiler would meet them.
NOT_CODE = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"([^(\s]{0,16})\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9A-Za-z_])\'(?:\\.|[^\'\\\n])+\'', re.DOTALL)


@dataclasses.dataclass(frozen=True)
class Offence:
    path: pathlib.Path
    line: int
    message: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.message}"


def without_comments_and_literals(text):
    """The same text, line by line, with everything that is not code blanked out."""
    return NOT_CODE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def own_include_offence(module, header):
    """The rule that `#include "header"` breaks in module, or None."""
    target = header.split("/")[0]
    if "/" not in header:
        return f'"{header}": write the path from lib/, as in "{module}/{header}"'
    if target not in ALLOWED:
        return f'"{header}": there is no module {target}'
    if target == module:
        return None
    if target not in ALLOWED[module]:
        allowed = ", ".join(sorted(ALLOWED[module])) or "nothing"
        return f'"{header}": {module} may not include {target} (it may include {allowed})'
    crossing = ONLY_HEADERS.get((module, target))
    if crossing and header not in crossing:
        return f'"{header}": of {target}, {module} may include only {", ".join(crossing)}'
    return None


def system_include_offence(module, header):
    """The rule that `#include <header>` breaks in module, or None."""
    for start, owner in THIRD_PARTY.items():
        if header.startswith(start):
            if owner in (None, module):
                return None
            return f"<{header}>: only {owner} may include it"
    if "/" not in header and not header.endswith((".h", ".hpp")):
        if module in WITHOUT_WORLD and header in WORLDLY_HEADERS:
            return f"<{header}>: {module} does no input or output and starts no thread"
        return None
    if header.endswith(".hpp"):
        return f"<{header}>: a library unknown to scripts/check_layers.py and docs/dependencies.md"
    if module in WITHOUT_WORLD:
        return f"<{header}>: {module} makes no system call"
    return None


def check_file(path, module):
    text = path.read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), start=1):
        match = INCLUDE.match(line)
        if match:
            own, system = match.groups()
            message = own_include_offence(module, own) if own else system_include_offence(module, system)
            if message:
                yield Offence(path, number, message)
    if module in WITHOUT_WORLD:
        for number, line in enumerate(without_comments_and_literals(text).splitlines(), start=1):
            for pattern, what in WORLDLY_TOKENS:
                match = pattern.search(line)
                if match:
                    yield Offence(path, number, f"{match.group().strip()}: {module} is pure, and this {what}")


def source_files(folder):
    return sorted(path for path in folder.rglob("*") if path.suffix in SOURCE_SUFFIXES)


def check_tree(root):
    """All offences under root, which holds lib/ and cmd/."""
    offences = []
    for folder in sorted(path for path in (root / "lib").iterdir() if path.is_dir()):
        if folder.name not in ALLOWED:
            offences.append(Offence(folder, 1, "not a module of docs/architecture.md"))
            continue
        for path in source_files(folder):
            offences.extend(check_file(path, folder.name))
    for path in source_files(root / "cmd"):
        offences.extend(check_file(path, "cmd"))
    return offences


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = pathlib.Path(__file__).resolve().parent.parent
    parser.add_argument("root", nargs="?", type=pathlib.Path, default=default, help="the folder that holds lib/ and cmd/")
    root = parser.parse_args().root
    if not (root / "lib").is_dir():
        parser.error(f"{root} has no folder lib")
    offences = check_tree(root)
    for offence in offences:
        print(dataclasses.replace(offence, path=offence.path.relative_to(root)))
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main())
