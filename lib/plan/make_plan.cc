#include "plan/make_plan.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/digest.h"
#include "base/text.h"
#include "plan/diff.h"
#include "plan/findings.h"
#include "plan/grade.h"
#include "plan/order.h"
#include "plan/owner.h"

namespace instantexec::plan {
namespace {

class Planner {
 public:
  explicit Planner(const PlanInput& input) : input_(input) {
    out_.plan.release = input.scope.release;
    out_.plan.ns = input.scope.ns;
    out_.plan.revision = input.revision;
  }

  Result<PlanOutput> run() && {
    for (std::size_t i = 0; i < input_.desired.size(); ++i) plan_wanted(i);
    IE_TRY(order_wanted());
    plan_leavers();
    return std::move(out_);
  }

 private:
  [[nodiscard]] const model::Object* live(const model::ObjectRef& ref) const {
    const auto it = input_.live->find(ref);
    return it == input_.live->end() ? nullptr : &it->second;
  }

  void report(model::Finding finding) { out_.findings.push_back(std::move(finding)); }

  void plan_wanted(std::size_t i) {
    const Desired& desired = input_.desired[i];
    const DryRun& dry_run = input_.dry_runs[i];
    Step& step = out_.plan.steps.emplace_back();
    step.gvk = desired.object().gvk();
    step.object = desired.object().ref();
    step.at = desired.manifest.range;
    step.manifest_digest = manifest_digest(desired.object(), input_.fingerprint_key);
    wanted_.insert(step.object);
    const model::Object* existing = live(step.object);
    if (existing == nullptr) {
      step.op = Op::kCreate;
    } else {
      step.op = Op::kConfigure;
      step.uid = existing->uid();
      step.resource_version = existing->resource_version();
      wanted_uids_.insert(step.uid);
      check_owner(desired, *existing);
      if (existing->terminating()) report(terminating(desired));
    }
    judge(step, desired, dry_run, existing);
  }

  void check_owner(const Desired& desired, const model::Object& existing) {
    const auto owner = foreign_owner(existing, input_.scope);
    if (owner) report(foreign(desired, *owner, input_.policy.adopt));
  }

  void judge(Step& step, const Desired& desired, const DryRun& dry_run, const model::Object* existing) {
    switch (dry_run.kind) {
      case DryRun::Kind::kDeferred:
        step.deferred = true;
        grade(step, desired, grade_create(desired.object()));
        return;
      case DryRun::Kind::kConflict:
        for (auto& finding : conflicts(desired, dry_run)) report(std::move(finding));
        return;
      case DryRun::Kind::kRefused:
        for (auto& finding : refusals(desired, dry_run, existing != nullptr)) report(std::move(finding));
        return;
      case DryRun::Kind::kAccepted:
        break;
    }
    if (input_.policy.warnings_as_errors) {
      for (auto& finding : warned(desired, dry_run)) report(std::move(finding));
    }
    step.force = input_.policy.force_conflicts && existing != nullptr;
    if (existing == nullptr) {
      grade(step, desired, grade_create(dry_run.object));
      return;
    }
    step.changes = diff(*existing, dry_run.object);
    if (step.changes.empty()) {
      if (!ownership_changes(*existing, dry_run.object, input_.field_manager)) {
        step.op = Op::kUnchanged;
        return;
      }
      step.reason = "only the ownership of fields changes";
    }
    mask(step.changes, step.gvk, input_.fingerprint_key);
    grade(step, desired, grade_configure(*existing, dry_run.object));
  }

  void grade(Step& step, const Desired& desired, Grade grade) {
    step.reversibility = grade.reversibility;
    if (!grade.reason.empty()) step.reason = std::move(grade.reason);
    if (step.reversibility == Reversibility::kNone) {
      report(irreversible(step, &desired, input_.policy.accept_irreversible));
    }
  }

  Status order_wanted() {
    std::vector<const model::Object*> objects;
    objects.reserve(input_.desired.size());
    for (const Desired& desired : input_.desired) objects.push_back(&desired.object());
    IE_TRY_ASSIGN(Order order, write_order(objects));
    for (std::size_t i = 0; i < objects.size(); ++i) {
      out_.plan.steps[i].depends_on = std::move(order.depends_on[i]);
      out_.plan.steps[i].waits_for = std::move(order.waits_for[i]);
      out_.plan.steps[i].gate = order.gates[i];
    }
    out_.plan.groups = std::move(order.groups);
    return {};
  }

  // Members of the release in force that are no longer wanted.
  void plan_leavers() {
    const std::size_t first = out_.plan.steps.size();
    std::vector<model::ObjectRef> pruned;
    std::vector<Step> kept;
    for (const Member& member : input_.members) {
      if (wanted_.contains(member.object)) continue;
      const model::Object* existing = live(member.object);
      if (existing == nullptr) {
        if (input_.catalog->incomplete_group(member.gvk.group)) kept.push_back(unseen(member));
        continue;
      }
      Step step = leaver(member, *existing);
      if (step.op == Op::kPrune) {
        pruned.push_back(step.object);
        out_.plan.steps.push_back(std::move(step));
      } else {
        kept.push_back(std::move(step));
      }
    }
    const Order order = delete_order(pruned);
    for (std::size_t i = 0; i < pruned.size(); ++i) {
      for (const std::size_t group : order.waits_for[i]) {
        out_.plan.steps[first + i].waits_for.push_back(out_.plan.groups.size() + group);
      }
    }
    for (Group group : order.groups) {
      for (std::size_t& index : group.members) index += first;
      out_.plan.groups.push_back(std::move(group));
    }
    std::move(kept.begin(), kept.end(), std::back_inserter(out_.plan.steps));
  }

  // Nothing proves that it is gone, so it stays part of the release until its group answers again.
  Step unseen(const Member& member) {
    Step step;
    step.op = Op::kKeep;
    step.gvk = member.gvk;
    step.object = member.object;
    step.uid = member.uid;
    step.reason = "its API group does not answer, so nobody knows whether it exists";
    report(kept(step));
    return step;
  }

  Step leaver(const Member& member, const model::Object& existing) {
    Step step;
    step.op = Op::kKeep;
    step.gvk = member.gvk;
    step.object = member.object;
    step.uid = existing.uid();
    step.resource_version = existing.resource_version();
    step.reason = forget_reason(member, existing);
    step.forgotten = !step.reason.empty();
    if (!step.forgotten) step.reason = keep_reason(member, existing);
    if (!step.reason.empty()) {
      report(kept(step));
      return step;
    }
    step.op = Op::kPrune;
    Grade grade = grade_prune(existing);
    step.reversibility = grade.reversibility;
    step.reason = std::move(grade.reason);
    if (step.reversibility == Reversibility::kNone) {
      report(irreversible(step, nullptr, input_.policy.accept_irreversible));
    }
    return step;
  }

  // Why a member that left stays where it is; empty: it is pruned.
  [[nodiscard]] std::string keep_reason(const Member& member, const model::Object& existing) const {
    if (!input_.policy.prune) return "pruning is switched off";
    if (input_.catalog->incomplete_group(member.gvk.group)) {
      return "its API group does not answer, so nothing of it is deleted";
    }
    if (is_namespace(member.gvk) && existing.uid() == member.uid && holds_wanted(member.object.name)) {
      return "objects of the release are in it";
    }
    return {};
  }

  // Why a member that left is none of the release's business any more; empty: it still is.
  [[nodiscard]] std::string forget_reason(const Member& member, const model::Object& existing) const {
    if (existing.uid() != member.uid) return "it was deleted and created anew by someone else";
    // The same object under another kind or group (extensions/v1beta1 → apps/v1).
    if (wanted_uids_.contains(existing.uid())) return "it is part of the release under another kind";
    if (kept_by_annotation(existing)) return "its annotation asks to keep it";
    if (!owned_by(existing, input_.scope)) return "it no longer carries the label of this release";
    if (const auto owner = foreign_owner(existing, input_.scope)) {
      return "it now belongs to " + owner->tool + " " + owner->name;
    }
    return {};
  }

  [[nodiscard]] bool holds_wanted(const std::string& ns) const {
    return ns == input_.scope.ns ||
           std::any_of(wanted_.begin(), wanted_.end(), [&](const auto& ref) { return ref.ns == ns; });
  }

  const PlanInput& input_;
  PlanOutput out_;
  std::set<model::ObjectRef> wanted_;
  std::set<std::string> wanted_uids_;
};

}  // namespace

std::string manifest_digest(const model::Object& object, std::string_view key) {
  const std::string text = object.json.dump(-1, ' ', false, model::Json::error_handler_t::replace);
  const model::Gvk gvk = object.gvk();
  const bool secret = gvk.group.empty() && gvk.kind == "Secret";
  return secret ? hmac_sha256_hex(key, text) : sha256_hex(text);
}

Result<PlanOutput> make_plan(const PlanInput& input) {
  return Planner(input).run();
}

}  // namespace instantexec::plan
