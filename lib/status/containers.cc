#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "status/event_view.h"
#include "status/pod.h"

namespace instantexec::status {
namespace {

using namespace std::chrono_literals;

constexpr Duration kPullWindow = 150s;     // registries and mirrors recover within minutes
constexpr Duration kCreateWindow = 150s;   // container runtime busy
constexpr std::int64_t kCrashes = 2;       // restarts with the same exit code
constexpr std::int64_t kMixedCrashes = 5;  // restarts with changing exit codes
constexpr Duration kProbation = 10s;       // of a container started again after such crashes
constexpr Timestamp kAtOnce{};
constexpr std::size_t kMaxAnswer = std::size_t{32} << 10;  // what is read of a registry's answer

bool contains_any(std::string_view text, std::span<const std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return text.find(word) != std::string_view::npos; });
}

// One container: its status, its spec and the pod.
struct Container {
  const model::Object& pod;
  const model::Json& status;
  const model::Json& spec;
  bool init = false;
  const Input& input;

  [[nodiscard]] std::string name() const { return model::get_string(status, "/name"); }
  [[nodiscard]] std::string waiting() const { return model::get_string(status, "/state/waiting/reason"); }
  [[nodiscard]] std::string waiting_message() const {
    return model::get_string(status, "/state/waiting/message");
  }
  // A sidecar is an init container with a restart policy of its own (KEP-753).
  [[nodiscard]] std::string restart_policy() const {
    const std::string of_pod = model::get_string(pod.json, "/spec/restartPolicy", "Always");
    return model::get_string(spec, "/restartPolicy", of_pod);
  }
  [[nodiscard]] std::int64_t restarts() const {
    const auto before = input.context.restarts_at_apply.find({pod.uid(), name()});
    const std::int64_t base = before == input.context.restarts_at_apply.end() ? 0 : before->second;
    return count_at(status, "/restartCount") - base;
  }
  [[nodiscard]] std::vector<Termination> terminations() const {
    if (input.family.terminations == nullptr) return {};
    const auto log = input.family.terminations->find({pod.uid(), name()});
    return log == input.family.terminations->end() ? std::vector<Termination>{} : log->second;
  }
  // What the registry said before the back-off began; "" when that was not seen.
  [[nodiscard]] std::string pull_answer() const {
    if (input.family.pull_answers == nullptr) return {};
    const auto answer = input.family.pull_answers->find({pod.uid(), name()});
    return answer == input.family.pull_answers->end() ? std::string{} : answer->second;
  }
  [[nodiscard]] Problem problem(std::string_view reason, std::string_view text, std::string_view hint,
                                std::optional<Timestamp> doomed_at) const {
    Problem out;
    out.reason = reason;
    out.text = clean(fmt::format("{} {}: {}", init ? "init container" : "container", name(), text));
    out.hint = hint.empty() ? describe_command(pod) : std::string(hint);
    out.container = name();
    out.doomed_at = doomed_at;
    return out;
  }
};

std::string without(std::string_view text, std::string_view part) {
  std::string out;
  while (!part.empty()) {
    const auto at = text.find(part);
    if (at == std::string_view::npos) break;
    out += text.substr(0, at);
    text.remove_prefix(at + part.size());
  }
  return out.append(text);
}

// The message without what it quotes: an image named "team/not-found" must not look like an answer.
std::string without_names(std::string_view message, const std::string& image) {
  std::string out;
  bool quoted = false;
  for (const char c : message) {
    if (c == '"') quoted = !quoted;
    if (!quoted && c != '\\') out += c;
  }
  out = without(out, image);
  return to_lower(without(out, image.substr(0, image.find_first_of(":@"))));
}

enum class PullFailure { kTransient, kNotFound, kDenied, kPlatform };

// Wording of containerd, CRI-O and the OCI distribution specification's error codes.
PullFailure classify_pull(std::string_view message) {
  static constexpr std::array<std::string_view, 10> kTransientWords{
      "429",           "too many requests", "toomanyrequests",
      "timeout",       "timed out",         "unexpected status code 5",
      "connection re", "tls handshake",     "no such host",
      "unexpected eof"};
  static constexpr std::array<std::string_view, 3> kPlatformWords{"no match for platform",
                                                                  "no matching manifest", "exec format"};
  static constexpr std::array<std::string_view, 4> kNotFoundWords{"not found", "manifest unknown",
                                                                  "name unknown", "does not exist"};
  static constexpr std::array<std::string_view, 4> kDeniedWords{"denied", "unauthorized", "403 forbidden",
                                                                "authentication required"};
  if (contains_any(message, kTransientWords)) return PullFailure::kTransient;
  if (contains_any(message, kPlatformWords)) return PullFailure::kPlatform;
  // "pull access denied, repository does not exist or may require authorization": denied is the honest word.
  if (contains_any(message, kDeniedWords)) return PullFailure::kDenied;
  if (contains_any(message, kNotFoundWords)) return PullFailure::kNotFound;
  return PullFailure::kTransient;
}

// When a pull that fails for no lasting reason is given up. Without events only the start of the pod is
// known, and a long pull may have come before the first failure.
Timestamp pull_limit(const Container& c, std::optional<Timestamp> since) {
  if (since) return *since + kPullWindow;
  return std::max(time_at(c.pod.json, "/status/startTime"),
                  time_at(c.pod.json, "/metadata/creationTimestamp")) +
         2 * kPullWindow;
}

// The answer of the registry that lasts; nothing for one that may be another one the next time.
std::optional<Problem> lasting_refusal(const Container& c, const std::string& image,
                                       const std::string& message) {
  switch (classify_pull(without_names(message, image))) {
    case PullFailure::kNotFound:
      return c.problem("ImageNotFound", fmt::format("image {} was not found: {}", image, message),
                       "check the image name and tag, and that it has been pushed", kAtOnce);
    case PullFailure::kDenied:
      return c.problem("ImagePullDenied", fmt::format("the registry refused image {}: {}", image, message),
                       "check imagePullSecrets of the pod and its ServiceAccount", kAtOnce);
    case PullFailure::kPlatform:
      return c.problem("ImagePlatform", fmt::format("image {} has no build for the node: {}", image, message),
                       "build the image for the node's architecture", kAtOnce);
    case PullFailure::kTransient:
      break;
  }
  return std::nullopt;
}

Problem pull_problem(const Container& c) {
  const std::string image = model::get_string(c.spec, "/image", model::get_string(c.status, "/image"));
  // A later state says only "Back-off pulling image"; we, and the event, keep what the registry answered.
  std::vector<std::string> messages{c.waiting_message()};
  if (std::string answer = c.pull_answer(); !answer.empty()) messages.push_back(std::move(answer));
  std::optional<Timestamp> since;
  for (const model::Object* event : events_about(c.pod, c.input)) {
    const EventView view(*event);
    if (view.reason() != "Failed" && view.reason() != "BackOff") continue;
    if (view.container() != c.name() || view.message().find("image") == std::string::npos) continue;
    since = earlier(since, view.first_seen());
    messages.push_back(view.message());
  }
  for (std::string& message : messages) {
    // No registry says more than that.
    message.resize(std::min(message.size(), kMaxAnswer));
    auto refusal = lasting_refusal(c, image, message);
    if (!refusal) continue;
    // The pull secret may be what is being made.
    refusal->lacks = refusal->reason == "ImagePullDenied";
    if (refusal->lacks && c.input.context.makers_at_work) refusal->doomed_at = pull_limit(c, since);
    return *std::move(refusal);
  }
  return c.problem("ImagePull", fmt::format("cannot pull image {}: {}", image, messages.back()), "",
                   pull_limit(c, since));
}

// Since when the kubelet says of the container that it failed, not counting what was before the apply.
std::optional<Timestamp> failing_since(const Container& c) {
  std::optional<Timestamp> out;
  for (const model::Object* event : events_about(c.pod, c.input)) {
    const EventView view(*event);
    if (view.reason() != "Failed" || view.container() != c.name()) continue;
    if (view.last_seen() < c.input.context.applied_at) continue;
    out = earlier(out, std::max(view.first_seen(), c.input.context.applied_at));
  }
  return out;
}

Problem create_problem(const Container& c, bool config) {
  static constexpr std::array<std::string_view, 5> kTransientWords{
      "failed to sync", "context deadline exceeded", "is reserved for", "timed out",
      "have not yet been read"};
  const std::string message = c.waiting_message();
  const std::string lower = to_lower(message);
  // The kubelet's caches may lag behind the API server, after its own start most of all.
  const bool transient = contains_any(lower, kTransientWords);
  const Timestamp started = failing_since(c).value_or(time_at(c.pod.json, "/status/startTime"));
  Problem out = c.problem(config ? "ContainerConfig" : "ContainerCreate", message, "",
                          transient ? std::optional(started + kCreateWindow) : std::optional(kAtOnce));
  out.lacks = config && !transient && lower.find("not found") != std::string::npos;
  if (out.lacks && c.input.context.makers_at_work) out.doomed_at.reset();
  return out;
}

bool cannot_run(std::string_view reason) {
  return reason == "StartError" || reason == "RunContainerError" || reason == "ContainerCannotRun";
}

// A container that could not be started at all. Exit 128 is what runtimes report for their own trouble,
// unless the message says that the program is missing.
std::optional<Problem> start_problem(const Container& c, const model::Json& end, std::string_view message) {
  static constexpr std::array<std::string_view, 3> kPermanent{
      "executable file not found", "no such file or directory", "permission denied"};
  const bool permanent = contains_any(message, kPermanent);
  if (!permanent && model::get_int(end, "/exitCode", 1) == 128) return std::nullopt;
  return c.problem("ContainerStart", fmt::format("cannot be started: {}", message),
                   "check command, args and the image's entry point", kAtOnce);
}

// `restarts`: as many as there were when it ended last.
std::optional<Timestamp> crash_doom(const Container& c, std::int64_t exit_code, std::int64_t restarts) {
  // A pod that runs to completion is retried by design; its Job has the limit.
  if (c.restart_policy() != "Always") return std::nullopt;
  if ((exit_code == 126 || exit_code == 127) && restarts >= 1) return kAtOnce;
  if (restarts < kCrashes) return std::nullopt;
  const std::vector<Termination> log = c.terminations();
  const std::size_t known = std::min<std::size_t>(log.size(), 2);
  const bool same = std::all_of(log.end() - static_cast<std::ptrdiff_t>(known), log.end(),
                                [&](const Termination& t) { return t.exit_code == exit_code; });
  if (same || restarts >= kMixedCrashes) return kAtOnce;
  return std::nullopt;
}

bool killed_twice_for_memory(const Container& c) {
  const std::vector<Termination> log = c.terminations();
  const auto kills =
      std::count_if(log.begin(), log.end(), [](const Termination& t) { return t.reason == "OOMKilled"; });
  if (kills >= 2) return c.restarts() >= 1;
  const bool now_and_before = model::get_string(c.status, "/state/terminated/reason") == "OOMKilled" &&
                              model::get_string(c.status, "/lastState/terminated/reason") == "OOMKilled";
  return c.restarts() >= (now_and_before ? 1 : 2);
}

// Where the container is after it ended.
enum class After { kEnd, kWait, kStart };

// `end` is how the container ended last.
Problem crash_problem(const Container& c, const model::Json& end, After after) {
  const bool waiting = after != After::kEnd;
  // Being started once more is counted as a restart, and is no crash.
  const std::int64_t restarts = c.restarts() - (after == After::kStart ? 1 : 0);
  const std::int64_t exit_code = model::get_int(end, "/exitCode");
  const std::string reason = model::get_string(end, "/reason");
  Problem out;
  if (reason == "OOMKilled") {
    const std::string limit = model::get_string(c.spec, "/resources/limits/memory", "none set");
    const bool doomed = c.restart_policy() == "Always" && killed_twice_for_memory(c);
    out = c.problem("OutOfMemory", fmt::format("killed for using more memory than its limit ({})", limit),
                    "raise resources.limits.memory or use less",
                    doomed ? std::optional(kAtOnce) : std::nullopt);
  } else {
    const std::string what = fmt::format(
        "exited with {}{}, {}{}", exit_code, reason.empty() || reason == "Error" ? "" : " (" + reason + ")",
        counted(static_cast<std::size_t>(std::max<std::int64_t>(c.restarts(), 0)), "restart"),
        c.input.context.applied_at == Timestamp{} ? "" : " since the change");
    const std::string hint = exit_code == 126 || exit_code == 127
                                 ? "check command, args and the image's entry point"
                             : exit_code == 0 ? "the program ends by itself; a server must keep running"
                                              : logs_command(c.pod, c.name(), waiting);
    out = c.problem("CrashLoop", what, hint, crash_doom(c, exit_code, restarts));
  }
  out.has_log = true;
  out.previous = waiting;
  return out;
}

std::optional<Problem> waiting_problem(const Container& c) {
  const std::string reason = c.waiting();
  const model::Json& last = model::get_object(c.status, "/lastState/terminated");
  if (reason == "InvalidImageName") {
    return c.problem("InvalidImageName", c.waiting_message(), "correct the image name", kAtOnce);
  }
  if (reason == "ErrImageNeverPull") {
    return c.problem("ImageNeverPull", c.waiting_message(),
                     "load the image on the node or change imagePullPolicy", kAtOnce);
  }
  if (reason == "SignatureValidationFailed") {
    return c.problem("ImageSignature", c.waiting_message(), "sign the image or correct the node's policy",
                     kAtOnce);
  }
  if (reason == "ErrImagePull" || reason == "ImagePullBackOff" || reason == "ImageInspectError" ||
      reason == "RegistryUnavailable") {
    return pull_problem(c);
  }
  if (reason == "CreateContainerConfigError") return create_problem(c, true);
  if (reason == "CreateContainerError") return create_problem(c, false);
  if (cannot_run(reason)) {
    if (auto found = start_problem(c, last, c.waiting_message())) return found;
  }
  if (reason == "CrashLoopBackOff" || (cannot_run(reason) && !last.empty())) {
    const std::string last_reason = model::get_string(last, "/reason");
    if (cannot_run(last_reason)) {
      if (auto found = start_problem(c, last, model::get_string(last, "/message"))) return found;
    }
    return crash_problem(c, last, After::kWait);
  }
  return std::nullopt;
}

std::optional<Problem> ended_problem(const Container& c) {
  const model::Json& end = model::get_object(c.status, "/state/terminated");
  if (end.empty() || model::get_int(end, "/exitCode") == 0) return std::nullopt;
  if (cannot_run(model::get_string(end, "/reason"))) {
    if (auto found = start_problem(c, end, model::get_string(end, "/message"))) return found;
  }
  Problem out = crash_problem(c, end, After::kEnd);
  if (c.init && c.restart_policy() == "Never") {
    out.reason = "InitContainerFailed";
    out.doomed_at = kAtOnce;
  }
  return out;
}

// Runs again after crashes that doom it. Being started once more is no hope until it has run for longer than
// it did before.
std::optional<Problem> restarted_problem(const Container& c) {
  const Timestamp started = time_at(c.status, "/state/running/startedAt");
  const model::Json& last = model::get_object(c.status, "/lastState/terminated");
  if (started == Timestamp{} || model::get_bool(c.status, "/ready")) return std::nullopt;
  if (model::get_int(last, "/exitCode") == 0) return std::nullopt;
  const Duration before = time_at(last, "/finishedAt") - time_at(last, "/startedAt");
  const Timestamp now = c.input.context.now;
  if (now == Timestamp{} || now >= started + std::max<Duration>(kProbation, 2 * before)) return std::nullopt;
  Problem out = crash_problem(c, last, After::kStart);
  if (!out.doomed(now)) return std::nullopt;
  return out;
}

const model::Json& spec_of(const model::Object& pod, std::string_view list, const std::string& name) {
  static const model::Json kNone = model::Json::object();
  for (const model::Json& container : model::get_array(pod.json, list)) {
    if (model::get_string(container, "/name") == name) return container;
  }
  return kNone;
}

}  // namespace

std::optional<Problem> container_problem(const model::Object& pod, const Input& input) {
  struct List {
    std::string_view statuses;
    std::string_view specs;
    bool init;
  };
  static constexpr List kLists[] = {{"/status/initContainerStatuses", "/spec/initContainers", true},
                                    {"/status/containerStatuses", "/spec/containers", false}};
  std::optional<Problem> worst;
  for (const List& list : kLists) {
    for (const model::Json& status : model::get_array(pod.json, list.statuses)) {
      const Container c{pod, status, spec_of(pod, list.specs, model::get_string(status, "/name")), list.init,
                        input};
      std::optional<Problem> found = c.waiting().empty() ? ended_problem(c) : waiting_problem(c);
      if (!found) found = restarted_problem(c);
      worst = worse(std::move(worst), std::move(found), input.context.now);
    }
  }
  return worst;
}

}  // namespace instantexec::status
