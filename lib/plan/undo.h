#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/object.h"
#include "plan/plan.h"

// Taking one object back, without touching what others did meanwhile.
namespace instantexec::plan {

struct Merge {
  model::Json merged;
  // Pointers to fields that someone else changed after us and that therefore keep their value.
  std::vector<std::string> conflicts;
};

// Takes the change before → after back from `live`: wherever live still is what we wrote it becomes what it
// was before; wherever it is something else it stays. Items of lists are matched by their identifying field
// (name, key, port …) when all have one, else lists count as one value.
//   three_way(x, y, y) == x   and   three_way(x, x, z) == z
[[nodiscard]] Merge three_way(const model::Json& before, const model::Json& after, const model::Json& live);

// What is known of one object when an operation is undone. Null: absent, or (after) not known.
struct UndoInput {
  const model::Object* before = nullptr;  // saved before the operation
  const model::Object* after = nullptr;   // what the server said it would store, or has stored
  const model::Object* live = nullptr;    // now, from a most recent read
  std::string operation;                  // id of the operation that is undone
  std::string field_manager;
  bool put_back = false;  // this undo has written it before
};

struct Undo {
  enum class Kind {
    kNothing,  // it is as it was, or (with a `reason`) the operation has no part in what it is
    kPatch,    // `patch` puts the values back
    kOwner,    // values are as they were, `patch` puts only field ownership back
    kDelete,   // created by the operation
    kKept,     // stays, for `reason`, though the operation created it
    kLost,     // cannot be put back, for `reason`
  };
  Kind kind = Kind::kNothing;
  model::Json patch;                   // JSON Patch, guarded by uid and resourceVersion of `live`
  model::Json expected;                // canonical form afterwards; null when it will be absent
  std::vector<std::string> conflicts;  // fields kept as someone else left them
  std::string reason;
};

// What takes the object back. Pure; recompute with a fresh `live` after a 409.
[[nodiscard]] Undo make_undo(const UndoInput& input);

// The patch that gives field ownership back once values are: managedFields as they were before, merged with
// what others did meanwhile; where they left other values, our entry keeps the time of the write that is
// undone, which tells that there was one. Nothing when it is so already, or when the result would be no entry
// or an empty one (the API would take that as a reset). Guarded like the first one.
[[nodiscard]] std::optional<model::Json> ownership_patch(const UndoInput& input);

// JSON Patch (RFC 6902) that turns `live` into an object with the given canonical form; everything outside it
// stays. Starts with a test of the uid and a replace of the resourceVersion, so that a race ends in 409.
[[nodiscard]] model::Json guarded_patch(const model::Object& live, const model::Json& target);

}  // namespace instantexec::plan
