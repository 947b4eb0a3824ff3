#include "sim/selectors.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/text.h"

namespace instantexec::sim {
namespace {

using model::get_array;
using model::get_object;
using model::get_string;
using model::Json;

// Requirements are separated by commas outside parentheses.
std::vector<std::string_view> requirements(std::string_view text) {
  std::vector<std::string_view> out;
  int depth = 0;
  std::size_t start = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] == '(') ++depth;
    if (i < text.size() && text[i] == ')') --depth;
    if (i == text.size() || (text[i] == ',' && depth == 0)) {
      out.push_back(trim(text.substr(start, i - start)));
      start = i + 1;
    }
  }
  return out;
}

std::optional<std::string> label(const Json& labels, std::string_view key) {
  const auto it = labels.find(std::string(key));
  if (it == labels.end() || !it->is_string()) return std::nullopt;
  return it->get<std::string>();
}

bool listed(std::string_view list, const std::optional<std::string>& value) {
  if (!value) return false;
  const auto items = split(list, ',');
  return std::any_of(items.begin(), items.end(), [&](std::string_view item) { return trim(item) == *value; });
}

std::optional<bool> set_based(std::string_view text, const Json& labels) {
  const auto open = text.find('(');
  if (open == std::string_view::npos || !text.ends_with(')')) return std::nullopt;
  const auto list = text.substr(open + 1, text.size() - open - 2);
  const auto head = trim(text.substr(0, open));
  const auto space = head.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const auto value = label(labels, head.substr(0, space));
  const auto operation = trim(head.substr(space));
  if (operation == "in") return listed(list, value);
  if (operation == "notin") return !listed(list, value);
  return std::nullopt;
}

std::optional<bool> requirement(std::string_view text, const Json& labels) {
  if (text.find('(') != std::string_view::npos) return set_based(text, labels);
  if (const auto at = text.find("!="); at != std::string_view::npos && at > 0) {
    const auto value = label(labels, trim(text.substr(0, at)));
    return !value || *value != trim(text.substr(at + 2));
  }
  if (const auto at = text.find('='); at != std::string_view::npos && at > 0) {
    const auto from = at + 1 < text.size() && text[at + 1] == '=' ? at + 2 : at + 1;
    const auto value = label(labels, trim(text.substr(0, at)));
    return value && *value == trim(text.substr(from));
  }
  if (text.starts_with('!')) return !label(labels, trim(text.substr(1)));
  if (text.empty() || text.find(' ') != std::string_view::npos) return std::nullopt;
  return label(labels, text).has_value();
}

bool expression(const Json& rule, const Json& labels) {
  const auto value = label(labels, get_string(rule, "/key"));
  const std::string operation = get_string(rule, "/operator");
  if (operation == "Exists") return value.has_value();
  if (operation == "DoesNotExist") return !value.has_value();
  const Json& values = get_array(rule, "/values");
  const bool in = value && std::find(values.begin(), values.end(), Json(*value)) != values.end();
  return operation == "In" ? in : !in;
}

std::string field_text(const model::Object& object, std::string_view path) {
  const Json* value = model::find(object.json, model::pointer_from_field_path(path));
  if (value == nullptr) return "";
  return value->is_string() ? value->get<std::string>() : value->dump();
}

}  // namespace

Answer<bool> matches_label_selector(std::string_view selector, const Json& labels) {
  if (trim(selector).empty()) return true;
  bool all = true;
  for (const auto part : requirements(selector)) {
    const auto verdict = requirement(part, labels);
    if (!verdict) return refuse(400, "BadRequest", fmt::format("unable to parse requirement: {}", part));
    all = all && *verdict;
  }
  return all;
}

Answer<bool> matches_field_selector(std::string_view selector, const model::Object& object) {
  if (trim(selector).empty()) return true;
  bool all = true;
  for (const auto part : split(selector, ',')) {
    const auto at = part.find('=');
    if (at == std::string_view::npos || at == 0) {
      return refuse(400, "BadRequest",
                    fmt::format("invalid selector: '{}'; can't understand '{}'", selector, part));
    }
    const bool negative = part[at - 1] == '!';
    const auto from = at + 1 < part.size() && part[at + 1] == '=' ? at + 2 : at + 1;
    const bool equal =
        field_text(object, trim(part.substr(0, negative ? at - 1 : at))) == trim(part.substr(from));
    all = all && equal != negative;
  }
  return all;
}

bool matches_selector(const Json& selector, const Json& labels) {
  const Json& pairs = get_object(selector, "/matchLabels");
  if (!pairs.empty() && !holds_all(pairs, labels)) return false;
  const Json& rules = get_array(selector, "/matchExpressions");
  return std::all_of(rules.begin(), rules.end(), [&](const Json& rule) { return expression(rule, labels); });
}

bool holds_all(const Json& pairs, const Json& labels) {
  if (!pairs.is_object() || pairs.empty()) return false;
  for (const auto& [key, value] : pairs.items()) {
    const auto it = labels.find(key);
    if (it == labels.end() || *it != value) return false;
  }
  return true;
}

}  // namespace instantexec::sim
