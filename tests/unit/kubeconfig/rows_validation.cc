#include "row.h"

// Rules 9 and 13: what is refused, with everything that is wrong in one message.
namespace instantexec::kube::testing {
namespace {

Row bad(std::string name, const std::string& text, Texts says) {
  return {.name = std::move(name),
          .files = {{"home/.kube/config", text},
                    {"home/.kube/pem", kCertPem},
                    {"home/.kube/plain", "no pem"},
                    {"home/.kube/empty", "\n"}},
          .error = "kubeconfig.invalid",
          .says = std::move(says)};
}

std::string user(std::string_view fields) {
  return minimal("server: https://a:6443", fields);
}

std::string exec(std::string_view fields) {
  return user("exec: {" + std::string(fields) + "}");
}

}  // namespace

std::vector<Row> validation_rows() {
  const std::string server = "server: https://a:6443, ";
  const std::string ca_data = data_field("certificate-authority-data", kCaPem);
  const std::string cert_data = data_field("client-certificate-data", kCertPem);
  const std::string key_data = data_field("client-key-data", kKeyPem);
  const std::string v1 = "apiVersion: client.authentication.k8s.io/v1";
  return {
      bad("no server", minimal("tls-server-name: x"), {"cluster \"k\": no server is defined"}),
      bad("CA as file and as data", minimal(server + "certificate-authority: pem, " + ca_data),
          {"certificate-authority and certificate-authority-data are both set"}),
      bad("CA and insecure", minimal(server + "insecure-skip-tls-verify: true, " + ca_data),
          {"exclude each other"}),
      bad("certificate as file and as data", user("client-certificate: pem, " + cert_data + ", " + key_data),
          {"user \"u\": client-certificate and client-certificate-data are both set"}),
      bad("key as file and as data", user(cert_data + ", client-key: pem, " + key_data),
          {"client-key and client-key-data are both set"}),
      bad("certificate without key", user(cert_data), {"a client certificate without client-key"}),
      bad("CA file missing", minimal(server + "certificate-authority: none"),
          {"certificate-authority: $DIR/home/.kube/none does not exist"}),
      bad("CA file without PEM", minimal(server + "certificate-authority: plain"),
          {"plain holds no PEM block"}),
      bad("CA data without PEM", minimal(server + data_field("certificate-authority-data", "garbage")),
          {"certificate-authority-data holds no PEM block once decoded"}),
      bad("key file missing", user("client-certificate: pem, client-key: none"),
          {"client-key: $DIR/home/.kube/none does not exist"}),
      bad("token file missing", user("tokenFile: none"), {"tokenFile: $DIR/home/.kube/none does not exist"}),
      bad("token file empty", user("tokenFile: empty"), {"empty is empty"}),
      bad("token and basic", user("token: t, username: a, password: b"),
          {"a token and a user name with password exclude each other"}),
      bad("token with a line break inside", user("token: \"a\\nX: 1\""),
          {"the token holds control characters"}),
      bad("exec and auth-provider",
          user("auth-provider: {name: oidc}, exec: {" + v1 + ", command: x, interactiveMode: Never}"),
          {"exec and auth-provider exclude each other"}),
      bad("exec without command", exec(v1 + ", interactiveMode: Never"), {"exec has no command"}),
      bad("exec without apiVersion", exec("command: x"), {"exec has no apiVersion"}),
      bad("exec with a nameless variable",
          exec(v1 + ", command: x, interactiveMode: Never, env: [{value: z}]"),
          {"exec.env has an entry without a usable name"}),
      bad("exec v1 without interactiveMode", exec(v1 + ", command: x"),
          {"exec.interactiveMode must be Never, IfAvailable or Always"}),
      bad("exec with an unknown interactiveMode", exec(v1 + ", command: x, interactiveMode: Sometimes"),
          {"exec.interactiveMode \"Sometimes\" is not"}),
      bad("impersonation groups without a user", user("token: t, as-groups: [g]"), {"without a user (as)"}),
      bad("impersonation extra without a user", user("token: t, as-user-extra: {k: [v]}"),
          {"without a user (as)"}),
      bad("impersonation that does not fit a header", user("token: t, as: \"a\\r\\nb\""),
          {"control characters"}),
      bad("proxy with another scheme", minimal(server + "proxy-url: ftp://p:1"),
          {"proxy-url: must begin with http://"}),
      bad("proxy without a scheme", minimal(server + "proxy-url: 'proxy:3128'"),
          {"proxy-url: must begin with"}),
      bad("server with another scheme", minimal("server: ftp://a"), {"server: ", "http"}),
      bad("server with credentials, which are not shown", minimal("server: https://me:hunter2@a"),
          {"cluster \"k\": server:", "!hunter2"}),
      bad("server with a path but no scheme", minimal("server: a/b"), {"must be a URL or a host:port pair"}),
      bad("context namespace that is no name",
          minimal("server: https://a", "token: t", "namespace: Bad_Name"),
          {"namespace \"Bad_Name\" (from context in"}),
      bad("a context whose cluster is not defined",
          "current-context: c\ncontexts: [{name: c, context: {cluster: gne, user: u}}]\nclusters: [{name: "
          "gone, cluster: {server: 'https://a'}}]\n",
          {"context \"c\" names the cluster \"gne\", which no kubeconfig file defines; did you mean "
           "\"gone\"?"}),
      bad("everything at once",
          minimal("insecure-skip-tls-verify: true, proxy-url: x, certificate-authority: none",
                  "token: t, username: a, client-certificate: none, as-uid: '1'", "namespace: A"),
          {"9 problems", "namespace \"A\"", "no server is defined", "proxy-url",
           "a certificate authority and insecure", "a token and a user name", "a client certificate without",
           "without a user (as)", "certificate-authority: "}),
      {.name = "a context whose user is not defined goes on without credentials",
       .files = {{"home/.kube/config",
                  "current-context: c\ncontexts: [{name: c, context: {cluster: k, user: alicia}}]\n"
                  "clusters: [{name: k, cluster: {server: 'https://a:1'}}]\nusers: [{name: alice, user: "
                  "{token: t}}]\n"}},
       .expected = {{"auth", "no credentials"}},
       .says = {"names the user \"alicia\", which no kubeconfig file defines; did you mean \"alice\"?"}},
      {.name = "escape sequences in names are shown harmlessly",
       .files = {{"home/.kube/config", "current-context: \"a\\e[31mb\"\n"}},
       .error = "kubeconfig.context-missing",
       .says = {"a\\x1b[31mb"}},
  };
}

}  // namespace instantexec::kube::testing
