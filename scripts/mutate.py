#!/usr/bin/env python3
"""Mutation tests of the parts a crash must not break: journal, lock and undo.

    scripts/mutate.py                       # every mutant of every file
    scripts/mutate.py --sample 20 --seed 7  # a fifth of them, the same for the same seed
    scripts/mutate.py lib/engine/lock.cc    # one file
    scripts/mutate.py --coverage            # lines and branches of the same files by the same tests

All mutants of a file are compiled into it at once, each behind a switch that the environment variable
INSTANTEXEC_MUTANT sets, so that a mutant costs a run of the tests and no build. build/dev has to be built as far as the
test programs: cmake --build build/dev --target test_journal test_plan test_engine

A mutant is killed when the tests fail, crash or do not end in time. Exit code 1: less than --least per cent were; with
--coverage, that some branch is never taken.
"""

import argparse
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import random
import re
import resource
import shlex
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "dev"

# File -> test program, and the tests in it that are about the file.
JOURNAL = ("test_journal", "*")
UNDO = ("test_plan", "MakeUndo.*:OwnershipPatch.*:ThreeWay.*")
TOO_LONG = "Lock.EightClients*"
FILES = {
    "lib/journal/blob.cc": JOURNAL,
    "lib/journal/record.cc": JOURNAL,
    "lib/journal/seal.cc": JOURNAL,
    "lib/journal/secrets.cc": JOURNAL,
    "lib/plan/merge.cc": UNDO,
    "lib/plan/undo.cc": UNDO,
    "lib/engine/lock.cc": ("test_engine", "Acquire.*:Lock.*:RefusedLock.*"),
    "lib/engine/lock_keeper.cc": ("test_engine", "LockKeeper.*"),
    "lib/engine/undo.cc": ("test_engine", "UndoRun.*:UndoUnread.*:Undo.*:Fence.*:KindGone.*:VersionGone.*:KindHidden.*:ClaimsOfASet.*:EditedMeanwhile.*:RefusedRecord.*:LateCommit.*:LostRecord.*:RefusedUndo.*:Bystander.*:LeftOver.*:Unfinished.*"),
    "lib/engine/undo_graph.cc": ("test_engine", "UndoGraph.*:UndoUnread.*:RefusedRecord.*"),
    "lib/engine/undo_work.cc": ("test_engine", "UndoWork.*"),
}

PROLOGUE = r"""
#include <cstdlib>
#include <memory>
namespace ie_mutation {
inline bool on(int number) {
  static const int chosen = [] { const char* text = std::getenv("INSTANTEXEC_MUTANT"); return text ? std::atoi(text) : 0; }();
  return chosen == number;
}
// `a < Less{n} > b` and `a == Same{n} == b` have the precedence of the comparison they stand for.
enum class Op { kLess, kLessEqual, kGreater, kGreaterEqual, kEqual, kNotEqual };
template <typename A, typename B> bool compare(Op op, const A& a, const B& b) {
  switch (op) {
    case Op::kLess: if constexpr (requires { a < b; }) return a < b; else std::abort();
    case Op::kLessEqual: if constexpr (requires { a <= b; }) return a <= b; else std::abort();
    case Op::kGreater: if constexpr (requires { a > b; }) return a > b; else std::abort();
    case Op::kGreaterEqual: if constexpr (requires { a >= b; }) return a >= b; else std::abort();
    case Op::kEqual: if constexpr (requires { a == b; }) return a == b; else std::abort();
    default: if constexpr (requires { a != b; }) return a != b; else std::abort();
  }
}
struct Ordered { Op plain; int first; Op one; Op two; };
struct Equal { Op plain; int first; Op one; };
template <typename A> struct LeftOfOrdered { const A& a; Ordered m; };
template <typename A> struct LeftOfEqual { const A& a; Equal m; };
template <typename A> LeftOfOrdered<A> operator<(const A& a, Ordered m) { return {a, m}; }
template <typename A> LeftOfEqual<A> operator==(const A& a, Equal m) { return {a, m}; }
template <typename A, typename B> bool operator>(LeftOfOrdered<A> left, const B& b) {
  const Op op = on(left.m.first) ? left.m.one : on(left.m.first + 1) ? left.m.two : left.m.plain;
  return compare(op, left.a, b);
}
template <typename A, typename B> bool operator==(LeftOfEqual<A> left, const B& b) {
  return compare(on(left.m.first) ? left.m.one : left.m.plain, left.a, b);
}
}  // namespace ie_mutation
"""

ORDERED = {"<": ("kLess", "kLessEqual", "kGreaterEqual"), "<=": ("kLessEqual", "kLess", "kGreater"),
           ">": ("kGreater", "kGreaterEqual", "kLessEqual"), ">=": ("kGreaterEqual", "kGreater", "kLess")}
EQUAL = {"==": ("kEqual", "kNotEqual"), "!=": ("kNotEqual", "kEqual")}
KEYWORDS = ("return", "if", "else", "for", "while", "switch", "case", "default", "break", "continue", "const", "auto",
            "using", "struct", "class", "enum", "static", "constexpr", "namespace", "template", "public", "private", "do",
            "explicit", "template")


@dataclasses.dataclass
class Mutant:
    number: int
    line: int
    what: str


@dataclasses.dataclass
class Edit:
    """Text [begin, end) becomes `text`, whose {N} is the number of its first mutant."""
    begin: int
    end: int
    text: str
    what: list


def blanked(source):
    """The same with comments and the inside of literals blanked out."""
    pattern = re.compile(r'//[^\n]*|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9A-Za-z_])\'(?:\\.|[^\'\\\n])+\'', re.DOTALL)
    return pattern.sub(lambda m: re.sub(r"[^\n]", "_" if m.group()[0] in "\"'R" else " ", m.group()), source)


def matching(code, at):
    """Position of the bracket that closes the one at `at`."""
    pairs = {"(": ")", "[": "]", "{": "}"}
    stack = []
    for i in range(at, len(code)):
        if code[i] in pairs:
            stack.append(pairs[code[i]])
        elif stack and code[i] == stack[-1]:
            stack.pop()
            if not stack:
                return i
    return -1


def operands(code, begin, end, operator):
    """[begin, end) of the operands of a chain of && or || at the top level, or nothing."""
    parts, depth, start, i = [], 0, begin, begin
    other = "||" if operator == "&&" else "&&"
    while i < end:
        if code[i] in "([{":
            depth += 1
        elif code[i] in ")]}":
            depth -= 1
        elif depth == 0 and code[i] in "?;":
            return []
        elif depth == 0 and code.startswith(other, i) and operator == "&&":
            return []  # mixed: the other one binds less
        elif depth == 0 and code.startswith(operator, i):
            parts.append((start, i))
            start = i + 2
            i += 1
        i += 1
    parts.append((start, end))
    return parts if len(parts) > 1 else []


def condition_edits(code, source):
    """Negated conditions, and operands that are left out of && and ||."""
    for match in re.finditer(r"\b(if|while)\s*(?:constexpr\s*)?\(", code):
        begin, end = match.end(), matching(code, match.end() - 1)
        text = code[begin:end]
        if end < 0 or "constexpr" in match.group() or ";" in text or re.match(r"\s*(const\s+)?(auto|Json|[\w:]+[*&])\b[^=()]*=[^=]", text):
            # `if (auto x = f(); !x)`: the part after the semicolon is the condition.
            semicolon = code.find(";", begin, end)
            if semicolon < 0:
                continue
            begin = semicolon + 1
        if match.group(1) == "if" or code[begin:end].strip() != "true":
            yield Edit(begin, begin, "ie_mutation::on({N}) != static_cast<bool>(", ["condition negated"])
            yield Edit(end, end, ")", [])
            yield from operand_edits(code, begin, end)
    for match in re.finditer(r"\breturn\b(?=[^;]*(?:&&|\|\|))", code):
        end = code.find(";", match.end())
        if end > 0 and "{" not in code[match.end():end]:
            yield from operand_edits(code, match.end(), end)
    for match in re.finditer(r"(?<![=!<>+\-*/|&])=(?!=)(?=[^;{]*(?:&&|\|\|))", code):
        end = code.find(";", match.end())
        if end > 0 and not set("{?") & set(code[match.end():end]):
            yield from operand_edits(code, match.end(), end)


def operand_edits(code, begin, end):
    for operator in ("&&", "||"):
        for first, last in operands(code, begin, end, operator):
            if operator == "&&":
                yield Edit(first, first, " (ie_mutation::on({N}) || static_cast<bool>(", ["operand of && left out"])
            else:
                yield Edit(first, first, " (!ie_mutation::on({N}) && static_cast<bool>(", ["operand of || left out"])
            yield Edit(last, last, ")) ", [])


def comparison_edits(code):
    for match in re.finditer(r"(?<=[\w\)\]\}\"'] )(==|!=|<=|>=|<|>)(?= [\w\(\"'\-!*&:])", code):
        line = code[code.rfind("\n", 0, match.start()) + 1:match.end()]
        if line.lstrip().startswith(("template", "#", "friend", "using")) or "operator" in line:
            continue
        op = match.group(1)
        if op in ORDERED:
            plain, one, two = ORDERED[op]
            text = "< ie_mutation::Ordered{ie_mutation::Op::%s, {N}, ie_mutation::Op::%s, ie_mutation::Op::%s} >" % (plain, one, two)
            yield Edit(match.start(), match.end(), text, ["%s becomes %s" % (op, other) for other in
                                                         {"<": ("<=", ">="), "<=": ("<", ">"), ">": (">=", "<="), ">=": (">", "<")}[op]])
        else:
            plain, one = EQUAL[op]
            yield Edit(match.start(), match.end(), "== ie_mutation::Equal{ie_mutation::Op::%s, {N}, ie_mutation::Op::%s} ==" % (plain, one),
                       ["%s becomes %s" % (op, "!=" if op == "==" else "==")])


def statement_edits(code, source):
    """Assignments, calls and increments that are left out."""
    pattern = re.compile(r"(?<=[;{}\n\)])(?P<space>\s+|(?<=\)) )(?P<text>(?:\+\+|--)?[A-Za-z_][\w:]*(?:(?:\.|->)\w+|\[[^\]\n]*\]|\([^()\n]*\))*"
                         r"\s*(?:\((?=.*)|=(?!=)|\+=|-=|;))")
    for match in pattern.finditer(code):
        begin = match.start("text")
        word = re.match(r"(?:\+\+|--)?([\w:]+)", code[begin:]).group(1)
        before = code[:begin].rstrip()
        if word in KEYWORDS or word.isupper() and not word.startswith("IE_TRY") or word == "IE_TRY_ASSIGN":
            continue
        if not before or before[-1] not in ";{})" or inside_parentheses(code, begin):
            continue
        if before[-1] == ")" and not re.search(r"\b(if|for|while)\s*\([^;]*\)$|\bfor \(.*\)$", before[before.rfind("\n") + 1:]):
            continue
        end = statement_end(code, begin)
        if end < 0 or code[begin:end].count("\n") > 12 or code[begin:end].strip() in ("break;", "continue;"):
            continue
        if not re.match(r"\s", code[begin - 1:begin]) or is_declaration(code[begin:end]) or in_initialiser(code, begin):
            continue
        yield Edit(begin, begin, "{ if (!ie_mutation::on({N})) { ", ["statement left out"])
        yield Edit(end, end, " } }", [])


def inside_parentheses(code, at):
    depth = 0
    for i in range(max(0, at - 400), at):
        if code[i] == "(":
            depth += 1
        elif code[i] == ")":
            depth -= 1
        elif code[i] in ";{}":
            depth = 0
    return depth > 0


def in_initialiser(code, at):
    """Outside of any function: a declaration or an initialiser list."""
    line = code[code.rfind("\n", 0, at) + 1:at]
    return line.strip() == "" and not line.startswith("  ")


def is_declaration(text):
    return re.match(r"[\w:]+(?:<[^;=()]*>)?[\s*&]+\w+\s*(?:[;={]|\()", text) is not None and not re.match(r"[\w.>\-\[\]]+ [+\-]?= ", text)


def statement_end(code, at):
    depth = 0
    for i in range(at, len(code)):
        if code[i] in "([{":
            depth += 1
        elif code[i] in ")]}":
            depth -= 1
            if depth < 0:
                return -1
        elif code[i] == ";" and depth == 0:
            return i + 1
    return -1


def value_edits(code):
    for match in re.finditer(r"\breturn (true|false);", code):
        other = "false" if match.group(1) == "true" else "true"
        yield Edit(match.start(1), match.end(1), "ie_mutation::on({N}) ? %s : %s" % (other, match.group(1)),
                   ["%s becomes %s" % (match.group(1), other)])
    for match in re.finditer(r" = (true|false);", code):
        line = code[code.rfind("\n", 0, match.start()) + 1:match.start()]
        if line.strip().startswith(("constexpr", "bool announced_", "bool lost_")):
            continue
        other = "false" if match.group(1) == "true" else "true"
        yield Edit(match.start(1), match.end(1), "ie_mutation::on({N}) ? %s : %s" % (other, match.group(1)),
                   ["%s becomes %s" % (match.group(1), other)])
    for match in re.finditer(r"(?<![\w.'\"])(\d[\d']*)(?:U?)(?![\w.'])", code):
        line = code[code.rfind("\n", 0, match.start()) + 1:code.find("\n", match.end())]
        if re.match(r"\s*(constexpr|inline constexpr|#|template|using)", line) or "std::get<" in line or not line.startswith("  "):
            continue
        number = match.group()
        yield Edit(match.start(), match.end(), "(ie_mutation::on({N}) ? %s + 1 : %s)" % (number, number),
                   ["%s becomes %s + 1" % (number, number)])


def return_edits(code):
    """Functions that return at once."""
    for match in re.finditer(r"^( {0,2})(?:\[\[nodiscard\]\] )?(?:static )?([A-Za-z_][\w:<>,&* ]*?)[ ]([\w:~]+)\(([^;{}]*?)\)(?: const)?(?: override)? \{\n", code, re.MULTILINE):
        kind = match.group(2)
        if kind in ("return", "else") or "struct" in kind or kind.startswith(("class", "namespace", "using")):
            continue
        if kind.endswith(("*", "&")):
            continue
        text = "if (ie_mutation::on({N})) return%s; " % ("" if kind == "void" else " {}")
        yield Edit(match.end() - 1, match.end() - 1, " " + text, ["%s returns at once" % match.group(3)])


def edits_of(source):
    code = blanked(source)
    start = code.find("namespace instantexec")
    # What stands in constant expressions at namespace scope cannot ask the environment.
    skip = [(m.start(), statement_end(code, m.start())) for m in re.finditer(r"^(?:inline )?constexpr", code, re.MULTILINE)]
    found = [edit for maker in (condition_edits(code, source), comparison_edits(code), statement_edits(code, source),
                                value_edits(code), return_edits(code)) for edit in maker]
    return [e for e in found if e.begin > start and not any(a <= e.begin < b for a, b in skip)]


def mutated(source, edits):
    """The source with all mutants in it, and the list of them."""
    mutants, pieces, number = [], [], 1
    # Where edits meet, brackets close before others open, and the innermost ones first.
    order = sorted(range(len(edits)), key=lambda i: (edits[i].begin, edits[i].end, (1, i) if edits[i].what else (0, -i)))
    at = 0
    for index in order:
        edit = edits[index]
        if edit.begin < at:
            continue
        pieces.append(source[at:edit.begin])
        pieces.append(edit.text.replace("{N}", str(number)))
        for what in edit.what:
            mutants.append(Mutant(number, source.count("\n", 0, edit.begin) + 1, what))
            number += 1
        at = edit.end
    pieces.append(source[at:])
    return "".join(pieces), mutants


class Program:
    """A test program of build/dev with one of its files compiled differently."""

    def __init__(self, file, folder):
        self.file = file
        self.target, self.filter = FILES[file]
        self.folder = folder
        self.path = folder / self.target

    def compile_command(self, source, output, extra=()):
        for entry in json.loads((BUILD / "compile_commands.json").read_text()):
            if entry["file"] == str(ROOT / self.file):
                words = shlex.split(entry["command"])
                words[words.index("-o") + 1] = str(output)
                words[words.index("-c") + 1] = str(source)
                return [w for w in words if not w.startswith("-W")] + ["-w", *extra], entry["directory"]
        raise SystemExit(f"mutate: {self.file} is not in build/dev; run cmake --preset dev")

    def link(self, objects, extra=(), compiler=None):
        text = subprocess.run(["ninja", "-C", str(BUILD), "-t", "commands", "-s", f"tests/unit/{self.target[5:]}/{self.target}"], check=True, capture_output=True,
                              text=True).stdout.strip().splitlines()[-1]
        words = shlex.split(text.split(" && ")[1])
        words[words.index("-o") + 1] = str(self.path)
        words[0] = compiler or words[0]
        # Before the libraries, so that their own version of the file is not looked for.
        first = next(i for i, w in enumerate(words) if w.endswith(".o"))
        words[first:first] = [str(o) for o in objects]
        subprocess.run([*words, "-fuse-ld=gold", *extra], check=True, cwd=BUILD)

    def run(self, mutant, seconds, extra_environment=None):
        """True when the tests pass."""
        environment = {**os.environ, "INSTANTEXEC_MUTANT": str(mutant), **(extra_environment or {})}
        command = [str(self.path), f"--gtest_filter={self.filter}-{TOO_LONG}", "--gtest_brief=1", "--gtest_fail_fast"]
        try:
            done = subprocess.run(command, env=environment, timeout=seconds, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self.folder,
                                  preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30)))
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0


def build_mutants(file, folder):
    """A program with all mutants of the file that compile, and these."""
    program = Program(file, folder)
    source = (ROOT / file).read_text()
    edits = edits_of(source)
    copy = folder / pathlib.Path(file).name
    for _ in range(12):
        text, mutants = mutated(source, edits)
        copy.write_text(PROLOGUE + f'#line 1 "{copy}"\n' + text)
        command, directory = program.compile_command(copy, folder / "mutated.o", ("-fmax-errors=0",))
        done = subprocess.run([w for w in command if not w.endswith("ccache")], cwd=directory, capture_output=True, text=True)
        if done.returncode == 0:
            program.link([folder / "mutated.o"])
            return program, mutants
        bad = {int(n) for n in re.findall(re.escape(str(copy)) + r":(\d+):(?:\d+:)? (?:error|note|required|  required)", done.stderr)}
        errors = {int(n) for n in re.findall(re.escape(str(copy)) + r":(\d+):\d+: error", done.stderr)} or bad
        if not errors:
            print(done.stderr[:3000], file=sys.stderr)
            raise SystemExit(f"mutate: {file} does not compile with its mutants")
        kept = drop_lines(source, edits, errors)
        if len(kept) == len(edits):
            print(done.stderr[:3000], file=sys.stderr)
            raise SystemExit(f"mutate: {file} does not compile with its mutants")
        edits = kept
    raise SystemExit(f"mutate: {file} does not compile with its mutants")


def drop_lines(source, edits, lines):
    """Without the edits on these lines; an edit that has two ends goes whole."""
    out, skip_closing = [], 0
    line_of = [source.count("\n", 0, e.begin) + 1 for e in edits]
    bad = [line in lines for line in line_of]
    i = 0
    while i < len(edits):
        pair = i + 1 < len(edits) and not edits[i + 1].what and edits[i].what
        group = [i, i + 1] if pair else [i]
        inside = pair and any(line_of[i] <= line <= line_of[i + 1] for line in lines)
        if not inside and not bad[i]:
            out.extend(edits[g] for g in group)
        i += len(group)
    return out


def score_file(file, options, chooser):
    with tempfile.TemporaryDirectory(prefix="mutate-") as name:
        program, mutants = build_mutants(file, pathlib.Path(name))
        begin = time.monotonic()
        if not program.run(0, 600):
            raise SystemExit(f"mutate: the tests of {file} fail without a mutant")
        limit = max(20.0, 4 * (time.monotonic() - begin))
        chosen = mutants
        if options.share < 1:
            chosen = sorted(chooser.sample(mutants, max(1, round(len(mutants) * options.share))), key=lambda m: m.number)
        survivors = []
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            for mutant, passed in zip(chosen, pool.map(lambda m: program.run(m.number, limit), chosen)):
                if passed:
                    survivors.append(mutant)
    lines = (ROOT / file).read_text().splitlines()
    for mutant in survivors:
        print(f"{file}:{mutant.line}: survived: {mutant.what}: {lines[mutant.line - 1].strip()}", flush=True)
    killed = len(chosen) - len(survivors)
    print(f"{file}: {killed} of {len(chosen)} killed ({len(mutants)} in all), {100 * killed // max(1, len(chosen))} %", flush=True)
    return killed, len(chosen)


def branches_of(entry, lines):
    """{place: [taken, not taken]} of a file's conditions, the propagation of an error by IE_TRY among them. A place counts
    once, however many instances a template has. Left out is what has no other way: a constant, and a switch over all
    values of an enumeration, which the compiler proves complete."""
    out = {}
    for line, column, _, _, taken, not_taken, *_ in entry["branches"]:
        before, rest = lines[line - 1][:column - 1], lines[line - 1][column - 1:]
        if not rest.startswith(("true)", "false)")) and not before.endswith("switch ("):
            count = out.setdefault((line, column), [0, 0])
            count[:] = [count[0] + taken, count[1] + not_taken]
    for expansion in entry.get("expansions", []):
        for branch in expansion["branches"]:
            count = out.setdefault(tuple(expansion["source_region"][:2]), [0, 0])
            count[:] = [count[0] + branch[4], count[1] + branch[5]]
    return out


def without_precompiled(words):
    """The compiler's arguments without the headers that another compiler has precompiled."""
    kept = [w for w in words if w != "-fpch-preprocess"]
    while any(w.endswith("cmake_pch.hxx") for w in kept):
        at = next(i for i, w in enumerate(kept) if w.endswith("cmake_pch.hxx"))
        del kept[at - 1:at + 1]  # with its -include
    return kept


def coverage():
    """Branches of the files as clang counts them, each condition both ways, by their own tests alone. Clang counts conditions
    of the source, so that ways which only exceptions take are none."""
    folder = BUILD / "crash-safety-coverage"
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    totals = [0, 0, 0, 0]
    for target in sorted({FILES[f][0] for f in FILES}):
        files = [f for f in FILES if FILES[f][0] == target]
        instrument = ("-fprofile-instr-generate", "-fcoverage-mapping")
        objects = []
        for file in files:
            program = Program(file, folder)
            objects.append(folder / (file.replace("/", "_")[:-3] + ".o"))
            command, directory = program.compile_command(ROOT / file, objects[-1], instrument)
            words = [w for w in command if not w.endswith("ccache")]
            subprocess.run(["clang++", *without_precompiled(words[1:])], cwd=directory, check=True)
        program.link(objects, instrument[:1], "clang++")
        program.filter = ":".join(sorted({FILES[f][1] for f in files}))
        if not program.run(0, 900, {"LLVM_PROFILE_FILE": str(folder / f"{target}.raw")}):
            raise SystemExit(f"mutate: the tests of {target} fail")
        profile = folder / f"{target}.profile"
        subprocess.run(["llvm-profdata", "merge", "-o", profile, folder / f"{target}.raw"], check=True)
        exported = subprocess.run(["llvm-cov", "export", f"--instr-profile={profile}", program.path, *[str(ROOT / f) for f in files]],
                                  check=True, capture_output=True, text=True).stdout
        for entry in json.loads(exported)["data"][0]["files"]:
            name = str(pathlib.Path(entry["filename"]).relative_to(ROOT))
            if name not in files:
                continue
            branches = branches_of(entry, (ROOT / name).read_text().splitlines())
            for (line, column), (taken, not_taken) in sorted(branches.items()):
                if not taken or not not_taken:
                    print(f"{name}:{line}:{column}: never {'true' if not taken else 'false'}")
            lines = entry["summary"]["lines"]
            numbers = [lines["covered"], lines["count"], sum((a > 0) + (b > 0) for a, b in branches.values()), 2 * len(branches)]
            totals = [x + y for x, y in zip(totals, numbers)]
            print("{0}: {1} of {2} lines, {3} of {4} branches".format(name, *numbers), flush=True)
    print("lines {0} of {1} ({4:.1f} %), branches {2} of {3} ({5:.1f} %)".format(
        *totals, 100 * totals[0] / max(1, totals[1]), 100 * totals[2] / max(1, totals[3])))
    return 0 if totals[2] == totals[3] > 0 else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", help="some of: " + " ".join(FILES))
    parser.add_argument("--sample", type=float, default=100, metavar="PERCENT", help="share of the mutants to try (default 100)")
    parser.add_argument("--seed", type=int, default=1, help="of the sample")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--least", type=float, default=80, metavar="PERCENT", help="score that is asked for (default 80)")
    parser.add_argument("--list", action="store_true", help="only print the mutants")
    parser.add_argument("--coverage", action="store_true", help="print lines and branches instead, and those not reached")
    options = parser.parse_args()
    if options.coverage:
        return coverage()
    options.share = options.sample / 100
    files = options.files or list(FILES)
    for file in files:
        if file not in FILES:
            parser.error(f"{file} is not among: {' '.join(FILES)}")
    if options.list:
        for file in files:
            for mutant in mutated((ROOT / file).read_text(), edits_of((ROOT / file).read_text()))[1]:
                print(f"{file}:{mutant.line}: {mutant.what}")
        return 0
    chooser = random.Random(options.seed)
    killed = tried = 0
    for file in files:
        one, all_of_them = score_file(file, options, chooser)
        killed += one
        tried += all_of_them
    score = 100 * killed / max(1, tried)
    print(f"mutation score: {killed} of {tried} killed, {score:.1f} % (seed {options.seed})")
    return 0 if score >= options.least else 1


if __name__ == "__main__":
    sys.exit(main())
