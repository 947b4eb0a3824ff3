#include "net/transport.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "net/errors.h"
#include "support/net/fixture_server.h"

namespace instantexec::net {
namespace {

using ::testing::HasSubstr;

class TransportTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { server = new testing::FixtureServer(); }
  static void TearDownTestSuite() {
    delete server;
    server = nullptr;
  }
  void SetUp() override { ASSERT_NE(server->port("good"), 0) << "python3 or openssl is missing"; }

  static std::string url(const std::string& listener, const std::string& host = "127.0.0.1") {
    return (listener == "plain" ? "http://" : "https://") + host + ":" +
           std::to_string(server->port(listener));
  }
  static Endpoint endpoint(const std::string& listener, const std::string& host = "127.0.0.1") {
    Endpoint out;
    out.base = parse_url(url(listener, host)).value();
    out.ca_pem = server->pem("trusted.crt");
    return out;
  }
  static std::unique_ptr<Transport> transport(Endpoint endpoint, TransportOptions options = {}) {
    return make_transport(std::move(endpoint), std::move(options)).value();
  }
  static HttpRequest get(std::string target) {
    HttpRequest out;
    out.method = "GET";
    out.target = std::move(target);
    out.replay = Replay::kHarmless;
    out.timeout = Duration{10'000};
    return out;
  }
  static HttpRequest write(std::string method, std::string target, std::string body = "{}") {
    HttpRequest out = get(std::move(target));
    out.method = std::move(method);
    out.body = std::move(body);
    out.replay = Replay::kNever;
    return out;
  }
  // Polls until the transfer is over.
  static NetEvent finish(Transport& transport, TransferId id) {
    for (int i = 0; i < 1000; ++i) {
      for (NetEvent& event : transport.poll(Duration{10'000})) {
        if (const auto* done = std::get_if<TransferDone>(&event); done != nullptr && done->id == id)
          return event;
        if (const auto* lost = std::get_if<TransferFailed>(&event); lost != nullptr && lost->id == id)
          return event;
      }
    }
    return WakeReadable{};
  }
  static NetEvent run(Endpoint to, HttpRequest request) {
    const auto by = transport(std::move(to));
    const TransferId id = by->start(std::move(request));
    return finish(*by, id);
  }
  static HttpResponse answer(const NetEvent& event) {
    const auto* done = std::get_if<TransferDone>(&event);
    if (done != nullptr) return done->response;
    const auto* lost = std::get_if<TransferFailed>(&event);
    ADD_FAILURE() << (lost != nullptr ? lost->error.to_string() : "no answer");
    return {};
  }
  static TransferFailed failure(const NetEvent& event) {
    const auto* lost = std::get_if<TransferFailed>(&event);
    if (lost != nullptr) return *lost;
    ADD_FAILURE() << "the transfer did not fail";
    return {0, make_error(instantexec::errors::kInternal, ""), Sent::kMaybe};
  }
  static inline testing::FixtureServer* server = nullptr;
};

TEST_F(TransportTest, SendsMethodHeadersAndBody) {
  HttpRequest request = write("PATCH", "/echo?fieldManager=x&force=true", R"({"a":1})");
  request.headers = {{"Content-Type", "application/apply-patch+yaml"}, {"Impersonate-User", "jane"}};
  request.authorization = Secret("Bearer t0ken");
  const HttpResponse response = answer(run(endpoint("good"), request));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.media_type(), "application/json");
  EXPECT_EQ(response.version, HttpVersion::kHttp1);
  const auto seen = nlohmann::json::parse(response.body);
  EXPECT_EQ(seen["method"], "PATCH");
  EXPECT_EQ(seen["path"], "/echo?fieldManager=x&force=true");
  EXPECT_EQ(seen["body"], R"({"a":1})");
  EXPECT_EQ(seen["headers"]["content-type"], "application/apply-patch+yaml");
  EXPECT_EQ(seen["headers"]["impersonate-user"], "jane");
  EXPECT_EQ(seen["headers"]["authorization"], "Bearer t0ken");
  EXPECT_EQ(seen["headers"]["user-agent"], "kubectl-instantexec");
  EXPECT_FALSE(seen["headers"].contains("expect"));
}

TEST_F(TransportTest, EveryMethodKeepsItsNameAndBody) {
  for (const std::string method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) {
    const auto seen = nlohmann::json::parse(
        answer(run(endpoint("good"), write(method, "/echo", "body of " + method))).body);
    EXPECT_EQ(seen["method"], method);
    EXPECT_EQ(seen["body"], "body of " + method);
    const auto bare = nlohmann::json::parse(answer(run(endpoint("good"), write(method, "/echo", ""))).body);
    EXPECT_EQ(bare["method"], method);
    EXPECT_EQ(bare["body"], "");
  }
}

TEST_F(TransportTest, KeepsThePathPrefixOfTheServer) {
  Endpoint to = endpoint("good");
  to.base.path = "/k8s/clusters/c-1";
  const auto seen = nlohmann::json::parse(answer(run(to, get("/echo/a%2Fb"))).body);
  EXPECT_EQ(seen["path"], "/k8s/clusters/c-1/echo/a%2Fb");
}

struct TlsRow {
  const char* name;
  const char* listener;
  const char* host;
  std::string_view code;
};
class TransportTls : public TransportTest, public ::testing::WithParamInterface<TlsRow> {};

TEST_P(TransportTls, RefusesTheServerBeforeAnyByteOfTheRequest) {
  HttpRequest request = write("POST", "/echo");
  request.authorization = Secret("Bearer do-not-show");
  const TransferFailed lost = failure(run(endpoint(GetParam().listener, GetParam().host), request));
  EXPECT_EQ(lost.error.code->name, GetParam().code) << lost.error.to_string();
  EXPECT_EQ(lost.sent, Sent::kNot);
  EXPECT_THAT(lost.error.message, HasSubstr(std::to_string(server->port(GetParam().listener))));
  EXPECT_FALSE(std::string(lost.error.next_step()).empty());
  EXPECT_EQ(lost.error.code->exit, ExitCode::kUnreachable);
}

INSTANTIATE_TEST_SUITE_P(
    Certificates, TransportTls,
    ::testing::Values(TlsRow{"expired", "expired", "127.0.0.1", "net.tls-certificate-expired"},
                      TlsRow{"unknown_authority", "stranger", "127.0.0.1", "net.tls-unknown-authority"},
                      TlsRow{"wrong_address", "wrong_name", "127.0.0.1", "net.tls-name-mismatch"},
                      TlsRow{"wrong_host", "wrong_name", "localhost", "net.tls-name-mismatch"},
                      TlsRow{"not_tls_at_all", "chatty", "127.0.0.1", "net.tls-handshake"}),
    [](const auto& row) { return row.param.name; });

TEST_F(TransportTest, VerifiesAddressesAndNamesOfTheCertificate) {
  EXPECT_EQ(answer(run(endpoint("good", "127.0.0.1"), get("/"))).status, 200);
  EXPECT_EQ(answer(run(endpoint("good", "localhost"), get("/"))).status, 200);
}

TEST_F(TransportTest, TlsServerNameIsVerifiedInsteadOfTheAddress) {
  Endpoint to = endpoint("wrong_name");
  to.tls_server_name = "api.example";
  const auto seen = nlohmann::json::parse(answer(run(to, get("/echo"))).body);
  EXPECT_EQ(seen["headers"]["host"], "127.0.0.1:" + std::to_string(server->port("wrong_name")));
  to.tls_server_name = "other.example";
  EXPECT_EQ(failure(run(to, get("/echo"))).error.code->name, "net.tls-name-mismatch");
}

TEST_F(TransportTest, InsecureAcceptsAnyCertificate) {
  Endpoint to = endpoint("stranger");
  to.insecure = true;
  EXPECT_EQ(answer(run(to, get("/"))).status, 200);
}

TEST_F(TransportTest, PresentsTheClientCertificate) {
  HttpRequest request = get("/");
  EXPECT_EQ(failure(run(endpoint("mutual"), request)).error.code->name, "net.tls-client-certificate");
  request.identity = std::make_shared<ClientIdentity>(
      ClientIdentity{server->pem("client.crt"), Secret(server->pem("client.key"))});
  EXPECT_EQ(answer(run(endpoint("mutual"), request)).status, 200);
  request.identity = std::make_shared<ClientIdentity>(
      ClientIdentity{server->pem("client.crt"), Secret(server->pem("good.key"))});
  const TransferFailed lost = failure(run(endpoint("mutual"), request));
  EXPECT_EQ(lost.error.code->name, "net.tls-client-certificate");
  EXPECT_EQ(lost.sent, Sent::kNot);
}

TEST_F(TransportTest, RedirectsAreAnswersAndTheTokenStaysHere) {
  HttpRequest request = get("/redirect");
  request.headers = {{"X-To", url("plain") + "/stolen"}};
  request.authorization = Secret("Bearer precious");
  EXPECT_EQ(answer(run(endpoint("good"), request)).status, 302);
  const std::string log = answer(run(endpoint("good"), get("/log"))).body;
  EXPECT_THAT(log, HasSubstr("/redirect"));
  EXPECT_THAT(log, ::testing::Not(HasSubstr("/stolen")));
}

TEST_F(TransportTest, RefusedConnectionIsNotSent) {
  Endpoint to = endpoint("good");
  to.base.port = 1;
  const TransferFailed lost = failure(run(to, write("POST", "/")));
  EXPECT_EQ(lost.error.code->name, "net.connect");
  EXPECT_EQ(lost.sent, Sent::kNot);
  EXPECT_THAT(lost.error.message, HasSubstr("127.0.0.1:1"));
  EXPECT_THAT(lost.error.message, HasSubstr("refused"));
}

TEST_F(TransportTest, UnknownHostIsNotSent) {
  Endpoint to = endpoint("good", "no-such-host.invalid");
  const TransferFailed lost = failure(run(to, write("POST", "/")));
  EXPECT_EQ(lost.error.code->name, "net.resolve");
  EXPECT_EQ(lost.sent, Sent::kNot);
}

struct CutRow {
  const char* name;
  const char* path;
  std::string_view code;
};
class TransportCut : public TransportTest, public ::testing::WithParamInterface<CutRow> {};

TEST_P(TransportCut, IsNeverACompleteAnswer) {
  const TransferFailed lost = failure(run(endpoint("good"), write("POST", GetParam().path)));
  EXPECT_EQ(lost.error.code->name, GetParam().code) << lost.error.to_string();
  EXPECT_EQ(lost.sent, Sent::kMaybe);
}

INSTANTIATE_TEST_SUITE_P(Answers, TransportCut,
                         ::testing::Values(CutRow{"length", "/cut-length", "net.connection-lost"},
                                           CutRow{"chunk", "/cut-chunk", "net.connection-lost"},
                                           CutRow{"chunk_size", "/bad-chunk", "net.connection-lost"},
                                           CutRow{"nothing", "/drop", "net.connection-lost"},
                                           CutRow{"not_http", "/not-http", "net.protocol"},
                                           CutRow{"header_flood", "/many-headers", "net.answer-too-large"}),
                         [](const auto& row) { return row.param.name; });

TEST_F(TransportTest, SaysWhenTheEndOfTheBodyWasNotMarked) {
  const HttpResponse response = answer(run(endpoint("good"), get("/unframed")));
  EXPECT_EQ(response.body, "until the end");
  EXPECT_FALSE(response.framed);
  EXPECT_TRUE(answer(run(endpoint("good"), get("/"))).framed);
}

TEST_F(TransportTest, CapsTheBody) {
  HttpRequest request = get("/big");
  request.max_body = 1000;
  EXPECT_EQ(failure(run(endpoint("good"), request)).error.code->name, "net.answer-too-large");
  request.max_body = 100'000;
  EXPECT_EQ(answer(run(endpoint("good"), request)).body.size(), 100'000U);
}

TEST_F(TransportTest, TimesOut) {
  HttpRequest request = write("POST", "/slow");
  request.timeout = Duration{150};
  const TransferFailed lost = failure(run(endpoint("good"), request));
  EXPECT_EQ(lost.error.code->name, "net.timeout");
  EXPECT_EQ(lost.sent, Sent::kMaybe);
  request.timeout = Duration{0};
  request.first_byte_timeout = Duration{150};
  EXPECT_EQ(failure(run(endpoint("good"), request)).error.code->name, "net.timeout");
}

TEST_F(TransportTest, SilentServerIsNotSent) {
  HttpRequest request = write("POST", "/");
  request.timeout = Duration{150};
  const TransferFailed lost = failure(run(endpoint("silent"), request));
  EXPECT_EQ(lost.error.code->name, "net.timeout");
  EXPECT_EQ(lost.sent, Sent::kNot);
}

// libcurl repeats a request by itself when a kept connection dies under it. A write may then have been done.
TEST_F(TransportTest, OnlyHarmlessRequestsAreRepeatedOnADeadConnection) {
  const auto by = transport(endpoint("good"));
  EXPECT_EQ(answer(finish(*by, by->start(get("/")))).status, 200);
  EXPECT_EQ(answer(finish(*by, by->start(get("/drop-once")))).body, "second try");
  const TransferFailed lost = failure(finish(*by, by->start(write("POST", "/drop"))));
  EXPECT_EQ(lost.error.code->name, "net.connection-lost");
  EXPECT_EQ(lost.sent, Sent::kMaybe);
  const auto log = nlohmann::json::parse(answer(finish(*by, by->start(get("/log")))).body);
  const auto posts = std::count_if(log.begin(), log.end(), [](const nlohmann::json& entry) {
    return entry["line"] == "POST /drop HTTP/1.1";
  });
  EXPECT_EQ(posts, 1);
}

TEST_F(TransportTest, StreamsChunksAsTheyCome) {
  const auto by = transport(endpoint("good"));
  HttpRequest request = get("/stream");
  request.stream = true;
  const TransferId id = by->start(request);
  std::vector<std::string> seen;
  std::string bytes;
  int batches = 0;
  while (seen.empty() || seen.back() != "done") {
    ++batches;
    for (const NetEvent& event : by->poll(Duration{10'000})) {
      if (const auto* started = std::get_if<StreamStarted>(&event)) {
        EXPECT_EQ(started->response.status, 200);
        seen.emplace_back("started");
      } else if (const auto* chunk = std::get_if<BodyChunk>(&event)) {
        bytes += chunk->bytes;
      } else if (const auto* done = std::get_if<TransferDone>(&event)) {
        EXPECT_EQ(done->id, id);
        EXPECT_EQ(done->response.body, "");
        seen.emplace_back("done");
      }
    }
  }
  EXPECT_EQ(bytes, "one\ntwo\nthree\n");
  EXPECT_EQ(seen, (std::vector<std::string>{"started", "done"}));
  EXPECT_GT(batches, 1);
}

TEST_F(TransportTest, ErrorsOfAStreamComeWithTheirBody) {
  HttpRequest request = get("/status/403");
  request.stream = true;
  const HttpResponse response = answer(run(endpoint("good"), request));
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(response.body, "said so");
}

TEST_F(TransportTest, CancelledTransfersSayNothingMore) {
  const auto by = transport(endpoint("good"));
  HttpRequest request = get("/endless");
  request.stream = true;
  const TransferId id = by->start(request);
  while (by->poll(Duration{10'000}).empty()) {
  }
  by->cancel(id);
  EXPECT_TRUE(by->poll(Duration{50}).empty());
  EXPECT_EQ(by->silence(id), Duration{0});
}

TEST_F(TransportTest, AbandoningAConnectionFailsWhatIsOnIt) {
  const auto by = transport(endpoint("good"));
  HttpRequest request = get("/endless");
  request.stream = true;
  const TransferId id = by->start(request);
  while (by->poll(Duration{10'000}).empty()) {
  }
  EXPECT_LT(by->silence(id), Duration{10'000});
  by->abandon_connection(id);
  EXPECT_EQ(failure(finish(*by, id)).error.code->name, "net.connection-lost");
}

// As after SIGCONT: what is under way fails, and what is started then has a connection of its own.
TEST_F(TransportTest, AfterAStopNothingGoesOnAsItWas) {
  const auto by = transport(endpoint("good"));
  const auto other = transport(endpoint("good"));
  HttpRequest request = get("/endless");
  request.stream = true;
  const TransferId one = by->start(request);
  const TransferId two = other->start(request);
  while (by->poll(Duration{10'000}).empty()) {
  }
  while (other->poll(Duration{10'000}).empty()) {
  }
  shut_down_connections();
  EXPECT_EQ(failure(finish(*by, one)).error.code->name, "net.connection-lost");
  EXPECT_EQ(failure(finish(*other, two)).error.code->name, "net.connection-lost");
  EXPECT_EQ(answer(finish(*by, by->start(get("/echo")))).status, 200);
}

TEST_F(TransportTest, WakesUpForTheDescriptor) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  TransportOptions options;
  options.wake_fd = ends[0];
  const auto by = transport(endpoint("good"), options);
  EXPECT_TRUE(by->poll(Duration{0}).empty());
  ASSERT_EQ(::write(ends[1], "x", 1), 1);
  const auto events = by->poll(Duration{10'000});
  ASSERT_EQ(events.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<WakeReadable>(events.front()));
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(TransportTest, GoesThroughAProxy) {
  Endpoint to = endpoint("good");
  to.proxy = "http://127.0.0.1:" + std::to_string(server->port("proxy"));
  EXPECT_EQ(answer(run(to, get("/via-proxy"))).status, 200);
  const std::string log = answer(run(endpoint("good"), get("/log"))).body;
  EXPECT_THAT(log, HasSubstr("CONNECT 127.0.0.1:" + std::to_string(server->port("good"))));
}

TEST_F(TransportTest, NamesTheProxyThatRefuses) {
  Endpoint to = endpoint("good", "forbidden.example");
  to.proxy = "http://user:secret@127.0.0.1:" + std::to_string(server->port("proxy"));
  const TransferFailed refused = failure(run(to, write("POST", "/")));
  EXPECT_EQ(refused.error.code->name, "net.proxy");
  EXPECT_THAT(refused.error.message, HasSubstr("407"));
  EXPECT_THAT(refused.error.message, ::testing::Not(HasSubstr("secret")));
  EXPECT_EQ(refused.sent, Sent::kNot);
  to.proxy = "http://127.0.0.1:1";
  const TransferFailed down = failure(run(to, write("POST", "/")));
  EXPECT_EQ(down.error.code->name, "net.proxy");
  EXPECT_EQ(down.sent, Sent::kNot);
}

TEST_F(TransportTest, ServesPlainHttp) {
  EXPECT_EQ(answer(run(endpoint("plain"), get("/"))).body, "fine");
}

TEST(MakeTransport, RefusesAnAuthorityWithoutCertificate) {
  Endpoint to;
  to.base = parse_url("https://127.0.0.1:6443").value();
  to.ca_pem = "not a certificate";
  const auto made = make_transport(to, {});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code->name, "net.tls-authority-unusable");
}

}  // namespace
}  // namespace instantexec::net
