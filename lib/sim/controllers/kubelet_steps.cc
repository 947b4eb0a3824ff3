#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "base/digest.h"
#include "sim/controllers/kubelet.h"
#include "sim/controllers/pods.h"

namespace instantexec::sim {
namespace {

using model::get_array;
using model::get_int;
using model::get_string;
using model::Json;

constexpr Duration kCrashAfter{300};
constexpr Duration kRunFor{300};
constexpr Duration kBackOffAfter{1000};

bool crashes(std::string_view fault) {
  return fault == "crash-loop" || fault == "oom";
}

// One pod on its way through a step.
class Step {
 public:
  Step(Control& control, const model::Object& pod, PodProgress& progress)
      : control_(control), pod_(pod), progress_(progress), now_(format_rfc3339(control.wall())) {}

  model::Object take() {
    Json& status = pod_.json["status"];
    switch (std::exchange(progress_.next, PodStep::kNothing)) {
      case PodStep::kStart:
        start(status);
        break;
      case PodStep::kBackOff:
        back_off(status);
        break;
      case PodStep::kPulled:
        each_waiting(status, [&](Json& container) { run(container, true); });
        status["phase"] = "Running";
        readiness(status);
        break;
      case PodStep::kCrash:
        crash(status);
        break;
      case PodStep::kRestart:
        restart(status);
        break;
      case PodStep::kReady:
        set_ready(status, true);
        break;
      case PodStep::kLoseReady:
        control_.event(pod_, "Warning", "Unhealthy", kProbeFailed);
        set_ready(status, false);
        break;
      case PodStep::kProbe:
        control_.event(pod_, "Warning", "Unhealthy", kProbeFailed);
        break;
      case PodStep::kComplete:
        complete(status);
        break;
      case PodStep::kNothing:
        break;
    }
    return std::move(pod_);
  }

 private:
  static constexpr const char* kProbeFailed =
      "Readiness probe failed: HTTP probe failed with statuscode: 503";

  void next(PodStep step, Duration after) {
    progress_.next = step;
    progress_.due = control_.now() + after;
  }

  [[nodiscard]] std::string log_key(const Json& container) const {
    return pod_.ns() + "/" + pod_.name() + "/" + get_string(container, "/name");
  }

  static Json waiting(const char* reason, std::string message = "") {
    Json out{{"reason", reason}};
    if (!message.empty()) out["message"] = std::move(message);
    return {{"waiting", std::move(out)}};
  }

  void run(Json& container, bool ready) {
    const std::string image = get_string(container, "/image");
    const std::int64_t restarts = get_int(container, "/restartCount");
    container["started"] = true;
    container["ready"] = ready;
    container["imageID"] = image + "@sha256:" + sha256_hex(image);
    container["containerID"] =
        fmt::format("containerd://{}-{}-{}", pod_.uid(), get_string(container, "/name"), restarts);
    container["state"] = Json{{"running", {{"startedAt", now_}}}};
    auto& logs = control_.api.logs;
    const std::string key = log_key(container);
    if (const auto it = logs.find(key); it != logs.end() && restarts > 0)
      logs[key + "/previous"] = it->second;
    logs[key] = "simulation: container started\nsimulation: listening\n";
  }

  Json blank(const Json& container) const {
    return {{"name", get_string(container, "/name")},
            {"image", get_string(container, "/image")},
            {"imageID", ""},
            {"ready", false},
            {"started", false},
            {"restartCount", 0},
            {"lastState", Json::object()}};
  }

  // Sets a container's first state; false when it waits.
  bool begin(Json& status, const std::string& fault) {
    const std::string image = get_string(status, "/image");
    if (fault == "image-not-found") {
      status["state"] = waiting(
          "ErrImagePull", fmt::format("failed to pull and unpack image \"{0}\": failed to resolve reference "
                                      "\"{0}\": {0}: not found",
                                      image));
    } else if (fault == "pull-backoff") {
      status["state"] =
          waiting("ErrImagePull",
                  fmt::format("failed to pull and unpack image \"{0}\": failed to do request: Head "
                              "\"https://registry.example/v2/\": dial tcp 192.0.2.10:443: i/o timeout",
                              image));
    } else if (fault == "config-error") {
      status["state"] = waiting("CreateContainerConfigError", "configmap \"sandbox-missing\" not found");
    } else {
      run(status, !crashes(fault) && fault != "never-ready" && fault != "slow-start");
      return true;
    }
    return false;
  }

  void plan(const std::string& fault) {
    if (fault == "image-not-found" || fault == "pull-backoff") next(PodStep::kBackOff, kBackOffAfter);
    if (crashes(fault)) next(PodStep::kCrash, pod_annotation(pod_, "crash-after", kCrashAfter));
    if (fault == "slow-start") next(PodStep::kReady, pod_annotation(pod_, "ready-after", Duration{8000}));
    if (fault == "ready-then-lost")
      next(PodStep::kLoseReady, pod_annotation(pod_, "ready-for", Duration{3000}));
    if (fault == "never-ready") next(PodStep::kProbe, Duration{1000});
  }

  void start(Json& status) {
    const bool init_fails = pod_fault() == "init-failure";
    Json inits = Json::array();
    for (const Json& container : get_array(pod_.json, "/spec/initContainers")) {
      Json item = blank(container);
      if (init_fails && !inits.empty()) {
        item["state"] = waiting("PodInitializing");
      } else {
        run(item, !init_fails);
        if (!init_fails) item["state"] = ended(item, 0, "Completed");
      }
      inits.push_back(std::move(item));
    }
    bool pending = init_fails;
    Json statuses = Json::array();
    std::string planned;
    for (const Json& container : get_array(pod_.json, "/spec/containers")) {
      Json item = blank(container);
      const std::string fault = fault_of(pod_, container);
      if (init_fails) {
        item["state"] = waiting(inits.empty() ? "ContainerCreating" : "PodInitializing");
      } else {
        if (!begin(item, fault)) pending = true;
        if (planned.empty()) planned = fault;
      }
      statuses.push_back(std::move(item));
    }
    status["phase"] = pending ? "Pending" : "Running";
    status["startTime"] = now_;
    status["hostIP"] = "192.0.2.1";
    status["podIP"] = fmt::format("10.1.{}.{}", control_.scheduled / 250 % 250, control_.scheduled % 250 + 1);
    status["podIPs"] = Json::array({Json{{"ip", status["podIP"]}}});
    if (!inits.empty()) status["initContainerStatuses"] = std::move(inits);
    status["containerStatuses"] = std::move(statuses);
    condition(status, {{"type", "PodScheduled"}, {"status", "True"}});
    condition(status, {{"type", "PodReadyToStartContainers"}, {"status", "True"}});
    initialized(status);
    readiness(status);
    if (init_fails) {
      if (!get_array(status, "/initContainerStatuses").empty()) next(PodStep::kCrash, kCrashAfter);
    } else if (!planned.empty()) {
      plan(planned);
    } else if (get_string(pod_.json, "/spec/restartPolicy") != "Always") {
      next(PodStep::kComplete, pod_annotation(pod_, "run-for", kRunFor));
    }
  }

  [[nodiscard]] std::string pod_fault() const {
    const auto labels = pod_.labels();
    const auto it = labels.find("instantexec.dev/fault");
    return it == labels.end() ? "" : it->second;
  }

  void condition(Json& status, Json value) { set_condition(status["conditions"], std::move(value), now_); }

  void initialized(Json& status) {
    std::string waiting_for;
    for (const Json& item : get_array(status, "/initContainerStatuses")) {
      if (!model::get_bool(item, "/ready"))
        waiting_for += (waiting_for.empty() ? "" : " ") + get_string(item, "/name");
    }
    if (waiting_for.empty()) return condition(status, {{"type", "Initialized"}, {"status", "True"}});
    condition(status, {{"type", "Initialized"},
                       {"status", "False"},
                       {"reason", "ContainersNotInitialized"},
                       {"message", "containers with incomplete status: [" + waiting_for + "]"}});
  }

  void readiness(Json& status) {
    std::string unready;
    for (const Json& item : get_array(status, "/containerStatuses")) {
      if (!model::get_bool(item, "/ready"))
        unready += (unready.empty() ? "" : " ") + get_string(item, "/name");
    }
    for (const char* type : {"ContainersReady", "Ready"}) {
      Json value{{"type", type}, {"status", unready.empty() ? "True" : "False"}};
      if (!unready.empty()) {
        value["reason"] = "ContainersNotReady";
        value["message"] = "containers with unready status: [" + unready + "]";
      }
      condition(status, std::move(value));
    }
  }

  template <typename F>
  void each_waiting(Json& status, F&& body) {
    for (Json& item : status["containerStatuses"]) {
      if (model::find(item, "/state/waiting") != nullptr) body(item);
    }
  }

  void back_off(Json& status) {
    control_.event(pod_, "Warning", "Failed", "Error: ErrImagePull");
    each_waiting(status, [&](Json& item) {
      if (get_string(item, "/state/waiting/reason") != "ErrImagePull") return;
      item["state"] = waiting("ImagePullBackOff",
                              fmt::format("Back-off pulling image \"{}\"", get_string(item, "/image")));
    });
    const Duration recover = pod_annotation(pod_, "recover-after", Duration{-1});
    if (pod_fault() == "pull-backoff" && recover >= Duration{0}) next(PodStep::kPulled, recover);
  }

  [[nodiscard]] const char* failing_list() const {
    return pod_fault() == "init-failure" ? "initContainerStatuses" : "containerStatuses";
  }

  [[nodiscard]] bool fails(const Json& container) const {
    return pod_fault() == "init-failure" || crashes(fault_of(pod_, container));
  }

  Json ended(const Json& container, std::int64_t code, const char* reason) const {
    return {{"terminated",
             {{"exitCode", code},
              {"reason", reason},
              {"startedAt", get_string(container, "/state/running/startedAt", now_)},
              {"finishedAt", now_},
              {"containerID", get_string(container, "/containerID")}}}};
  }

  [[nodiscard]] std::int64_t asked_exit_code() const {
    const std::string text = pod_.annotation("instantexec.dev/exit-code");
    std::int64_t code = 1;
    std::from_chars(text.data(), text.data() + text.size(), code);
    return code;
  }

  void crash(Json& status) {
    const bool never = get_string(pod_.json, "/spec/restartPolicy") == "Never";
    control_.event(pod_, "Warning", "BackOff", "Back-off restarting failed container");
    std::int64_t restarts = 0;
    for (Json& item : status[failing_list()]) {
      if (model::find(item, "/state/running") == nullptr || !fails(item)) continue;
      const bool oom = fault_of(pod_, item) == "oom";
      const std::int64_t code = oom ? 137 : asked_exit_code();
      restarts = get_int(item, "/restartCount");
      Json end = ended(item, code, oom ? "OOMKilled" : "Error");
      item["started"] = false;
      item["ready"] = false;
      control_.api.logs[log_key(item)] += fmt::format("fatal: simulated failure, exit code {}\n", code);
      if (never || restarts == 0) {
        item["state"] = std::move(end);
      } else {
        item["lastState"] = std::move(end);
        item["state"] = waiting("CrashLoopBackOff",
                                fmt::format("back-off 10s restarting failed container={} pod={}_{}({})",
                                            get_string(item, "/name"), pod_.name(), pod_.ns(), pod_.uid()));
      }
    }
    readiness(status);
    if (never) {
      status["phase"] = "Failed";
      for (const char* type : {"ContainersReady", "Ready"}) {
        condition(status, {{"type", type}, {"status", "False"}, {"reason", "PodFailed"}});
      }
      return;
    }
    const double seconds = std::min(10.0, std::pow(2.0, static_cast<double>(restarts - 1)));
    next(PodStep::kRestart,
         restarts == 0 ? Duration{100} : Duration{static_cast<std::int64_t>(seconds * 1000)});
  }

  void restart(Json& status) {
    for (Json& item : status[failing_list()]) {
      if (model::find(item, "/state/running") != nullptr || !fails(item)) continue;
      if (model::find(item, "/state/terminated") != nullptr) item["lastState"] = item["state"];
      if (get_string(item, "/state/waiting/reason") == "PodInitializing") continue;
      item["restartCount"] = get_int(item, "/restartCount") + 1;
      run(item, false);
    }
    next(PodStep::kCrash, pod_annotation(pod_, "crash-after", kCrashAfter));
  }

  void set_ready(Json& status, bool ready) {
    for (Json& item : status["containerStatuses"]) item["ready"] = ready;
    readiness(status);
  }

  void complete(Json& status) {
    for (Json& item : status["containerStatuses"]) {
      if (model::find(item, "/state/running") == nullptr) continue;
      item["state"] = ended(item, 0, "Completed");
      item["ready"] = false;
      item["started"] = false;
    }
    status["phase"] = "Succeeded";
    for (const char* type : {"ContainersReady", "Ready"}) {
      condition(status, {{"type", type}, {"status", "False"}, {"reason", "PodCompleted"}});
    }
  }

  Control& control_;
  model::Object pod_;
  PodProgress& progress_;
  const std::string now_;
};

}  // namespace

model::Object take_step(Control& control, const model::Object& pod, PodProgress& progress) {
  return Step(control, pod, progress).take();
}

}  // namespace instantexec::sim
