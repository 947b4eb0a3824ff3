#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "status/status.h"

// Tables of cases for lib/status. JSON is written with ' for "; the text "@30" is the time 30 s after the
// moment of the apply, "@-60" a minute before it.
namespace instantexec::status::test {

// 2026-01-01T00:00:00Z: the moment of the apply in every table.
inline constexpr Timestamp kApply{Duration{1767225600000}};
[[nodiscard]] Timestamp at(int seconds);

[[nodiscard]] model::Object object(std::string_view text);
[[nodiscard]] std::vector<model::Object> objects(const std::vector<std::string>& texts);

inline constexpr auto kCurrent = model::HealthStatus::kCurrent;
inline constexpr auto kInProgress = model::HealthStatus::kInProgress;
inline constexpr auto kFailed = model::HealthStatus::kFailed;
inline constexpr auto kSuspended = model::HealthStatus::kSuspended;
inline constexpr auto kTerminating = model::HealthStatus::kTerminating;
inline constexpr auto kUnknown = model::HealthStatus::kUnknown;

struct Row {
  std::string name;
  std::string subject;
  std::vector<std::string> others;  // descendants and events
  int now = 10;                     // seconds after the apply
  model::HealthStatus status = kCurrent;
  std::string reason;
  int changes_at = -1;  // seconds after the apply; -1: only an event can change the verdict
};

using Tweak = void (*)(Context&);

// Judges every row and compares status, reason and changes_at.
void check(const std::vector<Row>& rows, Tweak tweak = nullptr);

// Objects in short form. `spec` and `status` are the inner parts of those fields.
[[nodiscard]] std::string deployment(std::string_view spec, std::string_view status);
[[nodiscard]] std::string stateful_set(std::string_view spec, std::string_view status);
[[nodiscard]] std::string daemon_set(std::string_view spec, std::string_view status);
[[nodiscard]] std::string job(std::string_view spec, std::string_view status);
// A ReplicaSet "rs<revision>" of the Deployment.
[[nodiscard]] std::string replica_set(int revision, int wanted, int created);
// A pod owned by `owner`; spec and status hold whole fields. Revision 2's hash label is "h2".
[[nodiscard]] std::string pod(std::string_view name, std::string_view owner, std::string_view status,
                              std::string_view spec = "'containers':[{'name':'app','image':'reg/app:1'}]",
                              std::string_view hash = "h2");
// Status of a pod that runs and is not ready, with this container status for "app".
[[nodiscard]] std::string pending(std::string_view container);
// An Event about the object with this UID.
[[nodiscard]] std::string event(std::string_view uid, std::string_view reason, std::string_view message,
                                int first, int last, int count, std::string_view container = "");
// Any object "x" of generation 2, created at the moment of the apply; `rest` are more top-level fields.
[[nodiscard]] std::string plain(std::string_view api, std::string_view kind, std::string_view rest);
[[nodiscard]] std::string condition(std::string_view type, std::string_view status,
                                    std::string_view reason = "", int since = 0);

// "Ready=True/Reason/message; Other=False" as 'conditions':[…], inner part of a status.
[[nodiscard]] std::string conditions_of(std::string_view text);

// The bundled rules, as the program reads them.
std::vector<CustomRule> bundled();

}  // namespace instantexec::status::test
