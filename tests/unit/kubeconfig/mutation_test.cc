#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "kube/kubeconfig_files.h"
#include "kube/kubeconfig_resolve.h"
#include "row.h"

namespace instantexec::kube::testing {
namespace {

constexpr std::uint32_t kSeed = 20'261'122;
constexpr int kRounds = 40;  // for each row's first file

// Bytes and words that kubeconfig and YAML give a meaning to.
const std::vector<std::string> kTokens = {
    "{",      "}",         "[",     "]",    ":",     ",",    "\n",   "  ",
    "- ",     "null",      "true",  "7",    "1e999", "''",   "\"",   "&a ",
    "*a",     "!!binary ", "---\n", "exec", "users", "name", "\xff", std::string(1, '\0'),
    "server", "https://[", "@"};

std::string mutate(std::string text, std::mt19937& random) {
  const auto at = [&] { return std::uniform_int_distribution<std::size_t>(0, text.size())(random); };
  const int edits = std::uniform_int_distribution<int>(1, 6)(random);
  for (int i = 0; i < edits; ++i) {
    switch (std::uniform_int_distribution<int>(0, 3)(random)) {
      case 0:
        text.insert(at(), kTokens[std::uniform_int_distribution<std::size_t>(0, kTokens.size() - 1)(random)]);
        break;
      case 1:
        text.erase(at(), std::uniform_int_distribution<std::size_t>(1, 30)(random));
        break;
      case 2:
        text.insert(at(), text.substr(at(), 40));
        break;
      default:
        if (!text.empty())
          text[std::min(at(), text.size() - 1)] =
              static_cast<char>(std::uniform_int_distribution<int>(0, 255)(random));
    }
  }
  return text;
}

// A changed kubeconfig is understood or refused with a code; it never brings the program down, and whatever
// comes out keeps its promises.
TEST(KubeconfigMutations, AreUnderstoodOrRefused) {
  std::mt19937 random(kSeed);
  int understood = 0;
  int refused = 0;
  for (const Row& row : all_rows()) {
    if (row.files.empty()) continue;
    for (int round = 0; round < kRounds; ++round) {
      const std::string text = mutate(row.files.front().second, random);
      const auto config = parse_kubeconfig({"k", "/dir", text}, parse_config_text);
      if (!config) {
        ASSERT_EQ(config.error().code->name, "kubeconfig.unreadable");
        ASSERT_EQ(config.error().message.find('\x1b'), std::string::npos);
        ++refused;
        continue;
      }
      ++understood;
      const ConfigFlags flags;
      const auto spec = resolve_client({*config, flags, std::nullopt, "", "/work"});
      if (!spec || !spec->problems.empty()) continue;
      ASSERT_TRUE(spec->cluster.server.starts_with("http")) << text;
      ASSERT_FALSE(spec->ns.empty());
      ASSERT_EQ(spec->cluster.server.find_first_of("?#@ \n"), std::string::npos) << text;
    }
  }
  EXPECT_GT(understood, 500);
  EXPECT_GT(refused, 500);
}

}  // namespace
}  // namespace instantexec::kube::testing
