#include "kube/exec_credential.h"

#include <gtest/gtest.h>

#include "kube/kubeconfig_files.h"
#include "row.h"

namespace instantexec::kube {
namespace {

ExecConfig config(std::string version = "client.authentication.k8s.io/v1") {
  ExecConfig out;
  out.api_version = std::move(version);
  out.command = "login";
  return out;
}

TEST(ExecInfo, WithoutClusterInfoSaysOnlyWhetherItMayAsk) {
  EXPECT_EQ(
      exec_info(config(), {}, "ca", true),
      R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"interactive":true}})");
}

TEST(ExecInfo, ClusterInfoIsComplete) {
  ExecConfig exec = config("client.authentication.k8s.io/v1beta1");
  exec.provide_cluster_info = true;
  ClusterEntry cluster;
  cluster.server = "https://a:6443";
  cluster.tls_server_name = "name";
  cluster.proxy_url = "http://p:1";
  cluster.disable_compression = true;
  cluster.exec_extension = model::Json{{"audience", "x"}};
  const auto info = model::parse_json(exec_info(exec, cluster, "PEM", false));
  ASSERT_TRUE(info);
  const auto expected = model::parse_json(R"({
    "apiVersion": "client.authentication.k8s.io/v1beta1", "kind": "ExecCredential",
    "spec": {"interactive": false, "cluster": {
      "server": "https://a:6443", "tls-server-name": "name", "certificate-authority-data": "UEVN",
      "proxy-url": "http://p:1", "disable-compression": true, "config": {"audience": "x"}}}})");
  EXPECT_EQ(*info, *expected);

  ClusterEntry plain;
  plain.server = "https://b";
  plain.insecure = true;
  const auto small = model::parse_json(exec_info(exec, plain, "", false));
  EXPECT_EQ(small->at("spec").at("cluster"),
            *model::parse_json(R"({"server":"https://b","insecure-skip-tls-verify":true,"config":null})"));
}

TEST(ExecInteractive, ModeAndTerminalDecide) {
  struct Row {
    const char* mode;
    bool terminal;
    int outcome;  // 0 no, 1 yes, 2 error
  };
  const Row rows[] = {{"Never", true, 0},
                      {"Never", false, 0},
                      {"IfAvailable", true, 1},
                      {"IfAvailable", false, 0},
                      {"Always", true, 1},
                      {"Always", false, 2},
                      {"", true, 1},
                      {"", false, 0}};
  for (const Row& row : rows) {
    ExecConfig exec = config();
    exec.interactive_mode = row.mode;
    const auto interactive = exec_is_interactive(exec, row.terminal);
    EXPECT_EQ(!interactive ? 2 : *interactive ? 1 : 0, row.outcome) << row.mode << row.terminal;
  }
}

TEST(ExecVersion, OnlyTheTwoServedOnes) {
  EXPECT_TRUE(check_exec_version(config()));
  EXPECT_TRUE(check_exec_version(config("client.authentication.k8s.io/v1beta1")));
  EXPECT_FALSE(check_exec_version(config("client.authentication.k8s.io/v1alpha1")));
  EXPECT_FALSE(check_exec_version(config("v1")));
  EXPECT_FALSE(check_exec_version(config("")));
}

std::string answer(std::string_view status) {
  return R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":)" +
         std::string(status) + "}";
}

TEST(ExecAnswerText, GoodOnes) {
  const auto token = parse_exec_answer(config(), answer(R"({"token":"t"})"), parse_config_text);
  ASSERT_TRUE(token) << token.error().to_string();
  EXPECT_EQ(token->token.reveal(), "t");
  EXPECT_EQ(token->expiry, std::nullopt);

  const auto full = parse_exec_answer(
      config(),
      answer(
          R"({"token":"t","clientCertificateData":"C","clientKeyData":"K","expirationTimestamp":"2027-01-15T08:00:00Z"})"),
      parse_config_text);
  ASSERT_TRUE(full) << full.error().to_string();
  EXPECT_EQ(full->client_cert_pem, "C");
  EXPECT_EQ(full->client_key_pem.reveal(), "K");
  EXPECT_EQ(full->expiry, Timestamp{Duration{1'800'000'000'000}});

  const auto yaml = parse_exec_answer(
      config(), "apiVersion: client.authentication.k8s.io/v1\nkind: ExecCredential\nstatus: {token: t}\n",
      parse_config_text);
  ASSERT_TRUE(yaml) << yaml.error().to_string();
  EXPECT_EQ(yaml->token.reveal(), "t");

  const auto nulls = parse_exec_answer(
      config(), answer(R"({"token":"t","expirationTimestamp":null,"clientKeyData":null,"future":1})"),
      parse_config_text);
  EXPECT_TRUE(nulls);
}

TEST(ExecAnswerText, BadOnesNeverShowWhatTheyHeld) {
  struct Row {
    const char* name;
    std::string output;
    std::string says;
  };
  const Row rows[] = {
      {"nothing", "", "did not print an ExecCredential"},
      {"text", "hunter2 is your token", "did not print an ExecCredential"},
      {"cut JSON", R"({"status":{"token":"hunter2")", "did not print an ExecCredential"},
      {"list", "[]", "did not print an ExecCredential"},
      {"a secret for a version", R"({"apiVersion":"hunter2","kind":"ExecCredential","status":{"token":"t"}})",
       "an unknown apiVersion"},
      {"another kind", R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"Pod"})", "something else"},
      {"another version",
       R"({"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential","status":{"token":"hunter2"}})",
       "answered with apiVersion \"client.authentication.k8s.io/v1beta1\", but the kubeconfig says "
       "client.authentication.k8s.io/v1"},
      {"no status", R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential"})",
       "without a status"},
      {"null status", answer("null"), "without a status"},
      {"empty status", answer("{}"), "neither a token nor a certificate"},
      {"certificate only", answer(R"({"clientCertificateData":"hunter2"})"), "only half"},
      {"key only, beside a token", answer(R"({"token":"t","clientKeyData":"hunter2"})"), "only half"},
      {"token of another type", answer(R"({"token":["hunter2"]})"), "status.token must be a string"},
      {"token with a line break", answer(R"({"token":"hunter2\nX: 1"})"), "control characters"},
      {"time", answer(R"({"token":"hunter2","expirationTimestamp":"tomorrow"})"), "not RFC 3339"},
  };
  for (const Row& row : rows) {
    const auto parsed = parse_exec_answer(config(), row.output, parse_config_text);
    ASSERT_FALSE(parsed) << row.name;
    EXPECT_EQ(parsed.error().code->name, "auth.exec-answer") << row.name;
    EXPECT_NE(parsed.error().message.find(row.says), std::string::npos)
        << row.name << ": " << parsed.error().message;
    EXPECT_EQ(parsed.error().message.find("hunter2"), std::string::npos) << row.name;
  }
}

}  // namespace
}  // namespace instantexec::kube
