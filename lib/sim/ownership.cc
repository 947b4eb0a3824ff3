#include "sim/ownership.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "sim/merge.h"

namespace instantexec::sim {
namespace {

using model::get_string;
using model::Json;

constexpr std::size_t kMaxUpdateEntries = 10;

struct Entry {
  std::string manager;
  std::string operation;  // "Apply" or "Update"
  std::string api_version;
  std::string subresource;
  std::string time;
  FieldSet fields;

  // One manager has one Apply entry whatever version it uses, and one Update entry per version.
  [[nodiscard]] auto identity() const {
    return std::tuple<std::string_view, std::string_view, std::string_view, std::string_view>(
        manager, operation, operation == "Apply" ? "" : std::string_view(api_version), subresource);
  }
};

using Entries = std::vector<Entry>;

Entries decode(const Json& managed_fields) {
  Entries out;
  if (!managed_fields.is_array()) return out;
  for (const Json& item : managed_fields) {
    if (!item.is_object()) continue;
    out.push_back({get_string(item, "/manager"), get_string(item, "/operation"),
                   get_string(item, "/apiVersion"), get_string(item, "/subresource"),
                   get_string(item, "/time"), from_fields_v1(model::get_object(item, "/fieldsV1"))});
  }
  return out;
}

Json encode(Entries entries) {
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.operation, a.time, a.manager, a.api_version, a.subresource) <
           std::tie(b.operation, b.time, b.manager, b.api_version, b.subresource);
  });
  Json out = Json::array();
  for (const Entry& entry : entries) {
    Json item{{"manager", entry.manager},
              {"operation", entry.operation},
              {"apiVersion", entry.api_version},
              {"fieldsType", "FieldsV1"},
              {"fieldsV1", to_fields_v1(entry.fields)}};
    if (!entry.subresource.empty()) item["subresource"] = entry.subresource;
    if (!entry.time.empty()) item["time"] = entry.time;
    out.push_back(std::move(item));
  }
  return out;
}

// What no manager owns.
void strip_identity(FieldSet& set) {
  set.erase("f:apiVersion");
  set.erase("f:kind");
  FieldSet& metadata = set.at("f:metadata");
  for (const char* field : {"f:creationTimestamp", "f:generation", "f:managedFields", "f:name", "f:namespace",
                            "f:resourceVersion", "f:selfLink", "f:uid"}) {
    metadata.erase(field);
  }
  FieldSet without_itself;
  for (const auto& [element, below] : metadata.children()) without_itself.at(element) = below;
  metadata = std::move(without_itself);
  set.drop_if_empty("f:metadata");
}

void strip_identity(Comparison& comparison) {
  strip_identity(comparison.added);
  strip_identity(comparison.modified);
  strip_identity(comparison.removed);
}

// Removes managedFields from an object and returns them; null when there are none.
Json take_managed_fields(Json& object) {
  const auto metadata = object.find("metadata");
  if (metadata == object.end() || !metadata->is_object()) return {};
  const auto it = metadata->find("managedFields");
  if (it == metadata->end()) return {};
  Json out = std::move(*it);
  metadata->erase(it);
  return out;
}

void put_managed_fields(Json& object, Entries entries) {
  std::erase_if(entries, [](const Entry& entry) { return entry.fields.empty(); });
  if (!entries.empty()) object["metadata"]["managedFields"] = encode(std::move(entries));
}

std::string describe(const Entry& entry) {
  std::string out = fmt::format("conflict with \"{}\"", entry.manager);
  if (!entry.subresource.empty()) out += fmt::format(" with subresource \"{}\"", entry.subresource);
  if (entry.operation == "Update") out += " using " + entry.api_version;
  return out;
}

std::vector<FieldConflict> conflicts_of(const Entries& entries, const FieldSet& taken, const Entry* self) {
  std::vector<FieldConflict> out;
  for (const Entry& entry : entries) {
    if (&entry == self) continue;
    for (std::string& path : intersect(entry.fields, taken).paths()) {
      out.push_back({std::move(path), describe(entry), entry.manager});
    }
  }
  return out;
}

// Fields one writer changed or removed are lost to everybody else.
void take_from_others(Entries& entries, const Comparison& changes, const Entry* self) {
  FieldSet taken = changes.modified;
  taken.unite(changes.added);
  taken.unite(changes.removed);
  for (Entry& entry : entries) {
    if (&entry != self) entry.fields = subtract(entry.fields, taken);
  }
}

// What the manager owned before and leaves out now goes, unless somebody owns it; with it go fields nobody
// owns inside of what goes.
Json prune(const Json& merged, const FieldSet& last, const Entries& entries, const Type& type) {
  if (last.empty()) return merged;
  const FieldSet last_set = with_parents(last, type);
  FieldSet owned;
  for (const Entry& entry : entries) owned.unite(entry.fields);
  // Every configuration names its object, so metadata never goes as a whole.
  owned.at("f:metadata").at("f:name").add();
  owned = with_parents(owned, type);
  const FieldSet merged_set = with_parents(field_set(merged, type), type);
  // First without all it ever set, then with what is owned added back, then with what was never its own.
  FieldSet keep = with_parents(field_set(remove_items(merged, last_set, type), type), type);
  keep.unite(owned);
  const Json owned_back = remove_items(merged, subtract(merged_set, keep), type);
  const FieldSet gone = subtract(merged_set, with_parents(field_set(owned_back, type), type));
  return remove_items(merged, intersect(gone, last_set), type);
}

Entry& entry_for(Entries& entries, const Writer& writer, std::string operation) {
  const Entry wanted{writer.manager, std::move(operation), writer.api_version, writer.subresource, "", {}};
  const auto it = std::find_if(entries.begin(), entries.end(),
                               [&](const Entry& entry) { return entry.identity() == wanted.identity(); });
  if (it != entries.end()) return *it;
  entries.push_back(wanted);
  return entries.back();
}

// More Update entries than the server keeps become one, oldest first.
void cap_update_entries(Entries& entries) {
  const auto is_update = [](const Entry& entry) { return entry.operation == "Update"; };
  while (static_cast<std::size_t>(std::count_if(entries.begin(), entries.end(), is_update)) >
         kMaxUpdateEntries) {
    std::stable_sort(entries.begin(), entries.end(),
                     [](const Entry& a, const Entry& b) { return a.time < b.time; });
    const auto oldest = std::find_if(entries.begin(), entries.end(), is_update);
    const auto next = std::find_if(oldest + 1, entries.end(), is_update);
    IE_CHECK(next != entries.end());
    next->fields.unite(oldest->fields);
    next->manager = "ancient-changes";
    next->subresource.clear();
    entries.erase(oldest);
  }
}

bool resets(const Json& managed_fields) {
  if (!managed_fields.is_array()) return false;
  return managed_fields.empty() ||
         (managed_fields.size() == 1 && managed_fields[0].is_object() && managed_fields[0].empty());
}

// Entries a writer sent. One that cannot be read makes the server take none of them.
bool readable(const Json& managed_fields) {
  return managed_fields.is_array() &&
         std::all_of(managed_fields.begin(), managed_fields.end(), [](const Json& entry) {
           const std::string operation = get_string(entry, "/operation");
           return (operation == "Apply" || operation == "Update") &&
                  get_string(entry, "/fieldsType") == "FieldsV1" && !get_string(entry, "/apiVersion").empty();
         });
}

}  // namespace

ApplyResult apply(const Json& live, Json config, const Type& type, const Writer& writer, bool force) {
  Json before = live;
  const Json live_managed = take_managed_fields(before);
  take_managed_fields(config);
  drop_nulls(config);
  Entries entries = decode(live_managed);
  if (entries.empty() && before.contains("metadata")) {
    // An object nobody tracked so far: what is there belongs to whoever wrote it first.
    Comparison made = compare(Json::object(), before, type);
    strip_identity(made);
    FieldSet all = std::move(made.added);
    all.unite(made.modified);
    if (!all.empty()) {
      entries.push_back({"before-first-apply", "Update", writer.api_version, "", format_rfc3339(writer.at),
                         std::move(all)});
    }
  }
  entries.reserve(entries.size() + 1);
  Entry& self = entry_for(entries, writer, "Apply");
  const FieldSet last = std::exchange(self.fields, field_set(config, type));
  strip_identity(self.fields);

  Json merged = merge(before, config, type);
  Json after = prune(merged, last, entries, type);
  if (!after.is_object()) after = Json::object();
  for (const char* field : {"apiVersion", "kind", "metadata"}) {
    if (merged.contains(field) && !after.contains(field)) after[field] = merged[field];
  }
  Comparison changes = compare(before, after, type);
  strip_identity(changes);
  FieldSet taken = changes.modified;
  taken.unite(changes.added);
  auto conflicts = conflicts_of(entries, taken, &self);
  if (!conflicts.empty() && !force) return {live, std::move(conflicts)};
  take_from_others(entries, changes, &self);
  const bool same_owner = self.fields == last && self.api_version == writer.api_version;
  if (changes.same() && same_owner && before == after) return {live, {}};
  self.api_version = writer.api_version;
  // An apply that changes no value does not count as a change of time, even when it adds an owner.
  if (!changes.same()) self.time = format_rfc3339(writer.at);
  put_managed_fields(after, std::move(entries));
  return {std::move(after), {}};
}

Json update(const Json& before, Json after, const Type& type, const Writer& writer) {
  Json old = before;
  const Json live_managed = take_managed_fields(old);
  const Json sent = take_managed_fields(after);
  drop_nulls(after);
  if (resets(sent)) return after;
  const bool exists = !get_string(old, "/metadata/uid").empty();
  // What nobody tracks stays so until somebody applies.
  if (exists && live_managed.is_null() && !readable(sent)) return after;
  Entries entries = decode(readable(sent) ? sent : live_managed);
  Comparison changes = compare(old, after, type);
  strip_identity(changes);
  FieldSet taken = changes.added;
  taken.unite(changes.modified);
  take_from_others(entries, changes, nullptr);
  if (!taken.empty()) {
    Entry& self = entry_for(entries, writer, "Update");
    self.fields.unite(taken);
    self.time = format_rfc3339(writer.at);
  }
  cap_update_entries(entries);
  put_managed_fields(after, std::move(entries));
  return after;
}

bool differs(const Json& before, const Json& after) {
  if (before == after) return false;
  Json left = before;
  Json right = after;
  Entries old_entries = decode(take_managed_fields(left));
  Entries new_entries = decode(take_managed_fields(right));
  if (left != right || old_entries.size() != new_entries.size()) return true;
  for (const Entry& entry : old_entries) {
    const auto it = std::find_if(new_entries.begin(), new_entries.end(), [&](const Entry& other) {
      return other.identity() == entry.identity() && other.api_version == entry.api_version;
    });
    if (it == new_entries.end() || !(it->fields == entry.fields)) return true;
  }
  return false;
}

}  // namespace instantexec::sim
