#include "cli/output.h"

#include <unistd.h>

#include <algorithm>

#include "manifest/emit.h"
#include "os/files.h"
#include "report/ci.h"
#include "report/json.h"

namespace instantexec::cli {
namespace {

model::Json document_of(const Outcome& outcome) {
  return outcome.document ? *outcome.document : report::to_json(outcome.report);
}

// Several documents, each in the form the format has for a stream of them.
std::string render_stream(const std::vector<model::Json>& documents, Format format) {
  std::string out;
  for (const model::Json& one : documents) {
    if (format == Format::kYaml) out += (out.empty() ? "" : "---\n") + manifest::to_yaml(one);
    if (format == Format::kJson) out += report::compact(one);
  }
  return out;
}

}  // namespace

std::string render(const Outcome& outcome, Format format, const report::TextOptions& text) {
  const bool stream = outcome.documents && !outcome.report.error;
  if (stream && (format == Format::kJson || format == Format::kYaml)) {
    return render_stream(*outcome.documents, format);
  }
  switch (format) {
    case Format::kText:
      return outcome.text && !outcome.report.error ? outcome.text(text)
                                                   : report::run_text(outcome.report, text);
    case Format::kJson:
      return report::pretty(document_of(outcome));
    case Format::kYaml:
      return manifest::to_yaml(document_of(outcome));
    case Format::kSarif:
      return report::sarif(outcome.report);
    case Format::kJunit:
      return report::junit(outcome.report);
    case Format::kMarkdown:
      return report::markdown(outcome.report);
    case Format::kGithub:
      return report::github_annotations(outcome.report);
  }
  return {};
}

bool machine_output(const OutputFlags& flags) {
  return std::any_of(flags.destinations.begin(), flags.destinations.end(),
                     [](const Destination& destination) {
                       return destination.file.empty() && destination.format != Format::kText;
                     });
}

Status write_outputs(const Outcome& outcome, const OutputFlags& flags, const os::Environment& environment) {
  Status first;
  const auto note = [&first](Status status) {
    if (first && !status) first = std::move(status);
  };
  const bool to_stdout = std::any_of(flags.destinations.begin(), flags.destinations.end(),
                                     [](const Destination& destination) { return destination.file.empty(); });
  std::vector<Destination> destinations = flags.destinations;
  if (!to_stdout) destinations.push_back({Format::kText, ""});
  for (const auto& destination : destinations) {
    report::TextOptions text;
    text.ns = outcome.report.ns;
    text.style.unicode = true;
    if (destination.file.empty()) {
      text.style.colour = os::use_color(flags.color, environment, STDOUT_FILENO);
      note(os::write_all(STDOUT_FILENO, render(outcome, destination.format, text)));
    } else {
      note(os::write_file_atomic(destination.file, render(outcome, destination.format, text),
                                 os::FileMode::kShared));
    }
  }
  return first;
}

}  // namespace instantexec::cli
