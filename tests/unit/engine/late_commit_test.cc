#include <gtest/gtest.h>

#include "unit/engine/world.h"

// Creations that take effect after somebody has given up on them. While the object exists they can do
// nothing; once it is deleted they would bring it back.
namespace instantexec::engine {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

// The creation of `name`: answered with 504, done so much later.
std::function<sim::Fault(const sim::RequestInfo&)> late_creation(const std::string& name, Duration delay) {
  return [name, delay, done = false](const sim::RequestInfo& info) mutable {
    sim::Fault fault;
    if (done || info.verb != "apply" || info.dry_run || info.ref.name != name) return fault;
    done = true;
    fault.kind = sim::Fault::Kind::kLateCommit;
    fault.delay = delay;
    return fault;
  };
}

// Sent again it was done, and the release went well. The first try could do it once more.
TEST(LateCommit, OfASecondTryDoesNotBringBackWhatTheNextRunPrunes) {
  World world;
  ASSERT_EQ(world.deploy_word({config("c", "1")}), "deployed");
  world.server.faults.on_request = late_creation("d", Duration{25'000});
  EXPECT_EQ(world.deploy_word({config("c", "1"), config("d", "1")}), "deployed");
  world.restart();
  EXPECT_EQ(world.deploy_word({config("c", "1")}), "deployed");
  world.server.run_for(Duration{60'000});
  EXPECT_EQ(world.get("ConfigMap", "d"), nullptr);
}

// Not even when the first run died as it gave its lock back, so that the next has to take it over.
TEST(LateCommit, OfARunThatDiedDoesNotBringBackWhatTheNextRunPrunes) {
  World world;
  ASSERT_EQ(world.deploy_word({config("c", "1")}), "deployed");
  world.server.faults.on_request = [&, sent = false](const sim::RequestInfo& info) mutable {
    sim::Fault fault;
    if (!sent && info.verb == "apply" && !info.dry_run && info.ref.name == "d") {
      sent = true;
      world.server.timeline().at(world.server.now() + Duration{38'000},
                                 [&world, request = *info.request] { (void)world.server.act(request); });
    }
    const auto* lease = info.verb == "replace" ? std::get_if<ReplaceRequest>(info.request) : nullptr;
    const bool given_back = lease != nullptr && info.ref.kind == "Lease" &&
                            model::get_string(lease->body.json, "/spec/holderIdentity").empty();
    if (given_back) fault.kind = sim::Fault::Kind::kDie;
    return fault;
  };
  EXPECT_THROW((void)world.deploy({config("c", "1"), config("d", "1")}), Killed);
  world.server.faults.on_request = nullptr;
  world.restart();
  EXPECT_EQ(world.deploy_word({config("c", "1")}), "deployed");
  world.server.run_for(Duration{60'000});
  EXPECT_EQ(world.get("ConfigMap", "d"), nullptr);
}

// The run died when everything was written, one creation at its second try. The recovery deletes it, and the
// first try would bring it back.
TEST(LateCommit, OfASecondTryDoesNotBringBackWhatARecoveryDeletes) {
  World world;
  ASSERT_EQ(world.deploy_word({config("c", "1")}), "deployed");
  const Picture before = world.picture();
  bool written = false;
  world.server.faults.on_request = [&](const sim::RequestInfo& info) {
    sim::Fault fault;
    if (!written && info.verb == "apply" && !info.dry_run && info.ref.name == "d") {
      written = true;
      world.server.timeline().at(world.server.now() + Duration{38'000},
                                 [&world, request = *info.request] { (void)world.server.act(request); });
    } else if (written && info.verb == "replace" && info.ref.kind == "Secret") {
      fault.kind = sim::Fault::Kind::kDie;  // before the commit point
    }
    return fault;
  };
  EXPECT_THROW((void)world.deploy({config("d", "1"), deployment("web", "registry.example/web:1")}), Killed);
  ASSERT_NE(world.get("ConfigMap", "d"), nullptr);
  ASSERT_NE(world.get("Deployment", "web", "apps"), nullptr);
  world.server.faults.on_request = nullptr;
  world.restart();
  EXPECT_EQ(word(world.recover()), "rolled_back");
  world.server.run_for(Duration{60'000});
  EXPECT_EQ(differences(before, world.picture()), "");
}

// Carried on by another process: an object with the mark of the operation may be of the first one's making.
TEST(LateCommit, OfAnOperationThatIsCarriedOnIsUndone) {
  for (const bool of_the_first : {true, false}) {
    World world;
    ASSERT_EQ(world.deploy_word({config("c", "1")}), "deployed");
    const Picture before = world.picture();
    world.options.timeout = std::chrono::seconds(3);
    world.server.faults.on_request = [&](const sim::RequestInfo& info) {
      sim::Fault fault;
      if (info.verb != "apply" || info.dry_run) return fault;
      if (of_the_first && info.ref.name == "d") {
        world.server.timeline().at(world.server.now() + Duration{38'000},
                                   [&world, request = *info.request] { (void)world.server.act(request); });
        fault.kind = sim::Fault::Kind::kDie;
      }
      if (info.ref.name == "gate") fault.kind = sim::Fault::Kind::kDieAfterCommit;
      return fault;
    };
    EXPECT_THROW((void)world.deploy({config("c", "1"), config("d", "1"), never_ready("gate")}), Killed);
    world.server.faults.on_request = nullptr;
    if (!of_the_first) world.server.faults.on_request = late_creation("d", Duration{25'000});
    world.restart();
    EXPECT_EQ(word(world.recover(true)), "rolled_back") << of_the_first;
    world.server.run_for(Duration{60'000});
    EXPECT_EQ(differences(before, world.picture()), "") << of_the_first;
  }
}

// A recovery that is stopped before the last writes of the dead run can no longer be done. The next one has
// to wait for them too.
TEST(LateCommit, OfARunThatDiedIsWaitedForAfterARecoveryThatWasStopped) {
  World world;
  ASSERT_EQ(world.deploy_word({config("c", "1")}), "deployed");
  const Picture before = world.picture();
  world.server.faults.on_request = [&](const sim::RequestInfo& info) {
    sim::Fault fault;
    if (info.verb != "apply" || info.dry_run || info.ref.name != "d") return fault;
    world.server.timeline().at(world.server.now() + Duration{38'000},
                               [&world, request = *info.request] { (void)world.server.act(request); });
    fault.kind = sim::Fault::Kind::kDie;
    return fault;
  };
  EXPECT_THROW((void)world.deploy({config("c", "1"), config("d", "1")}), Killed);
  world.server.faults.on_request = sim::at_match("replace", "Secret", 1, {sim::Fault::Kind::kInterrupt});
  world.restart();
  EXPECT_EQ(word(world.recover()), "interrupted");
  world.server.faults.on_request = nullptr;
  world.restart();
  EXPECT_EQ(word(world.recover()), "rolled_back");
  world.server.run_for(Duration{60'000});
  EXPECT_EQ(differences(before, world.picture()), "");
}

}  // namespace
}  // namespace instantexec::engine
