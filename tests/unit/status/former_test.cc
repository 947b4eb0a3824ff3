#include "status/former.h"

#include <gtest/gtest.h>

namespace instantexec::status {
namespace {

using model::HealthStatus;

model::ObjectStatus health(HealthStatus status, const std::string& reason) {
  return {status, reason, "", {}, ""};
}

TEST(Former, IsNoWorse) {
  struct Row {
    const char* name;
    const char* reason_before;
    std::int64_t ready_before;
    HealthStatus status;
    const char* reason;
    std::int64_t ready;
    bool written;
    bool no_worse;
  };
  const auto failed = HealthStatus::kFailed;
  const auto waiting = HealthStatus::kInProgress;
  const std::vector<Row> rows = {
      {"two of three, and two of three", "WaitingForReady", 2, failed, "Unschedulable", 2, true, true},
      {"two of three, and three of four", "WaitingForReady", 2, waiting, "WaitingForReady", 3, true, true},
      {"two of three, and one of three", "WaitingForReady", 2, failed, "Unschedulable", 1, true, false},
      {"two of three, and none of the new revision", "ImageNotFound", 2, failed, "ImageNotFound", 0, true,
       false},
      {"none, and none for the same reason", "ImageNotFound", 0, failed, "ImageNotFound", 0, true, true},
      {"none, and none for another reason", "ImageNotFound", 0, failed, "CrashLoop", 0, true, false},
      {"untouched, and still not ready", "CrashLoop", 0, waiting, "WaitingForReady", 0, false, true},
      {"untouched, and failed in another way", "CrashLoop", 0, failed, "ImageNotFound", 0, false, true},
      {"untouched, up and down", "CrashLoop", 1, failed, "CrashLoop", 0, false, true},
      {"untouched, and what was left has failed", "Unschedulable", 2, failed, "CrashLoop", 0, false, false},
      {"gone", "CrashLoop", 0, HealthStatus::kNotFound, "CrashLoop", 0, false, false},
      {"going", "CrashLoop", 0, HealthStatus::kTerminating, "CrashLoop", 0, true, false},
  };
  for (const Row& row : rows) {
    const Former former{health(failed, row.reason_before), row.ready_before};
    EXPECT_EQ(no_worse(former, health(row.status, row.reason), row.ready, row.written), row.no_worse)
        << row.name;
  }
}

model::Object object(const std::string& json) {
  return {*model::parse_json(json)};
}

TEST(Former, IsKnownByFailureOrByLongSilence) {
  const auto widget = [](const std::string& ready, const std::string& since, const std::string& written) {
    return object(R"({"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w","uid":"u",
      "managedFields":[{"manager":"m","time":")" +
                  written + R"("}]},"status":{"conditions":[{"type":"Ready","status":")" + ready +
                  R"(","reason":"Reconciling","lastTransitionTime":")" + since + R"("}]}})");
  };
  struct Row {
    const char* name;
    model::Object before;
    bool broken;
  };
  const std::vector<Row> rows = {
      {"ready", widget("True", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"), false},
      {"not ready for ten minutes", widget("False", "2026-01-01T11:50:00Z", "2026-01-01T11:59:59Z"), true},
      {"not ready for a minute", widget("False", "2026-01-01T11:59:00Z", "2026-01-01T11:59:59Z"), false},
      {"nothing written for an hour", widget("False", "", "2026-01-01T11:00:00Z"), true},
  };
  for (const Row& row : rows) {
    Context context;
    context.now = *parse_rfc3339("2026-01-01T12:00:00Z");
    EXPECT_EQ(read_former(row.before, {}, context).has_value(), row.broken) << row.name;
  }
}

TEST(Former, CountsReplicasOfTheNewestRevisionOnly) {
  const auto web =
      object(R"({"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"n",
    "uid":"d","annotations":{"deployment.kubernetes.io/revision":"2"}},"spec":{"replicas":3},
    "status":{"replicas":4,"updatedReplicas":1,"readyReplicas":3}})");
  ChildIndex index;
  const auto child = [&](const std::string& kind, const std::string& uid, const std::string& owner,
                         const std::string& rest) {
    index.upsert(object(R"({"apiVersion":"v1","kind":")" + kind + R"(","metadata":{"name":")" + uid +
                        R"(","uid":")" + uid + R"(","ownerReferences":[{"uid":")" + owner + R"("}])" + rest));
  };
  index.upsert(web);
  child("ReplicaSet", "old", "d", R"(,"annotations":{"deployment.kubernetes.io/revision":"1"}}})");
  child("ReplicaSet", "new", "d", R"(,"annotations":{"deployment.kubernetes.io/revision":"2"}}})");
  const std::string ready = R"(},"status":{"conditions":[{"type":"Ready","status":"True"}]}})";
  for (const char* uid : {"p1", "p2"}) child("Pod", uid, "old", ready);
  EXPECT_EQ(ready_of_newest(web, index.family("d")), 0);
  child("Pod", "p3", "new", ready);
  EXPECT_EQ(ready_of_newest(web, index.family("d")), 1);
  child("Pod", "p4", "new", R"(,"deletionTimestamp":"2026-01-01T00:00:00Z")" + ready);
  EXPECT_EQ(ready_of_newest(web, index.family("d")), 1);
  EXPECT_EQ(ready_of_newest(web, {}), 0) << "the status speaks of two revisions";
  auto settled = web;
  settled.json["status"]["updatedReplicas"] = 4;
  EXPECT_EQ(ready_of_newest(settled, {}), 3);
}

}  // namespace
}  // namespace instantexec::status
