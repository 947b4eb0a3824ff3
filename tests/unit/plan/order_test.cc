#include "plan/order.h"

#include <gtest/gtest.h>

#include <set>

#include "unit/plan/objects.h"

namespace instantexec::plan {
namespace {

using test::make;

Result<Order> order_of(const std::vector<model::Object>& objects) {
  std::vector<const model::Object*> pointers;
  for (const auto& object : objects) pointers.push_back(&object);
  return write_order(pointers);
}

// What must be done before step i, directly or not.
std::set<std::size_t> before(const Order& order, std::size_t i) {
  std::set<std::size_t> out;
  std::vector<std::size_t> open = {i};
  while (!open.empty()) {
    const auto at = open.back();
    open.pop_back();
    std::vector<std::size_t> next = order.depends_on[at];
    for (const auto group : order.waits_for[at]) {
      next.insert(next.end(), order.groups[group].members.begin(), order.groups[group].members.end());
    }
    for (const auto one : next) {
      if (out.insert(one).second) open.push_back(one);
    }
  }
  return out;
}

model::Object crd() {
  auto out = make("apiextensions.k8s.io/v1", "CustomResourceDefinition", "widgets.example.com", "");
  out.json["spec"] = {
      {"group", "example.com"}, {"names", {{"kind", "Widget"}}}, {"versions", {{{"name", "v1"}}}}};
  return out;
}

TEST(WriteOrder, FirstWhatOthersNeed) {
  struct Row {
    const char* name;
    model::Object first;
    model::Object then;
  };
  auto binding = make("rbac.authorization.k8s.io/v1", "RoleBinding", "b");
  binding.json["roleRef"] = {{"kind", "Role"}, {"name", "r"}};
  auto cluster_binding = binding;
  cluster_binding.json["roleRef"] = {{"kind", "ClusterRole"}, {"name", "r"}};
  auto ingress = make("networking.k8s.io/v1", "Ingress", "i");
  ingress.json["spec"]["rules"] = {{{"http", {{"paths", {{{"backend", {{"service", {{"name", "s"}}}}}}}}}}}};
  auto scaler = make("autoscaling/v2", "HorizontalPodAutoscaler", "h");
  scaler.json["spec"]["scaleTargetRef"] = {{"apiVersion", "apps/v1"}, {"kind", "Deployment"}, {"name", "d"}};
  auto claim = make("v1", "PersistentVolumeClaim", "p");
  claim.json["spec"]["storageClassName"] = "fast";
  const auto deployment = make("apps/v1", "Deployment", "d");
  const std::vector<Row> rows = {
      {"namespace", make("v1", "Namespace", "demo", ""), make("v1", "ConfigMap", "c")},
      {"crd", crd(), make("example.com/v1", "Widget", "w")},
      {"role", make("rbac.authorization.k8s.io/v1", "Role", "r"), binding},
      {"cluster role", make("rbac.authorization.k8s.io/v1", "ClusterRole", "r", ""), cluster_binding},
      {"service", make("v1", "Service", "s"), ingress},
      {"target", deployment, scaler},
      {"storage class", make("storage.k8s.io/v1", "StorageClass", "fast", ""), claim},
      {"config map", make("v1", "ConfigMap", "c"), deployment},
      {"secret", make("v1", "Secret", "c"), make("batch/v1", "Job", "j")},
      {"service account", make("v1", "ServiceAccount", "c"), make("v1", "Pod", "j")},
      {"quota", make("v1", "ResourceQuota", "c"), make("apps/v1", "DaemonSet", "j")},
      {"cluster-scoped", make("scheduling.k8s.io/v1", "PriorityClass", "c", ""), deployment},
      {"webhook", deployment,
       make("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "v", "")},
  };
  for (const Row& row : rows) {
    const auto order = order_of({row.then, row.first});
    ASSERT_TRUE(order) << row.name;
    EXPECT_TRUE(before(*order, 0).contains(1)) << row.name;
    EXPECT_TRUE(before(*order, 1).empty()) << row.name;
  }
}

TEST(WriteOrder, StrangersDoNotWait) {
  auto config = make("v1", "ConfigMap", "c", "elsewhere");
  const auto order = order_of({make("apps/v1", "Deployment", "d"), config, make("v1", "Service", "s"),
                               make("apps/v1", "Deployment", "e")});
  ASSERT_TRUE(order);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_TRUE(before(*order, i).empty()) << i;
}

TEST(WriteOrder, OnlyDefinitionsAreGates) {
  const auto order = order_of({crd(), make("v1", "ConfigMap", "c")});
  EXPECT_EQ(order->gates, (std::vector<bool>{true, false}));
}

TEST(WriteOrder, EdgesStayFewForManyObjects) {
  std::vector<model::Object> objects;
  for (int i = 0; i < 500; ++i) {
    objects.push_back(make("v1", "ConfigMap", "c" + std::to_string(i)));
    objects.push_back(make("apps/v1", "Deployment", "d" + std::to_string(i)));
  }
  const auto order = order_of(objects);
  std::size_t edges = 0;
  for (std::size_t i = 0; i < objects.size(); ++i)
    edges += order->depends_on[i].size() + order->waits_for[i].size();
  EXPECT_LE(edges, 1000U);
  EXPECT_EQ(before(*order, 1).size(), 500U);
}

TEST(WriteOrder, ACycleIsAnErrorWithItsPath) {
  // Two autoscalers that scale each other cannot exist, but a manifest can say so.
  auto a = make("example.com/v1", "Scaler", "a");
  a.json["spec"]["scaleTargetRef"] = {{"apiVersion", "example.com/v1"}, {"kind", "Scaler"}, {"name", "b"}};
  auto b = make("example.com/v1", "Scaler", "b");
  b.json["spec"]["scaleTargetRef"] = {{"apiVersion", "example.com/v1"}, {"kind", "Scaler"}, {"name", "a"}};
  const auto order = order_of({make("v1", "ConfigMap", "c"), a, b});
  ASSERT_FALSE(order);
  EXPECT_EQ(order.error().code->name, "plan.cycle");
  EXPECT_EQ(
      order.error().message,
      "Scaler.example.com demo/a waits for Scaler.example.com demo/b waits for Scaler.example.com demo/a");
}

TEST(FindCycle, LooksThroughGroups) {
  Order order;
  order.depends_on = {{}, {0}};
  order.waits_for = {{0}, {}};
  order.groups = {{"g", {1}}};
  EXPECT_EQ(find_cycle(order), (std::vector<std::size_t>{0, 1, 0}));
}

TEST(DeleteOrder, NamespacesLast) {
  const std::vector<model::ObjectRef> refs = {
      {"", "Namespace", "", "n"},
      {"", "ConfigMap", "demo", "c"},
      {"apps", "Deployment", "demo", "d"},
      {"apiextensions.k8s.io", "CustomResourceDefinition", "", "w"},
      {"example.com", "Widget", "demo", "w"},
      {"admissionregistration.k8s.io", "ValidatingWebhookConfiguration", "", "v"},
  };
  const Order order = delete_order(refs);
  for (std::size_t i = 0; i < refs.size(); ++i) {
    EXPECT_EQ(before(order, i).size(), refs.size() - 1 - i) << refs[i].to_string();
  }
}

}  // namespace
}  // namespace instantexec::plan
