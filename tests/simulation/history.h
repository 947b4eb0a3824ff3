#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

// What happened in a simulated cluster, as somebody beside the engine saw it.
namespace instantexec::simulation {

using Json = nlohmann::json;
// One stored state of an object; null: none.
using State = std::shared_ptr<const Json>;

struct Entry {
  enum class Kind {
    kSent,     // a process handed a write to its connection (no dry-run)
    kChanged,  // the server stored another state
  };
  Kind kind = Kind::kChanged;
  std::int64_t ms = 0;  // virtual time
  std::string actor;    // a process of the tool ("p1", "p2" …), "kubectl" for others, "" for controllers
  std::string verb;     // of kSent: "apply", "create", "replace", "patch", "delete"
  std::string key;      // "Kind/namespace/name"
  State before;         // of kChanged
  State after;          // of kChanged
};

using History = std::vector<Entry>;

// The object without what changes though nobody changed it: status, counters, times, and what controllers
// write about themselves. Field owners are under "owners", by manager; `left_out` is not among them.
[[nodiscard]] Json canonical(const Json& object, const std::string& left_out);
// "Kind/namespace/name" of an object.
[[nodiscard]] std::string key_of(const Json& object);
// Whether everything that `wanted` says is in `found`; lists have to agree in length.
[[nodiscard]] bool holds(const Json& found, const Json& wanted);
// Base64 as Secrets carry it; empty for what is not that.
[[nodiscard]] std::string from_base64(const std::string& text);
// The head of a release's records out of its Secret; null when it cannot be read.
[[nodiscard]] Json head_in(const Json& secret);
// A string inside, or "".
[[nodiscard]] std::string text_at(const Json& json, const char* pointer);

}  // namespace instantexec::simulation
