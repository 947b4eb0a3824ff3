#include "sim/admission.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "sim/prepare.h"
#include "sim/quota.h"
#include "sim/service_addresses.h"

namespace instantexec::sim {
namespace {

using model::get_object;
using model::Json;

std::string join_amounts(const std::vector<std::pair<std::string, double>>& amounts) {
  std::string out;
  for (const auto& [name, amount] : amounts) {
    if (!out.empty()) out += ",";
    out += name + "=" + format_quantity(amount);
  }
  return out;
}

void select_own_pods(model::Object& job) {
  Json& spec = job.json["spec"];
  if (model::get_bool(spec, "/manualSelector")) return;
  const std::string uid = job.uid();
  Json& labels = spec["template"]["metadata"]["labels"];
  labels["batch.kubernetes.io/controller-uid"] = uid;
  labels["batch.kubernetes.io/job-name"] = job.name();
  labels["controller-uid"] = uid;
  labels["job-name"] = job.name();
  spec["selector"] = Json{{"matchLabels", {{"batch.kubernetes.io/controller-uid", uid}}}};
  if (!job.json["metadata"].contains("labels")) job.json["metadata"]["labels"] = labels;
}

// DaemonSets count their templates in an annotation from before generations.
void count_template(model::Object& set, const model::Object* live) {
  constexpr const char* kCount = "deprecated.daemonset.template.generation";
  std::int64_t count = 1;
  if (live != nullptr) {
    const std::string text = live->annotation(kCount);
    std::from_chars(text.data(), text.data() + text.size(), count);
    if (get_object(set.json, "/spec/template") != get_object(live->json, "/spec/template")) ++count;
  }
  set.json["metadata"]["annotations"][kCount] = std::to_string(count);
}

}  // namespace

Verdict may_create(const Store& store, const ServedKind& kind, const model::ObjectRef& ref) {
  if (!kind.resource.namespaced) return {};
  const Snapshot place = store.get({"", "Namespace", "", ref.ns});
  if (!place) return not_found("namespaces", ref.ns);
  if (!place->terminating()) return {};
  Refusal out{
      403,
      "Forbidden",
      fmt::format("{} \"{}\" is forbidden: unable to create new content in namespace {} because it is being "
                  "terminated",
                  resource_and_group(kind), ref.name, ref.ns),
      {{"NamespaceTerminating", "metadata.namespace",
        fmt::format("namespace {} is being terminated", ref.ns)}}};
  return tl::unexpected<Refusal>(std::move(out));
}

Verdict admit(const Store& store, const model::Object& object, const model::Object* live,
              const ServedKind& kind) {
  if (live != nullptr || !kind.resource.namespaced) return {};
  const auto quotas = store.list("", "ResourceQuota", object.ns());
  if (quotas.empty()) return {};
  const auto wanted = usage_of(object);
  const auto used = usage_in(store, object.ns());
  for (const Snapshot& quota : quotas) {
    std::vector<std::pair<std::string, double>> requested;
    std::vector<std::pair<std::string, double>> in_use;
    std::vector<std::pair<std::string, double>> limited;
    const Json& hard = get_object(quota->json, "/spec/hard");
    for (const auto& [name, limit] : hard.items()) {
      const auto it = wanted.find(name);
      if (it == wanted.end() || it->second <= 0) continue;
      const auto so_far = used.find(name);
      const double before = so_far == used.end() ? 0 : so_far->second;
      if (before + it->second <= quantity(limit) + 1e-9) continue;
      requested.emplace_back(name, it->second);
      in_use.emplace_back(name, before);
      limited.emplace_back(name, quantity(limit));
    }
    if (requested.empty()) continue;
    return refuse(
        403, "Forbidden",
        fmt::format("{} \"{}\" is forbidden: exceeded quota: {}, requested: {}, used: {}, limited: {}",
                    resource_and_group(kind), object.name(), quota->name(), join_amounts(requested),
                    join_amounts(in_use), join_amounts(limited)));
  }
  return {};
}

void allocate(const Store& store, model::Object& object, const model::Object* live,
              std::uint32_t& next_address, bool dry_run) {
  const std::string kind = object.kind();
  const std::string group = object.gvk().group;
  if (kind == "Service" && group.empty()) {
    std::uint32_t next = next_address;
    give_addresses(store, object, live, next);
    if (!dry_run) next_address = next;
  } else if (kind == "Job" && group == "batch") {
    if (live == nullptr) select_own_pods(object);
  } else if (kind == "Namespace" && group.empty()) {
    if (live == nullptr) object.json["spec"]["finalizers"] = Json::array({"kubernetes"});
  } else if (kind == "PersistentVolumeClaim" && live == nullptr) {
    object.json["metadata"]["finalizers"].push_back("kubernetes.io/pvc-protection");
  } else if (kind == "PersistentVolume" && live == nullptr) {
    object.json["metadata"]["finalizers"].push_back("kubernetes.io/pv-protection");
  } else if (kind == "DaemonSet" && group == "apps") {
    count_template(object, live);
  }
}

}  // namespace instantexec::sim
