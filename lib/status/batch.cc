#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "status/pod.h"
#include "status/workload.h"

namespace instantexec::status {

Assessment assess_pod(const Input& input) {
  const PodVerdict verdict = judge_pod(input.object, input);
  const bool runs_once = model::get_string(input.object.json, "/spec/restartPolicy", "Always") != "Always";
  switch (verdict.state) {
    case PodState::kSucceeded:
      return current("Succeeded", "all containers have ended without error");
    case PodState::kReady:
      if (!runs_once) return current("Ready", "the pod is ready");
      return in_progress("Running", "waiting for the pod to end");
    case PodState::kLost: {
      const bool alone = model::controller_uid(input.object).empty();
      Assessment out =
          in_progress("LostWithNode", alone ? "the node ended the pod, and nothing starts it again"
                                            : "the node ended the pod; its controller makes another");
      out.status.hint = describe_command(input.object);
      return out;
    }
    case PodState::kTerminating:  // handled before the kind's rule
    case PodState::kProgressing:
    case PodState::kDoomed:
      break;
  }
  const std::string phase = model::get_string(input.object.json, "/status/phase", "Pending");
  const PodVerdict verdicts[] = {verdict};
  Assessment waiting = in_progress("Pending", "the pod has not started");
  if (phase == "Running") waiting = in_progress("NotReady", "the pod runs and is not ready");
  if (phase == "Unknown") waiting = in_progress("NodeLost", "the pod's node does not answer");
  return with_pods(std::move(waiting), verdicts, Quorum::kAny, std::nullopt, input);
}

namespace {

// Failed pods are the Job's own business (backoffLimit); stuck ones are not.
std::vector<PodVerdict> stuck_pods(const Input& input) {
  std::vector<PodVerdict> out = judge_pods(new_pods(input), input);
  std::erase_if(out, [](const PodVerdict& verdict) {
    return verdict.state == PodState::kTerminating || verdict.state == PodState::kLost ||
           model::get_string(verdict.pod->json, "/status/phase") == "Failed";
  });
  return out;
}

}  // namespace

Assessment assess_job(const Input& input) {
  const auto failure = [&](const Condition& condition) {
    return failed(condition.reason.empty() ? "JobFailed" : condition.reason, condition.message,
                  describe_command(input.object));
  };
  for (const std::string_view type : {"Complete", "SuccessCriteriaMet"}) {
    const auto condition = find_condition(input.object, type);
    if (condition && condition->is_true()) {
      return current("Complete", condition->message.empty() ? "the Job has completed" : condition->message);
    }
  }
  // FailureTarget comes first, while the remaining pods are being ended.
  for (const std::string_view type : {"Failed", "FailureTarget"}) {
    const auto condition = find_condition(input.object, type);
    if (condition && condition->is_true()) return failure(*condition);
  }
  if (model::get_bool(input.object.json, "/spec/suspend")) {
    return suspended("Suspended", "the Job is suspended",
                     clean(fmt::format("kubectl -n {} patch job {} -p '{{\"spec\":{{\"suspend\":false}}}}'",
                                       shell_word(input.object.ns()), shell_word(input.object.name()))));
  }
  const std::int64_t active = count_at(input.object.json, "/status/active");
  const std::int64_t succeeded = count_at(input.object.json, "/status/succeeded");
  const std::int64_t want = count_at(input.object.json, "/spec/completions", 1);
  const std::int64_t parallel = count_at(input.object.json, "/spec/parallelism", 1);
  if (!input.context.options.wait_for_jobs && active + succeeded > 0) {
    return current("Started", "the Job has started");
  }
  Assessment waiting =
      active + succeeded == 0
          ? in_progress("Starting", "no pod of the Job runs yet")
          : in_progress("Running", fmt::format("{} of {} completed, {} active", succeeded, want, active));
  const std::int64_t missing = std::max<std::int64_t>(std::min(parallel, want - succeeded), 0);
  return with_pods(std::move(waiting), stuck_pods(input), Quorum::kAny,
                   creation_problem(input.object, missing, active, input), input);
}

}  // namespace instantexec::status
