#include <fmt/format.h>
#include <gtest/gtest.h>

#include "unit/status/table.h"

// The fail-fast classes of containers: images, creation, crashes. Each just before and just after its
// window. A StatefulSet is the stage for most: one doomed pod dooms it.
namespace instantexec::status::test {
namespace {

const std::string kSet = stateful_set(
    "'replicas':1", "'replicas':1,'updatedReplicas':1,'currentRevision':'h1','updateRevision':'h2'");

std::string waiting(std::string_view reason, std::string_view message) {
  return pod("p", "w",
             pending(fmt::format("'state':{{'waiting':{{'reason':'{}','message':'{}'}}}}", reason, message)));
}

// A container in back-off after `restarts`, last ended with this code and reason.
std::string crashed(int restarts, int code, std::string_view reason = "Error",
                    std::string_view spec = "'containers':[{'name':'app','image':'reg/app:1'}]") {
  return pod(
      "p", "w",
      pending(fmt::format("'restartCount':{},'state':{{'waiting':{{'reason':'CrashLoopBackOff'}}}},"
                          "'lastState':{{'terminated':{{'exitCode':{},'reason':'{}','containerID':'c{}'}}}}",
                          restarts, code, reason, restarts)),
      spec);
}

TEST(FailFast, Images) {
  const std::string pulling = "Failed to pull image reg/app:1: ";
  const auto denied_name =
      pod("p", "w",
          pending("'state':{'waiting':{'reason':'ErrImagePull','message':'reg/denied/not found/"
                  "app: connection refused'}}"),
          "'containers':[{'name':'app','image':'reg/denied/not found/app'}]");
  check({
      {"InvalidImageName", kSet, {waiting("InvalidImageName", "bad")}, 2, kFailed, "InvalidImageName"},
      {"ErrImageNeverPull", kSet, {waiting("ErrImageNeverPull", "absent")}, 2, kFailed, "ImageNeverPull"},
      {"SignatureValidationFailed",
       kSet,
       {waiting("SignatureValidationFailed", "no")},
       2,
       kFailed,
       "ImageSignature"},
      {"manifest not found",
       kSet,
       {waiting("ErrImagePull", "reg/app:1: not found")},
       2,
       kFailed,
       "ImageNotFound"},
      {"manifest unknown",
       kSet,
       {waiting("ErrImagePull", "manifest unknown: gone")},
       2,
       kFailed,
       "ImageNotFound"},
      {"denied",
       kSet,
       {waiting("ErrImagePull", "pull access denied, repository does not exist")},
       2,
       kFailed,
       "ImagePullDenied"},
      {"unauthorized", kSet, {waiting("ErrImagePull", "401 Unauthorized")}, 2, kFailed, "ImagePullDenied"},
      {"wrong platform",
       kSet,
       {waiting("ErrImagePull", "no match for platform in manifest")},
       2,
       kFailed,
       "ImagePlatform"},
      {"the answer survives as an event (krane#124)",
       kSet,
       {waiting("ImagePullBackOff", "Back-off pulling image"),
        event("p", "Failed", pulling + "manifest unknown", 3, 3, 1, "app")},
       4,
       kFailed,
       "ImageNotFound"},
      {"an event about another container says nothing",
       kSet,
       {waiting("ImagePullBackOff", "Back-off pulling image"),
        event("p", "Failed", pulling + "manifest unknown", 3, 3, 1, "other")},
       4,
       kInProgress,
       "WaitingForReady",
       301},
      {"words in the image's own name", kSet, {denied_name}, 4, kInProgress, "WaitingForReady", 301},
      {"rate limit, just before the window ends",
       kSet,
       {waiting("ErrImagePull", "429 Too Many Requests - unauthorized"),
        event("p", "Failed", pulling + "toomanyrequests", 10, 100, 4, "app")},
       159,
       kInProgress,
       "WaitingForReady",
       160},
      {"rate limit, just after",
       kSet,
       {waiting("ErrImagePull", "429 Too Many Requests - unauthorized"),
        event("p", "Failed", pulling + "toomanyrequests", 10, 100, 4, "app")},
       160,
       kFailed,
       "ImagePull"},
      {"bare back-off is not failure",
       kSet,
       {waiting("ImagePullBackOff", "Back-off pulling image"),
        event("p", "BackOff", "Back-off pulling image reg/app:1", 20, 60, 9, "app")},
       60,
       kInProgress,
       "WaitingForReady",
       170},
      {"without events the window is doubled",
       kSet,
       {waiting("ImagePullBackOff", "Back-off")},
       300,
       kInProgress,
       "WaitingForReady",
       301},
      {"… and ends", kSet, {waiting("ImagePullBackOff", "Back-off")}, 301, kFailed, "ImagePull"},
  });
}

TEST(FailFast, ContainerCreation) {
  const std::string start = "'state':{'terminated':{'reason':'StartError','exitCode':128,'message':'";
  check({
      {"missing ConfigMap",
       kSet,
       {waiting("CreateContainerConfigError", "configmap x not found")},
       2,
       kFailed,
       "ContainerConfig"},
      {"kubelet cache lag, inside its window",
       kSet,
       {waiting("CreateContainerConfigError", "failed to sync configmap cache: timed out")},
       150,
       kInProgress,
       "WaitingForReady",
       151},
      {"kubelet cache lag, beyond it",
       kSet,
       {waiting("CreateContainerConfigError", "failed to sync configmap cache: timed out")},
       151,
       kFailed,
       "ContainerConfig"},
      {"a kubelet that has just started",
       kSet,
       {waiting("CreateContainerConfigError",
                "services have not yet been read at least once, cannot construct envvars")},
       150,
       kInProgress,
       "WaitingForReady",
       151},
      {"counted from when it began to fail",
       kSet,
       {waiting("CreateContainerConfigError",
                "services have not yet been read at least once, cannot construct envvars"),
        event("p", "Failed", "Error: services have not yet been read", 100, 140, 4, "app")},
       249,
       kInProgress,
       "WaitingForReady",
       250},
      {"CreateContainerError",
       kSet,
       {waiting("CreateContainerError", "no command specified")},
       2,
       kFailed,
       "ContainerCreate"},
      {"busy runtime",
       kSet,
       {waiting("CreateContainerError", "context deadline exceeded")},
       2,
       kInProgress,
       "WaitingForReady",
       151},
      {"RunContainerError",
       kSet,
       {waiting("RunContainerError", "cannot mount")},
       2,
       kFailed,
       "ContainerStart"},
      {"missing program, though exit 128",
       kSet,
       {pod("p", "w", pending(start + "exec: nope: executable file not found in $PATH'}}"))},
       2,
       kFailed,
       "ContainerStart"},
      {"the runtime's own trouble, exit 128",
       kSet,
       {pod("p", "w", pending(start + "failed to create shim task: OCI runtime busy'}}"))},
       2,
       kInProgress,
       "WaitingForReady"},
      {"ContainerCreating is progress",
       kSet,
       {waiting("ContainerCreating", "")},
       2,
       kInProgress,
       "WaitingForReady"},
      {"PodInitializing is progress",
       kSet,
       {waiting("PodInitializing", "")},
       2,
       kInProgress,
       "WaitingForReady"},
  });
}

TEST(FailFast, Crashes) {
  const std::string never = "'restartPolicy':'OnFailure','containers':[{'name':'app'}]";
  check({
      {"one restart", kSet, {crashed(1, 1)}, 30, kInProgress, "WaitingForReady"},
      {"two restarts with the same code", kSet, {crashed(1, 1), crashed(2, 1)}, 30, kFailed, "CrashLoop"},
      {"two restarts, codes differ",
       kSet,
       {crashed(1, 3), crashed(2, 1)},
       30,
       kInProgress,
       "WaitingForReady"},
      {"five restarts, codes differ", kSet, {crashed(4, 3), crashed(5, 1)}, 30, kFailed, "CrashLoop"},
      {"exit 127 needs one restart", kSet, {crashed(1, 127)}, 30, kFailed, "CrashLoop"},
      {"exit 126 needs one restart", kSet, {crashed(1, 126)}, 30, kFailed, "CrashLoop"},
      {"exit 0 again and again", kSet, {crashed(2, 0, "Completed")}, 30, kFailed, "CrashLoop"},
      {"restartPolicy OnFailure is retried by design",
       kSet,
       {crashed(4, 1, "Error", never)},
       30,
       kInProgress,
       "WaitingForReady"},
      {"out of memory once", kSet, {crashed(1, 137, "OOMKilled")}, 30, kInProgress, "WaitingForReady"},
      {"out of memory twice",
       kSet,
       {crashed(1, 137, "OOMKilled"), crashed(2, 137, "OOMKilled")},
       30,
       kFailed,
       "OutOfMemory"},
      {"running again after three crashes",
       kSet,
       {pod("p", "w",
            pending("'restartCount':3,'state':{'running':{'startedAt':'@20'}},'lastState':{'terminated':{'"
                    "exitCode':1}}"))},
       30,
       kInProgress,
       "WaitingForReady"},
      {"started again after three crashes, a moment ago",
       kSet,
       {pod("p", "w",
            pending("'restartCount':3,'state':{'running':{'startedAt':'@20'}},'lastState':{'terminated':{'"
                    "exitCode':1}}"))},
       29,
       kFailed,
       "CrashLoop"},
      {"started again after three crashes, each after a while",
       kSet,
       {pod("p", "w",
            pending("'restartCount':3,'state':{'running':{'startedAt':'@80'}},'lastState':{'terminated':{'"
                    "exitCode':1,'startedAt':'@50','finishedAt':'@75'}}"))},
       129,
       kFailed,
       "CrashLoop"},
      {"started again after two crashes: that was no third",
       kSet,
       {pod("p", "w",
            pending("'restartCount':2,'state':{'running':{'startedAt':'@20'}},'lastState':{'terminated':{'"
                    "exitCode':1}}"))},
       29,
       kInProgress,
       "WaitingForReady"},
      {"started again after a crash of the program that is missing",
       kSet,
       {pod("p", "w",
            pending("'restartCount':1,'state':{'running':{'startedAt':'@20'}},'lastState':{'terminated':{'"
                    "exitCode':127}}"))},
       29,
       kInProgress,
       "WaitingForReady"},
      {"started again after one crash",
       kSet,
       {pod("p", "w",
            pending("'restartCount':1,'state':{'running':{'startedAt':'@20'}},'lastState':{'terminated':{'"
                    "exitCode':1}}"))},
       29,
       kInProgress,
       "WaitingForReady"},
      {"init container, restartPolicy Never",
       kSet,
       {pod("p", "w",
            "'phase':'Pending','initContainerStatuses':[{'name':'setup','state':{'terminated':{'exitCode':2}}"
            "}]",
            "'restartPolicy':'Never','initContainers':[{'name':'setup'}]")},
       30,
       kFailed,
       "InitContainerFailed"},
      {"init container that will be retried",
       kSet,
       {pod("p", "w",
            "'phase':'Pending','initContainerStatuses':[{'name':'setup','state':{'terminated':{'exitCode':2}}"
            "}]",
            "'initContainers':[{'name':'setup'}]")},
       30,
       kInProgress,
       "WaitingForReady"},
      {"init container in a crash loop",
       kSet,
       {pod("p", "w",
            "'phase':'Pending','initContainerStatuses':[{'name':'setup','restartCount':2,'state':{'waiting':{"
            "'reason':"
            "'CrashLoopBackOff'}},'lastState':{'terminated':{'exitCode':2,'reason':'Error'}}}]",
            "'initContainers':[{'name':'setup'}]")},
       30,
       kFailed,
       "CrashLoop"},
  });
  check(
      {{"restarts before our apply do not count", kSet, {crashed(6, 1)}, 30, kInProgress, "WaitingForReady"}},
      [](Context& context) {
        context.restarts_at_apply[{"p", "app"}] = 5;
      });
  check({{"restarts beyond them do", kSet, {crashed(7, 1)}, 30, kFailed, "CrashLoop"}}, [](Context& context) {
    context.restarts_at_apply[{"p", "app"}] = 5;
  });
}

TEST(FailFast, BarePods) {
  const auto bare = [](std::string_view status, std::string_view spec = "'containers':[{'name':'app'}]") {
    return pod("p", "", status, spec);
  };
  const std::string ready = "'phase':'Running','conditions':[{'type':'Ready','status':'True'}]";
  check({
      {"ready", bare(ready), {}, 10, kCurrent, "Ready"},
      {"succeeded", bare("'phase':'Succeeded'"), {}, 10, kCurrent, "Succeeded"},
      {"running to completion", bare(ready, "'restartPolicy':'Never'"), {}, 10, kInProgress, "Running"},
      {"failed", bare("'phase':'Failed'"), {}, 10, kFailed, "PodFailed"},
      {"evicted", bare("'phase':'Failed','reason':'Evicted'"), {}, 10, kInProgress, "LostWithNode"},
      {"no room on the node",
       bare("'phase':'Failed','reason':'OutOfcpu'"),
       {},
       10,
       kInProgress,
       "LostWithNode"},
      {"node shut down",
       bare("'phase':'Failed','reason':'Terminated','conditions':[{'type':'DisruptionTarget',"
            "'status':'True'}]"),
       {},
       10,
       kInProgress,
       "LostWithNode"},
      {"pending", bare("'phase':'Pending'"), {}, 10, kInProgress, "Pending"},
      {"not ready", bare("'phase':'Running'"), {}, 10, kInProgress, "NotReady"},
      {"doomed",
       bare(pending("'state':{'waiting':{'reason':'InvalidImageName','message':'m'}}")),
       {},
       10,
       kFailed,
       "InvalidImageName"},
  });
}

}  // namespace
}  // namespace instantexec::status::test
