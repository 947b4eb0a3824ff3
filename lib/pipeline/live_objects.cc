#include "pipeline/live_objects.h"

#include <chrono>
#include <unordered_map>
#include <utility>
#include <variant>

#include "pipeline/errors.h"

namespace instantexec::pipeline {
namespace {

// Waiting has no limit of its own here: the cluster's request timeouts and the stage's deadline end it.
constexpr Instant kNoDeadline{std::chrono::hours(24 * 365 * 100)};

}  // namespace

Result<std::vector<ListAnswer>> list_all(engine::Cluster& cluster,
                                         std::vector<engine::ListRequest> requests) {
  std::vector<ListAnswer> answers(requests.size());
  std::unordered_map<engine::RequestId, std::size_t> waiting;
  for (std::size_t i = 0; i < requests.size(); ++i)
    waiting.emplace(cluster.submit(std::move(requests[i])), i);
  while (!waiting.empty()) {
    engine::ClusterEvent event = cluster.wait(kNoDeadline);
    if (std::holds_alternative<engine::Interrupted>(event)) {
      return fail(errors::kInterrupted, "interrupted while reading the cluster");
    }
    auto* response = std::get_if<engine::Response>(&event);
    if (response == nullptr) continue;
    const auto it = waiting.find(response->id);
    if (it == waiting.end()) continue;
    ListAnswer& answer = answers[it->second];
    answer.items = std::move(response->items);
    answer.not_found = response->not_found() || response->outcome == engine::Outcome::kNotSent;
    if (!response->ok()) answer.error = std::move(response->error);
    waiting.erase(it);
  }
  return answers;
}

Result<std::map<model::ObjectRef, model::Object>> find_live(engine::Cluster& cluster,
                                                            std::span<const model::Manifest> manifests) {
  IE_TRY_ASSIGN(const auto catalog, cluster.catalog(false));
  std::set<std::pair<model::Gvk, std::string>> kinds;
  std::set<model::ObjectRef> wanted;
  for (const auto& manifest : manifests) {
    if (catalog->find(manifest.object.gvk()) == nullptr) continue;
    kinds.emplace(manifest.object.gvk(), manifest.object.ns());
    wanted.insert(manifest.object.ref());
  }
  std::vector<engine::ListRequest> requests;
  requests.reserve(kinds.size());
  for (const auto& [gvk, ns] : kinds) requests.push_back({gvk, ns, "", ""});
  IE_TRY_ASSIGN(auto answers, list_all(cluster, std::move(requests)));
  std::map<model::ObjectRef, model::Object> live;
  for (auto& answer : answers) {
    for (auto& object : answer.items) {
      model::ObjectRef ref = object.ref();
      if (wanted.contains(ref)) live.emplace(std::move(ref), std::move(object));
    }
  }
  return live;
}

}  // namespace instantexec::pipeline
