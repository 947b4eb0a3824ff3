#include "model/change.h"

namespace instantexec::model {

std::string_view to_string(FileStatus status) {
  switch (status) {
    case FileStatus::kAdded:
      return "added";
    case FileStatus::kModified:
      return "modified";
    case FileStatus::kDeleted:
      return "deleted";
    case FileStatus::kRenamed:
      return "renamed";
  }
  return "modified";
}

}  // namespace instantexec::model
