#include "vcs/git_repository.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "os/process.h"
#include "vcs/errors.h"

namespace instantexec::vcs {
namespace {

// A real repository in a folder of its own.
class GitRepositoryTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto git =
        os::find_program("git", std::getenv("PATH") == nullptr ? "/usr/bin" : std::getenv("PATH"));
    if (!git) GTEST_SKIP() << "git is not installed";
    git_ = *git;
    std::string pattern = (std::filesystem::temp_directory_path() / "instantexec-vcs-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override {
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }

  void git(std::vector<std::string> args) {
    os::Command command;
    command.program = git_;
    command.args = {"-C", folder_.string(), "-c", "user.name=Test", "-c", "user.email=test@example.com"};
    command.args.insert(command.args.end(), args.begin(), args.end());
    const auto result = os::run_process(command);
    ASSERT_TRUE(result.has_value() && result->ok()) << args.front() << ": " << (result ? result->err : "");
  }
  void init() { git({"init", "-q", "-b", "main"}); }
  void write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << text;
  }
  void commit(const std::string& message) {
    git({"add", "-A"});
    git({"commit", "-q", "-m", message});
  }
  [[nodiscard]] GitOptions options() const {
    GitOptions out;
    out.git = git_;
    out.folder = folder_.string();
    out.now = Timestamp{Duration{4'000'000'000'000}};
    return out;
  }
  model::Change change(const std::string& recorded = {}) {
    auto repository = open_git_repository(options());
    EXPECT_TRUE(repository.has_value()) << (repository ? "" : repository.error().to_string());
    auto result = (*repository)->change(recorded);
    EXPECT_TRUE(result.has_value()) << (result ? "" : result.error().to_string());
    return result.value_or(model::Change{});
  }

  std::string git_;
  std::filesystem::path folder_;
};

TEST_F(GitRepositoryTest, AFolderOutsideARepositoryIsAnError) {
  const auto repository = open_git_repository(options());
  ASSERT_FALSE(repository.has_value());
  EXPECT_EQ(repository.error().code->name, errors::kNoRepository.name);
}

TEST_F(GitRepositoryTest, BeforeTheFirstCommitEverythingIsNew) {
  init();
  write("a.yaml", "a: 1\n");
  const auto result = change();
  EXPECT_EQ(result.base, "");
  EXPECT_TRUE(result.dirty);
  ASSERT_EQ(result.files.size(), 1U);
  EXPECT_EQ(result.files[0].added, 1U);
}

TEST_F(GitRepositoryTest, FirstCommitIsComparedWithNothing) {
  init();
  write("a.yaml", "a: 1\n");
  commit("first");
  const auto result = change();
  EXPECT_EQ(result.base, "");
  EXPECT_FALSE(result.dirty);
  EXPECT_EQ(result.files.size(), 1U);
}

TEST_F(GitRepositoryTest, OnTheDefaultBranchTheLastCommitIsTheChange) {
  init();
  write("a.yaml", "a: 1\n");
  commit("first");
  write("a.yaml", "a: 2\n");
  commit("fix: second");
  const auto result = change();
  EXPECT_EQ(result.base_reason, "the commit before HEAD");
  EXPECT_EQ(result.message, "fix: second");
  ASSERT_EQ(result.files.size(), 1U);
  EXPECT_EQ(result.files[0].status, model::FileStatus::kModified);
}

TEST_F(GitRepositoryTest, OnABranchTheMergeBaseCounts) {
  init();
  write("a.yaml", "a: 1\n");
  commit("first");
  git({"checkout", "-q", "-b", "topic"});
  write("b.yaml", "b: 1\n");
  commit("second");
  write("c.yaml", "c: 1\n");
  commit("third");
  const auto result = change();
  EXPECT_EQ(result.base_reason, "the merge base with main");
  EXPECT_EQ(result.files.size(), 2U);
}

TEST_F(GitRepositoryTest, RecordedCommitWinsWhenTheCloneHasIt) {
  init();
  write("a.yaml", "a: 1\n");
  commit("first");
  const std::string first = *head_commit(options());
  write("b.yaml", "b: 1\n");
  commit("second");
  write("c.yaml", "c: 1\n");
  commit("third");
  EXPECT_EQ(change(first).files.size(), 2U);
  EXPECT_EQ(change(first).base, first);
  EXPECT_EQ(change("0123456789012345678901234567890123456789").base_reason, "the commit before HEAD");
  EXPECT_EQ(change("--output=x").base_reason, "the commit before HEAD");
}

TEST_F(GitRepositoryTest, UncommittedEditsAreTheChange) {
  init();
  write("a.yaml", "a: 1\n");
  commit("first");
  write("a.yaml", "a: 2\n");
  write("new/b.yaml", "b: 1\n");
  const auto result = change();
  EXPECT_TRUE(result.dirty);
  EXPECT_EQ(result.base, result.head);
  ASSERT_EQ(result.files.size(), 2U);
  EXPECT_EQ(result.files[1].path, "new/b.yaml");
}

TEST_F(GitRepositoryTest, HistoryOfTheTouchedFiles) {
  init();
  write("a.yaml", "a: 1\nb: 1\n");
  commit("first");
  write("a.yaml", "a: 2\nb: 1\n");
  commit("second");
  write("a.yaml", "a: 3\nb: 1\nc: 1\n");
  commit("third");
  auto repository = open_git_repository(options());
  ASSERT_TRUE(repository.has_value());
  const auto range = (*repository)->change("");
  const auto history = (*repository)->history(*range, 100);
  ASSERT_TRUE(history.has_value()) << history.error().to_string();
  ASSERT_EQ(history->files.size(), 1U);
  EXPECT_EQ(history->files[0].prior_changes, 2U);
  EXPECT_EQ(history->files[0].authors, 1U);
  EXPECT_EQ(history->files[0].lines, 2U);
  EXPECT_EQ(history->author_changes, 2U);
  EXPECT_TRUE(history->complete);
  EXPECT_FALSE((*repository)->history(*range, 1)->complete) << "the walk was cut off";
}

TEST_F(GitRepositoryTest, ListsTrackedAndNewFilesButNoIgnoredOnes) {
  init();
  write(".gitignore", "*.log\n");
  write("b/a.yaml", "a: 1\n");
  commit("first");
  write("a.yaml", "a: 1\n");
  write("x.log", "noise\n");
  auto repository = open_git_repository(options());
  ASSERT_TRUE(repository.has_value());
  EXPECT_EQ((*repository)->list_files().value_or(std::vector<std::string>{}),
            (std::vector<std::string>{".gitignore", "a.yaml", "b/a.yaml"}));
}

TEST_F(GitRepositoryTest, FilesNeverLeadOutOfTheRepository) {
  init();
  write("a.yaml", "a: 1\n");
  std::filesystem::create_symlink("/etc/hostname", folder_ / "link.yaml");
  auto repository = open_git_repository(options());
  ASSERT_TRUE(repository.has_value());
  EXPECT_EQ((*repository)->read_file("a.yaml", 100).value_or(""), "a: 1\n");
  EXPECT_FALSE((*repository)->read_file("link.yaml", 100).has_value());
  EXPECT_FALSE((*repository)->read_file("../etc/hostname", 100).has_value());
}

}  // namespace
}  // namespace instantexec::vcs
