#include "kube/discovery.h"

#include <gtest/gtest.h>

#include "support/net/scripted_transport.h"
#include "support/temp_dir.h"

namespace instantexec::kube {
namespace {

constexpr const char* kCore =
    R"({"kind":"APIGroupDiscoveryList","items":[{"metadata":{},"versions":[{"version":"v1",
  "freshness":"Current","resources":[{"resource":"pods","responseKind":{"group":"","version":"","kind":"Pod"},
  "scope":"Namespaced","verbs":["get","list"],"shortNames":["po"],"subresources":[{"subresource":"log"}]}]}]}]})";
constexpr const char* kGroups = R"({"kind":"APIGroupDiscoveryList","items":[
  {"metadata":{"name":"apps"},"versions":[
    {"version":"v1","freshness":"Current","resources":[{"resource":"deployments",
     "responseKind":{"group":"apps","version":"v1","kind":"Deployment"},"scope":"Namespaced","verbs":["patch"]}]},
    {"version":"v1beta1","freshness":"Current","resources":[{"resource":"deployments",
     "responseKind":{"group":"apps","version":"v1beta1","kind":"Deployment"},"scope":"Namespaced","verbs":[]}]}]},
  {"metadata":{"name":"metrics.k8s.io"},"versions":[{"version":"v1beta1","freshness":"Stale","resources":[]}]},
  {"metadata":{"name":"x.example"},"versions":[{"version":"v1","freshness":"Current","resources":[
     {"resource":"widgets","scope":"Cluster","verbs":["get"],"responseKind":{"kind":"Widget"}},
     {"resource":"nokind","scope":"Cluster","verbs":["get"],"responseKind":null}]}]}]})";

TEST(AddAggregated, ReadsGroupsInTheServersOrder) {
  model::ApiCatalog catalog;
  add_aggregated(*model::parse_json(kCore), catalog);
  add_aggregated(*model::parse_json(kGroups), catalog);
  const auto* pods = catalog.find({"", "v1", "Pod"});
  ASSERT_NE(pods, nullptr);
  EXPECT_EQ(pods->resource, "pods");
  EXPECT_TRUE(pods->namespaced);
  EXPECT_TRUE(pods->subresources.contains("log"));
  EXPECT_TRUE(pods->short_names.contains("po"));
  EXPECT_EQ(catalog.find_preferred("apps", "Deployment")->gvk.version, "v1");
  EXPECT_EQ(catalog.versions("apps", "Deployment").size(), 2U);
  const auto* widgets = catalog.find({"x.example", "v1", "Widget"});
  ASSERT_NE(widgets, nullptr);
  EXPECT_FALSE(widgets->namespaced);
  EXPECT_EQ(catalog.all().size(), 4U);
  EXPECT_TRUE(catalog.incomplete_group("metrics.k8s.io"));
  EXPECT_FALSE(catalog.incomplete_group("apps"));
}

TEST(LegacyGroupVersions, PutsThePreferredVersionFirst) {
  EXPECT_EQ(legacy_group_versions(*model::parse_json(R"({"kind":"APIVersions","versions":["v1"]})")),
            std::vector<std::string>{"v1"});
  EXPECT_EQ(legacy_group_versions(*model::parse_json(
                R"({"kind":"APIGroupList","groups":[{"name":"a","versions":[{"groupVersion":"a/v2beta1"},
                {"groupVersion":"a/v1"}],"preferredVersion":{"groupVersion":"a/v1"}}]})")),
            (std::vector<std::string>{"a/v1", "a/v2beta1"}));
}

TEST(AddLegacy, JoinsSubresources) {
  model::ApiCatalog catalog;
  add_legacy(*model::parse_json(R"({"kind":"APIResourceList","resources":[
      {"name":"deployments","kind":"Deployment","namespaced":true,"verbs":["get"],"shortNames":["deploy"]},
      {"name":"deployments/scale","kind":"Scale","group":"autoscaling","namespaced":true,"verbs":["get"]}]})"),
             "apps/v1", catalog);
  ASSERT_EQ(catalog.all().size(), 1U);
  EXPECT_TRUE(catalog.find({"apps", "v1", "Deployment"})->subresources.contains("scale"));
}

class DiscoveryTest : public ::testing::Test {
 protected:
  using Script = testing::ScriptedTransport::Script;
  // Runs discovery over the script with a cache in `folder_`.
  Result<std::shared_ptr<const model::ApiCatalog>> discover(Script script, bool refresh = false) {
    auto transport = std::make_unique<testing::ScriptedTransport>(std::move(script), now_);
    transport_ = transport.get();
    RestConfig config;
    config.server = "https://api.example";
    RestClientOptions options;
    options.now = [this] { return now_; };
    options.random = [] { return 0.0; };
    client_ = std::make_unique<RestClient>(std::move(transport), config, *authenticator_, options);
    Discovery discovery(*client_, DiscoveryCache(folder_.path(), config.server));
    return discovery.catalog(refresh);
  }
  static Script aggregated() {
    return [](const net::HttpRequest& request) -> std::vector<net::NetEvent> {
      for (const net::Header& header : request.headers) {
        if (header.name == "If-None-Match" && header.value == "\"tag" + request.target + "\"") {
          return {testing::done(testing::json_answer(304, ""))};
        }
      }
      return {testing::done(testing::json_answer(200, request.target == "/api" ? kCore : kGroups,
                                                 {{"ETag", "\"tag" + request.target + "\""}}))};
    };
  }
  testing::TempDir folder_;
  Instant now_;
  std::unique_ptr<Authenticator> authenticator_ = make_static_authenticator({}, "none");
  std::unique_ptr<RestClient> client_;
  testing::ScriptedTransport* transport_ = nullptr;
};

TEST_F(DiscoveryTest, AsksTwiceThenNotAtAllThenForChangesOnly) {
  ASSERT_TRUE(discover(aggregated()));
  EXPECT_EQ(transport_->requests.size(), 2U);
  const auto cached = discover(aggregated());
  ASSERT_TRUE(cached);
  EXPECT_EQ(transport_->requests.size(), 0U);
  EXPECT_NE((*cached)->find({"apps", "v1", "Deployment"}), nullptr);
  const auto revalidated = discover(aggregated(), /*refresh=*/true);
  ASSERT_TRUE(revalidated);
  ASSERT_EQ(transport_->requests.size(), 2U);
  EXPECT_NE((*revalidated)->find({"apps", "v1", "Deployment"}), nullptr);
}

TEST_F(DiscoveryTest, DamagedCacheFilesAreNotThere) {
  ASSERT_TRUE(discover(aggregated()));
  const DiscoveryCache cache(folder_.path(), "https://api.example");
  auto document = cache.load("/apis");
  ASSERT_TRUE(document);
  document->body = "{\"kind\":\"APIGroupDiscoveryList\"";
  cache.store("/apis", *document);
  ASSERT_TRUE(discover(aggregated()));
  EXPECT_EQ(transport_->requests.size(), 1U) << "only /apis is asked for again";
  EXPECT_FALSE(DiscoveryCache(folder_.path(), "https://other.example").load("/apis"));
  EXPECT_FALSE(DiscoveryCache().load("/apis"));
}

TEST_F(DiscoveryTest, OldServersAreAskedGroupByGroup) {
  const auto catalog = discover([](const net::HttpRequest& request) -> std::vector<net::NetEvent> {
    if (request.target == "/api") {
      return {testing::done(testing::json_answer(200, R"({"kind":"APIVersions","versions":["v1"]})"))};
    }
    if (request.target == "/apis") {
      return {testing::done(testing::json_answer(
          200,
          R"({"kind":"APIGroupList","groups":[{"name":"down.example","versions":[{"groupVersion":"down.example/v1"}]}]})"))};
    }
    if (request.target == "/api/v1") {
      return {testing::done(testing::json_answer(
          200,
          R"({"kind":"APIResourceList","resources":[{"name":"pods","kind":"Pod","namespaced":true}]})"))};
    }
    return {testing::done(testing::json_answer(500, "{}"))};
  });
  ASSERT_TRUE(catalog) << catalog.error().to_string();
  EXPECT_NE((*catalog)->find({"", "v1", "Pod"}), nullptr);
  EXPECT_TRUE((*catalog)->incomplete_group("down.example"));
}

TEST_F(DiscoveryTest, RefusalsAndForeignAnswersAreErrors) {
  const auto forbidden = discover([](const net::HttpRequest&) -> std::vector<net::NetEvent> {
    return {
        testing::done(testing::json_answer(403, R"({"kind":"Status","reason":"Forbidden","message":"no"})"))};
  });
  ASSERT_FALSE(forbidden);
  EXPECT_EQ(forbidden.error().code->exit, ExitCode::kRejected);
  for (const char* body : {"{}", "<html>", ""}) {
    const auto foreign = discover([body](const net::HttpRequest&) -> std::vector<net::NetEvent> {
      return {testing::done(testing::json_answer(200, body))};
    });
    ASSERT_FALSE(foreign);
    EXPECT_EQ(foreign.error().code->name, "kube.bad-answer");
  }
}

}  // namespace
}  // namespace instantexec::kube
