"""A run that is held at an exact request while somebody else works on the same objects, and what has come of it.

    with actors.Play("rollback") as play:
        play.begin()
        play.hold(actors.WRITE_SETTINGS)
        theirs = play.edit("configmaps", "settings", {"data": {"theirs": "x"}})
        result = play.go_on()
        play.expect_before(result, 5, {"ConfigMap/settings": theirs})

The release has two revisions. From the first to the second `settings`, `web` (an account and a Deployment) change, `extra`
appears and `old` goes. deploy brings the second, rollback goes back to the first, and recover clears up after a deploy of
the second that was interrupted when it had written everything.
"""

import contextlib
import json
import secrets
import subprocess

import api
import kills
import release
import sandbox

VERBS = ("deploy", "rollback", "recover")
CREATES = {"deploy": "extra", "rollback": "old"}
DELETES = {"deploy": "old", "rollback": "extra", "recover": "extra"}
WRITES_MESSAGE = {"deploy": "bye", "rollback": "hello", "recover": "hello"}
SOMEBODY = "somebody"  # the field manager of whoever else is at work


def write(resource, name):
    """Held before the write of this object is forwarded. An undo's is meant as well."""
    return {"methods": ["PATCH"], "path": rf"/{resource}/{name}(\?|$)", "not": "dryRun", "action": "stop-before"}


WRITE_SETTINGS, WRITE_WEB = write("configmaps", "settings"), write("deployments", "web")
WEB_WRITTEN = {**WRITE_WEB, "action": "stop-answered"}


def deletion(name):
    return {"methods": ["DELETE"], "path": rf"/configmaps/{name}(\?|$)", "not": "dryRun", "action": "stop-before"}


def first():
    return [*release.small_release(), release.config_map("old", k="1")]


def second(image=release.NEXT_IMAGE):
    manifests = release.small_release(image, "bye")
    manifests[0]["metadata"]["labels"] = {"tier": "web"}
    return [*manifests, release.config_map("extra", k="1")]


def without(state, *keys):
    return {key: item for key, item in state.items() if key not in keys}


def fields_of(item, manager=SOMEBODY):
    """What this manager owns of an object."""
    return [entry.get("fieldsV1") for entry in item["metadata"]["managedFields"] if entry.get("manager") == manager]


class Play:
    """A namespace, a fault proxy, and one run of a verb. Removed at its end."""

    def __init__(self, verb):
        self.verb = verb
        self.unique = f"a{secrets.token_hex(4)}"
        self.namespace = api.create_namespace(f"actors-{self.unique}")
        self.harness = kills.Harness()
        self.process = None
        self.before = None  # the state that going back leads to
        self.image = release.NEXT_IMAGE  # of the second revision
        self.clock = None  # a skew.Clock for the runs that are started from here on
        self.options = ()  # more arguments of those
        self.more = {1: [], 2: []}  # manifests of the revisions beside those that all have

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process:
            self.process.kill()
            self.process.communicate()
        self.harness.close()
        api.delete(f"api/v1/namespaces/{self.namespace}")

    # --- the release ---

    def tool(self, verb, *arguments, stdin=None, config=None):
        """A run of its own, beside the one that is held."""
        command = [verb, *kills.RELEASE, "-n", self.namespace, *arguments]
        return self.harness.tool(*command, stdin=stdin, config=config, timeout=400)

    def manifests(self, revision):
        return release.stream([*(first() if revision == 1 else second(self.image)), *self.more[revision]])

    def deploy(self, revision):
        return self.tool("deploy", "-f", "-", "--prune", stdin=self.manifests(revision))

    def begin(self, interrupted=True):
        """Brings the namespace to where the verb starts."""
        self.harness.must(self.deploy(1))
        if self.verb == "rollback":
            self.harness.must(self.deploy(2))
        self.before = self.state()
        if self.verb == "recover" and interrupted:
            command = ["deploy", *kills.RELEASE, "-n", self.namespace, "-f", "-", "--prune"]
            self.harness.interrupt(command, self.manifests(2))
            if self.message() != "bye" or not self.one("configmaps", "extra"):
                raise AssertionError("it was interrupted before everything was written")

    def state(self):
        """Every object but the tool's own records, rights and quotas."""
        apart = ("Role/", "RoleBinding/", "ResourceQuota/", "ServiceAccount/ci")
        paths = [api.collection(kind, self.namespace) for kind in sandbox.KINDS]
        return api.snapshot(paths, lambda key, item: release.is_record(key, item) or key.startswith(apart))

    def message(self):
        return self.one("configmaps", "settings")["data"]["message"]

    # --- the run ---

    def start(self, *arguments):
        """Starts the verb through the proxy. Its report is JSON."""
        stdin = self.manifests(2) if self.verb == "deploy" else ""
        file = ("-f", "-", "--prune") if stdin else ()
        command = [str(sandbox.binary()), self.verb, *kills.RELEASE, "-n", self.namespace, "-o", "json", *file]
        command += [*self.options, *arguments]
        if self.clock:
            command = self.clock.command(command)
        pipe, environment = subprocess.PIPE, self.harness.environment(self.harness.proxy.kubeconfig)
        self.process = subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        self.process.stdin.write(stdin)
        self.process.stdin.close()
        self.process.stdin = None

    def hold(self, rule):
        """Starts the verb and holds it at that request."""
        self.harness.proxy.rules(rule)
        self.start()
        self.await_stop()

    def await_stop(self):
        while self.process.poll() is None:
            if self.harness.proxy.event("stopped", 0.25):
                return
        if not self.harness.proxy.event("stopped", 0.01):
            raise AssertionError(f"it never came to that request: {self.end()}")

    def go_on(self, *rules):
        """Lets it go, under other rules from here on; how it ended."""
        self.harness.proxy.rules(*rules)
        return self.end()

    def run(self, *rules):
        self.harness.proxy.rules(*rules)
        self.start()
        return self.end()

    def end(self):
        out, err = self.process.communicate(timeout=400)
        return sandbox.Result(tuple(self.process.args), self.process.returncode, out, err, 0)

    # --- somebody else ---

    def path(self, resource, name):
        """Of an object of this namespace, for plain requests."""
        return f"{api.collection(resource, self.namespace)}/{name}"

    def one(self, resource, name):
        """The object as in state(), or None."""
        status, answer = api.request("GET", self.path(resource, name))
        if status not in (200, 404):
            raise AssertionError(answer)
        return sandbox.canonical(answer) if status == 200 else None

    def edit(self, resource, name, change, subresource=""):
        """Merges the change into an object; what it is then."""
        path = f"{self.path(resource, name)}{subresource}?fieldManager={SOMEBODY}"
        status, answer = api.request("PATCH", path, change, "application/merge-patch+json")
        if status != 200:
            raise AssertionError(answer)
        return sandbox.canonical(answer)

    def create(self, resource, item):
        path = f"{api.collection(resource, self.namespace)}?fieldManager={SOMEBODY}"
        status, answer = api.request("POST", path, item)
        if status != 201:
            raise AssertionError(answer)
        return sandbox.canonical(answer)

    def remove(self, resource, name):
        status, answer = api.request("DELETE", self.path(resource, name))
        if status not in (200, 202):
            raise AssertionError(answer)
        sandbox.wait_for(f"{name} to be gone", lambda: self.one(resource, name) is None)

    def replace(self, resource, item):
        """Deletes an object and makes another one of that name."""
        self.remove(resource, item["metadata"]["name"])
        return self.create(resource, item)

    def await_trial(self, resource, item, wanted):
        """Until creating it, which is only tried, is answered so: what the API server is told counts a moment later."""
        path = f"{api.collection(resource, self.namespace)}?dryRun=All"
        sandbox.wait_for(f"{wanted} for {resource}", lambda: api.request("POST", path, item)[0] == wanted)

    def restrict(self, restricted):
        """Whether the namespace admits only pods of the strictest kind, of which the Deployment's are not."""
        label = {"pod-security.kubernetes.io/enforce": "restricted" if restricted else None}
        change, path = {"metadata": {"labels": label}}, f"api/v1/namespaces/{self.namespace}"
        status, answer = api.request("PATCH", path, change, "application/merge-patch+json")
        if status != 200:
            raise AssertionError(answer)
        spec = {"containers": [{"name": "app", "image": release.IMAGE}]}
        self.await_trial("pods", {"metadata": {"name": "trial"}, "spec": spec}, 403 if restricted else 201)

    def quota(self, **hard):
        """No more of these resources than there may be; returns once another one is refused."""
        spec = {"hard": {f"count/{resource}": str(number) for resource, number in hard.items()}}
        self.create("resourcequotas", {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "full"}, "spec": spec})
        for resource in hard:
            self.await_trial(resource, {"metadata": {"name": "trial"}}, 403)

    # --- rights ---

    def as_account(self):
        """From here on the runs through the proxy have the rights that `rbac` prints, and no others."""
        self.create("serviceaccounts", release.service_account("ci"))
        path = self.path("serviceaccounts", "ci") + "/token"
        status, answer = api.request("POST", path, {"spec": {"expirationSeconds": 3600}})
        if status != 201:
            raise AssertionError(answer)
        everything = release.stream([*second(), *first()[-1:]])
        printed = self.harness.must(self.tool("rbac", "-f", "-", "--service-account", "ci", stdin=everything)).stdout
        sandbox.kubectl("apply", "-n", self.namespace, "-f", "-", stdin=printed)
        self.harness.close()
        self.harness = kills.Harness(token=answer["status"]["token"])
        sandbox.wait_for("the role to count", lambda: self.may("patch", "deployments"))

    def may(self, verb, resource):
        group, name = {
            "deployments": ("apps", "web"), "configmaps": ("", "extra"), "leases": ("coordination.k8s.io", "instantexec-demo"),
        }[resource]  # fmt: skip
        attributes = {"namespace": self.namespace, "verb": verb, "group": group, "resource": resource, "name": name}
        user = f"system:serviceaccount:{self.namespace}:ci"
        review = {"spec": {"user": user, "resourceAttributes": attributes}}
        return api.request("POST", "apis/authorization.k8s.io/v1/subjectaccessreviews", review)[1]["status"]["allowed"]

    def forbid(self, **rights):
        """Takes away rights such as configmaps=("patch", "delete"); returns once that counts. `allow` gives all back."""
        path = self.path("roles.rbac.authorization.k8s.io", "instantexec-demo")
        role = api.request("GET", path)[1]
        self.allowed = role["rules"]
        role["rules"] = [
            {**rule, "resources": [resource], "verbs": [verb for verb in rule["verbs"] if verb not in rights.get(resource, ())]}
            for rule in role["rules"] for resource in rule["resources"]
        ]  # fmt: skip
        role["rules"] = [rule for rule in role["rules"] if rule["verbs"]]
        self._put(path, role)
        for resource, verbs in rights.items():
            for verb in verbs:
                sandbox.wait_for(f"{verb} {resource} to be forbidden", lambda v=verb, r=resource: not self.may(v, r))

    def allow(self):
        path = self.path("roles.rbac.authorization.k8s.io", "instantexec-demo")
        role = api.request("GET", path)[1]
        role["rules"] = self.allowed
        self._put(path, role)
        wanted = (("patch", "deployments"), ("get", "deployments"), ("delete", "configmaps"), ("update", "leases"))
        sandbox.wait_for("the role to count", lambda: all(self.may(*right) for right in wanted))

    @staticmethod
    def _put(path, body):
        status, answer = api.request("PUT", path, body)
        if status != 200:
            raise AssertionError(answer)

    # --- what has come of it ---

    def expect_before(self, result, code, theirs=None):
        """It ended so, and everything is as before but for what others made of these objects (None: gone)."""
        self.expect_code(result, code)
        wanted = {key: item for key, item in {**self.before, **(theirs or {})}.items() if item is not None}
        self.expect_state(result, wanted, self.state())

    def expect_after(self, result, code, after, theirs=None):
        """It ended so, and everything is as an undisturbed run leaves it but for these."""
        self.expect_code(result, code)
        theirs = theirs or {}
        state = self.state()
        self.expect_state(result, theirs, {key: state.get(key) for key in theirs})
        self.expect_state(result, without(after, *theirs), without(self.anonymous(state), *theirs))

    def rolled_out(self, image):
        """Whether the server says that all of the Deployment is of this image, and nothing of another."""
        live = api.request("GET", self.path("deployments.apps", "web"))[1]
        status = live.get("status", {})
        numbers = [status.get(name) for name in ("replicas", "updatedReplicas", "availableReplicas")]
        settled = status.get("observedGeneration") == live["metadata"]["generation"] and numbers == [2, 2, 2]
        return settled and live["spec"]["template"]["spec"]["containers"][0]["image"] == image

    def anonymous(self, state):
        return kills.anonymous(state, self.namespace, self.unique)

    @staticmethod
    def expect_code(result, code):
        if result.code not in (code if isinstance(code, tuple) else (code,)):
            raise AssertionError(f"exit code {result.code} and not {code}: {result}")

    @staticmethod
    def expect_state(result, wanted, state):
        lines = sandbox.differences(wanted, state)
        if lines:
            raise AssertionError("not as it should be:\n" + "\n".join(lines) + f"\n{result}")

    @staticmethod
    def expect_text(result, *parts):
        """The report, one part of it or the cause of the failure, says each of these."""
        for part in parts:
            if part not in json.dumps(result.json(), ensure_ascii=False):
                raise AssertionError(f"it does not say “{part}”: {result}")

    @staticmethod
    def expect_differences(result, *parts):
        """The verification names exactly these, one line each."""
        lines = result.json()["deployment"]["verification"]["differences"]
        if len(lines) != len(parts) or not all(any(part in line for line in lines) for part in parts):
            raise AssertionError(f"differences {lines} and not {parts}: {result}")

    @staticmethod
    def expect_action(result, name, action, message):
        """What the report says of a ConfigMap: exactly this action, and a message with this in it."""
        for item in result.json()["deployment"]["objects"]:
            if item["object"]["kind"] == "ConfigMap" and item["object"]["name"] == name:
                if item["action"] == action and message in item.get("message", ""):
                    return
                raise AssertionError(f"{item} and not {action}, {message}: {result}")
        raise AssertionError(f"it does not tell of {name}: {result}")


class Hidden(Play):
    """A Play with a widget, of a kind that can be made to be served by somebody who does not answer."""

    SERVICES = "apis/apiregistration.k8s.io/v1/apiservices"

    def __init__(self, verb):
        super().__init__(verb)
        self.group = f"{self.unique}.example.org"
        self.widgets = f"apis/{self.group}/v1/namespaces/{self.namespace}/widgets"
        definition, self.widget = kills.custom(self.unique)
        status, answer = api.request("POST", kills.DEFINITIONS, definition)
        if status != 201:
            raise AssertionError(answer)
        sandbox.wait_for("the kind to be served", lambda: api.request("GET", self.widgets)[0] == 200)

    def __exit__(self, *problem):
        super().__exit__(*problem)
        api.delete(f"{kills.DEFINITIONS}/widgets.{self.group}")

    def sized(self, size):
        return {**self.widget, "spec": {"size": size}}

    def own_state(self):
        """Without the widget."""
        return super().state()

    def state(self):
        return {**self.own_state(), **api.snapshot([self.widgets])}

    def size(self):
        """Of the widget; None when there is none."""
        status, answer = api.request("GET", f"{self.widgets}/one")
        if status not in (200, 404):
            raise AssertionError(answer)
        return answer["spec"]["size"] if status == 200 else None

    @contextlib.contextmanager
    def away(self):
        """Its API is that of an aggregated API server that cannot be reached."""
        path = f"{self.SERVICES}/v1.{self.group}"
        service = api.request("GET", path)[1]
        service["metadata"]["labels"] = {}  # else the API server would set it right
        service["spec"] |= {"service": {"namespace": "default", "name": "nobody", "port": 443}, "insecureSkipTLSVerify": True}
        self._put(path, service)
        sandbox.wait_for("its API to be away", lambda: api.request("GET", self.widgets)[0] == 503)
        try:
            yield
        finally:
            api.delete(path)
            sandbox.wait_for("its API to be back", lambda: api.request("GET", self.widgets)[0] == 200)
