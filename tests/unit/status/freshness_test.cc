#include <gtest/gtest.h>

#include <fmt/format.h>

#include "unit/status/table.h"

// Generations are numbers or texts of numbers, wherever they stand.
namespace instantexec::status::test {
namespace {

std::string of_generation(std::string_view api, std::string_view kind, std::string_view generation,
                          std::string_view status) {
  return fmt::format(
      "{{'apiVersion':'{}','kind':'{}','metadata':{{'name':'x','namespace':'demo','uid':'x','generation':{}}}"
      ","
      "'spec':{{'replicas':1}},'status':{{{}}}}}",
      api, kind, generation, status);
}

TEST(Freshness, GenerationsMayBeTexts) {
  const std::string ready = "'conditions':[{'type':'Ready','status':'True'}]";
  const std::string counts =
      "'replicas':1,'updatedReplicas':1,'readyReplicas':1,'availableReplicas':1,'observedGeneration':";
  const auto widget = [&](std::string_view generation, std::string_view observed) {
    return of_generation("example.com/v1", "Widget", generation,
                         fmt::format("'observedGeneration':{},{}", observed, ready));
  };
  const auto with_condition = [&](std::string_view generation, std::string_view observed) {
    return of_generation(
        "example.com/v1", "Widget", generation,
        fmt::format("'conditions':[{{'type':'Ready','status':'True','observedGeneration':{}}}]", observed));
  };
  check({
      {"numbers, behind", widget("3", "2"), {}, 10, kInProgress, "WaitingForController"},
      {"a text of the object, behind", widget("'3'", "2"), {}, 10, kInProgress, "WaitingForController"},
      {"a text of the status, behind", widget("3", "'2'"), {}, 10, kInProgress, "WaitingForController"},
      {"texts, behind", widget("'3'", "'2'"), {}, 10, kInProgress, "WaitingForController"},
      {"texts are compared as numbers", widget("'10'", "'9'"), {}, 10, kInProgress, "WaitingForController"},
      {"texts, seen", widget("'3'", "'3'"), {}, 10, kCurrent, "Ready"},
      {"a text and a number, seen", widget("'3'", "3"), {}, 10, kCurrent, "Ready"},
      {"a text that is no number is none", widget("'three'", "2"), {}, 10, kCurrent, "Ready"},
      {"a condition, behind", with_condition("'3'", "2"), {}, 10, kInProgress, "WaitingForController"},
      {"a condition of a text, behind",
       with_condition("'3'", "'2'"),
       {},
       10,
       kInProgress,
       "WaitingForController"},
      {"a condition, seen", with_condition("'3'", "'3'"), {}, 10, kCurrent, "Ready"},
      {"a Deployment, behind",
       of_generation("apps/v1", "Deployment", "'3'", counts + "2"),
       {},
       10,
       kInProgress,
       "WaitingForController"},
      {"a Deployment, seen",
       of_generation("apps/v1", "Deployment", "'3'", counts + "'3'"),
       {},
       10,
       kCurrent,
       "RolloutComplete"},
      {"under a name of its own, behind",
       of_generation("example.com/v1", "Widget", "'3'", "'phase':'Running','lastGeneration':'2'"),
       {},
       10,
       kInProgress,
       "WaitingForController"},
  });
}

// What was read before the change, of an API server's cache.
TEST(Freshness, AnOldReadIsKnownByATextToo) {
  check({{"older than the change",
          of_generation("example.com/v1", "Widget", "'2'", "'conditions':[{'type':'Ready','status':'True'}]"),
          {},
          10,
          kInProgress,
          "StaleRead"}},
        [](Context& context) { context.min_generation = 3; });
}

}  // namespace
}  // namespace instantexec::status::test
