#include "cli/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.h"
#include "cli/error_catalog.h"
#include "cli/errors.h"
#include "cli/finding_catalog.h"

namespace instantexec::cli {
namespace {

struct ExitRow {
  int code;
  const char* meaning;
};

constexpr std::array kExitCodes{
    ExitRow{0, "done, or nothing to do; of recover also: the unfinished work was undone"},
    ExitRow{1,
            "a defect, or a failure on this machine (git, a renderer that was ended, a file of the runner); "
            "from health: not everything is ready"},
    ExitRow{2, "usage or configuration; from health -f: a part of the files cannot be judged"},
    ExitRow{3, "validation failed; the cluster was not touched"},
    ExitRow{4, "rejected, or a person has to review it; the cluster was not touched"},
    ExitRow{5,
            "the deploy failed; everything is as before but for what the report lists (kept, or changed by "
            "others), and what was healthy is healthy"},
    ExitRow{6,
            "the undo failed, is incomplete or was switched off; or what is in force is not healthy; or a "
            "record cannot be used"},
    ExitRow{7, "the cluster cannot be reached, or refuses the credentials"},
    ExitRow{8, "another run holds the lock of the release"},
    ExitRow{9, "interrupted with unfinished work recorded; run recover"},
    ExitRow{10, "differences found (only with --detailed-exitcode)"},
    ExitRow{130, "interrupted by SIGINT with nothing to undo"},
    ExitRow{143, "interrupted by SIGTERM with nothing to undo"},
};

std::vector<const ErrorCode*> sorted_codes() {
  std::vector<const ErrorCode*> codes(all_error_codes().begin(), all_error_codes().end());
  std::sort(codes.begin(), codes.end(),
            [](const ErrorCode* a, const ErrorCode* b) { return a->name < b->name; });
  return codes;
}

std::string exit_table() {
  std::string out = "Exit codes:\n";
  for (const auto& row : kExitCodes) out += fmt::format("  {:>3}  {}\n", row.code, row.meaning);
  return out;
}

std::string describe(const ErrorCode& code) {
  std::string out = fmt::format("{}\n  {}\n", code.name, code.meaning);
  if (!code.next.empty()) out += fmt::format("  Next: {}\n", code.next);
  return out + fmt::format("  Exit code: {}\n", static_cast<int>(code.exit));
}

std::string describe(const FindingRow& finding) {
  return fmt::format("{}\n  {}\n  Next: {}\n", finding.id, finding.meaning, finding.next);
}

std::string list_row(std::string_view name, std::string_view meaning) {
  return fmt::format("  {:<28} {}\n", name, meaning);
}

}  // namespace

Result<std::string> explain(const std::string& topic) {
  if (topic == "exit-codes") return exit_table();
  std::vector<std::string> known{"exit-codes"};
  std::string codes = "Error codes:\n";
  for (const ErrorCode* code : sorted_codes()) {
    if (code->name == topic) return describe(*code);
    known.emplace_back(code->name);
    codes += list_row(code->name, code->meaning);
  }
  // A few findings carry an error code; that one tells more.
  std::string findings = "Findings:\n";
  for (const FindingRow& finding : all_findings()) {
    if (finding.id == topic) return describe(finding);
    known.emplace_back(finding.id);
    findings += list_row(finding.id, finding.meaning);
  }
  for (const auto& row : kExitCodes) {
    if (topic == std::to_string(row.code)) return fmt::format("exit code {}\n  {}\n", row.code, row.meaning);
  }
  if (topic.empty()) return exit_table() + "\n" + codes + "\n" + findings;
  const auto suggestion = nearest(topic, known);
  return fail(errors::kUnknownTopic,
              fmt::format("\"{}\" is no code or finding of this program", sanitise_line(topic, 80)),
              suggestion ? fmt::format("did you mean \"{}\"?", *suggestion) : "");
}

}  // namespace instantexec::cli
