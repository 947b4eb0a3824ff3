#include "engine/redactor.h"

#include <gtest/gtest.h>

#include "base/digest.h"
#include "unit/engine/world.h"

namespace instantexec::engine {
namespace {

using model::Json;

const std::string kValue = "hunter2 & co/äß";

model::Object stored_secret(const std::string& value) {
  return {Json{{"apiVersion", "v1"},
               {"kind", "Secret"},
               {"metadata", {{"name", "s"}, {"namespace", "default"}}},
               {"data", {{"key", base64_encode(value)}}}}};
}

Redactor knowing(const std::string& value) {
  Redactor out;
  out.learn(stored_secret(value));
  return out;
}

TEST(Redactor, FindsAValueHoweverItIsWritten) {
  const Redactor redactor = knowing(kValue);
  const struct {
    const char* name;
    std::string text;
    std::string expected;
  } rows[] = {
      {"as it is", "password=" + kValue + "!", "password=<redacted>!"},
      {"base64", "data: " + base64_encode(kValue), "data: <redacted>"},
      {"twice", kValue + kValue, "<redacted><redacted>"},
      {"percent-encoded", "?p=hunter2%20%26%20co%2F%C3%A4%C3%9F&x", "?p=<redacted>&x"},
      {"percent-encoded, small letters", "hunter2%20%26%20co%2f%c3%a4%c3%9f", "<redacted>"},
      {"hexadecimal", "68756e7465723220262063 o", "68756e7465723220262063 o"},
      {"nothing", "hunter2 & company", "hunter2 & company"},
      {"empty", "", ""},
  };
  for (const auto& row : rows) EXPECT_EQ(redactor.text(row.text), row.expected) << row.name;
  EXPECT_EQ(knowing("abcdef").text("x616263646566x"), "x<redacted>x");
}

TEST(Redactor, AValueIsTakenOutBeforeTheTextIsCut) {
  const Redactor redactor = knowing(kValue);
  // The cut would go through the value, and what is left of it is no value that anybody knows.
  EXPECT_EQ(redactor.tail("user " + kValue + " end", 12), "edacted> end");
  EXPECT_EQ(redactor.tail("abc", 10), "abc");
  EXPECT_EQ(redactor.tail("abc", 2), "bc");
}

TEST(Redactor, LearnsStringDataAndLinesOfLongValues) {
  Redactor redactor;
  redactor.learn(test::secret("s", "-----BEGIN KEY-----\nMIIEvgIBADANBg\nshort\n"));
  EXPECT_EQ(redactor.text("key: MIIEvgIBADANBg, short"), "key: <redacted>, short");
  redactor.learn(test::config("c", "an open value"));
  EXPECT_EQ(redactor.text("an open value"), "an open value");
}

TEST(Redactor, TooShortAValueIsNotLookedForInTexts) {
  EXPECT_EQ(knowing("on").text("turned on"), "turned on");
}

TEST(Redactor, AnObjectLosesWhatMustNotBeKept) {
  const Redactor redactor = knowing(kValue);
  model::Object secret = stored_secret("x");
  secret.json["metadata"]["managedFields"] = Json::array({Json{{"manager", "m"}}});
  secret.json["metadata"]["annotations"] = {{"kubectl.kubernetes.io/last-applied-configuration", "{x}"},
                                            {"note", "is " + kValue}};
  const Json out = redactor.object(secret);
  EXPECT_EQ(model::get_string(out, "/data/key"), "<redacted>") << "however short";
  EXPECT_EQ(model::find(out, "/metadata/managedFields"), nullptr);
  EXPECT_EQ(model::get_string(out, "/metadata/annotations/note"), "is <redacted>");
  EXPECT_EQ(out.dump().find("{x}"), std::string::npos);

  model::Object web = test::deployment("web", "image");
  web.json["spec"]["template"]["spec"]["containers"][0]["env"] = {
      {{"name", "DB_PASSWORD"}, {"value", "literal"}},
      {{"name", "API-KEY"}, {"value", "literal"}},
      {{"name", "URL"}, {"value", "postgres://u:" + kValue + "@db"}},
      {{"name", "MODE"}, {"value", "literal"}},
      {{"name", "TOKEN"}, {"valueFrom", {{"secretKeyRef", {{"name", "s"}, {"key", "key"}}}}}}};
  const Json env = *model::find(redactor.object(web), "/spec/template/spec/containers/0/env");
  EXPECT_EQ(env[0]["value"], "<redacted>");
  EXPECT_EQ(env[1]["value"], "<redacted>");
  EXPECT_EQ(env[2]["value"], "postgres://u:<redacted>@db");
  EXPECT_EQ(env[3]["value"], "literal");
  EXPECT_EQ(model::get_string(env[4], "/valueFrom/secretKeyRef/name"), "s");
}

TEST(Redactor, SurvivesObjectsOfAnyShape) {
  Redactor redactor;
  for (const Json& json :
       {Json(nullptr), Json::array(), Json{{"apiVersion", "v1"}, {"kind", "Secret"}, {"data", "text"}},
        Json{{"apiVersion", "v1"}, {"kind", "Secret"}, {"data", {{"a", 1}}}},
        Json{{"metadata", {{"annotations", "text"}}}}}) {
    redactor.learn(model::Object{json});
    const Json out = redactor.object(model::Object{json});
    const bool secret = model::get_string(json, "/kind") == "Secret";
    EXPECT_TRUE(!secret || out.dump().find("text") == std::string::npos);
  }
}

TEST(Redactor, ReachesEveryTextOfACause) {
  model::FailureCause cause;
  cause.summary = "says " + kValue;
  cause.evidence.push_back({{}, "says " + kValue});
  cause.events.push_back("says " + kValue);
  cause.logs.push_back({{}, "app", false, {"says " + kValue}});
  knowing(kValue).apply(cause);
  for (const std::string& text :
       {cause.summary, cause.evidence[0].text, cause.events[0], cause.logs[0].lines[0]}) {
    EXPECT_EQ(text, "says <redacted>");
  }
}

}  // namespace
}  // namespace instantexec::engine
