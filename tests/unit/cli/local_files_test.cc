#include "cli/local_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/object.h"
#include "os/files.h"
#include "support/temp_dir.h"

namespace instantexec::cli {
namespace {

mode_t mode_of(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
}

engine::UnfinishedState state() {
  return {"web",
          "shop",
          "op1",
          7,
          "applying",
          "2026-01-01T00:00:00Z",
          "me",
          "2026-01-01T00:01:00Z",
          "unfinished: gone"};
}

TEST(LocalPlaces, ByFlagReportAndEnvironment) {
  struct Row {
    const char* name;
    std::string evidence_flag;
    std::vector<Destination> destinations;
    os::Environment environment;
    std::string evidence;
    std::string state;
  };
  const Row rows[] = {
      {"home",
       "",
       {},
       {{"HOME", "/h"}},
       "/h/.local/state/instantexec/evidence",
       "/h/.local/state/instantexec"},
      {"xdg",
       "",
       {},
       {{"HOME", "/h"}, {"XDG_STATE_HOME", "/x"}},
       "/x/instantexec/evidence",
       "/x/instantexec"},
      {"own variable",
       "",
       {},
       {{"XDG_STATE_HOME", "/x"}, {"INSTANTEXEC_STATE_DIR", "/s"}},
       "/s/evidence",
       "/s"},
      {"beside a report",
       "",
       {{Format::kText, ""}, {Format::kJson, "out/report.json"}},
       {{"HOME", "/h"}},
       "out/instantexec-evidence",
       "/h/.local/state/instantexec"},
      {"flag", "dir", {{Format::kJson, "out/report.json"}}, {}, "dir", ""},
      {"off",
       "off",
       {{Format::kJson, "out/report.json"}},
       {{"HOME", "/h"}},
       "",
       "/h/.local/state/instantexec"},
      {"nowhere", "", {}, {}, "", ""},
  };
  for (const Row& row : rows) {
    Options options;
    options.output.evidence = row.evidence_flag;
    options.output.destinations = row.destinations;
    const LocalPlaces places = local_places(options, row.environment);
    EXPECT_EQ(places.evidence, row.evidence) << row.name;
    EXPECT_EQ(places.state, row.state) << row.name;
  }
}

TEST(RecoverCommand, NamesTheClusterAsTheUserDidAndNoSecret) {
  ClusterFlags flags;
  const engine::ClusterInfo info{"prod", "https://10.0.0.1:6443", "v1.36.3", false};
  EXPECT_EQ(recover_command(flags, info, "web", "shop"),
            "kubectl instantexec recover -n shop --release web --context prod");
  flags.config.kubeconfig = "/home/me/my config";
  flags.config.token = Secret("hush");
  flags.config.as = "it's me";
  EXPECT_EQ(
      recover_command(flags, info, "web", "shop"),
      "kubectl instantexec recover -n shop --release web --kubeconfig '/home/me/my config' --context prod "
      "--as 'it'\\''s me'");
  flags = {};
  flags.config.kubeconfig = "/proc/self/fd/3";
  EXPECT_EQ(recover_command(flags, {}, "web", "shop"), "kubectl instantexec recover -n shop --release web");
}

class LocalFolderTest : public ::testing::Test {
 protected:
  testing::TempDir dir;
  LocalFolder folder{{dir.path() + "/e", dir.path() + "/s"}, {"prod", "https://a", "", false}, "recover it"};
};

TEST_F(LocalFolderTest, EvidenceIsForItsOwnerOnly) {
  const auto place = folder.save_evidence("web-r1", {{"summary.txt", "s"}, {"logs/web.log", "l"}});
  ASSERT_TRUE(place) << place.error().to_string();
  EXPECT_EQ(*place, dir.path() + "/e/web-r1");
  EXPECT_EQ(*os::read_file(*place + "/logs/web.log"), "l");
  for (const char* name : {"", "/logs"}) EXPECT_EQ(mode_of(*place + name), 0700U) << name;
  for (const char* name : {"/summary.txt", "/logs/web.log"}) EXPECT_EQ(mode_of(*place + name), 0600U) << name;
  const auto second = folder.save_evidence("web-r1", {{"summary.txt", "again"}});
  ASSERT_TRUE(second);
  EXPECT_EQ(*second, dir.path() + "/e/web-r1-2");
  EXPECT_EQ(*os::read_file(*place + "/summary.txt"), "s") << "nothing is overwritten";
}

TEST_F(LocalFolderTest, WithoutAPlaceItIsAnError) {
  LocalFolder nowhere({}, {}, "");
  EXPECT_FALSE(nowhere.save_evidence("web", {}));
  EXPECT_FALSE(nowhere.save_state(state()));
  nowhere.forget_state("web", "shop");
  EXPECT_FALSE(nowhere.find_state("web", "shop"));
  ASSERT_TRUE(os::write_file_atomic(dir.path() + "/e", "a file is in the way"));
  EXPECT_FALSE(folder.save_evidence("web", {{"summary.txt", "s"}}));
}

TEST_F(LocalFolderTest, StateIsKeptFoundAndForgotten) {
  EXPECT_FALSE(folder.find_state("web", "shop"));
  const auto path = folder.save_state(state());
  ASSERT_TRUE(path) << path.error().to_string();
  EXPECT_EQ(mode_of(*path), 0600U);
  EXPECT_EQ(mode_of(os::parent_path(*path)), 0700U);
  EXPECT_EQ(folder.find_state("web", "shop"), *path);
  EXPECT_FALSE(folder.find_state("web", "other"));
  EXPECT_FALSE(folder.find_state("other", "shop"));
  EXPECT_EQ(state_files({"", dir.path() + "/s"}), std::vector<std::string>{*path});
  const auto json = model::parse_json(*os::read_file(*path));
  ASSERT_TRUE(json);
  EXPECT_EQ(model::get_string(*json, "/recover"), "recover it");
  EXPECT_EQ(model::get_string(*json, "/server"), "https://a");
  EXPECT_EQ(model::get_int(*json, "/revision"), 7);
  LocalFolder other({"", dir.path() + "/s"}, {"prod", "https://b", "", false}, "");
  other.forget_state("web", "shop");
  EXPECT_TRUE(folder.find_state("web", "shop")) << "another cluster's";
  folder.forget_state("web", "shop");
  EXPECT_FALSE(folder.find_state("web", "shop"));
  EXPECT_TRUE(state_files({"", dir.path() + "/s"}).empty());
}

TEST_F(LocalFolderTest, ALinkIsReplacedAndNotFollowed) {
  const auto path = folder.save_state(state());
  ASSERT_TRUE(path);
  ASSERT_TRUE(os::remove_file(*path));
  ASSERT_EQ(::symlink((dir.path() + "/victim").c_str(), path->c_str()), 0);
  ASSERT_TRUE(folder.save_state(state()));
  EXPECT_FALSE(os::file_exists(dir.path() + "/victim"));
}

}  // namespace
}  // namespace instantexec::cli
