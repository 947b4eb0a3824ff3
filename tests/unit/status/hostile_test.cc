#include <gtest/gtest.h>

#include <limits>

#include "unit/status/table.h"

// Objects as no API server would give them: fields of another type, numbers out of range, lists of anything.
// They are never taken for ready or failed, and nothing breaks.
namespace instantexec::status::test {
namespace {

const std::vector<const char*>& strange() {
  static const std::vector<const char*> kValues = {
      "'text'", "7", "-1", "18446744073709551615", "1e300", "true", "null", "[]", "[[]]", "[null,1,'a',{}]",
      "{}", "{'':{}}", "{'conditions':{}}", "{'conditions':'x'}", "{'conditions':null}",
      "{'conditions':[null,1,'x',[],{}]}", "{'conditions':[{'type':1,'status':2}]}",
      "{'conditions':[{'type':'Ready','status':null}]}", "{'conditions':[{'type':'Ready','status':{}}]}",
      // A condition without a status is neither True nor False.
      "{'conditions':[{'type':'Failed'},{'type':'Complete'},{'type':'Available'},{'type':'Established'}]}",
      "{'conditions':[{'type':'Progressing'},{'type':'NamesAccepted'},{'type':'Ready'}]}",
      "{'conditions':[{'type':'AbleToScale','reason':'FailedGetScale'},{'type':'ScalingActive','reason':"
      "'InvalidSelector'}]}",
      "{'phase':1}", "{'phase':null}", "{'phase':['Ready']}", "{'phase':{'x':'Failed'}}",
      "{'replicas':'1','readyReplicas':'1','availableReplicas':'1','updatedReplicas':'1','observedGeneration'"
      ":"
      "2}",
      "{'desiredNumberScheduled':'3','observedGeneration':2}",
      "{'replicas':-1,'readyReplicas':-1,'availableReplicas':-1,'updatedReplicas':-1,'observedGeneration':2}",
      "{'containerStatuses':[null,{'state':'x','restartCount':'5'},{'state':{'waiting':'CrashLoopBackOff'}},"
      "{'state':{'terminated':{'exitCode':'1'}}}],'phase':'Pending'}",
      "{'observedGeneration':-9223372036854775808}"};
  return kValues;
}

TEST(Hostile, AStatusOfAnotherShape) {
  for (const auto& [api, kind] : std::vector<std::pair<const char*, const char*>>{
           {"apps/v1", "Deployment"},
           {"apps/v1", "ReplicaSet"},
           {"apps/v1", "StatefulSet"},
           {"apps/v1", "DaemonSet"},
           {"v1", "ReplicationController"},
           {"v1", "Pod"},
           {"batch/v1", "Job"},
           {"v1", "PersistentVolumeClaim"},
           {"v1", "PersistentVolume"},
           {"autoscaling/v2", "HorizontalPodAutoscaler"},
           {"apiextensions.k8s.io/v1", "CustomResourceDefinition"},
           {"apiregistration.k8s.io/v1", "APIService"},
           {"v1", "Namespace"},
           {"certificates.k8s.io/v1", "CertificateSigningRequest"},
           {"v1", "Service"},
           {"example.com/v1", "Widget"}}) {
    for (const char* status : strange()) {
      for (const char* spec : {"null", "{}", "'x'", "[]"}) {
        Context context;
        // A snapshot for the unknown kind, a clock for those that have one.
        if (std::string_view(kind) != "Widget") context.now = at(10);
        const auto subject = object(plain(api, kind, std::string("'spec':") + spec + ",'status':" + status));
        const auto got = compute(subject, {}, {}, context);
        EXPECT_TRUE(got.status == kInProgress || got.status == kUnknown)
            << kind << " " << status << ": " << model::to_string(got.status) << " " << got.reason;
      }
    }
  }
}

TEST(Hostile, ASpecOfAnotherShape) {
  const std::string well =
      "'status':{'replicas':1,'readyReplicas':1,'availableReplicas':1,'updatedReplicas':1,"
      "'fullyLabeledReplicas':1,'observedGeneration':2}";
  for (const auto& [api, kind] : std::vector<std::pair<const char*, const char*>>{
           {"apps/v1", "Deployment"}, {"apps/v1", "ReplicaSet"}, {"apps/v1", "StatefulSet"}}) {
    for (const char* replicas : {"'3'", "true", "-5", "[]", "1.5", "9223372036854775807"}) {
      const auto got = compute(
          object(plain(api, kind, std::string("'spec':{'replicas':") + replicas + "}," + well)), {}, {}, {});
      EXPECT_TRUE(got.status == kInProgress || got.status == kUnknown)
          << kind << " " << replicas << ": " << model::to_string(got.status);
    }
    // Null is absent, and one is what is absent.
    const auto none = compute(object(plain(api, kind, "'spec':{'replicas':null}," + well)), {}, {}, {});
    EXPECT_EQ(none.status, kCurrent) << kind;
  }
}

TEST(Hostile, NumbersOutOfRange) {
  const auto of = [](const char* kind, std::string_view spec, std::string_view status) {
    const std::string api = std::string_view(kind) == "Job" ? "batch/v1" : "apps/v1";
    Context context;
    context.now = at(10);
    context.applied_at = kApply;
    return compute(object(plain(api, kind,
                                std::string("'spec':{") + std::string(spec) +
                                    "},'status':{'observedGeneration':2," + std::string(status) + "}")),
                   {}, {}, context)
        .status;
  };
  const char* const most = "9223372036854775807";
  const char* const least = "-9223372036854775808";
  EXPECT_EQ(of("Deployment", std::string("'progressDeadlineSeconds':") + most,
               "'conditions':[{'type':'Progressing','status':'False','reason':'ProgressDeadlineExceeded',"
               "'lastUpdateTime':'@-60'}]"),
            kInProgress)
      << "a deadline that never ends";
  EXPECT_EQ(
      of("Deployment", "'replicas':1", std::string("'replicas':") + most + ",'updatedReplicas':" + least),
      kInProgress);
  EXPECT_EQ(of("StatefulSet",
               std::string("'replicas':1,'updateStrategy':{'rollingUpdate':{'partition':") + least + "}}",
               "'replicas':1,'updatedReplicas':0,'readyReplicas':1"),
            kInProgress);
  EXPECT_EQ(of("Job", std::string("'completions':") + most + ",'parallelism':" + least,
               std::string("'active':") + most + ",'succeeded':" + most),
            kInProgress);
}

TEST(Hostile, CountsThatOverflow) {
  const std::string most = "9223372036854775807";
  ChildIndex index;
  index.upsert(object(pod("p", "rs2",
                          pending("'restartCount':" + most +
                                  ",'state':{'waiting':{'reason':"
                                  "'CrashLoopBackOff'}},'lastState':{'terminated':{'exitCode':" +
                                  most + "}}"))));
  index.upsert(object(replica_set(2, 1, 0)));
  for (int i = 0; i < 3; ++i) {
    for (const char* reason : {"FailedCreate", "Killing"}) {
      auto one = object(event("rs2", reason, "forbidden; failed liveness probe", i, i, 1));
      one.json["count"] = std::numeric_limits<std::int64_t>::max();
      index.upsert(one);
    }
  }
  Context context;
  context.now = at(60);
  context.applied_at = kApply;
  context.restarts_at_apply[{"p", "app"}] = -5;
  const auto got =
      assess(object(deployment("'replicas':1", "'replicas':1,'updatedReplicas':1")), index, context);
  EXPECT_EQ(got.status.status, kFailed) << got.status.reason;
}

// An image of one letter, and a message of nothing else.
TEST(Hostile, AMessageThatIsAllName) {
  ChildIndex index;
  index.upsert(object(pod("p", "rs2",
                          pending("'state':{'waiting':{'reason':'ErrImagePull','message':'" +
                                  std::string(4'000'000, 'a') + "'}}"),
                          "'containers':[{'name':'app','image':'a'}]")));
  index.upsert(object(replica_set(2, 1, 1)));
  Context context;
  context.now = at(10);
  context.applied_at = kApply;
  EXPECT_EQ(assess(object(deployment("'replicas':1", "'replicas':1,'updatedReplicas':1")), index, context)
                .status.status,
            kInProgress);
}

TEST(Hostile, NamesInCommandsAreQuoted) {
  auto role = object(
      "{'apiVersion':'example.com/v1','kind':'Widget','metadata':{'name':'a; rm -rf ~','namespace':'b c'},"
      "'spec':{'paused':true}}");
  EXPECT_EQ(compute(role, {}, {}, {}).hint, "kubectl -n 'b c' describe widget.example.com 'a; rm -rf ~'");
  role.json["metadata"]["name"] = "it's $(reboot)";
  EXPECT_EQ(compute(role, {}, {}, {}).hint,
            "kubectl -n 'b c' describe widget.example.com 'it'\\''s $(reboot)'");
}

TEST(Hostile, ARuleLongerThanAnAnnotationMayBe) {
  auto widget = object(plain("example.com/v1", "Widget", ""));
  widget.json["metadata"]["annotations"]["instantexec.dev/health-rule"] =
      R"({"otherwise":"Current","docs":")" + std::string(300'000, 'x') + "\"}";
  EXPECT_EQ(compute(widget, {}, {}, {}).status, kUnknown);
}

TEST(Hostile, Metadata) {
  model::Object pod = object(plain("v1", "ConfigMap", "'data':{}"));
  pod.json["metadata"]["deletionTimestamp"] = nullptr;
  EXPECT_EQ(compute(pod, {}, {}, {}).status, kCurrent) << "null is absent";
  auto alive = object(plain("v1", "Pod", "'status':{'phase':'Failed'}"));
  alive.json["metadata"]["deletionTimestamp"] = nullptr;
  EXPECT_EQ(compute(alive, {}, {}, {}).status, kFailed) << "of a pod too";
  pod.json["metadata"]["deletionTimestamp"] = "garbage";
  EXPECT_EQ(compute(pod, {}, {}, {}).status, kTerminating);
  for (const model::Json& metadata : {model::Json("x"), model::Json(7), model::Json(nullptr),
                                      model::Json::array(), model::Json{{"annotations", "x"}, {"name", 7}}}) {
    model::Object odd = object("{'apiVersion':'example.com/v1','kind':'Widget','status':{'phase':'Down'}}");
    odd.json["metadata"] = metadata;
    EXPECT_EQ(compute(odd, {}, {}, {}).status, kInProgress) << metadata;
  }
}

}  // namespace
}  // namespace instantexec::status::test
