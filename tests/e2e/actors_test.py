#!/usr/bin/env python3
# ctest: timeout=900
"""Somebody else works on the same objects in the middle of a run, takes rights away, fills a quota, or has a wrong clock.

A run is held at an exact request, another actor does something as the administrator, and the run goes on. What others made of
their objects stays to the letter. All else ends as the run found it or as the release wants it, and the report says which.
INSTANTEXEC_ROWS is a pattern of the names of the rows to run.
"""

import concurrent.futures
import datetime
import json
import os
import pathlib
import re
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support" / "py"))
import actors  # noqa: E402
import api  # noqa: E402
import faults  # noqa: E402
import release  # noqa: E402
import sandbox  # noqa: E402
import skew  # noqa: E402

from actors import DELETES, VERBS, WEB_WRITTEN, WRITE_SETTINGS, WRITE_WEB, deletion  # noqa: E402

AT_ONCE = 24
FORWARD = ("deploy", "rollback")  # what creates and prunes; the others only go back
LEASE = 30  # seconds for which a dead run's lock is watched
BACK = (0, 5)  # of a recovery that has gone back
CHOSEN = os.environ.get("INSTANTEXEC_ROWS", "")
ROWS = []
AFTER = {}  # what undisturbed runs lead to


def row(name, *verbs, play_of=actors.Play, slow=False):
    """Something that happens in a run of each of these verbs; all of them by default. The slow ones begin first."""

    def register(function):
        rows = [(name, verb, play_of, function) for verb in verbs or VERBS]
        ROWS[:] = rows + ROWS if slow else ROWS + rows
        return function

    return register


def theirs_of(name):
    return release.config_map(name, k="theirs")


# --- edits (rows 22 and 23 of the failure model) --------------------------------------------------------------------------


@row("edited before it is written")
def edited_before_it_is_written(play):
    """Whoever goes forward stops there and goes back; whoever goes back anyway puts back its own fields only."""
    play.begin()
    play.hold(WRITE_SETTINGS)
    theirs = play.edit("configmaps", "settings", {"data": {"theirs": "x"}})
    result = play.go_on()
    if play.verb != "recover":
        play.expect_before(result, 5, {"ConfigMap/settings": theirs})
        play.expect_text(result, "someone else changed it since it was planned")
        return
    settings = play.one("configmaps", "settings")
    play.expect_before(result, BACK, {"ConfigMap/settings": settings})
    expect_merged(play, settings, theirs, {"message": "hello", "theirs": "x"})
    play.expect_differences(result, "settings: /data/theirs was changed by someone else meanwhile, and stays so")


def expect_merged(play, now, theirs, data):
    """A mix of what was there before and what others set, which is theirs as it was."""
    uid = play.before["ConfigMap/settings"]["metadata"]["uid"]
    wanted = {"data": data, "uid": uid, "fields": actors.fields_of(theirs)}
    play.expect_state("", wanted, {"data": now["data"], "uid": now["metadata"]["uid"], "fields": actors.fields_of(now)})


@row("edited before it is deleted", *FORWARD)
def edited_before_it_is_deleted(play):
    play.begin()
    name = DELETES[play.verb]
    play.hold(deletion(name))
    theirs = play.edit("configmaps", name, {"data": {"theirs": "x"}})
    result = play.go_on()
    play.expect_after(result, 0, AFTER[play.verb], {f"ConfigMap/{name}": theirs})
    play.expect_action(result, name, "skipped", "someone else changed it since it was planned")


@row("only its status changes before it is written")
def only_its_status_changes(play):
    """Nobody's wishes have changed: it is written all the same."""
    play.begin()
    play.hold(WRITE_WEB)
    condition = {"type": "Example", "status": "True", "reason": "Test", "message": "of somebody else"}
    play.edit("deployments.apps", "web", {"status": {"conditions": [condition]}}, "/status")
    sent = len(play.harness.proxy.requests())
    result = play.go_on()
    if play.verb == "recover":
        play.expect_before(result, BACK)
    else:
        play.expect_after(result, 0, AFTER[play.verb])
    later = play.harness.proxy.requests()[sent:]
    writes = [one for one in later if one["method"] == "PATCH" and "/deployments/web" in one["uri"]]
    if len(writes) < (2 if play.verb == "recover" else 1):  # an undo gives ownership back by a write of its own
        raise AssertionError(f"the first write was not turned away: {result}")


KEPT_MESSAGE = "settings: /data/message keeps what someone else set meanwhile"


@row("edited after it was written")
def edited_after_it_was_written(play):
    """A value of ours that others changed, one that they added, and an object of which they are the cause of the failure."""
    play.begin()
    if play.verb != "recover":
        play.hold(WRITE_WEB)
    if play.message() != actors.WRITES_MESSAGE["deploy" if play.verb == "recover" else play.verb]:
        raise AssertionError("settings are not written yet")
    theirs = play.edit("configmaps", "settings", {"data": {"message": "theirs", "more": "x"}})
    if play.verb == "recover":
        result, others = play.run(), {}
    else:
        others = {"Deployment/web": play.edit("deployments.apps", "web", {"metadata": {"labels": {"theirs": "yes"}}})}
        result = play.go_on()
    settings = play.one("configmaps", "settings")
    play.expect_before(result, BACK if play.verb == "recover" else 5, {"ConfigMap/settings": settings, **others})
    expect_merged(play, settings, theirs, {"message": "theirs", "more": "x"})
    play.expect_differences(result, KEPT_MESSAGE, "settings: /data/more was changed by someone else meanwhile")


@row("edited while its rollout fails", "deploy")
def edited_while_its_rollout_fails(play):
    play.image = release.BROKEN_IMAGE
    play.begin()
    play.hold(WEB_WRITTEN)
    theirs = play.edit("configmaps", "settings", {"data": {"message": "theirs"}})
    play.edit("deployments.apps", "web", {"spec": {"replicas": 3}})
    result = play.go_on()
    settings, web = play.one("configmaps", "settings"), play.one("deployments.apps", "web")
    play.expect_before(result, 5, {"ConfigMap/settings": settings, "Deployment/web": web})
    expect_merged(play, settings, theirs, {"message": "theirs"})
    wanted = play.before["Deployment/web"]["spec"] | {"replicas": 3}
    play.expect_state(result, wanted, web["spec"])
    play.expect_differences(result, KEPT_MESSAGE, "web: /spec/replicas was changed by someone else meanwhile")


def dies_at(play, rule):
    """A deploy is killed at that request. What comes next is a recovery, which has to wait for the lock."""
    play.begin(interrupted=False)
    play.verb = "deploy"
    play.hold(rule)
    play.process.kill()
    play.process.communicate()
    play.harness.proxy.abort()
    play.verb, play.options = "recover", ("--lock-timeout", "90s")


@row("edited after the run died that would have written it", "recover", slow=True)
def edited_after_the_run_died(play):
    dies_at(play, WRITE_SETTINGS)
    theirs = play.edit("configmaps", "settings", {"data": {"theirs": "x"}})
    result = play.run()
    play.expect_before(result, BACK, {"ConfigMap/settings": theirs})
    play.expect_differences(result, "ConfigMap " + play.namespace + "/settings: ")


# --- others of the same name (rows 24 and 25) -----------------------------------------------------------------------------


@row("made anew before it is written")
def made_anew_before_it_is_written(play):
    """What was there cannot come back, and what is there now is not ours."""
    play.begin()
    play.hold(WRITE_SETTINGS)
    theirs = play.replace("configmaps", release.config_map("settings", message="theirs"))
    result = play.go_on()
    play.expect_before(result, 6, {"ConfigMap/settings": theirs})
    play.expect_differences(result, "settings: someone deleted it and created it anew")


@row("deleted before it is written")
def deleted_before_it_is_written(play):
    play.begin()
    play.hold(WRITE_SETTINGS)
    play.remove("configmaps", "settings")
    result = play.go_on()
    play.expect_before(result, 6, {"ConfigMap/settings": None})
    play.expect_differences(result, "settings: someone deleted it meanwhile")


@row("made anew before it is deleted")
def made_anew_before_it_is_deleted(play):
    play.begin()
    name = DELETES[play.verb]
    play.hold(deletion(name))
    theirs = play.replace("configmaps", theirs_of(name))
    result = play.go_on()
    if play.verb == "recover":
        play.expect_before(result, BACK, {f"ConfigMap/{name}": theirs})
        play.expect_differences(result, f"{name}: kept: it does not carry the mark of this operation")
    else:
        play.expect_after(result, 0, AFTER[play.verb], {f"ConfigMap/{name}": theirs})
        play.expect_action(result, name, "skipped", "someone deleted it and created it anew")


@row("deleted by somebody else first")
def deleted_by_somebody_else_first(play):
    """That was what the run wanted."""
    play.begin()
    name = DELETES[play.verb]
    play.hold(deletion(name))
    play.remove("configmaps", name)
    result = play.go_on()
    if play.verb == "recover":
        play.expect_before(result, BACK)
    else:
        play.expect_after(result, 0, AFTER[play.verb])


@row("made anew before the undo deletes it", "deploy")
def made_anew_before_the_undo_deletes_it(play):
    play.image = release.BROKEN_IMAGE
    play.begin()
    play.hold(deletion("extra"))
    theirs = play.replace("configmaps", theirs_of("extra"))
    result = play.go_on()
    play.expect_before(result, 5, {"ConfigMap/extra": theirs})
    play.expect_differences(result, "extra: kept: it does not carry the mark of this operation")


@row("a workload made anew while it is waited for", *FORWARD)
def a_workload_made_anew(play):
    """Healthy as it is, it is not what the run has written."""
    play.begin()
    play.hold(WEB_WRITTEN)
    theirs = play.replace("deployments.apps", release.deployment("web", release.IMAGE, 1))
    result = play.go_on()
    play.expect_before(result, 6, {"Deployment/web": theirs})
    play.expect_text(result, "web: someone deleted it and created it anew")


@row("created by somebody else first", *FORWARD)
def created_by_somebody_else_first(play):
    """Looking just like it does not make it ours."""
    play.begin()
    name = actors.CREATES[play.verb]
    play.hold(actors.write("configmaps", name))
    theirs = play.create("configmaps", release.config_map(name, k="1"))
    result = play.go_on()
    play.expect_before(result, 5, {f"ConfigMap/{name}": theirs})
    play.expect_text(result, "someone else created it meanwhile")


@row("created after the run died that would have created it", "recover", slow=True)
def created_after_the_run_died(play):
    dies_at(play, actors.write("configmaps", "extra"))
    theirs = play.create("configmaps", release.config_map("extra", k="1"))
    play.expect_before(play.run(), BACK, {"ConfigMap/extra": theirs})


# --- finalizers (row 27) --------------------------------------------------------------------------------------------------


FINALIZER = {"metadata": {"finalizers": ["example.org/never"]}}
NO_FINALIZER = {"metadata": {"finalizers": []}}


@row("held by a finalizer when it is to go", *FORWARD)
def held_by_a_finalizer(play):
    play.begin()
    name = DELETES[play.verb]
    held = play.edit("configmaps", name, FINALIZER)
    result = play.run()
    left = play.one("configmaps", name)
    if not left or not left["metadata"].pop("deletionTimestamp", None):
        raise AssertionError(f"{left}: {result}")
    left["metadata"].pop("deletionGracePeriodSeconds")
    play.expect_state(result, held, left)
    play.expect_action(result, name, "pruned", "deletion waits for example.org/never")
    play.edit("configmaps", name, NO_FINALIZER)
    play.expect_after(result, 0, AFTER[play.verb])


def finalize(play, name):
    """What a controller does: takes its finalizer off once the object is going, and the client has seen that."""

    def going():
        live = play.one("configmaps", name)
        return live and "deletionTimestamp" in live["metadata"]

    sandbox.wait_for(f"{name} to be deleted", going, 120)
    seen = len(play.harness.proxy.requests())
    looks = rf"/configmaps(/{name})?(\?|$)"
    sandbox.wait_for("it to look at it", lambda: [
        one for one in play.harness.proxy.requests()[seen:] if one["method"] == "GET" and re.search(looks, one["uri"])
    ])  # fmt: skip
    play.edit("configmaps", name, NO_FINALIZER)


@row("held by a finalizer for a while", "deploy", "recover")
def held_by_a_finalizer_for_a_while(play):
    """An undo waits for what it has deleted."""
    play.image = release.BROKEN_IMAGE if play.verb == "deploy" else play.image
    play.begin()
    if play.verb == "deploy":
        play.hold(WEB_WRITTEN)
        play.edit("configmaps", "extra", FINALIZER)
        play.harness.proxy.rules()
    else:
        play.edit("configmaps", "extra", FINALIZER)
        play.harness.proxy.rules()
        play.start()
    finalize(play, "extra")
    play.expect_before(play.end(), 5 if play.verb == "deploy" else BACK)


# --- rights (row 19) ------------------------------------------------------------------------------------------------------


def recover_later(play):
    """With the rights back, a recovery finishes the work."""
    play.allow()
    play.expect_before(play.tool("recover", "--lock-timeout", "90s", config=play.harness.proxy.kubeconfig), BACK)


@row("not allowed to write any more")
def not_allowed_to_write(play):
    play.begin()
    play.as_account()
    play.hold(WRITE_WEB)
    play.forbid(deployments=("patch",))
    result = play.go_on()
    if play.verb != "recover":
        play.expect_before(result, 5)
        play.expect_text(result, "forbidden")
        return
    play.expect_before(result, 6, {"Deployment/web": play.one("deployments.apps", "web")})
    play.expect_differences(result, "Deployment")
    recover_later(play)


@row("not allowed to undo any more")
def not_allowed_to_undo(play):
    """What cannot be put back is named, all of it, and nothing else."""
    play.begin()
    play.as_account()
    play.hold(WRITE_SETTINGS if play.verb == "recover" else WRITE_WEB)
    created = actors.CREATES.get(play.verb, "extra")
    left = {f"ConfigMap/{name}": play.one("configmaps", name) for name in ("settings", created)}
    if not all(left.values()):
        raise AssertionError("not everything is written yet")
    play.forbid(configmaps=("patch", "delete"), deployments=() if play.verb == "recover" else ("patch",))
    result = play.go_on()
    play.expect_before(result, 6, left)
    play.expect_differences(result, "settings", created)
    play.expect_text(result, "recover")
    recover_later(play)


@row("not allowed to delete any more")
def not_allowed_to_delete(play):
    play.begin()
    play.as_account()
    name = DELETES[play.verb]
    play.hold(deletion(name))
    left = {f"ConfigMap/{name}": play.one("configmaps", name)}
    play.forbid(configmaps=("delete",))
    result = play.go_on()
    if play.verb == "recover":
        play.expect_before(result, 6, left)
        play.expect_differences(result, name)
        recover_later(play)
        return
    play.expect_after(result, 0, AFTER[play.verb], left)
    play.expect_action(result, name, "skipped", "forbidden")
    play.allow()
    play.options = ("1",) if play.verb == "rollback" else ()
    play.expect_after(play.run(), 0, AFTER[play.verb])


@row("not allowed to read any more", slow=True)
def not_allowed_to_read(play):
    """What cannot be seen is named, everything else is put back."""
    play.begin()
    play.as_account()
    play.options = ("--timeout", "15s")
    watch = {"methods": ["WATCH"], "path": r"/deployments\?", "action": "stop-before"}
    play.hold(WRITE_WEB if play.verb == "recover" else watch)
    expect_unread(play)


@row("not allowed to read any more, but told by a watch", *FORWARD, slow=True)
def not_allowed_to_read_but_told(play):
    """Who was let in to a watch stays. What it tells is not enough to call a release healthy."""
    play.begin()
    play.as_account()
    play.options = ("--timeout", "15s")
    play.hold(WEB_WRITTEN)
    # The read that is to confirm what a watch has told.
    play.harness.proxy.rules({"methods": ["GET"], "path": r"/deployments/web(\?|$)", "action": "stop-before"})
    play.await_stop()
    expect_unread(play)


def expect_unread(play):
    play.forbid(deployments=("get", "list", "watch"))
    result = play.go_on()
    play.expect_code(result, 6)
    play.expect_state(result, actors.without(play.before, "Deployment/web"), actors.without(play.state(), "Deployment/web"))
    # A recovery was allowed to write it, and may add that it does not see it becoming healthy.
    lines = result.json()["deployment"]["verification"]["differences"]
    if "web: could not be read" not in lines[0] or len(lines) > (2 if play.verb == "recover" else 1):
        raise AssertionError(f"{lines}: {result}")
    recover_later(play)


@row("not allowed anything any more", slow=True)
def not_allowed_anything(play):
    """Neither records nor the lock: it ends, does not say that all is well, and somebody with rights recovers."""
    play.begin()
    play.as_account()
    play.hold(WRITE_WEB)
    binding = play.path("rolebindings.rbac.authorization.k8s.io", "instantexec-demo")
    api.delete(binding)
    sandbox.wait_for("nothing to be allowed", lambda: not play.may("update", "leases"))
    result = play.go_on()
    play.expect_code(result, (6, 7, 9))
    if "recover" not in result.stdout + result.stderr:
        raise AssertionError(f"it does not say what comes next: {result}")
    play.expect_before(play.tool("recover", "--lock-timeout", "90s"), BACK)


# --- quota and other late refusals (row 31) -------------------------------------------------------------------------------


@row("a quota that fills up late")
def a_quota_that_fills_up_late(play):
    play.begin()
    play.hold(WRITE_SETTINGS if play.verb == "recover" else actors.write("configmaps", actors.CREATES[play.verb]))
    play.quota(configmaps=1)
    result = play.go_on()
    if play.verb == "recover":  # it creates nothing
        play.expect_before(result, BACK)
        return
    play.expect_before(result, 5)
    play.expect_text(result, "exceeded quota: full")


@row("a quota that leaves no room for records")
def a_quota_without_room_for_records(play):
    """Going back needs no new ones."""
    play.begin()
    if play.verb == "recover":
        play.quota(secrets=1)
        play.expect_before(play.run(), BACK)
        return
    secrets = api.collection("secrets", play.namespace)
    names = {item["metadata"]["name"] for item in api.items(secrets)}
    play.hold({"methods": ["POST"], "path": r"/secrets(\?|$)", "action": "stop-before"})
    play.quota(secrets=1)
    result = play.go_on()
    play.expect_before(result, 7)
    play.expect_text(result, "record.refused", "resourcequota")
    play.expect_state(result, {"secrets": names}, {"secrets": {item["metadata"]["name"] for item in api.items(secrets)}})
    play.remove("resourcequotas", "full")
    play.expect_after(play.run(), 0, AFTER[play.verb])


@row("pods are not admitted any more")
def pods_are_not_admitted(play):
    play.begin()
    if play.verb != "recover":
        play.hold(WRITE_WEB)
        play.restrict(True)
        result = play.go_on()
        play.expect_before(result, 5)
        play.expect_text(result, "violates PodSecurity")
        return
    # All pods are those of the release by now: going back needs new ones.
    sandbox.wait_for("the interrupted release to be rolled out", lambda: play.rolled_out(release.NEXT_IMAGE))
    play.restrict(True)
    play.options = ("--timeout", "30s")
    play.expect_before(play.run(), 6)
    play.restrict(False)
    # Their controller tries again by itself, but later each time.
    for item in api.items(api.collection("replicasets.apps", play.namespace)):
        play.edit("replicasets.apps", item["metadata"]["name"], {"metadata": {"annotations": {"woken": "yes"}}})
    sandbox.wait_for("the former pods to run", lambda: play.rolled_out(release.IMAGE))
    play.expect_before(play.run(), BACK)


# --- wrong clocks (row 35) ------------------------------------------------------------------------------------------------


BEHIND, AHEAD = -3000, 3600  # seconds; the proxy's certificate is an hour old


def ahead(moment):
    """By how many seconds a time that was written just now is ahead."""
    return datetime.datetime.fromisoformat(moment.replace("Z", "+00:00")).timestamp() - time.time()


@row("a clock that is wrong, and is set", slow=True)
def a_clock_that_is_wrong(play):
    """Behind at first, ahead from the first write on. The lock of a run that was killed is taken over after its time."""
    killed = play.verb == "recover"
    play.clock = skew.Clock(play.harness.folder)
    play.clock.set(AHEAD)
    if killed:
        dies_at(play, WEB_WRITTEN)
    else:
        play.begin()
    play.clock.set(BEHIND)
    begun = time.monotonic()
    play.hold(WRITE_SETTINGS)
    waited = time.monotonic() - begun
    play.clock.set(AHEAD)
    result = play.go_on()
    if killed:
        play.expect_before(result, BACK)
        if waited < LEASE - 1:
            raise AssertionError(f"it took the lock after {waited:.1f} s")
    else:
        play.expect_after(result, 0, AFTER[play.verb])
    if abs(ahead(result.json()["started_at"]) - BEHIND) > 900:
        raise AssertionError(f"its clock was not wrong: {result}")


STUCK = {"instantexec.dev/fault": "never-ready"}


def all_written(play):
    wanted = (("deployments.apps", "stuck"), ("configmaps", "extra"))
    image = play.one("deployments.apps", "web")["spec"]["template"]["spec"]["containers"][0]["image"]
    return image == release.NEXT_IMAGE and play.message() == "bye" and all(play.one(*place) for place in wanted)


@row("the clock of who holds the lock is wrong", slow=True)
def the_clock_of_the_holder_is_wrong(play):
    """Who lives keeps the lock, however old the time in it seems to be."""
    play.begin()
    play.harness.proxy.rules()
    verb, play.verb = play.verb, "deploy"
    play.clock = skew.Clock(play.harness.folder)
    play.clock.set(AHEAD if verb == "rollback" else BEHIND)
    play.more[2] = [release.deployment("stuck", **STUCK)]
    play.start()
    lease = play.path("leases.coordination.k8s.io", "instantexec-demo")
    sandbox.wait_for("it to wait for its rollout", lambda: all_written(play))
    state = play.state()
    file = ("-f", "-", "--prune") if verb == "deploy" else ()
    stdin = play.manifests(1) if file else ""
    result = play.tool(verb, *file, "--lock-timeout", f"{LEASE + 6}s", "-o", "json", stdin=stdin)
    play.expect_code(result, 8)
    play.expect_state(result, state, play.state())
    if abs(ahead(api.request("GET", lease)[1]["spec"]["renewTime"])) < 1800:
        raise AssertionError("the clock of the holder was not wrong")


# --- old states (row 36) --------------------------------------------------------------------------------------------------


def old_news(play):
    """Rules by which all watches tell of the state there is now, whatever comes."""
    rules = []
    for resource, path in (("deployments", "deployments.apps"), ("replicasets", "replicasets.apps"), ("pods", "pods")):
        events = [json.dumps({"type": "ADDED", "object": item}) for item in api.items(api.collection(path, play.namespace))]
        rules.append({
            "methods": ["WATCH"], "path": rf"/{resource}\?", "action": "answer", "count": -1, "status": 200,
            "headers": {"Content-Type": "application/json"}, "body": "".join(f"{event}\n" for event in events),
        })  # fmt: skip
    return rules


@row("watches tell an old state")
def watches_tell_an_old_state(play):
    """All was healthy then. Whether it is now is read anew, and so is what a decision rests on."""
    play.options = ("--timeout", "20s")
    play.begin(interrupted=False)
    news = old_news(play)
    if play.verb == "recover":
        play.begin()
    result = play.run(*news)
    healthy = play.rolled_out(release.NEXT_IMAGE if play.verb == "deploy" else release.IMAGE)
    if play.verb == "recover":
        play.expect_before(result, BACK)
    else:
        play.expect_after(result, 0, AFTER[play.verb])
    if not healthy:
        raise AssertionError(f"it ended before it was rolled out: {result}")
    expect_told_and_fresh(play, result)


@row("watches tell an old state while a rollout fails", "deploy", slow=True)
def watches_tell_an_old_state_of_a_failure(play):
    play.image, play.options = release.BROKEN_IMAGE, ("--timeout", "20s")
    play.begin()
    result = play.run(*old_news(play))
    play.expect_before(result, 5)
    expect_told_and_fresh(play, result)


@row("watches tell of a moment in which it was ready", *FORWARD, slow=True)
def watches_tell_of_a_moment(play):
    """Of the very release, so that nothing in what they tell shows that it is over."""
    guest = release.deployment("guest")
    guest["spec"]["template"]["spec"]["serviceAccountName"] = "guest"
    play.more[2 if play.verb == "deploy" else 1] = [guest]
    play.options = ("--timeout", "25s")
    play.create("serviceaccounts", release.service_account("guest"))
    play.begin()
    play.harness.proxy.rules({**actors.write("deployments", "guest"), "action": "stop-answered"}, *old_news(play))
    play.start()
    play.await_stop()

    def ready():
        return api.request("GET", play.path("deployments.apps", "guest"))[1].get("status", {}).get("readyReplicas")

    wanted = release.NEXT_IMAGE if play.verb == "deploy" else release.IMAGE
    sandbox.wait_for("all to be ready", lambda: ready() and play.rolled_out(wanted))
    news = old_news(play)
    # Without its account there is no other pod for the one that goes.
    play.remove("serviceaccounts", "guest")
    for item in api.items(api.collection("pods", play.namespace)):
        if item["metadata"]["labels"]["app"] == "guest":
            api.delete(play.path("pods", item["metadata"]["name"]))
    sandbox.wait_for("it to be ready no more", lambda: not ready())
    result = play.go_on(*news)
    play.expect_before(result, 5, {"ServiceAccount/guest": None})
    expect_told_and_fresh(play, result)


def expect_told_and_fresh(play, result):
    requests = play.harness.proxy.requests()
    if not any(one.get("action") == "answer" for one in requests):
        raise AssertionError(f"no watch was told anything: {result}")
    stale = [one["uri"] for one in requests if one["method"] == "GET" and "resourceVersion=" in one["uri"]]
    if stale:
        raise AssertionError(f"reads that may be answered with an old state: {stale}")


# --- an aggregated API server that is down (row 29) -----------------------------------------------------------------------


def expect_size(play, size, result):
    if play.size() != size:
        raise AssertionError(f"the widget is of size {play.size()} and not {size}: {result}")


@row("a kind that cannot be seen is not pruned", *FORWARD, play_of=actors.Hidden)
def a_kind_that_cannot_be_seen_is_not_pruned(play):
    """Nor forgotten: the next deploy that sees it does that."""
    former, new = (1, 2) if play.verb == "deploy" else (2, 1)
    play.more[former] = [play.sized(1)]
    play.begin()
    with play.away():
        result = play.run()
    play.expect_code(result, 0)
    expect_size(play, 1, result)
    play.expect_text(result, play.group)
    again = play.deploy(new)
    play.expect_code(again, 0)
    expect_size(play, None, again)


@row("a kind that cannot be seen is not written", *FORWARD, play_of=actors.Hidden)
def a_kind_that_cannot_be_seen_is_not_written(play):
    """Found while planning: nothing is written."""
    play.more = {1: [play.sized(1)], 2: [play.sized(2)]}
    play.begin()
    with play.away():
        result = play.run()
    play.expect_before(result, (1, 3, 7))
    play.expect_text(result, play.group)
    again = play.run()
    play.expect_code(again, 0)
    expect_size(play, 2 if play.verb == "deploy" else 1, again)


@row("a kind that cannot be seen for a while", *FORWARD, play_of=actors.Hidden, slow=True)
def a_kind_that_cannot_be_seen_for_a_while(play):
    """It goes away within the run and is back when everything else has been put back."""
    play.more = {1: [play.sized(1)], 2: [play.sized(2)]}
    play.begin()
    former = play.message()
    play.hold(actors.write("widgets", "one"))
    with play.away():
        play.harness.proxy.rules()
        sandbox.wait_for("the new message to be written", lambda: play.message() != former)
        sandbox.wait_for("the former one to be put back", lambda: play.message() == former, 240)
    play.expect_before(play.end(), 5)


@row("a kind that cannot be seen any more", "recover", play_of=actors.Hidden, slow=True)
def a_kind_that_cannot_be_seen_any_more(play):
    """It is named, the others are put back, and a recovery finishes when it is back."""
    play.more = {1: [play.sized(1)], 2: [play.sized(2)]}
    play.begin()
    play.hold(actors.write("widgets", "one"))
    with play.away():
        result = play.go_on()
        others = play.own_state()
    play.expect_code(result, 6)
    play.expect_differences(result, "one: could not be read")
    play.expect_text(result, play.group)
    play.expect_state(result, actors.without(play.before, "Widget/one"), others)
    play.expect_before(play.tool("recover", "--lock-timeout", "90s"), BACK)


# --- the table ------------------------------------------------------------------------------------------------------------

class ActorsTest(sandbox.ClusterTestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        faults.program()  # built once, before many want it
        with concurrent.futures.ThreadPoolExecutor(len(FORWARD)) as pool:
            AFTER.update(zip(FORWARD, pool.map(cls.undisturbed, FORWARD)))

    @staticmethod
    def undisturbed(verb):
        with actors.Play(verb) as play:
            play.begin()
            play.expect_code(play.run(), 0)
            return play.anonymous(play.state())

    @staticmethod
    def one(name, verb, play_of, function):
        """What is wrong with how this row ended, or nothing."""
        begun = time.monotonic()
        try:
            with play_of(verb) as play:
                function(play)
        except Exception as problem:  # one row must not hide the others
            return f"{name}: {verb}: {type(problem).__name__}: {problem}"
        finally:
            if CHOSEN:
                print(f"{name}: {verb}, {time.monotonic() - begun:.1f} s", file=sys.stderr)
        return ""

    def test_table(self):
        rows = [row for row in ROWS if re.search(CHOSEN, row[0])]
        if not skew.is_possible(self.folder()):
            rows = [row for row in rows if "clock" not in row[0]]
            print("clocks: left out, this machine cannot make them wrong", file=sys.stderr)
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            problems = [problem for problem in pool.map(lambda row: self.one(*row), rows) if problem]
        print(f"{len(rows)} rows", file=sys.stderr)
        self.assertEqual(problems, [], "\n\n".join(problems))


if __name__ == "__main__":
    sandbox.main()
