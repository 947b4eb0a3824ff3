#include "kube/kubeconfig.h"

#include <fmt/format.h>

#include <utility>

#include "base/text.h"
#include "kube/kubeconfig_errors.h"
#include "kube/kubeconfig_fields.h"
#include "os/files.h"

namespace instantexec::kube {
namespace {

constexpr std::string_view kExecExtension = "client.authentication.k8s.io/exec";

class Parser {
 public:
  explicit Parser(const KubeconfigText& file) : file_(file) {}

  Kubeconfig parse(const model::Json& root) {
    FieldReader top(root, "", problems_);
    Kubeconfig out;
    out.files = {file_.path};
    const std::string version = top.text("apiVersion");
    const std::string kind = top.text("kind");
    if (!version.empty() && version != "v1") top.problem("apiVersion", "must be v1");
    if (!kind.empty() && kind != "Config") top.problem("kind", "must be Config");
    out.current_context = top.text("current-context");
    if (!out.current_context.empty()) out.current_context_origin = file_.path;
    named(top, "clusters", "cluster", out.clusters, [this](FieldReader fields) { return cluster(fields); });
    named(top, "users", "user", out.users, [this](FieldReader fields) { return user(fields); });
    named(top, "contexts", "context", out.contexts, [this](FieldReader fields) { return context(fields); });
    return out;
  }

  std::vector<std::string> problems_;

 private:
  // A list of {name: ..., <what>: {...}}, the shape of all three lists.
  template <typename Entries, typename Read>
  void named(FieldReader& top, std::string_view list, std::string_view what, Entries& out, Read read) {
    std::size_t index = 0;
    for (const model::Json* item : top.objects(list)) {
      const std::string path = fmt::format("{}[{}]", list, index++);
      FieldReader outer(*item, path, problems_);
      const std::string name = outer.text("name");
      auto entry = read(FieldReader(outer.object(what), outer.path_of(what), problems_));
      entry.origin = file_.path;
      if (!out.emplace(name, std::move(entry)).second) {
        problems_.push_back(fmt::format("{} repeats the name \"{}\"", path, sanitise_line(name, 200)));
      }
    }
  }

  // Empty stays empty: it means "not given".
  std::string path(const std::string& text) const {
    return text.empty() ? text : os::resolve_path(file_.directory, text);
  }

  ClusterEntry cluster(FieldReader& fields) {
    ClusterEntry out;
    out.server = fields.text("server");
    out.tls_server_name = fields.text("tls-server-name");
    out.insecure = fields.flag("insecure-skip-tls-verify");
    out.ca_file = path(fields.text("certificate-authority"));
    out.ca_data = fields.bytes("certificate-authority-data");
    out.proxy_url = fields.text("proxy-url");
    out.disable_compression = fields.flag("disable-compression");
    for (const model::Json* item : fields.objects("extensions")) {
      if (model::get_string(*item, "/name") != kExecExtension) continue;
      if (const model::Json* extension = model::find(*item, "/extension")) out.exec_extension = *extension;
    }
    return out;
  }

  ContextEntry context(FieldReader& fields) {
    ContextEntry out;
    out.cluster = fields.text("cluster");
    out.user = fields.text("user");
    out.ns = fields.text("namespace");
    return out;
  }

  UserEntry user(FieldReader& fields) {
    UserEntry out;
    out.client_cert_file = path(fields.text("client-certificate"));
    out.client_cert_data = fields.bytes("client-certificate-data");
    out.client_key_file = path(fields.text("client-key"));
    out.client_key_data = Secret(fields.bytes("client-key-data"));
    out.token = fields.secret("token");
    out.token_file = path(fields.text("tokenFile"));
    out.username = fields.text("username");
    out.password = fields.secret("password");
    out.impersonate.user = fields.text("as");
    out.impersonate.uid = fields.text("as-uid");
    out.impersonate.groups = fields.texts("as-groups");
    out.impersonate.extra = fields.texts_map("as-user-extra");
    if (fields.has("auth-provider")) {
      FieldReader provider(fields.object("auth-provider"), fields.path_of("auth-provider"), problems_);
      out.auth_provider.emplace().name = provider.text("name");
      for (auto& [key, value] : provider.text_map("config")) {
        out.auth_provider->config.emplace(key, Secret(std::move(value)));
      }
    }
    if (fields.has("exec")) {
      out.exec = exec(FieldReader(fields.object("exec"), fields.path_of("exec"), problems_));
    }
    return out;
  }

  ExecConfig exec(FieldReader fields) {
    ExecConfig out;
    out.api_version = fields.text("apiVersion");
    out.command = fields.text("command");
    // A bare name stays a search in PATH; "./plugin" means the plugin beside the kubeconfig.
    if (out.command.find('/') != std::string::npos) out.command = path(out.command);
    out.args = fields.texts("args");
    std::size_t index = 0;
    for (const model::Json* item : fields.objects("env")) {
      FieldReader variable(*item, fmt::format("{}[{}]", fields.path_of("env"), index++), problems_);
      out.env.emplace_back(variable.text("name"), variable.text("value"));
    }
    out.install_hint = fields.text("installHint");
    out.provide_cluster_info = fields.flag("provideClusterInfo");
    out.interactive_mode = fields.text("interactiveMode");
    return out;
  }

  const KubeconfigText& file_;
};

}  // namespace

Result<Kubeconfig> parse_kubeconfig(const KubeconfigText& file, const ParseText& parse) {
  const std::string shown = sanitise_line(file.path);
  auto root = parse(file.text);
  if (!root) {
    return fail(errors::kKubeconfigUnreadable, fmt::format("{}: {}", shown, root.error().to_string()));
  }
  if (root->is_null()) *root = model::Json::object();
  if (!root->is_object()) {
    return fail(errors::kKubeconfigUnreadable, fmt::format("{}: not a kubeconfig (a map is needed)", shown));
  }
  Parser parser(file);
  Kubeconfig config = parser.parse(*root);
  if (parser.problems_.empty()) return config;
  return fail(errors::kKubeconfigUnreadable, fmt::format("{}: {}", shown, join(parser.problems_, "; ")));
}

Kubeconfig merge_kubeconfigs(std::span<const Kubeconfig> files) {
  Kubeconfig out;
  for (const Kubeconfig& file : files) {
    // map::insert keeps what is there: the first definition of a name wins.
    out.clusters.insert(file.clusters.begin(), file.clusters.end());
    out.users.insert(file.users.begin(), file.users.end());
    out.contexts.insert(file.contexts.begin(), file.contexts.end());
    out.files.insert(out.files.end(), file.files.begin(), file.files.end());
    if (out.current_context.empty()) {
      out.current_context = file.current_context;
      out.current_context_origin = file.current_context_origin;
    }
  }
  return out;
}

}  // namespace instantexec::kube
