#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "plan/undo.h"

namespace instantexec::plan {
namespace {

using model::Json;

// Fields by which the API matches list items (x-kubernetes-list-map-keys and patchMergeKey of the built-in
// types). Only one that is a unique scalar in every item of all three lists counts.
constexpr std::array<const char*, 10> kKeys = {"name",          "key",  "ip",   "uid",        "mountPath",
                                               "containerPort", "port", "type", "devicePath", "topologyKey"};

using Items = std::map<std::string, const Json*>;

bool index_by(const Json& list, const char* key, Items& into) {
  for (const Json& item : list) {
    const auto field = item.is_object() ? item.find(key) : item.end();
    if (!item.is_object() || field == item.end() || !field->is_primitive()) return false;
    if (!into.emplace(field->dump(-1, ' ', false, Json::error_handler_t::replace), &item).second)
      return false;
  }
  return true;
}

struct Keyed {
  const char* key = nullptr;
  Items before;
  Items after;
  Items live;
};

std::optional<Keyed> by_key(const Json& before, const Json& after, const Json& live) {
  for (const char* key : kKeys) {
    Keyed out{key, {}, {}, {}};
    if (index_by(before, key, out.before) && index_by(after, key, out.after) &&
        index_by(live, key, out.live)) {
      return out;
    }
  }
  return std::nullopt;
}

const Json* member(const Items& items, const std::string& key) {
  const auto it = items.find(key);
  return it == items.end() ? nullptr : it->second;
}

const Json* member(const Json& object, const std::string& key) {
  const auto it = object.find(key);
  return it == object.end() ? nullptr : &*it;
}

bool equal(const Json* a, const Json* b) {
  return a == nullptr || b == nullptr ? a == b : *a == *b;
}

class Merger {
 public:
  // The merged value, or nothing when the field is to be absent. Null pointers stand for absent fields.
  std::optional<Json> value(const Json* before, const Json* after, const Json* live) {
    const auto copy = [](const Json* json) {
      return json == nullptr ? std::nullopt : std::optional<Json>(*json);
    };
    if (equal(before, after)) return copy(live);
    if (equal(live, after)) return copy(before);
    if (equal(live, before)) return copy(live);
    if (before != nullptr && after != nullptr && live != nullptr) {
      if (before->is_object() && after->is_object() && live->is_object())
        return objects(*before, *after, *live);
      if (before->is_array() && after->is_array() && live->is_array()) {
        if (const auto keyed = by_key(*before, *after, *live)) return lists(*before, *after, *live, *keyed);
      }
    }
    conflicts_.push_back(pointer_);
    return copy(live);
  }

  std::vector<std::string> conflicts_;

 private:
  std::optional<Json> at(const std::string& token, const Json* before, const Json* after, const Json* live) {
    const std::size_t length = pointer_.size();
    pointer_ += '/';
    pointer_ += token;
    auto out = value(before, after, live);
    pointer_.resize(length);
    return out;
  }

  Json objects(const Json& before, const Json& after, const Json& live) {
    std::set<std::string> keys;
    for (const Json* object : {&before, &after, &live}) {
      for (const auto& [key, unused] : object->items()) keys.insert(key);
    }
    Json out = Json::object();
    for (const std::string& key : keys) {
      auto merged =
          at(model::escape_pointer(key), member(before, key), member(after, key), member(live, key));
      if (merged) out[key] = std::move(*merged);
    }
    return out;
  }

  // Items that are left stand as they do now, unless nobody but us has moved any: then as they stood before.
  // One that comes back, or that only one side has, stands after its predecessor there.
  Json lists(const Json& before, const Json& after, const Json& live, const Keyed& keyed) {
    const Keys before_keys = keys_of(before, keyed.key);
    const Keys after_keys = keys_of(after, keyed.key);
    const Keys live_keys = keys_of(live, keyed.key);
    std::map<std::string, Json> items;
    for (std::size_t i = 0; i < live.size(); ++i) {
      const std::string& key = live_keys[i];
      auto merged = at(std::to_string(i), member(keyed.before, key), member(keyed.after, key), &live[i]);
      if (merged) items.emplace(key, std::move(*merged));
    }
    for (std::size_t i = 0; i < before.size(); ++i) {
      const std::string& key = before_keys[i];
      if (member(keyed.live, key) != nullptr) continue;
      // Gone: by our change it comes back, by somebody else's it stays away.
      auto merged = at(key, &before[i], member(keyed.after, key), nullptr);
      if (merged) items.emplace(key, std::move(*merged));
    }
    const bool order_is_ours = common(after_keys, keyed.live) == common(live_keys, keyed.after);
    const Keys order =
        order_is_ours ? woven(before_keys, live_keys, items) : woven(live_keys, before_keys, items);
    Json out = Json::array();
    for (const std::string& key : order) out.push_back(std::move(items.at(key)));
    return out;
  }

  using Keys = std::vector<std::string>;

  static Keys keys_of(const Json& list, const char* key) {
    Keys out;
    for (const Json& item : list) {
      out.push_back(item.at(key).dump(-1, ' ', false, Json::error_handler_t::replace));
    }
    return out;
  }

  static Keys common(const Keys& keys, const Items& with) {
    Keys out;
    for (const std::string& key : keys) {
      if (member(with, key) != nullptr) out.push_back(key);
    }
    return out;
  }

  // Those there are, in the order of the first list; what only the second one has comes after its predecessor
  // there.
  static Keys woven(const Keys& first, const Keys& second, const std::map<std::string, Json>& items) {
    Keys out;
    for (const std::string& key : first) {
      if (items.contains(key)) out.push_back(key);
    }
    std::string previous;
    for (const std::string& key : second) {
      if (!items.contains(key)) continue;
      if (std::find(out.begin(), out.end(), key) == out.end()) {
        const auto at = std::find(out.begin(), out.end(), previous);
        out.insert(at == out.end() ? out.begin() : at + 1, key);
      }
      previous = key;
    }
    return out;
  }

  std::string pointer_;
};

}  // namespace

Merge three_way(const model::Json& before, const model::Json& after, const model::Json& live) {
  Merger merger;
  // Present, as `before` and `live` are.
  Json merged = merger.value(&before, &after, &live).value_or(live);
  return {std::move(merged), std::move(merger.conflicts_)};
}

}  // namespace instantexec::plan
