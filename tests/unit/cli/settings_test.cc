#include "cli/settings.h"

#include <gtest/gtest.h>

namespace instantexec::cli {
namespace {

using std::chrono::minutes;

Options of(Verb verb) {
  Options out;
  out.verb = verb;
  return out;
}

TEST(ExpiryWarning, CountsTheTimeOfTheUndo) {
  struct Row {
    const char* name;
    Options options;
    minutes left;
    bool warns;
  };
  Options resume = of(Verb::kRecover);
  resume.deploy.resume = true;
  Options kept = of(Verb::kDeploy);
  kept.deploy.rollback_on_failure = false;
  Options dry = of(Verb::kRollback);
  dry.deploy.dry_run = DryRun::kServer;
  const Row rows[] = {
      {"run, twice the timeout", of(Verb::kRun), minutes(20), false},
      {"run, less", of(Verb::kRun), minutes(19), true},
      {"deploy, twice the timeout", of(Verb::kDeploy), minutes(20), false},
      {"deploy, less", of(Verb::kDeploy), minutes(19), true},
      {"rollback, twice the timeout", of(Verb::kRollback), minutes(20), false},
      {"rollback, less", of(Verb::kRollback), minutes(19), true},
      {"deploy, none left", of(Verb::kDeploy), minutes(-5), true},
      {"deploy without an undo, the timeout", kept, minutes(10), false},
      {"deploy without an undo, less", kept, minutes(9), true},
      {"recover, the timeout", of(Verb::kRecover), minutes(10), false},
      {"recover, less", of(Verb::kRecover), minutes(9), true},
      {"recover forward, less than twice", resume, minutes(19), true},
      {"recover forward, twice the timeout", resume, minutes(20), false},
      {"a dry run", dry, minutes(1), false},
      {"status", of(Verb::kStatus), minutes(1), false},
      {"plan", of(Verb::kPlan), minutes(1), false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(!expiry_warning(row.options, minutes(10), row.left, "token").empty(), row.warns) << row.name;
  }
  EXPECT_EQ(expiry_warning(of(Verb::kDeploy), Duration::max(), minutes(1), "token").empty(), false);
}

TEST(ExpiryWarning, SaysWhatItIsMeasuredAgainst) {
  EXPECT_EQ(
      expiry_warning(of(Verb::kDeploy), minutes(10), minutes(12), "client certificate"),
      "the credentials (client certificate) end in 12m00s, before twice the timeout of 10m00s, which a "
      "rollout and its undo may take; if they are not renewed by then, a failed release cannot be undone "
      "at once");
  EXPECT_EQ(expiry_warning(of(Verb::kRecover), minutes(10), minutes(-1), "to\nken"),
            "the credentials (to\\nken) end in 0ms, before the timeout of 10m00s; if they are not renewed by "
            "then, the run may leave work that has to be recovered");
}

}  // namespace
}  // namespace instantexec::cli
