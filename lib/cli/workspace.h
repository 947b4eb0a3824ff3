#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/connection.h"
#include "cli/local_files.h"
#include "cli/settings.h"
#include "cli/verbs.h"
#include "engine/repository.h"
#include "pipeline/bounded_cluster.h"

namespace instantexec::cli {

// Everything that verbs share, opened in one place: configuration, connection, release options.
class Workspace {
 public:
  // How much of a cluster a verb needs.
  enum class Need {
    kAlways,     // also with --dry-run=client, which is an error then
    kRequired,   // no cluster is an error, except with --dry-run=client
    kIfThereIs,  // without a configured cluster it goes on offline; a configured one must answer
  };

  // Reads the configuration and connects (unless --dry-run=client). Errors: config.*, kubeconfig.*, and those
  // of Cluster::info().
  [[nodiscard]] static Result<std::unique_ptr<Workspace>> open(const VerbContext& context, Need need);

  // Null when offline.
  [[nodiscard]] engine::Cluster* cluster() { return cluster_.get(); }
  [[nodiscard]] engine::Clock& clock();
  [[nodiscard]] bool offline() const { return connection_ == nullptr; }
  [[nodiscard]] const engine::ClusterInfo& info() const { return info_; }  // empty when offline
  [[nodiscard]] const LoadedConfig& config() const { return config_; }
  [[nodiscard]] const engine::ReleaseOptions& release() const { return release_; }
  [[nodiscard]] engine::Environment engine_environment();
  // Null when nothing is left on this machine: offline, or in a simulation.
  [[nodiscard]] LocalFolder* files() { return files_.get(); }
  // The signal that ended a wait.
  [[nodiscard]] std::optional<int> interrupted_by() const;

  // What the server serves; offline, what Kubernetes itself does.
  [[nodiscard]] Result<std::shared_ptr<const model::ApiCatalog>> catalog();
  // The manifests, namespaces filled in. Reading problems are in `findings`.
  [[nodiscard]] Result<manifest::Manifests> load_manifests();
  // The git repository around the working directory; null, with a warning, when there is none. Also notes the
  // commit of a clean or dirty HEAD as the release's source.
  [[nodiscard]] std::unique_ptr<engine::Repository> open_repository();

  // A report with everything that is known before the verb starts.
  [[nodiscard]] model::RunReport new_report(std::string verb) const;

 private:
  explicit Workspace(const VerbContext& context) : context_(context) {}
  void warn(std::string text);
  void warn_of_other_namespaces(const std::vector<model::Manifest>& manifests);
  void open_files();
  void warn_of_expiry();

  const VerbContext context_;
  LoadedConfig config_;
  SystemClock system_clock_;
  std::unique_ptr<Connection> connection_;
  std::unique_ptr<pipeline::BoundedCluster> cluster_;
  engine::ClusterInfo info_;
  engine::ReleaseOptions release_;
  std::string holder_;
  std::string recover_command_;
  std::unique_ptr<LocalFolder> files_;  // null for a simulated cluster
};

}  // namespace instantexec::cli
