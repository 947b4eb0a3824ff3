#include "cli/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "os/files.h"

namespace instantexec::cli {
namespace {

constexpr const char* kDefaultConfig = "config/instant-execution-pipeline.yaml";

// Paths in a configuration are relative to the repository's root: the folder above `config/`, else the file's
// own.
std::string root_of(const std::string& config_path) {
  const std::string folder = os::parent_path(config_path);
  const bool in_config = folder == "config" || folder.ends_with("/config");
  const std::string root = in_config ? os::parent_path(folder) : folder;
  return root == "." ? "" : root + "/";
}

}  // namespace

Result<LoadedConfig> load_config(const InputFlags& flags) {
  LoadedConfig loaded;
  if (!flags.config.empty()) {
    loaded.path = flags.config;
  } else if (os::file_exists(kDefaultConfig)) {
    loaded.path = kDefaultConfig;
  } else {
    return loaded;
  }
  IE_TRY_ASSIGN(loaded.text, os::read_file(loaded.path));
  IE_TRY_ASSIGN(loaded.config, manifest::parse_pipeline_config(loaded.text, loaded.path));
  loaded.root = root_of(loaded.path);
  return loaded;
}

std::string choose_namespace(const LoadedConfig& config, const std::string& connection_ns, bool ns_given) {
  return ns_given || config.config.ns.empty() ? connection_ns : config.config.ns;
}

engine::ReleaseOptions release_options(const Options& options, const LoadedConfig& config,
                                       const std::string& ns) {
  engine::ReleaseOptions release;
  const std::string& configured = config.config.release;
  release.ns = ns;
  release.release = !options.input.release.empty() ? options.input.release
                    : configured.empty()           ? ns
                                                   : configured;
  release.field_manager = options.deploy.field_manager;
  release.prune = options.deploy.prune.value_or(config.config.prune);
  release.rollback_on_failure = options.deploy.rollback_on_failure;
  release.force_conflicts = options.deploy.force_conflicts;
  release.adopt = options.deploy.adopt;
  release.accept_irreversible = options.deploy.accept_irreversible;
  release.warnings_as_errors = options.gates.warnings_as_errors;
  release.drill = options.deploy.drill;
  release.dry_run_server = options.deploy.dry_run == DryRun::kServer;
  release.wait = options.deploy.wait;
  release.timeout = options.deploy.timeout.value_or(config.config.timeouts.deployment);
  release.per_object_timeout = config.config.object_timeout;
  release.readiness = readiness_options(config);
  if (options.deploy.lock_timeout) release.lock_timeout = *options.deploy.lock_timeout;
  return release;
}

status::Options readiness_options(const LoadedConfig& config) {
  const manifest::Readiness& readiness = config.config.readiness;
  status::Options out;
  out.wait_for_jobs = readiness.wait_for_jobs;
  out.require_endpoints = readiness.require_endpoints;
  out.require_ingress_address = readiness.require_ingress_address;
  return out;
}

std::string expiry_warning(const Options& options, Duration timeout, Duration left,
                           const std::string& credentials) {
  const Verb verb = options.verb;
  const bool recovers = verb == Verb::kRecover;
  const bool writes = recovers || verb == Verb::kRun || verb == Verb::kDeploy || verb == Verb::kRollback;
  if (!writes || options.deploy.dry_run != DryRun::kNone) return {};
  const bool may_undo = recovers ? options.deploy.resume : options.deploy.rollback_on_failure;
  // Not compared with twice the timeout, which may be more than a number can say.
  if (may_undo ? left - timeout >= timeout : left >= timeout) return {};
  return fmt::format("the credentials ({}) end in {}, before {}; if they are not renewed by then, {}",
                     sanitise_line(credentials, 200), format_duration(std::max(left, Duration{0})),
                     may_undo ? fmt::format("twice the timeout of {}, which a rollout and its undo may take",
                                            format_duration(timeout))
                              : "the timeout of " + format_duration(timeout),
                     may_undo ? "a failed release cannot be undone at once"
                              : "the run may leave work that has to be recovered");
}

policy::Thresholds thresholds(const Options& options, const LoadedConfig& config) {
  const auto& targets = config.config.performance_targets;
  return {options.gates.min_confidence.value_or(targets.min_confidence),
          options.gates.max_risk.value_or(targets.max_risk_score), config.config.suites.pass_rate};
}

InputSources input_sources(const Options& options, const LoadedConfig& config,
                           const engine::ReleaseOptions& release) {
  const InputFlags& input = options.input;
  InputSources sources{input.files,       input.kustomize, input.helm_chart,
                       input.helm_values, release.release, release.ns};
  if (sources.paths.empty() && sources.kustomize.empty() && sources.helm_chart.empty()) {
    for (const auto& path : config.config.manifests) sources.paths.push_back(config.root + path);
  }
  return sources;
}

void default_namespace(std::vector<model::Manifest>& manifests, const std::string& ns,
                       const model::ApiCatalog& catalog) {
  for (auto& manifest : manifests) {
    if (!manifest.object.ns().empty()) continue;
    const model::Gvk gvk = manifest.object.gvk();
    const auto* resource = catalog.find_preferred(gvk.group, gvk.kind);
    if (resource == nullptr || resource->namespaced) manifest.object.json["metadata"]["namespace"] = ns;
  }
}

}  // namespace instantexec::cli
