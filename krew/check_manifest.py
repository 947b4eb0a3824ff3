#!/usr/bin/env python3
"""Checks a krew manifest, and the archives it names, by the rules krew and its index apply to a submission.

    krew/check_manifest.py dist/instantexec.yaml dist/*.tar.gz

Each archive is matched to a platform by the last part of its uri. Every offence is a line. Exit code: 0 none, 1 some,
2 wrong usage.

The rules are those of krew's developer guide ("Writing your plugin manifest", "Plugin naming guide") and of the checks
its index runs on a pull request.
"""

import argparse
import hashlib
import io
import itertools
import pathlib
import re
import stat
import sys
import tarfile
import zipfile

import yaml

API_VERSION = "krew.googlecontainertools.github.com/v1alpha2"
SAFE_NAME = re.compile(r"^[A-Za-z0-9_-]+$")
SEMANTIC_VERSION = re.compile(
    r"^v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z.-]+)?$")
# What krew can install on; a selector must match one of these, and no two selectors the same one.
PLATFORMS = [
    {"os": os, "arch": arch}
    for os, arches in {
        "linux": ("386", "amd64", "arm", "arm64", "ppc64le", "s390x"),
        "darwin": ("amd64", "arm64"),
        "windows": ("386", "amd64", "arm64"),
    }.items()
    for arch in arches
]
MAX_SHORT_DESCRIPTION = 50
MAX_LINE = 80
KNOWN_FIELDS = {
    "": ("apiVersion", "kind", "metadata", "spec"),
    "spec": ("version", "homepage", "shortDescription", "description", "caveats", "platforms"),
    "platform": ("selector", "uri", "sha256", "bin", "files"),
}


class Checker:
    def __init__(self):
        self.offences = []

    def require(self, condition, message):
        if not condition:
            self.offences.append(message)
        return bool(condition)

    def text(self, mapping, field, where):
        """The text field of the mapping, or "" with an offence."""
        value = mapping.get(field)
        ok = self.require(isinstance(value, str) and value.strip(), f"{where}{field}: must be a text that is not empty")
        return value if ok else ""

    def only(self, mapping, known, where):
        for field in mapping:
            self.require(field in known, f"{where}{field}: krew does not know this field")


def check_manifest(manifest, stem):
    """The offences of a manifest, loaded, whose file is named stem.yaml."""
    check = Checker()
    if not check.require(isinstance(manifest, dict), "the manifest is not a mapping"):
        return check.offences
    check.only(manifest, KNOWN_FIELDS[""], "")
    check.require(manifest.get("apiVersion") == API_VERSION, f"apiVersion: must be {API_VERSION}")
    check.require(manifest.get("kind") == "Plugin", "kind: must be Plugin")
    name = check.text(manifest.get("metadata") or {}, "name", "metadata.")
    check.require(SAFE_NAME.match(name), "metadata.name: letters, digits, - and _ only")
    check.require(not name.startswith("kubectl-"), "metadata.name: without kubectl-")
    check.require(name == stem, f"metadata.name: must be the name of the file, {stem}")
    spec = manifest.get("spec")
    if not check.require(isinstance(spec, dict), "spec: must be a mapping"):
        return check.offences
    check.only(spec, KNOWN_FIELDS["spec"], "spec.")
    check_texts(check, spec)
    platforms = spec.get("platforms")
    if check.require(isinstance(platforms, list) and platforms, "spec.platforms: must be a list that is not empty"):
        for index, platform in enumerate(platforms):
            check_platform(check, platform, f"spec.platforms[{index}].")
        check_overlap(check, platforms)
    return check.offences


def check_texts(check, spec):
    version = check.text(spec, "version", "spec.")
    check.require(SEMANTIC_VERSION.match(version), "spec.version: must be a semantic version with a leading v")
    homepage = check.text(spec, "homepage", "spec.")
    check.require(homepage.startswith("https://"), "spec.homepage: must be an https URL")
    short = check.text(spec, "shortDescription", "spec.")
    check.require("\n" not in short, "spec.shortDescription: must be one line")
    check.require(len(short) <= MAX_SHORT_DESCRIPTION,
                  f"spec.shortDescription: {len(short)} characters, at most {MAX_SHORT_DESCRIPTION}")
    check.require(not short.endswith("."), "spec.shortDescription: without a full stop")
    check.text(spec, "description", "spec.")
    for field in ("description", "caveats"):
        for number, line in enumerate(str(spec.get(field, "")).splitlines(), start=1):
            check.require(len(line) <= MAX_LINE, f"spec.{field}: line {number} is longer than {MAX_LINE} characters")


def check_platform(check, platform, where):
    if not check.require(isinstance(platform, dict), f"{where}: must be a mapping"):
        return
    check.only(platform, KNOWN_FIELDS["platform"], where)
    uri = check.text(platform, "uri", where)
    check.require(uri.startswith("https://"), f"{where}uri: must be an https URL")
    check.require(uri.endswith((".tar.gz", ".zip")), f"{where}uri: must end in .tar.gz or .zip")
    check.require(re.match(r"^[0-9a-f]{64}$", check.text(platform, "sha256", where)),
                  f"{where}sha256: must be 64 lower-case hexadecimal digits")
    bin_path = check.text(platform, "bin", where)
    check.require(is_inside(bin_path), f"{where}bin: must be a path inside the archive")
    matched = matching(platform)
    check.require(matched, f"{where}selector: matches no platform of krew")
    if any(one["os"] == "windows" for one in matched):
        check.require(bin_path.endswith(".exe"), f"{where}bin: must end in .exe on Windows")
    files = platform.get("files", [{"from": "*", "to": "."}])
    if check.require(isinstance(files, list) and files, f"{where}files: leave it out or list files"):
        for number, entry in enumerate(files):
            for field in ("from", "to"):
                value = check.text(entry, field, f"{where}files[{number}].")
                check.require(is_inside(value), f"{where}files[{number}].{field}: must stay inside the archive")
    for key in selector_keys(platform):
        check.require(key in ("os", "arch"), f"{where}selector: {key} is neither os nor arch")


def is_inside(path):
    return not path.startswith("/") and ".." not in path.split("/")


def selector_keys(platform):
    selector = platform.get("selector") or {}
    return [*(selector.get("matchLabels") or {}), *(e.get("key") for e in selector.get("matchExpressions") or [])]


def matching(platform):
    """The platforms of krew a selector matches; a missing or an empty selector matches none."""
    selector = platform.get("selector")
    if not selector:
        return []

    def matches(one):
        labels = selector.get("matchLabels") or {}
        return all(one.get(key) == str(value) for key, value in labels.items()) and all(
            expression_matches(one, expression) for expression in selector.get("matchExpressions") or [])

    return [one for one in PLATFORMS if matches(one)]


def expression_matches(one, expression):
    key, operator, values = expression.get("key"), expression.get("operator"), expression.get("values") or []
    return {
        "In": one.get(key) in values,
        "NotIn": one.get(key) not in values,
        "Exists": key in one,
        "DoesNotExist": key not in one,
    }.get(operator, False)


def check_overlap(check, platforms):
    indexed = [(number, platform) for number, platform in enumerate(platforms) if isinstance(platform, dict)]
    for (i, one), (j, other) in itertools.combinations(indexed, 2):
        for both in matching(one):
            check.require(both not in matching(other),
                          f"spec.platforms[{i}] and [{j}]: both match {both['os']}/{both['arch']}")


# --- archives ---------------------------------------------------------------------------------------------------------


def read_archive(name, data):
    """{path: executable?} of the regular files, and the paths of all else."""
    files, others = {}, []
    if name.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.infolist():
                if not member.is_dir():
                    files[normal(member.filename)] = bool(member.external_attr >> 16 & stat.S_IXUSR)
    else:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
            for member in archive:
                if member.isfile():
                    files[normal(member.name)] = bool(member.mode & stat.S_IXUSR)
                elif not member.isdir():
                    others.append(member.name)
    return files, others


def normal(path):
    return path[2:] if path.startswith("./") else path


def check_archive(platform, name, data):
    """The offences of one platform's archive."""
    check = Checker()
    digest = hashlib.sha256(data).hexdigest()
    check.require(digest == platform.get("sha256"), f"{name}: has sha256 {digest}, the manifest another")
    try:
        files, others = read_archive(name, data)
    except (tarfile.TarError, zipfile.BadZipFile, OSError, EOFError) as error:
        return [*check.offences, f"{name}: cannot be read: {error}"]
    for path in others:
        check.require(False, f"{name}: {path} is neither a file nor a folder")
    for path in files:
        check.require(is_inside(path), f"{name}: {path} leaves the archive")
    bin_path = normal(platform.get("bin") or "")
    if "files" not in platform and check.require(bin_path in files, f"{name}: holds no {bin_path}"):
        check.require(files[bin_path] or bin_path.endswith(".exe"), f"{name}: {bin_path} is not executable")
    check.require(any(re.match(r"(?i)^(.*/)?(LICENSE|COPYING)(\.\w+)?$", path) for path in files),
                  f"{name}: holds no LICENSE")
    return check.offences


def platform_of(manifest, archive_name):
    for platform in manifest["spec"]["platforms"]:
        if platform["uri"].rsplit("/", 1)[-1] == archive_name:
            return platform
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("manifest", type=pathlib.Path)
    parser.add_argument("archives", nargs="*", type=pathlib.Path)
    arguments = parser.parse_args()
    try:
        manifest = yaml.safe_load(arguments.manifest.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        parser.error(f"{arguments.manifest}: {error}")
    offences = check_manifest(manifest, arguments.manifest.stem)
    if not offences:
        for path in arguments.archives:
            platform = platform_of(manifest, path.name)
            if platform is None:
                offences.append(f"{path.name}: no platform of the manifest has it as its uri")
            else:
                offences += check_archive(platform, path.name, path.read_bytes())
    for offence in offences:
        print(f"{arguments.manifest}: {offence}")
    return 1 if offences else 0


if __name__ == "__main__":
    sys.exit(main())
