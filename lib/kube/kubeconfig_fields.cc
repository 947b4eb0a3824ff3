#include "kube/kubeconfig_fields.h"

#include <fmt/format.h>

#include <utility>

#include "base/digest.h"
#include "base/text.h"

namespace instantexec::kube {
namespace {

const model::Json& empty_object() {
  static const model::Json empty = model::Json::object();
  return empty;
}

}  // namespace

FieldReader::FieldReader(const model::Json& object, std::string path, std::vector<std::string>& problems)
    : object_(object), path_(std::move(path)), problems_(problems) {}

const model::Json* FieldReader::value(std::string_view key) const {
  if (!object_.is_object()) return nullptr;
  const auto found = object_.find(key);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

std::string FieldReader::path_of(std::string_view key) const {
  return path_.empty() ? std::string(key) : fmt::format("{}.{}", path_, key);
}

void FieldReader::problem(std::string_view key, std::string_view what) {
  problems_.push_back(fmt::format("{} {}", sanitise_line(path_of(key)), what));
}

std::string FieldReader::text(std::string_view key) {
  const model::Json* found = value(key);
  if (found == nullptr) return {};
  if (found->is_string()) return found->get<std::string>();
  problem(key, found->is_primitive() ? "must be a string (write it in quotes)" : "must be a string");
  return {};
}

bool FieldReader::flag(std::string_view key) {
  const model::Json* found = value(key);
  if (found == nullptr) return false;
  if (found->is_boolean()) return found->get<bool>();
  problem(key, "must be true or false");
  return false;
}

std::string FieldReader::bytes(std::string_view key) {
  auto decoded = base64_decode(text(key));
  if (decoded) return std::move(*decoded);
  problem(key, "is not base64 text");
  return {};
}

std::vector<std::string> FieldReader::texts_of(const model::Json& list, std::string_view key) {
  std::vector<std::string> out;
  if (list.is_null()) return out;
  if (!list.is_array()) {
    problem(key, "must be a list of strings");
    return out;
  }
  for (const model::Json& item : list) {
    if (item.is_string() || item.is_null()) {
      out.push_back(item.is_string() ? item.get<std::string>() : std::string());
    } else {
      problem(key, "must hold only strings (write numbers in quotes)");
    }
  }
  return out;
}

std::vector<std::string> FieldReader::texts(std::string_view key) {
  const model::Json* found = value(key);
  return found == nullptr ? std::vector<std::string>{} : texts_of(*found, key);
}

std::map<std::string, std::string, std::less<>> FieldReader::text_map(std::string_view key) {
  std::map<std::string, std::string, std::less<>> out;
  FieldReader reader(object(key), path_of(key), problems_);
  for (const auto& [name, ignored] : object(key).items()) out[name] = reader.text(name);
  return out;
}

std::map<std::string, std::vector<std::string>> FieldReader::texts_map(std::string_view key) {
  std::map<std::string, std::vector<std::string>> out;
  FieldReader reader(object(key), path_of(key), problems_);
  for (const auto& [name, list] : object(key).items()) out[name] = reader.texts_of(list, name);
  return out;
}

std::vector<const model::Json*> FieldReader::objects(std::string_view key) {
  std::vector<const model::Json*> out;
  const model::Json* found = value(key);
  if (found == nullptr) return out;
  if (!found->is_array()) {
    problem(key, "must be a list");
    return out;
  }
  for (const model::Json& item : *found) {
    if (!item.is_object() && !item.is_null())
      problem(fmt::format("{}[{}]", key, out.size()), "must be a map");
    out.push_back(item.is_object() ? &item : &empty_object());
  }
  return out;
}

const model::Json& FieldReader::object(std::string_view key) {
  const model::Json* found = value(key);
  if (found == nullptr) return empty_object();
  if (found->is_object()) return *found;
  problem(key, "must be a map");
  return empty_object();
}

}  // namespace instantexec::kube
