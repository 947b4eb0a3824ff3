#include "engine/access.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.h"
#include "engine/errors.h"
#include "engine/excess.h"
#include "engine/rights.h"
#include "unit/engine/world.h"

namespace instantexec::engine {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)
using model::Json;

const std::string kGood = "registry.example/web:1";

std::string text(const Json& attributes, const char* field) {
  return model::get_string(attributes, std::string("/") + field);
}

// A cluster in which one right is missing, as a test reads it: "delete configmaps".
class Access : public testing::Test {
 protected:
  World world;
  std::set<std::string> missing;
  std::set<std::string> names;  // what is missing is allowed for these objects

  void SetUp() override {
    ASSERT_EQ(world.deploy_word({config("c", "1"), config("gone", "1"), deployment("web", kGood)}),
              "deployed");
    world.allow = [this](const Json& attributes) {
      if (names.contains(text(attributes, "name"))) return true;
      const std::string resource = text(attributes, "resource");
      const std::string sub = text(attributes, "subresource");
      return !missing.contains(text(attributes, "verb") + " " + resource + (sub.empty() ? "" : "/" + sub));
    };
    before = world.picture();
    written = world.server.writes().size();
  }

  std::vector<model::Object> change() {
    return {config("c", "2"), config("new", "1"), deployment("web", kGood)};
  }

  Picture before;
  std::size_t written = 0;
};

TEST_F(Access, EachMissingRightIsNamedBeforeTheFirstWrite) {
  const char* rows[] = {"patch configmaps", "create configmaps", "delete configmaps", "get configmaps",
                        "update secrets",   "create secrets",    "update leases",     "patch deployments"};
  for (const std::string row : rows) {
    missing = {row};
    auto objects = change();
    if (row == "patch deployments") objects[2] = deployment("web", "registry.example/web:2");
    const auto report = world.deploy(objects);
    ASSERT_FALSE(report) << row;
    EXPECT_EQ(report.error().code, &errors::kAccessMissing) << row << ": " << report.error().to_string();
    const std::size_t space = row.find(' ');
    const std::string& message = report.error().message;
    EXPECT_NE(message.find(" is not allowed to "), std::string::npos) << message;
    EXPECT_NE(message.find(row.substr(0, space) + " " + row.substr(space + 1)), std::string::npos) << message;
    EXPECT_NE(message.find("in namespace default"), std::string::npos) << message;
    EXPECT_NE(report.error().hint.find("rbac"), std::string::npos);
    EXPECT_EQ(world.server.writes().size(), written) << row;
    EXPECT_EQ(differences(before, world.picture()), "");
  }
}

// The lock is made once and kept from one run to the next.
TEST_F(Access, TheLockNeedsCreateOnlyTheFirstTime) {
  missing = {"create leases"};
  EXPECT_EQ(world.deploy_word(change()), "deployed");
  world.options.release = "another";
  const auto report = world.deploy({config("d", "1")});
  ASSERT_FALSE(report);
  EXPECT_NE(report.error().message.find("create leases"), std::string::npos) << report.error().message;
}

TEST_F(Access, AllMissingRightsAreNamedAtOnce) {
  missing = {"patch configmaps", "delete configmaps", "patch deployments"};
  const auto report = world.deploy(change());
  ASSERT_FALSE(report);
  const std::string& message = report.error().message;
  EXPECT_NE(message.find("delete/patch configmaps"), std::string::npos) << message;
  EXPECT_NE(message.find("patch deployments.apps"), std::string::npos) << message;
}

TEST_F(Access, WhatNeitherThePlanNorItsUndoNeedsMayBeMissing) {
  missing = {"create deployments", "delete deployments", "create services"};
  EXPECT_EQ(world.deploy_word(change()), "deployed");
}

TEST_F(Access, ARoleLimitedToNamesIsEnough) {
  missing = {"patch configmaps", "delete configmaps"};
  names = {"c", "new", "gone"};
  EXPECT_EQ(world.deploy_word(change()), "deployed");
  names = {"c", "new"};
  ASSERT_EQ(world.deploy_word({config("c", "3"), deployment("web", kGood)}), "deployed");
  names = {"new"};
  EXPECT_EQ(world.deploy_word({config("c", "4"), deployment("web", kGood)}), "error: access.missing");
}

TEST_F(Access, WithoutRightsForADiagnosisThereIsAWarning) {
  missing = {"get pods/log"};
  EXPECT_EQ(world.deploy_word(change()), "deployed");
  EXPECT_NE(world.sink.texts().find("get pods/log"), std::string::npos) << world.sink.texts();
}

TEST_F(Access, APlanAndADryRunShowIt) {
  missing = {"delete configmaps"};
  const auto planned = plan_release(world.environment(), world.options, manifests(change()));
  ASSERT_TRUE(planned);
  EXPECT_TRUE(planned->executable());
  ASSERT_TRUE(planned->access_error);
  const auto& findings = planned->findings;
  EXPECT_TRUE(std::any_of(findings.begin(), findings.end(),
                          [](const model::Finding& one) { return one.rule == "access.missing"; }));
  world.options.dry_run_server = true;
  EXPECT_EQ(world.deploy_word(
                {config("c", "2"), config("gone", "1"), config("new", "1"), deployment("web", kGood)}),
            "dry_run");
}

TEST_F(Access, AReviewThatIsNotAnsweredIsNoRefusal) {
  missing = {};
  world.server.faults.on_request = [](const sim::RequestInfo& info) -> sim::Fault {
    sim::Fault fault;
    if (info.ref.kind.starts_with("SelfSubject")) fault = {sim::Fault::Kind::kAnswer, 403};
    return fault;
  };
  EXPECT_EQ(world.deploy_word(change()), "deployed");
}

TEST(AccessCost, OneReviewForANamespaceWhereEverythingIsGranted) {
  World world;
  std::vector<model::Object> objects;
  for (int i = 0; i < 40; ++i) objects.push_back(config("c" + std::to_string(i), "1"));
  ASSERT_EQ(world.deploy_word(objects), "deployed");
  const auto& audit = world.server.audit();
  EXPECT_EQ(std::count_if(audit.begin(), audit.end(),
                          [](const auto& entry) { return entry.ref.kind.starts_with("SelfSubject"); }),
            1);
}

// --- rights as values ---

class Rights : public testing::Test {
 protected:
  World world;
  std::shared_ptr<const model::ApiCatalog> catalog = *world.client().catalog(false);
  plan::Scope scope{"web", "shop"};

  [[nodiscard]] Needs needs(plan::Op op) const {
    const Touched touched{{"apps", "v1", "Deployment"}, {"apps", "Deployment", "shop", "web"}, op};
    return needs_of({&touched, 1}, scope, ResourceNames(*catalog, {}));
  }
  [[nodiscard]] static bool has(const Needs& needs, const char* verb) {
    return needs.contains({"shop", "apps", "deployments", verb});
  }
};

TEST_F(Rights, ByWhatHappensToAnObject) {
  const struct {
    plan::Op op;
    bool create, patch, remove;
  } rows[] = {{plan::Op::kCreate, true, true, true},       {plan::Op::kConfigure, false, true, false},
              {plan::Op::kUnchanged, false, false, false}, {plan::Op::kPrune, false, false, true},
              {plan::Op::kKeep, false, false, false},      {plan::Op::kRestore, false, true, false}};
  for (const auto& row : rows) {
    const Needs found = needs(row.op);
    EXPECT_TRUE(has(found, "get"));
    EXPECT_EQ(has(found, "create"), row.create) << to_string(row.op);
    EXPECT_EQ(has(found, "patch"), row.patch) << to_string(row.op);
    EXPECT_EQ(has(found, "delete"), row.remove) << to_string(row.op);
    EXPECT_TRUE(found.contains({"shop", "", "secrets", "update"}));
    EXPECT_TRUE(found.contains({"shop", "coordination.k8s.io", "leases", "update"}));
    EXPECT_EQ(found.at({"shop", "", "pods/log", "get"}).purpose, Purpose::kDiagnosis);
  }
}

TEST_F(Rights, ARightForTheReleaseIsNotOneForADiagnosis) {
  const Touched pods[] = {
      {{"", "v1", "Pod"}, {"", "Pod", "shop", "p"}, plan::Op::kCreate},
      {{"apps", "v1", "StatefulSet"}, {"apps", "StatefulSet", "shop", "s"}, plan::Op::kConfigure}};
  const Needs found = needs_of(pods, scope, ResourceNames(*catalog, {}));
  EXPECT_EQ(found.at({"shop", "", "pods", "delete"}).purpose, Purpose::kRollback);
  EXPECT_TRUE(found.at({"shop", "", "pods", "delete"}).names.empty()) << "any pod of the set may be stuck";
}

// kubernetes#67250. A set that is created is deleted as a whole.
TEST_F(Rights, AnUndoOfAStatefulSetDeletesStuckPods) {
  const Right pods{"shop", "", "pods", "delete"};
  Touched touched{{"apps", "v1", "StatefulSet"}, {"apps", "StatefulSet", "shop", "s"}, plan::Op::kConfigure};
  const ResourceNames resources(*catalog, {});
  EXPECT_EQ(needs_of({&touched, 1}, scope, resources).at(pods).purpose, Purpose::kRollback);
  EXPECT_EQ(needs_of_any({&touched, 1}, scope, resources).at(pods).purpose, Purpose::kRollback);
  touched.op = plan::Op::kCreate;
  EXPECT_FALSE(needs_of({&touched, 1}, scope, resources).contains(pods));
  touched.op = plan::Op::kConfigure;
  touched.gvk.kind = touched.object.kind = "Deployment";
  EXPECT_FALSE(needs_of({&touched, 1}, scope, resources).contains(pods));
}

TEST_F(Rights, AnUndoLooksForObjectsOfANewKind) {
  Touched touched{{"apiextensions.k8s.io", "v1", "CustomResourceDefinition"},
                  {"apiextensions.k8s.io", "CustomResourceDefinition", "", "widgets.example.com"},
                  plan::Op::kCreate};
  const Right list{"", "example.com", "widgets", "list"};
  const Needs found = needs_of({&touched, 1}, scope, ResourceNames(*catalog, {}));
  ASSERT_TRUE(found.contains(list));
  EXPECT_EQ(found.at(list).purpose, Purpose::kRollback);
  EXPECT_TRUE(needs_of_any({&touched, 1}, scope, ResourceNames(*catalog, {})).contains(list));
  touched.op = plan::Op::kConfigure;
  EXPECT_FALSE(needs_of({&touched, 1}, scope, ResourceNames(*catalog, {})).contains(list));
}

TEST_F(Rights, AClaimIsToldOfByEvents) {
  const Touched touched{
      {"", "v1", "PersistentVolumeClaim"}, {"", "PersistentVolumeClaim", "shop", "data"}, plan::Op::kCreate};
  const Needs found = needs_of({&touched, 1}, scope, ResourceNames(*catalog, {}));
  EXPECT_EQ(found.at({"shop", "", "events", "watch"}).purpose, Purpose::kDiagnosis);
  EXPECT_FALSE(found.contains({"shop", "", "pods/log", "get"}));
}

TEST_F(Rights, AServiceIsReadWithItsEndpointsWhereTheyCount) {
  const Touched touched{{"", "v1", "Service"}, {"", "Service", "shop", "web"}, plan::Op::kCreate};
  const Right slices{"shop", "discovery.k8s.io", "endpointslices", "watch"};
  status::Options readiness;
  EXPECT_FALSE(needs_of({&touched, 1}, scope, ResourceNames(*catalog, {}), readiness).contains(slices));
  readiness.require_endpoints = true;
  const Needs found = needs_of({&touched, 1}, scope, ResourceNames(*catalog, {}), readiness);
  ASSERT_TRUE(found.contains(slices));
  EXPECT_EQ(found.at(slices).purpose, Purpose::kDiagnosis);
  EXPECT_FALSE(found.contains({"shop", "", "pods/log", "get"}));
  EXPECT_TRUE(needs_of_any({&touched, 1}, scope, ResourceNames(*catalog, {}), readiness).contains(slices));
}

TEST_F(Rights, WhatAnIdentityHasBeyondThem) {
  const Touched touched{
      {"apps", "v1", "Deployment"}, {"apps", "Deployment", "shop", "web"}, plan::Op::kConfigure};
  const Needs needed = needs_of_any({&touched, 1}, scope, ResourceNames(*catalog, {}));
  const auto rule = [](const char* group, const char* resources, const char* verbs) {
    const auto list = [](const char* words) {
      Json out = Json::array();
      for (const auto part : split(words, ',')) out.push_back(part);
      return out;
    };
    return Json{{"apiGroups", Json::array({group})}, {"resources", list(resources)}, {"verbs", list(verbs)}};
  };
  const auto excess = [&](const std::vector<Json>& rules) { return excess_of(rules, needed, "shop"); };
  using Texts = std::vector<std::string>;
  EXPECT_EQ(excess({}), Texts{});
  EXPECT_EQ(excess({rule("apps", "deployments", "get,list,watch,create,patch,delete"),
                    rule("", "pods,configmaps", "get,list,watch"), rule("", "secrets", "get,list,update"),
                    rule("authorization.k8s.io", "selfsubjectaccessreviews", "create")}),
            Texts{})
      << "what is needed, what only reads, and what everybody may do";
  EXPECT_EQ(
      excess({rule("", "pods/exec,pods", "create"), rule("apps", "deployments,daemonsets", "update,patch"),
              rule("", "secrets", "watch"), rule("rbac.authorization.k8s.io", "roles", "escalate,bind")}),
      (Texts{"patch/update daemonsets.apps", "update deployments.apps", "create pods", "create pods/exec",
             "bind/escalate roles.rbac.authorization.k8s.io", "watch secrets"}));
  EXPECT_EQ(excess({rule("batch", "jobs", "*"), rule("", "*", "get")}), (Texts{"get *", "* jobs.batch"}));
  EXPECT_EQ(excess({rule("batch", "jobs", "*"), rule("*", "*", "*")}), Texts{"* *.*"});
  Json named = rule("", "namespaces", "delete");
  named["resourceNames"] = Json::array({"shop"});
  EXPECT_EQ(excess({named}), Texts{});
}

TEST_F(Access, WhatIsGrantedBeyondThemIsReadFromTheServer) {
  // With a function that decides nothing can be listed.
  const auto nothing = read_excess(world.environment(), {}, "shop");
  ASSERT_TRUE(nothing) << nothing.error().to_string();
  EXPECT_THAT(*nothing, testing::IsEmpty());
  world.allow = nullptr;
  EXPECT_EQ(*read_excess(world.environment(), {}, "shop"), std::vector<std::string>{"* *.*"});
  world.server.faults.on_request = [](const sim::RequestInfo&) -> sim::Fault {
    return {sim::Fault::Kind::kAnswer, 403};
  };
  EXPECT_FALSE(read_excess(world.environment(), {}, "shop"));
}

TEST_F(Rights, RolesGrantThem) {
  const Touched touched[] = {
      {{"apps", "v1", "Deployment"}, {"apps", "Deployment", "shop", "web"}, plan::Op::kCreate},
      {{"", "v1", "ConfigMap"}, {"", "ConfigMap", "other", "c"}, plan::Op::kCreate},
      {{"", "v1", "Namespace"}, {"", "Namespace", "", "other"}, plan::Op::kCreate}};
  const Needs found = needs_of_any(touched, scope, ResourceNames(*catalog, {}));
  const auto roles = roles_of(found, scope, "ci/deployer");
  ASSERT_EQ(roles.size(), 6U);
  EXPECT_EQ(roles[0].ref().to_string(), roles_of(found, scope, "")[0].ref().to_string());
  std::set<std::string> refs;
  for (const model::Object& role : roles) {
    refs.insert(role.kind() + " " + role.ns() + "/" + role.name());
    if (!role.kind().ends_with("Binding")) continue;
    EXPECT_EQ(model::get_string(role.json, "/subjects/0/namespace"), "ci");
    EXPECT_EQ(model::get_string(role.json, "/subjects/0/name"), "deployer");
    EXPECT_EQ(model::get_string(role.json, "/roleRef/name"), role.name());
  }
  EXPECT_EQ(refs, (std::set<std::string>{
                      "Role shop/instantexec-web", "Role other/instantexec-web",
                      "ClusterRole /instantexec-web-shop", "RoleBinding shop/instantexec-web",
                      "RoleBinding other/instantexec-web", "ClusterRoleBinding /instantexec-web-shop"}));
  // At the cluster scope only what cannot be limited to names is not.
  for (const Json& rule : model::get_array(roles[2].json, "/rules")) {
    const Json& verbs = model::get_array(rule, "/verbs");
    const bool named = !model::get_array(rule, "/resourceNames").empty();
    const bool nameless = verbs == Json::array({"create"}) ||
                          verbs == Json::array({"create", "list", "watch"}) ||
                          verbs == Json::array({"list", "watch"});
    EXPECT_NE(named, nameless) << rule.dump();
    EXPECT_EQ(rule.dump().find('*'), std::string::npos);
  }
}

TEST_F(Rights, PluralsOfKindsThatArriveAreTheDefinitions) {
  plan::Desired crd;
  crd.manifest.object.json = {
      {"apiVersion", "apiextensions.k8s.io/v1"},
      {"kind", "CustomResourceDefinition"},
      {"spec", {{"group", "example.com"}, {"names", {{"kind", "Octopus"}, {"plural", "octopodes"}}}}}};
  const ResourceNames names(*catalog, {&crd, 1});
  EXPECT_EQ(names.of({"example.com", "v1", "Octopus"}), "octopodes");
  EXPECT_EQ(names.of({"example.com", "v1", "Widget"}), "widgets");
  EXPECT_EQ(names.of({"networking.k8s.io", "v1", "NetworkPolicy"}), "networkpolicies");
}

}  // namespace
}  // namespace instantexec::engine
