#include "sim/api.h"

#include <fmt/format.h>

#include <utility>
#include <variant>

#include "base/digest.h"
#include "sim/api_target.h"
#include "sim/convert.h"
#include "sim/faults.h"
#include "sim/prepare.h"
#include "sim/selectors.h"

namespace instantexec::sim {
namespace {

using engine::Outcome;
using engine::Response;
using model::get_string;
using model::Json;

std::string last_lines(const std::string& text, int count) {
  if (count <= 0) return text;
  std::size_t from = text.size();
  if (from > 0 && text[from - 1] == '\n') --from;
  for (; from > 0; --from) {
    if (text[from - 1] == '\n' && --count == 0) break;
  }
  return text.substr(from);
}

constexpr std::size_t kMaxBody = std::size_t{3} * 1024 * 1024;

std::size_t size_of_body(const engine::Request& request) {
  return std::visit(
      [](const auto& typed) -> std::size_t {
        if constexpr (requires { typed.body.json; }) return typed.body.json.dump().size();
        if constexpr (requires { typed.patch; }) return typed.patch.dump().size();
        return 0;
      },
      request);
}

// A server's text about a Secret that it was sent may repeat what is in it, so clients do not show it.
bool may_repeat_values(const engine::Request& request, int http_status) {
  const std::string verb = verb_of(request);
  if (gvk_of(request).kind != "Secret") return false;
  if (verb != "apply" && verb != "create" && verb != "replace" && verb != "patch") return false;
  return http_status != 401 && http_status != 404 && http_status != 409 && http_status != 429;
}

}  // namespace

Response committed(model::Object object, int http_status) {
  Response out;
  out.outcome = Outcome::kCommitted;
  out.http_status = http_status;
  out.created = http_status == 201;
  out.object = std::move(object);
  return out;
}

Api::Api(Store& store, Registry& registry, ApiOptions options)
    : store_(store), registry_(registry), options_(std::move(options)) {}

Response Api::handle(const engine::Request& request, Timestamp now) {
  if (size_of_body(request) > kMaxBody) {
    return to_response({413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728", {}});
  }
  auto out = std::visit([&](const auto& typed) { return answer(typed, now); }, request);
  if (out) return std::move(*out);
  Refusal refusal = std::move(out).error();
  if (may_repeat_values(request, refusal.code)) {
    refusal.message = fmt::format("the server answered {} {}", refusal.code, refusal.reason);
    for (auto& cause : refusal.causes) {
      refusal.message += ", " + cause.field + " " + cause.reason;
      cause.message.clear();
    }
    refusal.message += " (its text is not shown: it may hold values of the Secret)";
  }
  return to_response(std::move(refusal));
}

std::string Api::new_uid() {
  const std::string hash = sha256_hex(fmt::format("{}/{}", options_.seed, ++next_id_));
  return fmt::format("{}-{}-4{}-8{}-{}", hash.substr(0, 8), hash.substr(8, 4), hash.substr(12, 3),
                     hash.substr(15, 3), hash.substr(18, 12));
}

std::string Api::name_suffix() {
  // The alphabet Kubernetes uses for generated names: no vowels, no look-alikes.
  constexpr std::string_view kLetters = "bcdfghjklmnpqrstvwxz2456789";
  std::uint64_t state = (options_.seed * 0x9E3779B97F4A7C15ULL) ^ (++next_id_ * 0xBF58476D1CE4E5B9ULL);
  std::string out;
  for (int i = 0; i < 5; ++i) {
    state ^= state >> 31;
    state *= 0x94D049BB133111EBULL;
    out += kLetters[(state >> 33) % kLetters.size()];
  }
  return out;
}

bool Api::allowed(const Json& attributes) const {
  return !options_.allow || options_.allow(attributes);
}

Answer<Api::Target> Api::target(const model::Gvk& gvk, std::string_view ns, std::string_view name,
                                std::string_view verb) {
  const ServedKind* kind = registry_.find(gvk);
  if (kind == nullptr) return refuse(404, "NotFound", "the server could not find the requested resource");
  const std::string place = kind->resource.namespaced ? std::string(ns) : "";
  const Json attributes{{"verb", verb},
                        {"group", gvk.group},
                        {"resource", kind->resource.resource},
                        {"namespace", place},
                        {"name", name}};
  if (!allowed(attributes)) {
    const std::string where =
        place.empty() ? "at the cluster scope" : fmt::format("in the namespace \"{}\"", place);
    return refuse(
        403, "Forbidden",
        fmt::format("{} \"{}\" is forbidden: User \"simulated\" cannot {} resource \"{}\" in API group "
                    "\"{}\" {}",
                    resource_and_group(*kind), name, verb, kind->resource.resource, gvk.group, where));
  }
  if (!kind->resource.verbs.contains(std::string(verb))) {
    return refuse(405, "MethodNotAllowed", "the server does not allow this method on the requested resource");
  }
  Target out{kind, {kind->storage_group, gvk.kind, place, std::string(name)}, nullptr};
  if (!name.empty()) out.live = store_.get(out.ref);
  return out;
}

Answer<Response> Api::answer(const engine::GetRequest& request, Timestamp) {
  const auto found = target(request.gvk, request.ns, request.name, "get");
  if (!found) return tl::unexpected<Refusal>(found.error());
  if (!found->live) return not_found(resource_and_group(*found->kind), request.name);
  return committed(shown_as(*found->live, *found->kind), 200);
}

Answer<Response> Api::answer(const engine::ListRequest& request, Timestamp) {
  const auto found = target(request.gvk, request.ns, "", "list");
  if (!found) return tl::unexpected<Refusal>(found.error());
  Response out;
  out.outcome = Outcome::kCommitted;
  out.http_status = 200;
  out.list_resource_version = std::to_string(store_.revision());
  for (const Snapshot& object : store_.list(found->ref.group, found->ref.kind, found->ref.ns)) {
    const auto by_label =
        matches_label_selector(request.label_selector, model::get_object(object->json, "/metadata/labels"));
    if (!by_label) return tl::unexpected<Refusal>(by_label.error());
    const auto by_field = matches_field_selector(request.field_selector, *object);
    if (!by_field) return tl::unexpected<Refusal>(by_field.error());
    if (*by_label && *by_field) out.items.push_back(shown_as(*object, *found->kind));
  }
  return out;
}

Answer<Response> Api::answer(const engine::LogsRequest& request, Timestamp) {
  const auto found = target({"", "v1", "Pod"}, request.ns, request.pod, "get");
  if (!found) return tl::unexpected<Refusal>(found.error());
  if (!found->live) return not_found("pods", request.pod);
  const Json& containers = model::get_array(found->live->json, "/spec/containers");
  const std::string container = request.container.empty() && !containers.empty()
                                    ? get_string(containers[0], "/name")
                                    : request.container;
  const std::string key =
      request.ns + "/" + request.pod + "/" + container + (request.previous ? "/previous" : "");
  const auto it = logs.find(key);
  if (it == logs.end()) {
    return refuse(400, "BadRequest",
                  request.previous
                      ? fmt::format("previous terminated container \"{}\" in pod \"{}\" not found", container,
                                    request.pod)
                      : fmt::format("container \"{}\" in pod \"{}\" is waiting to start: ContainerCreating",
                                    container, request.pod));
  }
  Response out;
  out.outcome = Outcome::kCommitted;
  out.http_status = 200;
  out.text = last_lines(it->second, request.tail_lines);
  return out;
}

Answer<Response> Api::review(const engine::CreateRequest& request) {
  model::Object out = request.body;
  const Json& attributes = model::get_object(out.json, "/spec/resourceAttributes");
  if (out.kind() == "SelfSubjectRulesReview") {
    // A function cannot list what it grants; only whether that is everything.
    const Json everything = Json::array({"*"});
    const bool granted = allowed({{"verb", "*"}, {"group", "*"}, {"resource", "*"}});
    Json rules = Json::array();
    if (granted) {
      rules.push_back({{"verbs", everything}, {"apiGroups", everything}, {"resources", everything}});
    }
    out.json["status"] = Json{
        {"resourceRules", std::move(rules)}, {"nonResourceRules", Json::array()}, {"incomplete", !granted}};
  } else {
    out.json["status"] = Json{{"allowed", allowed(attributes)}};
  }
  return committed(std::move(out), 201);
}

}  // namespace instantexec::sim
