#include "sim/merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace instantexec::sim {
namespace {

using model::Json;

const Type kAnything{};

// Where the walk over a value goes next: what it is under its type.
enum class Step { kLeaf, kFields, kItems };

Step step_of(const Type& type, const Json& value) {
  switch (type.shape) {
    case Shape::kStruct:
    case Shape::kMap:
      return type.atomic || !value.is_object() ? Step::kLeaf : Step::kFields;
    case Shape::kAny:
      return value.is_object() ? Step::kFields : Step::kLeaf;
    case Shape::kSet:
    case Shape::kKeyedList:
      return value.is_array() ? Step::kItems : Step::kLeaf;
    case Shape::kScalar:
    case Shape::kList:
      break;
  }
  return Step::kLeaf;
}

// Of the items of a list or the values of a map.
const Type& element_type(const Type& type) {
  return type.element == nullptr ? kAnything : *type.element;
}

const Type& field_type(const Type& type, std::string_view name) {
  if (type.shape == Shape::kMap) return element_type(type);
  const Type* field = type.field(name);
  return field == nullptr ? kAnything : *field;
}

bool declares(const Type& type, std::string_view name) {
  return type.field(name) != nullptr;
}

std::string item_element(const Type& list, const Json& item) {
  if (list.shape == Shape::kSet) return "v:" + item.dump();
  Json key = Json::object();
  for (const auto& [name, otherwise] : list.keys) {
    const Json* value = item.is_object() && item.contains(name) ? &item[name] : &otherwise;
    if (!value->is_null()) key[name] = *value;
  }
  return "k:" + key.dump();
}

using Index = std::map<std::string, const Json*, std::less<>>;

std::vector<std::string> elements(const Type& list, const Json& items, Index& index) {
  std::vector<std::string> out;
  out.reserve(items.size());
  for (const Json& item : items) {
    out.push_back(item_element(list, item));
    index.try_emplace(out.back(), &item);
  }
  return out;
}

void collect(const Json& value, const Type& type, FieldSet& out) {
  switch (step_of(type, value)) {
    case Step::kLeaf:
      out.add();
      return;
    case Step::kFields:
      for (const auto& [name, field] : value.items()) {
        const std::string element = "f:" + name;
        FieldSet& below = out.at(element);
        collect(field, field_type(type, name), below);
        if (field.is_null() || (field.is_object() && field.empty()) || !declares(type, name)) below.add();
        out.drop_if_empty(element);
      }
      return;
    case Step::kItems:
      for (const Json& item : value) {
        FieldSet& below = out.at(item_element(type, item));
        collect(item, element_type(type), below);
        below.add();
      }
  }
}

// Compares into three nodes at once; nodes that stay empty are dropped again by the caller.
class Comparer {
 public:
  static void walk(const Json* before, const Json* after, const Type& type, Comparison& out) {
    if (before == nullptr && after == nullptr) return;
    const Step step = common_step(before, after, type);
    if (step == Step::kLeaf) return leaf(before, after, out);
    if (step == Step::kFields) fields(before, after, type, out);
    if (step == Step::kItems) items(before, after, type, out);
    if (before == nullptr) out.added.add();
    if (after == nullptr) out.removed.add();
  }

 private:
  static Step common_step(const Json* before, const Json* after, const Type& type) {
    if ((before == nullptr || before->empty()) && (after == nullptr || after->empty())) return Step::kLeaf;
    const Step left = before == nullptr ? step_of(type, *after) : step_of(type, *before);
    const Step right = after == nullptr ? left : step_of(type, *after);
    return left == right ? left : Step::kLeaf;
  }

  static void leaf(const Json* before, const Json* after, Comparison& out) {
    if (before == nullptr) {
      out.added.add();
    } else if (after == nullptr) {
      out.removed.add();
    } else if (*before != *after) {
      out.modified.add();
    }
  }

  static void below(const Json* before, const Json* after, const Type& type, const std::string& element,
                    Comparison& out) {
    if (before != nullptr && after != nullptr && *before == *after) return;
    Comparison inner;
    walk(before, after, type, inner);
    if (!inner.added.empty()) out.added.at(element) = std::move(inner.added);
    if (!inner.modified.empty()) out.modified.at(element) = std::move(inner.modified);
    if (!inner.removed.empty()) out.removed.at(element) = std::move(inner.removed);
  }

  // What a missing container counts as: to the server, one that its encoder never leaves out is there, empty.
  static const Json* zero(const Json& other, const Type& type, const std::string& name) {
    static const Json kObject = Json::object();
    static const Json kArray = Json::array();
    if (!other.is_structured() || !type.always.contains(name)) return nullptr;
    return other.is_object() ? &kObject : &kArray;
  }

  static void fields(const Json* before, const Json* after, const Type& type, Comparison& out) {
    if (before != nullptr) {
      for (const auto& [name, field] : before->items()) {
        const Json* other = after != nullptr && after->contains(name) ? &(*after)[name] : nullptr;
        if (other == nullptr && after != nullptr) other = zero(field, type, name);
        below(&field, other, field_type(type, name), "f:" + name, out);
      }
    }
    if (after != nullptr) {
      for (const auto& [name, field] : after->items()) {
        if (before != nullptr && before->contains(name)) continue;
        const Json* other = before != nullptr ? zero(field, type, name) : nullptr;
        below(other, &field, field_type(type, name), "f:" + name, out);
      }
    }
  }

  static void items(const Json* before, const Json* after, const Type& type, Comparison& out) {
    Index left;
    Index right;
    if (before != nullptr) elements(type, *before, left);
    if (after != nullptr) elements(type, *after, right);
    for (const auto& [element, item] : left) {
      const auto it = right.find(element);
      below(item, it == right.end() ? nullptr : it->second, element_type(type), element, out);
    }
    for (const auto& [element, item] : right) {
      if (!left.contains(element)) below(nullptr, item, element_type(type), element, out);
    }
  }
};

// The order of both lists where they agree, else that of the configuration. An item that only the live list
// has comes before the next item of the configuration.
Json merge_items(const Json& live, const Json& config, const Type& type) {
  Index left;
  Index right;
  const auto left_order = elements(type, live, left);
  const auto right_order = elements(type, config, right);
  std::vector<std::string> shared;
  std::copy_if(right_order.begin(), right_order.end(), std::back_inserter(shared),
               [&](const std::string& element) { return left.contains(element); });
  Json out = Json::array();
  std::size_t l = 0;
  std::size_t next_shared = 0;
  for (const std::string& element : right_order) {
    for (; l < left_order.size() && left_order[l] != element; ++l) {
      const bool live_only = !right.contains(left_order[l]);
      if (live_only) out.push_back(live[l]);
      if (!live_only && next_shared < shared.size() && shared[next_shared] == left_order[l]) break;
    }
    const auto it = left.find(element);
    const Json& item = *right.find(element)->second;
    if (it == left.end()) {
      out.push_back(item);
      continue;
    }
    out.push_back(merge(*it->second, item, element_type(type)));
    ++next_shared;
    if (l < left_order.size() && left_order[l] == element) ++l;
  }
  for (; l < left_order.size(); ++l) {
    if (!right.contains(left_order[l])) out.push_back(live[l]);
  }
  return out;
}

Json remove_from_items(const Json& value, const FieldSet& set, const Type& type) {
  Json out = Json::array();
  for (const Json& item : value) {
    const FieldSet* below = set.below(item_element(type, item));
    if (below != nullptr && below->member()) continue;
    out.push_back(below == nullptr ? item : remove_items(item, *below, element_type(type)));
  }
  return out.empty() ? Json() : out;
}

}  // namespace

FieldSet field_set(const Json& value, const Type& type) {
  FieldSet out;
  collect(value, type, out);
  return out;
}

Comparison compare(const Json& before, const Json& after, const Type& type) {
  Comparison out;
  Comparer::walk(&before, &after, type, out);
  return out;
}

Json merge(const Json& live, const Json& config, const Type& type) {
  const Step step = step_of(type, config);
  if (step == Step::kLeaf || step != step_of(type, live)) return config;
  if (step == Step::kItems) return merge_items(live, config, type);
  Json out = live;
  for (const auto& [name, field] : config.items()) {
    const auto it = out.find(name);
    if (it == out.end()) {
      out[name] = field;
    } else {
      *it = merge(*it, field, field_type(type, name));
    }
  }
  return out;
}

Json remove_items(const Json& value, const FieldSet& set, const Type& type) {
  const Step step = step_of(type, value);
  if (step == Step::kLeaf || value.empty()) return value;
  if (step == Step::kItems) return remove_from_items(value, set, type);
  Json out = Json::object();
  for (const auto& [name, field] : value.items()) {
    const FieldSet* below = set.below("f:" + name);
    if (below != nullptr && below->member()) continue;
    if (below == nullptr) {
      out[name] = field;
      continue;
    }
    Json rest = remove_items(field, *below, field_type(type, name));
    if (!rest.is_null()) out[name] = std::move(rest);
  }
  return out.empty() ? Json() : out;
}

FieldSet with_parents(const FieldSet& set, const Type& type) {
  FieldSet out;
  if (set.member()) out.add();
  for (const auto& [element, below] : set.children()) {
    const std::string_view name = std::string_view(element).substr(2);
    const bool is_field = element.starts_with("f:");
    const Type& inner = is_field                                               ? field_type(type, name)
                        : type.element != nullptr && type.shape != Shape::kMap ? element_type(type)
                                                                               : kAnything;
    FieldSet& node = out.at(element);
    node = with_parents(below, inner);
    if (is_field && type.shape == Shape::kStruct && declares(type, name)) node.add();
  }
  return out;
}

std::string item_path(const Json& item, const Type& list) {
  FieldSet one;
  one.at(item_element(list, item)).add();
  return one.paths().front();
}

std::string duplicate_item(const Json& value, const Type& type, const std::string& path) {
  const Step step = step_of(type, value);
  if (step == Step::kFields) {
    for (const auto& [name, field] : value.items()) {
      std::string found = duplicate_item(field, field_type(type, name), path + "." + name);
      if (!found.empty()) return found;
    }
  } else if (step == Step::kItems) {
    FieldSet seen;
    for (const Json& item : value) {
      const std::string key = item_path(item, type);
      const std::string element = item_element(type, item);
      if (seen.below(element) != nullptr) return fmt::format("{}: duplicate entries for key {}", path, key);
      seen.at(element).add();
      std::string found = duplicate_item(item, element_type(type), path + key);
      if (!found.empty()) return found;
    }
  }
  return "";
}

void drop_nulls(Json& value) {
  if (value.is_array()) {
    for (Json& item : value) drop_nulls(item);
  } else if (value.is_object()) {
    for (auto it = value.begin(); it != value.end();) {
      if (it->is_null()) {
        it = value.erase(it);
      } else {
        drop_nulls(*it);
        ++it;
      }
    }
  }
}

}  // namespace instantexec::sim
