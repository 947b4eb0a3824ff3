#include "model/object.h"

#include <charconv>
#include <limits>
#include <utility>

namespace instantexec::model {
namespace {

std::string unescape_pointer(std::string_view token) {
  std::string out;
  out.reserve(token.size());
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] == '~' && i + 1 < token.size()) {
      ++i;
      out += token[i] == '1' ? '/' : '~';
    } else {
      out += token[i];
    }
  }
  return out;
}

const Json* step(const Json& value, std::string_view token) {
  if (value.is_object()) {
    const auto it = token.find('~') == std::string_view::npos ? value.find(std::string(token))
                                                              : value.find(unescape_pointer(token));
    return it == value.end() ? nullptr : &*it;
  }
  if (value.is_array()) {
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
    if (error != std::errc{} || end != token.data() + token.size() || index >= value.size()) return nullptr;
    return &value[index];
  }
  return nullptr;
}

std::map<std::string, std::string> string_map(const Json& value) {
  std::map<std::string, std::string> out;
  for (const auto& [key, item] : value.items()) {
    if (item.is_string()) out.emplace(key, item.get_ref<const std::string&>());
  }
  return out;
}

// Destructors and comparisons of nested values recurse, so depth is bounded before a tree is built.
constexpr int kMaxDepth = 100;

bool within_depth(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxDepth) return false;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return true;
}

}  // namespace

const Json* find(const Json& value, std::string_view pointer) {
  const Json* at = &value;
  while (at != nullptr && !pointer.empty()) {
    pointer.remove_prefix(1);  // the leading '/'
    const auto end = pointer.find('/');
    const auto token = pointer.substr(0, end);
    at = step(*at, token);
    pointer = end == std::string_view::npos ? std::string_view{} : pointer.substr(end);
  }
  return at;
}

std::string get_string(const Json& value, std::string_view pointer, std::string_view otherwise) {
  const Json* at = find(value, pointer);
  return at != nullptr && at->is_string() ? at->get<std::string>() : std::string(otherwise);
}

std::int64_t get_int(const Json& value, std::string_view pointer, std::int64_t otherwise) {
  const Json* at = find(value, pointer);
  return at != nullptr && at->is_number_integer() ? at->get<std::int64_t>() : otherwise;
}

std::optional<std::int64_t> whole_number_at(const Json& value, std::string_view pointer) {
  const Json* at = find(value, pointer);
  if (at == nullptr) return std::nullopt;
  if (at->is_number_unsigned() &&
      at->get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return std::nullopt;
  if (at->is_number_integer()) return at->get<std::int64_t>();
  if (!at->is_string()) return std::nullopt;
  const auto& text = at->get_ref<const std::string&>();
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool get_bool(const Json& value, std::string_view pointer, bool otherwise) {
  const Json* at = find(value, pointer);
  return at != nullptr && at->is_boolean() ? at->get<bool>() : otherwise;
}

const Json& get_array(const Json& value, std::string_view pointer) {
  static const Json kEmpty = Json::array();
  const Json* at = find(value, pointer);
  return at != nullptr && at->is_array() ? *at : kEmpty;
}

const Json& get_object(const Json& value, std::string_view pointer) {
  static const Json kEmpty = Json::object();
  const Json* at = find(value, pointer);
  return at != nullptr && at->is_object() ? *at : kEmpty;
}

std::optional<Json> parse_json(std::string_view text) {
  if (!within_depth(text)) return std::nullopt;
  Json value = Json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (value.is_discarded()) return std::nullopt;
  return value;
}

std::int64_t Object::generation() const {
  return whole_number_at(json, "/metadata/generation").value_or(0);
}

bool Object::terminating() const {
  const Json* at = find(json, "/metadata/deletionTimestamp");
  return at != nullptr && !at->is_null();
}

std::map<std::string, std::string> Object::labels() const {
  return string_map(get_object(json, "/metadata/labels"));
}

std::map<std::string, std::string> Object::annotations() const {
  return string_map(get_object(json, "/metadata/annotations"));
}

std::string Object::annotation(std::string_view key) const {
  const Json& all = get_object(json, "/metadata/annotations");
  const auto it = all.find(std::string(key));
  return it != all.end() && it->is_string() ? it->get<std::string>() : std::string{};
}

ObjectRef Object::ref() const {
  Gvk type = gvk();
  return {std::move(type.group), std::move(type.kind), ns(), name()};
}

std::string controller_uid(const Object& object) {
  for (const Json& owner : get_array(object.json, "/metadata/ownerReferences")) {
    if (get_bool(owner, "/controller")) return get_string(owner, "/uid");
  }
  return {};
}

std::vector<Object> expand_list(Object object) {
  const std::string kind = object.kind();
  const Json* items = find(object.json, "/items");
  if (!kind.ends_with("List") || items == nullptr || !items->is_array()) return {std::move(object)};
  const std::string item_kind = kind.substr(0, kind.size() - 4);
  const std::string api_version = object.api_version();
  std::vector<Object> out;
  out.reserve(items->size());
  for (Json& item : object.json["items"]) {
    if (item.is_object()) {
      // Typed lists from the API leave both out of their items.
      if (!item_kind.empty() && !item.contains("kind")) item["kind"] = item_kind;
      if (!item_kind.empty() && !item.contains("apiVersion")) item["apiVersion"] = api_version;
    }
    out.push_back(Object{std::move(item)});
  }
  return out;
}

std::string escape_pointer(std::string_view key) {
  std::string out;
  out.reserve(key.size());
  for (const char c : key) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

std::string pointer_from_field_path(std::string_view field_path) {
  std::string out;
  std::string key;
  const auto flush = [&] {
    if (!key.empty()) out += "/" + escape_pointer(key);
    key.clear();
  };
  for (std::size_t i = 0; i < field_path.size(); ++i) {
    const char c = field_path[i];
    if (c == '.') {
      flush();
    } else if (c == '[') {
      flush();
      const auto end = field_path.find(']', i);
      const auto token = field_path.substr(i + 1, end == std::string_view::npos ? end : end - i - 1);
      out += "/" + escape_pointer(token);
      if (end == std::string_view::npos) return out;
      i = end;
    } else {
      key += c;
    }
  }
  flush();
  return out;
}

}  // namespace instantexec::model
