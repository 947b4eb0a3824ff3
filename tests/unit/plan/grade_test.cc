#include "plan/grade.h"

#include <gtest/gtest.h>

#include "unit/plan/objects.h"

namespace instantexec::plan {
namespace {

using test::make;

model::Object claim(const std::string& size) {
  model::Object out = make("v1", "PersistentVolumeClaim", "data");
  out.json["spec"]["resources"]["requests"]["storage"] = size;
  return out;
}

model::Object stateful_set(bool claims, const std::string& when_deleted) {
  model::Object out = make("apps/v1", "StatefulSet", "db");
  if (claims)
    out.json["spec"]["volumeClaimTemplates"] = model::Json::array({{{"metadata", {{"name", "data"}}}}});
  if (!when_deleted.empty()) {
    out.json["spec"]["persistentVolumeClaimRetentionPolicy"]["whenDeleted"] = when_deleted;
  }
  return out;
}

TEST(Grade, ClaimsGrow) {
  struct Row {
    const char* before;
    const char* after;
    Reversibility expected;
  };
  const std::vector<Row> rows = {
      {"1Gi", "2Gi", Reversibility::kNone},       {"1Gi", "1Gi", Reversibility::kExact},
      {"1Gi", "1024Mi", Reversibility::kExact},   {"1G", "1Gi", Reversibility::kNone},
      {"1e9", "1G", Reversibility::kExact},       {"500m", "1", Reversibility::kNone},
      {"1Gi", "nonsense", Reversibility::kExact}, {"", "1Gi", Reversibility::kExact},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(grade_configure(claim(row.before), claim(row.after)).reversibility, row.expected)
        << row.before << " to " << row.after;
  }
}

TEST(Grade, ChangesThatCannotBeTakenBack) {
  auto config = make("v1", "ConfigMap", "c");
  auto frozen = config;
  frozen.json["immutable"] = true;
  EXPECT_EQ(grade_configure(config, frozen).reversibility, Reversibility::kNone);
  EXPECT_EQ(grade_configure(frozen, frozen).reversibility, Reversibility::kExact);

  const auto crd = [](const char* stored) {
    auto out = make("apiextensions.k8s.io/v1", "CustomResourceDefinition", "w", "");
    out.json["spec"]["versions"] = {{{"name", stored}, {"storage", true}}};
    return out;
  };
  EXPECT_EQ(grade_configure(crd("v1"), crd("v2")).reversibility, Reversibility::kNone);
  EXPECT_EQ(grade_configure(crd("v1"), crd("v1")).reversibility, Reversibility::kExact);

  auto job = make("batch/v1", "Job", "j");
  auto waiting = job;
  waiting.json["spec"]["suspend"] = true;
  EXPECT_EQ(grade_configure(waiting, job).reversibility, Reversibility::kNewIdentity);
  EXPECT_EQ(grade_configure(job, waiting).reversibility, Reversibility::kExact);
}

TEST(Grade, CreationAndPruning) {
  struct Row {
    model::Object object;
    Reversibility create;
    Reversibility prune;
  };
  const std::vector<Row> rows = {
      {make("v1", "ConfigMap", "a"), Reversibility::kExact, Reversibility::kNewIdentity},
      {make("v1", "PersistentVolumeClaim", "a"), Reversibility::kNewIdentity, Reversibility::kNone},
      {make("v1", "Namespace", "a", ""), Reversibility::kExact, Reversibility::kNone},
      {make("apiextensions.k8s.io/v1", "CustomResourceDefinition", "a", ""), Reversibility::kExact,
       Reversibility::kNone},
      {stateful_set(true, ""), Reversibility::kNewIdentity, Reversibility::kNewIdentity},
      {stateful_set(true, "Retain"), Reversibility::kNewIdentity, Reversibility::kNewIdentity},
      {stateful_set(true, "Delete"), Reversibility::kExact, Reversibility::kNewIdentity},
      {stateful_set(false, ""), Reversibility::kExact, Reversibility::kNewIdentity},
      {make("batch/v1", "Job", "a"), Reversibility::kNewIdentity, Reversibility::kNewIdentity},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(grade_create(row.object).reversibility, row.create) << row.object.kind();
    EXPECT_EQ(grade_prune(row.object).reversibility, row.prune) << row.object.kind();
    EXPECT_EQ(grade_create(row.object).reason.empty(), row.create == Reversibility::kExact);
    EXPECT_FALSE(grade_prune(row.object).reason.empty());
  }
}

}  // namespace
}  // namespace instantexec::plan
