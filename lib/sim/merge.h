#pragma once

#include "model/object.h"
#include "sim/field_set.h"
#include "sim/schema.h"

namespace instantexec::sim {

// The pieces of server-side apply, on values of one type. Rules: KEP-555 and the behaviour of
// sigs.k8s.io/structured-merge-diff. Values hold no nulls (see drop_nulls).

// All fields the value sets: leaves, list items, empty maps.
[[nodiscard]] FieldSet field_set(const model::Json& value, const Type& type);

struct Comparison {
  FieldSet added;
  FieldSet modified;
  FieldSet removed;
  [[nodiscard]] bool same() const { return added.empty() && modified.empty() && removed.empty(); }
};
[[nodiscard]] Comparison compare(const model::Json& before, const model::Json& after, const Type& type);

// `live` with everything `config` says. Items of keyed lists and sets keep the order of both where they
// agree, else the order of `config`.
[[nodiscard]] model::Json merge(const model::Json& live, const model::Json& config, const Type& type);

// `value` without the members of `set`. Containers that become empty by it go too.
[[nodiscard]] model::Json remove_items(const model::Json& value, const FieldSet& set, const Type& type);

// The set, and every struct field with members below it. (A struct emptied of what was owned goes as a
// whole.)
[[nodiscard]] FieldSet with_parents(const FieldSet& set, const Type& type);

// How an item of a keyed list or set is written in paths: [name="a"], [="x"].
[[nodiscard]] std::string item_path(const model::Json& item, const Type& list);

// The first keyed list with two items of the same key: ".spec.volumes: duplicate entries for key
// [name=\"v\"]";
// "" when there is none.
[[nodiscard]] std::string duplicate_item(const model::Json& value, const Type& type, const std::string& path);

// Removes object fields whose value is null: to the server, writing null is leaving out.
void drop_nulls(model::Json& value);

}  // namespace instantexec::sim
