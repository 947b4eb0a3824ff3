#include "engine/graph.h"

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

namespace instantexec::engine {
namespace {

// A cancelled CI step is killed soon; answers that take longer are left to a recovery.
constexpr Duration kPatience{3000};

class Runner {
 public:
  Runner(Session& session, const Graph& graph, Work& work) : session_(session), graph_(graph), work_(work) {
    const std::size_t size = graph.included.size();
    open_.resize(size, 0);
    dependents_.resize(size);
    member_of_.resize(size);
    waiters_.resize(graph.groups.size());
    group_open_.resize(graph.groups.size(), 0);
    count_edges();
  }

  GraphResult run() {
    while (true) {
      look_for_reasons_to_stop();
      if (result_.stop == Stop::kNone) wake_due();
      send_ready();
      if (in_flight_.empty() && (result_.stop != Stop::kNone || (ready_.empty() && waiting_.empty()))) break;
      if (gave_up()) break;
      take(session_.next(deadline()));
    }
    result_.unanswered = std::any_of(in_flight_.begin(), in_flight_.end(),
                                     [](const auto& entry) { return entry.second.writes; });
    return result_;
  }

 private:
  struct Sent {
    std::size_t node = 0;
    bool writes = false;
  };

  void count_edges() {
    for (std::size_t g = 0; g < graph_.groups.size(); ++g) {
      for (const std::size_t member : graph_.groups[g]) {
        member_of_[member].push_back(g);
        if (graph_.included[member]) ++group_open_[g];
      }
    }
    for (std::size_t i = 0; i < graph_.included.size(); ++i) {
      if (!graph_.included[i]) continue;
      for (const std::size_t other : graph_.depends_on[i]) {
        dependents_[other].push_back(i);
        if (graph_.included[other]) ++open_[i];
      }
      for (const std::size_t group : graph_.waits_for[i]) {
        waiters_[group].push_back(i);
        if (group_open_[group] > 0) ++open_[i];
      }
      if (open_[i] == 0) ready_.push_back(i);
    }
    // What others wait for goes first, so that they are not held up by what nobody waits for.
    std::stable_partition(ready_.begin(), ready_.end(), [this](std::size_t node) { return awaited(node); });
  }

  [[nodiscard]] bool awaited(std::size_t node) const {
    return !dependents_[node].empty() ||
           std::any_of(member_of_[node].begin(), member_of_[node].end(),
                       [this](std::size_t group) { return !waiters_[group].empty(); });
  }

  void finished(std::size_t node) {
    for (const std::size_t dependent : dependents_[node]) unblock(dependent);
    for (const std::size_t group : member_of_[node]) {
      if (--group_open_[group] > 0) continue;
      for (const std::size_t waiter : waiters_[group]) unblock(waiter);
    }
  }

  void unblock(std::size_t node) {
    if (--open_[node] == 0) ready_.push_back(node);
  }

  void stop(Stop reason) {
    if (result_.stop == Stop::kNone) result_.stop = reason;
    stopped_at_ = session_.now();
  }

  void look_for_reasons_to_stop() {
    if (result_.stop == Stop::kInterrupted || result_.stop == Stop::kLockLost) return;
    if (session_.interrupted()) {
      result_.stop = Stop::kNone;
      stop(Stop::kInterrupted);
    }
    if (work_.minds_refusal() && session_.lock_refusal() != nullptr) stop(Stop::kFailed);
  }

  // Answers that nobody can wait for any longer.
  [[nodiscard]] bool gave_up() {
    return result_.stop == Stop::kInterrupted && session_.now() - stopped_at_ >= kPatience;
  }

  [[nodiscard]] Instant deadline() {
    Instant out{Duration::max()};
    if (result_.stop == Stop::kInterrupted) out = stopped_at_ + kPatience;
    if (result_.stop == Stop::kNone) {
      for (const auto& [node, at] : waiting_) out = std::min(out, at);
    }
    return out;
  }

  void send_ready() {
    const std::size_t limit = std::max<std::size_t>(1, session_.cluster().capacity());
    while (result_.stop == Stop::kNone && in_flight_.size() < limit) {
      if (!to_send_.empty()) {
        auto [node, request] = std::move(to_send_.front());
        to_send_.pop_front();
        send(node, std::move(request));
      } else if (!ready_.empty()) {
        const std::size_t node = ready_.front();
        ready_.pop_front();
        follow(node, work_.start(node));
      } else {
        return;
      }
    }
  }

  void send(std::size_t node, Request request) {
    // Checked before every write: a lock that could not be renewed may have a new holder.
    if (!harmless(request) && !session_.await_lock()) {
      to_send_.clear();
      stop(session_.interrupted() ? Stop::kInterrupted : Stop::kLockLost);
      return;
    }
    const bool writes = !harmless(request);
    in_flight_[session_.cluster().submit(std::move(request))] = {node, writes};
  }

  void follow(std::size_t node, Next next) {
    switch (next.kind) {
      case Next::Kind::kSend:
        if (result_.stop == Stop::kNone) to_send_.emplace_back(node, std::move(*next.request));
        return;
      case Next::Kind::kWait:
        waiting_[node] = next.at;
        return;
      case Next::Kind::kDone:
        finished(node);
        return;
      case Next::Kind::kFailed:
        stop(Stop::kFailed);
        return;
    }
  }

  void wake_due() {
    std::vector<std::size_t> due;
    for (const auto& [node, at] : waiting_) {
      if (seen_something_ || at <= session_.now()) due.push_back(node);
    }
    seen_something_ = false;
    for (const std::size_t node : due) {
      waiting_.erase(node);
      follow(node, work_.resume(node));
    }
  }

  void take(ClusterEvent event) {
    if (auto* response = std::get_if<Response>(&event)) {
      const auto found = in_flight_.find(response->id);
      if (found == in_flight_.end()) return;
      const std::size_t node = found->second.node;
      in_flight_.erase(found);
      follow(node, work_.answered(node, std::move(*response)));
      return;
    }
    seen_something_ = true;
    work_.observe(event);
  }

  Session& session_;
  const Graph& graph_;
  Work& work_;
  GraphResult result_;
  std::vector<std::size_t> open_;  // edges not yet satisfied
  std::vector<std::size_t> group_open_;
  std::vector<std::vector<std::size_t>> dependents_;
  std::vector<std::vector<std::size_t>> member_of_;
  std::vector<std::vector<std::size_t>> waiters_;  // of a group
  std::deque<std::size_t> ready_;
  std::deque<std::pair<std::size_t, Request>> to_send_;
  std::map<RequestId, Sent> in_flight_;
  std::map<std::size_t, Instant> waiting_;
  Instant stopped_at_;
  bool seen_something_ = false;
};

}  // namespace

Graph graph_of(const plan::Plan& plan) {
  Graph out;
  for (const plan::Step& step : plan.steps) {
    out.depends_on.push_back(step.depends_on);
    out.waits_for.push_back(step.waits_for);
  }
  for (const plan::Group& group : plan.groups) out.groups.push_back(group.members);
  out.included.resize(plan.steps.size(), true);
  return out;
}

GraphResult run_graph(Session& session, const Graph& graph, Work& work) {
  return Runner(session, graph, work).run();
}

}  // namespace instantexec::engine
