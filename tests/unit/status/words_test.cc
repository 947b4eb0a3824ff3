#include "status/words.h"

#include <gtest/gtest.h>

namespace instantexec::status {
namespace {

TEST(StatusWords, Parts) {
  using Parts = std::vector<std::string>;
  EXPECT_EQ(parts_of("FailedCreateOrUpdate"), (Parts{"failed", "create", "or", "update"}));
  EXPECT_EQ(parts_of("HEALTH_OK"), (Parts{"health", "ok"}));
  EXPECT_EQ(parts_of("OSDsRunning"), (Parts{"os", "ds", "running"}));
  EXPECT_EQ(parts_of("VCenterUnreachable"), (Parts{"v", "center", "unreachable"}));
  EXPECT_EQ(parts_of("ACK.Terminal"), (Parts{"ack", "terminal"}));
  EXPECT_EQ(parts_of(""), Parts{});
  EXPECT_EQ(parts_of("__"), Parts{});
}

TEST(StatusWords, Phases) {
  struct Row {
    std::string_view word;
    Sense sense;
    bool runs_to_end = false;
  };
  for (const Row& row : std::vector<Row>{{"Ready", Sense::kGood},
                                         {"RUNNING", Sense::kGood},
                                         {"RUNNING", Sense::kBusy, true},
                                         {"Completed", Sense::kGood, true},
                                         {"Provisioning", Sense::kBusy},
                                         {"PENDING_RERUN", Sense::kBusy},
                                         {"InProgress", Sense::kBusy},
                                         {"NotReady", Sense::kBusy},
                                         {"PartiallyFailed", Sense::kBad},
                                         {"RolesMaxLimitReached", Sense::kBad},
                                         {"ERROR, the server cannot be found", Sense::kBad},
                                         {"red", Sense::kBad},
                                         {"yellow", Sense::kBusy},
                                         {"Cluster in healthy state", Sense::kGood},
                                         {"Failing over", Sense::kBusy},
                                         {"Stopped", Sense::kHold},
                                         {"Inconclusive", Sense::kUnclear},
                                         {"Offline", Sense::kBad},
                                         {"Down", Sense::kBad},
                                         {"ScalingDown", Sense::kBusy},
                                         {"Inactive", Sense::kBusy},
                                         {"Disconnected", Sense::kBusy},
                                         {"Uninitialized", Sense::kBusy},
                                         {"OutOfSync", Sense::kBusy},
                                         {"ActionRequired", Sense::kBusy},
                                         {"Installed", Sense::kGood},
                                         {"InSync", Sense::kGood},
                                         {"Bloomish", Sense::kNone},
                                         {"", Sense::kNone}}) {
    EXPECT_EQ(sense_of_phase(row.word, row.runs_to_end), row.sense) << row.word;
  }
}

TEST(StatusWords, Claims) {
  for (const auto& [type, claim] : std::vector<std::pair<std::string_view, Claim>>{
           {"Ready", Claim::kGood},           {"ClusterAvailable", Claim::kGood},
           {"Accepted", Claim::kVerdict},     {"ResolvedRefs", Claim::kVerdict},
           {"Progressing", Claim::kBusy},     {"RollingUpdate", Claim::kBusy},
           {"Degraded", Claim::kBad},         {"HasErrors", Claim::kBad},
           {"NoWarnings", Claim::kGood},      {"NotReady", Claim::kLack},
           {"Unavailable", Claim::kLack},     {"PartiallyReady", Claim::kLack},
           {"Paused", Claim::kHold},          {"ParametersGenerated", Claim::kGood},
           {"Incomplete", Claim::kLack},      {"PeerDisconnected", Claim::kLack},
           {"RestartRequired", Claim::kLack}, {"Blocked", Claim::kLack},
           {"UpdateAvailable", Claim::kNone}, {"Deprecated", Claim::kNone},
           {"Installed", Claim::kGood},       {"Warning", Claim::kNone},
           {"Example", Claim::kNone},         {"", Claim::kNone}}) {
    EXPECT_EQ(claim_of(type), claim) << type;
  }
}

TEST(StatusWords, Reasons) {
  EXPECT_EQ(sense_of_reason("SecretSyncedError"), Sense::kBad);
  EXPECT_EQ(sense_of_reason("BackendNotFound"), Sense::kBad);
  EXPECT_EQ(sense_of_reason("NewReplicaSetAvailable"), Sense::kGood);
  EXPECT_EQ(sense_of_reason("StatefulSetNotReady"), Sense::kBusy);
  EXPECT_EQ(sense_of_reason("ReconcilePaused"), Sense::kHold);
  EXPECT_EQ(sense_of_reason("ByDesign"), Sense::kNone);
  EXPECT_TRUE(says_done("NewReplicaSetAvailable"));
  EXPECT_FALSE(says_done("ReplicaSetUpdated"));
  EXPECT_FALSE(says_done("NotReady"));
  EXPECT_TRUE(says_waiting("ProgrammingInProgress"));
}

TEST(StatusWords, Messages) {
  EXPECT_TRUE(reports_error("Failed to apply resources"));
  EXPECT_TRUE(reports_error("one or more namespaces failed."));
  EXPECT_FALSE(reports_error("reconciled without errors"));
  EXPECT_FALSE(reports_error("Waiting for more replicas"));
  EXPECT_FALSE(reports_error(""));
}

TEST(StatusWords, KindsThatWaitForTheirTime) {
  EXPECT_TRUE(waits_for_its_time("CronWorkflow"));
  EXPECT_TRUE(waits_for_its_time("ScheduledBackup"));
  EXPECT_TRUE(waits_for_its_time("Schedule"));
  EXPECT_TRUE(waits_for_its_time("BackupSchedule"));
  EXPECT_FALSE(waits_for_its_time("Cron"));
  EXPECT_FALSE(waits_for_its_time("Workflow"));
}

TEST(StatusWords, KindsThatEnd) {
  EXPECT_TRUE(runs_to_end("AnalysisRun"));
  EXPECT_TRUE(runs_to_end("Workflow"));
  EXPECT_FALSE(runs_to_end("CronWorkflow"));
  EXPECT_FALSE(runs_to_end("ScaledJob"));
  EXPECT_FALSE(runs_to_end("SparkApplication"));
}

}  // namespace
}  // namespace instantexec::status
