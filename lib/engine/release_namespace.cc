#include "engine/release_namespace.h"

#include <algorithm>
#include <utility>

#include "engine/errors.h"
#include "engine/namespace_contents.h"
#include "model/marks.h"
#include "plan/desired.h"
#include "plan/owner.h"

namespace instantexec::engine {
namespace {

const model::Gvk kNamespace{"", "v1", "Namespace"};

// From the creation of its namespace a run plans the release again and takes the lock.
constexpr std::chrono::minutes kBeginsWithin{5};
// For the namespace controller to empty a namespace with nothing in it.
constexpr Duration kGoneWithin{60'000};
constexpr Duration kLookAgainAfter{1000};

// What the answer to the creation left open, a look tells: whether it is there, and whose it is.
Result<std::optional<ReleaseNamespace>> look(Session& session, const std::string& name) {
  auto responses = session.call_all({GetRequest{kNamespace, "", name}});
  const Response& response = responses.front();
  if (response.not_found()) return std::optional<ReleaseNamespace>{};
  if (!response.ok()) return fail(errors::kWriteFailed, words_of(response));
  const bool ours = response.object.annotation(model::marks::kCreatedBy) == session.holder();
  return std::optional(ReleaseNamespace{true, ours ? response.object.uid() : std::string{}});
}

Result<ReleaseNamespace> create(Session& session, const ApplyRequest& request) {
  for (int attempt = 1;; ++attempt) {
    const Response response = session.call(request);
    if (response.ok()) return ReleaseNamespace{true, response.object.uid()};
    const bool exists = response.http_status == 409;
    if (!exists && !transient(response)) return fail(errors::kWriteFailed, words_of(response));
    IE_TRY_ASSIGN(auto found, look(session, request.body.name()));
    if (found) return std::move(*found);
    if (attempt > kMaxRepetitions || session.interrupted()) {
      return fail(errors::kWriteFailed, words_of(response));
    }
    session.pause(backoff(attempt));
  }
}

}  // namespace

Result<ReleaseNamespace> create_namespace(Session& session, const ReleaseOptions& options,
                                          const PlanResult& planned) {
  const auto wanted =
      std::find_if(planned.desired.begin(), planned.desired.end(), [&](const plan::Desired& desired) {
        return plan::is_namespace(desired.object().gvk()) && desired.object().name() == options.ns;
      });
  if (wanted == planned.desired.end()) return ReleaseNamespace{};
  ApplyRequest request;
  request.body = wanted->object();
  request.field_manager = options.field_manager;
  request.preconditions = {.uid = {}, .resource_version = kMustNotExist};
  plan::set_metadata(request.body, "annotations", model::marks::kCreatedBy, session.holder());
  auto out = create(session, request);
  if (out) return out;
  return fail(errors::kWriteFailed,
              "namespace " + options.ns + " could not be created: " + out.error().message,
              "kubectl auth can-i create namespaces");
}

bool remove_namespace(Session& session, const ReleaseOptions& options, const std::string& uid) {
  while (true) {
    const NamespaceContents contents = look_into(session, options.ns);
    if (!contents.held.empty()) {
      session.warn("namespace " + options.ns + " was created and is left behind: " + contents.held);
      return false;
    }
    // The UID says nothing of what is in it. Under a lock that was not safe all the time somebody else may
    // have put something there since.
    if (session.keeper() == nullptr || session.may_write()) break;
    if (!session.await_lock()) {
      session.warn("namespace " + options.ns + " was created and is left behind: the lock was lost");
      return false;
    }
  }
  DeleteRequest request;
  request.gvk = kNamespace;
  request.name = options.ns;
  request.preconditions.uid = uid;
  const Response response = session.call(std::move(request));
  const bool gone = response.ok() || response.not_found();
  if (!gone) session.warn("namespace " + options.ns + " was created and is left behind, empty");
  return gone;
}

bool await_removal(Session& session, const ReleaseOptions& options, const std::string& uid) {
  for (const Instant until = session.now() + kGoneWithin;;) {
    auto responses = session.call_all({GetRequest{kNamespace, "", options.ns}});
    const Response& now = responses.front();
    if (now.not_found() || (now.ok() && now.object.uid() != uid)) return true;
    if (session.now() >= until || session.interrupted()) return false;
    session.pause(kLookAgainAfter);
  }
}

model::Object abandoned_namespace(Session& session, const ReleaseOptions& options) {
  auto responses = session.call_all({GetRequest{kNamespace, "", options.ns}});
  model::Object& found = responses.front().object;
  const bool created_by_a_run = responses.front().ok() && !found.terminating() &&
                                !found.annotation(model::marks::kCreatedBy).empty() &&
                                plan::owned_by(found, {options.release, options.ns});
  if (!created_by_a_run) return {};
  // Both times are of the API server.
  const auto created = parse_rfc3339(model::get_string(found.json, "/metadata/creationTimestamp"));
  if (!created || session.server_time() - *created < kBeginsWithin) return {};
  if (!look_into(session, options.ns).held.empty()) return {};
  return std::move(found);
}

}  // namespace instantexec::engine
