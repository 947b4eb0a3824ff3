#pragma once

#include <cstdint>
#include <string>

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

}  // namespace instantexec::status
