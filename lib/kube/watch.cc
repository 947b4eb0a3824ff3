#include "kube/watch.h"

#include <utility>

#include "base/text.h"
#include "kube/rest.h"

namespace instantexec::kube {
namespace {

// One event carries one object; the server caps objects far below this.
constexpr std::size_t kMaxFrame = std::size_t{16} << 20U;
// A watch that ends sooner ended for a reason, even when the server gives none.
constexpr Duration kShortLife{1'000};
constexpr int kMinTimeoutSeconds = 300;

// Refusals that no waiting cures.
bool is_final(int http_status) {
  return http_status / 100 == 4 && http_status != 408 && http_status != 410 && http_status != 429;
}

}  // namespace

WatchState::WatchState(model::Gvk item, std::function<double()> random)
    : item_(std::move(item)), random_(std::move(random)), framer_(kMaxFrame) {}

WatchActions WatchState::start() {
  return list_now();
}

WatchActions WatchState::list_now() {
  phase_ = Phase::kListing;
  ++list_;
  return {ListNow{}};
}

WatchNow WatchState::watch_now() {
  phase_ = Phase::kWatching;
  framer_ = JsonFramer(kMaxFrame);
  opened_known_ = false;
  watch_lost_ = false;
  // Spread over 5 to 10 minutes, so that many watches do not come back at once.
  const int seconds = kMinTimeoutSeconds + static_cast<int>(random_() * kMinTimeoutSeconds);
  return {resource_version_, seconds};
}

WatchActions WatchState::relist(Instant now, bool at_once) {
  watch_lost_ = true;
  if (at_once) return list_now();
  phase_ = Phase::kWaitingToList;
  return {WaitUntil{now + backoff_.next(now, random_())}};
}

WatchActions WatchState::rewatch(Instant now, bool at_once) {
  if (at_once) return {watch_now()};
  watch_lost_ = true;
  phase_ = Phase::kWaitingToWatch;
  return {WaitUntil{now + backoff_.next(now, random_())}};
}

WatchActions WatchState::give_up(Error error) {
  phase_ = Phase::kOver;
  return {DeliverFailed{std::move(error)}};
}

// What is left to tell of an object that is gone.
model::Object WatchState::trace_of(const Key& key, const Known& known) const {
  model::Object out;
  out.json["apiVersion"] = item_.api_version();
  out.json["kind"] = item_.kind;
  model::Json& metadata = out.json["metadata"] = model::Json::object();
  if (!key.first.empty()) metadata["namespace"] = key.first;
  metadata["name"] = key.second;
  metadata["uid"] = known.uid;
  metadata["resourceVersion"] = known.resource_version;
  return out;
}

WatchActions WatchState::on_page(std::vector<model::Object> items) {
  WatchActions actions;
  for (model::Object& object : items) {
    const Key key{object.ns(), object.name()};
    Known now{object.uid(), object.resource_version(), list_};
    bool changed = true;
    if (const auto before = known_.find(key); before != known_.end()) {
      // Deleted and made again while nobody looked: both are news.
      if (before->second.uid != now.uid) {
        actions.emplace_back(DeliverDeleted{trace_of(key, before->second)});
      } else {
        changed = before->second.resource_version != now.resource_version;
      }
    }
    known_.insert_or_assign(key, std::move(now));
    if (changed) actions.emplace_back(DeliverChanged{std::move(object)});
  }
  return actions;
}

void WatchState::on_list_restarted() {
  ++list_;
}

WatchActions WatchState::on_list(Instant /*now*/, std::vector<model::Object> items,
                                 std::string resource_version) {
  WatchActions actions = on_page(std::move(items));
  std::erase_if(known_, [&](const auto& entry) {
    if (entry.second.list == list_) return false;
    actions.emplace_back(DeliverDeleted{trace_of(entry.first, entry.second)});
    return true;
  });
  actions.emplace_back(DeliverSynced{});
  resource_version_ = std::move(resource_version);
  actions.emplace_back(watch_now());
  return actions;
}

WatchActions WatchState::on_list_failed(Instant now, int http_status, Error error) {
  if (is_final(http_status)) return give_up(std::move(error));
  return relist(now, /*at_once=*/false);
}

void WatchState::on_opened(Instant now) {
  opened_ = now;
  opened_known_ = true;
}

WatchActions WatchState::on_bytes(Instant now, std::string_view bytes) {
  WatchActions actions;
  if (phase_ != Phase::kWatching || watch_lost_) return actions;
  const bool good = framer_.feed(bytes, [&](std::string_view frame) {
    if (!watch_lost_) fold_frame(now, frame, actions);
  });
  if (!good && !watch_lost_) {
    actions.emplace_back(CloseWatch{});
    for (WatchAction& action : rewatch(now, /*at_once=*/false)) actions.push_back(std::move(action));
  }
  return actions;
}

void WatchState::fold_frame(Instant now, std::string_view frame, WatchActions& actions) {
  auto json = model::parse_json(frame);
  const model::Json* object = json ? model::find(*json, "/object") : nullptr;
  if (object == nullptr || !object->is_object()) {
    actions.emplace_back(CloseWatch{});
    for (WatchAction& action : rewatch(now, /*at_once=*/false)) actions.push_back(std::move(action));
    return;
  }
  const std::string type = model::get_string(*json, "/type");
  if (type == "ERROR") {
    fold_error(now, *object, actions);
    return;
  }
  fold_object(type, model::Object{std::move((*json)["object"])}, actions);
}

// 410 also comes as an event within a 200: the version asked for has been compacted away. Other errors leave
// the stream in an unknown state; a fresh list is the way back from all of them.
void WatchState::fold_error(Instant now, const model::Json& status, WatchActions& actions) {
  const auto parsed = parse_status(status);
  const bool expired =
      parsed && (parsed->code == 410 || parsed->reason == "Expired" || parsed->reason == "Gone");
  actions.emplace_back(CloseWatch{});
  for (WatchAction& action : relist(now, expired)) actions.push_back(std::move(action));
}

void WatchState::fold_object(const std::string& type, model::Object object, WatchActions& actions) {
  const std::string version = object.resource_version();
  if (!version.empty()) resource_version_ = version;
  if (type == "BOOKMARK") return;
  if (!object.json.contains("kind")) object.json["kind"] = item_.kind;
  if (!object.json.contains("apiVersion")) object.json["apiVersion"] = item_.api_version();
  const Key key{object.ns(), object.name()};
  const auto it = known_.find(key);
  if (type == "DELETED") {
    if (it != known_.end()) known_.erase(it);
    actions.emplace_back(DeliverDeleted{std::move(object)});
    return;
  }
  if (type != "ADDED" && type != "MODIFIED") return;
  // The same state twice, as after resuming: no news.
  if (it != known_.end() && it->second.resource_version == version && !version.empty()) return;
  known_.insert_or_assign(key, Known{object.uid(), version, list_});
  actions.emplace_back(DeliverChanged{std::move(object)});
}

WatchActions WatchState::on_closed(Instant now, int http_status, std::optional<Error> error) {
  if (phase_ != Phase::kWatching) return {};
  if (http_status == 410) return relist(now, /*at_once=*/true);
  if (is_final(http_status) && error) return give_up(std::move(*error));
  // Half an event is lost with the stream; the server sends it again after the resume.
  const bool lived = opened_known_ && now - opened_ >= kShortLife;
  return rewatch(now, lived);
}

WatchActions WatchState::on_timer(Instant now) {
  if (phase_ == Phase::kWaitingToList) return relist(now, /*at_once=*/true);
  if (phase_ == Phase::kWaitingToWatch) return {watch_now()};
  return {};
}

WatchActions WatchState::on_silence(Instant /*now*/) {
  if (phase_ != Phase::kWatching) return {};
  WatchActions actions{CloseWatch{}};
  actions.emplace_back(watch_now());
  return actions;
}

}  // namespace instantexec::kube
