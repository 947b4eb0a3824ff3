#include "kube/discovery.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "kube/api_errors.h"
#include "kube/rest.h"
#include "os/clock.h"

namespace instantexec::kube {
namespace {

// As kubectl's; a kind that is missing refreshes earlier.
constexpr Duration kLifetime{10 * 60'000};

// Aggregated documents first, in the spellings of 1.30 and of 1.26; else the plain ones every server has.
constexpr std::string_view kAccept =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,"
    "application/json";

std::set<std::string> string_set(const model::Json& array) {
  std::set<std::string> out;
  for (const model::Json& item : array) {
    if (item.is_string()) out.insert(item.get<std::string>());
  }
  return out;
}

std::string or_else(std::string value, const std::string& otherwise) {
  return value.empty() ? otherwise : std::move(value);
}

void add_aggregated_version(const model::Json& version, const std::string& group,
                            model::ApiCatalog& catalog) {
  const std::string name = model::get_string(version, "/version");
  if (model::get_string(version, "/freshness") == "Stale") {
    catalog.add_incomplete(group.empty() ? name : group + "/" + name);
  }
  for (const model::Json& item : model::get_array(version, "/resources")) {
    model::ApiResource resource;
    resource.resource = model::get_string(item, "/resource");
    // A resource may answer with a kind of another group; what it does not name is its own.
    resource.gvk = {or_else(model::get_string(item, "/responseKind/group"), group),
                    or_else(model::get_string(item, "/responseKind/version"), name),
                    model::get_string(item, "/responseKind/kind")};
    if (resource.resource.empty() || resource.gvk.kind.empty()) continue;
    if (resource.gvk.group != group || resource.gvk.version != name) continue;
    resource.namespaced = model::get_string(item, "/scope") == "Namespaced";
    resource.verbs = string_set(model::get_array(item, "/verbs"));
    resource.short_names = string_set(model::get_array(item, "/shortNames"));
    for (const model::Json& sub : model::get_array(item, "/subresources")) {
      resource.subresources.insert(model::get_string(sub, "/subresource"));
    }
    catalog.add(std::move(resource));
  }
}

}  // namespace

DiscoveryFormat discovery_format(const model::Json& document) {
  const std::string kind = model::get_string(document, "/kind");
  if (kind == "APIGroupDiscoveryList") return DiscoveryFormat::kAggregated;
  if (kind == "APIVersions" || kind == "APIGroupList") return DiscoveryFormat::kLegacy;
  return DiscoveryFormat::kForeign;
}

void add_aggregated(const model::Json& document, model::ApiCatalog& catalog) {
  for (const model::Json& group : model::get_array(document, "/items")) {
    for (const model::Json& version : model::get_array(group, "/versions")) {
      add_aggregated_version(version, model::get_string(group, "/metadata/name"), catalog);
    }
  }
}

std::vector<std::string> legacy_group_versions(const model::Json& document) {
  std::vector<std::string> out;
  for (const model::Json& version : model::get_array(document, "/versions")) {
    if (version.is_string()) out.push_back(version.get<std::string>());
  }
  for (const model::Json& group : model::get_array(document, "/groups")) {
    const std::string preferred = model::get_string(group, "/preferredVersion/groupVersion");
    if (!preferred.empty()) out.push_back(preferred);
    for (const model::Json& version : model::get_array(group, "/versions")) {
      const std::string name = model::get_string(version, "/groupVersion");
      if (!name.empty() && name != preferred) out.push_back(name);
    }
  }
  return out;
}

void add_legacy(const model::Json& document, const std::string& group_version, model::ApiCatalog& catalog) {
  const model::Gvk own = model::make_gvk(group_version, "");
  std::map<std::string, model::ApiResource> resources;
  std::vector<std::string> order;
  for (const model::Json& item : model::get_array(document, "/resources")) {
    const std::string name = model::get_string(item, "/name");
    const auto slash = name.find('/');
    if (slash != std::string::npos) {
      resources[name.substr(0, slash)].subresources.insert(name.substr(slash + 1));
      continue;
    }
    model::ApiResource& resource = resources[name];
    resource.resource = name;
    resource.gvk = {own.group, own.version, model::get_string(item, "/kind")};
    resource.namespaced = model::get_bool(item, "/namespaced");
    resource.verbs = string_set(model::get_array(item, "/verbs"));
    resource.short_names = string_set(model::get_array(item, "/shortNames"));
    order.push_back(name);
  }
  for (const std::string& name : order) {
    if (!resources[name].gvk.kind.empty()) catalog.add(std::move(resources[name]));
  }
}

ApiCall raw_call(std::string path, Duration request_timeout) {
  constexpr Duration kDefault{32'000};  // as client-go's discovery client
  ApiCall call;
  call.method = "GET";
  call.resource = path;
  call.target = std::move(path);
  call.verb = "get";
  call.timeout = request_timeout.count() != 0 ? request_timeout : kDefault;
  return call;
}

Result<std::shared_ptr<const model::ApiCatalog>> Discovery::catalog(bool refresh) {
  if (catalog_ && !refresh) return catalog_;
  Document core = begin("/api", refresh);
  Document groups = begin("/apis", refresh);
  auto first = complete("/api", core);
  auto second = complete("/apis", groups);
  IE_TRY(std::move(first));
  IE_TRY(std::move(second));
  auto fresh = std::make_shared<model::ApiCatalog>();
  IE_TRY(add(core, "/api", *fresh));
  IE_TRY(add(groups, "/apis", *fresh));
  catalog_ = std::move(fresh);
  return catalog_;
}

// Starts the request, unless the cache answers it.
Discovery::Document Discovery::begin(std::string_view path, bool refresh) {
  Document document;
  document.cached = cache_.load(path);
  if (document.cached) {
    auto json = model::parse_json(document.cached->body);
    if (json) {
      document.json = std::move(*json);
    } else {
      document.cached.reset();  // its tag must not be sent either
    }
  }
  if (document.cached && !refresh) {
    const Duration age = os::wall_now() - document.cached->fetched;
    if (age >= Duration{0} && age < kLifetime) return document;
  }
  ApiCall call = raw_call(std::string(path), client_.config().request_timeout);
  call.accept = kAccept;
  if (document.cached) call.if_none_match = document.cached->etag;
  document.call = client_.start(std::move(call));
  return document;
}

Status Discovery::complete(std::string_view path, Document& document) {
  if (!document.call) return {};
  IE_TRY_ASSIGN(net::HttpResponse response, client_.finish(*document.call));
  if (response.status == 304 && document.cached) {
    document.cached->fetched = os::wall_now();
    cache_.store(path, *document.cached);
    return {};
  }
  if (response.status != 200) {
    engine::Response answer = read_answer(raw_call(std::string(path), Duration{0}), response);
    if (answer.error) return fail(std::move(*answer.error));
  }
  auto json = model::parse_json(response.body);
  if (!json || discovery_format(*json) == DiscoveryFormat::kForeign) {
    return fail(errors::kBadAnswer, "get " + std::string(path) + ": " + client_.config().server +
                                        " did not answer like an API server (content type \"" +
                                        sanitise_line(response.media_type(), 80) + "\")");
  }
  if (discovery_format(*json) == DiscoveryFormat::kAggregated) {
    cache_.store(path, {std::string(response.header("ETag")), os::wall_now(), std::move(response.body)});
  }
  document.json = std::move(*json);
  return {};
}

Status Discovery::add(const Document& document, std::string_view path, model::ApiCatalog& catalog) {
  if (discovery_format(document.json) == DiscoveryFormat::kAggregated) {
    add_aggregated(document.json, catalog);
    return {};
  }
  client_.log(7, std::string(path) + ": no aggregated discovery, asking for each group");
  add_group_versions(document.json, catalog);
  return {};
}

void Discovery::add_group_versions(const model::Json& document, model::ApiCatalog& catalog) {
  std::vector<std::pair<std::string, CallId>> calls;
  for (const std::string& group_version : legacy_group_versions(document)) {
    const bool core = group_version.find('/') == std::string::npos;
    calls.emplace_back(group_version, client_.start(raw_call((core ? "/api/" : "/apis/") + group_version,
                                                             client_.config().request_timeout)));
  }
  for (const auto& [group_version, id] : calls) {
    const auto response = client_.finish(id);
    const auto json = response && response->status == 200 ? model::parse_json(response->body) : std::nullopt;
    if (json && model::get_string(*json, "/kind") == "APIResourceList") {
      add_legacy(*json, group_version, catalog);
    } else {
      catalog.add_incomplete(group_version);
    }
  }
}

}  // namespace instantexec::kube
