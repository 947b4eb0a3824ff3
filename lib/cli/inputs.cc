#include "cli/inputs.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "cli/errors.h"
#include "os/errors.h"
#include "os/files.h"
#include "os/process.h"
#include "os/signals.h"

namespace instantexec::cli {
namespace {

constexpr std::size_t kMaxInputBytes = std::size_t{64} << 20;
constexpr Duration kRenderTimeout{120'000};

// Whether to go on with the next file.
Status take_note(Error error, bool keep_going, LoadedInputs& inputs) {
  if (!keep_going) return fail(std::move(error));
  inputs.unread.push_back(std::move(error));
  return {};
}

// The folder of a path with its last slash, or "".
std::string folder_of(const std::string& path) {
  return path.substr(0, path.rfind('/') + 1);
}

// A chart's folder is the file's or one above it.
bool within_a_chart(const std::string& path, const std::vector<std::string>& files) {
  return std::any_of(files.begin(), files.end(), [&](const std::string& file) {
    return manifest::file_role(file) == manifest::FileRole::kHelmChart && path.starts_with(folder_of(file));
  });
}

// Kubernetes objects, and no values for a chart.
bool holds_objects(const std::string& text) {
  return text.starts_with("apiVersion:") || text.find("\napiVersion:") != std::string::npos;
}

Status read_folder(const std::string& root, bool keep_going, LoadedInputs& inputs) {
  IE_TRY_ASSIGN(const os::FileListing listing, os::list_files(root));
  for (const auto& relative : listing.files) {
    const std::string path = root.ends_with('/') ? root + relative : root + "/" + relative;
    const manifest::FileRole role = manifest::file_role(relative);
    const bool values = role == manifest::FileRole::kHelmValues;
    if (values && within_a_chart(relative, listing.files)) continue;
    if (values || role == manifest::FileRole::kManifest) {
      auto bytes = os::read_file(path, {.max_bytes = kMaxInputBytes});
      if (!bytes) {
        IE_TRY(take_note(std::move(bytes).error(), keep_going, inputs));
      } else if (values && !holds_objects(*bytes)) {
        inputs.warnings.push_back(sanitise_line(path) +
                                  " has the name of Helm values and holds no object; it is not applied");
      } else {
        inputs.files.push_back({path, *std::move(bytes), false});
      }
      continue;
    }
    switch (role) {
      case manifest::FileRole::kKustomization:
        inputs.warnings.push_back(fmt::format("{} is not applied; use -k {} to render it",
                                              sanitise_line(path), sanitise_line(root)));
        break;
      case manifest::FileRole::kHelmChart:
        inputs.warnings.push_back(fmt::format("{} is not applied; use --chart {} to render it",
                                              sanitise_line(path), sanitise_line(root)));
        break;
      case manifest::FileRole::kManifest:
      case manifest::FileRole::kHelmValues:
      case manifest::FileRole::kOther:
        break;
    }
  }
  for (const auto& skipped : listing.skipped) {
    const std::string shown = fmt::format(
        "{}: {}", sanitise_line((root.ends_with('/') ? root : root + "/") + skipped.path), skipped.why);
    // Objects that are not read would be taken for objects that left the release.
    const manifest::FileRole role = manifest::file_role(skipped.path);
    const bool values =
        role == manifest::FileRole::kHelmValues && !within_a_chart(skipped.path, listing.files);
    if (values || role == manifest::FileRole::kManifest) {
      IE_TRY(take_note(make_error(os::errors::kFileUnsafePath, shown + " is not read",
                                  "put the file itself there, or name it with -f of its own"),
                       keep_going, inputs));
      continue;
    }
    inputs.warnings.push_back("not read: " + shown);
  }
  return {};
}

Status read_path(const std::string& path, bool keep_going, LoadedInputs& inputs) {
  if (path == "-") {
    IE_TRY_ASSIGN(std::string bytes, os::read_all(0, "standard input", kMaxInputBytes));
    inputs.files.push_back({"-", std::move(bytes), false});
    return {};
  }
  if (os::is_directory(path)) return read_folder(path, keep_going, inputs);
  // A named file may be a pipe, as in -f <(command).
  IE_TRY_ASSIGN(std::string bytes,
                os::read_file(path, {.max_bytes = kMaxInputBytes, .kind = os::FileKind::kAnythingReadable}));
  inputs.files.push_back({path, std::move(bytes), false});
  return {};
}

Result<manifest::SourceFile> render(const std::string& program, std::vector<std::string> args,
                                    std::string name, const os::Environment& environment) {
  IE_TRY_ASSIGN(std::string path, os::find_program(program, os::env_value(environment, "PATH")));
  os::Command command;
  command.program = std::move(path);
  command.args = std::move(args);
  command.timeout = kRenderTimeout;
  command.max_output = kMaxInputBytes;
  command.interrupt_fd = os::signal_fd();
  IE_TRY_ASSIGN(os::ProcessResult result, os::run_process(command));
  if (!result.ok()) {
    return fail(errors::kToolFailed, fmt::format("{} {} ended with {}: {}", program, command.args.front(),
                                                 result.describe(), sanitise_line(trim(result.err), 1000)));
  }
  return manifest::SourceFile{std::move(name), std::move(result.out), true};
}

}  // namespace

Result<LoadedInputs> load_inputs(const InputSources& sources, const os::Environment& environment) {
  LoadedInputs inputs;
  for (const auto& path : sources.paths) {
    Status read = read_path(path, sources.keep_going, inputs);
    if (!read) IE_TRY(take_note(std::move(read).error(), sources.keep_going, inputs));
  }
  if (!sources.kustomize.empty()) {
    IE_TRY_ASSIGN(auto rendered,
                  render("kubectl", {"kustomize", "--", sources.kustomize}, sources.kustomize, environment));
    inputs.files.push_back(std::move(rendered));
  }
  if (!sources.helm_chart.empty()) {
    std::vector<std::string> args{"template", "--namespace", sources.ns, "--include-crds"};
    for (const auto& values : sources.helm_values) args.insert(args.end(), {"--values", values});
    args.insert(args.end(), {"--", sources.release, sources.helm_chart});
    IE_TRY_ASSIGN(auto rendered, render("helm", std::move(args), sources.helm_chart, environment));
    inputs.files.push_back(std::move(rendered));
  }
  if (inputs.files.empty() && inputs.unread.empty()) {
    return fail(errors::kNothingToDeploy,
                sources.paths.empty() && sources.kustomize.empty() && sources.helm_chart.empty()
                    ? "nothing says what to deploy"
                    : "the folders named hold no manifest");
  }
  return inputs;
}

}  // namespace instantexec::cli
