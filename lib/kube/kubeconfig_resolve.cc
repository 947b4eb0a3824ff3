#include "kube/kubeconfig_resolve.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "kube/kubeconfig_errors.h"
#include "kube/kubeconfig_url.h"
#include "os/files.h"

namespace instantexec::kube {
namespace {

std::string in_quotes(std::string_view text) {
  return fmt::format("\"{}\"", sanitise_line(text, 200));
}

template <typename Entries>
std::string did_you_mean(std::string_view name, const Entries& entries) {
  std::vector<std::string> names;
  for (const auto& [key, value] : entries) names.push_back(key);
  const auto near = nearest(name, names);
  return near ? fmt::format("; did you mean {}?", in_quotes(*near)) : "";
}

// RFC 1123 label, which namespaces must be; also keeps the name harmless inside a URL path.
bool is_namespace_name(std::string_view name) {
  const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !name.empty() && name.size() <= 63 && alphanumeric(name.front()) && alphanumeric(name.back()) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return alphanumeric(c) || c == '-'; });
}

class Resolver {
 public:
  explicit Resolver(const ResolveInput& input) : config_(input.config), flags_(input.flags), input_(input) {}

  Result<ClientSpec> run() {
    spec_.sources.files = config_.files;
    IE_TRY(choose_context());
    IE_TRY(choose_user());
    IE_TRY(choose_cluster());
    overlay_cluster();
    overlay_user();
    choose_namespace();
    finish();
    return std::move(spec_);
  }

 private:
  Status choose_context();
  Status choose_user();
  Status choose_cluster();
  Status use_fallback_server();
  [[nodiscard]] Error no_cluster() const;
  void overlay_cluster();
  void overlay_user();
  void choose_namespace();
  void finish();

  [[nodiscard]] std::string from_here(const std::string& path) const {
    return os::resolve_path(input_.working_directory, path);
  }

  const Kubeconfig& config_;
  const ConfigFlags& flags_;
  const ResolveInput& input_;
  ContextEntry context_;
  bool cluster_undefined_ = false;
  ClientSpec spec_;
};

Status Resolver::choose_context() {
  const bool flag = !flags_.context.empty();
  const std::string& name = flag ? flags_.context : config_.current_context;
  if (name.empty()) return {};
  const auto found = config_.contexts.find(name);
  const std::string source =
      flag ? "--context" : "current-context in " + sanitise_line(config_.current_context_origin);
  if (found == config_.contexts.end()) {
    return fail(errors::kContextMissing, fmt::format("context {} (from {}) does not exist{}", in_quotes(name),
                                                     source, did_you_mean(name, config_.contexts)));
  }
  context_ = found->second;
  spec_.context_name = name;
  spec_.sources.context = source;
  return {};
}

Status Resolver::choose_user() {
  const bool flag = !flags_.user.empty();
  const std::string& name = flag ? flags_.user : context_.user;
  spec_.user_name = name;
  if (name.empty()) return {};
  const auto found = config_.users.find(name);
  if (found != config_.users.end()) {
    spec_.user = found->second;
    spec_.sources.user = "user in " + sanitise_line(found->second.origin);
    return {};
  }
  const std::string suggestion = did_you_mean(name, config_.users);
  if (flag) {
    return fail(errors::kEntryMissing,
                fmt::format("user {} (from --user) does not exist{}", in_quotes(name), suggestion));
  }
  // kubectl goes on without credentials, and some local clusters rely on it.
  spec_.warnings.push_back(fmt::format("context {} names the user {}, which no kubeconfig file defines{}",
                                       in_quotes(spec_.context_name), in_quotes(name), suggestion));
  return {};
}

Status Resolver::choose_cluster() {
  const bool flag = !flags_.cluster.empty();
  const std::string& name = flag ? flags_.cluster : context_.cluster;
  spec_.cluster_name = name;
  const auto found = config_.clusters.find(name);
  if (!name.empty() && found != config_.clusters.end()) {
    spec_.cluster = found->second;
    spec_.sources.cluster = "cluster in " + sanitise_line(found->second.origin);
    return {};
  }
  const std::string suggestion = did_you_mean(name, config_.clusters);
  if (flag) {
    return fail(errors::kEntryMissing,
                fmt::format("cluster {} (from --cluster) does not exist{}", in_quotes(name), suggestion));
  }
  if (!flags_.server.empty()) return {};
  if (!name.empty()) {
    cluster_undefined_ = true;
    spec_.problems.push_back(
        fmt::format("context {} names the cluster {}, which no kubeconfig file defines{}",
                    in_quotes(spec_.context_name), in_quotes(name), suggestion));
    return {};
  }
  return use_fallback_server();
}

Status Resolver::use_fallback_server() {
  if (input_.in_cluster) {
    spec_.in_cluster = true;
    spec_.cluster.server = input_.in_cluster->server;
    spec_.cluster.ca_file = input_.in_cluster->ca_file;
    spec_.sources.cluster = "in-cluster configuration";
    if (input_.in_cluster->ca_file.empty()) {
      spec_.warnings.emplace_back("the pod's service account has no ca.crt; the system's roots are used");
    }
    if (spec_.user_name.empty()) {
      spec_.user.token_file = input_.in_cluster->token_file;
      spec_.sources.user = "service account";
    }
    return {};
  }
  if (!input_.default_server.empty()) {
    spec_.cluster.server = input_.default_server;
    spec_.sources.cluster = "KUBERNETES_MASTER";
    return {};
  }
  return fail(no_cluster());
}

Error Resolver::no_cluster() const {
  if (!spec_.context_name.empty()) {
    return make_error(errors::kNoCluster, fmt::format("context {} (from {}) names no cluster",
                                                      in_quotes(spec_.context_name), spec_.sources.context));
  }
  if (!config_.contexts.empty()) {
    std::vector<std::string> names;
    for (const auto& [name, context] : config_.contexts) names.push_back(sanitise_line(name, 100));
    return make_error(errors::kNoCluster,
                      fmt::format("no current-context is set in {}; contexts there: {}",
                                  sanitise_line(join(config_.files, ", ")), join(names, ", ")),
                      "choose one with --context, or with kubectl config use-context");
  }
  std::vector<std::string> looked;
  for (const std::string& path : config_.files) looked.push_back(sanitise_line(path) + " (names no cluster)");
  for (const std::string& path : config_.missing) looked.push_back(sanitise_line(path) + " (does not exist)");
  if (looked.empty()) looked.emplace_back("no file: neither KUBECONFIG nor HOME is set");
  return make_error(errors::kNoCluster,
                    fmt::format("no cluster is configured; looked at {}", join(looked, ", ")));
}

void Resolver::overlay_cluster() {
  ClusterEntry& cluster = spec_.cluster;
  if (!flags_.server.empty()) {
    cluster.server = flags_.server;
    spec_.sources.cluster = "--server";
  }
  // The file's tls-server-name belongs to the file's server.
  if (!flags_.server.empty() || !flags_.tls_server_name.empty())
    cluster.tls_server_name = flags_.tls_server_name;
  if (flags_.insecure_skip_tls_verify || !flags_.certificate_authority.empty()) {
    cluster.insecure = flags_.insecure_skip_tls_verify;
    cluster.ca_data.clear();
    cluster.ca_file =
        flags_.certificate_authority.empty() ? std::string() : from_here(flags_.certificate_authority);
  }
  if (flags_.disable_compression) cluster.disable_compression = true;
}

void Resolver::overlay_user() {
  UserEntry& user = spec_.user;
  if (!flags_.token.empty()) {
    user.token = flags_.token;
    user.token_file.clear();
    spec_.sources.user = "--token";
  }
  if (!flags_.client_certificate.empty()) {
    user.client_cert_file = from_here(flags_.client_certificate);
    user.client_cert_data.clear();
  }
  if (!flags_.client_key.empty()) {
    user.client_key_file = from_here(flags_.client_key);
    user.client_key_data = Secret();
  }
  if (!flags_.as.empty()) user.impersonate.user = flags_.as;
  if (!flags_.as_uid.empty()) user.impersonate.uid = flags_.as_uid;
  if (!flags_.as_groups.empty()) user.impersonate.groups = flags_.as_groups;
}

void Resolver::choose_namespace() {
  if (!flags_.ns.empty()) {
    spec_.ns = flags_.ns;
    spec_.sources.ns = flags_.ns_source;
  } else if (!context_.ns.empty()) {
    spec_.ns = context_.ns;
    spec_.sources.ns = "context in " + sanitise_line(context_.origin);
  } else if (spec_.in_cluster && !input_.in_cluster->ns.empty()) {
    spec_.ns = input_.in_cluster->ns;
    spec_.sources.ns = "pod";
  } else {
    spec_.ns = "default";
  }
  if (!is_namespace_name(spec_.ns)) {
    spec_.problems.push_back(
        fmt::format("namespace {} (from {}) is not a valid name (lower-case letters, "
                    "digits and \"-\", at most 63)",
                    in_quotes(spec_.ns), spec_.sources.ns));
  }
}

void Resolver::finish() {
  const auto append = [&](std::vector<std::string> more) {
    spec_.problems.insert(spec_.problems.end(), std::make_move_iterator(more.begin()),
                          std::make_move_iterator(more.end()));
  };
  // A context that points nowhere has been reported as such.
  if (!cluster_undefined_) append(validate_cluster(spec_.cluster_name, spec_.cluster));
  append(validate_user(spec_.user_name, spec_.user));
  if (!flags_.request_timeout.empty()) {
    const auto timeout = parse_duration(flags_.request_timeout);
    if (timeout) {
      spec_.request_timeout = *timeout;
    } else {
      spec_.problems.push_back("--request-timeout: " + sanitise_line(timeout.error().message));
    }
  }
  if (const auto server = normalise_server(spec_.cluster.server)) spec_.cluster.server = *server;
}

}  // namespace

Result<ClientSpec> resolve_client(const ResolveInput& input) {
  return Resolver(input).run();
}

}  // namespace instantexec::kube
