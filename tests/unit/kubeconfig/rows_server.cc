#include "row.h"

// Rules 10-13: which server, whose namespace, inside a pod or not.
namespace instantexec::kube::testing {
namespace {

const std::string kHome = "home/.kube/config";

Row server(std::string name, std::string_view written, std::string expected) {
  return {.name = std::move(name),
          .files = {{kHome, minimal("server: '" + std::string(written) + "'", "")}},
          .expected = {{"server", std::move(expected)}}};
}

const Pairs kPodFiles = {{"sa/token", "pod-token\n"}, {"sa/ca.crt", kCaPem}, {"sa/namespace", "pod-ns"}};
const Pairs kPodVariables = {{"KUBERNETES_SERVICE_HOST", "10.0.0.1"}, {"KUBERNETES_SERVICE_PORT", "443"}};

Pairs with(Pairs first, const Pairs& more) {
  first.insert(first.end(), more.begin(), more.end());
  return first;
}

}  // namespace

std::vector<Row> server_rows() {
  return {
      server("a path prefix stays", "https://rancher/k8s/clusters/c-1", "https://rancher/k8s/clusters/c-1"),
      server("trailing slashes go", "https://a:6443/p//", "https://a:6443/p"),
      server("query and fragment go", "https://a:6443/p?x=1#y", "https://a:6443/p"),
      server("without a scheme it is http", "localhost:8080", "http://localhost:8080"),
      server("IPv6 keeps its brackets", "https://[fd00::1]:6443", "https://[fd00::1]:6443"),
      server("http is possible", "http://127.0.0.1:8001", "http://127.0.0.1:8001"),
      {.name = "over http credentials are not sent",
       .files = {{kHome, minimal("server: http://a:80", "token: secret")}},
       .expected = {{"auth", "no credentials"}, {"authorization", ""}},
       .says = {"http://a:80 is not https: the credentials of the kubeconfig are not sent"}},
      {.name = "proxy and compression come from the cluster",
       .files = {{kHome,
                  minimal("server: https://a, proxy-url: 'socks5://p:1080', disable-compression: true")}},
       .expected = {{"proxy", "socks5://p:1080"}, {"compression", "off"}}},
      {.name = "KUBERNETES_MASTER is the server of last resort",
       .environment = {{"KUBERNETES_MASTER", "http://127.0.0.1:8080/"}},
       .expected = {{"server", "http://127.0.0.1:8080"}, {"cluster-source", "KUBERNETES_MASTER"}}},
      {.name = "no current context lists the contexts there are",
       .files = {{kHome,
                  "contexts: [{name: one, context: {cluster: k}}, {name: two, context: {cluster: k}}]\n"}},
       .error = "kubeconfig.no-cluster",
       .says = {"no current-context is set", "one, two", "--context"}},
      {.name = "a context without a cluster",
       .files = {{kHome, "current-context: c\ncontexts: [{name: c, context: {user: u}}]\n"}},
       .error = "kubeconfig.no-cluster",
       .says = {"context \"c\" (from current-context in", "names no cluster"}},
      {.name = "no kubeconfig at all",
       .error = "kubeconfig.no-cluster",
       .says = {"$DIR/home/.kube/config (does not exist)", "--simulate"}},
      {.name = "in a pod without a kubeconfig",
       .files = kPodFiles,
       .environment = kPodVariables,
       .expected = {{"server", "https://10.0.0.1:443"},
                    {"ca", kCaPem},
                    {"authorization", "Bearer pod-token"},
                    {"ns", "pod-ns"},
                    {"in-cluster", "yes"},
                    {"user-source", "service account"},
                    {"ns-source", "pod"}}},
      {.name = "in a pod, POD_NAMESPACE beats the service account's",
       .files = kPodFiles,
       .environment = with(kPodVariables, {{"POD_NAMESPACE", "downward"}}),
       .expected = {{"ns", "downward"}}},
      {.name = "in a pod, --namespace beats both",
       .files = kPodFiles,
       .environment = with(kPodVariables, {{"POD_NAMESPACE", "downward"}}),
       .flags = {{"--namespace", "mine"}},
       .expected = {{"ns", "mine"}, {"in-cluster", "yes"}}},
      {.name = "in a pod with IPv6",
       .files = kPodFiles,
       .environment = {{"KUBERNETES_SERVICE_HOST", "fd00::1"}, {"KUBERNETES_SERVICE_PORT", "6443"}},
       .expected = {{"server", "https://[fd00::1]:6443"}}},
      {.name = "in a pod without a CA the system's roots count",
       .files = {{"sa/token", "t"}},
       .environment = kPodVariables,
       .expected = {{"ca", ""}, {"ns", "default"}, {"in-cluster", "yes"}},
       .says = {"no ca.crt"}},
      {.name = "variables without a token file are no pod",
       .files = {{"sa/ca.crt", kCaPem}},
       .environment = kPodVariables,
       .error = "kubeconfig.no-cluster"},
      {.name = "a token file without variables is no pod",
       .files = kPodFiles,
       .error = "kubeconfig.no-cluster"},
      {.name = "in a pod a kubeconfig wins, and its namespace is not the pod's",
       .files = with(kPodFiles, {{kHome, minimal()}}),
       .environment = with(kPodVariables, {{"POD_NAMESPACE", "downward"}}),
       .expected = {{"server", "https://a:6443"}, {"in-cluster", "no"}, {"ns", "default"}}},
      {.name = "in a pod an empty kubeconfig does not count",
       .files = with(kPodFiles, {{kHome, ""}}),
       .environment = kPodVariables,
       .expected = {{"in-cluster", "yes"}}},
      {.name = "in a pod flags overlay",
       .files = with(kPodFiles, {{"work/other.pem", kOtherCaPem}}),
       .environment = kPodVariables,
       .flags = {{"--token", "mine"},
                 {"--certificate-authority", "other.pem"},
                 {"--as", "root"},
                 {"--request-timeout", "5"}},
       .expected = {{"authorization", "Bearer mine"},
                    {"ca", kOtherCaPem},
                    {"as", "root"},
                    {"timeout", "5000ms"},
                    {"in-cluster", "yes"}}},
      {.name = "in a pod --server leaves the pod's configuration",
       .files = kPodFiles,
       .environment = kPodVariables,
       .flags = {{"--server", "https://elsewhere"}},
       .expected = {{"in-cluster", "no"}, {"auth", "no credentials"}, {"ca", ""}, {"ns", "default"}}},
      {.name = "insecure in a kubeconfig warns",
       .files = {{kHome, minimal("server: https://a, insecure-skip-tls-verify: true")}},
       .expected = {{"insecure", "yes"}},
       .says = {"TLS verification is off"}},
      {.name = "insecure in a kubeconfig is refused in CI",
       .files = {{kHome, minimal("server: https://a, insecure-skip-tls-verify: true")}},
       .environment = {{"CI", "true"}},
       .error = "kubeconfig.invalid",
       .says = {"in CI it must be confirmed with --insecure-skip-tls-verify"}},
      {.name = "insecure in CI can be confirmed",
       .files = {{kHome, minimal("server: https://a, insecure-skip-tls-verify: true")}},
       .environment = {{"CI", "true"}},
       .flags = {{"--insecure-skip-tls-verify", ""}},
       .expected = {{"insecure", "yes"}}},
      {.name = "a KUBECONFIG of which nothing exists warns when something else serves",
       .files = kPodFiles,
       .environment = with(kPodVariables, {{"KUBECONFIG", "$DIR/gone"}}),
       .expected = {{"in-cluster", "yes"}},
       .says = {"no file named by KUBECONFIG exists: $DIR/gone"}},
  };
}

}  // namespace instantexec::kube::testing
