#!/usr/bin/env python3
# ctest: timeout=900
"""Admission and conversion webhooks between the tool and the server: down, slow, and changing what is written.

While a webhook is down nothing can be written that it has to see. The run says which one it is, and the namespace ends at the
new release or, at the latest after a `recover` once the webhook is back, exactly as it was.
"""

import concurrent.futures
import pathlib
import secrets
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "py"))
import api  # noqa: E402
import kills  # noqa: E402
import release  # noqa: E402
import sandbox  # noqa: E402
import webhooks  # noqa: E402

CONFIGURATIONS = "apis/admissionregistration.k8s.io/v1"
DEFINITIONS = api.collection("customresourcedefinitions.apiextensions.k8s.io")


class Place:
    """A namespace of its own with a release of two revisions in it, a webhook's server and a fault proxy."""

    def __init__(self, folder):
        self.server = webhooks.Server(folder)
        self.harness = kills.Harness()
        self.namespace = api.create_namespace(f"hook-{secrets.token_hex(4)}")
        self.group = f"{self.namespace}.example.org"
        self.made = [f"api/v1/namespaces/{self.namespace}"]
        self.widgets = ()

    def close(self):
        for path in reversed(self.made):
            api.delete(path)
        self.harness.close()
        self.server.close()

    def create(self, path, body):
        status, answer = api.request("POST", path, body)
        if status != 201:
            raise AssertionError(answer)
        self.made.append(f"{path}/{body['metadata']['name']}")

    # --- webhooks ---

    def admission(self, kind="Validating", seconds=5):
        """A webhook for everything that is written in this namespace, known to the API server."""
        rule = {"operations": ["CREATE", "UPDATE", "DELETE"], "apiVersions": ["v1"], "scope": "Namespaced"}
        self.create(f"{CONFIGURATIONS}/{kind.lower()}webhookconfigurations", {
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": f"{kind}WebhookConfiguration",
            "metadata": {"name": self.group},
            "webhooks": [{
                "name": self.group, "clientConfig": self.server.client("/admit"), "sideEffects": "None",
                "admissionReviewVersions": ["v1"], "failurePolicy": "Fail", "timeoutSeconds": seconds,
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": self.namespace}},
                "rules": [
                    {**rule, "apiGroups": [""], "resources": ["configmaps", "services"]},
                    {**rule, "apiGroups": ["apps"], "resources": ["deployments"]},
                ],
            }],
        })  # fmt: skip
        trial = f"{api.collection('configmaps', self.namespace)}?dryRun=All"

        def is_called():
            api.request("POST", trial, release.config_map("trial"))
            return self.server.calls

        sandbox.wait_for("the webhook to be called", is_called)

    def conversion(self):
        """A kind that is stored as v1, released as v2, and converted by the webhook."""

        def version(name, field, storage):
            spec = {"type": "object", "properties": {field: {"type": "integer"}}}
            schema = {"type": "object", "properties": {"spec": spec}}
            return {"name": name, "served": True, "storage": storage, "schema": {"openAPIV3Schema": schema}}

        webhook = {"clientConfig": self.server.client("/convert"), "conversionReviewVersions": ["v1"]}
        self.create(DEFINITIONS, {
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": f"widgets.{self.group}"},
            "spec": {
                "group": self.group, "scope": "Namespaced",
                "names": {"kind": "Widget", "plural": "widgets", "singular": "widget"},
                "conversion": {"strategy": "Webhook", "webhook": webhook},
                "versions": [version("v1", "size", True), version("v2", "count", False)],
            },
        })  # fmt: skip
        self.widgets = (f"apis/{self.group}/v2/namespaces/{self.namespace}/widgets",)
        sandbox.wait_for("the kind to be served", lambda: api.request("GET", self.widgets[0])[0] == 200)

    def policy(self, *resources):
        """A policy for a release to bring: nothing of these kinds is changed in this namespace any more."""
        groups = {"secrets": "", "leases": "coordination.k8s.io"}
        rules = [
            {"apiGroups": [groups[kind]], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": [kind]}
            for kind in resources
        ]
        match = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": self.namespace}}}
        head = {"apiVersion": "admissionregistration.k8s.io/v1", "metadata": {"name": self.group}}
        return [
            {**head, "kind": "ValidatingAdmissionPolicy", "spec": {
                "failurePolicy": "Fail", "matchConstraints": {"resourceRules": rules},
                "validations": [{"expression": "false", "message": "no records here"}],
            }},
            {**head, "kind": "ValidatingAdmissionPolicyBinding", "spec": {
                "policyName": self.group, "validationActions": ["Deny"], "matchResources": match,
            }},
        ]  # fmt: skip

    def policies(self):
        """How many objects of the policy there are."""
        kinds = ("validatingadmissionpolicies", "validatingadmissionpolicybindings")
        return sum(api.request("GET", f"{CONFIGURATIONS}/{kind}/{self.group}")[0] == 200 for kind in kinds)

    def strict_and_slow(self, *kinds, seconds):
        """A release that brings the policy, and is not ready before the API server knows of it."""
        slow = release.deployment("slow")
        slow["spec"]["minReadySeconds"] = seconds
        return release.stream([*self.manifests(3), slow, *self.policy(*kinds)])

    def enforced(self):
        """Whether the API server refuses what the policy forbids."""
        path = f"apis/coordination.k8s.io/v1/namespaces/{self.namespace}/leases?dryRun=All"
        lease = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "trial"}, "spec": {}}
        return api.request("POST", path, lease)[0] == 422

    # --- the release ---

    def manifests(self, number, image=release.IMAGE):
        out = release.small_release(image, str(number))
        if self.widgets:
            metadata = {"name": "one"}
            out.append({"apiVersion": f"{self.group}/v2", "kind": "Widget", "metadata": metadata, "spec": {"count": number}})
        return out

    def tool(self, verb, *arguments, **options):
        return self.harness.tool(verb, *kills.RELEASE, "-n", self.namespace, *arguments, timeout=400, **options)

    def deploy(self, *manifests):
        return self.tool("deploy", "-f", "-", stdin=release.stream(self.manifests(*manifests)))

    def two_revisions(self):
        for number in (1, 2):
            self.harness.must(self.deploy(number))

    def versions(self):
        return release.versions(self.namespace)

    def state(self):
        return {**release.plain_snapshot(self.namespace), **api.snapshot(self.widgets)}

    def until_first_write(self, verb, stdin=""):
        """Starts the verb and holds it before its first write of an object."""
        self.harness.proxy.rules({"methods": ["PATCH"], "not": "dryRun", "action": "stop-before"})
        file = ("-f", "-") if stdin else ()
        command = [str(sandbox.binary()), verb, *kills.RELEASE, "-n", self.namespace, *file]
        pipe, environment = subprocess.PIPE, self.harness.environment(self.harness.proxy.kubeconfig)
        process = subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, text=True)
        process.stdin.write(stdin)
        process.stdin.close()
        process.stdin = None
        if self.harness.proxy.event("stopped", 60) is None:
            process.kill()
            raise AssertionError(f"it came to no write: {process.communicate()[0]}")
        return process

    def go_on(self, process):
        self.harness.proxy.rules()
        self.harness.proxy.go_on()
        said = process.communicate(timeout=400)[0]
        return sandbox.Result(tuple(process.args), process.returncode, said, "", 0)


class WebhookTest(sandbox.ClusterTestCase):
    def place(self):
        place = Place(self.folder())
        self.addCleanup(place.close)
        return place

    def expect(self, result, code):
        self.assertEqual(result.code, code, str(result))
        return result

    def test_down_before_a_run(self):
        """Found while planning: nothing is written."""
        for what in (Place.admission, Place.conversion):
            place = self.place()
            if what is Place.conversion:
                place.conversion()
            place.two_revisions()
            if what is Place.admission:
                place.admission()
            before = place.versions()
            place.server.mode = "error"
            for verb in ("deploy", "rollback"):
                with self.subTest(verb=verb, webhook=what.__name__):
                    result = place.deploy(3) if verb == "deploy" else place.tool("rollback")
                    self.assertNotIn(result.code, (0, 5, 6), str(result))
                    self.assert_names_the_webhook(place, result)
                    self.assertEqual(before, place.versions())
            place.server.mode = "allow"
            self.expect(place.tool("rollback"), 0)

    def assert_names_the_webhook(self, place, result):
        self.assertIn("webhook", result.stdout + result.stderr, str(result))
        self.assertIn(place.group, result.stdout + result.stderr, str(result))

    def test_down_within_a_run(self):
        """The run gives up, and the state is as before, or is with a `recover` once the webhook is back. A recovery that it
        comes back in waits for it. Objects that cannot be read are told of, and are work that `status` shows."""
        work = [(what, verb) for what in ("admission", "conversion") for verb in ("deploy", "rollback", "recover")]
        places = [self.place() for _ in work]
        with concurrent.futures.ThreadPoolExecutor(len(work)) as pool:
            problems = pool.map(self.down_within, places, work)
            self.assertEqual([problem for problem in problems if problem], [])

    def down_within(self, place, work):
        what, verb = work
        if what == "conversion":
            place.conversion()
        place.two_revisions()
        if what == "admission":
            place.admission()
        before = place.state()
        stdin = release.stream(place.manifests(3, release.NEXT_IMAGE))
        if verb == "recover":
            place.harness.interrupt(["deploy", *kills.RELEASE, "-n", place.namespace, "-f", "-"], stdin)
        process = place.until_first_write(verb, stdin if verb == "deploy" else "")
        place.server.mode = "error"
        if verb == "recover":
            place.server.errors = 10
        result = place.go_on(process)
        unread = what == "conversion" and verb != "recover"
        status = place.tool("status") if unread else None
        place.server.mode = "allow"
        if result.code not in ((0,) if verb == "recover" else (6,) if unread else (5, 6, 9)):
            return f"{work}: {result}"
        if unread and ("partly undone" not in result.stdout or "could not be read" not in result.stdout):
            return f"{work}: it does not say that it is partly undone: {result}"
        if unread and "`recover` puts it back" not in status.stdout:
            return f"{work}: status does not tell of the rest: {status}"
        if verb != "recover" and place.group not in result.stdout:
            return f"{work}: it does not name the webhook: {result}"
        if result.code not in (0, 5):
            recovered = place.tool("recover", "--lock-timeout", "90s")
            if recovered.code != 0:
                return f"{work}: {result}\n{recovered}"
        return "\n".join(sandbox.differences(before, place.state()))

    def test_slow(self):
        place = self.place()
        place.admission(seconds=10)
        place.server.mode = "slow"
        place.two_revisions()
        first = api.collection("configmaps", place.namespace) + "/settings"
        self.assertEqual(api.request("GET", first)[1]["data"], {"message": "2"})
        self.expect(place.tool("rollback"), 0)
        self.assertEqual(api.request("GET", first)[1]["data"], {"message": "1"})

    def test_refuses(self):
        place = self.place()
        place.two_revisions()
        place.admission()
        place.server.mode = "deny"
        before = place.versions()
        result = place.deploy(3)
        self.assertNotEqual(result.code, 0, str(result))
        self.assertIn("the policy forbids it", result.stdout + result.stderr)
        self.assertEqual(before, place.versions())

    def test_a_policy_of_the_release_refuses_its_record(self):
        """It is healthy, but nobody could say so: it is taken back, and the policy is what goes first."""
        place = self.place()
        place.two_revisions()
        before = place.state()
        strict = place.strict_and_slow("secrets", seconds=3)
        result = self.expect(place.tool("deploy", "-f", "-", stdin=strict), 5)
        self.assertIn("no records here", result.stdout + result.stderr)
        self.assert_unchanged(before, place.state())
        self.assertEqual(place.policies(), 0)
        self.expect(place.tool("recover"), 0)
        self.expect(place.deploy(4), 0)

    def test_a_policy_of_the_release_refuses_its_lock(self):
        """Noticed by the next renewals, while there is time to put everything back."""
        place = self.place()
        place.two_revisions()
        before = place.state()
        strict = place.strict_and_slow("secrets", "leases", seconds=60)
        result = self.expect(place.tool("deploy", "-f", "-", stdin=strict), 5)
        self.assertIn("lock of the release can no longer be renewed", result.stdout + result.stderr)
        self.assertLess(result.seconds, 45)
        self.assert_unchanged(before, place.state())
        self.assertEqual(place.policies(), 0)
        self.expect(place.deploy(4), 0)

    def test_a_policy_of_a_run_that_died_refuses_its_lock(self):
        place = self.place()
        place.two_revisions()
        before = place.state()
        command = ["deploy", *kills.RELEASE, "-n", place.namespace, "-f", "-"]
        process = place.harness.start(command, place.strict_and_slow("secrets", "leases", seconds=60))
        sandbox.wait_for("the policy to be in force", place.enforced)
        process.kill()
        process.wait()
        self.assertEqual(place.policies(), 2)
        self.expect(place.tool("recover", "--lock-timeout", "90s"), 0)
        self.assert_unchanged(before, place.state())
        self.assertEqual(place.policies(), 0)
        self.expect(place.tool("recover"), 0)
        self.expect(place.deploy(4), 0)

    def test_changes_what_is_written(self):
        place = self.place()
        place.admission("Mutating")
        place.server.mode = "mark"
        self.expect(place.deploy(1), 0)
        settings = api.collection("configmaps", place.namespace) + "/settings"
        self.assertEqual(api.request("GET", settings)[1]["data"], {"message": "1", "stamp": "of the webhook"})
        first, versions = place.state(), place.versions()
        again = self.expect(place.deploy(1), 0)
        self.assertIn("nothing to do", again.stdout + again.stderr)
        self.assertEqual(versions, place.versions())
        self.expect(place.deploy(2, release.BROKEN_IMAGE), 5)
        self.assert_unchanged(first, place.state())
        self.expect(place.deploy(2), 0)
        self.expect(place.tool("rollback"), 0)
        self.assert_unchanged(first, place.state())


if __name__ == "__main__":
    sandbox.main()
