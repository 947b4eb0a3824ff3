#include "kube/api_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace instantexec::kube {
namespace {

model::ApiResource deployments() {
  model::ApiResource out;
  out.gvk = {"apps", "v1", "Deployment"};
  out.resource = "deployments";
  return out;
}
model::ApiResource namespaces() {
  model::ApiResource out;
  out.gvk = {"", "v1", "Namespace"};
  out.resource = "namespaces";
  out.namespaced = false;
  return out;
}
model::Object web() {
  return model::Object{{{"apiVersion", "apps/v1"},
                        {"kind", "Deployment"},
                        {"metadata", {{"name", "web"}, {"namespace", "demo"}}}}};
}

struct Row {
  const char* name;
  engine::Request request;
  model::ApiResource resource;
  const char* method;
  const char* target;
  const char* content_type;
  bool write;
};
class BuildCall : public ::testing::TestWithParam<Row> {};

TEST_P(BuildCall, Row) {
  const Row& row = GetParam();
  const auto call = build_call(row.request, &row.resource, {});
  ASSERT_TRUE(call) << call.error().to_string();
  EXPECT_EQ(call->method, row.method);
  EXPECT_EQ(call->target, row.target);
  EXPECT_EQ(call->content_type, row.content_type);
  EXPECT_EQ(call->write, row.write);
  EXPECT_GT(call->timeout, Duration{0});
}

const model::Gvk kDeployment{"apps", "v1", "Deployment"};
const model::Gvk kNamespace{"", "v1", "Namespace"};

INSTANTIATE_TEST_SUITE_P(
    Rows, BuildCall,
    ::testing::Values(
        Row{"get", engine::GetRequest{kDeployment, "demo", "web"}, deployments(), "GET",
            "/apis/apps/v1/namespaces/demo/deployments/web", "", false},
        Row{"get_cluster", engine::GetRequest{kNamespace, "", "demo"}, namespaces(), "GET",
            "/api/v1/namespaces/demo", "", false},
        Row{"get_odd_name", engine::GetRequest{kNamespace, "", "a/b?c"}, namespaces(), "GET",
            "/api/v1/namespaces/a%2Fb%3Fc", "", false},
        Row{"list", engine::ListRequest{kDeployment, "demo", "app=web,tier in (a)", "metadata.name=x"},
            deployments(), "GET",
            "/apis/apps/v1/namespaces/demo/"
            "deployments?labelSelector=app%3Dweb,tier%20in%20(a)&fieldSelector=metadata.name%3Dx&limit=500",
            "", false},
        Row{"list_all", engine::ListRequest{kDeployment, "", "", ""}, deployments(), "GET",
            "/apis/apps/v1/deployments?limit=500", "", false},
        Row{"apply", engine::ApplyRequest{web(), "ie", false, false, {}}, deployments(), "PATCH",
            "/apis/apps/v1/namespaces/demo/deployments/"
            "web?fieldManager=ie&fieldValidation=Strict&timeout=20s",
            "application/apply-patch+yaml", true},
        Row{"apply_forced_dry", engine::ApplyRequest{web(), "ie", true, true, {}}, deployments(), "PATCH",
            "/apis/apps/v1/namespaces/demo/deployments/"
            "web?fieldManager=ie&dryRun=All&fieldValidation=Strict&timeout=20s&force=true",
            "application/apply-patch+yaml", false},
        Row{"create", engine::CreateRequest{web(), "ie", false}, deployments(), "POST",
            "/apis/apps/v1/namespaces/demo/deployments?fieldManager=ie&fieldValidation=Strict&timeout=20s",
            "application/json", true},
        Row{"replace", engine::ReplaceRequest{web(), "ie", true}, deployments(), "PUT",
            "/apis/apps/v1/namespaces/demo/deployments/"
            "web?fieldManager=ie&dryRun=All&fieldValidation=Strict&timeout=20s",
            "application/json", false},
        Row{"patch", engine::PatchRequest{kDeployment, "demo", "web", model::Json::array(), "ie", false},
            deployments(), "PATCH",
            "/apis/apps/v1/namespaces/demo/deployments/"
            "web?fieldManager=ie&fieldValidation=Strict&timeout=20s",
            "application/json-patch+json", true},
        Row{"delete", engine::DeleteRequest{kDeployment, "demo", "web", {}, {}, false}, deployments(),
            "DELETE", "/apis/apps/v1/namespaces/demo/deployments/web?timeout=20s", "application/json", true},
        Row{"logs", engine::LogsRequest{"demo", "web-1", "app", true, 20}, deployments(), "GET",
            "/api/v1/namespaces/demo/pods/web-1/log?container=app&previous=true&tailLines=20", "", false}),
    [](const auto& row) { return row.param.name; });

TEST(BuildCall, PreconditionsOfAnApplyTravelInItsBody) {
  engine::ApplyRequest request{web(), "ie", false, false, {"u-1", "42"}};
  const auto resource = deployments();
  const auto body = model::parse_json(build_call(request, &resource, {})->body);
  EXPECT_EQ(model::get_string(*body, "/metadata/uid"), "u-1");
  EXPECT_EQ(model::get_string(*body, "/metadata/resourceVersion"), "42");
  EXPECT_EQ(model::get_string(*body, "/metadata/name"), "web");
}

TEST(BuildCall, DeleteOptionsCarryPreconditionsAndPropagation) {
  const auto resource = deployments();
  const engine::DeleteRequest request{
      kDeployment, "demo", "web", {"u-1", "42"}, engine::Propagation::kForeground, true};
  const auto call = build_call(request, &resource, {});
  EXPECT_EQ(*model::parse_json(call->body), model::Json::parse(R"({
      "kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Foreground",
      "preconditions": {"uid": "u-1", "resourceVersion": "42"}, "dryRun": ["All"]})"));
  EXPECT_FALSE(call->write);
}

struct BadRow {
  const char* name;
  engine::Request request;
};
class RefusedCall : public ::testing::TestWithParam<BadRow> {};

TEST_P(RefusedCall, IsNotBuilt) {
  const auto resource = deployments();
  const auto call = build_call(GetParam().request, &resource, {});
  ASSERT_FALSE(call);
  EXPECT_EQ(call.error().code->name, "kube.bad-request");
}

INSTANTIATE_TEST_SUITE_P(
    Rows, RefusedCall,
    ::testing::Values(BadRow{"no_name", engine::GetRequest{kDeployment, "demo", ""}},
                      BadRow{"no_namespace", engine::GetRequest{kDeployment, "", "web"}},
                      BadRow{"dots", engine::GetRequest{kDeployment, "demo", ".."}},
                      BadRow{"delete_without_name",
                             engine::DeleteRequest{kDeployment, "demo", "", {}, {}, false}},
                      BadRow{"logs_without_namespace", engine::LogsRequest{"", "web-1", "", false, 1}}),
    [](const auto& row) { return row.param.name; });

TEST(BuildCall, AShorterRequestTimeoutBoundsTheServerToo) {
  const auto resource = deployments();
  const auto call = build_call(engine::ApplyRequest{web(), "ie", false, false, {}}, &resource,
                               CallOptions{Duration{5'000}});
  EXPECT_THAT(call->target, ::testing::HasSubstr("timeout=5s"));
  EXPECT_EQ(call->timeout, Duration{5'000});
}

TEST(NextPage, KeepsTheQuestion) {
  const auto resource = deployments();
  const auto first = build_call(engine::ListRequest{kDeployment, "", "a=b", ""}, &resource, {});
  EXPECT_EQ(next_page(*first, "to+ken/=").target, first->target + "&continue=to%2Bken/%3D");
}

TEST(WatchCall, AsksForBookmarksAndItsEnd) {
  const ApiCall call = watch_call(deployments(), {kDeployment, "demo", "a=b", ""}, "42", 300);
  EXPECT_EQ(
      call.target,
      "/apis/apps/v1/namespaces/demo/deployments?watch=true&allowWatchBookmarks=true&resourceVersion=42&"
      "timeoutSeconds=300&labelSelector=a%3Db");
  EXPECT_TRUE(call.watch);
}

}  // namespace
}  // namespace instantexec::kube
