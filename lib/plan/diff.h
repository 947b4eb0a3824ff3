#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/object.h"
#include "plan/plan.h"

namespace instantexec::plan {

// The part of an object that people and tools set and an undo has to put back. Left out: status, what the
// server sets in metadata (uid, resourceVersion, generation, creationTimestamp, managedFields, selfLink,
// deletion fields), annotations that controllers write (deployment.kubernetes.io/revision …), this program's
// creation mark, and empty maps and lists of metadata. Everything below calls this the canonical form.
[[nodiscard]] model::Json canonical(const model::Object& object);

// canonical(a) == canonical(b), without building either.
[[nodiscard]] bool same(const model::Object& a, const model::Object& b);

// The fields in which the canonical forms differ, in document order. Lists of equal length are compared item
// by item, others as a whole.
[[nodiscard]] std::vector<FieldChange> diff(const model::Object& before, const model::Object& after);

// Replaces what must not be shown by "fingerprint:" and an HMAC under `key`: values in a Secret's data and
// stringData, and last-applied annotations of any object.
void mask(std::vector<FieldChange>& changes, const model::Gvk& gvk, std::string_view key);

// True when an annotation is written by a controller or as our own mark, and so is no one's wish.
[[nodiscard]] bool derived_annotation(std::string_view key);

// The metadata.managedFields entry of a manager's applies ("Apply", no subresource), or nullptr.
[[nodiscard]] const model::Json* applied_entry(const model::Object& object, std::string_view manager);

// Whether an apply would change which fields the manager owns, the creation mark aside. False when the server
// did not say (no managedFields in either).
[[nodiscard]] bool ownership_changes(const model::Object& live, const model::Object& after,
                                     std::string_view manager);

}  // namespace instantexec::plan
