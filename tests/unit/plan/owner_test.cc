#include "plan/owner.h"

#include <gtest/gtest.h>

#include "unit/plan/objects.h"

namespace instantexec::plan {
namespace {

using test::make;

const Scope kScope{"web", "demo"};

TEST(Owner, KnowsTheToolsByTheirMarks) {
  struct Row {
    const char* map;
    const char* key;
    const char* tool;
  };
  const std::vector<Row> rows = {
      {"annotations", "meta.helm.sh/release-name", "Helm release"},
      {"annotations", "argocd.argoproj.io/tracking-id", "Argo CD application"},
      {"labels", "kustomize.toolkit.fluxcd.io/name", "Flux Kustomization"},
      {"labels", "helm.toolkit.fluxcd.io/name", "Flux HelmRelease"},
      {"labels", "kapp.k14s.io/app", "kapp app"},
      {"labels", "applyset.kubernetes.io/part-of", "ApplySet"},
      {"labels", "instantexec.dev/release", "instantexec release"},
  };
  for (const Row& row : rows) {
    auto live = make("v1", "ConfigMap", "a");
    live.json["metadata"][row.map][row.key] = "theirs";
    const auto owner = foreign_owner(live, kScope);
    ASSERT_TRUE(owner) << row.key;
    EXPECT_EQ(owner->tool, row.tool);
    EXPECT_NE(owner->name.find("theirs"), std::string::npos);
  }
}

TEST(Owner, ALabelThatMerelyLooksAlikeIsNone) {
  auto live = make("v1", "ConfigMap", "a");
  live.json["metadata"]["labels"] = {{"app.kubernetes.io/managed-by", "Helm"},
                                     {"app.kubernetes.io/instance", "x"}};
  EXPECT_FALSE(foreign_owner(live, kScope));
}

TEST(Owner, AController) {
  auto live = make("apps/v1", "ReplicaSet", "a");
  live.json["metadata"]["ownerReferences"] = {{{"kind", "Deployment"}, {"name", "d"}, {"controller", true}}};
  EXPECT_EQ(foreign_owner(live, kScope)->name, "Deployment d");
  live.json["metadata"]["ownerReferences"][0]["controller"] = false;
  EXPECT_FALSE(foreign_owner(live, kScope));
}

TEST(Owner, TheReleaseIsNameAndHome) {
  auto inside = make("v1", "ConfigMap", "a");
  inside.json["metadata"]["labels"]["instantexec.dev/release"] = "web";
  EXPECT_TRUE(owned_by(inside, kScope));
  EXPECT_FALSE(foreign_owner(inside, kScope));
  EXPECT_FALSE(owned_by(inside, {"web", "elsewhere"}));

  auto outside = make("v1", "Namespace", "n", "");
  outside.json["metadata"]["labels"]["instantexec.dev/release"] = "web";
  EXPECT_FALSE(owned_by(outside, kScope));
  outside.json["metadata"]["labels"]["instantexec.dev/release-namespace"] = "demo";
  EXPECT_TRUE(owned_by(outside, kScope));
  EXPECT_EQ(foreign_owner(outside, {"web", "other"})->name, "demo/web");
}

TEST(Owner, KeepAnnotations) {
  auto live = make("v1", "ConfigMap", "a");
  EXPECT_FALSE(kept_by_annotation(live));
  live.json["metadata"]["annotations"]["instantexec.dev/keep"] = "true";
  EXPECT_TRUE(kept_by_annotation(live));
}

}  // namespace
}  // namespace instantexec::plan
