#include "row.h"

// Rules 7, 8, 10 and 20: what the command line changes.
namespace instantexec::kube::testing {
namespace {

const std::string kTwoOfEach =
    "current-context: dev\n"
    "contexts:\n"
    "- {name: dev, context: {cluster: near, user: alice, namespace: team}}\n"
    "- {name: prod, context: {cluster: far, user: bob}}\n"
    "clusters:\n"
    "- {name: near, cluster: {server: 'https://near:6443', tls-server-name: near.internal, " +
    data_field("certificate-authority-data", kCaPem) +
    "}}\n"
    "- {name: far, cluster: {server: 'https://far:6443', insecure-skip-tls-verify: true}}\n"
    "users:\n"
    "- {name: alice, user: {token: a, as: svc, as-groups: [g1, g2], as-uid: '7', as-user-extra: {scopes: [x, "
    "z]}}}\n"
    "- {name: bob, user: {" +
    data_field("client-certificate-data", kCertPem) + ", " + data_field("client-key-data", kKeyPem) +
    "}}\n"
    "- {name: plugin, user: {exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, "
    "command: aws}}}\n"
    "- {name: filed, user: {tokenFile: t}}\n";

Row row(std::string name, Pairs flags, Pairs expected, std::string error = {}, Texts says = {}) {
  return {.name = std::move(name),
          .files = {{"home/.kube/config", kTwoOfEach},
                    {"home/.kube/t", "filed"},
                    {"work/ca.pem", kOtherCaPem},
                    {"work/me.pem", kCertPem},
                    {"work/me.key", kKeyPem}},
          .flags = std::move(flags),
          .expected = std::move(expected),
          .error = std::move(error),
          .says = std::move(says)};
}

}  // namespace

std::vector<Row> override_rows() {
  const Pairs insecure = {{"--insecure-skip-tls-verify", ""}};
  return {
      row("without flags the current context counts", {},
          {{"context", "dev"},
           {"cluster", "near"},
           {"user", "alice"},
           {"ns", "team"},
           {"tls-server-name", "near.internal"},
           {"ca", kCaPem},
           {"as", "svc"},
           {"as-groups", "g1,g2"},
           {"as-uid", "7"},
           {"as-extra", "scopes=x,z;"},
           {"ns-source", "context in $DIR/home/.kube/config"}}),
      row("--context", {{"--context", "prod"}},
          {{"context", "prod"},
           {"server", "https://far:6443"},
           {"insecure", "yes"},
           {"ns", "default"},
           {"cert", kCertPem},
           {"context-source", "--context"}}),
      row("--context must exist", {{"--context", "prd"}}, {}, "kubeconfig.context-missing",
          {"context \"prd\" (from --context) does not exist; did you mean \"prod\"?",
           "kubectl config get-contexts"}),
      {.name = "the current context must exist",
       .files = {{"home/.kube/config", "current-context: gone\n"}},
       .error = "kubeconfig.context-missing",
       .says = {"context \"gone\" (from current-context in $DIR/home/.kube/config) does not exist"}},
      row("--cluster keeps the context's user and namespace", {{"--cluster", "far"}},
          {{"server", "https://far:6443"}, {"authorization", "Bearer a"}, {"ns", "team"}}),
      row("--cluster must exist", {{"--cluster", "fat"}}, {}, "kubeconfig.entry-missing",
          {"cluster \"fat\" (from --cluster) does not exist; did you mean \"far\"?"}),
      row("--user", {{"--user", "bob"}},
          {{"server", "https://near:6443"}, {"cert", kCertPem}, {"authorization", ""}}),
      row("--user must exist", {{"--user", "bop"}}, {}, "kubeconfig.entry-missing",
          {"user \"bop\" (from --user) does not exist; did you mean \"bob\"?"}),
      row("--namespace beats the context", {{"--namespace", "mine"}},
          {{"ns", "mine"}, {"ns-source", "--namespace"}}),
      row("--namespace must be a name", {{"--namespace", "../kube-system"}}, {}, "kubeconfig.invalid",
          {"namespace \"../kube-system\" (from --namespace) is not a valid name"}),
      row("--server keeps the certificate authority and clears the server name",
          {{"--server", "https://new:1/x/"}},
          {{"server", "https://new:1/x"},
           {"ca", kCaPem},
           {"tls-server-name", ""},
           {"cluster-source", "--server"}}),
      row("--server with --tls-server-name", {{"--server", "https://new:1"}, {"--tls-server-name", "given"}},
          {{"tls-server-name", "given"}}),
      row("--tls-server-name alone", {{"--tls-server-name", "given"}},
          {{"server", "https://near:6443"}, {"tls-server-name", "given"}}),
      row("--certificate-authority replaces the data and starts at the working directory",
          {{"--certificate-authority", "ca.pem"}}, {{"ca", kOtherCaPem}, {"insecure", "no"}}),
      row("--certificate-authority replaces the kubeconfig's insecure",
          {{"--context", "prod"}, {"--certificate-authority", "ca.pem"}},
          {{"ca", kOtherCaPem}, {"insecure", "no"}}),
      row("--insecure-skip-tls-verify replaces the certificate authority", insecure,
          {{"ca", ""}, {"insecure", "yes"}}, "", {"TLS verification is off"}),
      row("--insecure-skip-tls-verify and --certificate-authority exclude each other",
          {{"--insecure-skip-tls-verify", ""}, {"--certificate-authority", "ca.pem"}}, {},
          "kubeconfig.invalid", {"exclude each other"}),
      row("--client-certificate and --client-key replace the data",
          {{"--user", "bob"}, {"--client-certificate", "me.pem"}, {"--client-key", "$DIR/work/me.key"}},
          {{"cert", kCertPem}, {"key", kKeyPem}}),
      row("a certificate flag that names no file",
          {{"--client-certificate", "none.pem"}, {"--client-key", "me.key"}}, {}, "kubeconfig.invalid",
          {"client-certificate: $DIR/work/none.pem does not exist"}),
      row("--token beats the kubeconfig's token", {{"--token", "flag"}},
          {{"authorization", "Bearer flag"}, {"user-source", "--token"}}),
      row("--token beats a token file", {{"--user", "filed"}, {"--token", "flag"}},
          {{"authorization", "Bearer flag"}}),
      row("--token disables the exec plugin", {{"--user", "plugin"}, {"--token", "flag"}},
          {{"auth", "bearer token"}, {"authorization", "Bearer flag"}}),
      row("a certificate by flags disables the exec plugin",
          {{"--user", "plugin"}, {"--client-certificate", "me.pem"}, {"--client-key", "me.key"}},
          {{"auth", "client certificate"}}),
      row("--as keeps the kubeconfig's groups", {{"--as", "other"}},
          {{"as", "other"}, {"as-groups", "g1,g2"}, {"as-uid", "7"}}),
      row("--as-group replaces the groups and --as-uid the uid",
          {{"--as-group", "x"}, {"--as-group", "y"}, {"--as-uid", "9"}},
          {{"as", "svc"}, {"as-groups", "x,y"}, {"as-uid", "9"}}),
      row("--as-group needs a user", {{"--context", "prod"}, {"--as-group", "x"}}, {}, "kubeconfig.invalid",
          {"without a user (as)"}),
      row("--as must fit into a header", {{"--as", "a\r\nX-Evil: 1"}}, {}, "kubeconfig.invalid",
          {"control characters"}),
      row("--request-timeout in seconds", {{"--request-timeout", "30"}}, {{"timeout", "30000ms"}}),
      row("--request-timeout as a duration", {{"--request-timeout", "1m30s"}}, {{"timeout", "90000ms"}}),
      row("--request-timeout 0 is none", {{"--request-timeout", "0"}}, {{"timeout", "0ms"}}),
      row("--request-timeout must be a time", {{"--request-timeout", "soon"}}, {}, "kubeconfig.invalid",
          {"--request-timeout: \"soon\" is not a length of time"}),
      row("--disable-compression", {{"--disable-compression", ""}}, {{"compression", "off"}}),
      {.name = "--server alone needs no kubeconfig",
       .flags = {{"--server", "https://only:6443"}, {"--token", "t"}},
       .expected = {{"server", "https://only:6443"},
                    {"authorization", "Bearer t"},
                    {"ns", "default"},
                    {"context", ""}}},
      {.name = "--cluster without a context",
       .files = {{"home/.kube/config", "clusters: [{name: k, cluster: {server: 'https://k:1'}}]\n"}},
       .flags = {{"--cluster", "k"}},
       .expected = {{"server", "https://k:1"}, {"auth", "no credentials"}}},
  };
}

}  // namespace instantexec::kube::testing
