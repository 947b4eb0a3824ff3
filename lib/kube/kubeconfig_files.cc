#include "kube/kubeconfig_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "kube/kubeconfig_errors.h"
#include "manifest/yaml.h"
#include "os/errors.h"
#include "os/files.h"

namespace instantexec::kube {
namespace {

constexpr std::size_t kMaxBytes = std::size_t{8} * 1024 * 1024;

}  // namespace

KubeconfigPaths kubeconfig_paths(const std::string& flag, const os::Environment& environment) {
  if (!flag.empty()) return {.paths = {flag}, .explicit_path = true};
  const std::string_view variable = os::env_value(environment, "KUBECONFIG");
  KubeconfigPaths out;
  if (!variable.empty()) {
    out.from_environment = true;
    for (const std::string_view part : split(variable, ':')) {
      const bool repeated = std::find(out.paths.begin(), out.paths.end(), part) != out.paths.end();
      if (!part.empty() && !repeated) out.paths.emplace_back(part);
    }
    return out;
  }
  const std::string home = os::home_directory(environment);
  if (home.starts_with('/')) out.paths.push_back(os::resolve_path(home, ".kube/config"));
  return out;
}

Result<Kubeconfig> read_kubeconfigs(const KubeconfigPaths& paths, const std::string& working_directory,
                                    const ParseText& parse) {
  std::vector<Kubeconfig> files;
  std::vector<std::string> missing;
  std::vector<std::string> problems;
  for (const std::string& path : paths.paths) {
    const std::string absolute = os::resolve_path(working_directory, path);
    // Pipes are allowed: --kubeconfig <(command that writes one).
    auto text = os::read_file(absolute, {.max_bytes = kMaxBytes, .kind = os::FileKind::kAnythingReadable});
    if (!text && text.error().code == &os::errors::kFileMissing) {
      missing.push_back(path);
      continue;
    }
    if (!text) {
      problems.push_back(text.error().to_string());
      continue;
    }
    auto config = parse_kubeconfig({path, os::parent_path(absolute), std::move(*text)}, parse);
    if (config) {
      files.push_back(std::move(*config));
    } else {
      problems.push_back(config.error().to_string());
    }
  }
  if (paths.explicit_path && !missing.empty()) {
    return fail(errors::kKubeconfigMissing, fmt::format("{} does not exist", sanitise_line(missing.front())));
  }
  if (!problems.empty()) return fail(errors::kKubeconfigUnreadable, join(problems, "\n"));
  Kubeconfig merged = merge_kubeconfigs(files);
  merged.missing = std::move(missing);
  return merged;
}

Result<model::Json> parse_config_text(std::string_view text) {
  manifest::Limits limits;
  limits.bytes = kMaxBytes;
  limits.nodes = 200'000;
  // Only the first document counts, as for kubectl; a problem after it is none of ours.
  manifest::Stream stream = manifest::read_stream(text, "", limits);
  if (!stream.documents.empty()) return std::move(stream.documents.front().value);
  if (!stream.problem) return model::Json();
  std::string where;
  if (stream.problem->at.begin.line > 0) {
    where =
        fmt::format("line {}, column {}: ", stream.problem->at.begin.line, stream.problem->at.begin.column);
  }
  return fail(instantexec::errors::kInvalidInput, where + stream.problem->message);
}

}  // namespace instantexec::kube
