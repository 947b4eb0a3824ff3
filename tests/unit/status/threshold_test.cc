#include <gtest/gtest.h>

#include <fmt/format.h>

#include "unit/status/table.h"

namespace instantexec::status::test {
namespace {

// Ten replicas wanted, none complete yet; the new ReplicaSet "rs2" has `available` of them.
Row row(const char* name, std::string_view threshold, int available, model::HealthStatus status,
        std::string_view reason, std::string_view strategy = "") {
  auto subject =
      object(deployment(fmt::format("'replicas':10{}", strategy),
                        "'replicas':11,'updatedReplicas':8,'readyReplicas':9,'availableReplicas':9"));
  if (!threshold.empty())
    subject.json["metadata"]["annotations"]["instantexec.dev/required-rollout"] = threshold;
  auto set = object(replica_set(2, 8, 8));
  set.json["status"]["availableReplicas"] = available;
  auto former = object(replica_set(1, 3, 3));
  former.json["status"]["availableReplicas"] = 10;
  const auto text = [](const model::Object& one) {
    std::string out = one.json.dump();
    for (char& c : out) c = c == '"' ? '\'' : c;
    return out;
  };
  return {name, text(subject), {text(set), text(former)}, 10, status, std::string(reason)};
}

TEST(Threshold, WhatTheOwnerCallsEnough) {
  const auto rolling = [](std::string_view max_unavailable) {
    return fmt::format(",'strategy':{{'type':'RollingUpdate','rollingUpdate':{{'maxUnavailable':{}}}}}",
                       max_unavailable);
  };
  check({
      row("without it the whole rollout counts", "", 8, kInProgress, "Updating"),
      row("full", "full", 8, kInProgress, "Updating"),
      row("none", "none", 0, kCurrent, "NotAwaited"),
      row("a share that is reached", "80%", 8, kCurrent, "ThresholdReached"),
      row("a share that is not", "80%", 7, kInProgress, "Updating"),
      row("a share is rounded up", "71%", 7, kInProgress, "Updating"),
      row("nothing of it is not enough", "0%", 0, kInProgress, "Updating"),
      row("one of it is", "0%", 1, kCurrent, "ThresholdReached"),
      row("as many as may be missing", "maxUnavailable", 7, kCurrent, "ThresholdReached", rolling("3")),
      row("one less", "maxUnavailable", 6, kInProgress, "Updating", rolling("3")),
      row("a part of them, rounded down", "maxUnavailable", 8, kCurrent, "ThresholdReached",
          rolling("'25%'")),
      row("a quarter unless it is set", "maxUnavailable", 8, kCurrent, "ThresholdReached"),
      row("a quarter unless it is set, one less", "maxUnavailable", 7, kInProgress, "Updating"),
      row("all may be missing, but one has to be there", "maxUnavailable", 0, kInProgress, "Updating",
          rolling("'100%'")),
      row("Recreate has no such number", "maxUnavailable", 9, kInProgress, "Updating",
          ",'strategy':{'type':'Recreate'}"),
      row("a number that is none", "maxUnavailable", 9, kInProgress, "Updating", rolling("'some'")),
      row("more than all", "101%", 10, kInProgress, "Updating"),
      row("no share", "half", 10, kInProgress, "Updating"),
      row("a share below nothing", "-5%", 10, kInProgress, "Updating"),
  });
}

TEST(Threshold, NeedsTheNewReplicaSet) {
  Row alone = row("only the former one is known", "50%", 8, kInProgress, "Updating");
  alone.others.erase(alone.others.begin());
  check({alone});
}

TEST(Threshold, ComesAfterTheGates) {
  Row stale = row("not yet observed", "none", 0, kInProgress, "WaitingForController");
  const std::string seen = "'observedGeneration':2";
  stale.subject.replace(stale.subject.find(seen), seen.size(), "'observedGeneration':1");
  check({stale});
}

}  // namespace
}  // namespace instantexec::status::test
