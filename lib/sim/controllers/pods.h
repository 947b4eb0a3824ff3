#pragma once

#include <string>
#include <vector>

#include "sim/controllers/control.h"

namespace instantexec::sim {

// What controllers ask about pods.

[[nodiscard]] bool pod_active(const model::Object& pod);  // neither ended nor being deleted
[[nodiscard]] bool pod_ready(const model::Object& pod);
// Ready for at least that long.
[[nodiscard]] bool pod_available(const model::Object& pod, std::int64_t min_ready_seconds, Timestamp now);
// When the pod turned ready; nothing when it is not.
[[nodiscard]] std::optional<Timestamp> ready_since(const model::Object& pod);

// A pod made from a workload's template (/spec/template of the owner), controlled by that workload.
[[nodiscard]] model::Object pod_from_template(const model::Object& owner, const std::string& name);
// The ownerReferences entry of a controlling owner.
[[nodiscard]] model::Json controller_reference(const model::Object& owner);

// Ten characters that stand for a template, as in pod-template-hash.
[[nodiscard]] std::string template_hash(const model::Json& pod_template);

// "25%" of a total or a plain number, rounded up or down; `otherwise` when absent.
[[nodiscard]] std::int64_t share(const model::Json* value, std::int64_t total, bool round_up,
                                 std::int64_t otherwise);

// Removes a field that is zero: the server's encoder leaves those out.
void drop_zeros(model::Json& status, std::initializer_list<const char*> keep = {});

// Sets a condition; its transition time moves only when the status changes. Returns whether anything changed.
bool set_condition(model::Json& conditions, model::Json condition, const std::string& now);
[[nodiscard]] const model::Json* condition_of(const model::Object& object, std::string_view type);

}  // namespace instantexec::sim
