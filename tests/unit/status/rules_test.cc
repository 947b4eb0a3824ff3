#include <fmt/format.h>
#include <gtest/gtest.h>

#include <iostream>
#include <set>

#include "manifest/yaml.h"
#include "status/bundled_rules.h"
#include "status/json_path.h"
#include "status/rule_reader.h"
#include "unit/status/table.h"

// The language of health rules.
namespace instantexec::status::test {
namespace {

model::Json yaml(std::string_view text) {
  const auto documents = manifest::parse_yaml(text, "rules.yaml");
  EXPECT_TRUE(documents.has_value()) << text;
  return documents && !documents->empty() ? documents->front().value : model::Json{};
}

std::vector<CustomRule> rules(std::string_view text) {
  auto out = read_rules(yaml(text), "user");
  EXPECT_TRUE(out.has_value()) << out.error().message;
  return out.value_or(std::vector<CustomRule>{});
}

TEST(JsonPath, Values) {
  const model::Object doc = object(
      "{'a':{'b.c/"
      "d':1,'list':[{'t':'x','v':10},{'t':'y','v':20},{'v':null}]},'none':null,'m':{'k1':'p','k2':'q'}}");
  const auto texts = [&](std::string_view path) {
    std::vector<std::string> out;
    const auto parsed = parse_json_path(path);
    EXPECT_TRUE(parsed.has_value()) << path;
    if (!parsed) return out;
    for (const model::Json* value : select(doc.json, *parsed)) out.push_back(scalar_text(*value));
    return out;
  };
  using Texts = std::vector<std::string>;
  EXPECT_EQ(texts("a['b.c/d']"), Texts{"1"});
  EXPECT_EQ(texts("$.a.list[*].v"), (Texts{"10", "20"}));
  EXPECT_EQ(texts("a.list[1].t"), Texts{"y"});
  EXPECT_EQ(texts(".a.list[?(@.t=='x')].v"), Texts{"10"});
  EXPECT_EQ(texts("m.*"), (Texts{"p", "q"}));
  EXPECT_EQ(texts("none"), Texts{});
  EXPECT_EQ(texts("a.list[9].v"), Texts{});
  EXPECT_EQ(texts("a.list.v"), Texts{});
}

TEST(JsonPath, Refused) {
  for (const char* path : {"", "$", ".", "a..b", "a[", "a[x]", "a['b]", "a[-1]", "a[?(b=='c')]",
                           "a[?(@.b==c)]", "a[1]b", "a b", "a[99999999999999999999999]"}) {
    EXPECT_FALSE(parse_json_path(path).has_value()) << path;
  }
  std::string deep = "a";
  for (int i = 0; i < 40; ++i) deep += ".a";
  EXPECT_FALSE(parse_json_path(deep).has_value());
}

struct Verdict {
  std::string_view name;
  std::string status;  // inner part of status
  model::HealthStatus expected;
  std::string_view reason;
};

void judge(std::string_view text, const std::vector<Verdict>& rows) {
  const auto all = rules(text);
  Context context;
  context.rules = all;
  for (const Verdict& row : rows) {
    const Assessment got = assess(
        object(plain("example.com/v1", "Widget", "'spec':{'replicas':3},'status':{" + row.status + "}")), {},
        {}, context);
    EXPECT_EQ(model::to_string(got.status.status), model::to_string(row.expected))
        << row.name << ": " << got.status.message;
    EXPECT_EQ(got.status.reason, row.reason) << row.name;
    EXPECT_EQ(got.rule, "user example.com/Widget") << row.name;
  }
}

TEST(HealthRules, TheFirstCaseThatHoldsDecides) {
  judge(R"(
rules:
- group: example.com
  kind: Widget
  cases:
  - status: Failed
    when: {condition: Ready, status: "False", reason: [Broken, Lost], message: quota}
  - status: Suspended
    when: {path: spec.paused, equals: true}
  - status: Current
    when:
      all:
      - {condition: Ready}
      - {path: status.replicas, atLeast: {path: spec.replicas}}
      - not: {path: status.phase, equals: [Old, Older]}
)",
        {
            {"all hold", "'replicas':3,'conditions':[" + condition("Ready", "True", "Up") + "]", kCurrent,
             "Up"},
            {"too few", "'replicas':2,'conditions':[" + condition("Ready", "True", "Up") + "]", kInProgress,
             "NotReady"},
            {"what must not be",
             "'replicas':3,'phase':'Old','conditions':[" + condition("Ready", "True", "Up") + "]",
             kInProgress, "Old"},
            {"the condition tells why not", "'conditions':[" + condition("Ready", "False", "Starting") + "]",
             kInProgress, "Starting"},
            {"reason without the message", "'conditions':[" + condition("Ready", "False", "Broken") + "]",
             kInProgress, "Broken"},
            {"reason and message",
             "'conditions':[{'type':'Ready','status':'False','reason':'Lost','message':'over Quota'}]",
             kFailed, "Lost"},
            {"a condition of an older generation is none",
             "'replicas':3,'conditions':[{'type':'Ready','status':'True','observedGeneration':1}]",
             kInProgress, "NotReady"},
            {"nothing reported", "", kInProgress, "NotReady"},
        });
}

TEST(HealthRules, Comparisons) {
  const auto all = rules(R"(
- group: example.com
  kind: Widget
  cases:
  - {status: Failed, when: {path: "status.parts[*].state", equals: Bad}, reason: BadPart, messageFrom: status.note}
  - {status: Unknown, when: {path: status.text, contains: [who knows]}, reason: Unclear}
  - {status: InProgress, when: {path: status.have, below: {path: status.want, default: 1}, default: 0}, reason: TooFew}
  - {status: Current, when: {path: "status.parts[*].state", equals: Good, every: true}, reason: AllGood}
  - {status: Current, when: {condition: Ok, in: "status.parents[*].conditions", every: true}, reason: AllOk}
  - {status: Current, when: {path: status.ratio, startsWith: "1/"}, reason: One}
  - {status: Current, when: {path: status.gone, exists: false}, reason: Gone}
)");
  const std::vector<std::pair<std::string, std::string_view>> rows{
      {"'parts':[{'state':'Good'},{'state':'Bad'}]", "BadPart"},
      {"'text':'Who Knows?'", "Unclear"},
      {"", "TooFew"},
      {"'have':1,'want':2", "TooFew"},
      {"'have':2,'want':2,'parts':[{'state':'Good'},{'state':'Good'}],'gone':1", "AllGood"},
      {"'have':2,'parts':[{'state':'Good'},{'state':'Fair'}],'gone':1", "NotReady"},
      {"'have':2,'parts':[],'gone':1", "NotReady"},
      {"'have':2,'gone':1,'parents':[{'conditions':[" + condition("Ok", "True") + "]},{'conditions':[" +
           condition("Ok", "True") + "]}]",
       "AllOk"},
      {"'have':2,'gone':1,'parents':[{'conditions':[" + condition("Ok", "True") + "]},{'conditions':[]}]",
       "NotReady"},
      {"'have':2,'gone':1,'ratio':'1/3'", "One"},
      {"'have':2", "Gone"},
  };
  Context context;
  context.rules = all;
  for (const auto& [status, reason] : rows) {
    const auto got =
        compute(object(plain("example.com/v1", "Widget",
                             "'status':{'note':'n'" + std::string(status.empty() ? "" : ",") + status + "}")),
                {}, {}, context);
    if (reason == "NotReady") {
      EXPECT_EQ(got.status, kInProgress) << status;
    } else {
      EXPECT_EQ(got.reason, reason) << status;
    }
    if (reason == "BadPart") {
      EXPECT_EQ(got.message, "n");
    }
  }
}

TEST(HealthRules, AFailureHasToLast) {
  static const auto kRules = rules(R"(
- group: example.com
  kind: Widget
  cases:
  - {status: Failed, when: {condition: Ready, status: "False"}}
  - {status: Failed, when: {path: status.phase, equals: Ended}, grace: 0s}
  - {status: Current, when: {condition: Ready}}
)");
  const auto widget = [](const std::string& status) {
    return plain("example.com/v1", "Widget", "'status':{'observedGeneration':2," + status + "}");
  };
  const auto down = [&](int since) {
    return widget("'conditions':[" + condition("Ready", "False", "Down", since) + "]");
  };
  check({{"at first it may pass", down(-60), {}, 10, kInProgress, "Down", 120},
         {"after two minutes it counts", down(-60), {}, 120, kFailed, "Down"},
         {"counted from its last change", down(100), {}, 130, kInProgress, "Down", 220},
         {"what has ended does not come back", widget("'phase':'Ended'"), {}, 1, kFailed, "Ended"}},
        [](Context& context) { context.rules = kRules; });
  check({{"of an object that was not written", down(100), {}, 130, kInProgress, "Down", 220},
         {"… long ago", down(-300), {}, 130, kFailed, "Down"}},
        [](Context& context) {
          context.rules = kRules;
          context.applied_at = {};
        });
}

TEST(HealthRules, TheCoreGroupIsWrittenAsAnEmptyText) {
  for (const char* group : {"group: ''", "groups: ['', apps]", "groups: [apps, '']"}) {
    const auto all = rules(fmt::format("[{{{}, kind: ConfigMap, otherwise: Suspended}}]", group));
    Context context;
    context.rules = all;
    EXPECT_EQ(assess(object(plain("v1", "ConfigMap", "")), {}, {}, context).status.status, kSuspended)
        << group;
  }
}

TEST(HealthRules, GenerationsAndWhatIsLeft) {
  const auto all = rules(R"(
- {group: example.com, kind: Strict, generation: required, cases: [{status: Current, when: {condition: Ready}}]}
- {group: example.com, kind: Free, generation: ignored, cases: [{status: Current, when: {condition: Ready}}]}
- {group: example.com, kind: Plain, otherwise: Current}
- {group: example.com, kind: Mixed, cases: [{status: Failed, when: {path: status.bad, equals: true}}], otherwise: conventions}
- {group: apps, kind: Deployment, cases: [{status: Current, when: {path: status.ok, equals: true}}]}
)");
  Context context;
  context.rules = all;
  const std::string ready = "'conditions':[" + condition("Ready", "True") + "]";
  const auto of = [&](const char* kind, const std::string& status) {
    return assess(object(plain("example.com/v1", kind, "'status':{" + status + "}")), {}, {}, context);
  };
  EXPECT_EQ(of("Strict", ready).status.reason, "WaitingForController");
  EXPECT_EQ(of("Strict", "'observedGeneration':2," + ready).status.status, kCurrent);
  EXPECT_EQ(of("Free", "'observedGeneration':1," + ready).status.status, kCurrent);
  EXPECT_EQ(of("Plain", "").status.status, kCurrent);
  EXPECT_EQ(of("Mixed", "'phase':'Running'").rule, "conventions");
  EXPECT_EQ(of("Mixed", "'bad':true").status.status, kFailed);
  EXPECT_EQ(of("Other", "'phase':'Running'").rule, "conventions");
  const auto deployment = assess(
      object(plain("apps/v1", "Deployment", "'status':{'observedGeneration':2,'ok':true}")), {}, {}, context);
  EXPECT_EQ(deployment.rule, "user apps/Deployment") << "a rule of the user may name a built-in kind";
}

TEST(HealthRules, InTheObjectsOwnAnnotation) {
  const auto widget = [](std::string rule) {
    model::Object out = object(plain("example.com/v1", "Widget", "'status':{'phase':'Blue'}"));
    out.json["metadata"]["annotations"]["instantexec.dev/health-rule"] = std::move(rule);
    return assess(out, {}, {}, {});
  };
  const auto good =
      widget(R"({"cases":[{"status":"Current","when":{"path":"status.phase","equals":"Blue"}}]})");
  EXPECT_EQ(good.status.status, kCurrent);
  EXPECT_EQ(good.rule, "annotation");
  for (const char* text : {"no json", "[]", "{}", R"({"cases":[{"status":"Current"}]})"}) {
    const auto bad = widget(text);
    EXPECT_EQ(bad.status.status, kUnknown) << text;
    EXPECT_EQ(bad.status.reason, "RuleInvalid") << text;
    EXPECT_NE(bad.status.message.find("instantexec.dev/health-rule"), std::string::npos)
        << bad.status.message;
  }
}

TEST(HealthRules, MistakesAreNamedWithTheirPlace) {
  const std::vector<std::pair<std::string_view, std::string_view>> rows{
      {"rules: 3", "must be {rules:"},
      {"rool: []", "may not have the key \"rool\""},
      {"[{kind: A, otherwise: Current}]", "rules[0] needs a group"},
      {"[{group: [], kind: A, otherwise: Current}]", "rules[0].group must not be empty"},
      {"[{group: [null], kind: A, otherwise: Current}]", "rules[0].group must be a text"},
      {"[{group: a, kind: '', otherwise: Current}]", "rules[0].kind must be a text"},
      {"[{group: a, kind: A}]", "rules[0] needs cases"},
      {"[{group: a, otherwise: Good}]", "rules[0].otherwise must be"},
      {"[{group: a, generation: maybe, otherwise: Current}]", "rules[0].generation"},
      {"[{group: a, cases: [{status: Ready, when: {condition: A}}]}]", "rules[0].cases[0].status must be"},
      {"[{group: a, cases: [{status: Current}]}]", "rules[0].cases[0] needs \"when\""},
      {"[{group: a, cases: [{status: Current, when: {conditon: A}}]}]", "exactly one of all, any, not"},
      {"[{group: a, cases: [{status: Current, when: {condition: A, path: b}}]}]", "exactly one of"},
      {"[{group: a, cases: [{status: Current, when: {condition: A, statu: b}}]}]",
       "did you mean \"status\"?"},
      {"[{group: a, cases: [{status: Current, when: {path: 'a[', exists: true}}]}]", "when.path is no path"},
      {"[{group: a, cases: [{status: Current, when: {path: a}}]}]", "needs one of exists"},
      {"[{group: a, cases: [{status: Current, when: {path: a, below: x}}]}]", "below must be a number"},
      {"[{group: a, cases: [{status: Current, when: {all: []}}]}]", "when.all must be a list"},
      {"[{group: a, cases: [{status: Failed, grace: soon, when: {condition: A}}]}]", "grace must be"},
  };
  for (const auto& [text, part] : rows) {
    const auto got = read_rules(yaml(text), "user");
    ASSERT_FALSE(got.has_value()) << text;
    EXPECT_EQ(got.error().code->name, "health.rule-invalid");
    EXPECT_NE(got.error().message.find(part), std::string::npos) << text << " -> " << got.error().message;
  }
  model::Json deep = {{"condition", "A"}};
  for (int i = 0; i < 40; ++i) deep = {{"not", deep}};
  const auto got = read_rules(
      model::Json::array({{{"group", "a"}, {"cases", {{{"status", "Current"}, {"when", deep}}}}}}), "user");
  ASSERT_FALSE(got.has_value());
  EXPECT_NE(got.error().message.find("too deeply"), std::string::npos);
  for (const int values : {256, 257}) {
    const model::Json many = {{"path", "a"},
                              {"equals", std::vector<int>(static_cast<std::size_t>(values), 1)}};
    const auto read = read_rules(
        model::Json::array({{{"group", "a"}, {"cases", {{{"status", "Current"}, {"when", many}}}}}}), "user");
    EXPECT_EQ(read.has_value(), values == 256) << values;
  }
}

TEST(HealthRules, BundledOnesAreReadAndCiteTheirSource) {
  std::size_t kinds = 0;
  std::set<std::string> names;
  for (const BundledFile& file : bundled_rules()) {
    const auto all = read_rules(yaml(file.text), "bundled");
    ASSERT_TRUE(all.has_value()) << file.name << ": " << all.error().message;
    for (const CustomRule& rule : *all) {
      EXPECT_TRUE(rule.docs.starts_with("https://")) << rule.name;
      EXPECT_TRUE(names.insert(rule.name).second) << rule.name << " is there twice";
      kinds += std::max<std::size_t>(1, rule.kinds.size());
    }
  }
  EXPECT_GE(kinds, 60u);
  std::cout << names.size() << " bundled rules\n";
}

}  // namespace
}  // namespace instantexec::status::test
