#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "manifest/yaml.h"
#include "source_dir.h"
#include "status/bundled_rules.h"
#include "status/rule_reader.h"
#include "unit/status/table.h"

// tests/golden/health-states/*.yaml: states of custom resources as the APIs of their projects describe them,
// with the verdict by the rules in force (`health`), and by conventions alone, as if nobody had ever heard of
// the API (`unnamed`). Snapshots, judged as `health -f` does.
namespace instantexec::status::test {
namespace {

namespace fs = std::filesystem;

model::Json table_in(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  const auto documents = manifest::parse_yaml(text.str(), file.string());
  EXPECT_TRUE(documents) << file << ": " << documents.error().message;
  return documents && documents->size() == 1 ? documents->front().value : model::Json::array();
}

// The object of a row: generation 2, made before it was read.
model::Object subject(const model::Json& row) {
  const std::string what = model::get_string(row, "/object");
  const auto space = what.find(' ');
  model::Object out;
  out.json = {{"apiVersion", what.substr(0, space)},
              {"kind", what.substr(space + 1)},
              {"metadata",
               {{"name", "x"},
                {"namespace", "demo"},
                {"uid", "x"},
                {"generation", 2},
                {"creationTimestamp", "2026-01-01T00:00:00Z"}}},
              {"spec", model::get_object(row, "/spec")}};
  out.json["metadata"].update(model::get_object(row, "/metadata"));
  if (const model::Json* status = model::find(row, "/status")) out.json["status"] = *status;
  const std::string conditions = model::get_string(row, "/conditions");
  if (!conditions.empty()) out.json["status"].update(object("{" + conditions_of(conditions) + "}").json);
  return out;
}

TEST(States, AreWhatTheirApisSay) {
  const std::vector<CustomRule> rules = bundled();
  Context named;
  named.rules = rules;
  named.options.declared_failures = true;
  Context nobody;
  nobody.options.declared_failures = true;
  std::size_t count = 0;
  for (const auto& file :
       fs::directory_iterator(fs::path(INSTANTEXEC_SOURCE_DIR) / "tests" / "golden" / "health-states")) {
    for (const model::Json& row : table_in(file.path())) {
      const std::string name = file.path().stem().string() + ": " + model::get_string(row, "/name");
      model::Object object = subject(row);
      const model::ObjectStatus got = compute(object, {}, {}, named);
      EXPECT_EQ(model::to_string(got.status), model::get_string(row, "/health"))
          << name << ": " << got.reason << ": " << got.message;
      object.json["apiVersion"] = "unseen.example.com/v1";
      const model::ObjectStatus alone = compute(object, {}, {}, nobody);
      EXPECT_EQ(model::to_string(alone.status), model::get_string(row, "/unnamed"))
          << name << ", by conventions: " << alone.reason << ": " << alone.message;
      ++count;
    }
  }
  std::cout << count << " states of custom resources\n";
  EXPECT_GE(count, 500U);
}

}  // namespace
}  // namespace instantexec::status::test
