#include "model/api_catalog.h"

#include <gtest/gtest.h>

namespace instantexec::model {
namespace {

ApiResource resource(Gvk gvk, std::string plural, std::set<std::string> short_names = {}) {
  ApiResource out;
  out.gvk = std::move(gvk);
  out.resource = std::move(plural);
  out.short_names = std::move(short_names);
  return out;
}

ApiCatalog sample() {
  ApiCatalog catalog;
  catalog.add(resource({"", "v1", "ConfigMap"}, "configmaps", {"cm"}));
  catalog.add(resource({"apps", "v1", "Deployment"}, "deployments", {"deploy"}));
  catalog.add(resource({"autoscaling", "v2", "HorizontalPodAutoscaler"}, "horizontalpodautoscalers"));
  catalog.add(resource({"autoscaling", "v1", "HorizontalPodAutoscaler"}, "horizontalpodautoscalers"));
  catalog.add_incomplete("metrics.k8s.io/v1beta1");
  return catalog;
}

TEST(ApiCatalog, FindsByKindAndVersion) {
  const ApiCatalog catalog = sample();
  ASSERT_NE(catalog.find({"apps", "v1", "Deployment"}), nullptr);
  EXPECT_EQ(catalog.find({"apps", "v1", "Deployment"})->resource, "deployments");
  EXPECT_EQ(catalog.find({"apps", "v1beta1", "Deployment"}), nullptr);
}

TEST(ApiCatalog, PrefersTheServersOrder) {
  const ApiCatalog catalog = sample();
  EXPECT_EQ(catalog.find_preferred("autoscaling", "HorizontalPodAutoscaler")->gvk.version, "v2");
  EXPECT_EQ(catalog.versions("autoscaling", "HorizontalPodAutoscaler").size(), 2U);
}

TEST(ApiCatalog, FindsByWhatUsersType) {
  const ApiCatalog catalog = sample();
  for (const char* word : {"deploy", "Deployment", "deployments", "deployments.apps"}) {
    ASSERT_NE(catalog.find_by_name(word), nullptr) << word;
    EXPECT_EQ(catalog.find_by_name(word)->gvk.kind, "Deployment") << word;
  }
  EXPECT_EQ(catalog.find_by_name("deployments.extensions"), nullptr);
  EXPECT_EQ(catalog.find_by_name("cm")->gvk.kind, "ConfigMap");
}

TEST(ApiCatalog, RemembersWhatCouldNotBeDiscovered) {
  const ApiCatalog catalog = sample();
  EXPECT_TRUE(catalog.incomplete_group("metrics.k8s.io"));
  EXPECT_FALSE(catalog.incomplete_group("apps"));
  EXPECT_FALSE(catalog.incomplete_group(""));
}

}  // namespace
}  // namespace instantexec::model
