#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "model/change.h"

// What git prints, as values. Pure; any text is accepted, and what does not fit the format is left out.
namespace instantexec::vcs {

// Output of `git diff --raw --numstat -z`.
[[nodiscard]] std::vector<model::FileChange> parse_diff(std::string_view output);

// Names of `git … -z`, without the empty one at the end.
[[nodiscard]] std::vector<std::string> parse_names(std::string_view output);

// The format of `git log` that parse_log understands; goes with --name-only.
inline constexpr std::string_view kLogFormat = "--format=tformat:%x01%ct%x02%ae";

// One commit of a log: when, by whom (only compared, never kept), and which files.
struct LogEntry {
  Timestamp at;
  std::string author;
  std::vector<std::string> paths;
};

// Output of `git -c core.quotePath=false log <kLogFormat> --name-only`. Names that git had to quote do not
// match any path.
[[nodiscard]] std::vector<LogEntry> parse_log(std::string_view output);

// History of the touched files from a log, newest commit first. `author` is whose experience is counted
// (empty: nobody's), `now` the time ages are measured from.
[[nodiscard]] model::ChangeHistory summarise_log(const std::vector<LogEntry>& log,
                                                 const model::Change& change, std::string_view author,
                                                 Timestamp now);

// Whether the text can be a commit id: 7 to 64 lower-case hexadecimal digits. Ids recorded in a cluster are
// untrusted.
[[nodiscard]] bool is_commit_id(std::string_view text);

}  // namespace instantexec::vcs
