#include <gtest/gtest.h>

#include "unit/status/table.h"

// Conventions one by one, each by the least object that needs it. Snapshots, judged as `health -f` does.
namespace instantexec::status::test {
namespace {

struct Convention {
  const char* name;
  const char* status;  // "?" before a list of conditions, as conditions_of takes it
  model::HealthStatus expected;
  const char* spec = "{}";
  const char* kind = "Widget";
  const char* annotations = "{}";
};

model::ObjectStatus judge(const Convention& row) {
  std::string status = row.status;
  if (status.starts_with("?")) status = conditions_of(status.substr(1));
  model::Object subject = object(
      plain("example.com/v1", row.kind, std::string("'spec':") + row.spec + ",'status':{" + status + "}"));
  subject.json["metadata"]["annotations"] = object(row.annotations).json;
  Context context;
  context.options.declared_failures = true;
  return compute(subject, {}, {}, context);
}

void check(const std::vector<Convention>& rows) {
  for (const Convention& row : rows) {
    const model::ObjectStatus got = judge(row);
    EXPECT_EQ(model::to_string(got.status), model::to_string(row.expected))
        << row.name << ": " << got.reason << ": " << got.message;
  }
}

TEST(Conventions, Conditions) {
  check({
      {"degraded because it deploys", "?Degraded=True/DeploymentInProgress", kInProgress},
      {"degraded because something is missing", "?Degraded=True/MissingSecret", kFailed},
      {"degraded, and nobody says why", "?Degraded=True", kFailed},
      {"an error by its presence", "'conditions':[{'type':'SyncError','message':'no such branch'}]", kFailed},
      {"a good type by its presence proves nothing", "'conditions':[{'type':'Ready'}]", kInProgress},
      {"what does not exist yet", "?Ready=False/DoesNotExist", kInProgress},
      {"what was asked for and not found", "?Ready=False/BackendNotFound", kFailed},
      {"its parts do not run after the end", "?PodRunning=False; Completed=True", kCurrent},
      {"a type nobody knows, with a reason", "?Frobbed=False/ReconcileError", kFailed},
      {"a type nobody knows tells why", "?Ready=False/Creating; LastCall=False/CreateFailure", kFailed},
      {"a type nobody knows, that waits", "?Zyx=False/Pending", kInProgress},
      {"at rest", "?Synchronizing=False/WaitingForManual", kInProgress},
      {"at rest, without a reason", "?Synchronizing=False", kCurrent},
      {"at rest is not at the end", "?Synchronizing=False", kInProgress, "{}", "Backup"},
      {"a part that was suspended once", "?ClusterSuspended=False; Provisioned=True", kCurrent},
      {"a part that is suspended", "?ClusterSuspended=True; Provisioned=True", kSuspended},
      {"who manages it is no health", "?DNSManaged=False/UnsupportedStrategy; Available=True", kCurrent},
      {"checks that succeed", "?ChecksSucceeding=True", kCurrent},
  });
}

TEST(Conventions, Words) {
  check({
      {"a phase that is wanted, not reached", "'desiredPhase':'Running','phase':'Starting'", kInProgress},
      {"a phase that is wanted alone", "'desiredPhase':'Running'", kInProgress},
      {"a phase that has passed", "'previous':{'phase':'Failed'},'phase':'Ready'", kCurrent},
      {"an outcome under a name of its own", "'state':'attached','robustness':'faulted'", kInProgress},
      {"not compliant", "'compliant':'NonCompliant'", kInProgress},
      {"compliant", "'compliant':'Compliant'", kCurrent},
      {"goes on after an error", "'phase':'FinalizingPartiallyFailed'", kInProgress},
      {"stopped by an error", "'phase':'ProvisioningFailed'", kFailed},
      {"a build that runs", "'phase':'Build Running'", kInProgress},
      {"accepted, and yet to end", "'phase':'Accepted'", kInProgress, "{}", "DataUpload"},
      {"a word nobody knows, before the end", "'phase':'Prepared'", kInProgress, "{}", "DataUpload"},
      {"a word nobody knows", "'phase':'Prepared'", kCurrent},
      {"a schedule that is scheduled", "'state':'Scheduled'", kCurrent, "{}", "ScheduledReport"},
      {"an application that is scheduled", "'state':'Scheduled'", kInProgress},
      {"one part waits", "'environments':[{'phase':'Healthy'},{'phase':'Pending'}]", kInProgress},
      {"parts that are well do not speak for the whole", "'environments':[{'phase':'Healthy'}]", kInProgress},
      {"reconciled, one part waits",
       "'conditions':[{'type':'Ready','status':'True','reason':'ReconciliationSuccess'}],'environments':[{"
       "'phase':'pending'}]",
       kInProgress},
      {"ready, whatever a part says",
       "'conditions':[{'type':'Ready','status':'True','reason':'AllGood'}],'environments':[{'phase':"
       "'pending'}]",
       kCurrent},
      {"what was is no part",
       "'conditions':[{'type':'Ready','status':'True','reason':'ReconciliationSuccess'}],'history':[{"
       "'status':'failed'}]",
       kCurrent},
      {"a message alone that reports an error", "'message':'failed to reach the database'", kFailed},
      {"a message beside a good phase", "'phase':'Ready','message':'failed to reach it once'", kCurrent},
  });
}

TEST(Conventions, Figures) {
  check({
      {"not applied yet", "'applied':false", kInProgress},
      {"applied", "'applied':true", kCurrent},
      {"as many as wanted", "'instances':2", kCurrent, "{'instances':2}"},
      {"fewer than wanted", "'instances':1", kInProgress, "{'instances':2}"},
      {"some are unavailable", "'phase':'Running','unavailableReplicas':1", kInProgress},
      {"none is unavailable", "'phase':'Running','unavailableReplicas':0", kCurrent},
      {"a member that is not ready", "'phase':'Running','members':[{'name':'a','ready':false}]", kInProgress},
      {"members that are ready", "'phase':'Running','members':[{'name':'a','ready':true}]", kCurrent},
      {"a new revision", "'phase':'Running','currentRevision':'a','updateRevision':'b'", kInProgress},
      {"one revision", "'phase':'Running','currentRevision':'a','updateRevision':'a'", kCurrent},
      {"a new revision when pods are deleted", "'phase':'Running','currentRevision':'a','updateRevision':'b'",
       kCurrent, "{'updateStrategy':{'type':'OnDelete'}}"},
      {"two of five, as the partition asks", "'replicas':5,'readyReplicas':5,'updatedReplicas':2", kCurrent,
       "{'replicas':5,'updateStrategy':{'partition':3}}"},
      {"one of five, the partition asks for two", "'replicas':5,'readyReplicas':5,'updatedReplicas':1",
       kInProgress, "{'replicas':5,'updateStrategy':{'partition':3}}"},
      {"nothing is wanted",
       "'replicas':0,'conditions':[{'type':'Available','status':'False','message':'no minimum'}]", kCurrent,
       "{'replicas':0}"},
      {"nothing is wanted, and something is wrong",
       "'replicas':0,'conditions':[{'type':'Available','status':'False','reason':'InvalidSpec'}]", kFailed,
       "{'replicas':0}"},
      {"nothing is wanted, one is left",
       "'replicas':1,'conditions':[{'type':'Available','status':'False','message':'no minimum'}]",
       kInProgress, "{'replicas':0}"},
      {"seen, by a name of its own", "'lastGeneration':2,'hash':'x'", kCurrent},
      {"not yet seen, by a name of its own", "'lastGeneration':1,'hash':'x'", kInProgress},
      {"ready, but of an older generation", "'lastGeneration':1,'phase':'Ready'", kInProgress},
  });
}

TEST(Conventions, Pauses) {
  const char* const ready = "?Ready=True";
  check({
      {"paused by an annotation", ready, kSuspended, "{}", "Widget", "{'example.com/paused':'true'}"},
      {"by an annotation without a value", ready, kSuspended, "{}", "Widget", "{'example.com/paused':''}"},
      {"no longer paused", ready, kCurrent, "{}", "Widget", "{'example.com/paused':'false'}"},
      {"an annotation of nobody", ready, kCurrent, "{}", "Widget", "{'paused':'true'}"},
      {"shut down", "?Ready=False", kSuspended, "{'shutdown':true}"},
      {"a training that is suspended", "?Created=True", kSuspended, "{'runPolicy':{'suspend':true}}"},
      {"suspend as a text is none", ready, kCurrent, "{'suspend':'true'}"},
  });
}

}  // namespace
}  // namespace instantexec::status::test
