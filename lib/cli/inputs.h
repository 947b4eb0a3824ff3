#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/options.h"
#include "manifest/load.h"
#include "os/env.h"

namespace instantexec::cli {

// Where manifests come from, once flags and configuration have been joined.
struct InputSources {
  std::vector<std::string> paths;  // files, folders, "-"
  std::string kustomize;
  std::string helm_chart;
  std::vector<std::string> helm_values;
  std::string release;  // for helm template
  std::string ns;
  // A file that cannot be read does not keep the others from being read. Not for what is deployed.
  bool keep_going = false;
};

struct LoadedInputs {
  std::vector<manifest::SourceFile> files;
  std::vector<std::string> warnings;  // files that were passed over, sanitised
  std::vector<Error> unread;          // of keep_going: why files could not be read
};

// Reads or renders every input. Folders are read recursively: .yaml, .yml and .json files in byte order,
// hidden files passed over, values of a Helm chart too (a file of such a name without a chart is read when it
// holds objects, else there is a warning), links and special files too unless their name is a manifest's:
// then file.unsafe-path, because its objects would seem to have left the release. Nothing is executed but
// `kubectl kustomize` and `helm template`, from PATH, with an argument list. Errors: input.none,
// input.tool-failed, file.*, program.missing with what to install.
[[nodiscard]] Result<LoadedInputs> load_inputs(const InputSources& sources,
                                               const os::Environment& environment);

}  // namespace instantexec::cli
