#pragma once

#include <string>

#include "sim/controllers/control.h"

namespace instantexec::sim {

// The fault of one container of a pod: "", "image-not-found", "crash-loop" ….
[[nodiscard]] std::string fault_of(const model::Object& pod, const model::Json& container);
// A duration from an annotation instantexec.dev/NAME.
[[nodiscard]] Duration pod_annotation(const model::Object& pod, const std::string& name, Duration otherwise);

// Does one step: returns the pod as it is then, and says in `progress` what comes next and when.
[[nodiscard]] model::Object take_step(Control& control, const model::Object& pod, PodProgress& progress);

// Finds a node for the pod and sets spec.nodeName; false when there is none, with the reason in the condition
// PodScheduled.
[[nodiscard]] bool schedule(Control& control, model::Object& pod);

}  // namespace instantexec::sim
