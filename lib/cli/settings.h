#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/inputs.h"
#include "cli/options.h"
#include "engine/deploy.h"
#include "manifest/pipeline_config.h"
#include "pipeline/pipeline.h"

namespace instantexec::cli {

// The pipeline configuration and where its relative paths start.
struct LoadedConfig {
  manifest::PipelineConfig config;
  std::string path;  // empty: there is no configuration file, defaults hold
  std::string text;  // of the file
  std::string root;  // prefix for the paths in it: "" or "folder/"
};

// Reads the file of --config, or config/instant-execution-pipeline.yaml when it exists. Errors file.*,
// config.invalid.
[[nodiscard]] Result<LoadedConfig> load_config(const InputFlags& flags);

// What flags, configuration and connection say together. Flags win over the configuration, and that wins over
// defaults.
//
// `connection_ns` is the namespace of the kubeconfig context (or default), `ns_given` whether the user named
// it.
[[nodiscard]] std::string choose_namespace(const LoadedConfig& config, const std::string& connection_ns,
                                           bool ns_given);
[[nodiscard]] engine::ReleaseOptions release_options(const Options& options, const LoadedConfig& config,
                                                     const std::string& ns);
// What the configuration calls ready (`readiness`).
[[nodiscard]] status::Options readiness_options(const LoadedConfig& config);
// What to say of credentials that end before the run may. An undo may begin as late as the timeout, and take
// as long again. `left` is the time they have, `credentials` names them. Empty: they last, or nothing is
// written.
[[nodiscard]] std::string expiry_warning(const Options& options, Duration timeout, Duration left,
                                         const std::string& credentials);
[[nodiscard]] policy::Thresholds thresholds(const Options& options, const LoadedConfig& config);
[[nodiscard]] InputSources input_sources(const Options& options, const LoadedConfig& config,
                                         const engine::ReleaseOptions& release);

// Gives namespaced objects without a namespace the release's. Kinds the catalog does not know count as
// namespaced.
void default_namespace(std::vector<model::Manifest>& manifests, const std::string& ns,
                       const model::ApiCatalog& catalog);

}  // namespace instantexec::cli
