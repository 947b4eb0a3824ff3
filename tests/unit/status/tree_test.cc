#include "status/tree.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "unit/status/table.h"

namespace instantexec::status::test {
namespace {

std::string shape(const HealthNode& node) {
  std::string out = node.container.empty() ? node.object.name : "[" + node.container + "]";
  if (node.children.empty()) return out;
  out += "(";
  for (const HealthNode& child : node.children) out += (out.back() == '(' ? "" : " ") + shape(child);
  return out + ")";
}

TEST(HealthTree, WorkloadReplicaSetPodContainer) {
  const std::string status = "'replicas':1,'updatedReplicas':1";
  ChildIndex index;
  for (const auto& text : {deployment("'replicas':1", status), replica_set(1, 0, 0), replica_set(2, 1, 1),
                           pod("other", "rs9", ""),
                           pod("p1", "rs2",
                               "'phase':'Pending','containerStatuses':[{'name':'app','ready':false,'"
                               "restartCount':3,'state':{'waiting':{"
                               "'reason':'CrashLoopBackOff','message':'back-off "
                               "40s'}}}],'initContainerStatuses':[{'name':'init','ready':"
                               "true,'state':{'terminated':{'exitCode':0}}}]")}) {
    index.upsert(object(text));
  }
  Context context;
  context.now = at(10);
  context.applied_at = kApply;
  const HealthNode tree = health_tree(*index.find("w"), index, context);
  EXPECT_EQ(shape(tree), "web(web-2(p1([app])))")
      << "no ReplicaSet of the past, no init container that has ended well";
  EXPECT_EQ(tree.rule, "built-in Deployment");
  EXPECT_EQ(tree.api_version, "apps/v1");
  const HealthNode& app = tree.children[0].children[0].children[0];
  EXPECT_EQ(app.status.reason, "CrashLoopBackOff");
  EXPECT_EQ(app.status.message, "back-off 40s; restarted 3 times");
}

TEST(HealthTree, HowContainersAre) {
  struct Row {
    const char* container;
    model::HealthStatus status;
    const char* reason;
    const char* message;
  };
  const std::vector<Row> rows = {
      {"'ready':true,'state':{'running':{}}", kCurrent, "Ready", ""},
      {"'ready':false,'state':{'running':{}}", kInProgress, "NotReady", ""},
      {"'ready':false,'state':{'waiting':{'reason':'ContainerCreating'}}", kInProgress, "ContainerCreating",
       ""},
      {"'ready':false,'restartCount':3,'state':{'waiting':{'reason':'CrashLoopBackOff','message':'back-off "
       "40s'}},"
       "'lastState':{'terminated':{'exitCode':137,'reason':'OOMKilled'}}",
       kFailed, "CrashLoopBackOff", "exit code 137 (OOMKilled); restarted 3 times"},
      {"'ready':false,'state':{'waiting':{'reason':'ErrImagePull','message':'not found'}}", kFailed,
       "ErrImagePull", "not found"},
      {"'ready':false,'restartCount':1,'state':{'terminated':{'exitCode':3,'reason':'Error'}}", kFailed,
       "Error", "exit code 3; restarted once"},
      {"'ready':false,'state':{'terminated':{'exitCode':0,'reason':'Completed'}}", kCurrent, "Completed",
       "exit code 0"},
  };
  for (const Row& row : rows) {
    ChildIndex index;
    index.upsert(object(
        pod("p", "",
            std::string("'phase':'Running','containerStatuses':[{'name':'app',") + row.container + "}]")));
    const HealthNode tree = health_tree(*index.find("p"), index, {});
    ASSERT_EQ(tree.children.size(), 1U);
    EXPECT_EQ(tree.children[0].status.status, row.status) << row.container;
    EXPECT_EQ(tree.children[0].status.reason, row.reason) << row.container;
    EXPECT_EQ(tree.children[0].status.message, row.message) << row.container;
  }
}

TEST(HealthTree, ARingOfOwnersEnds) {
  ChildIndex index;
  index.upsert(object(pod("a", "b", "")));
  index.upsert(object(pod("b", "a", "")));
  EXPECT_EQ(shape(health_tree(*index.find("a"), index, {})), "a(b)");
}

// Who has several owners is shown once: eight rows of forty, each owned by all of the row before.
TEST(HealthTree, WhereEveryoneOwnsEveryone) {
  ChildIndex index;
  for (int row = 0; row < 9; ++row) {
    for (int i = 0; i < 40; ++i) {
      auto one = object(pod(fmt::format("p-{}-{}", row, i), "", ""));
      auto& owners = one.json["metadata"]["ownerReferences"] = model::Json::array();
      for (int k = 0; k < 40; ++k) owners.push_back({{"uid", fmt::format("p-{}-{}", row - 1, k)}});
      index.upsert(one);
    }
  }
  const HealthNode tree = health_tree(*index.find("p-0-0"), index, {});
  const std::string all = shape(tree);
  EXPECT_EQ(std::count(all.begin(), all.end(), 'p'), 1 + 8 * 40);
}

TEST(Schema, DeclaresAStatusOrNot) {
  const auto crd = [](const std::string& version) {
    return object(
        "{'kind':'CustomResourceDefinition','spec':{'group':'example.com','names':{'kind':'Widget'},"
        "'versions':[{'name':'v1'," +
        version + "}]}}");
  };
  const model::Gvk widget{"example.com", "v1", "Widget"};
  const std::string bare = "'schema':{'openAPIV3Schema':{'properties':{'spec':{}}}}";
  EXPECT_EQ(declares_status(crd(bare), widget), false);
  EXPECT_EQ(declares_status(crd(bare + ",'subresources':{'status':{}}"), widget), true);
  EXPECT_EQ(declares_status(crd("'schema':{'openAPIV3Schema':{'properties':{'status':{}}}}"), widget), true);
  EXPECT_EQ(declares_status(crd("'schema':{'openAPIV3Schema':{'x-kubernetes-preserve-unknown-fields':true}}"),
                            widget),
            true);
  EXPECT_EQ(declares_status(crd(bare), {"example.com", "v2", "Widget"}), std::nullopt);
  EXPECT_EQ(declares_status(crd(bare), {"example.com", "v1", "Other"}), std::nullopt);
}

}  // namespace
}  // namespace instantexec::status::test
