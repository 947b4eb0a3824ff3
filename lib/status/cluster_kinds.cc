#include <fmt/format.h>

#include "status/simple.h"

namespace instantexec::status {
namespace {

using namespace std::chrono_literals;

constexpr Duration kScaleWindow = 30s;  // the target may be created a moment after its autoscaler
constexpr Duration kApiServiceWarn = 60s;

// autoscaling/v1 keeps its conditions in an annotation.
model::Object with_conditions(const model::Object& autoscaler) {
  const std::string text = autoscaler.annotation("autoscaling.alpha.kubernetes.io/conditions");
  if (text.empty() || model::find(autoscaler.json, "/status/conditions") != nullptr) return autoscaler;
  model::Object out = autoscaler;
  auto parsed = model::parse_json(text);
  if (parsed && parsed->is_array() && model::get_object(out.json, "/status").empty()) {
    out.json["status"] = model::Json::object();
  }
  if (parsed && parsed->is_array()) out.json["status"]["conditions"] = std::move(*parsed);
  return out;
}

}  // namespace

Assessment assess_exists(const Input& input) {
  return current("Exists", fmt::format("the {} exists", input.object.kind()));
}

Assessment assess_cron_job(const Input& input) {
  if (model::get_bool(input.object.json, "/spec/suspend")) {
    return current("Exists", "the CronJob exists; its schedule is suspended");
  }
  // Runs are judged by whoever looks after them; a schedule is no worse for one that failed.
  const Timestamp started = time_at(input.object.json, "/status/lastScheduleTime");
  const bool runs = !model::get_array(input.object.json, "/status/active").empty();
  if (!runs && started > time_at(input.object.json, "/status/lastSuccessfulTime")) {
    Assessment out = current("Exists", "the CronJob is scheduled; its last run has not succeeded");
    out.status.hint = describe_command(input.object);
    return out;
  }
  return current("Exists", "the CronJob is scheduled");
}

Assessment assess_autoscaler(const Input& input) {
  const model::Object autoscaler = with_conditions(input.object);
  const auto active = find_condition(autoscaler, "ScalingActive");
  const auto able = find_condition(autoscaler, "AbleToScale");
  const auto limited = find_condition(autoscaler, "ScalingLimited");
  if (active && active->is_false() && active->reason == "InvalidSelector") {
    return failed("InvalidSelector", active->message, describe_command(input.object));
  }
  if (able && able->is_false() && (able->reason == "FailedGetScale" || able->reason == "FailedUpdateScale")) {
    const Timestamp doomed_at = std::max(able->since, input.context.applied_at) + kScaleWindow;
    if (doomed_at <= input.context.now)
      return failed(able->reason, able->message, describe_command(input.object));
    Assessment out = in_progress(able->reason, able->message);
    out.changes_at = doomed_at;
    return out;
  }
  if ((able && able->is_true()) || (limited && limited->is_true())) {
    // Metrics of new pods arrive minutes after a rollout; that must not hold it up.
    if (active && active->is_false() && active->reason != "ScalingDisabled") {
      const bool metrics = active->reason.starts_with("FailedGet") || active->reason.empty();
      Assessment out = current("AbleToScale",
                               metrics ? std::string("able to scale; metrics are not there yet")
                                       : fmt::format("able to scale, but it does not: {}", active->message));
      out.status.evidence.push_back({input.object.ref(), clean(active->reason + ": " + active->message)});
      return out;
    }
    return current("AbleToScale", "able to scale");
  }
  return in_progress("WaitingForController", able ? able->message : "the autoscaler has not reported yet");
}

Assessment assess_disruption_budget(const Input& input) {
  // policy/v1: no disruption is allowed, for the number of those that may be cannot be computed.
  for (const Condition& condition : conditions(input.object)) {
    if (condition.type != "DisruptionAllowed" || !condition.is_false() || condition.reason != "SyncFailed")
      continue;
    const std::string text =
        condition.message.empty() ? "allowed disruptions cannot be computed" : condition.message;
    if (input.context.options.declared_failures)
      return failed("SyncFailed", text, describe_command(input.object));
    // Pods run without it: no reason to undo a deploy.
    Assessment out = current("Observed", "the budget exists and allows no disruption: " + text);
    out.status.hint = describe_command(input.object);
    return out;
  }
  Assessment out = current("Observed", "the budget is in force");
  const bool blocks = model::get_int(input.object.json, "/status/disruptionsAllowed") == 0 &&
                      model::get_int(input.object.json, "/status/expectedPods") > 0;
  if (blocks) out.status.message = "the budget is in force and allows no disruption at present";
  return out;
}

Assessment assess_crd(const Input& input) {
  const auto accepted = find_condition(input.object, "NamesAccepted");
  const auto established = find_condition(input.object, "Established");
  if (accepted && accepted->is_false()) {
    return failed(accepted->reason.empty() ? "NamesNotAccepted" : accepted->reason, accepted->message,
                  describe_command(input.object));
  }
  if (established && established->is_false() && established->reason != "Installing") {
    return failed(established->reason.empty() ? "NotEstablished" : established->reason, established->message,
                  describe_command(input.object));
  }
  if (accepted && established && accepted->is_true() && established->is_true()) {
    return current("Established", "the kind is served");
  }
  return in_progress("Installing", "the kind is not yet established");
}

Assessment assess_api_service(const Input& input) {
  const auto available = find_condition(input.object, "Available");
  if (available && available->is_true()) return current("Available", "the API is served");
  if (!available) return in_progress("WaitingForController", "availability is not yet known");
  // One that is down must not block or fail others: say so, and wait.
  Assessment out =
      in_progress(available->reason.empty() ? "NotAvailable" : available->reason, available->message);
  if (input.context.now - available->since >= kApiServiceWarn)
    out.status.hint = describe_command(input.object);
  return out;
}

Assessment assess_namespace(const Input& input) {
  const std::string phase = model::get_string(input.object.json, "/status/phase");
  if (phase == "Active") return current("Active", "the Namespace is active");
  if (phase == "Terminating") {
    Assessment out = in_progress("Terminating", "the Namespace is being deleted");
    out.status.status = model::HealthStatus::kTerminating;
    return out;
  }
  return in_progress("Pending", "the Namespace is not yet active");
}

Assessment assess_quota(const Input& input) {
  const model::Json& wanted = model::get_object(input.object.json, "/spec/hard");
  if (model::get_object(input.object.json, "/status/hard") == wanted) {
    return current("Observed", "the quota is in force");
  }
  return in_progress("WaitingForController", "the quota is not yet in force");
}

// certificates.k8s.io/v1: Approved, Denied and Failed are never taken back.
Assessment assess_signing_request(const Input& input) {
  for (const std::string_view type : {"Denied", "Failed"}) {
    const auto refused = find_condition(input.object, type);
    if (!refused || !refused->is_true()) continue;
    return failed(refused->reason.empty() ? type : refused->reason, refused->message,
                  describe_command(input.object));
  }
  if (!model::get_string(input.object.json, "/status/certificate").empty())
    return current("Issued", "the certificate is issued");
  const auto approved = find_condition(input.object, "Approved");
  if (approved && approved->is_true()) return in_progress("Approved", "waiting for the signer");
  Assessment out = in_progress("WaitingForApproval", "nobody has approved the request yet");
  out.status.hint = clean(fmt::format("kubectl certificate approve {}", shell_word(input.object.name())));
  return out;
}

}  // namespace instantexec::status
