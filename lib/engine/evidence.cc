#include "engine/evidence.h"

#include <utility>

#include "base/text.h"

namespace instantexec::engine {
namespace {

constexpr int kLogLines = 20;
constexpr std::size_t kLineLimit = 1000;

}  // namespace

model::FailureCause collect_cause(Session& session, const HealthMonitor& health,
                                  const model::ObjectRef& object, const Redactor& redactor) {
  status::FailureSummary summary = health.explain(object);
  model::FailureCause cause = std::move(summary.cause);
  if (cause.object.name.empty()) cause.object = object;
  if (cause.summary.empty()) {
    const model::ObjectStatus status = health.status_of(object);
    cause.summary = object.to_string() + ": " + (status.message.empty() ? status.reason : status.message);
  }
  std::vector<Request> requests;
  for (const status::LogWish& wish : summary.logs) {
    requests.emplace_back(LogsRequest{wish.pod.ns, wish.pod.name, wish.container, wish.previous, kLogLines});
  }
  // Sent once: logs are worth having, not worth waiting for.
  auto responses = session.call_all_once(std::move(requests));
  for (std::size_t i = 0; i < responses.size(); ++i) {
    if (!responses[i].ok() || trim(responses[i].text).empty()) continue;
    // As a whole: a value may have several lines.
    const std::string text = redactor.text(responses[i].text);
    model::LogTail tail;
    tail.pod = summary.logs[i].pod;
    tail.container = summary.logs[i].container;
    tail.previous = summary.logs[i].previous;
    for (const std::string_view line : split(trim(text), '\n')) {
      tail.lines.push_back(sanitise_line(line, kLineLimit));
    }
    cause.logs.push_back(std::move(tail));
  }
  redactor.apply(cause);
  return cause;
}

std::string words_of_timeout(const HealthMonitor& health, Duration timeout) {
  const auto silent = health.silent_for();
  return silent ? "nothing has happened to it for " + format_duration(*silent)
                : "not ready after " + format_duration(timeout);
}

model::FailureCause refused_write(const model::ObjectRef& object, const std::string& message) {
  model::FailureCause out;
  out.object = object;
  out.summary = object.to_string() + ": " + message;
  return out;
}

model::FailureCause refused_record(const model::ObjectRef& object, const Error& error) {
  model::FailureCause out = refused_write(object, error.to_string());
  out.hint = "the release must let Secrets and Leases with the label instantexec.dev/release pass";
  return out;
}

}  // namespace instantexec::engine
