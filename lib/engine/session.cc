#include "engine/session.h"

#include <algorithm>
#include <map>
#include <utility>

#include "engine/errors.h"

namespace instantexec::engine {
namespace {

// Of the API server, after which an operation ends and leaves the rest to a recovery.
constexpr Duration kOutage{120'000};
constexpr Duration kLookAgainAfter{500};

Response unanswered(Outcome outcome) {
  Response out;
  out.outcome = outcome;
  out.error = make_error(errors::kReadFailed, "no answer was waited for any longer");
  return out;
}

}  // namespace

bool harmless(const Request& request) {
  struct Visitor {
    bool operator()(const GetRequest&) const { return true; }
    bool operator()(const ListRequest&) const { return true; }
    bool operator()(const LogsRequest&) const { return true; }
    bool operator()(const ApplyRequest& apply) const { return apply.dry_run; }
    bool operator()(const CreateRequest& create) const { return create.dry_run || is_review(create.body); }
    static bool is_review(const model::Object& object) {
      const std::string group = object.gvk().group;
      return group == "authorization.k8s.io" || group == "authentication.k8s.io";
    }
    bool operator()(const ReplaceRequest& replace) const { return replace.dry_run; }
    bool operator()(const PatchRequest& patch) const { return patch.dry_run; }
    bool operator()(const DeleteRequest& remove) const { return remove.dry_run; }
  };
  return std::visit(Visitor{}, request);
}

std::string words_of(const Response& response) {
  return response.error ? response.error->to_string() : "no answer from the API server";
}

bool transient(const Response& response) {
  return response.outcome == Outcome::kUnknown || response.outcome == Outcome::kNotSent ||
         response.http_status == 429 || response.passing;
}

bool refused_outright(const Response& response) {
  if (response.outcome != Outcome::kRejected) return false;
  return response.passing || response.http_status == 400 || response.http_status == 403 ||
         response.http_status == 413 || response.http_status == 422;
}

bool lacks_right(const Response& response) {
  // What the error leads to: no access to the cluster, as opposed to a rejected change.
  return response.http_status == 403 && response.error &&
         response.error->code->exit == ExitCode::kUnreachable;
}

Duration backoff(int repetition) {
  constexpr Duration kFirst{250};
  constexpr Duration kLongest{8000};
  return std::min(kLongest, kFirst * (1 << std::clamp(repetition - 1, 0, 10)));
}

Session::Session(Environment environment) : environment_(std::move(environment)) {}

void Session::note(const Response& response) {
  for (const std::string& text : response.warnings) warn(text);
}

void Session::warn(const std::string& text) {
  if (!shown_.insert(text).second) return;
  warnings_.push_back(text);
  emit(model::WarningRaised{text});
}

bool Session::may_write() {
  return keeper_ != nullptr && keeper_->safe(now());
}

bool Session::lock_lost() {
  return keeper_ == nullptr || keeper_->lost() || now() - keeper_->renewed() >= kOutage;
}

const Error* Session::lock_refusal() const {
  constexpr int kForSure = 2;
  const bool is = keeper_ != nullptr && !keeper_->lost() && keeper_->refusals() >= kForSure;
  if (!is || (keeper_->refusal_may_pass() && !suspects_webhooks_)) return nullptr;
  return keeper_->refusal() ? &*keeper_->refusal() : nullptr;
}

bool Session::await_lock() {
  while (!may_write() && !lock_lost() && !interrupted()) pause(kLookAgainAfter);
  return may_write();
}

ClusterEvent Session::pump(Instant deadline) {
  while (true) {
    Instant limit = deadline;
    if (keeper_ != nullptr) {
      keeper_->work(cluster(), now());
      limit = std::min(limit, keeper_->next_due(now()));
    }
    ClusterEvent event = cluster().wait(limit);
    if (const auto* response = std::get_if<Response>(&event)) {
      silent_ = response->http_status == 0;
      if (keeper_ != nullptr && keeper_->answered(*response, now())) {
        if (lock_refusal() == nullptr) continue;
        return DeadlinePassed{};  // whoever waits has to know
      }
      note(*response);
      return event;
    }
    if (std::holds_alternative<Interrupted>(event)) {
      if (interruptions_++ == 0) interrupted_at_ = now();
      return event;
    }
    if (std::holds_alternative<DeadlinePassed>(event) && now() < deadline) continue;
    return event;
  }
}

ClusterEvent Session::next(Instant deadline) {
  if (backlog_.empty()) return pump(deadline);
  ClusterEvent event = std::move(backlog_.front());
  backlog_.pop_front();
  return event;
}

Instant Session::patience() const {
  return interrupted() ? interrupted_at_ + kLastAnswers : Instant{Duration::max()};
}

Response Session::call(Request request) {
  if (now() >= patience()) return unanswered(Outcome::kNotSent);
  const RequestId id = cluster().submit(std::move(request));
  while (true) {
    ClusterEvent event = pump(patience());
    auto* response = std::get_if<Response>(&event);
    if (response != nullptr && response->id == id) return std::move(*response);
    if (!std::holds_alternative<DeadlinePassed>(event)) backlog_.push_back(std::move(event));
    if (now() >= patience()) return unanswered(Outcome::kUnknown);
  }
}

std::vector<Response> Session::call_all(std::vector<Request> requests) {
  return send_all(std::move(requests), kMaxRepetitions);
}

std::vector<Response> Session::call_all_once(std::vector<Request> requests) {
  return send_all(std::move(requests), 0);
}

std::vector<Response> Session::send_all(std::vector<Request> requests, int repetitions_allowed) {
  std::vector<Response> out(requests.size());
  std::vector<int> repetitions(requests.size(), 0);
  std::map<RequestId, std::size_t> in_flight;
  std::deque<std::size_t> waiting;
  std::multimap<Instant, std::size_t> repeats;  // by the time they are due
  for (std::size_t i = 0; i < requests.size(); ++i) waiting.push_back(i);
  const std::size_t limit = std::max<std::size_t>(1, cluster().capacity());
  // Before the lock is taken nothing of the run is under way, so no answer is worth waiting for.
  const bool idle = keeper_ == nullptr && std::all_of(requests.begin(), requests.end(), harmless);
  const auto until = [&] { return idle && interrupted() ? interrupted_at_ : patience(); };
  const auto may_repeat = [&](std::size_t index, const Response& response) {
    const int allowed = response.http_status == 500 ? std::min(kMaxRepetitionsAfter500, repetitions_allowed)
                                                    : repetitions_allowed;
    return harmless(requests[index]) && repetitions[index] < allowed && !interrupted();
  };
  while (!waiting.empty() || !in_flight.empty() || !repeats.empty()) {
    if (now() >= until()) break;
    const auto due = [&](Instant at) { return at <= now() || interrupted(); };
    for (; !repeats.empty() && due(repeats.begin()->first); repeats.erase(repeats.begin())) {
      waiting.push_back(repeats.begin()->second);
    }
    for (; !waiting.empty() && in_flight.size() < limit; waiting.pop_front()) {
      Request& request = requests[waiting.front()];
      const bool last = !harmless(request) || repetitions[waiting.front()] >= repetitions_allowed;
      in_flight[cluster().submit(last ? std::move(request) : request)] = waiting.front();
    }
    ClusterEvent event = pump(repeats.empty() ? until() : std::min(until(), repeats.begin()->first));
    auto* response = std::get_if<Response>(&event);
    const auto found = response == nullptr ? in_flight.end() : in_flight.find(response->id);
    if (found == in_flight.end()) {
      if (!std::holds_alternative<DeadlinePassed>(event)) backlog_.push_back(std::move(event));
      continue;
    }
    const std::size_t index = found->second;
    in_flight.erase(found);
    if (transient(*response) && may_repeat(index, *response)) {
      repeats.emplace(now() + backoff(++repetitions[index]), index);
    } else {
      out[index] = std::move(*response);
    }
  }
  for (const std::size_t index : waiting) out[index] = unanswered(Outcome::kNotSent);
  for (const auto& [id, index] : in_flight) out[index] = unanswered(Outcome::kUnknown);
  for (const auto& [at, index] : repeats) out[index] = unanswered(Outcome::kUnknown);
  return out;
}

std::vector<Response> Session::call_all_within(std::vector<Request> requests, Duration limit) {
  const Instant deadline = now() + limit;
  const int interruptions_before = interruptions_;
  std::vector<Response> out(requests.size());
  std::map<RequestId, std::size_t> in_flight;
  std::size_t next = 0;
  while (now() < deadline && interruptions_ == interruptions_before) {
    for (; next < requests.size() && in_flight.size() < std::max<std::size_t>(1, cluster().capacity());
         ++next) {
      in_flight[cluster().submit(std::move(requests[next]))] = next;
    }
    if (in_flight.empty()) return out;
    ClusterEvent event = pump(deadline);
    auto* response = std::get_if<Response>(&event);
    const auto found = response == nullptr ? in_flight.end() : in_flight.find(response->id);
    if (found == in_flight.end()) {
      if (!std::holds_alternative<DeadlinePassed>(event)) backlog_.push_back(std::move(event));
      continue;
    }
    out[found->second] = std::move(*response);
    in_flight.erase(found);
  }
  for (; next < requests.size(); ++next) out[next] = unanswered(Outcome::kNotSent);
  for (const auto& [id, index] : in_flight) out[index] = unanswered(Outcome::kUnknown);
  return out;
}

void Session::pause(Duration length) {
  const Instant until = now() + length;
  while (now() < until && !interrupted()) {
    ClusterEvent event = pump(until);
    if (!std::holds_alternative<DeadlinePassed>(event)) backlog_.push_back(std::move(event));
  }
}

}  // namespace instantexec::engine
