#include "kube/api_path.h"

#include <algorithm>
#include <utility>

#include "kube/api_errors.h"
#include "net/url.h"

namespace instantexec::kube {
namespace {

// The server lets write handlers run 34 s and cuts a longer wish down to its own maximum, so a bound below
// that holds everywhere; the client waits longer than the server works. Recoveries wait for what may still
// happen (engine/lock_keeper.h), so it is short; an admission webhook has 10 s unless somebody allows it
// more.
constexpr Duration kServerWriteBound{20'000};
constexpr Duration kClientWriteTimeout{40'000};
constexpr Duration kClientReadTimeout{60'000};

class Query {
 public:
  Query& add(std::string_view key, std::string_view value) {
    text_ += text_.empty() ? '?' : '&';
    text_ += key;
    text_ += '=';
    text_ += net::escape_query(value);
    return *this;
  }
  Query& add_unless_empty(std::string_view key, std::string_view value) {
    return value.empty() ? *this : add(key, value);
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string qualified(const model::ApiResource& resource) {
  return resource.gvk.group.empty() ? resource.resource : resource.resource + "." + resource.gvk.group;
}

Duration server_bound(const CallOptions& options) {
  if (options.request_timeout.count() == 0) return kServerWriteBound;
  return std::clamp(options.request_timeout, Duration{1000}, kServerWriteBound);
}

struct Target {
  std::string ns;
  std::string name;
  bool named = true;
};

// The parts every call shares. Fails when the path would come out as that of something else.
Result<ApiCall> base_call(const model::ApiResource& resource, const Target& target, std::string verb,
                          const CallOptions& options) {
  const std::string where = qualified(resource);
  if (target.named && target.name.empty()) {
    return fail(errors::kBadRequest, "cannot " + verb + " " + where + ": the object has no name");
  }
  // "." and ".." are not names (RFC 1123), and a server or proxy in between may fold them.
  if (target.name == "." || target.name == "..") {
    return fail(errors::kBadRequest, "cannot " + verb + " " + where + ": \"" + target.name + "\" is no name");
  }
  if (resource.namespaced && target.ns.empty() && verb != "list") {
    return fail(errors::kBadRequest, "cannot " + verb + " " + where + ": no namespace is given");
  }
  ApiCall call;
  call.target = resource_path(resource, target.ns, target.name);
  call.shape = Shape::kObject;
  call.gvk = resource.gvk;
  call.name = target.name;
  call.verb = std::move(verb);
  call.resource = where;
  call.ns = resource.namespaced ? target.ns : "";
  call.timeout = options.request_timeout.count() != 0 ? options.request_timeout : kClientReadTimeout;
  return call;
}

void make_write(ApiCall& call, bool dry_run, const CallOptions& options) {
  call.write = !dry_run;
  if (options.request_timeout.count() == 0) call.timeout = kClientWriteTimeout;
}

Query write_query(const std::string& field_manager, bool dry_run, const CallOptions& options) {
  Query query;
  query.add_unless_empty("fieldManager", field_manager);
  if (dry_run) query.add("dryRun", "All");
  query.add("fieldValidation", "Strict");
  query.add("timeout", std::to_string(server_bound(options).count() / 1000) + "s");
  return query;
}

std::string body_text(const model::Json& json) {
  // Text from files may hold invalid UTF-8; the server is the one to refuse it.
  return json.dump(-1, ' ', false, model::Json::error_handler_t::replace);
}

Result<ApiCall> build(const engine::GetRequest& request, const model::ApiResource& resource,
                      const CallOptions& options) {
  IE_TRY_ASSIGN(ApiCall call, base_call(resource, {request.ns, request.name}, "get", options));
  call.method = "GET";
  return call;
}

Result<ApiCall> build(const engine::ListRequest& request, const model::ApiResource& resource,
                      const CallOptions& options) {
  IE_TRY_ASSIGN(ApiCall call, base_call(resource, {request.ns, "", false}, "list", options));
  call.method = "GET";
  call.shape = Shape::kList;
  Query query;
  query.add_unless_empty("labelSelector", request.label_selector);
  query.add_unless_empty("fieldSelector", request.field_selector);
  // No resourceVersion: the most recent state. "0" could travel back in time.
  query.add("limit", std::to_string(kPageSize));
  call.target += query.text();
  return call;
}

Result<ApiCall> build(const engine::ApplyRequest& request, const model::ApiResource& resource,
                      const CallOptions& options) {
  IE_TRY_ASSIGN(ApiCall call,
                base_call(resource, {request.body.ns(), request.body.name()}, "patch", options));
  make_write(call, request.dry_run, options);
  call.method = "PATCH";
  call.content_type = "application/apply-patch+yaml";  // JSON is YAML
  Query query = write_query(request.field_manager, request.dry_run, options);
  if (request.force) query.add("force", "true");
  call.target += query.text();
  if (request.preconditions.uid.empty() && request.preconditions.resource_version.empty()) {
    call.body = body_text(request.body.json);
    return call;
  }
  model::Json body = request.body.json;
  if (!request.preconditions.uid.empty()) body["metadata"]["uid"] = request.preconditions.uid;
  if (!request.preconditions.resource_version.empty()) {
    body["metadata"]["resourceVersion"] = request.preconditions.resource_version;
  }
  call.body = body_text(body);
  return call;
}

Result<ApiCall> build(const engine::CreateRequest& request, const model::ApiResource& resource,
                      const CallOptions& options) {
  IE_TRY_ASSIGN(ApiCall call, base_call(resource, {request.body.ns(), "", false}, "create", options));
  // A review is a question, which may be asked again.
  make_write(call, request.dry_run || request.body.kind().ends_with("Review"), options);
  call.method = "POST";
  call.content_type = "application/json";
  call.name = request.body.name();
  call.no_values = request.no_values;
  call.target += write_query(request.field_manager, request.dry_run, options).text();
  call.body = body_text(request.body.json);
  return call;
}

Result<ApiCall> build(const engine::ReplaceRequest& request, const model::ApiResource& resource,
                      const CallOptions& options) {
  IE_TRY_ASSIGN(ApiCall call,
                base_call(resource, {request.body.ns(), request.body.name()}, "update", options));
  make_write(call, request.dry_run, options);
  call.method = "PUT";
  call.no_values = request.no_values;
  call.content_type = "application/json";
  call.target += write_query(request.field_manager, request.dry_run, options).text();
  call.body = body_text(request.body.json);
  return call;
}

Result<ApiCall> build(const engine::PatchRequest& request, const model::ApiResource& resource,
                      const CallOptions& options) {
  IE_TRY_ASSIGN(ApiCall call, base_call(resource, {request.ns, request.name}, "patch", options));
  make_write(call, request.dry_run, options);
  call.method = "PATCH";
  call.content_type = "application/json-patch+json";
  call.target += write_query(request.field_manager, request.dry_run, options).text();
  call.body = body_text(request.patch);
  return call;
}

Result<ApiCall> build(const engine::DeleteRequest& request, const model::ApiResource& resource,
                      const CallOptions& options) {
  IE_TRY_ASSIGN(ApiCall call, base_call(resource, {request.ns, request.name}, "delete", options));
  make_write(call, request.dry_run, options);
  call.method = "DELETE";
  call.shape = Shape::kObjectOrStatus;
  call.content_type = "application/json";
  call.target += Query{}.add("timeout", std::to_string(server_bound(options).count() / 1000) + "s").text();
  model::Json body{{"kind", "DeleteOptions"}, {"apiVersion", "v1"}};
  switch (request.propagation) {
    case engine::Propagation::kBackground:
      body["propagationPolicy"] = "Background";
      break;
    case engine::Propagation::kForeground:
      body["propagationPolicy"] = "Foreground";
      break;
    case engine::Propagation::kOrphan:
      body["propagationPolicy"] = "Orphan";
      break;
  }
  if (!request.preconditions.uid.empty()) body["preconditions"]["uid"] = request.preconditions.uid;
  if (!request.preconditions.resource_version.empty()) {
    body["preconditions"]["resourceVersion"] = request.preconditions.resource_version;
  }
  if (request.dry_run) body["dryRun"] = model::Json::array({"All"});
  call.body = body_text(body);
  return call;
}

Result<ApiCall> build_logs(const engine::LogsRequest& request, const CallOptions& options) {
  model::ApiResource pods;
  pods.gvk = {"", "v1", "Pod"};
  pods.resource = "pods";
  IE_TRY_ASSIGN(ApiCall call, base_call(pods, {request.ns, request.pod}, "get", options));
  call.method = "GET";
  call.shape = Shape::kText;
  call.accept = "*/*";
  call.resource = "pods/log";
  Query query;
  query.add_unless_empty("container", request.container);
  if (request.previous) query.add("previous", "true");
  query.add("tailLines", std::to_string(request.tail_lines));
  call.target += "/log" + query.text();
  return call;
}

}  // namespace

std::string resource_path(const model::ApiResource& resource, const std::string& ns,
                          const std::string& name) {
  const model::Gvk& gvk = resource.gvk;
  std::string path = gvk.group.empty() ? "/api" : "/apis/" + net::escape_path_segment(gvk.group);
  path += "/" + net::escape_path_segment(gvk.version);
  if (resource.namespaced && !ns.empty()) path += "/namespaces/" + net::escape_path_segment(ns);
  path += "/" + net::escape_path_segment(resource.resource);
  if (!name.empty()) path += "/" + net::escape_path_segment(name);
  return path;
}

Result<ApiCall> build_call(const engine::Request& request, const model::ApiResource* resource,
                           const CallOptions& options) {
  if (const auto* logs = std::get_if<engine::LogsRequest>(&request)) return build_logs(*logs, options);
  if (resource == nullptr)
    return fail(errors::kKindNotServed, gvk_of(request).to_string() + " is not served");
  return std::visit(
      [&](const auto& value) -> Result<ApiCall> {
        if constexpr (std::is_same_v<std::decay_t<decltype(value)>, engine::LogsRequest>) {
          return build_logs(value, options);
        } else {
          return build(value, *resource, options);
        }
      },
      request);
}

ApiCall next_page(const ApiCall& list, const std::string& continue_token) {
  ApiCall call = list;
  call.target += (call.target.find('?') == std::string::npos ? "?continue=" : "&continue=") +
                 net::escape_query(continue_token);
  return call;
}

ApiCall watch_call(const model::ApiResource& resource, const engine::WatchRequest& request,
                   const std::string& resource_version, int timeout_seconds) {
  ApiCall call;
  call.method = "GET";
  Query query;
  query.add("watch", "true").add("allowWatchBookmarks", "true");
  query.add_unless_empty("resourceVersion", resource_version);
  query.add("timeoutSeconds", std::to_string(timeout_seconds));
  query.add_unless_empty("labelSelector", request.label_selector);
  query.add_unless_empty("fieldSelector", request.field_selector);
  call.target = resource_path(resource, request.ns, "") + query.text();
  call.watch = true;
  // The server ends the stream; ours is the net below.
  call.timeout = Duration{(timeout_seconds + 30) * 1000LL};
  call.gvk = resource.gvk;
  call.verb = "watch";
  call.resource = qualified(resource);
  call.ns = request.ns;
  return call;
}

model::Gvk gvk_of(const engine::Request& request) {
  return std::visit(
      [](const auto& value) -> model::Gvk {
        if constexpr (requires { value.gvk; }) {
          return value.gvk;
        } else if constexpr (requires { value.body; }) {
          return value.body.gvk();
        } else {
          return {"", "v1", "Pod"};
        }
      },
      request);
}

}  // namespace instantexec::kube
