#include "validate/selector.h"

#include <algorithm>

namespace instantexec::validate {
namespace {

using model::Json;

bool contains(const Labels& labels, const Labels& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& label) {
    const auto it = labels.find(label.first);
    return it != labels.end() && it->second == label.second;
  });
}

bool expression_matches(const Json& expression, const Labels& labels) {
  const auto it = labels.find(model::get_string(expression, "/key"));
  const std::string op = model::get_string(expression, "/operator");
  const Json& values = model::get_array(expression, "/values");
  const bool listed = it != labels.end() && std::any_of(values.begin(), values.end(), [&](const Json& value) {
                        return value.is_string() && value.get_ref<const std::string&>() == it->second;
                      });
  if (op == "In") return listed;
  if (op == "NotIn") return !listed;
  if (op == "Exists") return it != labels.end();
  if (op == "DoesNotExist") return it == labels.end();
  return false;
}

}  // namespace

Labels labels_of(const Json* value) {
  Labels out;
  if (value == nullptr || !value->is_object()) return out;
  for (const auto& [key, item] : value->items()) {
    if (item.is_string()) out.emplace(key, item.get<std::string>());
  }
  return out;
}

bool label_selector_matches(const Json& selector, const Labels& labels) {
  if (!contains(labels, labels_of(model::find(selector, "/matchLabels")))) return false;
  const Json& expressions = model::get_array(selector, "/matchExpressions");
  return std::all_of(expressions.begin(), expressions.end(),
                     [&](const Json& expression) { return expression_matches(expression, labels); });
}

bool equality_selector_matches(const Labels& selector, const Labels& labels) {
  return !selector.empty() && contains(labels, selector);
}

}  // namespace instantexec::validate
