// The adapter against a real API server: what only a real one can show.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <set>

#include "kube/openapi.h"
#include "os/random.h"
#include "source_dir.h"
#include "support/kube/sandbox_cluster.h"
#include "support/net/child_program.h"
#include "support/temp_dir.h"

namespace instantexec {
namespace {

using ::testing::HasSubstr;

class KubeSandbox : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto kubeconfig = testing::sandbox_kubeconfig();
    if (!kubeconfig) GTEST_SKIP() << "INSTANTEXEC_SANDBOX_KUBECONFIG is not set";
    std::string why;
    client_ = testing::make_sandbox_client(*kubeconfig, why);
    ASSERT_TRUE(client_) << why;
    ns_ = "net-" + os::random_hex(4);
    const engine::Response made = run(engine::CreateRequest{
        object({{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", {{"name", ns_}}}}), "test", false});
    ASSERT_TRUE(made.ok()) << made.error->to_string();
    ASSERT_TRUE(made.created);
  }
  void TearDown() override {
    if (client_ && !ns_.empty()) run(engine::DeleteRequest{{"", "v1", "Namespace"}, "", ns_, {}, {}, false});
  }

  static model::Object object(model::Json json) { return model::Object{std::move(json)}; }
  model::Object config_map(const std::string& name, const std::string& value) const {
    return object({{"apiVersion", "v1"},
                   {"kind", "ConfigMap"},
                   {"metadata", {{"name", name}, {"namespace", ns_}, {"labels", {{"app", "net"}}}}},
                   {"data", {{"key", value}}}});
  }
  engine::Cluster& cluster() { return *client_->cluster; }
  Instant soon(int seconds = 30) { return os::monotonic_now() + Duration{seconds * 1000LL}; }

  engine::Response run(engine::Request request) {
    const auto id = cluster().submit(std::move(request));
    while (true) {
      engine::ClusterEvent event = cluster().wait(soon(60));
      if (auto* response = std::get_if<engine::Response>(&event); response != nullptr && response->id == id) {
        return std::move(*response);
      }
      if (std::holds_alternative<engine::DeadlinePassed>(event)) {
        ADD_FAILURE() << "no response";
        return {};
      }
      other_.push_back(std::move(event));
    }
  }
  // The next event of a watch.
  engine::ClusterEvent next() {
    if (!other_.empty()) {
      engine::ClusterEvent event = std::move(other_.front());
      other_.erase(other_.begin());
      return event;
    }
    return cluster().wait(soon());
  }

  std::unique_ptr<testing::SandboxClient> client_;
  std::string ns_;
  std::vector<engine::ClusterEvent> other_;
  const model::Gvk config_maps_{"", "v1", "ConfigMap"};
};

TEST_F(KubeSandbox, SaysWhereItIs) {
  const auto info = cluster().info();
  ASSERT_TRUE(info) << info.error().to_string();
  EXPECT_THAT(info->server, ::testing::StartsWith("https://"));
  EXPECT_THAT(info->server_version, ::testing::StartsWith("v1."));
  EXPECT_FALSE(info->simulated);
}

TEST_F(KubeSandbox, CatalogKnowsTheBuiltInKinds) {
  const auto catalog = cluster().catalog(false);
  ASSERT_TRUE(catalog) << catalog.error().to_string();
  const auto* deployments = (*catalog)->find({"apps", "v1", "Deployment"});
  ASSERT_NE(deployments, nullptr);
  EXPECT_EQ(deployments->resource, "deployments");
  EXPECT_TRUE(deployments->namespaced);
  EXPECT_TRUE(deployments->verbs.contains("patch"));
  EXPECT_TRUE(deployments->subresources.contains("scale"));
  EXPECT_TRUE(deployments->short_names.contains("deploy"));
  const auto* namespaces = (*catalog)->find({"", "v1", "Namespace"});
  ASSERT_NE(namespaces, nullptr);
  EXPECT_FALSE(namespaces->namespaced);
  EXPECT_TRUE((*catalog)->incomplete().empty());
}

TEST_F(KubeSandbox, AppliesReadsAndDeletes) {
  const engine::Response dry = run(engine::ApplyRequest{config_map("a", "1"), "test", false, true, {}});
  ASSERT_TRUE(dry.ok()) << dry.error->to_string();
  EXPECT_EQ(run(engine::GetRequest{config_maps_, ns_, "a"}).http_status, 404);

  const engine::Response created = run(engine::ApplyRequest{config_map("a", "1"), "test", false, false, {}});
  ASSERT_TRUE(created.ok()) << created.error->to_string();
  EXPECT_TRUE(created.created);
  const engine::Response again = run(engine::ApplyRequest{config_map("a", "1"), "test", false, false, {}});
  EXPECT_FALSE(again.created);
  EXPECT_EQ(again.object.resource_version(), created.object.resource_version());

  const engine::Response read = run(engine::GetRequest{config_maps_, ns_, "a"});
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read.object.uid(), created.object.uid());

  const engine::Response wrong =
      run(engine::DeleteRequest{config_maps_, ns_, "a", {"another-uid", ""}, {}, false});
  EXPECT_EQ(wrong.outcome, engine::Outcome::kRejected);
  EXPECT_EQ(wrong.http_status, 409);
  const engine::Response deleted =
      run(engine::DeleteRequest{config_maps_, ns_, "a", {created.object.uid(), ""}, {}, false});
  EXPECT_TRUE(deleted.ok()) << deleted.error->to_string();
  const engine::Response gone = run(engine::GetRequest{config_maps_, ns_, "a"});
  EXPECT_TRUE(gone.not_found());
  EXPECT_EQ(gone.error->code->name, "kube.not-found");
  EXPECT_THAT(gone.error->hint, HasSubstr("kubectl get configmaps -n " + ns_));
}

TEST_F(KubeSandbox, PreconditionsFenceWrites) {
  const engine::Response missing =
      run(engine::ApplyRequest{config_map("p", "1"), "test", false, false, {"0000-none", ""}});
  EXPECT_EQ(missing.http_status, 409);
  const engine::Response made = run(engine::ApplyRequest{config_map("p", "1"), "test", false, false, {}});
  const engine::Preconditions seen{made.object.uid(), made.object.resource_version()};
  EXPECT_TRUE(run(engine::ApplyRequest{config_map("p", "2"), "test", false, false, seen}).ok());
  const engine::Response stale = run(engine::ApplyRequest{config_map("p", "3"), "test", false, false, seen});
  EXPECT_EQ(stale.http_status, 409);
  EXPECT_FALSE(stale.ownership_conflict());
  EXPECT_EQ(stale.error->code->name, "kube.conflict");
}

TEST_F(KubeSandbox, TellsOwnershipConflictsApart) {
  ASSERT_TRUE(run(engine::ApplyRequest{config_map("o", "1"), "first", false, false, {}}).ok());
  const engine::Response refused =
      run(engine::ApplyRequest{config_map("o", "2"), "second", false, false, {}});
  EXPECT_EQ(refused.http_status, 409);
  EXPECT_TRUE(refused.ownership_conflict());
  EXPECT_EQ(refused.error->code->name, "kube.ownership-conflict");
  ASSERT_FALSE(refused.causes.empty());
  EXPECT_EQ(refused.causes.front().field, ".data.key");
  EXPECT_TRUE(run(engine::ApplyRequest{config_map("o", "2"), "second", true, false, {}}).ok());
}

TEST_F(KubeSandbox, CreatesReplacesAndPatches) {
  const engine::Response made = run(engine::CreateRequest{config_map("c", "1"), "test", false});
  ASSERT_TRUE(made.created);
  const engine::Response twice = run(engine::CreateRequest{config_map("c", "1"), "test", false});
  EXPECT_EQ(twice.error->code->name, "kube.already-exists");

  model::Object next = made.object;
  next.json["data"]["key"] = "2";
  const engine::Response replaced = run(engine::ReplaceRequest{next, "test", false});
  ASSERT_TRUE(replaced.ok()) << replaced.error->to_string();
  EXPECT_EQ(run(engine::ReplaceRequest{next, "test", false}).http_status, 409);

  const model::Json patch =
      model::Json::array({{{"op", "test"}, {"path", "/metadata/uid"}, {"value", made.object.uid()}},
                          {{"op", "replace"}, {"path", "/data/key"}, {"value", "3"}}});
  const engine::Response patched = run(engine::PatchRequest{config_maps_, ns_, "c", patch, "test", false});
  ASSERT_TRUE(patched.ok()) << patched.error->to_string();
  EXPECT_EQ(model::get_string(patched.object.json, "/data/key"), "3");
}

TEST_F(KubeSandbox, StrictValidationRefusesUnknownFields) {
  model::Object wrong = config_map("w", "1");
  wrong.json["datum"] = {{"a", "b"}};
  const engine::Response refused = run(engine::ApplyRequest{wrong, "test", false, true, {}});
  EXPECT_EQ(refused.outcome, engine::Outcome::kRejected);
  EXPECT_EQ(refused.error->code->name, "kube.invalid");
  EXPECT_THAT(refused.error->message, HasSubstr("datum"));
  ASSERT_EQ(refused.causes.size(), 1U);
  EXPECT_EQ(refused.causes.front().field, ".datum");
}

TEST_F(KubeSandbox, InvalidSecretsAreNotRepeatedInErrors) {
  const engine::Response refused =
      run(engine::ApplyRequest{object({{"apiVersion", "v1"},
                                       {"kind", "Secret"},
                                       {"metadata", {{"name", "s"}, {"namespace", ns_}}},
                                       {"data", {{"password", "hunter2-not-base64!"}}}}),
                               "test",
                               false,
                               true,
                               {}});
  ASSERT_EQ(refused.outcome, engine::Outcome::kRejected);
  EXPECT_THAT(refused.error->to_string(), ::testing::Not(HasSubstr("hunter2")));
  for (const auto& cause : refused.causes) EXPECT_THAT(cause.message, ::testing::Not(HasSubstr("hunter2")));
}

TEST_F(KubeSandbox, UnknownKindsAreNotSent) {
  const engine::Response response = run(engine::GetRequest{{"none.example", "v1", "Widget"}, ns_, "x"});
  EXPECT_EQ(response.outcome, engine::Outcome::kNotSent);
  EXPECT_EQ(response.error->code->name, "kube.kind-not-served");
}

TEST_F(KubeSandbox, ListsAcrossPages) {
  constexpr int kCount = 620;  // more than one page
  std::map<engine::RequestId, int> open;
  // A write leaves within seconds of its submission or not at all, so no more are submitted than are under
  // way.
  for (int i = 0; i < kCount || !open.empty();) {
    for (; i < kCount && open.size() < cluster().capacity(); ++i) {
      open[cluster().submit(
          engine::ApplyRequest{config_map("l" + std::to_string(i), "x"), "test", false, false, {}})] = i;
    }
    engine::ClusterEvent event = cluster().wait(soon(60));
    auto* response = std::get_if<engine::Response>(&event);
    ASSERT_NE(response, nullptr);
    ASSERT_TRUE(response->ok()) << response->error->to_string();
    open.erase(response->id);
  }
  const engine::Response all = run(engine::ListRequest{config_maps_, ns_, "app=net", ""});
  ASSERT_TRUE(all.ok()) << all.error->to_string();
  EXPECT_EQ(all.items.size(), static_cast<std::size_t>(kCount));
  EXPECT_EQ(all.items.front().kind(), "ConfigMap");
  EXPECT_EQ(all.items.front().api_version(), "v1");
  EXPECT_FALSE(all.list_resource_version.empty());
  EXPECT_EQ(run(engine::ListRequest{config_maps_, ns_, "app=none", ""}).items.size(), 0U);
}

TEST_F(KubeSandbox, WatchesChanges) {
  ASSERT_TRUE(run(engine::ApplyRequest{config_map("w1", "1"), "test", false, false, {}}).ok());
  const engine::WatchId watch = cluster().watch({config_maps_, ns_, "app=net", ""});
  std::vector<std::string> seen;
  const auto read_one = [&] {
    engine::ClusterEvent event = next();
    if (auto* changed = std::get_if<engine::ObjectChanged>(&event)) {
      EXPECT_EQ(changed->watch, watch);
      EXPECT_EQ(changed->object.kind(), "ConfigMap");
      seen.push_back((changed->deleted ? "deleted " : "changed ") + changed->object.name() + " " +
                     model::get_string(changed->object.json, "/data/key"));
    } else if (std::holds_alternative<engine::WatchSynced>(event)) {
      seen.emplace_back("synced");
    } else {
      seen.emplace_back("unexpected");
    }
  };
  read_one();
  read_one();
  run(engine::ApplyRequest{config_map("w2", "1"), "test", false, false, {}});
  read_one();
  run(engine::ApplyRequest{config_map("w1", "2"), "test", false, false, {}});
  read_one();
  run(engine::DeleteRequest{config_maps_, ns_, "w2", {}, {}, false});
  read_one();
  EXPECT_EQ(seen, (std::vector<std::string>{"changed w1 1", "synced", "changed w2 1", "changed w1 2",
                                            "deleted w2 1"}));
  cluster().cancel_watch(watch);
  run(engine::ApplyRequest{config_map("w3", "1"), "test", false, false, {}});
  EXPECT_TRUE(
      std::holds_alternative<engine::DeadlinePassed>(cluster().wait(os::monotonic_now() + Duration{200})));
}

TEST_F(KubeSandbox, WatchesOfUnknownKindsFail) {
  cluster().watch({{"none.example", "v1", "Widget"}, ns_, "", ""});
  EXPECT_TRUE(std::holds_alternative<engine::WatchFailed>(next()));
}

TEST_F(KubeSandbox, ReadsTheLogOfAMissingPod) {
  const engine::Response response = run(engine::LogsRequest{ns_, "none", "", false, 20});
  EXPECT_EQ(response.outcome, engine::Outcome::kRejected);
  EXPECT_EQ(response.http_status, 404);
}

TEST_F(KubeSandbox, GivesOpenApiDocuments) {
  auto client = kube::make_rest_client(client_->config.rest, *client_->config.authenticator, {}, {});
  ASSERT_TRUE(client) << client.error().to_string();
  const testing::TempDir folder;
  kube::OpenApi openapi(**client, kube::DiscoveryCache(folder.path(), client_->config.rest.server));
  for (const std::string group_version : {"apps/v1", "v1", "apps/v1"}) {
    const auto document = openapi.document(group_version);
    ASSERT_TRUE(document) << document.error().to_string();
    const auto json = model::parse_json(*document);
    ASSERT_TRUE(json);
    EXPECT_THAT(model::get_string(*json, "/openapi"), ::testing::StartsWith("3."));
  }
  EXPECT_EQ(openapi.document("none.example/v1").error().code->name, "kube.kind-not-served");
}

// libcurl can hold the bytes of one HTTP/2 stream that came along with another's. On a connection with some
// delay that stopped one start in seven for 30 s; the transport must look again by itself.
TEST_F(KubeSandbox, StartsWithoutStandingStillOnASlowNetwork) {
  constexpr int kStarts = 15;
  const auto server = net::parse_url(client_->config.rest.server);
  ASSERT_TRUE(server);
  const testing::ChildProgram proxy(
      {"python3", std::string(INSTANTEXEC_SOURCE_DIR) + "/tests/support/delayproxy/delayproxy", "--target",
       server->host_port(), "--rtt-ms", "40"});
  ASSERT_FALSE(proxy.first_line().empty());
  kube::RestConfig config = client_->config.rest;
  config.server = "https://127.0.0.1:" + proxy.first_line();
  for (int i = 0; i < kStarts; ++i) {
    auto slow = kube::make_cluster(config, *client_->config.authenticator, {});
    ASSERT_TRUE(slow);
    const Instant begin = os::monotonic_now();
    ASSERT_TRUE((*slow)->info());
    ASSERT_TRUE((*slow)->catalog(false));
    EXPECT_LT(os::monotonic_now() - begin, Duration{25'000});
  }
}

// How long it took is a property of the test (--gtest_output), not a condition: the machine may be busy.
TEST_F(KubeSandbox, HundredsOfRequestsAtOnceAllComeBack) {
  constexpr int kTogether = 500;
  std::set<engine::RequestId> open;
  ASSERT_TRUE(cluster().catalog(false));
  const Instant begin = os::monotonic_now();
  for (int i = 0; i < kTogether; ++i) {
    open.insert(cluster().submit(
        engine::ApplyRequest{config_map("m" + std::to_string(i), "x"), "test", false, true, {}}));
  }
  while (!open.empty()) {
    engine::ClusterEvent event = cluster().wait(soon(60));
    auto* response = std::get_if<engine::Response>(&event);
    ASSERT_NE(response, nullptr);
    ASSERT_TRUE(response->ok()) << response->error->to_string();
    ASSERT_EQ(open.erase(response->id), 1U) << "each exactly once";
  }
  RecordProperty("together_ms", static_cast<int>((os::monotonic_now() - begin).count()));
}

}  // namespace
}  // namespace instantexec
