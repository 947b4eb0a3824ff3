#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "kube/kubeconfig.h"
#include "os/env.h"

namespace instantexec::kube {

// Which kubeconfig files are read.
struct KubeconfigPaths {
  std::vector<std::string> paths;  // in order of precedence, relative ones as given
  bool explicit_path = false;      // --kubeconfig: that file only, and it must exist
  bool from_environment = false;   // KUBECONFIG
};

// --kubeconfig, else the parts of KUBECONFIG (split at ":", repeated and empty ones dropped), else
// ~/.kube/config. An empty KUBECONFIG counts as unset. Without HOME there is no default file: a relative
// ".kube/config" could belong to the repository being analysed.
[[nodiscard]] KubeconfigPaths kubeconfig_paths(const std::string& flag, const os::Environment& environment);

// Reads and merges them. Relative paths start at `working_directory`. Missing files are skipped and listed in
// Kubeconfig::missing. Errors: kubeconfig.file-missing for --kubeconfig, kubeconfig.unreadable for all
// unreadable and malformed files together.
[[nodiscard]] Result<Kubeconfig> read_kubeconfigs(const KubeconfigPaths& paths,
                                                  const std::string& working_directory,
                                                  const ParseText& parse);

// YAML as kubectl reads it, of the first document.
[[nodiscard]] Result<model::Json> parse_config_text(std::string_view text);

}  // namespace instantexec::kube
