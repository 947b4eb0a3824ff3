#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "status/workload.h"

// How much of a Deployment's rollout is enough, as its owner says by an annotation (krane has the same).
namespace instantexec::status {
namespace {

// "75%" → 75; nothing for anything else.
std::optional<std::int64_t> percent(std::string_view text) {
  if (!text.ends_with('%')) return std::nullopt;
  std::int64_t out = 0;
  const char* const end = text.data() + text.size() - 1;
  const auto [read, error] = std::from_chars(text.data(), end, out);
  if (error != std::errc{} || read != end || out < 0 || out > 100) return std::nullopt;
  return out;
}

// Replicas that may be missing during an update: a number, or a percentage rounded down; a quarter unless it
// is set. apps/v1 RollingUpdateDeployment.
std::optional<std::int64_t> max_unavailable(const model::Json& deployment, std::int64_t want) {
  if (model::get_string(deployment, "/spec/strategy/type", "RollingUpdate") != "RollingUpdate")
    return std::nullopt;
  constexpr std::string_view kField = "/spec/strategy/rollingUpdate/maxUnavailable";
  const model::Json* value = model::find(deployment, kField);
  if (value != nullptr && value->is_number_integer()) return count_at(deployment, kField);
  const auto part = percent(model::get_string(deployment, kField, value == nullptr ? "25%" : ""));
  return part ? std::optional(want * *part / 100) : std::nullopt;
}

// New replicas that have to be available.
std::optional<std::int64_t> needed(const std::string& threshold, const model::Json& deployment,
                                   std::int64_t want) {
  std::optional<std::int64_t> out;
  if (threshold == "maxUnavailable") {
    if (const auto missing = max_unavailable(deployment, want)) out = want - *missing;
  } else if (const auto part = percent(threshold)) {
    out = (want * *part + 99) / 100;
  }
  // A rollout of which nothing has come up has not shown that it can.
  return out ? std::optional(std::max<std::int64_t>(*out, 1)) : std::nullopt;
}

}  // namespace

std::optional<Assessment> enough_of_rollout(const Input& input) {
  const std::string threshold = input.object.annotation(kThresholdAnnotation);
  if (threshold.empty()) return std::nullopt;
  if (threshold == "none")
    return current("NotAwaited", fmt::format("the rollout is not awaited, as {} asks", kThresholdAnnotation));
  const std::int64_t want = count_at(input.object.json, "/spec/replicas", 1);
  const auto least = needed(threshold, input.object.json, want);
  const model::Object* set = new_replica_set(input);
  if (!least || set == nullptr) return std::nullopt;
  const std::int64_t available = count_at(set->json, "/status/availableReplicas");
  if (available < *least) return std::nullopt;
  return current("ThresholdReached", fmt::format("{} of {} replicas updated and available; {} asks for {}",
                                                 available, want, kThresholdAnnotation, threshold));
}

}  // namespace instantexec::status
