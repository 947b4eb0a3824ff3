#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "model/object.h"

namespace instantexec::status {

// A core/v1 or events.k8s.io/v1 Event.
[[nodiscard]] bool is_event(const model::Object& object);

// A warning, or one of the few others that a verdict may rest on: what autoscalers say, and who ended a
// container.
[[nodiscard]] bool tells_of_health(const model::Object& event);

// Reads both forms of an Event. Both APIs serve the same stored objects under different field names: core/v1
// has involvedObject, message, firstTimestamp, lastTimestamp and count, events.k8s.io/v1 has regarding, note,
// eventTime, series and the old times as deprecated fields.
class EventView {
 public:
  // `event` must outlive the view.
  explicit EventView(const model::Object& event);

  [[nodiscard]] std::string subject_uid() const { return model::get_string(*subject_, "/uid"); }
  [[nodiscard]] model::ObjectRef subject() const;
  // Of a container: "app" from fieldPath "spec.containers{app}"; empty for the object as a whole.
  [[nodiscard]] std::string container() const;
  [[nodiscard]] std::string reason() const { return model::get_string(event_.json, "/reason"); }
  [[nodiscard]] std::string message() const;
  [[nodiscard]] bool warning() const { return model::get_string(event_.json, "/type") == "Warning"; }
  [[nodiscard]] std::int64_t count() const;  // at least 1
  // Zero when the event has no readable time.
  [[nodiscard]] Timestamp first_seen() const;
  [[nodiscard]] Timestamp last_seen() const;

 private:
  const model::Object& event_;
  const model::Json* subject_;
};

// Events by what they are about, so that each of thousands of pods looks at its own only. They must outlive
// this.
class EventsBySubject {
 public:
  EventsBySubject() = default;
  explicit EventsBySubject(std::span<const model::Object> events);

  // In the order given. Empty UID: those that name none.
  [[nodiscard]] std::span<const model::Object* const> of(std::string_view uid) const;

 private:
  std::map<std::string, std::vector<const model::Object*>, std::less<>> events_;  // by UID
};

}  // namespace instantexec::status
