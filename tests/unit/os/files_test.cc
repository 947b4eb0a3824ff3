#include "os/files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "os/errors.h"
#include "support/temp_dir.h"

namespace instantexec::os {
namespace {

using instantexec::testing::TempDir;
namespace fs = std::filesystem;

template <typename T>
std::string_view code_of(const tl::expected<T, Error>& result) {
  return result ? std::string_view("none") : result.error().code->name;
}

mode_t mode_of(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777U : 0;
}

TEST(ReadFile, ReadsBytesAsTheyAre) {
  const TempDir dir;
  const std::string bytes("a\0\r\n\xff", 5);
  EXPECT_EQ(read_file(dir.write("f", bytes)), bytes);
  EXPECT_EQ(read_file(dir.write("empty", "")), "");
}

TEST(ReadFile, RefusesWhatItShould) {
  const TempDir dir;
  const std::string file = dir.write("f", "12345");
  fs::create_symlink(file, dir.path("link"));
  ASSERT_EQ(::mkfifo(dir.path("pipe").c_str(), 0600), 0);

  EXPECT_EQ(code_of(read_file(dir.path("missing"))), "file.missing");
  EXPECT_EQ(code_of(read_file(file + "/below")), "file.missing");
  EXPECT_EQ(code_of(read_file(dir.path())), "file.not-regular");
  EXPECT_EQ(code_of(read_file(dir.path("pipe"))), "file.not-regular") << "and does not block";
  EXPECT_EQ(code_of(read_file("/dev/null")), "file.not-regular");
  EXPECT_EQ(code_of(read_file(file, {.max_bytes = 4})), "file.too-large");
  EXPECT_EQ(read_file(file, {.max_bytes = 5}), "12345");
  EXPECT_EQ(read_file(dir.path("link")), "12345");
  EXPECT_EQ(code_of(read_file(dir.path("link"), {.symlinks = Symlinks::kRefuse})), "file.unsafe-path");
  EXPECT_EQ(read_file("/dev/null", {.kind = FileKind::kAnythingReadable}), "");
  const auto hidden = read_file(dir.path("x\x1b[2J"));
  ASSERT_FALSE(hidden);
  EXPECT_EQ(hidden.error().message.find('\x1b'), std::string::npos);
}

TEST(ReadFileBeneath, NeverLeavesTheRoot) {
  const TempDir dir;
  dir.write("outside", "secret");
  dir.write("root/a/b.yaml", "inside");
  fs::create_symlink(dir.path("outside"), dir.path("root/link"));
  fs::create_directory_symlink(dir.path(), dir.path("root/up"));
  fs::create_symlink("a/b.yaml", dir.path("root/inner"));
  const std::string root = dir.path("root");

  EXPECT_EQ(read_file_beneath(root, "a/b.yaml"), "inside");
  EXPECT_EQ(read_file_beneath(root, "./a//b.yaml"), "inside");
  struct Row {
    std::string_view path;
    std::string_view code;
  };
  const Row rows[] = {
      {"../outside", "file.unsafe-path"},
      {"a/../../outside", "file.unsafe-path"},
      {"/etc/hostname", "file.unsafe-path"},
      {"link", "file.unsafe-path"},
      {"up/outside", "file.unsafe-path"},
      {"inner", "file.unsafe-path"},
      {"", "file.unsafe-path"},
      {".", "file.unsafe-path"},
      {"a", "file.not-regular"},
      {"a/none", "file.missing"},
  };
  for (const Row& row : rows) EXPECT_EQ(code_of(read_file_beneath(root, row.path)), row.code) << row.path;
  EXPECT_EQ(code_of(read_file_beneath(root, std::string_view("a/b.yaml\0x", 10))), "file.unsafe-path");
}

TEST(WriteFile, ReplacesInOneStepWithTheGivenMode) {
  const TempDir dir;
  const std::string path = dir.path("out");
  const mode_t old = ::umask(0);
  ASSERT_TRUE(write_file_atomic(path, "one"));
  EXPECT_EQ(mode_of(path), 0600U);
  ::umask(077);
  ASSERT_TRUE(write_file_atomic(path, "two", FileMode::kShared));
  EXPECT_EQ(mode_of(path), 0644U);
  ::umask(old);
  EXPECT_EQ(dir.read("out"), "two");
  EXPECT_EQ(std::distance(fs::directory_iterator(dir.path()), fs::directory_iterator()), 1)
      << "nothing is left aside";
}

TEST(WriteFile, ReplacesALinkInsteadOfFollowingIt) {
  const TempDir dir;
  dir.write("target", "old");
  fs::create_symlink(dir.path("target"), dir.path("link"));
  ASSERT_TRUE(write_file_atomic(dir.path("link"), "new"));
  EXPECT_EQ(dir.read("target"), "old");
  EXPECT_EQ(dir.read("link"), "new");
}

TEST(WriteFile, FailureLeavesTheOldFile) {
  const TempDir dir;
  dir.write("folder/inside", "x");
  EXPECT_EQ(code_of(write_file_atomic(dir.path("folder"), "new")), "file.not-written");
  EXPECT_EQ(dir.read("folder/inside"), "x");
  EXPECT_EQ(code_of(write_file_atomic(dir.path("none/file"), "new")), "file.not-written");
  EXPECT_EQ(std::distance(fs::directory_iterator(dir.path()), fs::directory_iterator()), 1);
}

TEST(MakeDirectories, ArePrivateAndMayExist) {
  const TempDir dir;
  const mode_t old = ::umask(0);
  ASSERT_TRUE(make_private_directories(dir.path("a/b/c")));
  ::umask(old);
  EXPECT_EQ(mode_of(dir.path("a")), 0700U);
  EXPECT_EQ(mode_of(dir.path("a/b/c")), 0700U);
  EXPECT_TRUE(make_private_directories(dir.path("a/b/c")));
  dir.write("file", "");
  EXPECT_EQ(code_of(make_private_directories(dir.path("file/x"))), "file.not-written");
}

TEST(RemoveFile, MissingIsSuccess) {
  const TempDir dir;
  const std::string path = dir.write("f", "x");
  EXPECT_TRUE(remove_file(path));
  EXPECT_FALSE(file_exists(path));
  EXPECT_TRUE(remove_file(path));
}

TEST(WriteAll, ReportsAReaderThatHasGone) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  const auto old = ::signal(SIGPIPE, SIG_IGN);
  EXPECT_EQ(code_of(write_all(ends[1], "text")), "output.closed");
  ::signal(SIGPIPE, old);
  ::close(ends[1]);
}

TEST(ReadAll, ReadsAPipeToItsEnd) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_TRUE(write_all(ends[1], "one two"));
  ::close(ends[1]);
  EXPECT_EQ(read_all(ends[0], "standard input", 100), "one two");
  ::close(ends[0]);
}

TEST(Paths, ResolveFoldsWithoutLookingAtTheDisk) {
  EXPECT_EQ(resolve_path("/home/u/.kube", "ca.crt"), "/home/u/.kube/ca.crt");
  EXPECT_EQ(resolve_path("/home/u/.kube", "../pki/ca.crt"), "/home/u/pki/ca.crt");
  EXPECT_EQ(resolve_path("/home/u", "/etc/ca.crt"), "/etc/ca.crt");
  EXPECT_EQ(resolve_path("/home/u", "."), "/home/u");
  EXPECT_EQ(parent_path("/a/b"), "/a");
  EXPECT_EQ(parent_path("/b"), "/");
  EXPECT_EQ(parent_path("b"), ".");
}

}  // namespace
}  // namespace instantexec::os
