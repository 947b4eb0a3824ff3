#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/change.h"

namespace instantexec::engine {

// The repository a change comes from. One real adapter (git) and in-memory ones in tests.
class Repository {
 public:
  virtual ~Repository() = default;

  // The change from `recorded_base` (the commit of the last release) to the working tree. When that is empty
  // or not in this clone: from the merge base with the default branch; on the default branch itself, from the
  // first parent of HEAD, or from HEAD when there are uncommitted edits. `base_reason` says which.
  virtual Result<model::Change> change(const std::string& recorded_base) = 0;
  // History of the touched files before `change.base`, looking at no more than `max_commits` commits.
  virtual Result<model::ChangeHistory> history(const model::Change& change, std::size_t max_commits) = 0;
  // The bytes of a file as it is in the working tree, at most `limit` of them; error file.* otherwise.
  virtual Result<std::string> read_file(const std::string& path, std::size_t limit) = 0;
  // Every file of the work tree that git does not ignore, relative to its root, in byte order.
  virtual Result<std::vector<std::string>> list_files() = 0;
};

}  // namespace instantexec::engine
