#include "kube/watch_runner.h"

#include <algorithm>
#include <utility>

namespace instantexec::kube {
namespace {

// Together with a tick and the 15 s a new watch has for its first byte: a dead connection is noticed within
// 45 s. Renewing costs one small request, because a watch resumes where it stopped.
constexpr Duration kMaxSilence{25'000};
constexpr Duration kRenewalInterval{15'000};
constexpr Duration kTick{5'000};

CallId id_of(const CallEvent& event) {
  return std::visit(
      [](const auto& value) -> CallId {
        if constexpr (requires { value.id; }) {
          return value.id;
        } else {
          return 0;
        }
      },
      event);
}

}  // namespace

void WatchRunner::start(engine::WatchId id, engine::WatchRequest request, model::ApiResource resource) {
  WatchState state(resource.gvk, [this] { return client_.random(); });
  const auto [it, inserted] = watches_.emplace(
      id, Entry{std::move(request), std::move(resource), std::move(state), std::nullopt, 0, 0, std::nullopt});
  if (inserted) carry_out(id, it->second.state.start());
}

void WatchRunner::cancel(engine::WatchId id) {
  const auto it = watches_.find(id);
  if (it == watches_.end()) return;
  drop_calls(it->second);
  watches_.erase(it);
}

void WatchRunner::drop_calls(Entry& entry) {
  for (CallId* call : {&entry.list_call, &entry.watch_call}) {
    if (*call == 0) continue;
    client_.cancel(*call);
    by_call_.erase(*call);
    *call = 0;
  }
}

bool WatchRunner::take(const CallEvent& event) {
  const CallId call = id_of(event);
  const auto it = by_call_.find(call);
  if (it == by_call_.end()) return false;
  const engine::WatchId id = it->second;
  Entry& entry = watches_.at(id);
  if (std::holds_alternative<CallDone>(event) || std::holds_alternative<CallFailed>(event))
    by_call_.erase(it);
  if (call == entry.list_call) {
    take_list(id, entry, event);
  } else {
    take_watch(id, entry, event);
  }
  return true;
}

void WatchRunner::tick() {
  const Instant now = client_.now();
  std::vector<engine::WatchId> due;
  std::vector<engine::WatchId> silent;
  for (const auto& [id, entry] : watches_) {
    if (entry.timer && *entry.timer <= now) due.push_back(id);
    if (entry.watch_call != 0 && client_.silence(entry.watch_call) >= kMaxSilence) silent.push_back(id);
  }
  for (const engine::WatchId id : due) {
    Entry& entry = watches_.at(id);
    entry.timer.reset();
    carry_out(id, entry.state.on_timer(now));
  }
  if (silent.empty() || (last_renewal_ && now - *last_renewal_ < kRenewalInterval)) return;
  last_renewal_ = now;
  // On a shared connection one new watch shows whether it lives; without sharing each has its own.
  if (client_.multiplexed()) silent.resize(1);
  for (const engine::WatchId id : silent) {
    client_.log(7, "watch " + std::to_string(id) + ": silent, renewing it");
    carry_out(id, watches_.at(id).state.on_silence(now));
  }
}

Instant WatchRunner::next_tick(Instant deadline) const {
  if (watches_.empty()) return deadline;
  Instant next = std::min(deadline, client_.now() + kTick);
  for (const auto& [id, entry] : watches_) {
    if (entry.timer) next = std::min(next, *entry.timer);
  }
  return next;
}

void WatchRunner::carry_out(engine::WatchId id, WatchActions actions) {
  for (WatchAction& action : actions) {
    const auto it = watches_.find(id);
    if (it == watches_.end()) return;
    carry_out_one(id, it->second, std::move(action));
  }
}

void WatchRunner::carry_out_one(engine::WatchId id, Entry& entry, WatchAction action) {
  if (std::holds_alternative<ListNow>(action)) {
    begin_list(id, entry);
  } else if (auto* watch = std::get_if<WatchNow>(&action)) {
    entry.watch_call = client_.start(
        watch_call(entry.resource, entry.request, watch->resource_version, watch->timeout_seconds));
    by_call_[entry.watch_call] = id;
  } else if (std::holds_alternative<CloseWatch>(action)) {
    drop_calls(entry);
  } else if (auto* wait = std::get_if<WaitUntil>(&action)) {
    entry.timer = wait->at;
  } else if (auto* changed = std::get_if<DeliverChanged>(&action)) {
    events_.emplace_back(engine::ObjectChanged{id, false, std::move(changed->object)});
  } else if (auto* deleted = std::get_if<DeliverDeleted>(&action)) {
    events_.emplace_back(engine::ObjectChanged{id, true, std::move(deleted->object)});
  } else if (std::holds_alternative<DeliverSynced>(action)) {
    events_.emplace_back(engine::WatchSynced{id});
  } else if (auto* failed = std::get_if<DeliverFailed>(&action)) {
    events_.emplace_back(engine::WatchFailed{id, std::move(failed->error)});
    cancel(id);
  }
}

void WatchRunner::begin_list(engine::WatchId id, Entry& entry) {
  const engine::WatchRequest& request = entry.request;
  auto call =
      build_call(engine::ListRequest{request.gvk, request.ns, request.label_selector, request.field_selector},
                 &entry.resource, CallOptions{client_.config().request_timeout});
  if (!call) {
    carry_out(id, {DeliverFailed{std::move(call.error())}});
    return;
  }
  entry.list_call = client_.start(*call);
  entry.list.emplace(std::move(*call));
  by_call_[entry.list_call] = id;
}

void WatchRunner::take_list(engine::WatchId id, Entry& entry, const CallEvent& event) {
  if (const auto* done = std::get_if<CallDone>(&event)) {
    entry.list_call = 0;
    const int restarts = entry.list->restarts();
    if (auto next = entry.list->fold(done->response)) {
      entry.list_call = client_.start(std::move(*next));
      by_call_[entry.list_call] = id;
      if (entry.list->restarts() != restarts) entry.state.on_list_restarted();
      carry_out(id, entry.state.on_page(entry.list->take_items()));
      return;
    }
    end_list(id, entry);
  } else if (const auto* failed = std::get_if<CallFailed>(&event)) {
    entry.list_call = 0;
    entry.list->fail_with(failed->error, failed->sent);
    end_list(id, entry);
  }
}

void WatchRunner::end_list(engine::WatchId id, Entry& entry) {
  engine::Response response = std::move(entry.list->response());
  entry.list.reset();
  const Instant now = client_.now();
  if (response.ok()) {
    carry_out(id,
              entry.state.on_list(now, std::move(response.items), std::move(response.list_resource_version)));
  } else {
    carry_out(id, entry.state.on_list_failed(now, response.http_status, std::move(*response.error)));
  }
}

void WatchRunner::take_watch(engine::WatchId id, Entry& entry, const CallEvent& event) {
  const Instant now = client_.now();
  if (std::holds_alternative<CallOpened>(event)) {
    entry.state.on_opened(now);
  } else if (const auto* chunk = std::get_if<CallChunk>(&event)) {
    carry_out(id, entry.state.on_bytes(now, chunk->bytes));
  } else if (const auto* done = std::get_if<CallDone>(&event)) {
    entry.watch_call = 0;
    if (done->response.status / 100 == 2) {
      carry_out(id, entry.state.on_closed(now, 0, std::nullopt));
      return;
    }
    ApiCall call = watch_call(entry.resource, entry.request, "", 0);
    engine::Response answer = read_answer(call, done->response);
    carry_out(id, entry.state.on_closed(now, answer.http_status, std::move(answer.error)));
  } else if (const auto* failed = std::get_if<CallFailed>(&event)) {
    entry.watch_call = 0;
    carry_out(id, entry.state.on_closed(now, 0, failed->error));
  }
}

}  // namespace instantexec::kube
