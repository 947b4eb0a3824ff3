#include "policy/on_failure.h"

namespace instantexec::policy {

Response on_failure(const Situation& situation) {
  if (situation.progress == Progress::kNothingWritten) return Response::kNothing;
  if (situation.trouble != Trouble::kRefused) return Response::kLeave;
  switch (situation.progress) {
    case Progress::kCommitted:
      return Response::kForward;
    case Progress::kUndoing:
      return Response::kUndo;
    case Progress::kWriting:
    case Progress::kNothingWritten:
      break;
  }
  return situation.rollback_wanted ? Response::kUndo : Response::kKeep;
}

std::string to_string(Response response) {
  switch (response) {
    case Response::kNothing:
      return "nothing";
    case Response::kUndo:
      return "undo";
    case Response::kKeep:
      return "keep";
    case Response::kForward:
      return "forward";
    case Response::kLeave:
      return "leave";
  }
  return "leave";
}

}  // namespace instantexec::policy
