#include "fuzz/fuzz.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

#include "base/text.h"

namespace instantexec::fuzz {
namespace {

using model::Json;

// Field names of real objects, list keys among them, and some that JSON pointers must escape.
constexpr std::array<const char*, 12> kKeys = {"name", "key",  "port", "a",   "b",     "data",
                                               "x/y",  "m~n0", "",     "uid", "items", "env"};
constexpr std::array<const char*, 6> kWords = {"", "a", "b", "name", "1", "\xc3\xa9"};

std::string word(Choices& choices) {
  return kWords[choices.below(kWords.size())];
}

Json scalar(Choices& choices) {
  switch (choices.below(5)) {
    case 0:
      return nullptr;
    case 1:
      return choices.flip();
    case 2:
      return static_cast<int>(choices.below(4));
    default:
      return word(choices);
  }
}

// Items that the API matches by a field; now and then two of them have the same value of it.
Json keyed_list(Choices& choices, int depth) {
  Json out = Json::array();
  const char* key = kKeys[choices.below(3)];
  const std::size_t count = choices.below(4);
  for (std::size_t i = 0; i < count; ++i) {
    const unsigned bits = choices.byte();
    Json item = Json::object();
    item[key] = bits % 16 == 15 ? "same" : "n" + std::to_string(bits % 2 == 0 ? i : i + 4);
    item["value"] = any_json(choices, depth + 2);
    out.push_back(std::move(item));
  }
  return out;
}

}  // namespace

std::vector<Target>& targets() {
  static std::vector<Target> all;
  return all;
}

bool add_target(const char* name, Run run) {
  targets().push_back({name, run});
  return true;
}

void promise(bool holds, std::string_view what) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %.*s\n", static_cast<int>(what.size()), what.data());
  std::abort();
}

std::uint8_t Choices::byte() {
  if (rest_.empty()) return 0;
  const auto out = static_cast<std::uint8_t>(rest_.front());
  rest_.remove_prefix(1);
  return out;
}

std::string_view Choices::part() {
  const auto end = rest_.find('\0');
  const auto out = rest_.substr(0, end);
  rest_ = end == std::string_view::npos ? std::string_view{} : rest_.substr(end + 1);
  return out;
}

model::Json any_json(Choices& choices, int depth) {
  if (depth > 4) return scalar(choices);
  switch (choices.below(8)) {
    case 0:
    case 1:
      return scalar(choices);
    case 2:
    case 3:
      return keyed_list(choices, depth);
    case 4: {
      Json out = Json::array();
      const std::size_t count = choices.below(4);
      for (std::size_t i = 0; i < count; ++i) out.push_back(any_json(choices, depth + 1));
      return out;
    }
    default: {
      Json out = Json::object();
      const std::size_t count = choices.below(5);
      for (std::size_t i = 0; i < count; ++i) {
        out[kKeys[choices.below(kKeys.size())]] = any_json(choices, depth + 1);
      }
      return out;
    }
  }
}

model::Json edited(const model::Json& value, Choices& choices, int depth) {
  const std::size_t what = choices.below(8);
  if (what == 0) return value;
  if (what == 1 || depth > 6) return any_json(choices, depth);
  Json out = value;
  if (out.is_object()) {
    if (what == 2) out[kKeys[choices.below(kKeys.size())]] = any_json(choices, depth + 1);
    if (out.empty()) return out;
    const auto at = std::next(out.begin(), static_cast<std::ptrdiff_t>(choices.below(out.size())));
    if (what == 3) {
      out.erase(at);
    } else {
      *at = edited(*at, choices, depth + 1);
    }
  } else if (out.is_array() && !out.empty()) {
    const std::size_t at = choices.below(out.size());
    if (what == 2) out.push_back(any_json(choices, depth + 1));
    if (what == 3) {
      out.erase(at);
    } else if (what == 4) {
      std::reverse(out.begin(), out.end());
    } else {
      out[at] = edited(out[at], choices, depth + 1);
    }
  } else {
    return scalar(choices);
  }
  return out;
}

std::size_t depth_of(const model::Json& value) {
  std::size_t out = 0;
  if (!value.is_structured()) return out;
  for (const Json& item : value) out = std::max(out, depth_of(item));
  return out + 1;
}

std::size_t nodes_of(const model::Json& value) {
  std::size_t out = 1;
  if (!value.is_structured()) return out;
  if (value.is_object()) out += value.size();
  for (const Json& item : value) out += nodes_of(item);
  return out;
}

bool harmless(std::string_view text, bool lines) {
  return (lines ? sanitise(text) : sanitise_line(text)) == text;
}

}  // namespace instantexec::fuzz
