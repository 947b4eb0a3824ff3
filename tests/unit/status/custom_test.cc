#include <gtest/gtest.h>

#include "unit/status/table.h"

// Custom resources, whose kinds the rules do not know by name.
namespace instantexec::status::test {
namespace {

TEST(CustomResource, StandardConditions) {
  const auto custom = [](const std::string& status) {
    return plain("example.com/v1", "Widget", "'status':{" + status + "}");
  };
  const auto with = [&](const std::string& conditions) {
    return custom("'conditions':[" + conditions + "]");
  };
  const std::string old_ready = "{'type':'Ready','status':'True','observedGeneration':1}";
  check({
      {"Ready=True", with(condition("Ready", "True", "Done")), {}, 10, kCurrent, "Done"},
      {"Ready=False is not failure",
       with(condition("Ready", "False", "Broken")),
       {},
       900,
       kInProgress,
       "Broken"},
      {"Ready=Unknown", with(condition("Ready", "Unknown")), {}, 10, kInProgress, "NotReady"},
      {"Ready of an older generation", with(old_ready), {}, 10, kInProgress, "WaitingForController"},
      {"Stalled=True",
       with(condition("Stalled", "True", "BadSpec") + "," + condition("Ready", "False")),
       {},
       10,
       kFailed,
       "BadSpec"},
      {"Reconciling=True outweighs Ready=True",
       with(condition("Reconciling", "True") + "," + condition("Ready", "True")),
       {},
       10,
       kInProgress,
       "Reconciling"},
      {"observedGeneration behind",
       custom("'observedGeneration':1,'conditions':[" + condition("Ready", "True") + "]"),
       {},
       10,
       kInProgress,
       "WaitingForController"},
      {"observedGeneration as text, behind",
       custom("'observedGeneration':'1','conditions':[" + condition("Ready", "True") + "]"),
       {},
       10,
       kInProgress,
       "WaitingForController"},
      {"Available=False without Ready",
       with(condition("Available", "False", "Minimum")),
       {},
       10,
       kInProgress,
       "Minimum"},
      {"two good words must both hold",
       with(condition("Available", "True") + "," + condition("Synced", "False", "No")),
       {},
       10,
       kInProgress,
       "No"},
      {"phase that is good", custom("'phase':'Running'"), {}, 10, kCurrent, "Running"},
      {"phase that sounds bad is not failure", custom("'phase':'Failed'"), {}, 900, kInProgress, "Failed"},
      {"phase that pauses", custom("'state':'Paused'"), {}, 10, kSuspended, "Paused"},
      {"no status, settling",
       plain("example.com/v1", "Widget", ""),
       {},
       14,
       kInProgress,
       "AwaitingStatus",
       15},
      {"no status, settled", plain("example.com/v1", "Widget", ""), {}, 15, kCurrent, "NoStatus"},
  });
  check({{"the schema has no status", plain("example.com/v1", "Widget", ""), {}, 0, kCurrent, "Exists"}},
        [](Context& context) { context.declares_status = false; });
}

TEST(CustomResource, Conventions) {
  const auto custom = [](const std::string& status, const std::string& spec = "") {
    return plain("example.com/v1", "Widget", "'spec':{" + spec + "},'status':{" + status + "}");
  };
  const auto with = [&](const std::string& conditions) {
    return custom("'conditions':[" + conditions + "]");
  };
  const auto parents = [&](const std::string& status, const std::string& reason) {
    return custom("'parents':[{'conditions':[" + condition("Accepted", "True") + "," +
                  condition("ResolvedRefs", status, reason) + "]}]");
  };
  check({
      {"Ready=True may be of the older spec",
       with(condition("Ready", "True")),
       {},
       4,
       kInProgress,
       "AwaitingStatus",
       5},
      {"… unless it says of which generation",
       with("{'type':'Ready','status':'True','reason':'Up','observedGeneration':2}"),
       {},
       0,
       kCurrent,
       "Up"},
      {"the status as a boolean", with("{'type':'Ready','status':true}"), {}, 10, kCurrent, "Ready"},
      {"Synced=False contradicts Ready=True",
       with(condition("Ready", "True") + "," + condition("Synced", "False", "ReconcileError")),
       {},
       10,
       kInProgress,
       "ReconcileError"},
      {"a part that is not available does not",
       with(condition("Ready", "True", "Up") + "," + condition("CronJobAvailable", "False")),
       {},
       10,
       kCurrent,
       "Up"},
      {"a bad type that is True",
       with(condition("CatalogSourcesUnhealthy", "True", "Down")),
       {},
       10,
       kInProgress,
       "Down"},
      {"a bad type that is False says nothing good",
       with(condition("Degraded", "False")),
       {},
       20,
       kCurrent,
       "StatusNotUnderstood"},
      {"conditions of parents, good", parents("True", "ResolvedRefs"), {}, 10, kCurrent, "ResolvedRefs"},
      {"conditions of parents, one bad",
       parents("False", "RefNotPermitted"),
       {},
       10,
       kInProgress,
       "RefNotPermitted"},
      {"a word in -ing", custom("'phase':'Provisioning'"), {}, 10, kInProgress, "Provisioning"},
      {"a nested word",
       custom("'applicationState':{'state':'SUBMISSION_FAILED'}"),
       {},
       10,
       kInProgress,
       "SUBMISSION_FAILED"},
      {"a word nobody knows", custom("'phase':'Blooming-ish'"), {}, 10, kCurrent, "Blooming-ish"},
      {"every word has to be good", custom("'phase':'Ready','health':'red'"), {}, 10, kInProgress, "red"},
      {"an error field",
       custom("'phase':'Ready','errorMessage':'no quota'"),
       {},
       900,
       kInProgress,
       "ErrorReported"},
      {"replicas missing", custom("'replicas':3,'readyReplicas':2"), {}, 10, kInProgress, "WaitingForReady"},
      {"replicas not updated",
       custom("'replicas':3,'readyReplicas':3,'updatedReplicas':1"),
       {},
       10,
       kInProgress,
       "Updating"},
      {"replicas ready", custom("'replicas':3,'readyReplicas':3"), {}, 10, kCurrent, "ReplicasReady"},
      {"paused by its spec", custom("'phase':'Ready'", "'paused':true"), {}, 10, kSuspended, "Paused"},
      {"an unclear status gets time", custom("'endpoint':'x'"), {}, 14, kInProgress, "AwaitingStatus", 15},
  });
}

TEST(CustomResource, RulesOfTheCaller) {
  static const CustomRule kRules[] = {{"example.com",
                                       "Widget",
                                       {{"Ready", "", {"True"}, {}}, {"", "/status/endpoint", {}, {}}},
                                       {{"", "/status/phase", {"Failed", "Error"}, {}}},
                                       {{"Paused", "", {"True"}, {}}}}};
  const auto custom = [](const std::string& status) {
    return plain("example.com/v1", "Widget", "'status':{" + status + "}");
  };
  check(
      {
          {"every ready match holds",
           custom("'endpoint':'a','conditions':[" + condition("Ready", "True") + "]"),
           {},
           10,
           kCurrent,
           "Ready"},
          {"one is missing",
           custom("'conditions':[" + condition("Ready", "True") + "]"),
           {},
           10,
           kInProgress,
           "NotReady"},
          {"a failed value",
           custom("'phase':'Error','conditions':[" + condition("Ready", "True") + "]"),
           {},
           10,
           kFailed,
           "Error"},
          {"suspended",
           custom("'conditions':[" + condition("Paused", "True", "ByUser") + "]"),
           {},
           10,
           kSuspended,
           "ByUser"},
      },
      [](Context& context) { context.rules = kRules; });
}

}  // namespace
}  // namespace instantexec::status::test
