#include "row.h"

// Rules 5 and 6: what several files amount to, and where relative paths start.
namespace instantexec::kube::testing {
namespace {

const Pairs kTwoFiles = {{"KUBECONFIG", "$DIR/one/k:$DIR/two/k"}};

std::string exec_user(std::string_view command) {
  return "exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: " +
         std::string(command) + "}";
}

}  // namespace

std::vector<Row> merging_rows() {
  const std::string home = "home/.kube/config";
  return {
      {.name = "the first definition of a user wins whole",
       .files = {{"one/k", minimal("server: https://a:6443", "username: first, password: p")},
                 {"two/k", minimal("server: https://b:6443", "token: second, as: root")}},
       .environment = kTwoFiles,
       .expected = {{"authorization", "Basic Zmlyc3Q6cA=="},
                    {"as", ""},
                    {"user-source", "user in $DIR/one/k"}}},
      {.name = "the first definition of a cluster wins whole",
       .files = {{"one/k", minimal()},
                 {"two/k", minimal("server: https://b:6443, tls-server-name: b, disable-compression: true")}},
       .environment = kTwoFiles,
       .expected = {{"server", "https://a:6443"}, {"tls-server-name", ""}, {"compression", "on"}}},
      {.name = "the first definition of a context wins whole",
       .files = {{"one/k", minimal()},
                 {"two/k", minimal("server: https://b:6443", "token: t", "namespace: two")}},
       .environment = kTwoFiles,
       .expected = {{"ns", "default"}}},
      {.name = "the first current-context that is not empty wins",
       .files =
           {{"one/k",
             "current-context: ''\ncontexts: [{name: x, context: {cluster: k, user: u, namespace: x}}]\n"},
            {"two/k", minimal()},
            {"three/k", "current-context: x\n"}},
       .environment = {{"KUBECONFIG", "$DIR/one/k:$DIR/two/k:$DIR/three/k"}},
       .expected = {{"context", "c"},
                    {"ns", "default"},
                    {"context-source", "current-context in $DIR/two/k"}}},
      {.name = "a context may join entries of different files",
       .files =
           {{"one/k",
             "current-context: c\ncontexts: [{name: c, context: {cluster: far, user: me, namespace: "
             "team}}]\n"},
            {"two/k",
             "clusters: [{name: far, cluster: {server: 'https://far:1'}}]\nusers: [{name: me, user: {token: "
             "mine}}]\n"}},
       .environment = kTwoFiles,
       .expected = {{"server", "https://far:1"},
                    {"authorization", "Bearer mine"},
                    {"ns", "team"},
                    {"cluster-source", "cluster in $DIR/two/k"}}},
      {.name = "names that differ in one letter are different",
       .files = {{"one/k", minimal()},
                 {"two/k", "clusters: [{name: K, cluster: {server: 'https://upper:1'}}]\n"}},
       .environment = kTwoFiles,
       .flags = {{"--cluster", "K"}},
       .expected = {{"server", "https://upper:1"}}},
      {.name = "a relative certificate authority starts at its own file",
       .files = {{"home/.kube/config", minimal("server: https://a:6443, certificate-authority: pki/ca.pem")},
                 {"home/.kube/pki/ca.pem", kCaPem}},
       .expected = {{"ca", kCaPem}}},
      {.name = "relative client certificate and key start at their own file",
       .files = {{home,
                  minimal("server: https://a:6443", "client-certificate: ../me.pem, client-key: ./me.key")},
                 {"home/me.pem", kCertPem},
                 {"home/.kube/me.key", kKeyPem}},
       .expected = {{"cert", kCertPem}, {"key", kKeyPem}, {"auth", "client certificate"}}},
      {.name = "a relative token file starts at its own file",
       .files = {{home, minimal("server: https://a:6443", "tokenFile: tokens/t")},
                 {"home/.kube/tokens/t", " secret \n"}},
       .expected = {{"authorization", "Bearer secret"}, {"auth", "token file $DIR/home/.kube/tokens/t"}}},
      {.name = "in a list each path starts at the file that defined the entry",
       .files = {{"one/k", "current-context: c\nusers: [{name: u, user: {tokenFile: t}}]\n"},
                 {"two/k", minimal("server: https://a:6443, certificate-authority: ca")},
                 {"one/t", "from-one"},
                 {"two/t", "from-two"},
                 {"one/ca", kOtherCaPem},
                 {"two/ca", kCaPem}},
       .environment = kTwoFiles,
       .expected = {{"authorization", "Bearer from-one"}, {"ca", kCaPem}}},
      {.name = "absolute paths stay",
       .files = {{home, minimal("server: https://a:6443, certificate-authority: $DIR/elsewhere/ca")},
                 {"elsewhere/ca", kCaPem}},
       .expected = {{"ca", kCaPem}}},
      {.name = "an exec command without a slash stays a search in PATH",
       .files = {{home, minimal("server: https://a:6443", exec_user("aws"))}},
       .expected = {{"auth", "exec plugin aws"}}},
      {.name = "an exec command with a slash starts at its own file",
       .files = {{home, minimal("server: https://a:6443", exec_user("./bin/login"))}},
       .expected = {{"auth", "exec plugin $DIR/home/.kube/bin/login"}}},
      {.name = "an exec command in a folder starts at its own file",
       .files = {{home, minimal("server: https://a:6443", exec_user("bin/login"))}},
       .expected = {{"auth", "exec plugin $DIR/home/.kube/bin/login"}}},
      {.name = "an absolute exec command stays",
       .files = {{home, minimal("server: https://a:6443", exec_user("/opt/login"))}},
       .expected = {{"auth", "exec plugin /opt/login"}}},
  };
}

}  // namespace instantexec::kube::testing
