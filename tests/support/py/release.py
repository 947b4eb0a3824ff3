"""What tests of releases share: manifests, the tool's own records, a repository with the baselines, an independent diff."""

import copy
import json
import re
import shutil

import sandbox

# Images for the fake nodes of the sandbox: one that runs, one more, and one no registry has.
IMAGE = "registry.example/app:1"
NEXT_IMAGE = "registry.example/app:2"
BROKEN_IMAGE = "registry.invalid/team/app:1"

MARKS = "instantexec.dev/"
FIELD_MANAGER = "kubectl-instantexec"


def config_map(name, **data):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def service_account(name):
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}}


def service(name):
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": name}, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]},
    }


def deployment(name, image=IMAGE, replicas=1, **labels):
    app = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": app},
            "template": {
                "metadata": {"labels": {**app, **labels}},
                "spec": {"containers": [{"name": "app", "image": image}]},
            },
        },
    }


def small_release(image=IMAGE, message="hello"):
    """One object of each of four kinds."""
    return [service_account("web"), config_map("settings", message=message), service("web"), deployment("web", image, 2)]


def stream(manifests):
    """The manifests as a YAML stream; JSON is YAML."""
    return "".join(f"---\n{json.dumps(manifest)}\n" for manifest in manifests)


def is_record(key, item):
    """The tool's own: the Secrets that hold a release's history, and the Lease that locks it."""
    return (
        f"{MARKS}record" in item["metadata"].get("labels", {})
        or key.startswith(("Lease/instantexec-", "Secret/instantexec."))
    )


def plain_snapshot(namespace):
    """sandbox.snapshot without the tool's own records."""
    return sandbox.snapshot(namespace, ignore=is_record)


def versions(namespace):
    """{"Kind/name": resourceVersion} of all objects that are not records."""
    names = ",".join(sandbox.KINDS)
    items = sandbox.kubectl("get", names, "-n", namespace, "-o", "json").json()["items"]
    keyed = {f"{item['kind']}/{item['metadata']['name']}": item for item in items}
    return {key: item["metadata"]["resourceVersion"] for key, item in keyed.items() if not is_record(key, item)}


def with_live_marks(manifests, namespace):
    """The manifests with the labels and annotations by which the tool marks the live objects as its own."""
    result = []
    for manifest in manifests:
        manifest = copy.deepcopy(manifest)
        metadata = manifest["metadata"]
        kind, (group, slash, _) = manifest["kind"], manifest["apiVersion"].partition("/")
        resource = f"{kind}.{group}" if slash else kind
        where = [] if kind == "Namespace" else ["-n", metadata.get("namespace", namespace)]
        live = sandbox.kubectl("get", resource, metadata["name"], *where, "-o", "json", check=False)
        if live.code == 0:
            for field in ("labels", "annotations"):
                marks = {k: v for k, v in live.json()["metadata"].get(field, {}).items() if k.startswith(MARKS)}
                if marks:
                    metadata[field] = {**metadata.get(field, {}), **marks}
        result.append(manifest)
    return result


def kubectl_diff(manifests, namespace):
    """What kubectl would still change if it applied the manifests under the tool's field manager: "" if nothing."""
    result = sandbox.kubectl(
        "diff", "--server-side", "--force-conflicts", f"--field-manager={FIELD_MANAGER}", "-n", namespace, "-f", "-",
        stdin=stream(with_live_marks(manifests, namespace)), check=False,
    )  # fmt: skip
    if result.code not in (0, 1):
        raise AssertionError(str(result))
    return result.stdout if result.code else ""


class ReleaseTestCase(sandbox.ClusterTestCase):
    """Deploys manifests into a namespace of its own under the release name `demo`."""

    def deploy(self, manifests, *arguments, **options):
        return self.tool("deploy", "--release", "demo", "-f", "-", *arguments, stdin=stream(manifests), **options)

    def expect(self, result, code):
        self.assertEqual(result.code, code, str(result))
        return result

    def assert_diff_clean(self, manifests):
        self.assertEqual(kubectl_diff(manifests, self.namespace), "")

    def assert_error(self, result, exit_code, name=None):
        """A clear error: on stderr, with its code and a next step, and the right exit code. `name` is a pattern."""
        self.expect(result, exit_code)
        self.assertRegex(result.stderr, r"(?m)^error: \S", str(result))
        pattern = name or r"[a-z][a-z-]*(\.[a-z-]+)*"
        self.assertRegex(result.stderr, rf"(?m)^  code: {pattern}\b", str(result))
        self.assertRegex(result.stderr, r"(?m)^  next: \S", str(result))
        self.assertNotIn("\x1b", result.stderr)


# --- a repository -----------------------------------------------------------------------------------------------------


class Repository:
    """A git repository with this project's config/ folder, as a user has it."""

    def __init__(self, folder):
        self.path = folder
        shutil.copytree(sandbox.ROOT / "config", folder / "config")
        (folder / "README.md").write_text("# A service\n")
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit("Begin")

    def git(self, *arguments):
        identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
        result = sandbox.run(["git", *identity, *arguments], cwd=self.path, env=sandbox.clean_environment())
        if result.code != 0:
            raise AssertionError(str(result))
        return result.stdout.strip()

    def commit(self, message):
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def replace(self, name, pattern, by, count=0):
        """Replaces a regular expression in a file and commits that."""
        file = self.path / name
        text = file.read_text()
        changed = re.sub(pattern, by, text, count=count)
        assert changed != text, f"{name} holds no {pattern}"
        file.write_text(changed)
        self.commit(f"Change {name}")
