#include "plan/grade.h"

#include <cctype>
#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <string_view>

#include "plan/desired.h"

namespace instantexec::plan {
namespace {

using model::Json;

bool is(const model::Object& object, std::string_view group, std::string_view kind) {
  const model::Gvk gvk = object.gvk();
  return gvk.group == group && gvk.kind == kind;
}

// A quantity as bytes, good enough to compare two storage requests; nothing when it is not one.
// https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
std::optional<double> quantity(const std::string& text) {
  static const std::map<std::string_view, double> kSuffixes = {
      {"", 1},        {"m", 1e-3},    {"k", 1e3},     {"M", 1e6},     {"G", 1e9},
      {"T", 1e12},    {"P", 1e15},    {"E", 1e18},    {"Ki", 0x1p10}, {"Mi", 0x1p20},
      {"Gi", 0x1p30}, {"Ti", 0x1p40}, {"Pi", 0x1p50}, {"Ei", 0x1p60}};
  std::size_t digits = 0;
  while (digits < text.size() &&
         (std::isdigit(static_cast<unsigned char>(text[digits])) != 0 || text[digits] == '.')) {
    ++digits;
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, value);
  if (error != std::errc{} || end != text.data() + digits) return std::nullopt;
  const std::string_view suffix = std::string_view(text).substr(digits);
  const auto it = kSuffixes.find(suffix);
  if (it != kSuffixes.end()) return value * it->second;
  int exponent = 0;
  if (suffix.size() < 2 || (suffix[0] != 'e' && suffix[0] != 'E')) return std::nullopt;
  const auto [stop, bad] = std::from_chars(suffix.data() + 1, suffix.data() + suffix.size(), exponent);
  if (bad != std::errc{} || stop != suffix.data() + suffix.size()) return std::nullopt;
  return value * std::pow(10.0, exponent);
}

std::string storage_version(const model::Object& crd) {
  for (const Json& version : model::get_array(crd.json, "/spec/versions")) {
    if (model::get_bool(version, "/storage")) return model::get_string(version, "/name");
  }
  return {};
}

bool claim_grows(const model::Object& live, const model::Object& after) {
  constexpr std::string_view kRequest = "/spec/resources/requests/storage";
  const auto was = quantity(model::get_string(live.json, kRequest));
  const auto will_be = quantity(model::get_string(after.json, kRequest));
  return was && will_be && *will_be > *was;
}

}  // namespace

bool keeps_claims(const model::Object& set) {
  return is(set, "apps", "StatefulSet") &&
         !model::get_array(set.json, "/spec/volumeClaimTemplates").empty() &&
         model::get_string(set.json, "/spec/persistentVolumeClaimRetentionPolicy/whenDeleted") != "Delete";
}

Grade grade_create(const model::Object& wanted) {
  if (is(wanted, "", "PersistentVolumeClaim")) {
    return {Reversibility::kNewIdentity, "an undo keeps the new claim, because it may hold data"};
  }
  if (keeps_claims(wanted)) {
    return {Reversibility::kNewIdentity,
            "an undo deletes the set but not the claims it has made, because they may hold data"};
  }
  if (is(wanted, "batch", "Job")) {
    return {Reversibility::kNewIdentity, "an undo deletes the job but not what it has done"};
  }
  return {};
}

Grade grade_configure(const model::Object& live, const model::Object& after) {
  if (is(live, "", "PersistentVolumeClaim") && claim_grows(live, after)) {
    return {Reversibility::kNone, "a volume that has grown cannot shrink"};
  }
  if (is_crd(live.gvk()) && storage_version(live) != storage_version(after)) {
    return {Reversibility::kNone, "objects stored in the new version may not convert back"};
  }
  const bool config = is(live, "", "ConfigMap") || is(live, "", "Secret");
  if (config && model::get_bool(after.json, "/immutable") && !model::get_bool(live.json, "/immutable")) {
    return {Reversibility::kNone, "immutable: true cannot be taken back"};
  }
  if (is(live, "batch", "Job") && model::get_bool(live.json, "/spec/suspend") &&
      !model::get_bool(after.json, "/spec/suspend")) {
    return {Reversibility::kNewIdentity, "the job starts; an undo suspends it but not what it has done"};
  }
  return {};
}

Grade grade_prune(const model::Object& live) {
  if (is(live, "", "PersistentVolumeClaim") || is(live, "", "PersistentVolume")) {
    return {Reversibility::kNone, "the data of the volume may be deleted with it"};
  }
  if (is_crd(live.gvk())) return {Reversibility::kNone, "every object of its kind is deleted with it"};
  if (is_namespace(live.gvk())) return {Reversibility::kNone, "everything inside is deleted with it"};
  if (is(live, "batch", "Job")) return {Reversibility::kNewIdentity, "a rollback does not run it again"};
  return {Reversibility::kNewIdentity, "a rollback creates it anew, with another UID"};
}

}  // namespace instantexec::plan
