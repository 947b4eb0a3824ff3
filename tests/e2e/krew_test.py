#!/usr/bin/env python3
"""The krew package, laid out as krew lays it out, works as `kubectl instantexec`."""

import os
import pathlib
import sys
import tarfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "py"))
import release  # noqa: E402
import sandbox  # noqa: E402


class KrewTest(release.ReleaseTestCase):
    def install(self):
        """Packs, checks and installs the program below a KREW_ROOT; returns the folder that goes on the PATH."""
        to = self.folder()
        packed = self.expect(sandbox.run([sandbox.ROOT / "scripts" / "package.sh", "--binary", sandbox.binary(), "--to", to,
                                           "--homepage", "https://forge.example/it"]), 0)  # fmt: skip
        archive = pathlib.Path(packed.stdout.strip())
        checker = sandbox.ROOT / "krew" / "check_manifest.py"
        self.expect(sandbox.run([sys.executable, checker, to / "instantexec.yaml", archive]), 0)
        root = self.folder()
        store = root / "store" / "instantexec" / archive.name.split("_")[1]
        store.mkdir(parents=True)
        with tarfile.open(archive) as tar:
            tar.extractall(store, filter="data") if hasattr(tarfile, "data_filter") else tar.extractall(store)
        (root / "bin").mkdir()
        (root / "bin" / "kubectl-instantexec").symlink_to(store / "kubectl-instantexec")
        return root / "bin"

    def test_as_a_plugin_of_kubectl(self):
        path = f"{self.install()}:{os.environ['PATH']}"
        environment = sandbox.clean_environment(KUBECONFIG=sandbox.kubeconfig(), PATH=path, KUBECACHEDIR=self.folder())

        def plugin(*arguments, stdin=None):
            return sandbox.run([sandbox.kubectl_path(), "instantexec", *arguments], env=environment, stdin=stdin)

        version = self.expect(plugin("version"), 0)
        self.assertRegex(version.stdout, r"\d+\.\d+\.\d+")
        usage = self.expect(plugin("--help"), 0)
        self.assertIn("kubectl instantexec", usage.stdout)
        manifests = release.stream(release.small_release())
        self.expect(plugin("deploy", "--release", "demo", "-n", self.namespace, "-f", "-", stdin=manifests), 0)
        status = self.expect(plugin("status", "--release", "demo", "-n", self.namespace), 0)
        self.assertIn("deployment.apps/web", status.stdout)
        listed = sandbox.run([sandbox.kubectl_path(), "plugin", "list", "--name-only"], env=environment)
        self.assertIn("kubectl-instantexec", listed.stdout)


if __name__ == "__main__":
    sandbox.main()
