#include <fmt/format.h>

#include "base/digest.h"
#include "row.h"

// Rules 14, 15, 19, 22, 29 and 30: how the user is authenticated.
namespace instantexec::kube::testing {
namespace {

const std::string kHome = "home/.kube/config";

Row user(std::string name, std::string_view fields, Pairs expected) {
  return {.name = std::move(name),
          .files = {{kHome, minimal("server: https://a:6443", fields)}, {"home/.kube/t", "filed\n"}},
          .expected = std::move(expected)};
}

Row bad(std::string name, std::string_view fields, std::string code, Texts says) {
  Row row = user(std::move(name), fields, {});
  row.error = std::move(code);
  row.says = std::move(says);
  return row;
}

// A JSON Web Token with the given end; base64url without padding.
std::string jwt(long long end) {
  std::string claims = base64_encode(fmt::format("{{\"exp\":{}}}", end));
  while (claims.back() == '=') claims.pop_back();
  return "e30." + claims + ".c2ln";
}

const std::string kExec =
    "exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: aws}";

Row kuberc(std::string name, std::string_view text, Pairs flags, std::string error, Texts says) {
  return {
      .name = std::move(name),
      .files = {{kHome, minimal("server: https://a:6443", kExec)}, {"home/.kube/kuberc", std::string(text)}},
      .flags = std::move(flags),
      .expected = error.empty() ? Pairs{{"auth", "exec plugin aws"}} : Pairs{},
      .error = std::move(error),
      .says = std::move(says)};
}

}  // namespace

std::vector<Row> credential_rows() {
  const std::string cert =
      data_field("client-certificate-data", kCertPem) + ", " + data_field("client-key-data", kKeyPem);
  const long long now = 1'800'000'000;
  return {
      user("no credentials", "", {{"auth", "no credentials"}, {"authorization", ""}, {"cert", ""}}),
      user("token", "token: t", {{"auth", "bearer token"}, {"authorization", "Bearer t"}}),
      user("token with a line end", "token: \"t\\n\"", {{"authorization", "Bearer t"}}),
      user("basic", "username: me, password: 'p:w'",
           {{"auth", "user name and password"}, {"authorization", "Basic bWU6cDp3"}}),
      user("certificate", cert,
           {{"auth", "client certificate"}, {"cert", kCertPem}, {"key", kKeyPem}, {"authorization", ""}}),
      user("token and certificate", "token: t, " + cert,
           {{"auth", "bearer token and client certificate"},
            {"authorization", "Bearer t"},
            {"cert", kCertPem}}),
      user("a token file beats the token", "token: t, tokenFile: t", {{"authorization", "Bearer filed"}}),
      user("an unreadable token file leaves the token", "token: t, tokenFile: none",
           {{"authorization", "Bearer t"}}),
      user("a token disables exec", "token: t, " + kExec, {{"auth", "bearer token"}}),
      user("basic disables exec", "username: a, " + kExec, {{"auth", "user name and password"}}),
      user("a certificate disables exec", cert + ", " + kExec, {{"auth", "client certificate"}}),
      user("exec", kExec, {{"auth", "exec plugin aws"}}),
      user("exec v1beta1 has a default interactiveMode",
           "exec: {apiVersion: client.authentication.k8s.io/v1beta1, command: aws}",
           {{"auth", "exec plugin aws"}}),
      bad("exec v1alpha1", "exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: aws}",
          "auth.exec-config", {"v1alpha1", "aws eks update-kubeconfig"}),
      bad("exec with an unknown version", "exec: {apiVersion: example.com/v1, command: aws}",
          "auth.exec-config", {"\"example.com/v1\""}),
      user("exec of an old version does not matter beside a token",
           "token: t, exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: aws}",
           {{"auth", "bearer token"}}),
      bad("auth-provider gcp", "auth-provider: {name: gcp, config: {access-token: x}}",
          "auth.provider-removed", {"gke-gcloud-auth-plugin", "get-credentials"}),
      bad("auth-provider azure", "auth-provider: {name: azure}", "auth.provider-removed",
          {"kubelogin convert-kubeconfig"}),
      bad("auth-provider unknown", "auth-provider: {name: openstack}", "auth.provider-removed",
          {"\"openstack\""}),
      user("auth-provider beside a token", "token: t, auth-provider: {name: gcp}",
           {{"auth", "bearer token"}}),
      user("oidc with a valid id-token",
           "auth-provider: {name: oidc, config: {id-token: " + jwt(now + 60) + "}}",
           {{"auth", "OpenID Connect id-token"}, {"authorization", "Bearer " + jwt(now + 60)}}),
      user("oidc with an id-token about to end",
           "auth-provider: {name: oidc, config: {id-token: " + jwt(now + 9) + "}}",
           {{"authorization", "error auth.id-token-expired"}}),
      bad("oidc without an id-token", "auth-provider: {name: oidc, config: {client-id: x}}",
          "auth.id-token-expired", {"holds no id-token", "log in at your identity provider"}),
      bad("oidc with only a refresh-token", "auth-provider: {name: oidc, config: {refresh-token: x}}",
          "auth.id-token-expired", {"kubectl version"}),
      bad("oidc with nonsense", "auth-provider: {name: oidc, config: {id-token: hunter2}}",
          "auth.token-malformed", {"not a JSON Web Token", "!hunter2"}),
      kuberc("a broken kuberc stops an exec plugin", "kind: Preference\n", {}, "kuberc.invalid",
             {"apiVersion must be"}),
      kuberc("--kuberc must exist", "", {{"--kuberc", "none"}}, "kuberc.invalid",
             {"work/none does not exist"}),
      kuberc("a kuberc without rules allows",
             "apiVersion: kubectl.config.k8s.io/v1beta1\nkind: Preference\naliases: []\n", {}, "", {}),
      {.name = "a broken kuberc does not matter without a plugin",
       .files = {{kHome, minimal()}, {"home/.kube/kuberc", "kind: [\n"}},
       .expected = {{"auth", "bearer token"}}},
      {.name = "a broken kuberc that was asked for always matters",
       .files = {{kHome, minimal()}, {"work/rc", "kind: [\n"}},
       .environment = {{"KUBERC", "rc"}},
       .error = "kuberc.invalid"},
  };
}

}  // namespace instantexec::kube::testing
