#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace instantexec::model {

enum class FileStatus { kAdded, kModified, kDeleted, kRenamed };

// One file a change touches.
struct FileChange {
  FileStatus status = FileStatus::kModified;
  std::string path;      // after the change (before it, when deleted); relative to the repository's root
  std::string old_path;  // differs from path only when renamed
  std::uint32_t added = 0;
  std::uint32_t deleted = 0;
  bool binary = false;
};

// A range of history: from `base` to the working tree.
struct Change {
  std::string base;         // commit id; empty: everything is new
  std::string base_reason;  // how the base was chosen, for people
  std::string head;         // commit id of HEAD; empty before the first commit
  bool dirty = false;       // the working tree holds edits that no commit has
  std::string message;      // messages of the commits in the range, newest first
  std::vector<FileChange> files;
};

// What history says about one touched file before the change.
struct FileHistory {
  std::string path;
  std::uint32_t lines = 0;          // before the change
  std::uint32_t prior_changes = 0;  // commits that touched it
  std::uint32_t authors = 0;        // distinct people; who they are is not kept
  Duration age{0};                  // since the last commit that touched it; 0: none did
};

// History behind a change, as far as the clone holds it.
struct ChangeHistory {
  std::vector<FileHistory> files;
  std::uint32_t author_changes = 0;            // earlier commits by the author of the newest commit
  double author_recent_changes = 0;            // the same, each weighted 1/(1 + years ago)
  std::uint32_t author_subsystem_changes = 0;  // the same, in the touched top-level folders
  bool complete = true;                        // false: a shallow clone, or the walk was cut off
};

[[nodiscard]] std::string_view to_string(FileStatus status);  // "added", "modified", "deleted", "renamed"

}  // namespace instantexec::model
