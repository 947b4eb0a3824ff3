#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>

#include "base/time.h"
#include "engine/ports.h"
#include "sim/ownership.h"
#include "sim/refusal.h"
#include "sim/registry.h"
#include "sim/store.h"

namespace instantexec::sim {

// What makes one simulated API server differ from another.
struct ApiOptions {
  std::uint64_t seed = 1;  // of UIDs and generated names
  // May this be done? Asked by SelfSubjectAccessReview and before every request: verb ("get", "create",
  // "patch" …), resource attributes as in the review's spec. Absent: everything is allowed.
  std::function<bool(const model::Json& resource_attributes)> allow;
};

// An API server's answers over a store: decoding, defaulting, admission, validation, field ownership and
// preconditions. Does each request at once and entirely; time is an argument.
class Api {
 public:
  Api(Store& store, Registry& registry, ApiOptions options);

  // Does one request. The answer's outcome is kCommitted, kRejected, or kUnknown for the server's own 500s.
  [[nodiscard]] engine::Response handle(const engine::Request& request, Timestamp now);

  // --- for controllers, which write without being asked ---

  // Stores a new object as it is, with identity, times and defaults filled in. Null when admission refuses it
  // (the message then goes to `problem`) or it exists.
  Snapshot create(model::Object object, Timestamp now, std::string* problem = nullptr);
  // Writes status and annotations of `after` through the status subresource, in the name of the manager. No
  // write when both are as they were. Null when the object is gone.
  Snapshot write_status(const model::Object& live, const model::Object& after, const std::string& manager,
                        Timestamp now);
  // Stores `after` instead of `live`, tracking ownership for the manager. No write when it is the same.
  Snapshot write(const model::Object& live, model::Object after, const std::string& manager, Timestamp now);
  // As a DELETE without preconditions.
  void remove(const model::Object& live, engine::Propagation propagation, Timestamp now);
  // Ends an object whose finalizers and grace period are done.
  void finish_removal(const model::ObjectRef& ref) { store_.remove(ref); }

  [[nodiscard]] std::string new_uid();
  // Five characters as controllers append to names.
  [[nodiscard]] std::string name_suffix();
  // Text answered to log requests. Key: "namespace/pod/container", with "/previous" appended for those.
  std::map<std::string, std::string> logs;

  [[nodiscard]] Store& store() { return store_; }
  [[nodiscard]] Registry& registry() { return registry_; }

 private:
  struct Target;
  struct Write;

  Answer<engine::Response> answer(const engine::GetRequest& request, Timestamp now);
  Answer<engine::Response> answer(const engine::ListRequest& request, Timestamp now);
  Answer<engine::Response> answer(const engine::ApplyRequest& request, Timestamp now);
  Answer<engine::Response> answer(const engine::CreateRequest& request, Timestamp now);
  Answer<engine::Response> answer(const engine::ReplaceRequest& request, Timestamp now);
  Answer<engine::Response> answer(const engine::PatchRequest& request, Timestamp now);
  Answer<engine::Response> answer(const engine::DeleteRequest& request, Timestamp now);
  Answer<engine::Response> answer(const engine::LogsRequest& request, Timestamp now);

  // Finds the kind and the object a request is about, and asks whether the verb is allowed.
  Answer<Target> target(const model::Gvk& gvk, std::string_view ns, std::string_view name,
                        std::string_view verb);
  [[nodiscard]] bool allowed(const model::Json& attributes) const;
  Answer<engine::Response> review(const engine::CreateRequest& request);
  // Defaults, prepares, admits, validates and stores what a write wants.
  Answer<engine::Response> finish(Write write);
  Answer<model::Object> begin_removal(const Target& target, engine::Propagation propagation, Timestamp now,
                                      bool dry_run);

  Store& store_;
  Registry& registry_;
  ApiOptions options_;
  std::uint64_t next_id_ = 0;
  std::uint32_t next_address_ = 10;
};

}  // namespace instantexec::sim
