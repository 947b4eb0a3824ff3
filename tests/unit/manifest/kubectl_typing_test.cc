#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "manifest/emit.h"
#include "manifest/yaml.h"

// Asks the kubectl of this machine how it reads YAML. `kubectl patch --local` needs no cluster.
namespace instantexec::manifest {
namespace {

using model::Json;

// A file that is gone when the test is over.
class TempFile {
 public:
  explicit TempFile(const std::string& text) : path_(testing::TempDir() + "instantexec-XXXXXX") {
    const int fd = ::mkstemp(path_.data());
    if (fd >= 0) ::close(fd);
    std::ofstream(path_, std::ios::binary) << text;
  }
  ~TempFile() { ::unlink(path_.c_str()); }
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// For the shell: $INSTANTEXEC_KUBECTL, else the one of PATH.
constexpr const char* kKubectl = "\"${INSTANTEXEC_KUBECTL:-kubectl}\"";

bool has_kubectl() {
  return std::system((std::string(kKubectl) + " version --client >/dev/null 2>&1").c_str()) == 0;
}  // NOLINT

// The object as kubectl understands it, in the asked-for format; empty when kubectl refuses it.
std::string kubectl(const std::string& text, const std::string& format) {
  const TempFile file(text);
  const std::string command = std::string("KUBECONFIG=/dev/null ") + kKubectl +
                              " patch --local --type=merge -p '{}' -o " + format + " -f '" + file.path() +
                              "' 2>/dev/null";
  std::string out;
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return out;
  std::array<char, 4096> buffer{};
  for (std::size_t n = 0; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    out.append(buffer.data(), n);
  const int status = ::pclose(pipe);
  return status == 0 ? out : "";
}

constexpr const char* kHead = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n";

TEST(KubectlTyping, SameValues) {
  if (!has_kubectl()) GTEST_SKIP() << "no kubectl in PATH and INSTANTEXEC_KUBECTL is not set";
  const std::vector<std::string> scalars{"yes",
                                         "No",
                                         "on",
                                         "OFF",
                                         "y",
                                         "N",
                                         "true",
                                         "False",
                                         "~",
                                         "null",
                                         "",
                                         "017",
                                         "0o17",
                                         "0o8",
                                         "08",
                                         "0x1F",
                                         "0b11",
                                         "-017",
                                         "+12",
                                         "-0",
                                         "1_000",
                                         "_1",
                                         "1_",
                                         "1__0",
                                         "0.1_0",
                                         "1.0",
                                         "1.5",
                                         ".5",
                                         "5.",
                                         "1e3",
                                         "1E5",
                                         "1e-7",
                                         "1e21",
                                         "1.5e400",
                                         "1e-400",
                                         "1.e",
                                         "0x1p-2",
                                         "1:30",
                                         "190:2:3",
                                         "2001-01-01",
                                         "=",
                                         "'yes'",
                                         "\"1\"",
                                         "!!str 5",
                                         "!foo 5",
                                         "! 5",
                                         "!!float 3",
                                         "!!int \"5\"",
                                         "!!str null",
                                         "!!binary aGVsbG8=",
                                         "9223372036854775807",
                                         "-9223372036854775808",
                                         "12345678901234567890",
                                         "99999999999999999999999",
                                         "|\n    x\n     y",
                                         ">-\n    x\n    y\n\n    z",
                                         "[a, yes, {b: 1}]",
                                         "{a, b: }"};
  std::string text = kHead;
  text += "data:\n";
  for (std::size_t i = 0; i < scalars.size(); ++i)
    text += "  k" + std::to_string(i) + ": " + scalars[i] + "\n";
  for (const char* key : {"yes", "1", "1.5", "1234567.5", "0x10", "1e10", "2001-01-01", "'<<'", "!!str 5"}) {
    text += "  " + std::string(key) + ": key\n";
  }
  const std::string theirs = kubectl(text, "json");
  ASSERT_FALSE(theirs.empty());
  const auto ours = parse_yaml(text, "t");
  ASSERT_TRUE(ours.has_value()) << ours.error().to_string();
  EXPECT_EQ(ours->front().value, Json::parse(theirs));
}

TEST(KubectlTyping, SameRefusals) {
  if (!has_kubectl()) GTEST_SKIP() << "no kubectl in PATH and INSTANTEXEC_KUBECTL is not set";
  for (const char* line : {"data: .inf", "data: {~: 1}", "data: !!int x", "data: 'a", "data: \"a", "data: [a",
                           "data: {[a]: b}", "data: *a", "data: a: b", "\tdata: a", "data:\n  a: 1\n b: 2"}) {
    const std::string text = std::string(kHead) + line + "\n";
    EXPECT_TRUE(kubectl(text, "json").empty()) << line;
    EXPECT_FALSE(parse_yaml(text, "t").has_value()) << line;
  }
}

TEST(KubectlTyping, SameMerges) {
  if (!has_kubectl()) GTEST_SKIP() << "no kubectl in PATH and INSTANTEXEC_KUBECTL is not set";
  const std::string text = std::string(kHead) +
                           "base: &base {a: 1, b: {c: [1]}}\nother: &other {a: 2, d: 3}\n"
                           "first: {<<: *base, a: 9}\nlast: {a: 9, <<: *base}\nlist: {<<: [*base, *other]}\n";
  const auto ours = parse_yaml(text, "t");
  ASSERT_TRUE(ours.has_value());
  EXPECT_EQ(ours->front().value, Json::parse(kubectl(text, "json")));
}

TEST(KubectlTyping, SameYaml) {
  if (!has_kubectl()) GTEST_SKIP() << "kubectl is not installed";
  const Json object{
      {"apiVersion", "v1"},
      {"kind", "ConfigMap"},
      {"metadata", {{"name", "x"}, {"labels", {{"yes", "no"}}}}},
      {"data", {{"a", "1"}, {"b", "a: b"}, {"c", "x\ny\n"}, {"d", ""}, {"e", "2001-01-01"}, {"f", "it's"}}}};
  EXPECT_EQ(to_yaml(object), kubectl(object.dump(), "yaml"));
}

}  // namespace
}  // namespace instantexec::manifest
