#include "vcs/git_output.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "base/text.h"

namespace instantexec::vcs {
namespace {

using model::FileChange;
using model::FileStatus;

// Hands out the NUL-terminated fields of `git … -z` output.
class Fields {
 public:
  explicit Fields(std::string_view output) : rest_(output) {}
  [[nodiscard]] bool done() const { return rest_.empty(); }
  std::string_view next() {
    const auto end = rest_.find('\0');
    const auto field = rest_.substr(0, end);
    rest_ = end == std::string_view::npos ? std::string_view{} : rest_.substr(end + 1);
    return field;
  }

 private:
  std::string_view rest_;
};

// The last word of ":100644 100644 0123 4567 R086".
FileStatus status_of(std::string_view raw) {
  const auto space = raw.rfind(' ');
  switch (space == std::string_view::npos || space + 1 >= raw.size() ? 'M' : raw[space + 1]) {
    case 'A':
    case 'C':
      return FileStatus::kAdded;
    case 'D':
      return FileStatus::kDeleted;
    case 'R':
      return FileStatus::kRenamed;
    default:
      return FileStatus::kModified;
  }
}

bool has_two_paths(std::string_view raw) {
  const auto space = raw.rfind(' ');
  return space != std::string_view::npos && space + 1 < raw.size() &&
         (raw[space + 1] == 'R' || raw[space + 1] == 'C');
}

std::uint32_t parse_number(std::string_view text) {
  std::uint32_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// "12\t3\tpath", or "12\t3\t" followed by two more fields for a rename; "-" for binary files.
void read_numstat(std::string_view field, Fields& fields, std::map<std::string, FileChange>& by_path) {
  const auto parts = split(field, '\t');
  if (parts.size() < 3) return;
  // A path may itself hold tabs.
  std::string path(field.substr(parts[0].size() + parts[1].size() + 2));
  if (path.empty()) {
    fields.next();
    path = fields.next();
  }
  const auto it = by_path.find(path);
  if (it == by_path.end()) return;
  it->second.binary = parts[0] == "-";
  it->second.added = parse_number(parts[0]);
  it->second.deleted = parse_number(parts[1]);
}

std::string subsystem_of(std::string_view path) {
  const auto slash = path.find('/');
  return slash == std::string_view::npos ? std::string{} : std::string(path.substr(0, slash));
}

}  // namespace

std::vector<FileChange> parse_diff(std::string_view output) {
  std::map<std::string, FileChange> by_path;
  Fields fields(output);
  while (!fields.done()) {
    const auto field = fields.next();
    if (!field.starts_with(':')) {
      read_numstat(field, fields, by_path);
      continue;
    }
    FileChange change;
    change.status = status_of(field);
    change.old_path = fields.next();
    change.path = has_two_paths(field) ? std::string(fields.next()) : change.old_path;
    if (change.path.empty()) continue;
    by_path.insert_or_assign(change.path, change);
  }
  std::vector<FileChange> out;
  out.reserve(by_path.size());
  for (auto& [path, change] : by_path) out.push_back(std::move(change));
  return out;
}

std::vector<std::string> parse_names(std::string_view output) {
  std::vector<std::string> names;
  Fields fields(output);
  while (!fields.done()) {
    if (const auto name = fields.next(); !name.empty()) names.emplace_back(name);
  }
  return names;
}

std::vector<LogEntry> parse_log(std::string_view output) {
  std::vector<LogEntry> log;
  for (const auto line : split(output, '\n')) {
    if (line.starts_with('\x01')) {
      const auto divider = line.find('\x02');
      if (divider == std::string_view::npos) continue;
      LogEntry entry;
      long long seconds = 0;
      std::from_chars(line.data() + 1, line.data() + divider, seconds);
      entry.at = Timestamp{Duration{seconds * 1000}};
      entry.author = line.substr(divider + 1);
      log.push_back(std::move(entry));
    } else if (!line.empty() && !log.empty()) {
      log.back().paths.emplace_back(line);
    }
  }
  return log;
}

model::ChangeHistory summarise_log(const std::vector<LogEntry>& log, const model::Change& change,
                                   std::string_view author, Timestamp now) {
  struct Seen {
    std::uint32_t changes = 0;
    std::set<std::string_view> authors;
    Duration age{0};
  };
  std::map<std::string_view, Seen> seen;
  std::set<std::string> subsystems;
  for (const auto& file : change.files) {
    seen[file.old_path.empty() ? file.path : file.old_path];
    subsystems.insert(subsystem_of(file.path));
  }
  constexpr double kMillisPerYear = 365.25 * 86'400'000;
  model::ChangeHistory history;
  for (const auto& entry : log) {
    const Duration age = std::max(Duration{0}, now - entry.at);
    bool in_subsystem = false;
    for (const auto& path : entry.paths) {
      in_subsystem = in_subsystem || subsystems.contains(subsystem_of(path));
      const auto it = seen.find(path);
      if (it == seen.end()) continue;
      if (it->second.changes++ == 0) it->second.age = age;
      it->second.authors.insert(entry.author);
    }
    if (!author.empty() && entry.author == author) {
      ++history.author_changes;
      history.author_recent_changes += 1.0 / (1.0 + static_cast<double>(age.count()) / kMillisPerYear);
      if (in_subsystem) ++history.author_subsystem_changes;
    }
  }
  for (const auto& [path, entry] : seen) {
    history.files.push_back(
        {std::string(path), 0, entry.changes, static_cast<std::uint32_t>(entry.authors.size()), entry.age});
  }
  return history;
}

bool is_commit_id(std::string_view text) {
  return text.size() >= 7 && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

}  // namespace instantexec::vcs
