#include "engine/undo.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "base/text.h"
#include "engine/delete_work.h"
#include "engine/errors.h"
#include "engine/health.h"
#include "engine/lock.h"
#include "engine/schemas.h"
#include "engine/stuck_pods.h"
#include "engine/undo_graph.h"
#include "plan/desired.h"
#include "plan/diff.h"
#include "plan/grade.h"
#include "plan/order.h"

namespace instantexec::engine {
namespace {

using Kind = plan::Undo::Kind;

// Each round starts from what is there; more than one is needed only when others work on the same objects, or
// the API server was away for long between the two writes of an object.
constexpr int kRounds = 3;
// For deletions that were accepted and wait for something (a pod's grace period, finalizers).
constexpr Duration kGoneWithin{60'000};
// A container that has crashed is started again after at most five minutes (kubelet, MaxContainerBackOff),
// and takes a moment to become ready.
constexpr std::chrono::minutes kRecoversWithin{6};
constexpr Duration kPollEvery{1000};
// For an API server to notice that an admission policy is gone.
constexpr Duration kForgottenWithin{10'000};
// Repetitions of a write while little time is left.
constexpr int kSoon = 2;
// Fields that others changed, of one object.
constexpr std::size_t kNamed = 20;

class UndoRun {
 public:
  UndoRun(Operation& operation, UndoTask task)
      : operation_(operation), session_(operation.session), task_(std::move(task)) {
    const journal::Operation& undone = *operation.stored.head.operation;
    const journal::Phase phase = operation.stored.head.phase;
    resumed_ = phase == journal::Phase::kRollingBack || phase == journal::Phase::kRollbackIncomplete;
    plan_ = {task_.saved, undone.id, undone.field_manager, std::vector<bool>(task_.saved.size())};
    outcomes_.resize(task_.saved.size());
  }

  Result<model::DeployReport> run() {
    session_.emit(model::PhaseStarted{model::Phase::kUndoing, task_.saved.size()});
    IE_TRY(record_beginning());
    if (!stopped_) IE_TRY(one_round());
    IE_TRY(repeat_refused());
    bool healthy = !stopped_ && wait_healthy();
    if (!stopped_) IE_TRY(quarantine());
    model::Verification verification;
    for (int round = 1; !stopped_; ++round) {
      session_.emit(model::PhaseStarted{model::Phase::kVerifying, task_.saved.size()});
      IE_TRY_ASSIGN(verification, verify());
      const bool can_be_read_by_now = left_out_ && unread_.empty();
      const bool good =
          verification.values && verification.identity && verification.ownership && !can_be_read_by_now;
      const bool more = can_do_more_ || can_be_read_by_now;
      if (good || !more || round == kRounds) break;
      IE_TRY(one_round());
      healthy = !stopped_ && wait_healthy();
    }
    if (stopped_ || session_.interrupted()) return interrupted();
    return finish(verification, healthy);
  }

 private:
  // The record says what is done before it is done. Only when the server refuses the record, which may be due
  // to what is to be undone (an admission policy), that goes first: from `applying` a recovery goes back,
  // too.
  Status record_beginning() {
    if (operation_.stored.head.phase == journal::Phase::kRollingBack) return {};
    operation_.stored.head.phase = journal::Phase::kRollingBack;
    const Status first =
        operation_.store.save_head(operation_.stored, brings_admission() ? kSoon : kMaxRepetitions);
    if (first || first.error().code != &errors::kRecordRefused) return first;
    session_.warn("put back before the record could say so: " + first.error().to_string());
    IE_TRY(one_round());
    if (stopped_) return {};
    return when_accepted([this] { return operation_.store.save_head(operation_.stored, kSoon); });
  }

  [[nodiscard]] bool brings_admission() const {
    return std::any_of(task_.saved.begin(), task_.saved.end(),
                       [](const journal::SavedObject& saved) { return plan::is_admission(saved.object); });
  }

  // What a policy has refused that was put back itself a moment ago, or after it.
  Status repeat_refused() {
    const auto refused = [this] {
      return std::any_of(outcomes_.begin(), outcomes_.end(),
                         [](const UndoOutcome& one) { return one.failed && one.refused; });
    };
    const Instant until = session_.now() + kForgottenWithin;
    while (!stopped_ && brings_admission() && refused() && session_.now() < until) {
      session_.pause(kPollEvery);
      IE_TRY(one_round());
    }
    return {};
  }

  // It takes a moment until the server has forgotten what was deleted and refused the record until then.
  Status when_accepted(const std::function<Status()>& write) {
    for (const Instant until = session_.now() + kForgottenWithin;;) {
      Status out = write();
      const bool refused = !out && out.error().code == &errors::kRecordRefused;
      if (!refused || session_.now() >= until || session_.interrupted()) return out;
      session_.pause(kPollEvery);
    }
  }

  Result<LiveObjects> read() {
    served_ = what_is_served();
    LiveQuery query;
    Unread hidden;
    for (const journal::SavedObject& saved : task_.saved) {
      if (task_.withheld.contains(saved.object)) continue;
      if (served_ == nullptr || served_->find(saved.gvk) != nullptr) {
        query.want(saved.gvk, saved.object);
      } else if (!not_yet_served(saved)) {
        hidden.emplace(saved.object,
                       make_error(errors::kReadFailed, saved.gvk.to_string() + " is not served"));
      }
    }
    IE_TRY_ASSIGN(LiveLook look, look_live(session_, query));
    const bool blind = look.unread.size() == query.objects().size();
    look.unread.merge(hidden);
    if (blind && !look.unread.empty()) return fail(look.unread.begin()->second);
    unread_ = std::move(look.unread);
    unread_.insert(task_.withheld.begin(), task_.withheld.end());
    return std::move(look.objects);
  }

  // What was put back may be the definition of a kind, so what is not known is asked for again. Null: nobody
  // knows.
  std::shared_ptr<const model::ApiCatalog> what_is_served() {
    auto catalog = session_.cluster().catalog(false);
    const bool complete = catalog && std::all_of(task_.saved.begin(), task_.saved.end(),
                                                 [&](const journal::SavedObject& saved) {
                                                   return (*catalog)->find(saved.gvk) != nullptr;
                                                 });
    if (!complete) catalog = session_.cluster().catalog(true);
    return catalog ? *catalog : nullptr;
  }

  // The definition of its kind was put back, so it will be served again.
  [[nodiscard]] bool will_be_served(const journal::SavedObject& saved) const {
    if (served_ == nullptr || served_->find(saved.gvk) != nullptr) return false;
    return std::any_of(task_.saved.begin(), task_.saved.end(), [&](const journal::SavedObject& other) {
      if (!other.before || !plan::is_crd(other.gvk) || unread_.contains(other.object)) return false;
      const model::Gvk defined = plan::defined_kind(*other.before);
      return defined.group == saved.gvk.group && defined.kind == saved.gvk.kind;
    });
  }

  // Of a kind that is not served, and that this very operation defines: nothing of it can exist. Any other
  // kind that cannot be found may be hidden by an aggregated API server that is down.
  [[nodiscard]] bool not_yet_served(const journal::SavedObject& saved) const {
    if (saved.before) return false;
    return std::any_of(task_.saved.begin(), task_.saved.end(), [&](const journal::SavedObject& other) {
      if (other.before || !other.after || !plan::is_crd(other.gvk)) return false;
      const model::Gvk defined = plan::defined_kind(*other.after);
      return defined.group == saved.gvk.group && defined.kind == saved.gvk.kind;
    });
  }

  // Puts back what is not as it was.
  Status one_round() {
    IE_TRY_ASSIGN(LiveObjects live, read());
    Graph graph = undo_graph(task_.saved);
    const std::vector<std::string> left = leave_out(graph, task_.saved, unread_);
    left_out_ = !unread_.empty();
    UndoWork work(session_, plan_, std::move(live));
    const GraphResult result = run_graph(session_, graph, work);
    if (result.stop == Stop::kLockLost) return fail(errors::kLockLost, "the lock was lost during the undo");
    stopped_ = result.stop == Stop::kInterrupted;
    std::vector<UndoOutcome> round = std::move(work).take_outcomes();
    for (std::size_t i = 0; i < outcomes_.size(); ++i) {
      const UndoOutcome before = std::exchange(outcomes_[i], std::move(round[i]));
      UndoOutcome& now = outcomes_[i];
      unwritten_ = unwritten_ || now.kind == Kind::kNothing;
      if (!left[i].empty()) {
        now.failed = unread_.contains(task_.saved[i].object);
        now.kind = Kind::kKept;
        now.message = left[i];
      }
      if (before.wrote && !now.wrote) {
        now.wrote = true;
        if (now.kind == Kind::kNothing) now.kind = before.kind;
      }
      plan_.put_back[i] = now.wrote;
    }
    return {};
  }

  // What was healthy before has to be so again. All rounds together take no longer than the timeout.
  bool wait_healthy() {
    if (!healthy_by_) {
      healthy_by_ = session_.now() + operation_.options.timeout;
      recovers_by_ = std::min(*healthy_by_, session_.now() + kRecoversWithin);
    }
    HealthOptions options = health_options(operation_.options);
    std::set<model::Gvk> kinds;
    for (const journal::SavedObject& saved : task_.saved) kinds.insert(saved.gvk);
    options.declares_status = read_schemas(session_, *operation_.catalog, kinds, {});
    const HealthOptions judged_by = options;
    health_.emplace(session_, std::move(options));
    StuckPods stuck(session_);
    for (std::size_t i = 0; i < outcomes_.size(); ++i) {
      const journal::SavedObject& saved = task_.saved[i];
      // What an earlier run put back may not be healthy yet.
      const bool put_back = outcomes_[i].wrote || (resumed_ && outcomes_[i].kind == Kind::kNothing);
      if (!put_back || !saved.before || outcomes_[i].stored.name().empty()) continue;
      const bool was_ready =
          task_.unready ? !task_.unready->contains(saved.object) : was_healthy(*saved.before, judged_by);
      if (!was_ready) continue;
      stuck.consider(outcomes_[i].stored);
      health_->track({std::move(outcomes_[i].stored), true, recovers_by_});
    }
    if (resumed_ ||
        std::any_of(outcomes_.begin(), outcomes_.end(), [](const auto& one) { return one.wrote; }))
      follow_bystanders();
    health_->on_look([&] { stuck.free(health_->index()); });
    const Verdict verdict = health_->wait(std::max(*healthy_by_ - session_.now(), Duration{0}));
    health_->on_look({});
    stopped_ = verdict == Verdict::kInterrupted || verdict == Verdict::kLockLost;
    return verdict == Verdict::kHealthy && unseen_.empty();
  }

  // They crash, perhaps, because of what they were given, and try it again by themselves.
  void follow_bystanders() {
    unseen_.clear();
    LiveQuery query;
    for (const Bystander& one : task_.bystanders) query.want(one.gvk, one.object);
    if (query.empty()) return;
    auto look = look_live(session_, query);
    if (!look) {
      for (const Bystander& one : task_.bystanders) unseen_.emplace(one.object, look.error());
      return;
    }
    unseen_ = std::move(look->unread);
    for (auto& [ref, object] : look->objects) {
      if (object.terminating()) continue;  // somebody's wish
      health_->watch(object.gvk(), ref.ns);
      health_->track({std::move(object), false, recovers_by_});
    }
  }

  // As far as its own state tells, of a record that does not say so.
  static bool was_healthy(const model::Object& before, const HealthOptions& options) {
    status::Context context;
    context.options = options.status;
    context.rules = options.rules;
    return counts_as_ready(status::compute(before, {}, {}, context));
  }

  // A write that got no answer may be done late by the server. One that was tried twice may create once more
  // what was deleted.
  Status quarantine() {
    if (!task_.quarantine_until || session_.now() >= *task_.quarantine_until) return {};
    const bool deleted = std::any_of(outcomes_.begin(), outcomes_.end(), [](const UndoOutcome& one) {
      return one.kind == Kind::kDelete && one.wrote;
    });
    if (!task_.unsettled && !unwritten_ && !deleted) return {};
    session_.emit(model::Note{"waiting until no unanswered write can take effect any more"});
    session_.pause(*task_.quarantine_until - session_.now());
    return one_round();
  }

  Result<model::Verification> verify() {
    const Instant deadline = session_.now() + kGoneWithin;
    while (true) {
      IE_TRY_ASSIGN(const LiveObjects live, read());
      model::Verification out;
      out.values = out.identity = out.ownership = true;
      left_over_.clear();
      can_do_more_ = false;
      bool passing = false;  // something that will be otherwise in a moment
      for (std::size_t i = 0; i < task_.saved.size(); ++i) {
        const auto unread = unread_.find(task_.saved[i].object);
        if (unread == unread_.end()) {
          passing = check(i, live, out) || passing;
        } else {
          out.differences.push_back(unread->first.to_string() +
                                    ": could not be read: " + unread->second.to_string());
          passing = passing || will_be_served(task_.saved[i]);
        }
      }
      if (!passing || session_.now() >= deadline || session_.interrupted()) return out;
      session_.pause(kPollEvery);
    }
  }

  // Adds what is not as it was. True when the object is on its way out.
  bool check(std::size_t i, const LiveObjects& live, model::Verification& out) {
    const journal::SavedObject& saved = task_.saved[i];
    const auto found = live.find(saved.object);
    const model::Object* now = found == live.end() ? nullptr : &found->second;
    const plan::Undo undo =
        plan::make_undo({saved.before ? &*saved.before : nullptr, saved.after ? &*saved.after : nullptr, now,
                         plan_.operation, plan_.field_manager, plan_.put_back[i]});
    const std::string name = saved.object.to_string();
    for (const std::string& pointer : undo.conflicts) {
      out.differences.push_back(name + ": " + pointer + " keeps what someone else set meanwhile");
    }
    switch (undo.kind) {
      case Kind::kNothing:
        // It lost the mark of its creation, or never had it: nobody can say any more whose it is.
        if (now != nullptr && !saved.before) {
          ++out.kept;
          out.differences.push_back(name + ": kept: it does not carry the mark of this operation");
        }
        if (!undo.reason.empty()) out.differences.push_back(name + ": " + undo.reason);
        tell_what_others_changed(saved, now, undo, out);
        // Deleted by this undo, and its claims are not.
        if (now == nullptr && outcomes_[i].wrote && saved.after && plan::keeps_claims(*saved.after)) {
          ++out.kept;
          out.differences.push_back(name + ": kept: the claims it has made, because they may hold data");
        }
        return false;
      case Kind::kOwner:
        tell_what_others_changed(saved, now, undo, out);
        can_do_more_ = true;
        out.ownership = false;
        out.differences.push_back(name + ": field ownership is not as it was");
        return false;
      case Kind::kKept:
        ++out.kept;
        out.differences.push_back(name + ": kept: " + undo.reason);
        return false;
      case Kind::kPatch:
        can_do_more_ = true;
        out.values = out.ownership = false;
        out.differences.push_back(name + ": " + failure_of(i, "values are not as they were"));
        return false;
      case Kind::kLost:
        if (!outcomes_[i].failed) can_do_more_ = true;  // to be said of the object, too
        out.values = out.identity = out.ownership = false;
        out.differences.push_back(name + ": " + undo.reason);
        return false;
      case Kind::kDelete:
        break;
    }
    if (outcomes_[i].kind == Kind::kKept) {
      if (left_out_) left_over_.push_back({saved.gvk, saved.object.ns, saved.object.name, now->uid()});
      ++out.kept;
      out.differences.push_back(name + ": kept: " + outcomes_[i].message);
      return false;
    }
    out.identity = false;
    const bool leaving = now->terminating();  // what is not there needs no deletion
    if (!leaving) {
      can_do_more_ = true;
      left_over_.push_back({saved.gvk, saved.object.ns, saved.object.name, now->uid()});
    }
    const std::string holders = held_by(*now);
    std::string what = leaving ? "its deletion is pending" : "it still exists";
    if (!holders.empty()) what += ", it waits for " + holders;
    out.differences.push_back(name + ": " + failure_of(i, what));
    return leaving;
  }

  // Where it has its former values, whatever differs is theirs. What was there before is there now.
  static void tell_what_others_changed(const journal::SavedObject& saved, const model::Object* now,
                                       const plan::Undo& undo, model::Verification& out) {
    if (!saved.before || !undo.reason.empty() || plan::same(*saved.before, *now)) return;
    std::size_t count = 0;
    for (const plan::FieldChange& change : plan::diff(*saved.before, *now)) {
      const bool named =
          std::find(undo.conflicts.begin(), undo.conflicts.end(), change.pointer) != undo.conflicts.end();
      if (named || ++count > kNamed) continue;
      out.differences.push_back(saved.object.to_string() + ": " + sanitise_line(change.pointer, 200) +
                                " was changed by someone else meanwhile, and stays so");
    }
    if (count > kNamed) {
      out.differences.push_back(saved.object.to_string() + ": so were " + std::to_string(count - kNamed) +
                                " more fields");
    }
  }

  // What was created and is still there belongs to the release from now on, or nobody would ever look for it.
  void adopt_left_over() {
    std::vector<journal::Member>& members = operation_.stored.head.members;
    std::set<model::ObjectRef> left;
    for (const journal::Member& one : left_over_) left.insert(one.ref());
    // One of that name was in the release before, and somebody had deleted it.
    std::erase_if(members, [&](const journal::Member& member) { return left.contains(member.ref()); });
    members.insert(members.end(), left_over_.begin(), left_over_.end());
  }

  // The reverse, once nothing that was created is left.
  void let_go_of_left_over() {
    std::set<model::ObjectRef> created;
    for (const journal::SavedObject& saved : task_.saved) {
      if (!saved.before) created.insert(saved.object);
    }
    std::erase_if(operation_.stored.head.members,
                  [&](const journal::Member& member) { return created.contains(member.ref()); });
  }

  [[nodiscard]] std::string failure_of(std::size_t i, const std::string& otherwise) const {
    return outcomes_[i].failed ? outcomes_[i].message : otherwise;
  }

  Result<model::DeployReport> finish(model::Verification verification, bool healthy) {
    const bool partly = left_out_ || !unread_.empty();
    // Nobody knows what those are that could not be read.
    if (partly) verification.values = verification.identity = verification.ownership = false;
    const bool complete = verification.values && verification.identity && healthy;
    // No recovery can go on without the record, which somebody may have deleted meanwhile.
    if (partly && operation_.stored.exists()) IE_TRY(operation_.store.save_head(operation_.stored));
    const bool last_word = !partly || !operation_.stored.exists();
    auto result = complete ? model::DeployResult::kRolledBack : model::DeployResult::kRollbackIncomplete;
    if (partly && !last_word) result = model::DeployResult::kPartlyUndone;
    if (last_word) {
      const auto phase = complete ? journal::Phase::kRolledBack : journal::Phase::kRollbackIncomplete;
      session_.emit(model::PhaseStarted{model::Phase::kRecording, 0});
      if (!complete) adopt_left_over();
      if (complete && resumed_) let_go_of_left_over();
      const std::string why = task_.cause ? task_.cause->summary : std::string{};
      IE_TRY(when_accepted([&] { return record_end(operation_, phase, {}, why); }));
    }
    auto out = report(result);
    out.verification = std::move(verification);
    out.verification->behaviour = healthy && out.verification->values;
    for (const auto& [ref, error] : unseen_) {
      out.verification->differences.push_back(
          ref.to_string() + ": whether it is healthy could not be read: " + error.to_string());
    }
    for (const model::ObjectRef& ref : healthy ? std::vector<model::ObjectRef>{} : health_->not_ready()) {
      out.verification->differences.push_back(ref.to_string() +
                                              ": not healthy again: " + health_->status_of(ref).message);
    }
    return out;
  }

  Result<model::DeployReport> interrupted() {
    if (!session_.interrupted()) return fail(errors::kLockLost, "the lock was lost during the undo");
    if (!operation_.stored.exists()) return fail(no_record("interrupted while it was being put back"));
    return report(model::DeployResult::kInterrupted);
  }

  model::DeployReport report(model::DeployResult result) {
    model::DeployReport out = new_report(operation_);
    out.result = result;
    out.cause = task_.cause;
    for (std::size_t i = 0; i < outcomes_.size(); ++i) {
      const UndoOutcome& outcome = outcomes_[i];
      model::ObjectOutcome entry;
      entry.object = task_.saved[i].object;
      entry.message = outcome.message;
      entry.action = model::Action::kUnchanged;
      if (outcome.failed) {
        entry.action = model::Action::kFailed;
      } else if (outcome.kind == Kind::kKept) {
        entry.action = model::Action::kSkipped;
      } else if (outcome.wrote) {
        entry.action = outcome.kind == Kind::kDelete ? model::Action::kDeleted : model::Action::kRestored;
      }
      if (health_) entry.health = health_->status_of(entry.object);
      out.objects.push_back(std::move(entry));
    }
    return out;
  }

  Operation& operation_;
  Session& session_;
  UndoTask task_;
  UndoPlan plan_;
  std::vector<UndoOutcome> outcomes_;
  std::optional<HealthMonitor> health_;
  bool resumed_ = false;               // another run had begun with it
  Unread unread_;                      // in the last look
  Unread unseen_;                      // bystanders
  std::optional<Instant> healthy_by_;  // from the first wait on
  Instant recovers_by_;
  std::vector<journal::Member> left_over_;           // creations that are still there
  std::shared_ptr<const model::ApiCatalog> served_;  // then; null: nobody knows
  bool can_do_more_ = false;                         // another round, about what is not as it was
  bool left_out_ = false;                            // something, of the last round
  bool stopped_ = false;
  bool unwritten_ = false;  // some object was found as it had been: its write may still be under way
};

}  // namespace

Result<model::DeployReport> undo_operation(Operation& operation, UndoTask task) {
  return UndoRun(operation, std::move(task)).run();
}

}  // namespace instantexec::engine
