#include "engine/planner.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "base/text.h"
#include "engine/access.h"
#include "engine/errors.h"
#include "engine/lock_keeper.h"
#include "engine/payload.h"
#include "journal/secrets.h"
#include "plan/diff.h"
#include "plan/owner.h"

namespace instantexec::engine {
namespace {

// At an object of which the read and the dry-run do not fit together; each look sees what it was changed to
// meanwhile.
constexpr int kLooksAgain = 5;

bool is_dns_label(std::string_view text, std::size_t limit) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !text.empty() && text.size() <= limit && plain(text.front()) && plain(text.back()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return plain(c) || c == '-'; });
}

// Also true while a kind the release needs is not in the catalog that was remembered.
bool knows_all(const model::ApiCatalog& catalog, const std::vector<model::Manifest>& manifests) {
  return std::all_of(manifests.begin(), manifests.end(), [&](const model::Manifest& manifest) {
    return catalog.find(manifest.object.gvk()) != nullptr;
  });
}

plan::DryRun to_dry_run(Response response) {
  plan::DryRun out;
  out.http_status = response.http_status;
  if (response.ok()) {
    out.kind = plan::DryRun::Kind::kAccepted;
    out.object = std::move(response.object);
    out.warnings = std::move(response.warnings);
    return out;
  }
  out.kind = response.ownership_conflict() ? plan::DryRun::Kind::kConflict : plan::DryRun::Kind::kRefused;
  if (response.error) {
    out.reason = response.error->reason;
    out.message = response.error->message;
  }
  for (StatusCause& cause : response.causes) {
    out.problems.push_back({std::move(cause.reason), std::move(cause.field), std::move(cause.message)});
  }
  return out;
}

int next_revision(const journal::Head& head) {
  int newest = head.revision;
  for (const journal::Revision& revision : head.revisions) newest = std::max(newest, revision.revision);
  if (head.operation) newest = std::max(newest, head.operation->revision);
  return newest + 1;
}

class Planner {
 public:
  Planner(Session& session, const ReleaseOptions& options)
      : session_(session),
        options_(options),
        store_(session, options.release, options.ns, options.seal.get()) {}

  Result<PlanResult> run(std::vector<model::Manifest> manifests) {
    session_.emit(model::PhaseStarted{model::Phase::kPlanning, manifests.size()});
    IE_TRY_ASSIGN(out_.catalog, session_.cluster().catalog(false));
    // A remembered catalog may be older than a CustomResourceDefinition.
    if (!knows_all(*out_.catalog, manifests)) {
      IE_TRY_ASSIGN(out_.catalog, session_.cluster().catalog(true));
    }
    auto normalised = plan::normalise(std::move(manifests), scope(), *out_.catalog);
    out_.findings = std::move(normalised.findings);
    out_.desired = std::move(normalised.objects);
    const Status looked = look();
    // What was not answered then says nothing about the cluster.
    if (session_.interrupted()) return fail(errors::kInterrupted, "interrupted while planning");
    IE_TRY(looked);
    return std::move(out_);
  }

 private:
  Status look() {
    IE_TRY(read());
    IE_TRY(read_members());
    return compare();
  }

  [[nodiscard]] plan::Scope scope() const { return {options_.release, options_.ns}; }

  [[nodiscard]] ApplyRequest dry_run(const plan::Desired& desired) const {
    ApplyRequest out;
    out.body = desired.object();
    out.field_manager = options_.field_manager;
    out.force = options_.force_conflicts;
    out.dry_run = true;
    return out;
  }

  // Everything that does not need another answer first, at once.
  Status read() {
    std::vector<Request> requests = {
        store_.head_request(),
        GetRequest{lease_gvk(), options_.ns, journal::lease_name(options_.release)},
        GetRequest{{"", "v1", "Namespace"}, "", options_.ns},
    };
    const std::size_t first_live = requests.size();
    for (const plan::Desired& desired : out_.desired) {
      if (!desired.kind_arrives) query_.want(desired.object().gvk(), desired.object().ref());
    }
    auto reads = query_.requests();
    std::move(reads.begin(), reads.end(), std::back_inserter(requests));
    const std::size_t first_dry_run = requests.size();
    for (const plan::Desired& desired : out_.desired) {
      if (!desired.kind_arrives) requests.emplace_back(dry_run(desired));
    }
    const std::size_t first_other = requests.size();
    const std::vector<std::size_t> others = in_other_versions();
    for (const std::size_t i : others) {
      const model::Object& object = out_.desired[i].object();
      const auto* served = out_.catalog->find_preferred(object.gvk().group, object.kind());
      requests.emplace_back(GetRequest{served->gvk, object.ns(), object.name()});
    }
    const std::size_t first_review = requests.size();
    const std::set<std::string> places = namespaces();
    for (const std::string& ns : places) requests.push_back(Access::rules_request(ns));
    auto responses = session_.call_all(std::move(requests));
    auto review = responses.begin() + static_cast<std::ptrdiff_t>(first_review);
    for (const std::string& ns : places) access_.learn(ns, *review++);
    IE_TRY(explain_refusal(std::span(responses).first(first_review)));
    IE_TRY_ASSIGN(StoredHead stored, store_.read_head(responses[0]));
    head_ = std::move(stored.head);
    out_.record = std::move(stored.secret);
    if (responses[1].ok()) out_.lease = std::move(responses[1].object);
    if (!responses[1].ok() && !responses[1].not_found()) return fail(read_error(responses[1], "the lock"));
    // Reading namespaces may not be allowed; then the first write tells.
    out_.namespace_missing = responses[2].not_found();
    IE_TRY(query_.fold(std::span(responses).subspan(first_live, first_dry_run - first_live), live()));
    auto answer = responses.begin() + static_cast<std::ptrdiff_t>(first_dry_run);
    for (const plan::Desired& desired : out_.desired) {
      if (desired.kind_arrives) {
        dry_runs_.emplace_back();
        continue;
      }
      // No answer at all says nothing about the object.
      if (answer->http_status == 0) return fail(read_error(*answer, desired.object().ref().to_string()));
      dry_runs_.push_back(to_dry_run(std::move(*answer++)));
    }
    for (std::size_t at = 0; at < others.size(); ++at) {
      IE_TRY(refuse_new_version(others[at], responses[first_other + at]));
    }
    IE_TRY(pair_looks());
    defer_unknown_namespaces();
    return {};
  }

  // Objects in a version that arrives with this release, of a kind that is served in others.
  [[nodiscard]] std::vector<std::size_t> in_other_versions() const {
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < out_.desired.size(); ++i) {
      const model::Gvk gvk = out_.desired[i].object().gvk();
      if (out_.desired[i].kind_arrives && out_.catalog->find_preferred(gvk.group, gvk.kind) != nullptr)
        out.push_back(i);
    }
    return out;
  }

  // One that is there already can neither be compared nor saved in a version that is not served yet.
  Status refuse_new_version(std::size_t i, const Response& seen) {
    if (seen.not_found()) return {};
    const model::Manifest& manifest = out_.desired[i].manifest;
    if (!seen.ok()) return fail(read_error(seen, manifest.object.ref().to_string()));
    model::Finding finding;
    finding.rule = "object.version-arrives";
    finding.subject = manifest.object.ref();
    finding.at = manifest.range;
    finding.message = manifest.object.ref().to_string() + " exists, and this release brings its version " +
                      manifest.object.gvk().version + ", so it cannot be checked before it is written";
    finding.hint = "release the CustomResourceDefinition with the new version first";
    out_.findings.push_back(std::move(finding));
    return {};
  }

  LiveObjects& live() { return out_.live; }

  // The read and the dry-run of an object are two looks at it. What somebody else changed in between would
  // pass for a change of ours, which an undo takes back. Such objects are looked at again, one look after the
  // other.
  Status pair_looks() {
    for (int round = 0; round < kLooksAgain; ++round) {
      std::vector<std::size_t> unpaired = without_pair();
      if (unpaired.empty()) return {};
      IE_TRY(read_again(unpaired, round > 0));
      unpaired = without_pair();
      if (!unpaired.empty()) IE_TRY(try_again(unpaired));
    }
    const std::vector<std::size_t> unpaired = without_pair();
    if (unpaired.empty()) return {};
    return fail(errors::kContested, "somebody changed " +
                                        out_.desired[unpaired.front()].object().ref().to_string() +
                                        " at every look; nothing was written");
  }

  // Objects whose dry-run did not start from the state that was read.
  [[nodiscard]] std::vector<std::size_t> without_pair() {
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < dry_runs_.size(); ++i) {
      if (dry_runs_[i].kind != plan::DryRun::Kind::kAccepted) continue;
      const auto read = live().find(out_.desired[i].object().ref());
      // The server leaves the resourceVersion as it was before; what would be created has none.
      const bool fits = read == live().end()
                            ? dry_runs_[i].http_status == 201
                            : dry_runs_[i].object.resource_version() == read->second.resource_version();
      if (!fits) out.push_back(i);
    }
    return out;
  }

  // `between`: their dry-runs came after the reads that are known. One between two reads of the same values
  // started from these, whatever happened to the status.
  Status read_again(const std::vector<std::size_t>& nodes, bool between) {
    std::vector<Request> requests;
    for (const std::size_t i : nodes) {
      const model::Object& object = out_.desired[i].object();
      requests.emplace_back(GetRequest{object.gvk(), object.ns(), object.name()});
    }
    auto responses = session_.call_all(std::move(requests));
    for (std::size_t at = 0; at < nodes.size(); ++at) {
      Response& response = responses[at];
      const model::ObjectRef ref = out_.desired[nodes[at]].object().ref();
      if (!response.ok() && !response.not_found()) return fail(read_error(response, ref.to_string()));
      const auto known = live().find(ref);
      if (response.not_found()) {
        if (known != live().end()) live().erase(known);
        continue;
      }
      if (between && known != live().end() && plan::same(known->second, response.object)) {
        dry_runs_[nodes[at]].object.json["metadata"]["resourceVersion"] = response.object.resource_version();
      }
      live()[ref] = std::move(response.object);
    }
    return {};
  }

  Status try_again(const std::vector<std::size_t>& nodes) {
    std::vector<Request> requests;
    for (const std::size_t i : nodes) requests.emplace_back(dry_run(out_.desired[i]));
    auto responses = session_.call_all(std::move(requests));
    for (std::size_t at = 0; at < nodes.size(); ++at) {
      if (responses[at].http_status == 0)
        return fail(read_error(responses[at], out_.desired[nodes[at]].object().ref().to_string()));
      dry_runs_[nodes[at]] = to_dry_run(std::move(responses[at]));
    }
    return {};
  }

  // Of the release and its records.
  [[nodiscard]] std::set<std::string> namespaces() const {
    std::set<std::string> out{options_.ns};
    for (const plan::Desired& desired : out_.desired) {
      if (!desired.object().ns().empty()) out.insert(desired.object().ns());
    }
    return out;
  }

  // A 403 while planning tells of one right; this error tells of all that are missing.
  Status explain_refusal(std::span<const Response> responses) {
    const bool forbidden = std::any_of(responses.begin(), responses.end(),
                                       [](const Response& response) { return response.http_status == 403; });
    if (!forbidden) return {};
    std::vector<Touched> touched;
    for (const plan::Desired& desired : out_.desired) {
      touched.push_back({desired.object().gvk(), desired.object().ref(), plan::Op::kCreate});
    }
    const ResourceNames names(*out_.catalog, out_.desired);
    Needs needs = needs_of_any(touched, scope(), names, options_.readiness);
    std::erase_if(needs, [](const auto& need) { return need.second.purpose == Purpose::kDiagnosis; });
    const Needs missing = access_.missing(session_, needs);
    if (missing.empty()) return {};
    return fail(missing_access(whoami(session_), missing, scope()));
  }

  // Which rights the plan and its undo lack. Without those for a diagnosis an operation can do.
  void check_access() {
    std::vector<Touched> touched;
    for (const plan::Step& step : out_.plan.steps) touched.push_back({step.gvk, step.object, step.op});
    Needs needs = needs_of(touched, scope(), ResourceNames(*out_.catalog, out_.desired), options_.readiness);
    // The lock is kept from one run to the next.
    if (!out_.lease.name().empty()) needs.erase({options_.ns, lease_gvk().group, "leases", "create"});
    Needs missing = access_.missing(session_, needs);
    if (missing.empty()) return;
    const std::string who = whoami(session_);
    Needs dispensable;
    for (const auto& need : missing) {
      if (need.second.purpose == Purpose::kDiagnosis) dispensable.insert(need);
    }
    for (const auto& need : dispensable) missing.erase(need.first);
    if (!dispensable.empty()) {
      session_.warn("a failure will be explained in less detail: " + who + " is not allowed to " +
                    describe(dispensable));
    }
    if (missing.empty()) return;
    out_.access_error = missing_access(who, missing, scope());
    model::Finding finding;
    finding.rule = out_.access_error->code->name;
    finding.severity = model::Severity::kWarning;
    finding.message = out_.access_error->message;
    finding.hint = out_.access_error->hint;
    out_.findings.push_back(std::move(finding));
  }

  // Objects whose Namespace is created by this very release cannot be checked yet.
  void defer_unknown_namespaces() {
    std::set<std::string> arriving;
    for (const plan::Desired& desired : out_.desired) {
      const bool absent = !live().contains(desired.object().ref());
      if (absent && plan::is_namespace(desired.object().gvk())) arriving.insert(desired.object().name());
    }
    for (std::size_t i = 0; i < dry_runs_.size(); ++i) {
      if (dry_runs_[i].http_status == 404 && arriving.contains(out_.desired[i].object().ns())) {
        dry_runs_[i] = plan::DryRun{};
      }
    }
  }

  // A member whose kind is not known may be of a definition that is younger than the remembered catalog;
  // taken for gone it would never be pruned.
  Status refresh_for_members(const std::set<model::ObjectRef>& wanted) {
    const bool unknown = std::any_of(head_.members.begin(), head_.members.end(), [&](const auto& member) {
      return !wanted.contains(member.ref()) &&
             out_.catalog->find_preferred(member.gvk.group, member.gvk.kind) == nullptr;
    });
    if (!unknown) return {};
    IE_TRY_ASSIGN(out_.catalog, session_.cluster().catalog(true));
    return {};
  }

  // Objects of the release in force that are no longer wanted.
  Status read_members() {
    std::set<model::ObjectRef> wanted;
    for (const plan::Desired& desired : out_.desired) wanted.insert(desired.object().ref());
    LiveQuery more;
    IE_TRY(refresh_for_members(wanted));
    for (const journal::Member& member : head_.members) {
      const model::ObjectRef ref = member.ref();
      members_.push_back({member.gvk, ref, member.uid});
      if (wanted.contains(ref)) continue;
      // Recorded in a version that is no longer served: any other will do.
      if (out_.catalog->find(member.gvk) == nullptr) {
        const auto* other = out_.catalog->find_preferred(member.gvk.group, member.gvk.kind);
        if (other == nullptr) continue;
        members_.back().gvk = other->gvk;
      }
      more.want(members_.back().gvk, ref);
    }
    if (more.empty()) return {};
    IE_TRY_ASSIGN(LiveObjects found, read_live(session_, more));
    live().merge(found);
    return {};
  }

  Status compare() {
    plan::PlanInput input;
    input.scope = scope();
    input.revision = next_revision(head_);
    input.policy = {options_.prune, options_.force_conflicts, options_.adopt, options_.accept_irreversible,
                    options_.warnings_as_errors};
    input.field_manager = options_.field_manager;
    input.fingerprint_key = session_.holder();
    input.desired = out_.desired;
    input.dry_runs = dry_runs_;
    input.live = &live();
    input.members = members_;
    input.catalog = out_.catalog.get();
    IE_TRY_ASSIGN(plan::PlanOutput output, plan::make_plan(input));
    out_.plan = std::move(output.plan);
    std::move(output.findings.begin(), output.findings.end(), std::back_inserter(out_.findings));
    for (std::size_t i = 0; i < dry_runs_.size(); ++i) {
      if (dry_runs_[i].kind != plan::DryRun::Kind::kAccepted) continue;
      out_.after[out_.plan.steps[i].object] = std::move(dry_runs_[i].object);
    }
    if (out_.plan.changes_anything()) {
      check_access();
      if (auto finding = too_large(out_, options_.record_limit)) out_.findings.push_back(std::move(*finding));
    }
    tell_what_was_left();
    out_.revision = head_.revision;
    out_.unfinished = unfinished_operation(head_);
    out_.warnings = session_.warnings();
    return {};
  }

  // What is compared with is not a state that anybody wanted.
  void tell_what_was_left() {
    const bool incomplete = head_.phase == journal::Phase::kRollbackIncomplete;
    if (!head_.operation || (!incomplete && !journal::unfinished(head_.phase))) return;
    const std::string revision = std::to_string(head_.operation->revision);
    model::Finding finding;
    finding.severity = model::Severity::kWarning;
    if (incomplete) {
      finding.rule = "release.undo-incomplete";
      finding.message = "revision " + revision +
                        " failed and could not be undone completely; this starts from what it has left";
      finding.hint = "look at the plan; kubectl instantexec recover tries the undo again";
    } else {
      finding.rule = "release.unfinished";
      finding.message = "a run of revision " + revision + " did not end (" +
                        std::string(journal::to_string(head_.phase)) +
                        "); a deploy or rollback deals with that first, so its plan may be another one";
      finding.hint = "kubectl instantexec status, then recover";
    }
    out_.findings.push_back(std::move(finding));
  }

  Session& session_;
  const ReleaseOptions& options_;
  ReleaseStore store_;
  PlanResult out_;
  journal::Head head_;
  Access access_;
  LiveQuery query_;
  std::vector<plan::DryRun> dry_runs_;
  std::vector<plan::Member> members_;
};

}  // namespace

Status check_names(const ReleaseOptions& options) {
  if (!is_dns_label(options.release, 53)) {
    return fail(errors::kReleaseName,
                "\"" + sanitise_line(options.release, 80) + "\" cannot be the name of a release");
  }
  if (!is_dns_label(options.ns, 63)) {
    return fail(errors::kReleaseName, "\"" + sanitise_line(options.ns, 80) + "\" cannot be a namespace");
  }
  return {};
}

std::optional<UnfinishedOperation> unfinished_operation(const journal::Head& head) {
  if (!journal::unfinished(head.phase) || !head.operation) return std::nullopt;
  return last_operation(head);
}

UnfinishedOperation last_operation(const journal::Head& head) {
  UnfinishedOperation out;
  out.phase = journal::to_string(head.phase);
  out.operation = head.operation->id;
  out.holder = head.operation->holder;
  out.revision = head.operation->revision;
  out.started = head.operation->started;
  return out;
}

Result<PlanResult> make_planning(Session& session, const ReleaseOptions& options,
                                 std::vector<model::Manifest> manifests) {
  IE_TRY(check_names(options));
  return Planner(session, options).run(std::move(manifests));
}

}  // namespace instantexec::engine
