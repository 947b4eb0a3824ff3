#include "pipeline/bounded_cluster.h"

#include <gtest/gtest.h>

#include "unit/pipeline/fixtures.h"

namespace instantexec::pipeline::test {
namespace {

TEST(BoundedCluster, EndsWaitingAtItsDeadline) {
  World world;
  BoundedCluster bounded(world.client, world.client, world.client.now() + Duration{100});
  const Instant far = world.client.now() + Duration{10'000};
  const auto event = bounded.wait(far);
  ASSERT_TRUE(std::holds_alternative<engine::Interrupted>(event));
  EXPECT_EQ(std::get<engine::Interrupted>(event).signal, 0);
  EXPECT_TRUE(bounded.expired());
  EXPECT_FALSE(bounded.interrupted_by().has_value());
}

TEST(BoundedCluster, PassesTheCallersOwnDeadlineOn) {
  World world;
  BoundedCluster bounded(world.client, world.client, world.client.now() + Duration{10'000});
  EXPECT_TRUE(
      std::holds_alternative<engine::DeadlinePassed>(bounded.wait(world.client.now() + Duration{50})));
  EXPECT_FALSE(bounded.expired());
}

TEST(BoundedCluster, RemembersTheSignal) {
  World world;
  BoundedCluster bounded(world.client, world.client, world.client.now() + Duration{10'000});
  world.client.interrupt(15);
  EXPECT_TRUE(std::holds_alternative<engine::Interrupted>(bounded.wait(world.client.now() + Duration{1000})));
  EXPECT_EQ(bounded.interrupted_by(), 15);
  EXPECT_FALSE(bounded.expired());
}

}  // namespace
}  // namespace instantexec::pipeline::test
