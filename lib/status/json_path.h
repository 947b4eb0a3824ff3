#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/object.h"

namespace instantexec::status {

// The part of JSONPath (RFC 9535) that health rules use. A leading "$" or "." may be left out:
// "status.phase", "$.status.parents[*].conditions", "spec['a.b/c']", "status.items[0]",
// "status.conditions[?(@.type=='Ready')].reason".
struct JsonPath {
  enum class Kind { kKey, kIndex, kAll, kWhere };
  struct Step {
    Kind kind = Kind::kKey;
    std::string key;        // of kKey and kWhere
    std::size_t index = 0;  // of kIndex
    std::string value;      // of kWhere: the key's value, as text
  };
  std::string text;  // as written
  std::vector<Step> steps;
};

// Nothing when the text is no such path or has more than 32 steps.
[[nodiscard]] std::optional<JsonPath> parse_json_path(std::string_view text);

// The values at the path, at most 10,000; a wildcard over an object gives its values. Null is no value.
[[nodiscard]] std::vector<const model::Json*> select(const model::Json& root, const JsonPath& path);

// A scalar as text ("true", "3"); empty for anything else.
[[nodiscard]] std::string scalar_text(const model::Json& value);

}  // namespace instantexec::status
