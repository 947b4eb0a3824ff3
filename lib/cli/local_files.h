#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/options.h"
#include "engine/local_files.h"
#include "engine/ports.h"
#include "os/env.h"

namespace instantexec::cli {

// Where a run leaves files on this machine, by flags and environment. Empty folders: nowhere.
struct LocalPlaces {
  // --evidence DIR; else beside the first report that goes to a file; else below the state folder. Empty with
  // --evidence off.
  std::string evidence;
  // INSTANTEXEC_STATE_DIR, else $XDG_STATE_HOME/instantexec, else ~/.local/state/instantexec.
  std::string state;
};

// What state files there are, of any cluster: paths, sanitised.
[[nodiscard]] std::vector<std::string> state_files(const LocalPlaces& places);

[[nodiscard]] LocalPlaces local_places(const Options& options, const os::Environment& environment);

// The command line that recovers this release from anywhere with the same credentials: namespace, release,
// context, and what the command line said of the cluster, of who asks it, of the configuration and of the
// records' key, quoted for a shell. Holds no secret: neither --token nor the key itself.
[[nodiscard]] std::string recover_command(const Options& options, const engine::ClusterInfo& info,
                                          const std::string& release, const std::string& ns);

// Files of one user: folders 0700, files 0600, symbolic links never followed. An evidence bundle is a folder;
// what work was left behind is `unfinished/<server>.<namespace>.<release>.json` in the state folder, where
// <server> is the start of the SHA-256 of the API server's URL.
class LocalFolder final : public engine::LocalFiles {
 public:
  // `recover`: what the state file tells the reader to type.
  LocalFolder(LocalPlaces places, engine::ClusterInfo info, std::string recover);

  Result<std::string> save_evidence(const std::string& title,
                                    const std::vector<engine::EvidenceFile>& files) override;
  Result<std::string> save_state(const engine::UnfinishedState& state) override;
  void forget_state(const std::string& release, const std::string& ns) override;

  // The file that an earlier run left about the release; nothing when there is none.
  [[nodiscard]] std::optional<std::string> find_state(const std::string& release,
                                                      const std::string& ns) const;

 private:
  [[nodiscard]] std::string state_path(const std::string& release, const std::string& ns) const;

  LocalPlaces places_;
  engine::ClusterInfo info_;
  std::string recover_;
};

}  // namespace instantexec::cli
