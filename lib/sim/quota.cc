#include "sim/quota.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <string_view>
#include <utility>

#include "base/text.h"

namespace instantexec::sim {
namespace {

using model::get_array;
using model::get_object;
using model::get_string;
using model::Json;

constexpr std::array<std::pair<std::string_view, double>, 14> kSuffixes = {{{"Ki", 1024.0},
                                                                            {"Mi", 1048576.0},
                                                                            {"Gi", 1073741824.0},
                                                                            {"Ti", 1099511627776.0},
                                                                            {"Pi", 1125899906842624.0},
                                                                            {"Ei", 1152921504606846976.0},
                                                                            {"n", 1e-9},
                                                                            {"u", 1e-6},
                                                                            {"m", 1e-3},
                                                                            {"k", 1e3},
                                                                            {"M", 1e6},
                                                                            {"G", 1e9},
                                                                            {"T", 1e12},
                                                                            {"P", 1e15}}};

// Kinds counted under a short name of their own.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kCounted = {
    {{"ConfigMap", "configmaps"},
     {"Secret", "secrets"},
     {"Service", "services"},
     {"PersistentVolumeClaim", "persistentvolumeclaims"},
     {"ReplicationController", "replicationcontrollers"},
     {"ResourceQuota", "resourcequotas"},
     {"Pod", "pods"}}};

void add_pod(const Json& spec, std::map<std::string, double>& out) {
  for (const Json& container : get_array(spec, "/containers")) {
    for (const char* side : {"requests", "limits"}) {
      const Json& amounts = get_object(container, std::string("/resources/") + side);
      for (const auto& [name, amount] : amounts.items()) {
        out[std::string(side) + "." + name] += quantity(amount);
        if (side == std::string_view("requests")) out[name] += quantity(amount);
      }
    }
  }
}

}  // namespace

double quantity(const Json& value) {
  if (value.is_number()) return value.get<double>();
  if (!value.is_string()) return 0;
  std::string_view text = value.get_ref<const std::string&>();
  double scale = 1;
  for (const auto& [suffix, factor] : kSuffixes) {
    if (text.ends_with(suffix)) {
      scale = factor;
      text.remove_suffix(suffix.size());
      break;
    }
  }
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} ? number * scale : 0;
}

std::string format_quantity(double value) {
  const double rounded = std::round(value);
  if (std::abs(value - rounded) < 1e-9) return fmt::format("{:.0f}", rounded);
  return fmt::format("{:.0f}m", std::ceil(value * 1000 - 1e-6));
}

std::map<std::string, double> usage_of(const model::Object& object) {
  std::map<std::string, double> out;
  const std::string kind = object.kind();
  const model::Gvk gvk = object.gvk();
  const std::string plural = to_lower(kind) + "s";
  out["count/" + (gvk.group.empty() ? plural : plural + "." + gvk.group)] = 1;
  const std::string phase = get_string(object.json, "/status/phase");
  if (kind == "Pod" && (phase == "Succeeded" || phase == "Failed")) return out;
  for (const auto& [counted, name] : kCounted) {
    if (gvk.group.empty() && kind == counted) out[std::string(name)] = 1;
  }
  if (kind == "Pod") add_pod(get_object(object.json, "/spec"), out);
  if (kind == "Service") {
    const std::string type = get_string(object.json, "/spec/type");
    if (type == "LoadBalancer") out["services.loadbalancers"] = 1;
    if (type == "NodePort" || type == "LoadBalancer") {
      out["services.nodeports"] = static_cast<double>(get_array(object.json, "/spec/ports").size());
    }
  }
  if (kind == "PersistentVolumeClaim") {
    if (const Json* size = model::find(object.json, "/spec/resources/requests/storage")) {
      out["requests.storage"] = quantity(*size);
    }
  }
  return out;
}

std::map<std::string, double> usage_in(const Store& store, const std::string& ns) {
  std::map<std::string, double> out;
  for (const Snapshot& object : store.in_namespace(ns)) {
    for (const auto& [name, amount] : usage_of(*object)) out[name] += amount;
  }
  return out;
}

}  // namespace instantexec::sim
