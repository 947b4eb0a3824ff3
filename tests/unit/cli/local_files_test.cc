#include "cli/local_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/text.h"
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

// Of release web in namespace shop, without the words that all have in common.
std::string words_added(const Options& options, const engine::ClusterInfo& info = {}) {
  const std::string command = recover_command(options, info, "web", "shop");
  const std::string common = "kubectl instantexec recover -n shop --release web";
  EXPECT_TRUE(command.starts_with(common)) << command;
  return command.substr(std::min(common.size(), command.size()));
}

TEST(RecoverCommand, NamesTheClusterAsTheUserDidAndNoSecret) {
  Options options;
  const engine::ClusterInfo info{"prod", "https://10.0.0.1:6443", "v1.36.3", false};
  EXPECT_EQ(words_added(options, info), " --context prod");
  options.cluster.config.kubeconfig = "/home/me/my config";
  options.cluster.config.token = Secret("hush");
  options.cluster.config.as = "it's me";
  options.deploy.journal_key = Secret("a key of the environment");
  EXPECT_EQ(words_added(options, info),
            " --kubeconfig '/home/me/my config' --context prod --as 'it'\\''s me'");
}

TEST(RecoverCommand, CarriesWhatReachingTheClusterTook) {
  struct Row {
    const char* flags;
    void (*give)(kube::ConfigFlags&);
  };
  const Row rows[] = {
      {" --kubeconfig k", [](auto& flags) { flags.kubeconfig = "k"; }},
      {" --kuberc k", [](auto& flags) { flags.kuberc = "k"; }},
      {" --cluster c", [](auto& flags) { flags.cluster = "c"; }},
      {" --user u", [](auto& flags) { flags.user = "u"; }},
      {" --server https://a:6443", [](auto& flags) { flags.server = "https://a:6443"; }},
      {" --tls-server-name api.example", [](auto& flags) { flags.tls_server_name = "api.example"; }},
      {" --certificate-authority ca.crt", [](auto& flags) { flags.certificate_authority = "ca.crt"; }},
      {" --insecure-skip-tls-verify", [](auto& flags) { flags.insecure_skip_tls_verify = true; }},
      {" --client-certificate me.crt", [](auto& flags) { flags.client_certificate = "me.crt"; }},
      {" --client-key me.key", [](auto& flags) { flags.client_key = "me.key"; }},
      {" --as me", [](auto& flags) { flags.as = "me"; }},
      {" --as-uid 7", [](auto& flags) { flags.as_uid = "7"; }},
      {" --as-group one --as-group 'two words'",
       [](auto& flags) {
         flags.as_groups = {"one", "two words"};
       }},
  };
  for (const Row& row : rows) {
    Options options;
    row.give(options.cluster.config);
    EXPECT_EQ(words_added(options), row.flags);
  }
}

TEST(RecoverCommand, CarriesWhatReadingTheRecordsTook) {
  Options options;
  options.input.config = "config/prod.yaml";
  options.deploy.journal_key_file = "/keys/the key";
  options.deploy.seal_existing = true;
  EXPECT_EQ(words_added(options),
            " --config config/prod.yaml --journal-key-file '/keys/the key' --seal-existing");
}

TEST(RecoverCommand, NamesNoFileThatOnlyThisProcessHasOpen) {
  for (const char* path : {"/proc/self/fd/3", "/dev/fd/63", "/dev/stdin"}) {
    Options options;
    options.cluster.config.kubeconfig = path;
    options.cluster.config.client_key = path;
    options.deploy.journal_key_file = path;
    EXPECT_EQ(words_added(options), "") << path;
  }
}

// What it prints is what it reads.
TEST(RecoverCommand, IsOneThatTheCommandLineTakes) {
  const std::vector<std::string> flags = {"-n",
                                          "shop",
                                          "--release=web",
                                          "--config=c",
                                          "--journal-key-file=k",
                                          "--seal-existing",
                                          "--kubeconfig=f",
                                          "--kuberc=r",
                                          "--cluster=c",
                                          "--user=u",
                                          "--server=https://a",
                                          "--tls-server-name=n",
                                          "--certificate-authority=ca",
                                          "--insecure-skip-tls-verify",
                                          "--client-certificate=cc",
                                          "--client-key=ck",
                                          "--as=me",
                                          "--as-uid=7",
                                          "--as-group=one",
                                          "--as-group=two"};
  std::vector<std::string> args = {"deploy"};
  args.insert(args.end(), flags.begin(), flags.end());
  const auto given = parse_command_line(args, "kubectl instantexec", {});
  ASSERT_TRUE(given) << given.error().to_string();
  const std::string command = recover_command(given->options, {}, "web", "shop");
  const std::string program = "kubectl instantexec ";
  ASSERT_TRUE(command.starts_with(program)) << command;
  std::vector<std::string> words;
  for (const std::string_view word : split(std::string_view(command).substr(program.size()), ' '))
    words.emplace_back(word);
  const auto read = parse_command_line(words, "kubectl instantexec", {});
  ASSERT_TRUE(read) << command << "\n" << read.error().to_string();
  EXPECT_EQ(read->options.verb, Verb::kRecover);
  EXPECT_EQ(recover_command(read->options, {}, "web", "shop"), command);
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
