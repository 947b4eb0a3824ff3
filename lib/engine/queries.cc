#include <algorithm>
#include <utility>

#include "base/text.h"
#include "engine/deploy.h"
#include "engine/live_health.h"
#include "engine/lock_keeper.h"
#include "engine/operation.h"
#include "engine/planner.h"
#include "engine/recover.h"
#include "engine/schemas.h"
#include "engine/webhooks.h"
#include "journal/secrets.h"
#include "model/marks.h"

// What is asked about releases without changing anything.
namespace instantexec::engine {
namespace {

RevisionInfo info_of(const journal::Revision& revision, int in_force) {
  RevisionInfo out;
  out.revision = revision.revision;
  out.in_force = revision.revision == in_force;
  out.result = std::string(journal::to_string(revision.result));
  std::replace(out.result.begin(), out.result.end(), '-', '_');
  if (revision.result == journal::Phase::kDeployed && !out.in_force) out.result = "superseded";
  out.kind = sanitise_line(revision.kind, 20);
  out.started = sanitise_line(revision.started, 40);
  out.finished = sanitise_line(revision.finished, 40);
  out.source_commit = sanitise_line(revision.source_commit, 100);
  out.description = sanitise_line(revision.description, 500);
  out.target = revision.target;
  out.created = revision.counts.created;
  out.configured = revision.counts.configured;
  out.unchanged = revision.counts.unchanged;
  out.pruned = revision.counts.pruned;
  out.failure = sanitise_line(revision.failure, 500);
  return out;
}

using ChildKinds = std::set<std::pair<model::Gvk, std::string>>;

// Health of the release's objects from one fresh read of them and of what they own.
std::vector<model::ObjectOutcome> read_health(status::Context context,
                                              const std::map<model::Gvk, bool>& declares_status,
                                              const journal::Head& head, std::span<const Response> children,
                                              const LiveLook& look) {
  status::ChildIndex index;
  for (const auto& [ref, object] : look.objects) index.upsert(object);
  for (const Response& response : children) {
    for (const model::Object& item : response.items) index.upsert(item);
  }
  std::vector<model::ObjectOutcome> out;
  for (const journal::Member& member : head.members) {
    model::ObjectOutcome entry;
    entry.object = member.ref();
    const auto found = look.objects.find(entry.object);
    const auto unread = look.unread.find(entry.object);
    if (found != look.objects.end()) {
      const auto declared = declares_status.find(member.gvk);
      context.declares_status =
          declared == declares_status.end() ? std::nullopt : std::optional(declared->second);
      entry.health = status::assess(found->second, index, context).status;
      if (found->second.uid() != member.uid) entry.message = "deleted and created anew since it was deployed";
    } else if (unread != look.unread.end()) {
      entry.health.status = model::HealthStatus::kUnknown;
      entry.health.reason = "NotRead";
      entry.health.message = "could not be read: " + unread->second.to_string();
    } else {
      entry.health.status = model::HealthStatus::kNotFound;
      entry.health.reason = "NotFound";
      entry.health.message = "it does not exist";
    }
    out.push_back(std::move(entry));
  }
  return out;
}

Result<std::vector<model::ObjectOutcome>> health_now(Session& session, const journal::Head& head,
                                                     const ReleaseOptions& options) {
  LiveQuery query;
  ChildKinds kinds;
  std::set<model::Gvk> gvks;
  for (const journal::Member& member : head.members) {
    gvks.insert(member.gvk);
    query.want(member.gvk, member.ref());
    const auto children = status::child_kinds(member.gvk, options.readiness);
    for (const model::Gvk& child : children) kinds.emplace(child, member.ns);
    if (status::events_tell(member.gvk, options.readiness))
      kinds.emplace(model::Gvk{"", "v1", "Event"}, member.ns);
  }
  // What was left behind has to be told most of all when something cannot be read.
  IE_TRY_ASSIGN(const LiveLook look, look_live(session, query));
  std::vector<Request> requests;
  for (const auto& [gvk, ns] : kinds) requests.emplace_back(ListRequest{gvk, ns, "", ""});
  const auto children = session.call_all(std::move(requests));
  status::Context context;
  context.now = session.server_time();
  context.rules = options.health_rules;
  context.options = options.readiness;
  context.options.declared_failures = true;  // shown, not acted upon
  std::set<std::string> called;
  for (const auto& [ref, object] : look.objects) note_webhook_namespaces(object, called);
  const status::ReadyServices services = read_ready_services(session, called);
  context.services = &services;
  const bool claims = std::any_of(gvks.begin(), gvks.end(), needs_storage_classes);
  const auto classes = claims ? read_storage_classes(session) : std::nullopt;
  if (classes) context.storage_classes = pointers_to(*classes);
  const auto catalog = session.cluster().catalog(false);
  const auto declares = catalog ? read_schemas(session, **catalog, gvks, {}) : std::map<model::Gvk, bool>{};
  return read_health(context, declares, head, children, look);
}

// Who has the lock, and whether they are at work: the server's clock tells when it was renewed last.
void note_lock(Session& session, const Response& lease, ReleaseStatus& out) {
  if (lease.not_found()) return;
  if (!lease.ok()) {
    out.lock_unread = sanitise_line(words_of(lease), 300);
    return;
  }
  out.lock_holder = sanitise_line(lease_holder(lease.object), 300);
  if (out.lock_holder.empty()) return;
  out.lock_renewed = sanitise_line(model::get_string(lease.object.json, "/spec/renewTime"), 40);
  const bool runs = session.server_time() - status::cluster_time(lease.object) < kGiveUpAfter;
  out.at_work = out.unfinished && runs;
}

}  // namespace

Result<std::vector<RevisionInfo>> history(Environment environment, const ReleaseOptions& options) {
  IE_TRY(check_names(options));
  Session session(std::move(environment));
  ReleaseStore store(session, options.release, options.ns, options.seal.get());
  IE_TRY_ASSIGN(const StoredHead stored, store.load_head());
  std::vector<RevisionInfo> out;
  for (const journal::Revision& revision : stored.head.revisions) {
    out.push_back(info_of(revision, stored.head.revision));
  }
  return out;
}

Result<ReleaseStatus> release_status(Environment environment, const ReleaseOptions& options) {
  IE_TRY(check_names(options));
  Session session(std::move(environment));
  ReleaseStore store(session, options.release, options.ns, options.seal.get());
  auto responses = session.call_all(
      {store.head_request(), GetRequest{lease_gvk(), options.ns, journal::lease_name(options.release)}});
  IE_TRY_ASSIGN(const StoredHead stored, store.read_head(responses[0]));
  ReleaseStatus out;
  out.release = options.release;
  out.ns = options.ns;
  out.exists = stored.exists();
  out.revision = stored.head.revision;
  if (recoverable(stored.head)) out.unfinished = last_operation(stored.head);
  const journal::Revision* left = journal::left_as_failed(stored.head);
  if (left != nullptr && !out.unfinished) out.not_undone = left->revision;
  note_lock(session, responses[1], out);
  for (const journal::Revision& revision : stored.head.revisions) {
    if (revision.revision != stored.head.revision) continue;
    out.source_commit = sanitise_line(revision.source_commit, 100);
    out.deployed = sanitise_line(revision.finished, 40);
  }
  IE_TRY_ASSIGN(out.objects, health_now(session, stored.head, options));
  return out;
}

Result<std::vector<Touched>> release_objects(Environment environment, const ReleaseOptions& options) {
  IE_TRY(check_names(options));
  Session session(std::move(environment));
  ReleaseStore store(session, options.release, options.ns, options.seal.get());
  IE_TRY_ASSIGN(const StoredHead stored, store.load_head());
  std::vector<Touched> out;
  for (const journal::Member& member : stored.head.members) {
    out.push_back({member.gvk, member.ref(), plan::Op::kUnchanged});
  }
  return out;
}

Result<std::vector<std::string>> list_releases(Environment environment, const std::string& ns) {
  Session session(std::move(environment));
  const std::string selector = std::string(model::marks::kRecord) + "=head";
  auto responses = session.call_all({ListRequest{{"", "v1", "Secret"}, ns, selector, ""}});
  if (!responses.front().ok()) return fail(read_error(responses.front(), "releases of namespace " + ns));
  std::vector<std::string> out;
  for (const model::Object& secret : responses.front().items) {
    const auto labels = secret.labels();
    const auto release = labels.find(std::string(model::marks::kRelease));
    if (release != labels.end()) out.push_back(sanitise_line(release->second, 63));
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace instantexec::engine
