#pragma once

#include <initializer_list>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kube/kubeconfig_load.h"
#include "support/temp_dir.h"

// The fixture table: one row is a set of files, an environment and flags, and what must come out of them.
namespace instantexec::kube::testing {

using Texts = std::vector<std::string>;
using Pairs = std::vector<std::pair<std::string, std::string>>;

// Every text may hold $DIR: the folder of the row. Variables default to HOME=$DIR/home; the working directory
// is $DIR/work and a pod's service account lives in $DIR/sa.
struct Row {
  std::string name;
  Pairs files = {};          // path below $DIR, content
  Pairs environment = {};    // name, value; {"HOME", "-"} unsets it
  Pairs flags = {};          // as on the command line: {"--context", "dev"}
  Pairs expected = {};       // of render(); checked one by one
  std::string error = {};    // code; "" when the row must succeed
  Texts says = {};           // parts of the error, or of the warnings
  std::string differs = {};  // why kubectl config view sees something else; "" when it must see the same
};

inline void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

std::vector<Row> loading_rows();
std::vector<Row> merging_rows();
std::vector<Row> override_rows();
std::vector<Row> validation_rows();
std::vector<Row> server_rows();
std::vector<Row> credential_rows();
std::vector<Row> all_rows();

// A kubeconfig with context c, cluster k and user u; the fields are YAML flow style: "server:
// https://a:6443".
std::string minimal(std::string_view cluster = "server: https://a:6443", std::string_view user = "token: t",
                    std::string_view context = "");

extern const std::string kCaPem;
extern const std::string kOtherCaPem;
extern const std::string kCertPem;
extern const std::string kKeyPem;
// "certificate-authority-data: …" and so on.
std::string data_field(std::string_view field, std::string_view content);

class FixedClock final : public engine::Clock {
 public:
  Instant now() override { return instant; }
  Timestamp wall() override { return timestamp; }
  void advance(Duration length) {
    instant = instant + length;
    timestamp = timestamp + length;
  }
  Instant instant{Duration{1'000'000}};
  Timestamp timestamp{Duration{1'800'000'000'000}};  // 2027-01-15T08:00:00Z
};

// A row laid out on the disk.
class Laid {
 public:
  explicit Laid(const Row& row);
  [[nodiscard]] std::string expand(std::string_view text) const;  // $DIR
  [[nodiscard]] ClientConfigInput input();

  instantexec::testing::TempDir dir;
  os::Environment environment;
  ConfigFlags flags;
  FixedClock clock;
};

// What a configuration amounts to, as names and values.
std::map<std::string, std::string> render(ClientConfig& config);

}  // namespace instantexec::kube::testing
