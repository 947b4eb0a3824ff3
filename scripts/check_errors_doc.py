#!/usr/bin/env python3
"""Checks that docs/errors.md lists every error code of the program, as the headers in lib/ declare it.

    scripts/check_errors_doc.py          # every difference is a line; exit code 1 if there is one
    scripts/check_errors_doc.py --write  # writes the table anew; the text around it stays
"""

import argparse
import pathlib
import re
import sys

BEGIN = "<!-- begin: written by scripts/check_errors_doc.py --write -->"
END = "<!-- end -->"

STRING = r'"((?:\\.|[^"\\])*)"'
DECLARATION = re.compile(r"\bErrorCode\s+k\w+\s*\{(.*?)\}\s*;", re.DOTALL)
# Name, ExitCode::kWord, meaning, next step; adjacent literals are one text, as for the compiler.
FIELDS = re.compile(rf"\s*((?:{STRING}\s*)+),\s*ExitCode::k(\w+)\s*,\s*((?:{STRING}\s*)+),\s*((?:{STRING}\s*)+)$")
EXIT_CODES = re.compile(r"^\s*k(\w+) = (\d+),", re.MULTILINE)


def literal(text):
    """The value of adjacent C++ string literals."""
    joined = "".join(re.findall(STRING, text))
    return re.sub(r"\\(.)", lambda match: {"n": "\n", "t": "\t"}.get(match[1], match[1]), joined)


def read_codes(root):
    """{name: (exit, meaning, next step)} of all headers; what cannot be read or is there twice is a problem."""
    header = (root / "lib" / "base" / "error.h").read_text(encoding="utf-8")
    exits = {name: int(number) for name, number in EXIT_CODES.findall(header)}
    codes, problems = {}, []
    for path in sorted((root / "lib").rglob("*.h")):
        text = path.read_text(encoding="utf-8")
        where = path.relative_to(root)
        for declaration in DECLARATION.finditer(text):
            if "inline constexpr" not in text[max(0, declaration.start() - 20):declaration.start() + 1]:
                continue
            fields = FIELDS.match(declaration[1])
            line = text.count("\n", 0, declaration.start()) + 1
            if not fields or fields[3] not in exits:
                problems.append(f"{where}:{line}: an ErrorCode this script cannot read")
                continue
            name = literal(fields[1])
            code = (exits[fields[3]], literal(fields[4]), literal(fields[6]))
            if codes.setdefault(name, code) != code:
                problems.append(f"{where}:{line}: {name} is declared twice, with different meanings")
            if not re.fullmatch(r"[a-z][a-z0-9-]*(\.[a-z0-9-]+)*", name):
                problems.append(f"{where}:{line}: {name}: a code is lower-case words joined by dots")
            if not code[1].endswith("."):
                problems.append(f"{where}:{line}: {name}: the meaning is a sentence and ends in a full stop")
    return codes, problems


def cell(text):
    return text.replace("|", "\\|").replace("<", "&lt;")


def table(codes):
    lines = ["| code | exit | meaning | next |", "|---|---|---|---|"]
    for name, (exit_code, meaning, next_step) in sorted(codes.items()):
        lines.append(f"| `{name}` | {exit_code} | {cell(meaning)} | {cell(next_step)} |")
    return lines


def split(document):
    """The text before the table, its lines, and the text after it; None without the two marks."""
    before, begin, rest = document.partition(BEGIN)
    inside, end, after = rest.partition(END)
    return (before + begin, inside.strip("\n").split("\n"), end + after) if begin and end else None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", nargs="?", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parents[1])
    parser.add_argument("--write", action="store_true", help="write the table anew")
    arguments = parser.parse_args()
    codes, problems = read_codes(arguments.root)
    document = arguments.root / "docs" / "errors.md"
    parts = split(document.read_text(encoding="utf-8"))
    if parts is None:
        parser.error(f"{document} lacks the marks {BEGIN} and {END}")
    before, lines, after = parts
    wanted = table(codes)
    if arguments.write:
        document.write_text("\n".join([before, *wanted, after]), encoding="utf-8")
    else:
        problems += [f"docs/errors.md: missing: {line}" for line in wanted if line not in lines]
        problems += [f"docs/errors.md: no such code: {line}" for line in lines if line not in wanted]
        if not problems and lines != wanted:
            problems.append("docs/errors.md: the table is not in order")
        if problems:
            problems.append("run scripts/check_errors_doc.py --write")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
