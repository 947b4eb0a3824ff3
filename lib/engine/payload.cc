#include "engine/payload.h"

#include <utility>

#include "base/digest.h"
#include "engine/commit.h"
#include "engine/former_health.h"
#include "engine/live.h"
#include "plan/desired.h"

namespace instantexec::engine {
namespace {

const model::Object* find(const LiveObjects& objects, const model::ObjectRef& ref) {
  const auto found = objects.find(ref);
  return found == objects.end() ? nullptr : &found->second;
}

Status check_payload_size(const PlanResult& planned, std::size_t limit) {
  std::size_t size = 0;
  journal::write_payload(make_payload(planned, std::string(kOperationId, '0')),
                         [&size](std::string_view bytes) { size += bytes.size(); });
  return journal::check_size(size, limit);
}

// As long as a UID, and as hard to compress.
std::string like_a_uid(const model::ObjectRef& object) {
  const std::string digits = sha256_hex(object.to_string());
  return digits.substr(0, 8) + '-' + digits.substr(8, 4) + '-' + digits.substr(12, 4) + '-' +
         digits.substr(16, 4) + '-' + digits.substr(20, 12);
}

// With what is to be pruned: it stays in the list until it is gone.
Status check_member_list(const plan::Plan& plan) {
  Uids uids;
  for (const plan::Step& step : plan.steps) {
    uids[step.object] = step.uid.empty() ? like_a_uid(step.object) : step.uid;
  }
  IE_TRY(journal::encode_members(commit_members(plan, uids, {})));
  return {};
}

}  // namespace

journal::PayloadView make_payload(const PlanResult& planned, const std::string& operation) {
  journal::PayloadView out;
  out.operation = operation;
  plan::Plan plain = planned.plan;
  for (plan::Step& step : plain.steps) step.changes.clear();
  out.plan = plan::to_json(plain);
  for (const plan::Desired& desired : planned.desired) out.manifests.push_back(&desired.object());
  for (const plan::Step& step : planned.plan.steps) {
    if (!plan::writes(step.op)) continue;
    out.saved.push_back(
        {&step.gvk, &step.object, find(planned.live, step.object), find(planned.after, step.object)});
  }
  out.unwell = to_records(planned.former);
  out.under_way = planned.under_way;
  return out;
}

std::optional<model::Finding> too_large(const PlanResult& planned, std::size_t limit) {
  Status fits = check_payload_size(planned, limit);
  if (fits) fits = check_member_list(planned.plan);
  if (fits) return std::nullopt;
  model::Finding out;
  out.rule = fits.error().code->name;
  out.message = fits.error().message;
  out.hint = fits.error().next_step();
  return out;
}

}  // namespace instantexec::engine
