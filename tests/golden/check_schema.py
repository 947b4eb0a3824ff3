#!/usr/bin/env python3
"""Checks every golden JSON report against its schema, and that the schema refuses broken ones.

usage: check_schema.py SCHEMA FOLDER
Exit code: 0 all valid, 1 some not, 77 jsonschema is not installed.
"""

import copy
import json
import pathlib
import sys

try:
    import jsonschema
except ImportError:
    print("jsonschema is not installed")
    sys.exit(77)


def breakages(report):
    """Copies of a valid report with one fault each, and the fault's name."""
    for name, change in (
        ("without schema_version", lambda r: r.pop("schema_version")),
        ("unknown field", lambda r: r.update(surprise=1)),
        ("exit code as text", lambda r: r.update(exit_code="0")),
        ("unknown stage", lambda r: r["stages"].append({"id": "other", "status": "passed", "duration_seconds": 0})),
    ):
        broken = copy.deepcopy(report)
        change(broken)
        yield name, broken


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    schema = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    validator_class = jsonschema.validators.validator_for(schema)
    validator_class.check_schema(schema)
    validator = validator_class(schema)
    checked = 0
    failures = []
    for folder in sorted(pathlib.Path(sys.argv[2]).iterdir()):
        source = folder / "input.json"
        if not source.is_file() or json.loads(source.read_text(encoding="utf-8")).get("render") != "run-json":
            continue
        report = json.loads((folder / "expected.txt").read_text(encoding="utf-8"))
        checked += 1
        failures += [f"{folder.name}: {error.json_path}: {error.message}" for error in validator.iter_errors(report)]
        failures += [f"{folder.name}: accepted {name}" for name, broken in breakages(report) if validator.is_valid(broken)]
    print("\n".join(failures) or f"{checked} reports are valid")
    return 1 if failures or checked == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
