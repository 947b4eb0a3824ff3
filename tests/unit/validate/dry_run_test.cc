#include "validate/dry_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "manifest/load.h"

namespace instantexec::validate {
namespace {

model::Manifest manifest_of(const std::string& text) {
  auto manifests = manifest::manifests_from(std::vector<manifest::SourceFile>{{"a.yaml", text}});
  EXPECT_EQ(manifests.objects.size(), 1U);
  return manifests.objects.at(0);
}

const std::string kDeployment = R"(apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels:
    app.kubernetes.io/name: "-web"
spec:
  replcias: 3
  template:
    spec:
      containers:
      - name: web
        image: ""
)";

TEST(DryRun, CausesBecomeFindingsWithPlaces) {
  const auto findings = findings_from_dry_run(
      manifest_of(kDeployment),
      {422,
       "Invalid",
       "Deployment.apps \"web\" is invalid: […]",
       {{"FieldValueRequired", "spec.template.spec.containers[0].image", "Required value"},
        {"FieldValueInvalid", "metadata.labels[app.kubernetes.io/name]", "Invalid value: \"-web\""},
        {"FieldValueRequired", "spec.selector", "Required value"},
        {"FieldValueRequired", "spec.selector", "Required value"}}});
  ASSERT_EQ(findings.size(), 3U);
  EXPECT_EQ(findings[0].rule, "server.invalid");
  EXPECT_EQ(findings[0].at.to_string(), "a.yaml:13:9");
  EXPECT_EQ(findings[0].field, "spec.template.spec.containers[0].image");
  EXPECT_EQ(findings[0].evidence, model::EvidenceClass::kServer);
  EXPECT_EQ(findings[0].severity, model::Severity::kError);
  EXPECT_EQ(findings[1].at.to_string(), "a.yaml:6:5");
  EXPECT_EQ(findings[2].at.to_string(), "a.yaml:7:1");  // the nearest field that is there
}

TEST(DryRun, UnknownFieldsAreReadFromTheMessage) {
  const auto findings = findings_from_dry_run(
      manifest_of(kDeployment),
      {400,
       "BadRequest",
       "Deployment in version \"v1\" cannot be handled as a Deployment: strict decoding error: unknown field "
       "\"spec.replcias\", unknown field \"spec.template.spec.containers[0].img\"",
       {}});
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[0].rule, "server.unknown-field");
  EXPECT_EQ(findings[0].at.to_string(), "a.yaml:8:3");
  EXPECT_EQ(findings[1].field, "spec.template.spec.containers[0].img");
}

TEST(DryRun, KindsOfRefusal) {
  struct Row {
    int status;
    const char* message;
    const char* rule;
  };
  const std::vector<Row> rows{
      {422, "X is invalid", "server.invalid"},
      {400, "cannot be handled", "server.invalid"},
      {403, "deployments.apps is forbidden: User \"x\" cannot patch", "server.forbidden"},
      {403, "pods \"x\" is forbidden: exceeded quota: q, requested: cpu=1", "server.quota"},
      {403, "pods \"x\" is forbidden: violates PodSecurity \"restricted:latest\"", "server.denied"},
      {400, "admission webhook \"v.example.com\" denied the request: no", "server.denied"},
      {404, "namespaces \"demo\" not found", "server.no-namespace"},
      {404, "the server could not find the requested resource", "server.unknown-kind"},
      {409, "Apply failed with 1 conflict", "server.conflict"},
      {413, "Request entity too large", "server.rejected"},
  };
  for (const Row& row : rows) {
    const auto findings = findings_from_dry_run(manifest_of(kDeployment), {row.status, "", row.message, {}});
    ASSERT_EQ(findings.size(), 1U) << row.message;
    EXPECT_EQ(findings[0].rule, row.rule);
    EXPECT_EQ(findings[0].message, row.message);
    EXPECT_EQ(findings[0].at.to_string(), "a.yaml:1:1");
  }
}

TEST(DryRun, FieldConflictsPointToTheField) {
  const auto findings = findings_from_dry_run(
      manifest_of(kDeployment), {409,
                                 "Conflict",
                                 "Apply failed with 1 conflict",
                                 {{"FieldManagerConflict", ".spec.template", "conflict with \"x\""}}});
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].field, "spec.template");
  EXPECT_EQ(findings[0].at.to_string(), "a.yaml:9:3");
}

TEST(DryRun, SecretsAreNotRepeated) {
  const auto secret =
      manifest_of("apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n  password: hunter2\n");
  for (const Rejection& rejection :
       {Rejection{422,
                  "Invalid",
                  "Secret is invalid: data[password]: Invalid value: \"hunter2\"",
                  {{"FieldValueInvalid", "stringData[password]", "Invalid value: \"hunter2\""}}},
        Rejection{400, "BadRequest", "cannot decode \"hunter2\"", {}}}) {
    for (const auto& finding : findings_from_dry_run(secret, rejection)) {
      EXPECT_THAT(finding.message + finding.hint + finding.field,
                  testing::Not(testing::HasSubstr("hunter2")));
    }
  }
  EXPECT_EQ(
      findings_from_dry_run(secret, {422, "", "", {{"", "stringData[password]", "x"}}})[0].at.to_string(),
      "a.yaml:5:3");
}

TEST(DryRun, ExternalTextIsSanitised) {
  const auto findings = findings_from_dry_run(manifest_of(kDeployment), {422, "", "bad \x1b[31m\nline", {}});
  EXPECT_EQ(findings[0].message.find('\x1b'), std::string::npos);
  EXPECT_EQ(findings[0].message.find('\n'), std::string::npos);
}

}  // namespace
}  // namespace instantexec::validate
