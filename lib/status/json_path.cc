#include "status/json_path.h"

#include <fmt/format.h>

#include <charconv>

#include "base/text.h"

namespace instantexec::status {
namespace {

constexpr std::size_t kMaxSteps = 32;
constexpr std::size_t kMaxValues = 10'000;

// Reads "'text'" or "\"text\"" to its end; nothing when it is no whole quoted text.
std::optional<std::string> unquote(std::string_view text) {
  if (text.size() < 2 || (text.front() != '\'' && text.front() != '"') || text.back() != text.front()) {
    return std::nullopt;
  }
  const std::string_view inner = text.substr(1, text.size() - 2);
  if (inner.find(text.front()) != std::string_view::npos) return std::nullopt;
  return std::string(inner);
}

// What stands in brackets: *, a number, a quoted key, ?(@.key=='value').
std::optional<JsonPath::Step> read_bracket(std::string_view text) {
  text = trim(text);
  if (text == "*") return JsonPath::Step{JsonPath::Kind::kAll, "", 0, ""};
  if (auto key = unquote(text)) return JsonPath::Step{JsonPath::Kind::kKey, *std::move(key), 0, ""};
  if (text.starts_with("?(@.") && text.ends_with(")")) {
    const std::string_view test = text.substr(4, text.size() - 5);
    const auto equals = test.find("==");
    if (equals == std::string_view::npos || equals == 0) return std::nullopt;
    auto value = unquote(trim(test.substr(equals + 2)));
    if (!value) return std::nullopt;
    return JsonPath::Step{JsonPath::Kind::kWhere, std::string(trim(test.substr(0, equals))), 0,
                          *std::move(value)};
  }
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return JsonPath::Step{JsonPath::Kind::kIndex, "", index, ""};
}

// The closing bracket of the one at `begin`, quotes respected.
std::size_t closing(std::string_view text, std::size_t begin) {
  char quote = 0;
  for (std::size_t i = begin + 1; i < text.size(); ++i) {
    if (quote != 0) {
      if (text[i] == quote) quote = 0;
    } else if (text[i] == '\'' || text[i] == '"') {
      quote = text[i];
    } else if (text[i] == ']') {
      return i;
    }
  }
  return std::string_view::npos;
}

void follow(const model::Json& value, const JsonPath& path, std::size_t step,
            std::vector<const model::Json*>& out) {
  if (out.size() >= kMaxValues || value.is_null()) return;
  if (step == path.steps.size()) {
    out.push_back(&value);
    return;
  }
  const JsonPath::Step& next = path.steps[step];
  switch (next.kind) {
    case JsonPath::Kind::kKey:
      if (!value.is_object()) return;
      if (const auto found = value.find(next.key); found != value.end()) follow(*found, path, step + 1, out);
      return;
    case JsonPath::Kind::kIndex:
      if (value.is_array() && next.index < value.size()) follow(value[next.index], path, step + 1, out);
      return;
    case JsonPath::Kind::kAll:
      if (!value.is_structured()) return;
      for (const model::Json& item : value) follow(item, path, step + 1, out);
      return;
    case JsonPath::Kind::kWhere:
      if (!value.is_array()) return;
      for (const model::Json& item : value) {
        const auto found = item.is_object() ? item.find(next.key) : item.end();
        if (item.is_object() && found != item.end() && scalar_text(*found) == next.value) {
          follow(item, path, step + 1, out);
        }
      }
      return;
  }
}

}  // namespace

std::optional<JsonPath> parse_json_path(std::string_view text) {
  JsonPath out;
  out.text = std::string(text);
  std::size_t i = text.starts_with('$') ? 1 : 0;
  while (i < text.size()) {
    if (out.steps.size() >= kMaxSteps) return std::nullopt;
    if (text[i] == '[') {
      const std::size_t end = closing(text, i);
      if (end == std::string_view::npos) return std::nullopt;
      auto step = read_bracket(text.substr(i + 1, end - i - 1));
      if (!step) return std::nullopt;
      out.steps.push_back(*std::move(step));
      i = end + 1;
      continue;
    }
    if (text[i] == '.') {
      ++i;
    } else if (!out.steps.empty() || text.starts_with('$')) {
      return std::nullopt;  // a key right after a bracket
    }
    const std::size_t end = std::min(text.find_first_of(".[", i), text.size());
    const std::string_view key = text.substr(i, end - i);
    if (key.empty() || key.find_first_of(" ]'\"()") != std::string_view::npos) return std::nullopt;
    out.steps.push_back({key == "*" ? JsonPath::Kind::kAll : JsonPath::Kind::kKey, std::string(key), 0, ""});
    i = end;
  }
  if (out.steps.empty()) return std::nullopt;
  return out;
}

std::vector<const model::Json*> select(const model::Json& root, const JsonPath& path) {
  std::vector<const model::Json*> out;
  follow(root, path, 0, out);
  return out;
}

std::string scalar_text(const model::Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  if (value.is_number_unsigned()) return fmt::format("{}", value.get<std::uint64_t>());
  if (value.is_number_integer()) return fmt::format("{}", value.get<std::int64_t>());
  if (value.is_number()) return fmt::format("{}", value.get<double>());
  return {};
}

}  // namespace instantexec::status
