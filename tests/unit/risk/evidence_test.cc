#include "risk/evidence.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "analyze/features.h"
#include "analyze/metrics.h"

namespace instantexec::risk {
namespace {

struct Case {
  model::Change change;
  analyze::CodebaseMetrics metrics;
  std::vector<model::Manifest> manifests;
  std::vector<model::Finding> conflicts;

  [[nodiscard]] std::vector<std::string> rules() const {
    const auto features = analyze::compute_features(change, {});
    std::vector<std::string> out;
    for (const auto& item : collect_evidence({change, features, metrics, manifests, conflicts}))
      out.push_back(item.rule);
    std::sort(out.begin(), out.end());
    return out;
  }
};

using Rules = std::vector<std::string>;

model::Manifest of_kind(const char* kind) {
  model::Manifest manifest;
  manifest.object.json = {{"apiVersion", "v1"}, {"kind", kind}, {"metadata", {{"name", "x"}}}};
  return manifest;
}

model::FileChange file(std::string path, std::uint32_t added,
                       model::FileStatus status = model::FileStatus::kModified) {
  model::FileChange out;
  out.path = std::move(path);
  out.added = added;
  out.status = status;
  return out;
}

TEST(Evidence, NothingComesFromNothing) {
  EXPECT_EQ(Case{}.rules(), Rules{});
}

TEST(Evidence, EachRuleFiresOnItsOwnCause) {
  Case repair;
  repair.change.message = "fix: port";
  EXPECT_EQ(repair.rules(), Rules{"risk.repair"});
  Case dirty;
  dirty.change.dirty = true;
  EXPECT_EQ(dirty.rules(), Rules{"risk.uncommitted"});
  Case large;
  large.change.files = {file("a.go", 10)};
  EXPECT_EQ(large.rules(), Rules{"risk.size"});
  Case small;
  small.change.files = {file("a.go", 9)};
  EXPECT_EQ(small.rules(), Rules{});
  Case removed;
  removed.change.files = {file("a.yaml", 0, model::FileStatus::kDeleted),
                          file("b.go", 0, model::FileStatus::kDeleted)};
  EXPECT_EQ(removed.rules(), Rules{"risk.removed-files"});
  Case wide;
  wide.change.files = {file("a/x", 1), file("b/x", 1), file("c/x", 1), file("d/x", 1)};
  EXPECT_EQ(wide.rules(), Rules{"risk.spread"});
  Case broken;
  broken.metrics.syntax_error_files = 1;
  EXPECT_EQ(broken.rules(), Rules{"risk.syntax"});
  Case complicated;
  complicated.metrics.deepest_nesting = 7;
  EXPECT_EQ(complicated.rules(), Rules{"risk.complexity"});
}

TEST(Evidence, KindsCountOncePerGroup) {
  Case rbac;
  rbac.manifests = {of_kind("Role"), of_kind("RoleBinding"), of_kind("Deployment"), of_kind("ConfigMap")};
  EXPECT_EQ(rbac.rules(), (Rules{"risk.rbac", "risk.workload"}));
  Case unnamed;
  unnamed.manifests = {of_kind("")};
  EXPECT_EQ(unnamed.rules(), Rules{}) << "an empty kind matches no row's padding";
}

TEST(Evidence, ProvenConflictsComeFirstAndWeighEverything) {
  Case both;
  both.change.dirty = true;
  model::Finding proven;
  proven.rule = "conflict.merge-marker";
  both.conflicts = {proven, proven};
  const auto features = analyze::compute_features(both.change, {});
  const auto items = collect_evidence({both.change, features, both.metrics, both.manifests, both.conflicts});
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(items[0].rule, "conflict.merge-marker");
  EXPECT_DOUBLE_EQ(items[0].weight, 1.0);
}

}  // namespace
}  // namespace instantexec::risk
