#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "status/event_view.h"
#include "status/status.h"

// What the per-kind rules share. Internal to the module.
namespace instantexec::status {

// Everything a rule may look at.
struct Input {
  const model::Object& object;
  const Family& family;
  const EventsBySubject& events;
  const Context& context;
};

using Rule = Assessment (*)(const Input&);

// The rule of a kind this program knows by name, or nullptr.
[[nodiscard]] Rule built_in_rule(const model::Gvk& gvk);

// Everything else: by the rule, if there is one; then by the kind's schema and the conventions.
[[nodiscard]] Assessment assess_custom(const CustomRule* rule, const Input& input);

// What the status of an unknown kind says by common conventions. Never Failed.
[[nodiscard]] Assessment by_convention(const Input& input);
// Somebody has paused the object in its spec.
[[nodiscard]] std::optional<Assessment> held_by_spec(const Input& input);
// Reason of its verdict when no convention applies.
inline constexpr std::string_view kNotUnderstood = "StatusNotUnderstood";

// Verdicts. `message` may be raw text from the cluster; it is sanitised and cut here.
[[nodiscard]] Assessment current(std::string_view reason, std::string_view message);
[[nodiscard]] Assessment in_progress(std::string_view reason, std::string_view message);
[[nodiscard]] Assessment failed(std::string_view reason, std::string_view message,
                                std::string_view hint = {});
[[nodiscard]] Assessment suspended(std::string_view reason, std::string_view message, std::string_view hint);

// One line of external text, sanitised and of bounded length.
[[nodiscard]] std::string clean(std::string_view text);

// A status condition of the current generation.
struct Condition {
  std::string type;
  std::string status;  // "True", "False", "Unknown"; "" when it has none
  std::string reason;
  std::string message;
  std::string severity;  // of Cluster API's conditions: "Error", "Warning", "Info"; else empty
  Timestamp since;       // lastTransitionTime, zero when absent
  Timestamp updated;     // lastUpdateTime, else `since`

  [[nodiscard]] bool is_true() const { return status == "True"; }
  [[nodiscard]] bool is_false() const { return status == "False"; }
};

// The condition of this type; nothing when absent or observed for an older generation than the object's.
[[nodiscard]] std::optional<Condition> find_condition(const model::Object& object, std::string_view type);
[[nodiscard]] std::vector<Condition> conditions(const model::Object& object);
// One item of a conditions array; nothing when it is malformed or older than `generation`.
[[nodiscard]] std::optional<Condition> read_condition(const model::Json& item, std::int64_t generation);

// status.observedGeneration as a number or a numeric string; nothing when absent or something else.
[[nodiscard]] std::optional<std::int64_t> observed_generation(const model::Object& object);

// A count at the pointer, between 0 and what an int32 of the API can hold, whatever is written there.
[[nodiscard]] std::int64_t count_at(const model::Json& value, std::string_view pointer,
                                    std::int64_t otherwise = 0);

// RFC 3339 text at the pointer, zero when absent or unreadable.
[[nodiscard]] Timestamp time_at(const model::Json& value, std::string_view pointer);

// The earlier of two; unset means never.
[[nodiscard]] std::optional<Timestamp> earlier(std::optional<Timestamp> a, std::optional<Timestamp> b);

// Events about this object (by UID; by name for events without one) seen since our apply, in the order given.
[[nodiscard]] std::vector<const model::Object*> events_about(const model::Object& object, const Input& input);

// The text as one word of a shell's command, in quotes where it needs them: a Role may be named "a; reboot".
[[nodiscard]] std::string shell_word(std::string_view text);

// "kubectl -n demo describe pod web-1": the shortest command that shows an object.
[[nodiscard]] std::string describe_command(const model::Object& object);
// "kubectl -n demo logs web-1 -c app --previous": what a container said, or said before its last restart.
[[nodiscard]] std::string logs_command(const model::Object& pod, std::string_view container, bool previous);

}  // namespace instantexec::status
