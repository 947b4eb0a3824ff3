#include "kube/auth_exec.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "base/digest.h"
#include "kube/kubeconfig_files.h"
#include "row.h"

namespace instantexec::kube {
namespace {

using instantexec::kube::testing::FixedClock;
using instantexec::testing::TempDir;

// A plugin made of a shell script, which notes each of its runs in `runs`.
class ExecPluginTest : public ::testing::Test {
 protected:
  ExecPluginTest() {
    exec_.api_version = "client.authentication.k8s.io/v1";
    exec_.interactive_mode = "Never";
    exec_.command = dir_.path("plugin");
    cluster_.server = "https://a:6443";
    world_.clock = &clock_;
    world_.environment = {{"PATH", "/usr/bin:/bin"}, {"HOME", "/nowhere"}};
    world_.parse = parse_config_text;
  }

  void plugin(std::string_view body) {
    dir_.write_program("plugin",
                       "#!/bin/sh\necho run >> '" + dir_.path("runs") + "'\n" + std::string(body) + "\n");
  }
  // A plugin that prints the given status.
  void answers(std::string_view status) {
    dir_.write("answer",
               R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":)" +
                   std::string(status) + "}");
    plugin("cat '" + dir_.path("answer") + "'");
  }
  void make() {
    auto made = make_exec_authenticator(exec_, cluster_, "CA", rules_, world_);
    ASSERT_TRUE(made) << made.error().to_string();
    auth_ = std::move(*made);
  }
  Error failure() {
    if (!auth_) make();
    auto credentials = auth_->credentials();
    EXPECT_FALSE(credentials) << "succeeded";
    return credentials ? make_error(kNone, "") : credentials.error();
  }
  std::ptrdiff_t runs() const {
    const std::string text = dir_.read("runs");
    return std::count(text.begin(), text.end(), '\n');
  }

  static constexpr ErrorCode kNone{"none", ExitCode::kDone, "", ""};
  TempDir dir_;
  FixedClock clock_;
  ExecConfig exec_;
  ClusterEntry cluster_;
  PluginRules rules_;
  ExecWorld world_;
  std::unique_ptr<Authenticator> auth_;
};

TEST_F(ExecPluginTest, IsRunOnceWhileItsAnswerHolds) {
  answers(R"({"token":"one","expirationTimestamp":"2027-01-15T08:01:00Z"})");
  make();
  EXPECT_EQ(runs(), 0) << "not before it is needed";
  EXPECT_EQ(auth_->expiry(), std::nullopt);
  for (int i = 0; i < 3; ++i) {
    const auto credentials = auth_->credentials();
    ASSERT_TRUE(credentials) << credentials.error().to_string();
    EXPECT_EQ(credentials->authorization.reveal(), "Bearer one");
  }
  EXPECT_EQ(runs(), 1);
  EXPECT_EQ(auth_->expiry(), parse_rfc3339("2027-01-15T08:01:00Z"));
  EXPECT_TRUE(auth_->renews());
  EXPECT_EQ(auth_->describe(), "exec plugin " + dir_.path("plugin"));
}

TEST_F(ExecPluginTest, IsRunAgainOnceItsTimestampHasPassed) {
  answers(R"({"token":"one","expirationTimestamp":"2027-01-15T08:01:00Z"})");
  make();
  ASSERT_TRUE(auth_->credentials());
  clock_.advance(std::chrono::seconds(60));
  ASSERT_TRUE(auth_->credentials());
  EXPECT_EQ(runs(), 1) << "the very moment still counts";
  answers(R"({"token":"two"})");
  clock_.advance(Duration{1});
  const auto credentials = auth_->credentials();
  ASSERT_TRUE(credentials);
  EXPECT_EQ(credentials->authorization.reveal(), "Bearer two");
  EXPECT_EQ(runs(), 2);
  clock_.advance(std::chrono::hours(1000));
  ASSERT_TRUE(auth_->credentials());
  EXPECT_EQ(runs(), 2) << "without a timestamp it holds for ever";
}

TEST_F(ExecPluginTest, ManyRejectionsOfOneGenerationRunItOnce) {
  answers(R"({"token":"one"})");
  make();
  const auto first = auth_->credentials();
  ASSERT_TRUE(first);
  answers(R"({"token":"two"})");
  EXPECT_TRUE(auth_->invalidate(first->generation));
  const auto second = auth_->credentials();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->authorization.reveal(), "Bearer two");
  EXPECT_GT(second->generation, first->generation);
  EXPECT_TRUE(auth_->invalidate(first->generation)) << "others refreshed already: worth another try";
  ASSERT_TRUE(auth_->credentials());
  EXPECT_EQ(runs(), 2);
}

TEST_F(ExecPluginTest, OnlyANewCertificateClosesConnections) {
  answers(R"({"token":"one","clientCertificateData":"C","clientKeyData":"K"})");
  make();
  const auto first = auth_->credentials();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->client_cert_pem, "C");
  EXPECT_EQ(first->client_key_pem.reveal(), "K");
  answers(R"({"token":"two","clientCertificateData":"C","clientKeyData":"K"})");
  auth_->invalidate(first->generation);
  const auto second = auth_->credentials();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->certificate_generation, first->certificate_generation);
  answers(R"({"clientCertificateData":"D","clientKeyData":"L"})");
  auth_->invalidate(second->generation);
  const auto third = auth_->credentials();
  ASSERT_TRUE(third);
  EXPECT_GT(third->certificate_generation, second->certificate_generation);
  EXPECT_TRUE(third->authorization.empty()) << "the old token is gone";
}

TEST_F(ExecPluginTest, GetsArgumentsEnvironmentAndInfo) {
  exec_.args = {"a b", "$(touch /nowhere)", ""};
  exec_.env = {{"HOME", "overridden"}, {"EXTRA", "x=1"}};
  exec_.provide_cluster_info = true;
  cluster_.exec_extension = model::Json{{"audience", "aud"}};
  plugin(
      "printf '%s|%s|%s|%s|' \"$#\" \"$1\" \"$2\" \"$3\" > '" + dir_.path("seen") + "'\n" +
      "printf '%s|%s|%s' \"$HOME\" \"$EXTRA\" \"$PATH\" >> '" + dir_.path("seen") + "'\n" +
      "printf '%s' \"$KUBERNETES_EXEC_INFO\" > '" + dir_.path("info") + "'\n" +
      R"(echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t"}}')");
  make();
  ASSERT_TRUE(auth_->credentials());
  EXPECT_EQ(dir_.read("seen"), "3|a b|$(touch /nowhere)||overridden|x=1|/usr/bin:/bin");
  const auto info = model::parse_json(dir_.read("info"));
  ASSERT_TRUE(info) << dir_.read("info");
  EXPECT_EQ(model::get_string(*info, "/spec/cluster/server"), "https://a:6443");
  EXPECT_EQ(model::get_string(*info, "/spec/cluster/certificate-authority-data"), base64_encode("CA"));
  EXPECT_EQ(model::get_string(*info, "/spec/cluster/config/audience"), "aud");
  EXPECT_FALSE(model::get_bool(*info, "/spec/interactive", true));
}

TEST_F(ExecPluginTest, ReadsLargeAnswers) {
  const std::string pem(300'000, 'x');
  answers(R"({"clientCertificateData":")" + pem + R"(","clientKeyData":"K"})");
  make();
  const auto credentials = auth_->credentials();
  ASSERT_TRUE(credentials) << credentials.error().to_string();
  EXPECT_EQ(credentials->client_cert_pem.size(), pem.size());
}

TEST_F(ExecPluginTest, WithoutATerminalItGetsNoInput) {
  plugin("if read -r line; then echo leaked; exit 9; fi\ncat '" + dir_.path("answer") + "'");
  dir_.write(
      "answer",
      R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t"}})");
  make();
  EXPECT_TRUE(auth_->credentials());
}

TEST_F(ExecPluginTest, WithATerminalItInheritsInput) {
  exec_.interactive_mode = "IfAvailable";
  world_.input_is_terminal = true;
  os::Command seen;
  world_.run = [&](const os::Command& command) -> Result<os::ProcessResult> {
    seen = command;
    os::ProcessResult result;
    result.out =
        R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t"}})";
    return result;
  };
  world_.interrupt_fd = 77;
  plugin("");
  make();
  ASSERT_TRUE(auth_->credentials());
  EXPECT_TRUE(std::holds_alternative<os::InheritInput>(seen.input));
  EXPECT_EQ(seen.error_output, os::ErrorOutput::kPassThrough);
  EXPECT_EQ(seen.timeout, Duration{0}) << "a person may take as long as they like";
  EXPECT_EQ(seen.interrupt_fd, 77);
  EXPECT_NE((*seen.env)["KUBERNETES_EXEC_INFO"].find("\"interactive\":true"), std::string::npos);
}

TEST_F(ExecPluginTest, AlwaysInteractiveNeedsATerminal) {
  exec_.interactive_mode = "Always";
  answers(R"({"token":"t"})");
  const Error error = failure();
  EXPECT_EQ(error.code->name, "auth.exec-config");
  EXPECT_EQ(runs(), 0);
}

TEST_F(ExecPluginTest, FailureNamesTheProgramAndLeavesOldCredentialsUnused) {
  answers(R"({"token":"one"})");
  make();
  const auto first = auth_->credentials();
  ASSERT_TRUE(first);
  plugin("exit 3");
  auth_->invalidate(first->generation);
  const Error error = failure();
  EXPECT_EQ(error.code->name, "auth.exec-failed");
  EXPECT_NE(error.message.find("plugin failed with exit code 3"), std::string::npos) << error.message;
  answers(R"({"token":"two"})");
  const auto recovered = auth_->credentials();
  ASSERT_TRUE(recovered) << "the next try starts afresh";
  EXPECT_EQ(recovered->authorization.reveal(), "Bearer two");
}

TEST_F(ExecPluginTest, MissingProgramShowsItsHintHarmlessly) {
  exec_.command = "no-such-login-program";
  exec_.install_hint = "brew install login\x1b[2J\nsee https://example.com";
  const Error error = failure();
  EXPECT_EQ(error.code->name, "auth.exec-missing");
  EXPECT_NE(error.message.find("no-such-login-program"), std::string::npos);
  EXPECT_NE(error.next_step().find("brew install login\\x1b[2J\nsee"), std::string::npos)
      << error.next_step();
  EXPECT_EQ(error.next_step().find('\x1b'), std::string::npos);
}

TEST_F(ExecPluginTest, MissingProgramInActionsNamesBothWaysOut) {
  exec_.command = "no-such-login-program";
  world_.environment["GITHUB_ACTIONS"] = "true";
  const Error error = failure();
  EXPECT_NE(error.next_step().find("composite action"), std::string::npos);
  EXPECT_NE(error.next_step().find("short-lived token"), std::string::npos);
}

TEST_F(ExecPluginTest, AProgramFromARelativePathEntryIsRefused) {
  plugin("");
  exec_.command = "plugin";
  world_.environment["PATH"] = ".:" + dir_.path();
  const int before = ::open(".", O_RDONLY | O_CLOEXEC);
  ASSERT_EQ(::chdir(dir_.path().c_str()), 0);
  const Error error = failure();
  ASSERT_EQ(::fchdir(before), 0);
  ::close(before);
  EXPECT_EQ(error.code->name, "program.unsafe-path");
  EXPECT_EQ(runs(), 0);
}

TEST_F(ExecPluginTest, RulesAreEnforced) {
  answers(R"({"token":"t"})");
  rules_ = {PluginPolicy::kDenyAll, {}, "/home/u/.kube/kuberc"};
  const Error error = failure();
  EXPECT_EQ(error.code->name, "auth.exec-denied");
  EXPECT_NE(error.message.find("/home/u/.kube/kuberc"), std::string::npos);
  EXPECT_EQ(runs(), 0);

  rules_ = {PluginPolicy::kAllowlist, {dir_.path("plugin")}, "rc"};
  make();
  EXPECT_TRUE(auth_->credentials());
  EXPECT_EQ(runs(), 1);
}

TEST_F(ExecPluginTest, AnInterruptionEndsAWaitingPlugin) {
  plugin("sleep 30");
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_EQ(::write(ends[1], "x", 1), 1);
  world_.interrupt_fd = ends[0];
  const Error error = failure();
  EXPECT_EQ(error.code->name, "program.interrupted");
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(ExecPluginTest, AnOldVersionIsRefusedBeforeAnythingRuns) {
  exec_.api_version = "client.authentication.k8s.io/v1alpha1";
  EXPECT_FALSE(make_exec_authenticator(exec_, cluster_, "", rules_, world_));
}

}  // namespace
}  // namespace instantexec::kube
