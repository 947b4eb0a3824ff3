#include <algorithm>
#include <utility>

#include "sim/controllers/control.h"
#include "sim/controllers/pods.h"

namespace instantexec::sim {
namespace {

using model::get_array;
using model::get_bool;
using model::get_int;
using model::get_string;
using model::Json;

constexpr Duration kRetry{10'000};

struct Counts {
  std::int64_t active = 0;
  std::int64_t ready = 0;
  std::int64_t succeeded = 0;
  std::int64_t failed = 0;
  std::int64_t restarts = 0;  // of containers, under restartPolicy OnFailure
};

Counts count(const std::vector<Snapshot>& pods) {
  Counts out;
  for (const Snapshot& pod : pods) {
    const std::string phase = get_string(pod->json, "/status/phase");
    if (phase == "Succeeded") {
      ++out.succeeded;
    } else if (phase == "Failed") {
      ++out.failed;
    } else if (!pod->terminating()) {
      ++out.active;
      if (pod_ready(*pod)) ++out.ready;
    }
    for (const Json& container : get_array(pod->json, "/status/containerStatuses")) {
      out.restarts += get_int(container, "/restartCount");
    }
  }
  return out;
}

bool finished(const model::Object& job) {
  for (const char* type : {"Complete", "Failed"}) {
    const Json* condition = condition_of(job, type);
    if (condition != nullptr && get_string(*condition, "/status") == "True") return true;
  }
  return false;
}

void add_condition(Json& status, const char* type, const char* reason, const char* message,
                   const std::string& now) {
  Json condition{{"type", type},     {"status", "True"},  {"lastProbeTime", now}, {"lastTransitionTime", now},
                 {"reason", reason}, {"message", message}};
  if (!status.contains("conditions")) status["conditions"] = Json::array();
  set_condition(status["conditions"], std::move(condition), now);
}

// What the pods say about the job: ends it, or makes the pods that are missing.
void drive(Control& control, const model::Object& job, const Counts& counts, Json& status) {
  const std::string now = format_rfc3339(control.wall());
  const std::int64_t completions = get_int(job.json, "/spec/completions", 1);
  const std::int64_t limit = get_int(job.json, "/spec/backoffLimit", 6);
  if (counts.succeeded >= completions) {
    add_condition(status, "SuccessCriteriaMet", "CompletionsReached",
                  "Reached expected number of succeeded pods", now);
    add_condition(status, "Complete", "CompletionsReached", "Reached expected number of succeeded pods", now);
    status["completionTime"] = now;
    return;
  }
  if (counts.failed > limit || (counts.restarts > 0 && counts.restarts >= std::max<std::int64_t>(limit, 1))) {
    constexpr const char* kMessage = "Job has reached the specified backoff limit";
    add_condition(status, "FailureTarget", "BackoffLimitExceeded", kMessage, now);
    add_condition(status, "Failed", "BackoffLimitExceeded", kMessage, now);
    control.event(job, "Warning", "BackoffLimitExceeded", kMessage);
    for (const Snapshot& pod : control.children(job, "Pod")) {
      if (pod_active(*pod)) control.api.remove(*pod, engine::Propagation::kBackground, control.wall());
    }
    return;
  }
  const std::int64_t missing =
      std::min(get_int(job.json, "/spec/parallelism", 1), completions - counts.succeeded) - counts.active;
  // A failed pod is replaced after a while, so that a failing job does not spin.
  if (missing > 0 && counts.failed > get_int(job.json, "/status/failed"))
    return control.look_at(job.ref(), kRetry);
  for (std::int64_t i = 0; i < missing && control.may_try(job); ++i) {
    const std::string name = job.name() + "-" + control.api.name_suffix();
    std::string problem;
    if (control.api.create(pod_from_template(job, name), control.wall(), &problem)) continue;
    control.event(job, "Warning", "FailedCreate", "Error creating: " + problem);
    control.note_failure(job);
  }
}

}  // namespace

void sync_job(Control& control, const model::ObjectRef& ref) {
  const Snapshot job = control.store().get(ref);
  if (!job || job->terminating()) return;
  if (finished(*job)) {
    const Json* ttl = model::find(job->json, "/spec/ttlSecondsAfterFinished");
    if (ttl == nullptr || !ttl->is_number_integer()) return;
    const auto since =
        parse_rfc3339(get_string(job->json, "/status/completionTime", format_rfc3339(control.wall())));
    const Duration left = *since + Duration{ttl->get<std::int64_t>() * 1000} - control.wall();
    if (left > Duration{0}) return control.look_at(ref, left);
    return control.api.remove(*job, engine::Propagation::kBackground, control.wall());
  }
  Json status = model::get_object(job->json, "/status");
  const bool suspended = get_bool(job->json, "/spec/suspend");
  if (suspended) {
    add_condition(status, "Suspended", "JobSuspended", "Job suspended", format_rfc3339(control.wall()));
  } else {
    if (!status.contains("startTime")) status["startTime"] = format_rfc3339(control.wall());
    drive(control, *job, count(control.children(*job, "Pod")), status);
  }
  const Counts counts = count(control.children(*job, "Pod"));
  status["active"] = counts.active;
  status["ready"] = counts.ready;
  status["succeeded"] = counts.succeeded;
  status["failed"] = counts.failed;
  drop_zeros(status, {"ready"});
  model::Object after = *job;
  after.json["status"] = std::move(status);
  control.api.write_status(*job, after, "kube-controller-manager", control.wall());
}

}  // namespace instantexec::sim
