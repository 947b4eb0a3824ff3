#include "cli/local_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/digest.h"
#include "base/text.h"
#include "model/object.h"
#include "os/errors.h"
#include "os/files.h"

namespace instantexec::cli {
namespace {

constexpr int kSchemaVersion = 1;
constexpr int kMaxSameName = 100;

std::string state_root(const os::Environment& environment) {
  if (const auto folder = os::env_value(environment, "INSTANTEXEC_STATE_DIR"); !folder.empty())
    return std::string(folder);
  if (const auto folder = os::env_value(environment, "XDG_STATE_HOME"); !folder.empty())
    return std::string(folder) + "/instantexec";
  const std::string home = os::home_directory(environment);
  return home.empty() ? "" : home + "/.local/state/instantexec";
}

// For a POSIX shell.
std::string quoted(const std::string& word) {
  const bool plain = !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_./:@=,+").find(c) != std::string_view::npos;
  });
  if (plain) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// One that is open in this process only names nothing then.
bool has_a_name_later(const std::string& path) {
  return !path.starts_with("/proc/self/") && !path.starts_with("/dev/fd/") && path != "/dev/stdin";
}

}  // namespace

LocalPlaces local_places(const Options& options, const os::Environment& environment) {
  LocalPlaces out;
  out.state = state_root(environment);
  const std::string& wanted = options.output.evidence;
  if (wanted == "off") return out;
  if (!wanted.empty()) {
    out.evidence = wanted;
    return out;
  }
  for (const Destination& destination : options.output.destinations) {
    if (destination.file.empty()) continue;
    out.evidence = os::parent_path(destination.file) + "/instantexec-evidence";
    return out;
  }
  if (!out.state.empty()) out.evidence = out.state + "/evidence";
  return out;
}

std::string recover_command(const Options& options, const engine::ClusterInfo& info,
                            const std::string& release, const std::string& ns) {
  std::string out = "kubectl instantexec recover";
  const auto add = [&out](const char* flag, const std::string& value) {
    if (!value.empty()) out += fmt::format(" {} {}", flag, quoted(value));
  };
  const auto add_file = [&add](const char* flag, const std::string& path) {
    if (has_a_name_later(path)) add(flag, path);
  };
  const auto add_switch = [&out](const char* flag, bool on) {
    if (on) out += fmt::format(" {}", flag);
  };
  const kube::ConfigFlags& flags = options.cluster.config;
  add("-n", ns);
  add("--release", release);
  add_file("--config", options.input.config);
  add_file("--journal-key-file", options.deploy.journal_key_file);
  add_switch("--seal-existing", options.deploy.seal_existing);
  add_file("--kubeconfig", flags.kubeconfig);
  add_file("--kuberc", flags.kuberc);
  if (!info.simulated) add("--context", info.context);
  add("--cluster", flags.cluster);
  add("--user", flags.user);
  add("--server", flags.server);
  add("--tls-server-name", flags.tls_server_name);
  add_file("--certificate-authority", flags.certificate_authority);
  add_switch("--insecure-skip-tls-verify", flags.insecure_skip_tls_verify);
  add_file("--client-certificate", flags.client_certificate);
  add_file("--client-key", flags.client_key);
  add("--as", flags.as);
  add("--as-uid", flags.as_uid);
  for (const std::string& group : flags.as_groups) add("--as-group", group);
  return out;
}

std::vector<std::string> state_files(const LocalPlaces& places) {
  std::vector<std::string> out;
  if (places.state.empty()) return out;
  const std::string folder = places.state + "/unfinished";
  const auto listing = os::list_files(folder, {.recursive = false});
  if (!listing) return out;
  for (const std::string& name : listing->files) out.push_back(sanitise_line(folder + "/" + name));
  return out;
}

LocalFolder::LocalFolder(LocalPlaces places, engine::ClusterInfo info, std::string recover)
    : places_(std::move(places)), info_(std::move(info)), recover_(std::move(recover)) {}

Result<std::string> LocalFolder::save_evidence(const std::string& title,
                                               const std::vector<engine::EvidenceFile>& files) {
  if (places_.evidence.empty()) {
    return fail(os::errors::kFileNotWritten, "no folder for it is known; name one with --evidence DIR");
  }
  std::string folder = places_.evidence + "/" + title;
  for (int i = 2; os::is_directory(folder) && i < kMaxSameName; ++i) {
    folder = fmt::format("{}/{}-{}", places_.evidence, title, i);
  }
  IE_TRY(os::make_private_directories(folder));
  for (const engine::EvidenceFile& file : files) {
    const std::string path = folder + "/" + file.name;
    IE_TRY(os::make_private_directories(os::parent_path(path)));
    IE_TRY(os::write_file_atomic(path, file.content, os::FileMode::kPrivate));
  }
  return folder;
}

std::string LocalFolder::state_path(const std::string& release, const std::string& ns) const {
  return fmt::format("{}/unfinished/{}.{}.{}.json", places_.state, sha256_hex(info_.server).substr(0, 12), ns,
                     release);
}

Result<std::string> LocalFolder::save_state(const engine::UnfinishedState& state) {
  if (places_.state.empty()) {
    return fail(os::errors::kFileNotWritten, "no folder for it is known; set INSTANTEXEC_STATE_DIR");
  }
  const model::Json document{{"schema_version", kSchemaVersion},
                             {"kind", "UnfinishedOperation"},
                             {"release", state.release},
                             {"namespace", state.ns},
                             {"context", info_.context},
                             {"server", info_.server},
                             {"operation", state.operation},
                             {"revision", state.revision},
                             {"phase", state.phase},
                             {"started", state.started},
                             {"holder", state.holder},
                             {"written", state.written},
                             {"error", state.error},
                             {"recover", recover_}};
  const std::string path = state_path(state.release, state.ns);
  IE_TRY(os::make_private_directories(os::parent_path(path)));
  IE_TRY(os::write_file_atomic(path,
                               document.dump(2, ' ', false, model::Json::error_handler_t::replace) + "\n",
                               os::FileMode::kPrivate));
  return path;
}

void LocalFolder::forget_state(const std::string& release, const std::string& ns) {
  if (places_.state.empty()) return;
  // One that cannot be removed is found again by `status`.
  static_cast<void>(os::remove_file(state_path(release, ns)).has_value());
}

std::optional<std::string> LocalFolder::find_state(const std::string& release, const std::string& ns) const {
  if (places_.state.empty()) return std::nullopt;
  const std::string path = state_path(release, ns);
  if (!os::file_exists(path)) return std::nullopt;
  return path;
}

}  // namespace instantexec::cli
