#include "engine/health.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/live_health.h"

namespace instantexec::engine {
namespace {

constexpr Duration kRemindEvery{15'000};
// What was broken before and was written gets this long, with nothing happening to it, to become ready.
constexpr Duration kStandsStill{60'000};
// After a read that was to confirm a verdict and did not.
constexpr Duration kLookAgainAfter{1000};
constexpr std::size_t kNamed = 3;
// Nothing has happened to an object for so long that it is worth telling. Not judged by: see ADR 7.
constexpr Duration kTellSilence{240'000};

model::Object identity_of(const model::Object& object) {
  return {model::Json{
      {"apiVersion", object.api_version()},
      {"kind", object.kind()},
      {"metadata", {{"name", object.name()}, {"namespace", object.ns()}, {"uid", object.uid()}}}}};
}

// Objects of custom kinds have others made for them, and Jobs make them: Secrets, ConfigMaps.
bool may_make(const model::Gvk& gvk) {
  return !status::knows_kind(gvk) || (gvk.group == "batch" && gvk.kind == "Job");
}

bool same_health(const model::ObjectStatus& a, const model::ObjectStatus& b) {
  return a.status == b.status && a.reason == b.reason;
}

}  // namespace

bool counts_as_ready(const model::ObjectStatus& status) {
  return status.status == model::HealthStatus::kCurrent || status.status == model::HealthStatus::kSuspended;
}

HealthMonitor::HealthMonitor(Session& session, HealthOptions options)
    : session_(session),
      options_(std::move(options)),
      watches_(session),
      started_(session.now()),
      reminded_(session.now()) {
  // Any write of ours tells the server's time; taking the lock was one.
  if (session.keeper() != nullptr) set_clock(session.keeper()->lease());
  if (clock_base_ == Timestamp{}) {
    clock_base_ = session.server_time();
    clock_read_ = session.now();
  }
}

void HealthMonitor::set_clock(const model::Object& stored) {
  const Timestamp at = status::cluster_time(stored);
  if (at == Timestamp{} || (clock_base_ != Timestamp{} && at <= cluster_now())) return;
  clock_base_ = at;
  clock_read_ = session_.now();
}

Timestamp HealthMonitor::cluster_now() const {
  return clock_base_ + (session_.now() - clock_read_);
}

void HealthMonitor::watch(const model::Gvk& gvk, const std::string& ns) {
  watches_.open(gvk, ns);
  const auto children = status::child_kinds(gvk, options_.status);
  for (const model::Gvk& child : children) watches_.open(child, ns);
  if (status::events_tell(gvk, options_.status)) watches_.open(event_gvk(), ns);
}

void HealthMonitor::track(HealthTarget target) {
  const model::ObjectRef ref = target.object.ref();
  Tracked tracked;
  tracked.object = std::move(target.object);
  tracked.current_uid = tracked.object.uid();
  tracked.last_change = tracked.heard = session_.now();
  tracked.context.options = options_.status;
  tracked.context.rules = options_.rules;
  if (const auto declared = options_.declares_status.find(tracked.object.gvk());
      declared != options_.declares_status.end()) {
    tracked.context.declares_status = declared->second;
  }
  tracked.written = target.written;
  tracked.recovers_by = target.recovers_by;
  if (target.written) {
    set_clock(tracked.object);
    tracked.context.uid = tracked.current_uid;
    tracked.context.min_generation = tracked.object.generation();
    tracked.context.applied_at = status::cluster_time(tracked.object);
    tracked.context.restarts_at_apply = status::restart_counts(index_.family(tracked.current_uid));
  }
  const model::Gvk gvk = tracked.object.gvk();
  const bool claim = gvk.group.empty() && gvk.kind == "PersistentVolumeClaim";
  if (claim && !storage_classes_read_) read_storage_classes();
  if (const auto old = tracked_.find(ref); old != tracked_.end()) {
    by_uid_[old->second.current_uid].erase(ref);
    tracked.health = old->second.health;
    tracked.assessed = old->second.assessed;
  }
  // The answer to a write may be read after the watch told what came of it.
  if (!outdated(tracked.object)) index_.upsert(tracked.object);
  by_uid_[tracked.current_uid].insert(ref);
  auto& stored = tracked_[ref] = std::move(tracked);
  assess(ref, stored);
  if (!counts_as_ready(stored.health)) {
    watch(gvk, ref.ns);
  } else if (!stored.changes_at && !watches_.covers(gvk, ref.ns)) {
    // Ready by existing: nothing of it is looked at again.
    index_.erase(stored.object);
    by_uid_.erase(stored.current_uid);
    stored.object = identity_of(stored.object);
  }
}

void HealthMonitor::observe(const ClusterEvent& event) {
  if (const auto* change = std::get_if<ObjectChanged>(&event)) {
    if (watches_.changed(*change)) changed(*change);
  } else if (const auto* done = std::get_if<WatchSynced>(&event)) {
    for (const std::string& uid : watches_.synced(*done)) {
      if (const model::Object* gone = index_.find(uid)) changed({done->watch, true, *gone});
    }
  } else if (const auto* failure = std::get_if<WatchFailed>(&event)) {
    if (watches_.failed(*failure)) {
      session_.warn("some objects cannot be watched, so they are read every few seconds: " +
                    failure->error.message);
    }
  }
}

bool HealthMonitor::outdated(const model::Object& object) const {
  const model::Object* known = index_.find(object.uid());
  return known != nullptr && is_later(known->resource_version(), object.resource_version());
}

void HealthMonitor::changed(const ObjectChanged& event) {
  if (!event.deleted && outdated(event.object)) return;
  mark_roots(event.object);  // former owners
  if (const auto found = tracked_.find(event.object.ref()); found != tracked_.end()) {
    Tracked& tracked = found->second;
    tracked.heard = session_.now();
    const std::string uid = event.object.uid();
    if (!event.deleted && uid != tracked.current_uid) {
      by_uid_[tracked.current_uid].erase(found->first);
      by_uid_[uid].insert(found->first);
      tracked.current_uid = uid;
    } else if (event.deleted && uid == tracked.current_uid) {
      // A list that does not hold it any more gives no more than its identity.
      const bool told = model::find(event.object.json, "/status") != nullptr;
      const model::Object* known = told ? &event.object : index_.find(uid);
      if (known != nullptr) tracked.last_seen = *known;
      tracked.current_uid.clear();
    }
    dirty_.insert(found->first);
  }
  if (event.deleted) {
    note_room(event.object);
    index_.erase(event.object);
  } else {
    index_.upsert(event.object);
    mark_roots(event.object);
  }
}

void HealthMonitor::note_room(const model::Object& pod) {
  if (pod.kind() != "Pod") return;
  const model::Object* known = index_.find(pod.uid());
  for (const std::string& uid : index_.lineage(known == nullptr ? pod : *known)) {
    const auto found = by_uid_.find(uid);
    if (uid.empty() || found == by_uid_.end()) continue;
    for (const model::ObjectRef& ref : found->second) tracked_.at(ref).context.room_made_at = cluster_now();
  }
}

// The tracked objects that the object belongs to: itself, its owners, what an Event is about.
void HealthMonitor::mark_roots(const model::Object& object) {
  for (const std::string& uid : index_.lineage(object)) {
    const auto found = by_uid_.find(uid);
    if (!uid.empty() && found != by_uid_.end()) dirty_.insert(found->second.begin(), found->second.end());
  }
}

status::Context HealthMonitor::context_of(const Tracked& tracked) const {
  status::Context context = tracked.context;
  context.now = cluster_now();
  if (storage_classes_read_) context.storage_classes = pointers_to(storage_classes_);
  return context;
}

status::Assessment HealthMonitor::judge(const Tracked& tracked, const model::Object* object) const {
  if (object != nullptr) return status::assess(*object, index_, context_of(tracked));
  const model::Object* last = tracked.last_seen ? &*tracked.last_seen : index_.find(tracked.current_uid);
  model::ObjectStatus out = status::missing(last == nullptr ? tracked.object : *last);
  if (tracked.written && out.status == model::HealthStatus::kNotFound) {
    out.status = model::HealthStatus::kFailed;
    out.reason = "Deleted";
    out.message = "somebody deleted it";
    out.hint = "find out who does, then deploy again; the API server's audit log names them";
  }
  return {std::move(out), "general", std::nullopt, false};
}

void HealthMonitor::assess(const model::ObjectRef& ref, Tracked& tracked) {
  const model::Object* object = tracked.current_uid.empty() ? nullptr : index_.find(tracked.current_uid);
  auto [health, rule, changes_at, blocked] = judge(tracked, object);
  tracked.changes_at = changes_at;
  tracked.blocked = blocked;
  tracked.last_change = session_.now();
  tracked.patience = options_.per_object_timeout
                         ? options_.per_object_timeout
                         : status::silence_limit(object == nullptr ? tracked.object : *object);
  if (tracked.patience == Duration{0}) tracked.patience.reset();
  if (tracked.assessed && same_health(health, tracked.health)) {
    tracked.health = std::move(health);
    return;
  }
  tracked.assessed = true;
  tracked.health = std::move(health);
  session_.emit(model::ObjectHealthChanged{ref, tracked.health});
}

void HealthMonitor::assess_dirty() {
  const Timestamp now = cluster_now();
  for (const auto& [ref, tracked] : tracked_) {
    if (tracked.changes_at && *tracked.changes_at <= now) dirty_.insert(ref);
  }
  for (const model::ObjectRef& ref : std::exchange(dirty_, {})) {
    if (const auto found = tracked_.find(ref); found != tracked_.end()) assess(ref, found->second);
  }
  spread_hope();
}

void HealthMonitor::spread_hope() {
  const auto helps = [this](const Tracked& tracked) { return !tracked.blocked && !settled(tracked); };
  const auto makes = [&](const Tracked& tracked) { return helps(tracked) && may_make(tracked.object.gvk()); };
  std::size_t helpers = 0;
  std::size_t makers = 0;
  for (const auto& [ref, tracked] : tracked_) {
    helpers += helps(tracked) ? 1 : 0;
    makers += makes(tracked) ? 1 : 0;
  }
  for (auto& [ref, tracked] : tracked_) {
    status::Context& context = tracked.context;
    const bool hope = helpers > (helps(tracked) ? 1U : 0U);
    const bool made = makers > (makes(tracked) ? 1U : 0U);
    if (hope == context.help_may_come && made == context.makers_at_work) continue;
    context.help_may_come = hope;
    context.makers_at_work = made;
    if (tracked.blocked) assess(ref, tracked);
  }
}

bool HealthMonitor::stands(const Tracked& tracked, const model::Object* object,
                           const model::ObjectStatus& health, bool at_last) const {
  const auto former = options_.former.find(tracked.object.ref());
  if (former == options_.former.end() || object == nullptr) return false;
  const bool may_change = tracked.written && !health.doomed() && !at_last;
  if (may_change && session_.now() - tracked.last_change < kStandsStill) return false;
  const std::int64_t ready = status::ready_of_newest(*object, index_.family(object->uid()));
  return status::no_worse(former->second, health, ready, tracked.written);
}

bool HealthMonitor::counts_no_more(const Tracked& tracked) {
  if (!tracked.recovers_by) return false;
  return tracked.current_uid.empty() || (tracked.written && tracked.current_uid != tracked.context.uid);
}

std::optional<Instant> HealthMonitor::gives_up_at(const Tracked& tracked) {
  const std::optional<Instant> silent =
      tracked.patience ? std::optional(tracked.last_change + *tracked.patience) : std::nullopt;
  if (!tracked.recovers_by) return silent;
  // A rollout that goes back goes on for as long as it moves.
  if (!tracked.written) return tracked.recovers_by;
  return silent ? std::optional(std::max(*tracked.recovers_by, *silent)) : std::nullopt;
}

bool HealthMonitor::settled(const Tracked& tracked, bool at_last) const {
  return counts_no_more(tracked) || counts_as_ready(tracked.health) ||
         stands(tracked, index_.find(tracked.current_uid), tracked.health, at_last);
}

std::vector<model::ObjectRef> HealthMonitor::unsettled(bool at_last) const {
  std::vector<model::ObjectRef> out;
  for (const auto& [ref, tracked] : tracked_) {
    if (!settled(tracked, at_last)) out.push_back(ref);
  }
  return out;
}

std::optional<model::ObjectRef> HealthMonitor::failure() const {
  for (const auto& [ref, tracked] : tracked_) {
    const bool may_recover = tracked.recovers_by && session_.now() < *tracked.recovers_by;
    if (tracked.health.doomed() && !may_recover && !settled(tracked)) return ref;
  }
  return std::nullopt;
}

std::optional<status::Former> HealthMonitor::as_before(const model::ObjectRef& ref) const {
  const auto found = tracked_.find(ref);
  if (found == tracked_.end() || counts_as_ready(found->second.health) || !settled(found->second, true)) {
    return std::nullopt;
  }
  return options_.former.at(ref);
}

std::optional<model::ObjectRef> HealthMonitor::stuck() const {
  for (const auto& [ref, tracked] : tracked_) {
    const auto given_up = gives_up_at(tracked);
    if (given_up && session_.now() >= *given_up && !settled(tracked, true)) return ref;
  }
  return std::nullopt;
}

Instant HealthMonitor::next_look(Instant deadline) const {
  Instant out = std::min(deadline, reminded_ + kRemindEvery);
  if (confirm_failure_at_) out = std::min(out, *confirm_failure_at_);
  for (const auto& [ref, tracked] : tracked_) {
    if (tracked.changes_at) out = std::min(out, session_.now() + (*tracked.changes_at - cluster_now()));
    if (settled(tracked)) continue;
    out = std::min(out, tracked.heard + patience());
    const Instant stands_at = tracked.last_change + kStandsStill;
    if (options_.former.contains(ref) && session_.now() < stands_at) out = std::min(out, stands_at);
    const auto given_up = gives_up_at(tracked);
    if (given_up && !settled(tracked, true)) out = std::min(out, *given_up);
  }
  return out;
}

void HealthMonitor::remind() {
  if (session_.now() - reminded_ < kRemindEvery) return;
  reminded_ = session_.now();
  const auto missing = unsettled();
  model::StillWaiting reminder;
  reminder.total = tracked_.size();
  reminder.ready = tracked_.size() - missing.size();
  reminder.elapsed = session_.now() - started_;
  for (std::size_t i = 0; i < std::min(kNamed, missing.size()); ++i) {
    if (i > 0) reminder.missing += ", ";
    const Tracked& tracked = tracked_.at(missing[i]);
    const Duration silence = session_.now() - tracked.last_change;
    const std::string still =
        silence < kTellSilence ? "" : ", nothing has happened for " + format_duration(silence);
    reminder.missing += fmt::format("{} ({}{})", missing[i].to_string(), tracked.health.reason, still);
  }
  if (missing.size() > kNamed) reminder.missing += fmt::format(" and {} more", missing.size() - kNamed);
  session_.emit(reminder);
}

// A verdict, if there is one now.
std::optional<Verdict> HealthMonitor::look() {
  if (const auto failed = failure()) {
    if (!confirm_failure_at_) confirm_failure_at_ = session_.now() + status::kConfirmAfter;
    if (session_.now() < *confirm_failure_at_) return std::nullopt;
    if (confirmed({*failed}, false)) {
      culprit_ = failed;
      return Verdict::kFailed;
    }
    confirm_failure_at_ = session_.now() + kLookAgainAfter;
    return std::nullopt;
  }
  confirm_failure_at_.reset();
  if (!unsettled().empty()) return std::nullopt;
  const auto refs = doubtful();
  if (refs.empty() || confirmed(refs, true)) return Verdict::kHealthy;
  session_.pause(kLookAgainAfter);
  return std::nullopt;
}

Verdict HealthMonitor::wait(Duration timeout) {
  const Instant deadline = session_.now() + timeout;
  started_ = reminded_ = session_.now();
  while (true) {
    assess_dirty();
    if (session_.interrupted()) return Verdict::kInterrupted;
    if (session_.keeper() != nullptr && session_.lock_lost()) return Verdict::kLockLost;
    if (options_.minds_refusal && session_.lock_refusal() != nullptr) return Verdict::kLockLost;
    read_silent();
    if (on_look_) on_look_();
    if (const auto verdict = look()) return *verdict;
    culprit_ = stuck();
    if (culprit_) {
      silent_for_ = session_.now() - tracked_.at(*culprit_).last_change;
      return Verdict::kTimedOut;
    }
    if (session_.now() >= deadline) {
      const auto missing = unsettled(true);
      culprit_ = missing.empty() ? unconfirmed() : missing.front();
      if (session_.interrupted()) return Verdict::kInterrupted;
      return culprit_ ? Verdict::kTimedOut : Verdict::kHealthy;
    }
    remind();
    ClusterEvent event = session_.next(next_look(deadline));
    // Everything that is there already, before the rules are asked again.
    while (!std::holds_alternative<DeadlinePassed>(event) && !session_.interrupted()) {
      observe(event);
      event = session_.next(session_.now());
    }
  }
}

model::ObjectStatus HealthMonitor::status_of(const model::ObjectRef& ref) const {
  const auto found = tracked_.find(ref);
  if (found != tracked_.end()) return found->second.health;
  model::ObjectStatus out;
  out.status = model::HealthStatus::kNotFound;
  return out;
}

model::ObjectStatus HealthMonitor::look_at(const model::ObjectRef& ref) {
  read_silent();
  assess_dirty();
  return status_of(ref);
}

std::optional<model::ObjectRef> HealthMonitor::culprit() const {
  return culprit_;
}

status::FailureSummary HealthMonitor::explain(const model::ObjectRef& ref) const {
  const auto found = tracked_.find(ref);
  if (found == tracked_.end()) return {};
  const Tracked& tracked = found->second;
  const model::Object* object = index_.find(tracked.current_uid);
  const bool gone = tracked.current_uid.empty();
  if (object == nullptr) object = tracked.last_seen ? &*tracked.last_seen : &tracked.object;
  const auto family = index_.family(object->uid());
  const auto events = index_.events(*object, family);
  auto out = status::failure_cause(*object, family, events, context_of(tracked));
  if (gone || tracked.unread) out.cause.summary = ref.to_string() + ": " + tracked.health.message;
  return out;
}

}  // namespace instantexec::engine
