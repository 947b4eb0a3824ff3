#include "policy/on_failure.h"

#include <gtest/gtest.h>

#include <vector>

namespace instantexec::policy {
namespace {

TEST(OnFailure, EverySituation) {
  struct Row {
    Progress progress;
    Trouble trouble;
    Response wanted;  // with rollback wanted
    Response kept;    // with rollback switched off
  };
  using enum Progress;
  using enum Trouble;
  using R = Response;
  const std::vector<Row> rows = {
      {kNothingWritten, kRefused, R::kNothing, R::kNothing},
      {kNothingWritten, kInterrupted, R::kNothing, R::kNothing},
      {kNothingWritten, kLockLost, R::kNothing, R::kNothing},
      {kNothingWritten, kUnreachable, R::kNothing, R::kNothing},
      {kWriting, kRefused, R::kUndo, R::kKeep},
      {kWriting, kInterrupted, R::kLeave, R::kLeave},
      {kWriting, kLockLost, R::kLeave, R::kLeave},
      {kWriting, kUnreachable, R::kLeave, R::kLeave},
      {kUndoing, kRefused, R::kUndo, R::kUndo},
      {kUndoing, kInterrupted, R::kLeave, R::kLeave},
      {kUndoing, kLockLost, R::kLeave, R::kLeave},
      {kUndoing, kUnreachable, R::kLeave, R::kLeave},
      {kCommitted, kRefused, R::kForward, R::kForward},
      {kCommitted, kInterrupted, R::kLeave, R::kLeave},
      {kCommitted, kLockLost, R::kLeave, R::kLeave},
      {kCommitted, kUnreachable, R::kLeave, R::kLeave},
  };
  for (const Row& row : rows) {
    const int id = static_cast<int>(row.progress) * 10 + static_cast<int>(row.trouble);
    EXPECT_EQ(on_failure({row.progress, row.trouble, true}), row.wanted) << id;
    EXPECT_EQ(on_failure({row.progress, row.trouble, false}), row.kept) << id;
  }
}

}  // namespace
}  // namespace instantexec::policy
