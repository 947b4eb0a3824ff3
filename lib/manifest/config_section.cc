#include "manifest/config_section.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace instantexec::manifest {
namespace {

using model::Json;

constexpr Duration kLongest = std::chrono::hours(24);

bool is_label(std::string_view text) {
  const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !text.empty() && text.size() <= 63 && alphanumeric(text.front()) && alphanumeric(text.back()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return alphanumeric(c) || c == '-'; });
}

std::string shown(std::string_view pointer) {
  std::string out(pointer.substr(pointer.empty() ? 0 : 1));
  std::replace(out.begin(), out.end(), '/', '.');
  return out.empty() ? "the configuration" : sanitise_line(out, 120);
}

}  // namespace

void ConfigSink::report(std::string_view rule, std::string_view pointer, std::string message,
                        std::string hint) const {
  model::Finding finding;
  finding.rule = rule;
  finding.message = std::move(message);
  finding.hint = std::move(hint);
  finding.field = pointer.empty() ? "" : shown(pointer);
  finding.at = {file, {}, {}};
  if (positions != nullptr) {
    for (std::string_view at = pointer;; at = at.substr(0, at.rfind('/'))) {
      if (const auto it = positions->find(at); it != positions->end()) {
        finding.at = {file, it->second, it->second};
        break;
      }
      if (at.empty()) break;
    }
  }
  problems->push_back(std::move(finding));
}

ConfigSection::ConfigSection(const ConfigSink& sink, const Json* json, std::string pointer)
    : sink_(sink), pointer_(std::move(pointer)) {
  if (json == nullptr || json->is_null()) return;
  if (json->is_object()) {
    json_ = json;
  } else {
    wrong_type(pointer_, "a mapping");
  }
}

std::string ConfigSection::pointer_of(std::string_view key) const {
  return pointer_ + "/" + model::escape_pointer(key);
}

bool ConfigSection::has(std::string_view key) const {
  return json_ != nullptr && json_->contains(std::string(key));
}

const Json* ConfigSection::get(std::string_view key) {
  known_.emplace_back(key);
  if (json_ == nullptr) return nullptr;
  const auto it = json_->find(std::string(key));
  return it == json_->end() || it->is_null() ? nullptr : &*it;
}

void ConfigSection::wrong_type(std::string_view pointer, std::string_view wanted) const {
  sink_.report("config.wrong-type", pointer, fmt::format("{} must be {}", shown(pointer), wanted));
}

void ConfigSection::text(std::string_view key, std::string& out) {
  const Json* value = get(key);
  if (value == nullptr) return;
  if (value->is_string()) {
    out = value->get<std::string>();
  } else {
    wrong_type(pointer_of(key), "text; put it in quotes");
  }
}

void ConfigSection::list(std::string_view key, Json& out) {
  const Json* value = get(key);
  if (value == nullptr) return;
  if (value->is_array()) {
    out = *value;
  } else {
    wrong_type(pointer_of(key), "a list");
  }
}

void ConfigSection::flag(std::string_view key, bool& out) {
  const Json* value = get(key);
  if (value == nullptr) return;
  if (value->is_boolean()) {
    out = value->get<bool>();
  } else {
    wrong_type(pointer_of(key), "true or false");
  }
}

void ConfigSection::number(std::string_view key, double low, double high, double& out) {
  const Json* value = get(key);
  if (value == nullptr) return;
  if (!value->is_number()) {
    wrong_type(pointer_of(key), "a number");
    return;
  }
  const double read = value->get<double>();
  if (read < low || read > high) {
    sink_.report("config.out-of-range", pointer_of(key),
                 fmt::format("{} must be between {} and {}", shown(pointer_of(key)), low, high));
    return;
  }
  out = read;
}

void ConfigSection::count(std::string_view key, std::size_t& out) {
  const Json* value = get(key);
  if (value == nullptr) return;
  if (value->is_number_integer() && value->get<std::int64_t>() >= 0) {
    out = value->get<std::size_t>();
  } else {
    wrong_type(pointer_of(key), "a whole number, 0 or more");
  }
}

void ConfigSection::duration(std::string_view key, std::optional<Duration>& out) {
  const Json* value = get(key);
  if (value == nullptr) return;
  if (!value->is_number() && !value->is_string()) {
    wrong_type(pointer_of(key), "a number of seconds or a duration such as 90s or 1h30m");
    return;
  }
  const auto read = parse_duration(value->is_string() ? value->get<std::string>() : value->dump());
  if (!read || *read <= Duration{0} || *read > kLongest) {
    sink_.report("config.out-of-range", pointer_of(key),
                 fmt::format("{} must be a time above zero and at most 24h, such as 90, 90s or 1h30m",
                             shown(pointer_of(key))));
    return;
  }
  out = *read;
}

void ConfigSection::texts(std::string_view key, std::vector<std::string>& out) {
  const Json* value = get(key);
  if (value == nullptr) return;
  if (!value->is_array()) {
    wrong_type(pointer_of(key), "a list of texts");
    return;
  }
  std::vector<std::string> read;
  for (std::size_t i = 0; i < value->size(); ++i) {
    const Json& item = (*value)[i];
    if (item.is_string()) {
      read.push_back(item.get<std::string>());
    } else {
      wrong_type(fmt::format("{}/{}", pointer_of(key), i), "text; put it in quotes");
    }
  }
  out = std::move(read);
}

bool ConfigSection::safe_path(std::string_view pointer, const std::string& path) const {
  bool safe = !path.empty() && path.front() != '/' && path.find('\0') == std::string::npos;
  for (const std::string_view part : split(path, '/')) safe = safe && part != "..";
  if (!safe) {
    sink_.report("config.unsafe-path", pointer,
                 fmt::format("{} must be a path within the repository, without ..", shown(pointer)),
                 "write it relative to the repository's root");
  }
  return safe;
}

void ConfigSection::path(std::string_view key, std::string& out) {
  std::string read;
  text(key, read);
  const bool given = has(key) && (*json_)[std::string(key)].is_string();
  if (given && safe_path(pointer_of(key), read)) out = std::move(read);
}

void ConfigSection::paths(std::string_view key, std::vector<std::string>& out) {
  std::vector<std::string> read;
  texts(key, read);
  if (!has(key)) return;
  out.clear();
  for (std::size_t i = 0; i < read.size(); ++i) {
    if (safe_path(fmt::format("{}/{}", pointer_of(key), i), read[i])) out.push_back(std::move(read[i]));
  }
}

void ConfigSection::label(std::string_view key, std::string& out) {
  std::string read;
  text(key, read);
  if (!has(key) || !(*json_)[std::string(key)].is_string()) return;
  if (is_label(read)) {
    out = std::move(read);
  } else {
    sink_.report(
        "config.out-of-range", pointer_of(key),
        fmt::format("{} must be 1 to 63 of a-z, 0-9 and -, beginning and ending with a letter or digit",
                    shown(pointer_of(key))));
  }
}

ConfigSection ConfigSection::section(std::string_view key) {
  return {sink_, get(key), pointer_of(key)};
}

std::vector<ConfigSection> ConfigSection::sections(std::string_view key) {
  std::vector<ConfigSection> out;
  const Json* value = get(key);
  if (value == nullptr) return out;
  if (!value->is_array()) {
    wrong_type(pointer_of(key), "a list of mappings");
    return out;
  }
  for (std::size_t i = 0; i < value->size(); ++i) {
    out.emplace_back(sink_, &(*value)[i], fmt::format("{}/{}", pointer_of(key), i));
  }
  return out;
}

void ConfigSection::finish() {
  if (json_ == nullptr) return;
  for (const auto& [key, value] : json_->items()) {
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    const auto near = nearest(key, known_);
    const std::string place = pointer_.empty() ? "" : fmt::format(" in {}", shown(pointer_));
    sink_.report("config.unknown-key", pointer_of(key),
                 fmt::format("unknown key \"{}\"{}{}", sanitise_line(key, 60), place,
                             near ? fmt::format("; did you mean \"{}\"?", *near) : std::string{}),
                 fmt::format("known here: {}", join(known_, ", ")));
  }
}

}  // namespace instantexec::manifest
