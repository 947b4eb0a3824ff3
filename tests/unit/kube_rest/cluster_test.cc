// The adapter over a scripted transport: credentials, retries, pages, watches and interruptions.
#include "kube/cluster.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "net/errors.h"
#include "support/net/scripted_transport.h"

namespace instantexec::kube {
namespace {

using engine::Outcome;
using testing::done;
using testing::json_answer;

constexpr const char* kCore =
    R"({"kind":"APIGroupDiscoveryList","items":[{"metadata":{},"versions":[{"version":"v1",
  "resources":[{"resource":"configmaps","responseKind":{"kind":"ConfigMap"},"scope":"Namespaced","verbs":[]}]}]}]})";
constexpr const char* kNoGroups = R"({"kind":"APIGroupDiscoveryList","items":[]})";
constexpr const char* kObject =
    R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"d"}})";

class RotatingAuthenticator final : public Authenticator {
 public:
  Result<Credentials> credentials() override {
    if (broken) return fail(instantexec::errors::kUsage, "no credentials");
    Credentials out;
    out.authorization = bearer("token-" + std::to_string(generation));
    out.generation = generation;
    return out;
  }
  bool invalidate(std::uint64_t of) override {
    if (of == generation) ++generation;
    return rotates;
  }
  [[nodiscard]] std::optional<Timestamp> expiry() const override { return std::nullopt; }
  [[nodiscard]] std::string describe() const override { return "test"; }

  std::uint64_t generation = 1;
  bool rotates = true;
  bool broken = false;
};

class ClusterTest : public ::testing::Test {
 protected:
  using Events = std::vector<net::NetEvent>;

  void SetUp() override { make("https://api.example"); }

  void make(const std::string& server) {
    auto transport = std::make_unique<testing::ScriptedTransport>(
        [this](const net::HttpRequest& request) -> Events {
          if (request.target == "/api") return {done(json_answer(200, kCore))};
          if (request.target == "/apis") return {done(json_answer(200, kNoGroups))};
          if (script_.empty()) return {};
          Events next = std::move(script_.front());
          script_.pop_front();
          return next;
        },
        now_);
    transport_ = transport.get();
    RestConfig config;
    config.server = server;
    config.context = "test";
    config.impersonate = impersonate_;
    ClusterOptions options;
    options.rest.now = [this] { return now_; };
    options.rest.random = [] { return 0.0; };
    options.rest.log = [this](int, const std::string& text) { log_ += text + "\n"; };
    options.take_interrupt = [this]() -> std::optional<int> {
      if (signals_.empty()) return std::nullopt;
      const int signal = signals_.front();
      signals_.pop_front();
      return signal;
    };
    cluster_ = make_cluster_over(std::move(transport), config, authenticator_, options);
    ASSERT_TRUE(cluster_->catalog(false));
    transport_->requests.clear();
  }

  void answer(net::HttpResponse response) { script_.push_back({done(std::move(response))}); }
  void lose(net::Sent sent, const ErrorCode& code = net::errors::kConnectionLost) {
    script_.push_back({net::TransferFailed{0, make_error(code, "lost"), sent}});
  }
  static net::HttpResponse status(int code, const std::string& reason,
                                  std::vector<net::Header> headers = {}) {
    return json_answer(code, R"({"kind":"Status","status":"Failure","reason":")" + reason + R"("})",
                       std::move(headers));
  }
  static engine::ApplyRequest apply() {
    return {model::Object{*model::parse_json(kObject)}, "ie", false, false, {}};
  }
  engine::Response run(engine::Request request) {
    const auto id = cluster_->submit(std::move(request));
    auto event = cluster_->wait(now_ + Duration{600'000});
    auto* response = std::get_if<engine::Response>(&event);
    if (response == nullptr) {
      ADD_FAILURE() << "no response";
      return {};
    }
    EXPECT_EQ(response->id, id);
    return *response;
  }
  static std::string header(const net::HttpRequest& request, const std::string& name) {
    std::string out;
    for (const net::Header& header : request.headers) {
      if (header.name == name) out += (out.empty() ? "" : "|") + header.value;
    }
    return out;
  }

  Instant now_{Duration{1'000'000}};
  RotatingAuthenticator authenticator_;
  Impersonation impersonate_;
  std::deque<Events> script_;
  std::deque<int> signals_;
  std::string log_;
  testing::ScriptedTransport* transport_ = nullptr;
  std::unique_ptr<engine::Cluster> cluster_;
};

TEST_F(ClusterTest, FreshCredentialsOnceAfter401) {
  answer(status(401, "Unauthorized"));
  answer(json_answer(200, kObject));
  EXPECT_TRUE(run(apply()).ok());
  ASSERT_EQ(transport_->requests.size(), 2U);
  EXPECT_EQ(transport_->requests[0].authorization.reveal(), "Bearer token-1");
  EXPECT_EQ(transport_->requests[1].authorization.reveal(), "Bearer token-2");

  answer(status(401, "Unauthorized"));
  answer(status(401, "Unauthorized"));
  const auto refused = run(apply());
  EXPECT_EQ(refused.outcome, Outcome::kRejected);
  EXPECT_EQ(refused.error->code->name, "kube.unauthorized");
  EXPECT_EQ(transport_->requests.size(), 4U);
  EXPECT_THAT(log_, ::testing::Not(::testing::HasSubstr("token-")));
}

TEST_F(ClusterTest, StaticCredentialsAreNotTriedTwice) {
  authenticator_.rotates = false;
  answer(status(401, "Unauthorized"));
  EXPECT_EQ(run(apply()).http_status, 401);
  EXPECT_EQ(transport_->requests.size(), 1U);
}

TEST_F(ClusterTest, WithoutCredentialsNothingIsSent) {
  authenticator_.broken = true;
  const auto response = run(apply());
  EXPECT_EQ(response.outcome, Outcome::kNotSent);
  EXPECT_EQ(response.error->code->name, "usage");
}

TEST_F(ClusterTest, CredentialsStayOffPlainHttp) {
  impersonate_.user = "jane";
  make("http://api.example");
  answer(json_answer(200, kObject));
  EXPECT_TRUE(run(apply()).ok());
  EXPECT_TRUE(transport_->requests[0].authorization.empty());
  EXPECT_EQ(header(transport_->requests[0], "Impersonate-User"), "");
}

TEST_F(ClusterTest, ImpersonatesWithEscapedKeys) {
  impersonate_.user = "jane";
  impersonate_.uid = "7";
  impersonate_.groups = {"a", "b"};
  impersonate_.extra = {{"Example.com/Team", {"x"}}};
  make("https://api.example");
  answer(json_answer(200, kObject));
  EXPECT_TRUE(run(apply()).ok());
  const net::HttpRequest& request = transport_->requests[0];
  EXPECT_EQ(header(request, "Impersonate-User"), "jane");
  EXPECT_EQ(header(request, "Impersonate-Uid"), "7");
  EXPECT_EQ(header(request, "Impersonate-Group"), "a|b");
  EXPECT_EQ(header(request, "Impersonate-Extra-example.com%2Fteam"), "x");
}

TEST_F(ClusterTest, TheServersClockIsCountedOnFromItsLatestDate) {
  EXPECT_EQ(cluster_->server_time(), std::nullopt) << "no answer had a date";
  const auto ask = [this](const std::string& date) {
    answer(json_answer(200, kObject, {{"date", date}}));
    EXPECT_TRUE(run(apply()).ok());
    return cluster_->server_time();
  };
  const Timestamp eight = *parse_rfc3339("2026-01-01T08:00:00Z");
  EXPECT_EQ(ask("Thu, 01 Jan 2026 08:00:00 GMT"), eight);
  now_ = now_ + Duration{2'500};
  EXPECT_EQ(cluster_->server_time(), eight + Duration{2'500});
  // Cut to whole seconds: it is at least what was counted.
  EXPECT_EQ(ask("Thu, 01 Jan 2026 08:00:02 GMT"), eight + Duration{2'500});
  EXPECT_EQ(ask("Thu, 01 Jan 2026 08:00:03 GMT"), eight + Duration{3'000});
  EXPECT_EQ(ask("yesterday"), eight + Duration{3'000});
}

TEST_F(ClusterTest, OverloadIsWaitedOut) {
  answer(status(429, "TooManyRequests", {{"Retry-After", "5"}}));
  answer(json_answer(200, kObject));
  const Instant before = now_;
  EXPECT_TRUE(run(engine::GetRequest{{"", "v1", "ConfigMap"}, "d", "a"}).ok());
  EXPECT_EQ(now_ - before, Duration{5'000});
  EXPECT_LT(cluster_->capacity(), 200U);
}

// The lock may be somebody else's by then, so whoever asked for the write has to ask again: not too early.
TEST_F(ClusterTest, ALongOverloadIsWaitedOutAndHandedBackToTheWriter) {
  answer(status(429, "TooManyRequests", {{"Retry-After", "1"}}));
  answer(status(429, "TooManyRequests", {{"Retry-After", "5"}}));
  const Instant before = now_;
  EXPECT_EQ(run(apply()).http_status, 429);
  EXPECT_EQ(transport_->requests.size(), 2U);
  EXPECT_GE(now_ - before, Duration{6'000});
  EXPECT_EQ(transport_->requests[0].leave_within, Duration{3'000});
  EXPECT_LE(transport_->requests[1].leave_within, Duration{2'000});
}

// The process was stopped between its last look at the lock and asking for the write.
TEST_F(ClusterTest, AWriteDecidedLongAgoIsNotSent) {
  answer(json_answer(200, kObject));
  EXPECT_TRUE(run(engine::GetRequest{{"", "v1", "ConfigMap"}, "d", "a"}).ok());
  now_ = now_ + Duration{3'000};
  EXPECT_EQ(run(apply()).outcome, Outcome::kNotSent);
  EXPECT_EQ(transport_->requests.size(), 1U);
  answer(json_answer(200, kObject));
  EXPECT_TRUE(run(apply()).ok()) << "decided anew";
}

TEST_F(ClusterTest, QuestionsAreNoWrites) {
  answer(status(429, "TooManyRequests", {{"Retry-After", "5"}}));
  answer(json_answer(201, R"({"kind":"SelfSubjectAccessReview","apiVersion":"authorization.k8s.io/v1",
    "metadata":{},"status":{"allowed":true}})"));
  engine::CreateRequest review;
  review.body.json = {{"apiVersion", "authorization.k8s.io/v1"}, {"kind", "SelfSubjectAccessReview"}};
  EXPECT_NE(run(review).http_status, 429);
}

TEST_F(ClusterTest, ALostWriteIsNeverRepeated) {
  lose(net::Sent::kMaybe);
  EXPECT_EQ(run(apply()).outcome, Outcome::kUnknown);
  answer(status(503, "ServiceUnavailable", {{"Retry-After", "1"}}));
  EXPECT_EQ(run(apply()).outcome, Outcome::kUnknown);
  EXPECT_EQ(transport_->requests.size(), 2U);
  for (const net::HttpRequest& request : transport_->requests) EXPECT_EQ(request.replay, net::Replay::kNever);
}

TEST_F(ClusterTest, AWriteThatNeverLeftIsRepeated) {
  lose(net::Sent::kNot, net::errors::kConnect);
  answer(json_answer(200, kObject));
  EXPECT_TRUE(run(apply()).ok());
  EXPECT_EQ(transport_->requests.size(), 2U);
}

TEST_F(ClusterTest, ReadsAreRepeatedAndMarkedHarmless) {
  lose(net::Sent::kMaybe);
  answer(status(503, "ServiceUnavailable"));
  answer(json_answer(200, kObject));
  EXPECT_TRUE(run(engine::GetRequest{{"", "v1", "ConfigMap"}, "d", "a"}).ok());
  EXPECT_EQ(transport_->requests.size(), 3U);
  EXPECT_EQ(transport_->requests[0].replay, net::Replay::kHarmless);
}

std::string page(const std::string& names, const std::string& token) {
  std::string items;
  for (const char name : names) {
    items += std::string(items.empty() ? "" : ",") + R"({"metadata":{"name":")" + name + R"("}})";
  }
  return R"({"kind":"ConfigMapList","metadata":{"resourceVersion":"9","continue":")" + token +
         R"("},"items":[)" + items + "]}";
}

std::string names(const engine::Response& response) {
  std::string out;
  for (const model::Object& item : response.items) out += item.name();
  return out;
}

TEST_F(ClusterTest, ListsFollowTheirPages) {
  answer(json_answer(200, page("ab", "t1")));
  answer(json_answer(200, page("c", "t2")));
  answer(json_answer(200, page("d", "")));
  const auto response = run(engine::ListRequest{{"", "v1", "ConfigMap"}, "", "", ""});
  ASSERT_TRUE(response.ok()) << response.error->to_string();
  EXPECT_EQ(names(response), "abcd");
  EXPECT_EQ(response.list_resource_version, "9");
  EXPECT_THAT(transport_->requests[2].target, ::testing::HasSubstr("continue=t2"));
}

TEST_F(ClusterTest, AnExpiredPageBeginsTheListAnew) {
  answer(json_answer(200, page("ab", "t1")));
  answer(status(410, "Expired"));
  answer(json_answer(200, page("xy", "")));
  const auto response = run(engine::ListRequest{{"", "v1", "ConfigMap"}, "", "", ""});
  ASSERT_TRUE(response.ok()) << response.error->to_string();
  EXPECT_EQ(names(response), "xy");
}

TEST_F(ClusterTest, HalfAListIsNoList) {
  answer(json_answer(200, page("ab", "t1")));
  answer(json_answer(200, R"({"kind":"ConfigMapList","items":[{"metadata":)"));
  const auto response = run(engine::ListRequest{{"", "v1", "ConfigMap"}, "", "", ""});
  EXPECT_EQ(response.outcome, Outcome::kUnknown);
  EXPECT_TRUE(response.items.empty());
}

TEST_F(ClusterTest, MissingKindsRefreshDiscoveryOncePerSecond) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(run(engine::GetRequest{{"x", "v1", "Widget"}, "d", "a"}).error->code->name,
              "kube.kind-not-served");
  }
  EXPECT_EQ(transport_->requests.size(), 2U) << "/api and /apis once more";
}

TEST_F(ClusterTest, InterruptionsAreEvents) {
  signals_ = {2, 15};
  script_.push_back({net::WakeReadable{}});
  cluster_->submit(apply());
  auto first = cluster_->wait(now_ + Duration{1'000});
  auto second = cluster_->wait(now_ + Duration{1'000});
  EXPECT_EQ(std::get<engine::Interrupted>(first).signal, 2);
  EXPECT_EQ(std::get<engine::Interrupted>(second).signal, 15);
  EXPECT_TRUE(std::holds_alternative<engine::DeadlinePassed>(cluster_->wait(now_ + Duration{1'000})));
}

TEST_F(ClusterTest, AnInterruptionEndsBlockingCalls) {
  script_.push_back({net::WakeReadable{}});
  const auto info = cluster_->info();
  ASSERT_FALSE(info);
  EXPECT_EQ(info.error().code->exit, ExitCode::kInterrupted);
}

TEST_F(ClusterTest, InfoNamesTheServer) {
  answer(json_answer(200, R"({"gitVersion":"v1.36.3"})"));
  const auto info = cluster_->info();
  ASSERT_TRUE(info);
  EXPECT_EQ(info->server_version, "v1.36.3");
  EXPECT_EQ(info->context, "test");
  lose(net::Sent::kNot, net::errors::kTlsExpired);
  EXPECT_EQ(cluster_->info().error().code->name, "net.tls-certificate-expired");
}

TEST_F(ClusterTest, WatchesListThenStream) {
  answer(json_answer(200, page("a", "")));
  net::HttpResponse opened = json_answer(200, "");
  script_.push_back(
      {net::StreamStarted{0, opened},
       net::BodyChunk{0, R"({"type":"DELETED","object":{"metadata":{"name":"a","resourceVersion":"10"}}})"}});
  const auto watch = cluster_->watch({{"", "v1", "ConfigMap"}, "d", "", ""});
  const auto next = [&] { return cluster_->wait(now_ + Duration{1'000}); };
  auto first = next();
  EXPECT_EQ(std::get<engine::ObjectChanged>(first).object.name(), "a");
  EXPECT_EQ(std::get<engine::ObjectChanged>(first).watch, watch);
  EXPECT_TRUE(std::holds_alternative<engine::WatchSynced>(next()));
  auto deleted = next();
  EXPECT_TRUE(std::get<engine::ObjectChanged>(deleted).deleted);
  EXPECT_EQ(std::get<engine::ObjectChanged>(deleted).object.kind(), "ConfigMap");
  cluster_->cancel_watch(watch);
  EXPECT_EQ(transport_->cancelled.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<engine::DeadlinePassed>(next()));
}

TEST_F(ClusterTest, AWatchDeliversItsListPageByPage) {
  answer(json_answer(200, page("a", "t1")));
  answer(status(410, "Expired"));
  answer(json_answer(200, page("b", "t2")));
  answer(json_answer(200, page("c", "")));
  cluster_->watch({{"", "v1", "ConfigMap"}, "d", "", ""});
  std::string story;
  for (;;) {
    const engine::ClusterEvent event = cluster_->wait(now_ + Duration{1'000});
    if (std::holds_alternative<engine::WatchSynced>(event)) break;
    const auto* changed = std::get_if<engine::ObjectChanged>(&event);
    ASSERT_NE(changed, nullptr);
    story += (changed->deleted ? " -" : " +") + changed->object.name();
    if (changed->object.name() != "a" || changed->deleted) continue;
    EXPECT_THAT(transport_->requests.back().target, ::testing::HasSubstr("continue=t1"))
        << "before the next page has been answered";
  }
  EXPECT_EQ(story, " +a +b +c -a");
}

TEST_F(ClusterTest, ASilentWatchIsRenewedWhereItStopped) {
  answer(json_answer(200, page("a", "")));
  script_.push_back({net::StreamStarted{0, json_answer(200, "")}});
  cluster_->watch({{"", "v1", "ConfigMap"}, "d", "", ""});
  const auto until = [&](long ms) { return cluster_->wait(Instant{Duration{1'000'000 + ms}}); };
  (void)until(1);
  (void)until(1);
  (void)until(100);
  EXPECT_EQ(transport_->cancelled.size(), 0U);
  transport_->silent_for = Duration{26'000};
  (void)until(40'000);
  EXPECT_GE(transport_->cancelled.size(), 1U);
  EXPECT_THAT(transport_->requests.back().target, ::testing::HasSubstr("resourceVersion=9"));
  EXPECT_LE(transport_->requests.size(), 6U) << "not more often than every 15 s";
}

TEST_F(ClusterTest, ARefusedWatchFails) {
  answer(status(403, "Forbidden"));
  const auto watch = cluster_->watch({{"", "v1", "ConfigMap"}, "d", "", ""});
  auto event = cluster_->wait(now_ + Duration{1'000});
  EXPECT_EQ(std::get<engine::WatchFailed>(event).watch, watch);
}

}  // namespace
}  // namespace instantexec::kube
