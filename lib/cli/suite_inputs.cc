#include "cli/suite_inputs.h"

#include <map>
#include <utility>

#include "manifest/yaml.h"
#include "os/files.h"

namespace instantexec::cli {
namespace {

validate::ConfigurationFile read_configuration(const std::string& root, const manifest::ConfigFile& wanted) {
  validate::ConfigurationFile file;
  file.path = wanted.path;
  file.required_keys = wanted.required_keys;
  const auto text = os::read_file_beneath(root.empty() ? "." : root, wanted.path);
  if (!text) {
    file.present = false;
    return file;
  }
  manifest::Stream stream = manifest::read_stream(*text, wanted.path);
  if (stream.problem) file.problems.push_back(std::move(*stream.problem));
  if (!stream.documents.empty()) file.value = std::move(stream.documents.front().value);
  return file;
}

// Files of the release with what was wrong in them.
std::vector<validate::ParsedFile> yaml_files(const manifest::Manifests& manifests) {
  std::map<std::string, validate::ParsedFile> by_path;
  for (const auto& manifest : manifests.objects) by_path[manifest.range.file].path = manifest.range.file;
  for (const auto& finding : manifests.findings) {
    validate::ParsedFile& file = by_path[finding.at.file];
    file.path = finding.at.file;
    if (finding.rule.starts_with("yaml.")) file.problems.push_back(finding);
  }
  std::vector<validate::ParsedFile> files;
  for (auto& [path, file] : by_path) files.push_back(std::move(file));
  return files;
}

}  // namespace

validate::SuiteInputs suite_inputs(const LoadedConfig& config, const manifest::Manifests& manifests,
                                   engine::Repository* repository) {
  const manifest::Suites& suites = config.config.suites;
  validate::SuiteInputs inputs;
  inputs.yaml_files = yaml_files(manifests);
  for (const auto& wanted : suites.configuration_files) {
    inputs.configuration_files.push_back(read_configuration(config.root, wanted));
  }
  inputs.directories = {suites.directory_structure.required, suites.directory_structure.forbidden};
  inputs.quality = {suites.code_quality.max_file_lines, suites.code_quality.max_function_lines,
                    suites.code_quality.max_nesting};
  if (repository != nullptr) {
    if (auto names = repository->list_files()) inputs.paths = std::move(*names);
  } else if (auto listing = os::list_files(config.root.empty() ? "." : config.root)) {
    inputs.paths = std::move(listing->files);
  }
  return inputs;
}

}  // namespace instantexec::cli
