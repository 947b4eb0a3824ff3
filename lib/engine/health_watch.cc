#include "engine/health_watch.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "engine/health_follow.h"

namespace instantexec::engine {
namespace {

constexpr Duration kFirstListsAreFresh{1'000};

// The last verdict of every object that is followed.
class HealthWatch {
 public:
  HealthWatch(Environment environment, const ReleaseOptions& options, HealthQuery query)
      : clock_(environment.clock),
        events_(environment.events),
        rules_(options.health_rules),
        follower_(std::move(environment), options, std::move(query)) {}

  Result<WatchedHealth> run(Duration limit) {
    settled_at_ = clock_.now();
    IE_TRY(follower_.begin());
    // The first of the lists may be old by the time the last one is there.
    if (clock_.now() - *settled_at_ > kFirstListsAreFresh) settled_at_.reset();
    for (const auto& [ref, uid] : follower_.objects()) judge(ref);
    const Instant end = clock_.now() + limit;
    while (clock_.now() < end && !over()) {
      IE_TRY_ASSIGN(std::set<model::ObjectRef> again, follower_.next(std::min(end, next_look())));
      again.merge(due());
      for (const model::ObjectRef& ref : again) judge(ref);
    }
    return WatchedHealth{follower_.release(), follower_.revision(), follower_.unreadable(), trees()};
  }

 private:
  // Judges an object again, and tells when its health has changed.
  void judge(const model::ObjectRef& ref) {
    const auto followed = follower_.objects().find(ref);
    if (followed == follower_.objects().end()) {
      verdicts_.erase(ref);
      unsettled_.erase(ref);
      doomed_.erase(ref);
      return;
    }
    const model::Object* object = follower_.index().find(followed->second);
    status::Assessment now =
        object == nullptr
            ? status::Assessment{absent_node(ref).status, "general", std::nullopt, false}
            : status::assess(*object, follower_.index(), context_of(*object, follower_.knowledge(rules_)));
    const auto old = verdicts_.find(ref);
    const bool same = old != verdicts_.end() && old->second.status.status == now.status.status &&
                      old->second.status.reason == now.status.reason;
    if (!same) events_.emit(model::ObjectHealthChanged{ref, now.status});
    const bool ready = status::counts_as_ready(now.status.status);
    const bool failed_now = now.status.doomed() && old != verdicts_.end() && !old->second.status.doomed();
    if (failed_now) settled_at_.reset();
    unsettled_.erase(ref);
    doomed_.erase(ref);
    if (now.status.doomed()) {
      doomed_.insert(ref);
    } else if (!ready) {
      unsettled_.insert(ref);
    }
    verdicts_.insert_or_assign(ref, std::move(now));
  }

  // When another read may confirm that every object is ready or has failed.
  [[nodiscard]] Instant sure_at() const {
    return *settled_at_ + (doomed_.empty() ? Duration{0} : status::kConfirmAfter);
  }

  bool over() {
    if (!unsettled_.empty()) {
      settled_at_.reset();
      return false;
    }
    if (!settled_at_) settled_at_ = clock_.now();
    if (clock_.now() < sure_at()) return false;
    if (!doomed_.empty()) return follower_.read_since(sure_at(), doomed_, /*parts=*/true);
    std::set<model::ObjectRef> all;
    for (const auto& [ref, uid] : follower_.objects()) all.insert(ref);
    return follower_.read_since(sure_at(), all, /*parts=*/false);
  }

  // When a verdict may change though nothing happens.
  [[nodiscard]] Instant next_look() {
    std::optional<Timestamp> next;
    for (const auto& [ref, verdict] : verdicts_) {
      if (verdict.changes_at && (!next || *verdict.changes_at < *next)) next = verdict.changes_at;
    }
    Instant out{Duration::max()};
    if (settled_at_ && clock_.now() < sure_at()) out = sure_at();
    if (next) out = std::min(out, clock_.now() + std::max(*next - follower_.now(), Duration{1}));
    return out;
  }

  [[nodiscard]] std::set<model::ObjectRef> due() {
    std::set<model::ObjectRef> out;
    const Timestamp now = follower_.now();
    for (const auto& [ref, verdict] : verdicts_) {
      if (verdict.changes_at && *verdict.changes_at <= now) out.insert(ref);
    }
    return out;
  }

  [[nodiscard]] std::vector<status::HealthNode> trees() {
    std::vector<status::HealthNode> out;
    follower_.read_services();
    const LiveKnowledge known = follower_.knowledge(rules_);
    for (const auto& [ref, uid] : follower_.objects()) {
      const model::Object* object = follower_.index().find(uid);
      out.push_back(object == nullptr
                        ? absent_node(ref)
                        : status::health_tree(*object, follower_.index(), context_of(*object, known)));
    }
    return out;
  }

  Clock& clock_;
  EventSink& events_;
  const std::vector<status::CustomRule>& rules_;
  HealthFollower follower_;
  std::map<model::ObjectRef, status::Assessment> verdicts_;
  std::set<model::ObjectRef> unsettled_;
  std::set<model::ObjectRef> doomed_;
  std::optional<Instant> settled_at_;  // since when every object is ready or has failed
};

}  // namespace

Result<WatchedHealth> watch_health(Environment environment, const ReleaseOptions& options,
                                   const HealthQuery& query, Duration limit) {
  return HealthWatch(std::move(environment), options, query).run(limit);
}

}  // namespace instantexec::engine
