#include "engine/former_health.h"

#include <set>
#include <utility>

#include "base/text.h"

namespace instantexec::engine {
namespace {

status::Context context_at(Session& session, const HealthOptions& options) {
  status::Context out;
  out.options = options.status;
  out.rules = options.rules;
  // The lock was taken or renewed a moment ago, on the server's clock.
  if (session.keeper() != nullptr) out.now = status::cluster_time(session.keeper()->lease());
  if (out.now == Timestamp{}) out.now = session.server_time();
  return out;
}

// Descendants of the objects and the events about them.
void read_families(Session& session, const std::vector<const model::Object*>& objects,
                   const HealthOptions& options, status::ChildIndex& index) {
  std::set<std::pair<model::Gvk, std::string>> places;
  for (const model::Object* object : objects) {
    index.upsert(*object);
    const auto kinds = status::child_kinds(object->gvk(), options.status);
    for (const model::Gvk& kind : kinds) places.emplace(kind, object->ns());
    if (status::events_tell(object->gvk(), options.status)) places.emplace(event_gvk(), object->ns());
  }
  std::vector<Request> requests;
  for (const auto& [gvk, ns] : places) requests.emplace_back(ListRequest{gvk, ns, "", ""});
  for (const Response& response : session.call_all(std::move(requests))) {
    for (const model::Object& item : response.items) index.upsert(item);
  }
}

}  // namespace

void note_former_health(Session& session, PlanResult& planned, const HealthOptions& options) {
  planned.former.clear();
  planned.under_way.clear();
  const status::Context context = context_at(session, options);
  std::vector<const model::Object*> unwell;
  for (std::size_t i = 0; i < planned.desired.size(); ++i) {
    const auto live = planned.live.find(planned.plan.steps[i].object);
    if (live == planned.live.end()) continue;
    if (!counts_as_ready(status::compute(live->second, {}, {}, context))) unwell.push_back(&live->second);
  }
  if (unwell.empty()) return;
  status::ChildIndex index;
  read_families(session, unwell, options, index);
  for (const model::Object* object : unwell) {
    // Judged with what it owns it may be well.
    if (counts_as_ready(status::assess(*object, index, context).status)) continue;
    if (auto former = status::read_former(*object, index, context)) {
      planned.former[object->ref()] = *std::move(former);
    } else {
      planned.under_way.push_back(object->ref());
    }
  }
}

std::set<model::ObjectRef> unready_before(const FormerHealth& former,
                                          const std::vector<model::ObjectRef>& under_way) {
  std::set<model::ObjectRef> out(under_way.begin(), under_way.end());
  for (const auto& [ref, one] : former) out.insert(ref);
  return out;
}

std::vector<Bystander> bystanders_of(const plan::Plan& plan, const std::set<model::ObjectRef>& unready,
                                     const status::Options& options) {
  std::vector<Bystander> out;
  for (const plan::Step& step : plan.steps) {
    const bool ends = step.gvk.group == "batch" && step.gvk.kind == "Job";
    const bool runs = !ends && !status::child_kinds(step.gvk, options).empty();
    if (step.op == plan::Op::kUnchanged && runs && !unready.contains(step.object))
      out.push_back({step.gvk, step.object});
  }
  return out;
}

std::vector<journal::Unwell> to_records(const FormerHealth& former) {
  std::vector<journal::Unwell> out;
  for (const auto& [ref, one] : former) {
    out.push_back({ref, one.health.doomed(), one.health.reason, one.health.message, one.ready});
  }
  return out;
}

FormerHealth from_records(const std::vector<journal::Unwell>& unwell) {
  FormerHealth out;
  for (const journal::Unwell& one : unwell) {
    status::Former former;
    former.health.status = one.failed ? model::HealthStatus::kFailed : model::HealthStatus::kInProgress;
    former.health.reason = sanitise_line(one.reason, 200);
    former.health.message = sanitise_line(one.message, 1000);
    former.ready = one.ready;
    out[one.object] = std::move(former);
  }
  return out;
}

std::string words_of_broken(const model::ObjectRef& ref, const model::ObjectStatus& health) {
  return ref.to_string() + " was broken before this deploy and still is, which does not fail it: " +
         (health.message.empty() ? health.reason : health.message);
}

}  // namespace instantexec::engine
