#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "kube/kubeconfig.h"
#include "os/env.h"

// The part of kubectl's kuberc that is a security setting: which credential plugins may run.
// https://kubernetes.io/docs/reference/kubectl/kuberc/
namespace instantexec::kube {

enum class PluginPolicy { kAllowAll, kDenyAll, kAllowlist };

struct PluginRules {
  PluginPolicy policy = PluginPolicy::kAllowAll;
  std::vector<std::string> allowlist;  // commands: bare names or clean paths
  std::string origin;                  // the file; "" when none was read
};

// Where the kuberc is, if it is to be read at all.
struct KubercPath {
  std::string path;
  bool explicit_path = false;  // must exist
};

// --kuberc, else KUBERC, else ~/.kube/kuberc. Nothing when KUBERC=off or KUBECTL_KUBERC=false switch it off,
// or when there is no HOME. Error kuberc.invalid for KUBERC=off together with --kuberc.
[[nodiscard]] Result<std::optional<KubercPath>> kuberc_path(const std::string& flag,
                                                            const os::Environment& environment);

// Reads the rules out of the file's text. Everything else in the file is kubectl's own. Error kuberc.invalid:
// not a kuberc, an unknown policy, an allowlist without the policy Allowlist or the reverse, an empty
// entry, a path that is not clean ("a/../b"), or an unknown field that begins with "credential" (a spelling
// mistake here must not silently allow everything).
[[nodiscard]] Result<PluginRules> parse_kuberc(std::string_view text, const std::string& origin,
                                               const ParseText& parse);

// Reads the file. A missing one that nobody asked for gives the default, AllowAll. Errors: kuberc.invalid.
[[nodiscard]] Result<PluginRules> read_kuberc(const KubercPath& path, const std::string& working_directory,
                                              const ParseText& parse);

// Where to find the program `command` (a bare name or an absolute path) when the rules allow it. An entry
// matches when it equals the command or the path found for it, or is itself found at that path. `path` is
// PATH. Errors: auth.exec-denied; program.missing and program.unsafe-path from the search.
[[nodiscard]] Result<std::string> find_allowed_plugin(const PluginRules& rules, const std::string& command,
                                                      std::string_view path);

}  // namespace instantexec::kube
