#include "engine/webhooks.h"

#include <utility>
#include <vector>

#include "status/status.h"

namespace instantexec::engine {
namespace {

// The controller of EndpointSlices follows a pod that has become ready.
constexpr Duration kFollowsWithin{5'000};
constexpr Duration kLookAgainAfter{1'000};
// Nothing depends on the answer.
constexpr Duration kAnsweredWithin{5'000};

}  // namespace

status::ReadyServices read_ready_services(Session& session, const std::set<std::string>& namespaces) {
  status::ReadyServices out;
  std::vector<Request> requests;
  for (const std::string& ns : namespaces) {
    requests.emplace_back(ListRequest{{"", "v1", "Service"}, ns, "", ""});
    requests.emplace_back(ListRequest{{"discovery.k8s.io", "v1", "EndpointSlice"}, ns, "", ""});
  }
  const auto responses = session.call_all_within(std::move(requests), kAnsweredWithin);
  std::size_t at = 0;
  for (const std::string& ns : namespaces) {
    const Response& services = responses[at++];
    const Response& slices = responses[at++];
    if (!services.ok() || !slices.ok()) continue;
    out.cover(ns);
    for (const model::Object& item : services.items) out.add(item);
    for (const model::Object& item : slices.items) out.add(item);
  }
  return out;
}

void note_webhook_namespaces(const model::Object& object, std::set<std::string>& out) {
  for (status::WebhookService& service : status::webhook_services(object)) out.insert(std::move(service.ns));
}

void warn_of_webhooks(Session& session, std::span<const plan::Desired> desired) {
  std::set<std::string> namespaces;
  for (const plan::Desired& one : desired) note_webhook_namespaces(one.object(), namespaces);
  if (namespaces.empty()) return;
  const Instant until = session.now() + kFollowsWithin;
  std::vector<std::string> warnings;
  while (true) {
    warnings.clear();
    const status::ReadyServices services = read_ready_services(session, namespaces);
    status::Context context;
    context.services = &services;
    for (const plan::Desired& one : desired) {
      if (status::webhook_services(one.object()).empty()) continue;
      const model::ObjectStatus health = status::compute(one.object(), {}, {}, context);
      for (const model::Evidence& lack : health.evidence)
        warnings.push_back(one.object().ref().to_string() + ": " + lack.text);
    }
    if (warnings.empty() || session.now() >= until || session.interrupted()) break;
    session.pause(kLookAgainAfter);
  }
  for (const std::string& warning : warnings) session.warn(warning);
}

}  // namespace instantexec::engine
