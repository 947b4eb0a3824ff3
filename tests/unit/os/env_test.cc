#include "os/env.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "os/clock.h"
#include "os/random.h"

namespace instantexec::os {
namespace {

TEST(Env, SnapshotHoldsWhatIsSet) {
  ::setenv("INSTANTEXEC_TEST_VALUE", "a=b", 1);
  const Environment environment = read_environment();
  EXPECT_EQ(env_value(environment, "INSTANTEXEC_TEST_VALUE"), "a=b");
  EXPECT_FALSE(env_has(environment, "INSTANTEXEC_TEST_NOT_SET"));
  EXPECT_EQ(env_value(environment, "INSTANTEXEC_TEST_NOT_SET"), "");
  ::unsetenv("INSTANTEXEC_TEST_VALUE");
  EXPECT_TRUE(env_has(environment, "INSTANTEXEC_TEST_VALUE")) << "a snapshot does not follow changes";
}

TEST(Env, HomeComesFromTheEnvironmentOnly) {
  EXPECT_EQ(home_directory({{"HOME", "/home/u/"}}), "/home/u");
  EXPECT_EQ(home_directory({{"HOME", "/"}}), "/");
  EXPECT_EQ(home_directory({}), "");
}

TEST(Clock, MonotonicNeverGoesBackAndWallIsThisCentury) {
  const Instant first = monotonic_now();
  EXPECT_GE(monotonic_now(), first);
  EXPECT_GT(wall_now(), *parse_rfc3339("2020-01-01T00:00:00Z"));
}

TEST(Random, GivesTheAskedLengthAndNeverTheSame) {
  const std::string value = random_hex(16);
  EXPECT_EQ(value.size(), 32U);
  EXPECT_EQ(value.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_NE(value, random_hex(16));
}

}  // namespace
}  // namespace instantexec::os
