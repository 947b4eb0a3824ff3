#pragma once

#include <string>

#include "base/result.h"
#include "base/time.h"
#include "engine/ports.h"
#include "model/api_catalog.h"

// Requests of the engine as HTTP. Pure.
namespace instantexec::kube {

// What an answer must hold to count as one.
enum class Shape {
  kObject,          // one object of the kind and name asked for
  kObjectOrStatus,  // that, or a Status of success (DELETE)
  kList,            // a list of the kind
  kText,            // any bytes
  kJson,            // any JSON value
};

// An HTTP request below the server's base URL, and how to judge its answer.
struct ApiCall {
  std::string method;
  std::string target;
  std::string body;
  std::string content_type;  // of the body
  std::string accept = "application/json";
  std::string if_none_match;  // an ETag; empty: none
  Duration timeout{0};        // for the whole call; zero: none

  bool write = false;      // repeating it blindly could do harm; false for reads and dry runs
  bool watch = false;      // streamed, no overall timeout
  bool no_values = false;  // of a Secret: answers about it may be shown
  Shape shape = Shape::kJson;
  model::Gvk gvk;    // expected kind, for kObject*, kList
  std::string name;  // expected name; empty: any

  // For messages and hints: what was tried, in kubectl's words.
  std::string verb;      // "get", "list", "patch" …
  std::string resource;  // "deployments.apps"
  std::string ns;
};

struct CallOptions {
  Duration request_timeout{0};  // for one call; zero: 60 s for reads, 40 s for writes
};

// How many objects one page of a list holds, as kubectl's --chunk-size.
inline constexpr int kPageSize = 500;

// The path of a resource's collection or, with a name, of one object:
// "/apis/apps/v1/namespaces/demo/deployments/web".
[[nodiscard]] std::string resource_path(const model::ApiResource& resource, const std::string& ns,
                                        const std::string& name);

// The HTTP form of a request. Lists begin at their first page; see next_page. Writes are bounded on the
// server by ?timeout= and validated strictly (fieldValidation=Strict). Errors kube.bad-request when the
// namespace or the name is missing. LogsRequest needs no resource: pass nullptr.
[[nodiscard]] Result<ApiCall> build_call(const engine::Request& request, const model::ApiResource* resource,
                                         const CallOptions& options);

// The same list from the page `continue_token` on.
[[nodiscard]] ApiCall next_page(const ApiCall& list, const std::string& continue_token);

// A watch from `resource_version` on that the server ends after `timeout_seconds`.
[[nodiscard]] ApiCall watch_call(const model::ApiResource& resource, const engine::WatchRequest& request,
                                 const std::string& resource_version, int timeout_seconds);

// The kind a request is about; of its body when it has one. Core Pod for logs.
[[nodiscard]] model::Gvk gvk_of(const engine::Request& request);

}  // namespace instantexec::kube
