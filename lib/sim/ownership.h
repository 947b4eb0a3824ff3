#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "model/object.h"
#include "sim/field_set.h"
#include "sim/schema.h"

namespace instantexec::sim {

// Who writes, as one entry of metadata.managedFields names it.
struct Writer {
  std::string manager;
  std::string api_version;
  std::string subresource;  // "" or "status"
  Timestamp at;
};

// A field another manager owns.
struct FieldConflict {
  std::string field;    // ".spec.replicas"
  std::string message;  // conflict with "kubectl" using apps/v1
  std::string manager;
};

struct ApplyResult {
  model::Json object;  // metadata.managedFields included; equal to `live` when nothing changed
  std::vector<FieldConflict> conflicts;  // not empty: nothing was applied
};

// Server-side apply of `config` to `live` (an empty object when it does not exist yet; its managedFields say
// who owns what). Without `force` a field owned by others and set to another value is a conflict. Fields the
// manager set before and leaves out now go, unless another manager owns them.
[[nodiscard]] ApplyResult apply(const model::Json& live, model::Json config, const Type& type,
                                const Writer& writer, bool force);

// Ownership after any other write: `after` is what the writer made of `before`; fields it changed become its
// own. metadata.managedFields of `after` is taken as sent by the writer: absent or unreadable keeps what is
// there, an empty list or a single empty entry resets. An object nobody tracks stays untracked. Returns
// `after` with its new managedFields.
[[nodiscard]] model::Json update(const model::Json& before, model::Json after, const Type& type,
                                 const Writer& writer);

// Whether two states differ in more than the times in managedFields.
[[nodiscard]] bool differs(const model::Json& before, const model::Json& after);

}  // namespace instantexec::sim
