#include "engine/live_health.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <utility>

#include "base/text.h"
#include "engine/live.h"
#include "engine/planner.h"
#include "engine/release_store.h"
#include "engine/schemas.h"
#include "engine/webhooks.h"
#include "status/status.h"

namespace instantexec::engine {
namespace {

// Kinds without a health of their own would only hide the others.
bool tells_something(const model::ApiResource& resource) {
  static constexpr std::array<std::string_view, 11> kKinds{
      "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Pod",
      "Job",        "CronJob",     "Service",   "Ingress",    "PersistentVolumeClaim"};
  if (!resource.namespaced || !resource.verbs.contains("list")) return false;
  const model::Gvk& gvk = resource.gvk;
  if (gvk.group == "metrics.k8s.io" || gvk.group == "events.k8s.io") return false;
  if (status::knows_kind(gvk)) return std::find(kKinds.begin(), kKinds.end(), gvk.kind) != kKinds.end();
  // Core kinds without a rule (Binding, PodTemplate …) are not custom.
  return gvk.group.find('.') != std::string::npos;
}

}  // namespace

status::Context context_of(const model::Object& object, const LiveKnowledge& known) {
  status::Context out;
  out.now = known.now;
  out.rules = known.rules;
  out.options = known.options;
  out.options.declared_failures = true;
  out.services = &known.services;
  const model::Gvk gvk = object.gvk();
  const auto declared = known.declares_status.find(gvk);
  if (declared != known.declares_status.end()) out.declares_status = declared->second;
  if (needs_storage_classes(gvk) && known.storage_classes) {
    out.storage_classes = pointers_to(*known.storage_classes);
  }
  return out;
}

status::HealthNode absent_node(const model::ObjectRef& ref) {
  status::HealthNode out;
  out.object = ref;
  out.status = {model::HealthStatus::kNotFound, "NotFound", "it does not exist", {}, {}};
  out.rule = "general";
  return out;
}

bool needs_storage_classes(const model::Gvk& gvk) {
  return gvk.group.empty() && gvk.kind == "PersistentVolumeClaim";
}

std::optional<std::vector<model::Object>> read_storage_classes(Session& session) {
  auto responses = session.call_all({ListRequest{{"storage.k8s.io", "v1", "StorageClass"}, "", "", ""}});
  if (!responses.front().ok()) return std::nullopt;
  return std::move(responses.front().items);
}

std::vector<const model::Object*> pointers_to(std::span<const model::Object> objects) {
  std::vector<const model::Object*> out;
  for (const model::Object& one : objects) out.push_back(&one);
  return out;
}

HealthPlaces health_places(const model::ApiCatalog& catalog, const std::string& ns) {
  HealthPlaces out;
  for (const model::ApiResource& resource : catalog.all()) {
    if (tells_something(resource) &&
        catalog.find_preferred(resource.gvk.group, resource.gvk.kind) == &resource) {
      out.emplace(resource.gvk, ns);
    }
  }
  return out;
}

HealthPlaces health_children(const HealthPlaces& places, const status::Options& options) {
  HealthPlaces out;
  for (const auto& [gvk, ns] : places) {
    const auto kinds = status::child_kinds(gvk, options);
    for (const model::Gvk& kind : kinds) out.emplace(kind, ns);
    if (status::events_tell(gvk, options)) out.emplace(model::Gvk{"", "v1", "Event"}, ns);
  }
  return out;
}

namespace {

void read_children(Session& session, const HealthPlaces& places, const status::Options& options,
                   LiveHealth& out) {
  for (const model::Object& object : out.objects) out.index.upsert(object);
  std::vector<Request> requests;
  for (const auto& [gvk, ns] : health_children(places, options))
    requests.emplace_back(ListRequest{gvk, ns, "", ""});
  for (const Response& response : session.call_all(std::move(requests))) {
    for (const model::Object& item : response.items) out.index.upsert(item);
  }
}

Status read_members(Session& session, const journal::Head& head, HealthPlaces& places, LiveHealth& out) {
  LiveQuery query;
  for (const journal::Member& member : head.members) {
    query.want(member.gvk, member.ref());
    places.emplace(member.gvk, member.ns);
  }
  IE_TRY_ASSIGN(const LiveObjects live, read_live(session, query));
  for (const journal::Member& member : head.members) {
    const model::ObjectRef ref = member.ref();
    if (const auto found = live.find(ref); found != live.end()) {
      out.objects.push_back(found->second);
    } else {
      out.missing.push_back(ref);
    }
  }
  return {};
}

// Error only when none of them can be read: then it is not that nothing is there.
Status read_selected(Session& session, const HealthPlaces& places, const std::string& selector,
                     LiveHealth& out) {
  std::vector<Request> requests;
  for (const auto& [gvk, ns] : places) requests.emplace_back(ListRequest{gvk, ns, selector, ""});
  auto responses = session.call_all(std::move(requests));
  const bool refused = std::none_of(responses.begin(), responses.end(), [](const Response& response) {
    return response.ok() || response.not_found();
  });
  if (refused && !responses.empty()) return fail(*responses.front().error);
  std::vector<model::Object> found;
  std::size_t at = 0;
  for (const auto& [gvk, ns] : places) {
    Response& response = responses[at++];
    if (!response.ok() && !response.not_found()) out.unreadable.push_back(sanitise_line(gvk.kind, 100));
    std::move(response.items.begin(), response.items.end(), std::back_inserter(found));
  }
  std::set<std::string> uids;
  for (const model::Object& object : found) uids.insert(object.uid());
  // What belongs to another one of them is shown below it.
  for (model::Object& object : found) {
    if (!uids.contains(model::controller_uid(object))) out.objects.push_back(std::move(object));
  }
  return {};
}

}  // namespace

Result<LiveHealth> read_live_health(Environment environment, const ReleaseOptions& options,
                                    const HealthQuery& query) {
  IE_TRY(check_names(options));
  Session session(std::move(environment));
  IE_TRY_ASSIGN(const auto catalog, session.cluster().catalog(false));
  LiveHealth out;
  HealthPlaces places;
  if (query.label_selector.empty()) {
    ReleaseStore store(session, options.release, options.ns, options.seal.get());
    IE_TRY_ASSIGN(const StoredHead stored, store.load_head());
    if (stored.exists()) {
      out.release = options.release;
      out.revision = stored.head.revision;
      IE_TRY(read_members(session, stored.head, places, out));
    }
  }
  if (out.release.empty()) {
    places = health_places(*catalog, options.ns);
    IE_TRY(read_selected(session, places, query.label_selector, out));
  }
  read_children(session, places, options.readiness, out);
  std::set<model::Gvk> kinds;
  for (const model::Object& object : out.objects) kinds.insert(object.gvk());
  out.declares_status = read_schemas(session, *catalog, kinds, {});
  if (std::any_of(kinds.begin(), kinds.end(), needs_storage_classes)) {
    out.storage_classes = read_storage_classes(session);
  }
  std::set<std::string> called;
  for (const model::Object& object : out.objects) note_webhook_namespaces(object, called);
  if (!called.empty()) out.services = read_ready_services(session, called);
  out.now = session.server_time();
  return out;
}

}  // namespace instantexec::engine
