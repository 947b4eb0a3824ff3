#include "kube/rest.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/net/scripted_transport.h"

namespace instantexec::kube {
namespace {

using engine::Outcome;
using ::testing::HasSubstr;
using ::testing::Not;

ApiCall write_call(const std::string& kind = "ConfigMap") {
  ApiCall call;
  call.method = "PATCH";
  call.shape = Shape::kObject;
  call.gvk = {"", "v1", kind};
  call.name = "a";
  call.ns = "demo";
  call.verb = "patch";
  call.resource = kind == "Secret" ? "secrets" : "configmaps";
  call.content_type = "application/apply-patch+yaml";
  call.body = "{}";
  call.write = true;
  return call;
}

net::HttpResponse answer(int status, const std::string& type, std::string body) {
  net::HttpResponse out;
  out.status = status;
  if (!type.empty()) out.headers.push_back({"content-type", type});
  out.body = std::move(body);
  return out;
}

constexpr const char* kGood = R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}})";

std::string status_json(int code, const std::string& reason, const std::string& message,
                        const std::string& causes = "[]") {
  return R"({"kind":"Status","apiVersion":"v1","status":"Failure","code":)" + std::to_string(code) +
         R"(,"reason":")" + reason + R"(","message":")" + message + R"(","details":{"causes":)" + causes +
         "}}";
}

struct Row {
  const char* name;
  int status;
  const char* type;
  std::string body;
  Outcome outcome;
  int http_status;        // as reported; 0: not an answer of an API server
  std::string_view code;  // "": no error
};
class Verdict : public ::testing::TestWithParam<Row> {};

TEST_P(Verdict, OfAWrite) {
  const Row& row = GetParam();
  const engine::Response response = read_answer(write_call(), answer(row.status, row.type, row.body));
  EXPECT_EQ(response.outcome, row.outcome);
  EXPECT_EQ(response.http_status, row.http_status);
  EXPECT_EQ(response.error ? response.error->code->name : "", row.code);
  if (response.error) {
    EXPECT_THAT(response.error->message, HasSubstr("configmaps \"a\""));
    // Whether there was an answer at all, if one that cannot be used.
    const bool nonsense = row.http_status == 0 && row.status / 100 == 2;
    EXPECT_EQ(response.error->http_status, nonsense ? row.status : row.http_status);
  }
}

const char* const kJson = "application/json";
INSTANTIATE_TEST_SUITE_P(
    Rows, Verdict,
    ::testing::Values(
        Row{"ok", 200, kJson, kGood, Outcome::kCommitted, 200, ""},
        Row{"created", 201, "application/json; charset=utf-8", kGood, Outcome::kCommitted, 201, ""},
        Row{"cut_json", 200, kJson, R"({"apiVersion":"v1","kind":"Con)", Outcome::kUnknown, 0,
            "kube.bad-answer"},
        Row{"empty", 200, kJson, "", Outcome::kUnknown, 0, "kube.bad-answer"},
        Row{"other_kind", 200, kJson, R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}})",
            Outcome::kUnknown, 0, "kube.bad-answer"},
        Row{"other_name", 200, kJson, R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"b"}})",
            Outcome::kUnknown, 0, "kube.bad-answer"},
        Row{"success_status_is_no_object", 200, kJson, R"({"kind":"Status","status":"Success"})",
            Outcome::kUnknown, 0, "kube.bad-answer"},
        Row{"login_page", 200, "text/html", "<html>", Outcome::kUnknown, 0, "kube.bad-answer"},
        Row{"redirect", 302, "text/html", "", Outcome::kUnknown, 0, "kube.bad-answer"},
        Row{"proxy_404", 404, "text/html", "<html>", Outcome::kUnknown, 0, "kube.bad-answer"},
        Row{"proxy_502", 502, "text/html", "<html>", Outcome::kUnknown, 0, "kube.bad-answer"},
        Row{"bad_request", 400, kJson, status_json(400, "BadRequest", "m"), Outcome::kRejected, 400,
            "kube.invalid"},
        Row{"unauthorized", 401, kJson, status_json(401, "Unauthorized", "m"), Outcome::kRejected, 401,
            "kube.unauthorized"},
        Row{"forbidden", 403, kJson,
            status_json(403, "Forbidden", R"(x is forbidden: User \"jane\" cannot patch)"),
            Outcome::kRejected, 403, "kube.forbidden"},
        Row{"quota", 403, kJson, status_json(403, "Forbidden", "x is forbidden: exceeded quota: q"),
            Outcome::kRejected, 403, "kube.admission-denied"},
        Row{"terminating", 403, kJson,
            status_json(403, "Forbidden", "m",
                        R"([{"reason":"NamespaceTerminating","field":"metadata.namespace"}])"),
            Outcome::kRejected, 403, "kube.namespace-terminating"},
        Row{"not_found", 404, kJson, status_json(404, "NotFound", "m"), Outcome::kRejected, 404,
            "kube.not-found"},
        Row{"router_404", 404, "text/plain; charset=utf-8", "404 page not found", Outcome::kUnknown, 0,
            "kube.bad-answer"},
        Row{"gateway_404", 404, kJson, R"({"message":"no route"})", Outcome::kUnknown, 0, "kube.bad-answer"},
        Row{"conflict", 409, kJson, status_json(409, "Conflict", "m"), Outcome::kRejected, 409,
            "kube.conflict"},
        Row{"exists", 409, kJson, status_json(409, "AlreadyExists", "m"), Outcome::kRejected, 409,
            "kube.already-exists"},
        Row{"owned", 409, kJson,
            status_json(409, "Conflict", "m", R"([{"reason":"FieldManagerConflict","field":".data.k"}])"),
            Outcome::kRejected, 409, "kube.ownership-conflict"},
        Row{"too_large", 413, "text/plain", "", Outcome::kRejected, 413, "kube.too-large"},
        Row{"invalid", 422, kJson, status_json(422, "Invalid", "m"), Outcome::kRejected, 422, "kube.invalid"},
        Row{"overload", 429, "text/plain", "Too many requests", Outcome::kRejected, 429,
            "kube.too-many-requests"},
        Row{"server_error", 500, kJson, status_json(500, "InternalError", "webhook failed"),
            Outcome::kUnknown, 500, "kube.unavailable"},
        Row{"schema", 500, kJson,
            status_json(500, "",
                        "failed to create typed patch object (demo/a; v1, Kind=ConfigMap): .x: nope"),
            Outcome::kRejected, 500, "kube.invalid"},
        Row{"timeout", 504, kJson, status_json(504, "Timeout", "m"), Outcome::kUnknown, 504,
            "kube.unavailable"}),
    [](const auto& row) { return row.param.name; });

// What tells the API server's own 404 for a kind it does not serve from the one of a router in front of it.
TEST(ReadAnswer, APathTheApiServerDoesNotKnow) {
  net::HttpResponse unknown = answer(404, "text/plain; charset=utf-8", "404 page not found");
  unknown.headers.push_back({"audit-id", "5f0d8b1c-8d0a-4d9e-9a53-0f4b4c1f6a11"});
  const engine::Response response = read_answer(write_call(), unknown);
  EXPECT_EQ(response.outcome, Outcome::kRejected);
  EXPECT_TRUE(response.not_found());
  EXPECT_EQ(response.error->code->name, "kube.kind-not-served");
}

TEST(ReadAnswer, AnUnmarkedEndOfAWriteIsUnknown) {
  net::HttpResponse cut = answer(200, kJson, kGood);
  cut.framed = false;
  EXPECT_EQ(read_answer(write_call(), cut).outcome, Outcome::kUnknown);
  ApiCall read = write_call();
  read.write = false;
  EXPECT_EQ(read_answer(read, cut).outcome, Outcome::kCommitted);
}

TEST(ReadAnswer, DeletesAcceptAStatus) {
  ApiCall call = write_call();
  call.shape = Shape::kObjectOrStatus;
  EXPECT_TRUE(read_answer(call, answer(200, kJson, R"({"kind":"Status","status":"Success"})")).ok());
  EXPECT_TRUE(read_answer(call, answer(200, kJson, kGood)).ok());
  EXPECT_FALSE(read_answer(call, answer(200, kJson, R"({"kind":"Status","status":"Failure"})")).ok());
}

TEST(ReadAnswer, GivesCausesAndNextCommands) {
  const auto response = read_answer(
      write_call(),
      answer(422, kJson,
             status_json(422, "Invalid", "bad\\u001b[31m",
                         R"([{"reason":"FieldValueInvalid","field":"data","message":"no\u001b"}])")));
  ASSERT_EQ(response.causes.size(), 1U);
  EXPECT_EQ(response.causes.front().field, "data");
  EXPECT_THAT(response.causes.front().message, Not(HasSubstr("\x1b")));
  EXPECT_THAT(response.error->message, Not(HasSubstr("\x1b")));
  EXPECT_EQ(response.error->reason, "Invalid");
  const auto forbidden = read_answer(
      write_call(), answer(403, kJson, status_json(403, "Forbidden", R"(is forbidden: User \"j\" cannot)")));
  EXPECT_EQ(forbidden.error->next_step(), "kubectl auth can-i patch configmaps -n demo");
  EXPECT_EQ(forbidden.error->code->exit, ExitCode::kUnreachable);
}

TEST(ReadAnswer, SchemaRefusalsNameTheField) {
  const auto response =
      read_answer(write_call(), answer(500, kJson,
                                       status_json(500, "",
                                                   "failed to create typed patch object (demo/a; apps/v1, "
                                                   "Kind=Deployment): .spec.replicas: expected numeric")));
  ASSERT_EQ(response.causes.size(), 1U);
  EXPECT_EQ(response.causes.front().field, ".spec.replicas");
  EXPECT_EQ(response.causes.front().message, "expected numeric");
}

TEST(ReadAnswer, AWebhookThatCannotBeCalledHasStoredNothing) {
  const std::string sentence =
      R"(Internal error occurred: failed calling webhook \"policy.example.org\": failed to call)";
  const auto response =
      read_answer(write_call(), answer(500, kJson, status_json(500, "InternalError", sentence)));
  EXPECT_EQ(response.outcome, Outcome::kRejected);
  EXPECT_TRUE(response.passing);
  EXPECT_THAT(response.error->message, HasSubstr("policy.example.org"));
  EXPECT_EQ(response.error->next_step(),
            "kubectl get mutatingwebhookconfigurations,validatingwebhookconfigurations");
  // Not so: another one after the object was stored, or the words anywhere else.
  for (const std::string other :
       {"Internal error occurred: conversion webhook for a failed", "failed calling webhook"}) {
    const auto unknown =
        read_answer(write_call(), answer(500, kJson, status_json(500, "InternalError", other)));
    EXPECT_EQ(unknown.outcome, Outcome::kUnknown) << other;
    EXPECT_FALSE(unknown.passing) << other;
  }
}

// A record of ours has no values, and why a policy refuses it is what the user has to know.
TEST(ReadAnswer, RepeatsTextAboutASecretWithoutValues) {
  ApiCall call = write_call("Secret");
  call.no_values = true;
  const auto response =
      read_answer(call, answer(422, kJson,
                               status_json(422, "Invalid", "denied by policy strict",
                                           R"([{"reason":"R","field":"f","message":"m"}])")));
  EXPECT_THAT(response.error->message, HasSubstr("denied by policy strict"));
  ASSERT_EQ(response.causes.size(), 1U);
  EXPECT_EQ(response.causes[0].message, "m");
}

TEST(ReadAnswer, NeverRepeatsTextAboutASecret) {
  for (const int status : {400, 403, 422, 500}) {
    const auto response =
        read_answer(write_call("Secret"),
                    answer(status, kJson,
                           status_json(status, "Invalid", "value: hunter2",
                                       R"([{"reason":"Invalid","field":"data.p","message":"hunter2"}])")));
    EXPECT_THAT(response.error->to_string(), Not(HasSubstr("hunter2"))) << status;
    EXPECT_THAT(response.error->to_string(), HasSubstr("data.p")) << status;
    for (const auto& cause : response.causes) EXPECT_EQ(cause.message, "");
  }
  EXPECT_THAT(read_answer(write_call("Secret"), answer(409, kJson, status_json(409, "Conflict", "stale")))
                  .error->to_string(),
              HasSubstr("stale"));
}

TEST(ReadAnswer, ListsBecomeItemsWithTheirKind) {
  ApiCall call = write_call();
  call.shape = Shape::kList;
  call.write = false;
  const auto response = read_answer(
      call,
      answer(200, kJson, R"({"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"7"},
                                   "items":[{"metadata":{"name":"x"}}]})"));
  ASSERT_TRUE(response.ok());
  ASSERT_EQ(response.items.size(), 1U);
  EXPECT_EQ(response.items.front().gvk(), (model::Gvk{"", "v1", "ConfigMap"}));
  EXPECT_EQ(response.list_resource_version, "7");
  EXPECT_EQ(read_answer(call, answer(200, kJson, kGood)).outcome, Outcome::kUnknown);
}

TEST(ReadFailure, KeepsWhatIsKnown) {
  const Error lost = make_error(instantexec::errors::kInternal, "broke");
  EXPECT_EQ(read_failure(write_call(), lost, net::Sent::kNot).outcome, Outcome::kNotSent);
  const auto unknown = read_failure(write_call(), lost, net::Sent::kMaybe);
  EXPECT_EQ(unknown.outcome, Outcome::kUnknown);
  EXPECT_THAT(unknown.error->to_string(), HasSubstr("patch configmaps \"a\""));
}

struct WarningRow {
  const char* name;
  std::vector<std::string> headers;
  std::vector<std::string> texts;
};
class Warnings : public ::testing::TestWithParam<WarningRow> {};

TEST_P(Warnings, AreRead) {
  net::HttpResponse response;
  for (const std::string& header : GetParam().headers) response.headers.push_back({"Warning", header});
  EXPECT_EQ(parse_warnings(response), GetParam().texts);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, Warnings,
    ::testing::Values(WarningRow{"none", {}, {}}, WarningRow{"one", {R"(299 - "old API")"}, {"old API"}},
                      WarningRow{"two_headers", {R"(299 - "a")", R"(299 - "b")"}, {"a", "b"}},
                      WarningRow{"two_in_one", {R"(299 - "a, b", 299 agent "c")"}, {"a, b", "c"}},
                      WarningRow{"quoted_pairs", {R"(299 - "say \"hi\" \\o/")"}, {R"(say "hi" \o/)"}},
                      WarningRow{
                          "dated", {R"(299 - "a" "Wed, 21 Oct 2015 07:28:00 GMT", 299 - "b")"}, {"a", "b"}},
                      WarningRow{"other_codes", {R"(110 - "stale", 299 - "b")"}, {"b"}},
                      WarningRow{"escapes", {"299 - \"a\x1b[31mb\""}, {"a\\x1b[31mb"}},
                      WarningRow{"unclosed", {R"(299 - "a)"}, {}}, WarningRow{"no_code", {R"(- "a")"}, {}},
                      WarningRow{"long_code", {R"(2999 - "a")"}, {}}),
    [](const auto& row) { return row.param.name; });

TEST(RetryAfter, CountsSecondsOnly) {
  const auto read = [](const char* value) {
    net::HttpResponse response;
    response.headers.push_back({"retry-after", value});
    return parse_retry_after(response);
  };
  EXPECT_EQ(read("7"), Duration{7'000});
  EXPECT_EQ(read("0"), Duration{0});
  EXPECT_EQ(read("999999"), Duration{3'600'000});
  EXPECT_FALSE(read("Wed, 21 Oct 2015 07:28:00 GMT"));
  EXPECT_FALSE(read("-1"));
  EXPECT_FALSE(parse_retry_after({}));
}

}  // namespace
}  // namespace instantexec::kube
