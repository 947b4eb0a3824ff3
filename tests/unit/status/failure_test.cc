#include <gtest/gtest.h>

#include "unit/status/table.h"

namespace instantexec::status::test {
namespace {

FailureSummary explain(const std::string& subject, const std::vector<std::string>& others, int now) {
  ChildIndex index;
  for (const model::Object& other : objects(others)) index.upsert(other);
  const model::Object root = object(subject);
  const Family family = index.family(root.uid());
  Context context;
  context.now = at(now);
  context.applied_at = kApply;
  const auto events = index.events(root, family);
  return failure_cause(root, family, events, context);
}

const std::string kRolling = deployment("'replicas':1", "'replicas':2,'updatedReplicas':1,'readyReplicas':1");

TEST(FailureCause, CrashLoopWantsTheFormerLog) {
  const std::string crashed = pending(
      "'restartCount':3,'state':{'waiting':{'reason':'CrashLoopBackOff'}},'lastState':{'terminated':{'"
      "exitCode':1,"
      "'reason':'Error'}}");
  const auto out = explain(kRolling,
                           {replica_set(2, 1, 1), pod("web-2-x", "rs2", crashed),
                            event("web-2-x", "BackOff", "Back-off restarting", 3, 9, 4)},
                           20);
  EXPECT_EQ(out.cause.object.name, "web");
  EXPECT_EQ(out.cause.summary, "pod web-2-x: container app: exited with 1, 3 restarts since the change");
  ASSERT_EQ(out.cause.evidence.size(), 1U);
  EXPECT_EQ(out.cause.evidence[0].subject.kind, "Pod");
  ASSERT_EQ(out.cause.events.size(), 1U);
  EXPECT_EQ(out.cause.events[0], "Warning BackOff x4 Pod web-2-x: Back-off restarting");
  ASSERT_EQ(out.logs.size(), 1U);
  EXPECT_EQ(out.logs[0].pod.name, "web-2-x");
  EXPECT_EQ(out.logs[0].container, "app");
  EXPECT_TRUE(out.logs[0].previous);
}

TEST(FailureCause, NoLogWithoutAContainerThatRan) {
  const std::string no_image = pending("'state':{'waiting':{'reason':'ErrImagePull','message':'not found'}}");
  const auto out = explain(kRolling, {replica_set(2, 1, 1), pod("p", "rs2", no_image)}, 20);
  EXPECT_TRUE(out.logs.empty());
  EXPECT_NE(out.cause.summary.find("image reg/app:1 was not found"), std::string::npos) << out.cause.summary;
  EXPECT_FALSE(out.cause.hint.empty());
}

TEST(FailureCause, ABackOffStillKnowsWhatTheRegistryAnswered) {
  const std::string refused = pending("'state':{'waiting':{'reason':'ErrImagePull','message':'not found'}}");
  const std::string backing_off =
      pending("'state':{'waiting':{'reason':'ImagePullBackOff','message':'Back-off pulling image'}}");
  const std::string running = pending("'state':{'running':{'startedAt':'@9'}}");
  const auto with =
      explain(kRolling, {replica_set(2, 1, 1), pod("p", "rs2", refused), pod("p", "rs2", backing_off)}, 20);
  EXPECT_NE(with.cause.summary.find("was not found"), std::string::npos) << with.cause.summary;
  const auto unseen = explain(kRolling, {replica_set(2, 1, 1), pod("p", "rs2", backing_off)}, 20);
  EXPECT_EQ(unseen.cause.summary.find("was not found"), std::string::npos) << unseen.cause.summary;
  const auto recovered = explain(kRolling,
                                 {replica_set(2, 1, 1), pod("p", "rs2", refused), pod("p", "rs2", running),
                                  pod("p", "rs2", backing_off)},
                                 20);
  EXPECT_EQ(recovered.cause.summary.find("was not found"), std::string::npos) << recovered.cause.summary;
}

TEST(FailureCause, OutOfTimeNamesThePodAndAsksForItsLog) {
  const std::string late = deployment(
      "'replicas':1",
      "'replicas':1,'updatedReplicas':1,'conditions':[{'type':'Progressing','status':'False','reason':"
      "'ProgressDeadlineExceeded','message':'timed out','lastUpdateTime':'@600'}]");
  const std::string running =
      "'phase':'Running','conditions':[{'type':'Ready','status':'False'}],'containerStatuses':[{'name':'app',"
      "'ready':"
      "false,'started':true,'state':{'running':{'startedAt':'@5'}}}]";
  const auto out = explain(
      late,
      {replica_set(2, 1, 1), pod("p", "rs2", running, "'containers':[{'name':'app','readinessProbe':{}}]"),
       event("p", "Unhealthy", "Readiness probe failed: 503", 30, 590, 50, "app")},
      601);
  EXPECT_EQ(out.cause.summary, "not ready in time: container app: Readiness probe failed: 503");
  ASSERT_EQ(out.logs.size(), 1U);
  EXPECT_FALSE(out.logs[0].previous);
}

TEST(FailureCause, RefusedPodsComeFromTheReplicaSet) {
  const auto out = explain(
      kRolling, {replica_set(2, 1, 0), event("rs2", "FailedCreate", "exceeded quota: small", 2, 20, 5)}, 40);
  EXPECT_EQ(out.cause.summary, "cannot create pods: exceeded quota: small");
  ASSERT_EQ(out.cause.events.size(), 1U);
  EXPECT_TRUE(out.logs.empty());
}

}  // namespace
}  // namespace instantexec::status::test
