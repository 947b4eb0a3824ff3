#include <fmt/format.h>
#include <gtest/gtest.h>

#include "unit/status/table.h"

// Edges of pods and what runs to an end: states that are easily taken for another one, in the words of the
// API documents and as a control plane writes them.
namespace instantexec::status::test {
namespace {

TEST(Edges, PodsOnTheirOwn) {
  const auto bare = [](std::string_view status, std::string_view policy = "Always") {
    return pod(
        "x", "", status,
        fmt::format("'restartPolicy':'{}','containers':[{{'name':'app','image':'reg/app:1'}}]", policy));
  };
  const auto ended = [](int code, std::string_view reason) {
    return fmt::format(
        "'phase':'Failed','containerStatuses':[{{'name':'app','state':{{'terminated':{{'exitCode':{},"
        "'reason':'{}'}}}}}}]",
        code, reason);
  };
  const std::string unready = "{'type':'Ready','status':'False','reason':'ReadinessGatesNotReady'}";
  std::string leaving = bare("'phase':'Running','conditions':[{'type':'Ready','status':'True'}]");
  leaving.replace(leaving.find("'creationTimestamp'"), 0, "'deletionTimestamp':'@5',");
  check({
      {"its node does not answer",
       bare("'phase':'Unknown','reason':'NodeLost'"),
       {},
       10,
       kInProgress,
       "NodeLost"},
      {"a readiness gate is not met",
       bare("'phase':'Running','conditions':[{'type':'ContainersReady','status':'True'}," + unready + "]"),
       {},
       10,
       kInProgress,
       "NotReady"},
      {"it ended with an error", bare(ended(3, "Error"), "Never"), {}, 10, kFailed, "PodFailed"},
      {"it ran longer than it may",
       bare("'phase':'Failed','reason':'DeadlineExceeded','message':'Pod was active on the node longer than "
            "the specified deadline'"),
       {},
       10,
       kFailed,
       "PodFailed"},
      {"it was preempted",
       bare("'phase':'Failed','reason':'Preempting'"),
       {},
       10,
       kInProgress,
       "LostWithNode"},
      {"its node has no such device",
       bare("'phase':'Failed','reason':'UnexpectedAdmissionError'"),
       {},
       10,
       kInProgress,
       "LostWithNode"},
      {"its node left while it ran",
       bare("'phase':'Failed','reason':'NodeShutdown'"),
       {},
       10,
       kInProgress,
       "LostWithNode"},
      {"its node's labels no longer fit",
       bare("'phase':'Failed','reason':'NodeAffinity'"),
       {},
       10,
       kInProgress,
       "LostWithNode"},
      {"ready and being deleted", leaving, {}, 10, kTerminating, "Terminating"},
      {"a task that still runs",
       bare("'phase':'Running','conditions':[{'type':'Ready','status':'True'}]", "OnFailure"),
       {},
       10,
       kInProgress,
       "Running"},
      {"a task that is tried again after an error",
       bare(pending("'restartCount':1,'state':{'waiting':{'reason':'CrashLoopBackOff'}},'lastState':{"
                    "'terminated':{'exitCode':1,'reason':'Error'}}"),
            "OnFailure"),
       {},
       10,
       kInProgress,
       "Pending"},
      {"no status at all",
       plain("v1", "Pod", "'spec':{'containers':[{'name':'app'}]}"),
       {},
       10,
       kInProgress,
       "Pending"},
  });
}

TEST(Edges, Sidecars) {
  const std::string sidecar =
      "'restartPolicy':'Never','initContainers':[{'name':'proxy','restartPolicy':'Always'}],'containers':[{"
      "'name':'app'}]";
  const auto with = [&](std::string_view proxy) {
    return pod(
        "x", "",
        fmt::format("'phase':'Pending','startTime':'@1','initContainerStatuses':[{{'name':'proxy',{}}}]",
                    proxy),
        sidecar);
  };
  check({
      {"a sidecar crashes, and is started again though the pod is not",
       with("'restartCount':1,'state':{'terminated':{'exitCode':1,'reason':'Error'}}"),
       {},
       10,
       kInProgress,
       "Pending"},
      {"a sidecar's image has no such name",
       with("'state':{'waiting':{'reason':'InvalidImageName','message':'bad reference'}}"),
       {},
       10,
       kFailed,
       "InvalidImageName"},
      {"a sidecar in a crash loop",
       with("'restartCount':2,'state':{'waiting':{'reason':'CrashLoopBackOff'}},'lastState':{'terminated':{"
            "'exitCode':1,'reason':'Error'}}"),
       {},
       10,
       kFailed,
       "CrashLoop"},
  });
}

TEST(Edges, Jobs) {
  const auto failed_pod = [](std::string_view name, int code) {
    return pod(name, "w",
               fmt::format("'phase':'Failed','containerStatuses':[{{'name':'app','state':{{'terminated':{{"
                           "'exitCode':{}}}}}}}]",
                           code));
  };
  const std::string quota = "pods x is forbidden: exceeded quota: small";
  check({
      {"indexed, some indexes done",
       job("'completionMode':'Indexed','completions':5,'parallelism':2",
           "'active':2,'succeeded':2,'completedIndexes':'0,1'"),
       {},
       10,
       kInProgress,
       "Running"},
      {"an index failed, others go on",
       job("'completionMode':'Indexed','completions':3,'backoffLimitPerIndex':1",
           "'active':1,'succeeded':1,'failed':2,'failedIndexes':'1'"),
       {failed_pod("a", 1), failed_pod("b", 1)},
       10,
       kInProgress,
       "Running"},
      {"too many indexes failed",
       job("'completionMode':'Indexed','completions':3,'maxFailedIndexes':1",
           "'failed':2,'conditions':[" + condition("Failed", "True", "MaxFailedIndexesExceeded") + "]"),
       {},
       10,
       kFailed,
       "MaxFailedIndexesExceeded"},
      {"suspended with pods that still end",
       job("'suspend':true", "'active':1"),
       {},
       10,
       kSuspended,
       "Suspended"},
      {"started, its pod not yet ready",
       job("'parallelism':1", "'active':1,'ready':0"),
       {},
       10,
       kInProgress,
       "Running"},
      {"all succeeded, not yet said to be complete",
       job("'completions':2", "'succeeded':2,'uncountedTerminatedPods':{}"),
       {},
       10,
       kInProgress,
       "Running"},
      {"complete although a pod failed on the way",
       job("'completions':1",
           "'succeeded':1,'failed':2,'conditions':[" + condition("Complete", "True") + "]"),
       {failed_pod("a", 1)},
       10,
       kCurrent,
       "Complete"},
      {"its pods exceed the quota",
       job("'completions':1", ""),
       {event("w", "FailedCreate", quota, 2, 6, 4)},
       6,
       kFailed,
       "FailedCreate"},
      {"a pod it replaced was refused once, the next one runs",
       job("'completions':1", "'active':1"),
       {event("w", "FailedCreate", quota, 2, 6, 4)},
       60,
       kInProgress,
       "Running"},
      {"its pod's image is not found",
       job("'completions':1", "'active':1"),
       {pod("a", "w",
            pending("'state':{'waiting':{'reason':'ErrImagePull','message':'reg/app:1: not found'}}"))},
       10,
       kFailed,
       "ImageNotFound"},
      {"its pod was evicted",
       job("'completions':1", "'active':0,'failed':1"),
       {pod("a", "w", "'phase':'Failed','reason':'Evicted'")},
       10,
       kInProgress,
       "Starting"},
  });
  check({{"started is enough when asked so", job("", "'active':1"), {}, 10, kCurrent, "Started"},
         {"not started yet", job("", ""), {}, 10, kInProgress, "Starting"},
         {"failed all the same",
          job("", "'failed':1,'conditions':[" + condition("Failed", "True", "BackoffLimitExceeded") + "]"),
          {},
          10,
          kFailed,
          "BackoffLimitExceeded"}},
        [](Context& context) { context.options.wait_for_jobs = false; });
}

TEST(Edges, CronJobs) {
  check({
      {"its schedule is suspended",
       plain("batch/v1", "CronJob", "'spec':{'suspend':true}"),
       {},
       10,
       kCurrent,
       "Exists"},
      {"its last run has failed",
       plain("batch/v1", "CronJob",
             "'spec':{},'status':{'lastScheduleTime':'@-60','lastSuccessfulTime':'@-120'}"),
       {},
       10,
       kCurrent,
       "Exists"},
      {"a run is under way",
       plain("batch/v1", "CronJob", "'spec':{},'status':{'active':[{'name':'j'}],'lastScheduleTime':'@-5'}"),
       {},
       10,
       kCurrent,
       "Exists"},
  });
}

}  // namespace
}  // namespace instantexec::status::test
