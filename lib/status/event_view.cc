#include "status/event_view.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>

namespace instantexec::status {
namespace {

Timestamp time_at(const model::Object& event, std::string_view pointer) {
  const auto text = model::get_string(event.json, pointer);
  return text.empty() ? Timestamp{} : parse_rfc3339(text).value_or(Timestamp{});
}

}  // namespace

bool is_event(const model::Object& object) {
  if (object.kind() != "Event") return false;
  const std::string group = object.gvk().group;
  return group.empty() || group == "events.k8s.io";
}

EventView::EventView(const model::Object& event)
    : event_(event), subject_(&model::get_object(event.json, "/involvedObject")) {
  if (subject_->empty()) subject_ = &model::get_object(event.json, "/regarding");
}

model::ObjectRef EventView::subject() const {
  const model::Gvk gvk =
      model::make_gvk(model::get_string(*subject_, "/apiVersion"), model::get_string(*subject_, "/kind"));
  return {gvk.group, gvk.kind, model::get_string(*subject_, "/namespace"),
          model::get_string(*subject_, "/name")};
}

std::string EventView::container() const {
  const std::string path = model::get_string(*subject_, "/fieldPath");
  const auto open = path.find('{');
  const auto close = path.find('}', open);
  if (open == std::string::npos || close == std::string::npos) return {};
  return path.substr(open + 1, close - open - 1);
}

std::string EventView::message() const {
  return model::get_string(event_.json, "/message", model::get_string(event_.json, "/note"));
}

std::int64_t EventView::count() const {
  const std::int64_t count = std::max({std::int64_t{1}, model::get_int(event_.json, "/count"),
                                       model::get_int(event_.json, "/deprecatedCount"),
                                       model::get_int(event_.json, "/series/count")});
  return std::min<std::int64_t>(count, std::numeric_limits<std::int32_t>::max());  // as the API has it
}

Timestamp EventView::first_seen() const {
  for (const std::string_view field : {"/firstTimestamp", "/deprecatedFirstTimestamp", "/eventTime"}) {
    const Timestamp at = time_at(event_, field);
    if (at != Timestamp{}) return at;
  }
  return time_at(event_, "/metadata/creationTimestamp");
}

Timestamp EventView::last_seen() const {
  Timestamp latest = first_seen();
  for (const std::string_view field :
       {"/lastTimestamp", "/deprecatedLastTimestamp", "/series/lastObservedTime"}) {
    latest = std::max(latest, time_at(event_, field));
  }
  return latest;
}

EventsBySubject::EventsBySubject(std::span<const model::Object> events) {
  for (const model::Object& event : events) events_[EventView(event).subject_uid()].push_back(&event);
}

std::span<const model::Object* const> EventsBySubject::of(std::string_view uid) const {
  const auto found = events_.find(uid);
  if (found == events_.end()) return {};
  return found->second;
}

bool tells_of_health(const model::Object& event) {
  static constexpr std::array<std::string_view, 5> kReasons{"TriggeredScaleUp", "NotTriggerScaleUp",
                                                            "Nominated", "Killing", "WaitForFirstConsumer"};
  const EventView view(event);
  const std::string reason = view.reason();
  return view.warning() || std::find(kReasons.begin(), kReasons.end(), reason) != kReasons.end();
}

}  // namespace instantexec::status
