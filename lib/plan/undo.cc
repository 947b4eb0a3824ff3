#include "plan/undo.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "model/marks.h"
#include "plan/desired.h"
#include "plan/diff.h"

namespace instantexec::plan {
namespace {

using model::Json;

Json operation(const char* op, std::string path) {
  return Json{{"op", op}, {"path", std::move(path)}};
}

Json operation(const char* op, std::string path, Json value) {
  Json out = operation(op, std::move(path));
  out["value"] = std::move(value);
  return out;
}

// An API server takes no JSON patch of more than 10,000 operations (k8s.io/apiserver,
// maxJSONPatchOperations).
constexpr std::size_t kManyOperations = 5'000;

void patch_between(const Json& from, const Json& to, const std::string& pointer, Json& out) {
  if (from == to) return;
  if (from.is_object() && to.is_object()) {
    for (const auto& [key, value] : from.items()) {
      const std::string at = pointer + "/" + model::escape_pointer(key);
      const auto target = to.find(key);
      if (target == to.end()) {
        out.push_back(operation("remove", at));
      } else {
        patch_between(value, *target, at, out);
      }
    }
    for (const auto& [key, value] : to.items()) {
      if (!from.contains(key))
        out.push_back(operation("add", pointer + "/" + model::escape_pointer(key), value));
    }
    return;
  }
  if (from.is_array() && to.is_array() && from.size() == to.size()) {
    for (std::size_t i = 0; i < from.size(); ++i) {
      patch_between(from[i], to[i], pointer + "/" + std::to_string(i), out);
    }
    return;
  }
  out.push_back(operation("replace", pointer, to));
}

// As patch_between in few operations: top-level fields, and those of metadata, as wholes.
void replace_sections(const Json& from, const Json& to, const std::string& pointer, Json& out) {
  for (const auto& [key, value] : from.items()) {
    const std::string at = pointer + "/" + model::escape_pointer(key);
    const auto target = to.find(key);
    if (target == to.end()) {
      out.push_back(operation("remove", at));
    } else if (pointer.empty() && key == "metadata") {
      replace_sections(value, *target, at, out);
    } else if (value != *target) {
      out.push_back(operation("replace", at, *target));
    }
  }
  for (const auto& [key, value] : to.items()) {
    if (!from.contains(key))
      out.push_back(operation("add", pointer + "/" + model::escape_pointer(key), value));
  }
}

Json guards(const model::Object& live) {
  Json out = Json::array();
  out.push_back(operation("test", "/metadata/uid", live.uid()));
  // A "test" of the resourceVersion would fail with 422; written into the object, a stale one is the 409 that
  // it is. client-go's csaupgrade documents the trick.
  out.push_back(operation("replace", "/metadata/resourceVersion", live.resource_version()));
  return out;
}

// `live` with its canonical part replaced.
Json overlay(const model::Object& live, const Json& target) {
  Json out = Json::object();
  const Json& target_metadata = model::get_object(target, "/metadata");
  for (const auto& [key, value] : target.items()) {
    if (key != "metadata") out[key] = value;
  }
  if (const Json* status = model::find(live.json, "/status")) out["status"] = *status;
  Json metadata = target_metadata;
  const Json none = canonical(model::Object{Json{{"metadata", Json::object()}}});
  for (const auto& [key, value] : model::get_object(live.json, "/metadata").items()) {
    // What the canonical form leaves out stays: server fields, derived annotations, empty maps.
    const model::Object probe{Json{{"metadata", Json{{key, value}}}}};
    if (canonical(probe) == none && !metadata.contains(key)) metadata[key] = value;
  }
  for (const auto& [key, value] : model::get_object(live.json, "/metadata/annotations").items()) {
    if (derived_annotation(key)) metadata["annotations"][key] = value;
  }
  out["metadata"] = std::move(metadata);
  return out;
}

bool created_by(const model::Object& live, const std::string& operation_id) {
  return live.annotation(model::marks::kCreatedBy) == operation_id;
}

Undo lost(std::string reason) {
  Undo out;
  out.kind = Undo::Kind::kLost;
  out.reason = std::move(reason);
  return out;
}

Undo undo_of_creation(const UndoInput& input) {
  Undo out;
  if (input.live == nullptr) return out;
  const model::Object& live = *input.live;
  // An object that appeared between plan and apply is not ours; creating is refused when there is one.
  if (!created_by(live, input.operation)) return out;
  if (live.gvk().group.empty() && live.kind() == "PersistentVolumeClaim") {
    out.kind = Undo::Kind::kKept;
    out.reason = "a claim may hold data, so an undo keeps it";
    out.expected = canonical(live);
    return out;
  }
  out.kind = Undo::Kind::kDelete;
  return out;
}

// Identity of a managedFields entry.
using EntryKey = std::tuple<std::string, std::string, std::string, std::string>;

EntryKey entry_key(const Json& entry) {
  return {model::get_string(entry, "/manager"), model::get_string(entry, "/operation"),
          model::get_string(entry, "/apiVersion"), model::get_string(entry, "/subresource")};
}

const Json* entry_of(const model::Object& object, const EntryKey& key) {
  for (const Json& entry : model::get_array(object.json, "/metadata/managedFields")) {
    if (entry_key(entry) == key) return &entry;
  }
  return nullptr;
}

bool same_fields(const Json& a, const Json* b) {
  return b != nullptr && model::get_object(a, "/fieldsV1") == model::get_object(*b, "/fieldsV1");
}

// An undo has put values back and ended before it gave ownership back: its patch left an entry of its own.
bool values_put_back(const UndoInput& input) {
  const Json& entries = model::get_array(input.live->json, "/metadata/managedFields");
  return std::any_of(entries.begin(), entries.end(), [&](const Json& entry) {
    const EntryKey key = entry_key(entry);
    return std::get<0>(key) == input.field_manager && std::get<3>(key).empty() &&
           entry_of(*input.before, key) == nullptr && entry_of(*input.after, key) == nullptr;
  });
}

// An apply that changes anything enters its manager with the time of the write (k8s.io/apimachinery,
// managedfields). Our entry is as old as it was before the operation was planned: none of its writes was
// done. Times of one second do not tell.
bool never_written(const UndoInput& input) {
  const Json* planned = applied_entry(*input.after, input.field_manager);
  const Json* before = applied_entry(*input.before, input.field_manager);
  const Json* live = applied_entry(*input.live, input.field_manager);
  if (planned == nullptr) return false;
  if (before == nullptr || live == nullptr) return before == live;
  const std::string time = model::get_string(*before, "/time");
  return model::get_string(*live, "/time") == time && time < model::get_string(*planned, "/time");
}

// Of the write that is undone. With the former time and other values than before the object would look as if
// there had been none (never_written).
void keep_time(Json& entry, const Json* written) {
  if (written != nullptr && written->contains("time")) entry["time"] = (*written)["time"];
}

// The values are as they should be.
void give_ownership_back(const UndoInput& input, Undo& out) {
  auto owners = ownership_patch(input);
  if (!owners) return;
  out.kind = Undo::Kind::kOwner;
  out.patch = std::move(*owners);
}

}  // namespace

model::Json guarded_patch(const model::Object& live, const model::Json& target) {
  Json out = guards(live);
  const Json wanted = overlay(live, target);
  patch_between(live.json, wanted, "", out);
  if (out.size() <= kManyOperations) return out;
  out = guards(live);
  replace_sections(live.json, wanted, "", out);
  return out;
}

Undo make_undo(const UndoInput& input) {
  if (input.before == nullptr) return undo_of_creation(input);
  if (input.live == nullptr) return lost("someone deleted it meanwhile");
  if (input.live->uid() != input.before->uid()) return lost("someone deleted it and created it anew");
  if (input.live->terminating() && !input.before->terminating()) return lost("someone is deleting it");
  Json before = canonical(*input.before);
  const Json live = canonical(*input.live);
  Undo out;
  if (live == before) {
    give_ownership_back(input, out);
    out.expected = std::move(before);
    return out;
  }
  if (input.after == nullptr) return lost("what was written is not recorded");
  if (!input.put_back && !values_put_back(input) && never_written(input)) {
    out.reason = "someone else changed it before it was written, so it stays as it is";
    out.expected = live;
    return out;
  }
  Merge merge = three_way(before, canonical(*input.after), live);
  out.conflicts = std::move(merge.conflicts);
  if (merge.merged == live) {
    if (out.conflicts.empty() || values_put_back(input)) give_ownership_back(input, out);
  } else {
    out.kind = Undo::Kind::kPatch;
    out.patch = guarded_patch(*input.live, merge.merged);
  }
  out.expected = std::move(merge.merged);
  return out;
}

std::optional<model::Json> ownership_patch(const UndoInput& input) {
  if (input.before == nullptr || input.live == nullptr) return std::nullopt;
  const Json& saved = model::get_array(input.before->json, "/metadata/managedFields");
  const Json& live = model::get_array(input.live->json, "/metadata/managedFields");
  if (saved.empty() || live.empty()) return std::nullopt;
  Json target = Json::array();
  bool differs = false;
  const bool as_before = same(*input.before, *input.live);
  for (const Json& entry : saved) {
    const EntryKey key = entry_key(entry);
    const Json* now = entry_of(*input.live, key);
    const Json* written = input.after == nullptr ? nullptr : entry_of(*input.after, key);
    const bool ours = std::get<0>(key) == input.field_manager;
    // Controllers own the entries of subresources and go on writing them.
    const bool of_subresource = !std::get<3>(key).empty();
    const bool unchanged = now != nullptr && same_fields(*now, &entry);
    if (!of_subresource && !unchanged && (ours || now == nullptr || same_fields(*now, written))) {
      target.push_back(entry);
      if (ours && !as_before) keep_time(target.back(), now != nullptr ? now : written);
      differs = true;
    } else if (now != nullptr) {
      target.push_back(*now);
    }
  }
  for (const Json& entry : live) {
    const EntryKey key = entry_key(entry);
    if (entry_of(*input.before, key) != nullptr) continue;
    if (std::get<0>(key) == input.field_manager && std::get<3>(key).empty()) {
      differs = true;
    } else {
      target.push_back(entry);
    }
  }
  const bool reset = target.empty() || target == Json::array({Json::object()});
  if (reset || !differs) return std::nullopt;
  Json out = guards(*input.live);
  out.push_back(operation("replace", "/metadata/managedFields", std::move(target)));
  return out;
}

}  // namespace instantexec::plan
