#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "unit/engine/passing.h"
#include "unit/engine/world.h"

// Rows of the failure model that need a release of their own: records and objects at their limits, and kinds
// that are served no longer.
namespace instantexec::engine {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

const std::string kGood = "registry.example/web:1";
const std::string kBetter = "registry.example/web:2";
const std::string kMissing = "registry.example/web:does-not-exist";

void dies_at(World& world, const std::string& kind) {
  world.server.faults.on_request = [kind](const sim::RequestInfo& info) {
    sim::Fault fault;
    if (info.verb == "apply" && !info.dry_run && info.ref.kind == kind)
      fault.kind = sim::Fault::Kind::kDieAfterCommit;
    return fault;
  };
}

// Nine tenths of what a Secret or ConfigMap may hold, in letters that do not compress to nothing.
model::Object large(std::uint32_t seed) {
  std::mt19937 random(seed);
  std::string text(std::size_t{900} * 1024, ' ');
  for (char& letter : text) letter = static_cast<char>('!' + random() % 90);
  return config("large", text);
}

std::size_t pieces(World& world, int revision) {
  const std::string prefix = "instantexec.web." + std::to_string(revision) + ".";
  std::size_t out = 0;
  for (const auto& secret : world.server.store().list("", "Secret", "default")) {
    if (secret->name().starts_with(prefix)) ++out;
  }
  return out;
}

// Rows 33 and 34.
TEST(LargeRecords, OfAnObjectAtTheLimitServeEveryVerb) {
  World world;
  const auto holds = [&world](std::uint32_t seed) {
    const auto now = world.get("ConfigMap", "large");
    return now != nullptr && now->json["data"] == large(seed).json["data"];
  };
  ASSERT_EQ(world.deploy_word({large(1), deployment("web", kGood)}), "deployed");
  ASSERT_EQ(world.deploy_word({large(2), deployment("web", kBetter)}), "deployed");
  EXPECT_GE(pieces(world, 2), 2U) << "the states before and after do not fit into one Secret";
  EXPECT_TRUE(holds(2));
  EXPECT_EQ(word(rollback(world.environment(), world.options, 0)), "deployed");
  EXPECT_TRUE(holds(1));
  const Picture before = world.picture();
  EXPECT_EQ(world.deploy_word({large(3), deployment("web", kMissing)}), "rolled_back");
  EXPECT_EQ(differences(before, world.picture()), "");
  dies_at(world, "Deployment");
  EXPECT_THROW((void)world.deploy({large(4), deployment("web", kBetter)}), Killed);
  world.server.faults.on_request = nullptr;
  world.restart();
  EXPECT_TRUE(holds(4));
  EXPECT_GE(pieces(world, 5), 2U);
  EXPECT_EQ(word(world.recover()), "rolled_back");
  EXPECT_EQ(differences(before, world.picture()), "");
}

model::Object sized(int size) {
  model::Object out = widget();
  out.json["spec"]["size"] = size;
  return out;
}

// Row 39: somebody removed the definition of a kind, and with it its objects. No verb says that all is well,
// each names the object, and what is of other kinds is as before.
TEST(KindGone, IsNamedByEveryVerb) {
  struct Row {
    const char* name;
    std::function<void(World&)> prepare;
    std::function<Result<model::DeployReport>(World&)> act;
    bool writes;
  };
  const std::vector<Row> rows = {
      {"deploy", [](World&) {},
       [](World& world) {
         return world.deploy({config("a", "2"), sized(2)});
       },
       false},
      {"rollback", [](World& world) { ASSERT_EQ(world.deploy_word({config("a", "2")}), "deployed"); },
       [](World& world) { return rollback(world.environment(), world.options, 0); }, false},
      {"recover",
       [](World& world) {
         dies_at(world, "Widget");
         EXPECT_THROW((void)world.deploy({config("a", "2"), sized(2)}), Killed);
         world.server.faults.on_request = nullptr;
         world.restart();
       },
       [](World& world) { return world.recover(); }, true},
  };
  for (const Row& row : rows) {
    World world;
    world.foreign_apply(widget_definition());
    world.server.run_for(Duration{1000});
    ASSERT_EQ(world.deploy_word({config("a", "1"), sized(1)}), "deployed") << row.name;
    row.prepare(world);
    world.foreign_delete(widget_definition());
    world.server.run_for(Duration{5000});
    const Picture before = world.picture();
    const auto result = row.act(world);
    std::string said = result ? "" : result.error().to_string();
    if (result) {
      for (const model::Finding& finding : result->findings)
        said += finding.message + (finding.subject ? finding.subject->to_string() : "") + "\n";
      if (result->verification) {
        for (const std::string& line : result->verification->differences) said += line + "\n";
      }
    }
    EXPECT_NE(word(result), "deployed") << row.name;
    EXPECT_NE(word(result), "rolled_back") << row.name;
    EXPECT_NE(said.find("Widget"), std::string::npos) << row.name << ", " << word(result) << ": " << said;
    if (row.writes) {
      EXPECT_EQ(model::get_string(world.get("ConfigMap", "a")->json, "/data/key"), "1");
    } else {
      EXPECT_EQ(differences(before, world.picture()), "") << row.name;
    }
  }
}

// A release in force that still had to prune objects of a kind that is gone by now: they are gone too.
TEST(KindGone, NeedsNoPruneAnyMore) {
  World world;
  world.options.accept_irreversible = true;
  world.foreign_apply(widget_definition());
  world.server.run_for(Duration{1000});
  ASSERT_EQ(world.deploy_word({config("a", "1"), widget()}), "deployed");
  world.server.faults.on_request = sim::at_match("delete", "Widget", 1, {sim::Fault::Kind::kDie});
  EXPECT_THROW((void)world.deploy({config("a", "2")}), Killed);
  world.server.faults.on_request = nullptr;
  world.foreign_delete(widget_definition());
  world.server.run_for(Duration{5000});
  world.restart();
  const auto begin = world.server.now();
  EXPECT_EQ(word(world.recover()), "deployed");
  EXPECT_LT((world.server.now() - begin).count(), 60'000);
  EXPECT_EQ(world.deploy_word({config("a", "2")}), "nothing_to_do");
}

model::Object definition(const std::vector<std::pair<std::string, bool>>& versions) {
  model::Object out = widget_definition();
  model::Json& list = out.json["spec"]["versions"];
  const model::Json first = list[0];
  list.clear();
  for (const auto& [name, served] : versions) {
    list.push_back(first);
    list.back()["name"] = name;
    list.back()["served"] = served;
    list.back()["storage"] = name == "v1";
  }
  return out;
}

model::Object widget_of(const std::string& version, int size) {
  model::Object out = sized(size);
  out.json["apiVersion"] = "example.com/" + version;
  return out;
}

// A release that stops serving the version its own object is in, and dies.
TEST(VersionGone, ComesBackWithTheDefinition) {
  World world;
  const std::vector<model::Object> first = {definition({{"v1", true}, {"v1beta1", true}}),
                                            widget_of("v1beta1", 1), config("a", "1")};
  ASSERT_EQ(world.deploy_word(first), "deployed");
  const Picture before = world.picture();
  world.options.accept_irreversible = true;
  dies_at(world, "CustomResourceDefinition");
  EXPECT_THROW((void)world.deploy({definition({{"v1", true}, {"v1beta1", false}}), widget_of("v1beta1", 2),
                                   config("a", "2")}),
               Killed);
  world.server.faults.on_request = nullptr;
  world.server.run_for(Duration{5000});
  world.restart();
  EXPECT_EQ(word(world.recover()), "rolled_back");
  EXPECT_EQ(differences(before, world.picture()), "");
}

// An object that is there cannot be checked in a version that this very release brings.
TEST(VersionArrives, IsRefusedWhileThereIsAnObject) {
  for (const bool there : {true, false}) {
    World world;
    std::vector<model::Object> first = {definition({{"v1", true}}), config("a", "1")};
    if (there) first.push_back(widget_of("v1", 1));
    ASSERT_EQ(world.deploy_word(first), "deployed");
    const Picture before = world.picture();
    const std::vector<model::Object> second = {definition({{"v1", true}, {"v2", true}}), widget_of("v2", 2),
                                               config("a", "1")};
    const auto report = world.deploy(second);
    ASSERT_TRUE(report) << report.error().to_string();
    EXPECT_EQ(word(report), there ? "refused" : "deployed");
    if (!there) continue;
    ASSERT_EQ(report->findings.size(), 1U);
    EXPECT_EQ(report->findings[0].rule, "object.version-arrives");
    EXPECT_EQ(report->findings[0].subject->name, "w");
    EXPECT_EQ(differences(before, world.picture()), "");
  }
}

// A cluster whose aggregated API server for Widgets is down.
class WithoutWidgets final : public Passing {
 public:
  using Passing::Passing;
  Result<std::shared_ptr<const model::ApiCatalog>> catalog(bool refresh) override {
    const auto real = real_.catalog(refresh);
    if (!real) return fail(real.error());
    auto out = std::make_shared<model::ApiCatalog>();
    for (const model::ApiResource& resource : (*real)->all()) {
      if (resource.gvk.group != "example.com") out->add(resource);
    }
    out->add_incomplete("example.com/v1");
    return std::shared_ptr<const model::ApiCatalog>(std::move(out));
  }
};

// Row 29: the kind of an object is not known for a while. Nothing of it is written, and it is not forgotten.
TEST(KindHidden, IsNamedAndNotForgottenByAnyVerb) {
  struct Row {
    const char* name;
    std::function<void(World&)> prepare;
    std::function<Result<model::DeployReport>(World&, Environment)> act;
    const char* meanwhile;
    std::function<Result<model::DeployReport>(World&)> afterwards;
    const char* finally;
    int size;  // of the Widget in the end; 0: there is none
  };
  const auto deployed = [](World& world) {
    ASSERT_EQ(world.deploy_word({config("a", "2"), sized(2)}), "deployed");
  };
  const auto without = [](World& world, Environment environment) {
    return engine::deploy(std::move(environment), world.options, manifests({config("a", "3")}));
  };
  const std::vector<Row> rows = {
      {"deploy without it", deployed, without, "deployed",
       [](World& world) { return world.deploy({config("a", "3")}); }, "deployed", 0},
      {"deploy with it", deployed,
       [](World& world, Environment environment) {
         return engine::deploy(std::move(environment), world.options,
                               manifests({config("a", "3"), sized(3)}));
       },
       "refused",
       [](World& world) {
         return world.deploy({config("a", "3"), sized(3)});
       },
       "deployed", 3},
      {"rollback to where it was not", deployed,
       [](World& world, Environment environment) {
         return rollback(std::move(environment), world.options, 0);
       },
       "deployed", [](World& world) { return world.deploy({config("a", "1")}); }, "deployed", 0},
      {"recover",
       [deployed](World& world) {
         deployed(world);
         dies_at(world, "Widget");
         EXPECT_THROW((void)world.deploy({config("a", "3"), sized(3)}), Killed);
         world.restart();
       },
       [](World& world, Environment environment) {
         return engine::recover(std::move(environment), world.options, {});
       },
       "partly_undone", [](World& world) { return world.recover(); }, "rolled_back", 2},
  };
  for (const Row& row : rows) {
    World world;
    world.foreign_apply(widget_definition());
    world.server.run_for(Duration{1000});
    ASSERT_EQ(world.deploy_word({config("a", "1")}), "deployed") << row.name;
    row.prepare(world);
    world.server.faults.on_request = [](const sim::RequestInfo& info) {
      sim::Fault fault;
      if (info.ref.kind != "Widget") return fault;
      fault.kind = sim::Fault::Kind::kAnswer;
      fault.http_status = 503;
      return fault;
    };
    const auto widget_is = [&world](int size) {
      const auto now = world.get("Widget", "w", "example.com");
      return now == nullptr ? size == 0 : model::get_int(now->json, "/spec/size") == size;
    };
    WithoutWidgets cluster(world.client());
    const Environment real = world.environment();
    const auto result = row.act(world, {cluster, real.clock, world.sink, real.holder});
    EXPECT_EQ(word(result), row.meanwhile) << row.name << (result ? "" : result.error().to_string());
    EXPECT_FALSE(widget_is(0)) << row.name << ": deleted unseen";
    world.server.faults.on_request = nullptr;
    world.restart();
    EXPECT_EQ(word(row.afterwards(world)), row.finally) << row.name;
    EXPECT_TRUE(widget_is(row.size)) << row.name;
  }
}

}  // namespace
}  // namespace instantexec::engine
