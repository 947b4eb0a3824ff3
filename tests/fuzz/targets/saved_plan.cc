// The file between `plan --out` and `deploy --plan`.
#include "plan/saved_plan.h"
#include "base/digest.h"
#include "fuzz/fuzz.h"

namespace instantexec::fuzz {
namespace {

// With the digest the content has, which no fuzzer finds.
std::string sealed(std::string_view bytes) {
  auto json = model::parse_json(bytes);
  if (!json || !json->is_object()) return std::string(bytes);
  json->erase("digest");
  (*json)["digest"] = sha256_hex(json->dump(-1, ' ', false, model::Json::error_handler_t::replace));
  return json->dump(-1, ' ', false, model::Json::error_handler_t::replace);
}

}  // namespace
}  // namespace instantexec::fuzz

IE_FUZZ_TARGET(saved_plan) {
  using namespace instantexec;
  using namespace instantexec::fuzz;
  const auto saved = plan::decode_saved_plan(sealed(bytes));
  if (!saved) return promise(harmless(saved.error().message, true), "an error's text is harmless");
  promise(saved->states.size() == saved->plan.steps.size(), "every step has a state");
  for (const plan::Step& step : saved->plan.steps) {
    for (const std::size_t other : step.depends_on) {
      promise(other < saved->plan.steps.size(), "a step depends on steps that are there");
    }
    for (const std::size_t group : step.waits_for) {
      promise(group < saved->plan.groups.size(), "a step waits for groups that are there");
    }
  }
  const std::string text = plan::encode(*saved);
  const auto again = plan::decode_saved_plan(text);
  promise(again.has_value(), "a plan that was read can be read again");
  promise(plan::encode(*again) == text, "a plan survives being stored");
}
