#include <gtest/gtest.h>

#include "manifest/yaml.h"
#include "status/bundled_rules.h"
#include "status/rule_reader.h"
#include "unit/status/table.h"

// What somebody has paused is not looked at by its controller, which then reports an older generation for as
// long as that lasts: to suspend is a change of the spec. Such an object is not waited for.
namespace instantexec::status::test {
namespace {

struct Held {
  const char* name;
  const char* api;
  const char* kind;
  const char* rest;
  model::HealthStatus expected;
};

TEST(Held, WhileTheControllerIsBehind) {
  const std::vector<CustomRule> rules = bundled();
  Context context;
  context.rules = rules;
  context.options.declared_failures = true;
  const char* const flux = "kustomize.toolkit.fluxcd.io/v1";
  for (
      const Held& row : std::vector<Held>{
          {"Flux does not look at what is suspended", flux, "Kustomization",
           "'spec':{'suspend':true},'status':{'observedGeneration':1,'conditions':[{'type':'Ready','status':"
           "'True'}]}",
           kSuspended},
          {"resumed, not yet looked at", flux, "Kustomization",
           "'spec':{'suspend':false},'status':{'observedGeneration':1,'conditions':[{'type':'Ready','status':"
           "'True'}]}",
           kInProgress},
          {"an object nobody has a rule for", "example.com/v1", "Widget",
           "'spec':{'suspend':true},'status':{'observedGeneration':1,'phase':'Ready'}", kSuspended},
          {"paused in words of its own kind", "example.com/v1", "Widget",
           "'spec':{'updateStrategy':{'paused':true}},'status':{'observedGeneration':1}", kSuspended},
          {"a pause of the former generation proves nothing", "example.com/v1", "Widget",
           "'status':{'observedGeneration':1,'conditions':[{'type':'Paused','status':'True'}]}", kInProgress},
          {"nor by the case of a rule that looks at the status", "argoproj.io/v1alpha1", "Rollout",
           "'spec':{'replicas':1},'status':{'observedGeneration':'1','phase':'Paused'}", kInProgress},
          {"a Deployment's controller looks at it all the same", "apps/v1", "Deployment",
           "'spec':{'paused':true},'status':{'observedGeneration':1}", kInProgress},
      }) {
    const Assessment got = assess(object(plain(row.api, row.kind, row.rest)), {}, {}, context);
    EXPECT_EQ(model::to_string(got.status.status), model::to_string(row.expected))
        << row.name << ": " << got.status.reason << ": " << got.status.message;
  }
}

}  // namespace
}  // namespace instantexec::status::test
