#include <gtest/gtest.h>

#include "sim/canonical.h"
#include "sim/selectors.h"
#include "unit/sim/helpers.h"

namespace instantexec::sim {
namespace {

using model::get_int;
using model::get_string;
using model::Json;

TEST(Quantity, TakesItsCanonicalForm) {
  const std::pair<const char*, const char*> rows[] = {
      {"1", "1"},          {"1000m", "1"},   {"0.5", "500m"}, {"100m", "100m"},     {"1024Mi", "1Gi"},
      {"1.5Gi", "1536Mi"}, {"0", "0"},       {"1000", "1k"},  {"1500", "1500"},     {"1k", "1k"},
      {"1024", "1024"},    {"0.1", "100m"},  {"1Mi", "1Mi"},  {"1000Mi", "1000Mi"}, {"2.5", "2500m"},
      {"1e3", "1e3"},      {"text", "text"}, {"", ""}};
  for (const auto& [text, expected] : rows) EXPECT_EQ(canonical_quantity(text), expected) << text;
}

TEST(Canonical, EmptyContainersGoAndValuesStay) {
  Json object = Json::parse(R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","labels":{}},
      "spec":{"volumes":[{"name":"v","emptyDir":{}}],"containers":[{"name":"c","args":[],"securityContext":{}}]}})");
  canonicalise(object, *builtin_types().named("core.v1.Pod"));
  EXPECT_EQ(object["metadata"], Json::parse(R"({"name":"p"})"));
  EXPECT_EQ(object["spec"]["volumes"][0]["emptyDir"], Json::object()) << "a pointer to nothing is something";
  EXPECT_EQ(object["spec"]["containers"][0],
            Json::parse(R"({"name":"c","resources":{},"securityContext":{}})"));
  EXPECT_EQ(object["status"], Json::object()) << "held by value";
}

struct SelectorRow {
  const char* selector;
  bool matches;
};

TEST(Selectors, OfLabels) {
  const Json labels = Json::parse(R"({"app":"web","tier":"front"})");
  const SelectorRow rows[] = {{"", true},
                              {"app=web", true},
                              {"app==web", true},
                              {"app=db", false},
                              {"app!=db", true},
                              {"none!=x", true},
                              {"app", true},
                              {"!app", false},
                              {"!none", true},
                              {"app in (a, web)", true},
                              {"app notin (web)", false},
                              {"none notin (x)", true},
                              {"app=web,tier=front", true},
                              {"app=web,tier in (back)", false}};
  for (const auto& row : rows) {
    const auto verdict = matches_label_selector(row.selector, labels);
    ASSERT_TRUE(verdict) << row.selector;
    EXPECT_EQ(*verdict, row.matches) << row.selector;
  }
  for (const char* bad : {"a in (", "a b", "a within (b)"})
    EXPECT_FALSE(matches_label_selector(bad, labels)) << bad;
}

struct Cluster : ::testing::Test {
  SimServer server;

  model::Object get(const char* group, const char* kind, const char* name) {
    const auto found = server.get({group, kind, "default", name});
    return found ? *found : model::Object{};
  }
  void apply(const std::string& json) {
    const auto response = server.act(apply_of(json));
    ASSERT_TRUE(response.ok()) << response.error->message;
  }
};
using Controllers = Cluster;

constexpr const char* kStatefulSet = R"({"apiVersion":"apps/v1","kind":"StatefulSet","metadata":{"name":"db",
    "namespace":"default"},"spec":{"replicas":3,"serviceName":"db","selector":{"matchLabels":{"app":"db"}},
    "template":{"metadata":{"labels":{"app":"db"}},"spec":{"containers":[{"name":"a","image":"IMAGE"}]}},
    "volumeClaimTemplates":[{"metadata":{"name":"data"},"spec":{"accessModes":["ReadWriteOnce"],
    "resources":{"requests":{"storage":"1Gi"}}}}]}})";

std::string stateful_set(const std::string& image) {
  std::string out = kStatefulSet;
  return out.replace(out.find("IMAGE"), 5, image);
}

TEST_F(Controllers, StatefulSetRollsFromTheTopAndSticksToABrokenPod) {
  apply(stateful_set("db:1"));
  const auto ready = [&] { return get_int(get("apps", "StatefulSet", "db").json, "/status/readyReplicas"); };
  ASSERT_TRUE(server.run_until([&] { return ready() == 3; }, Duration{10'000}));
  EXPECT_EQ(get_string(get("", "PersistentVolumeClaim", "data-db-0").json, "/status/phase"), "Bound");
  apply(stateful_set("db:does-not-exist"));
  server.run_for(Duration{20'000});
  EXPECT_EQ(get_string(get("", "Pod", "db-2").json, "/spec/containers/0/image"), "db:does-not-exist");
  EXPECT_EQ(get_string(get("", "Pod", "db-0").json, "/spec/containers/0/image"), "db:1");
  apply(stateful_set("db:1"));
  server.run_for(Duration{20'000});
  EXPECT_EQ(ready(), 2) << "the controller waits for the broken pod (kubernetes#67250)";
  server.act(engine::DeleteRequest{{"", "v1", "Pod"}, "default", "db-2", {}, {}, false});
  EXPECT_TRUE(server.run_until([&] { return ready() == 3; }, Duration{10'000}));
}

TEST_F(Controllers, DaemonSetRunsOnEveryNode) {
  const auto set = [](const std::string& image) {
    return R"({"apiVersion":"apps/v1","kind":"DaemonSet","metadata":{"name":"agent","namespace":"default"},
        "spec":{"selector":{"matchLabels":{"app":"agent"}},"template":{"metadata":{"labels":{"app":"agent"}},
        "spec":{"containers":[{"name":"a","image":")" +
           image + R"("}]}}}})";
  };
  const auto settled = [&] {
    const Json status = get("apps", "DaemonSet", "agent").json["status"];
    return get_int(status, "/numberAvailable") == 3 && get_int(status, "/updatedNumberScheduled") == 3 &&
           get_int(status, "/observedGeneration") == get("apps", "DaemonSet", "agent").generation();
  };
  apply(set("agent:1"));
  ASSERT_TRUE(server.run_until(settled, Duration{10'000}));
  apply(set("agent:2"));
  EXPECT_TRUE(server.run_until(settled, Duration{20'000}));
  for (const auto& pod : server.store().list("", "Pod", "default")) {
    if (pod->terminating()) continue;
    EXPECT_EQ(get_string(pod->json, "/spec/containers/0/image"), "agent:2");
  }
}

TEST_F(Controllers, JobsEndEitherWay) {
  const auto job = [](const std::string& name, const std::string& image) {
    return R"({"apiVersion":"batch/v1","kind":"Job","metadata":{"name":")" + name +
           R"(","namespace":"default"},"spec":{"backoffLimit":1,"template":{"spec":{"restartPolicy":"Never",
               "containers":[{"name":"a","image":")" +
           image + R"("}]}}}})";
  };
  apply(job("good", "job:1"));
  apply(job("bad", "job:crash"));
  server.run_for(Duration{60'000});
  const auto condition = [&](const char* name, const std::string& type) {
    const model::Object found = get("batch", "Job", name);
    for (const Json& item : model::get_array(found.json, "/status/conditions")) {
      if (get_string(item, "/type") == type) return get_string(item, "/status");
    }
    return std::string();
  };
  EXPECT_EQ(condition("good", "Complete"), "True");
  EXPECT_EQ(condition("bad", "Failed"), "True");
  EXPECT_EQ(get_int(get("batch", "Job", "bad").json, "/status/failed"), 2) << "one retry";
}

TEST_F(Controllers, QuotaShowsInTheReplicaSet) {
  apply(
      R"({"apiVersion":"v1","kind":"ResourceQuota","metadata":{"name":"q","namespace":"default"},"spec":{"hard":{"pods":"1"}}})");
  apply(deployment_json("web", 2, "web:1"));
  server.run_for(Duration{5'000});
  EXPECT_EQ(get_string(get("", "ResourceQuota", "q").json, "/status/used/pods"), "1");
  bool failed = false;
  const model::Object web = get("apps", "Deployment", "web");
  for (const Json& item : model::get_array(web.json, "/status/conditions")) {
    failed = failed || (get_string(item, "/type") == "ReplicaFailure" &&
                        get_string(item, "/message").find("exceeded quota") != std::string::npos);
  }
  EXPECT_TRUE(failed) << web.json["status"].dump();
}

TEST_F(Controllers, LoadBalancersNeedAProvider) {
  const char* service =
      R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"s","namespace":"default"},"spec":{"type":"LoadBalancer","ports":[{"port":80}]}})";
  apply(service);
  server.run_for(Duration{5'000});
  EXPECT_TRUE(model::get_array(get("", "Service", "s").json, "/status/loadBalancer/ingress").empty());
  ServerOptions options;
  options.load_balancer = "192.0.2.7";
  SimServer provided{options};
  provided.act(apply_of(service));
  provided.run_for(Duration{5'000});
  EXPECT_EQ(
      get_string(provided.get({"", "Service", "default", "s"})->json, "/status/loadBalancer/ingress/0/ip"),
      "192.0.2.7");
}

TEST_F(Controllers, SecretValuesStayOutOfErrors) {
  const auto refused = server.act(apply_of(
      R"({"apiVersion":"v1","kind":"Secret","metadata":{"name":"s","namespace":"default"},"data":{"password":12345678}})"));
  EXPECT_EQ(refused.outcome, engine::Outcome::kRejected);
  EXPECT_EQ(refused.error->message.find("12345678"), std::string::npos);
}

}  // namespace
}  // namespace instantexec::sim
