#include "unit/status/table.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include "manifest/yaml.h"
#include "status/bundled_rules.h"
#include "status/rule_reader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iostream>
#include <map>
#include <set>

#include "status/event_view.h"

namespace instantexec::status::test {
namespace {

void resolve_times(model::Json& value) {
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    if (text.size() < 2 || text.front() != '@') return;
    int seconds = 0;
    const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), seconds);
    if (error == std::errc{} && end == text.data() + text.size()) value = format_rfc3339(at(seconds));
    return;
  }
  if (value.is_structured()) {
    for (auto& item : value) resolve_times(item);
  }
}

std::string workload(std::string_view kind, std::string_view group, std::string_view spec,
                     std::string_view status) {
  return fmt::format(
      "{{'apiVersion':'{}','kind':'{}','metadata':{{'name':'web','namespace':'demo','uid':'w','generation':2,"
      "'annotations':{{'deployment.kubernetes.io/"
      "revision':'2'}}}},'spec':{{{}}},'status':{{'observedGeneration':2{}{}}}}}",
      group, kind, spec, status.empty() ? "" : ",", status);
}

// The named cases of built-in kinds, by kind. Two of one name are one case.
using Cases = std::map<std::string, std::set<std::string>>;

Cases& built_in_cases() {
  static Cases cases;
  return cases;
}

// After the last test: how many there are, and that there are enough.
class CaseCount final : public testing::Environment {
 public:
  void TearDown() override {
    std::size_t all = 0;
    for (const auto& [kind, names] : built_in_cases()) all += names.size();
    const testing::UnitTest& program = *testing::UnitTest::GetInstance();
    if (program.test_to_run_count() < program.total_test_count()) return;  // only some were asked for
    std::cout << "named cases of built-in kinds: " << all << " of " << built_in_cases().size() << " kinds\n";
    for (const auto& [kind, names] : built_in_cases())
      std::cout << "  " << kind << ": " << names.size() << "\n";
    EXPECT_GE(all, kFewestCases);
  }

 private:
  static constexpr std::size_t kFewestCases = 250;
};

[[maybe_unused]] testing::Environment* const kCaseCount = testing::AddGlobalTestEnvironment(new CaseCount);

}  // namespace

Timestamp at(int seconds) {
  return kApply + std::chrono::seconds(seconds);
}

model::Object object(std::string_view text) {
  std::string quoted(text);
  for (char& c : quoted) {
    if (c == '\'') c = '"';
  }
  auto parsed = model::parse_json(quoted);
  EXPECT_TRUE(parsed.has_value()) << quoted;
  model::Object out{parsed.value_or(model::Json::object())};
  resolve_times(out.json);
  return out;
}

std::vector<model::Object> objects(const std::vector<std::string>& texts) {
  std::vector<model::Object> out;
  for (const std::string& text : texts) out.push_back(object(text));
  return out;
}

void check(const std::vector<Row>& rows, Tweak tweak) {
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    ChildIndex index;
    for (const model::Object& other : objects(row.others)) index.upsert(other);
    Context context;
    context.now = at(row.now);
    context.applied_at = kApply;
    if (tweak != nullptr) tweak(context);
    const model::Object subject = object(row.subject);
    if (knows_kind(subject.gvk())) built_in_cases()[subject.gvk().to_string()].insert(row.name);
    const Assessment got = assess(subject, index, context);
    EXPECT_EQ(model::to_string(got.status.status), model::to_string(row.status)) << got.status.message;
    EXPECT_EQ(got.status.reason, row.reason) << got.status.message;
    EXPECT_FALSE(got.status.message.empty());
    const auto expected = row.changes_at < 0 ? std::nullopt : std::optional(at(row.changes_at));
    EXPECT_EQ(got.changes_at.has_value(), expected.has_value());
    if (got.changes_at && expected) {
      EXPECT_EQ(format_rfc3339(*got.changes_at), format_rfc3339(*expected));
    }
    if (got.status.doomed()) {
      EXPECT_FALSE(got.status.hint.empty()) << "a failure names a next step";
    }
  }
}

std::string deployment(std::string_view spec, std::string_view status) {
  return workload("Deployment", "apps/v1", spec, status);
}

std::string stateful_set(std::string_view spec, std::string_view status) {
  return workload("StatefulSet", "apps/v1", spec, status);
}

std::string daemon_set(std::string_view spec, std::string_view status) {
  return workload("DaemonSet", "apps/v1", spec, status);
}

std::string job(std::string_view spec, std::string_view status) {
  return fmt::format(
      "{{'apiVersion':'batch/v1','kind':'Job','metadata':{{'name':'web','namespace':'demo','uid':'w'}},"
      "'spec':{{{}}},'status':{{{}}}}}",
      spec, status);
}

std::string replica_set(int revision, int wanted, int created) {
  return fmt::format(
      "{{'apiVersion':'apps/"
      "v1','kind':'ReplicaSet','metadata':{{'name':'web-{0}','namespace':'demo','uid':'rs{0}',"
      "'annotations':{{'deployment.kubernetes.io/revision':'{0}'}},'ownerReferences':[{{'uid':'w'}}]}},"
      "'spec':{{'replicas':{1}}},'status':{{'replicas':{2}}}}}",
      revision, wanted, created);
}

std::string pod(std::string_view name, std::string_view owner, std::string_view status, std::string_view spec,
                std::string_view hash) {
  return fmt::format(
      "{{'apiVersion':'v1','kind':'Pod','metadata':{{'name':'{0}','namespace':'demo','uid':'{0}','"
      "creationTimestamp':"
      "'@1','labels':{{'controller-revision-hash':'{4}'}},'ownerReferences':[{{'uid':'{1}'}}]}},'spec':{{{3}}"
      "},"
      "'status':{{{2}}}}}",
      name, owner, status, spec, hash);
}

std::string pending(std::string_view container) {
  return fmt::format(
      "'phase':'Pending','startTime':'@1','conditions':[{{'type':'Ready','status':'False'}}],"
      "'containerStatuses':[{{'name':'app','ready':false,{}}}]",
      container);
}

// As the components of Kubernetes write it.
static bool normal(std::string_view reason) {
  static constexpr std::array<std::string_view, 6> kNormal{"Killing",           "Nominated",
                                                           "NotTriggerScaleUp", "SuccessfulAttachVolume",
                                                           "TriggeredScaleUp",  "WaitForFirstConsumer"};
  return std::find(kNormal.begin(), kNormal.end(), reason) != kNormal.end();
}

std::string event(std::string_view uid, std::string_view reason, std::string_view message, int first,
                  int last, int count, std::string_view container) {
  const std::string path =
      container.empty() ? "" : fmt::format(",'fieldPath':'spec.containers{{{}}}'", container);
  return fmt::format(
      "{{'apiVersion':'v1','kind':'Event','metadata':{{'name':'e','namespace':'demo','uid':'ev-{0}-{1}-{3}-{"
      "4}'}},"
      "'involvedObject':{{'uid':'{0}'{6}}},'reason':'{1}','message':'{2}','type':'{7}',"
      "'firstTimestamp':'@{3}','lastTimestamp':'@{4}','count':{5}}}",
      uid, reason, message, first, last, count, path, normal(reason) ? "Normal" : "Warning");
}

std::string plain(std::string_view api, std::string_view kind, std::string_view rest) {
  return fmt::format(
      "{{'apiVersion':'{}','kind':'{}','metadata':{{'name':'x','namespace':'demo','uid':'x','generation':2,"
      "'creationTimestamp':'@0'}}{}{}}}",
      api, kind, rest.empty() ? "" : ",", rest);
}

std::string conditions_of(std::string_view text) {
  std::string out = "'conditions':[";
  std::string item;
  const auto flush = [&] {
    if (item.empty()) return;
    const auto equals = item.find('=');
    std::vector<std::string> parts;
    std::string rest = item.substr(equals + 1);
    for (auto slash = rest.find('/'); slash != std::string::npos && parts.size() < 2;
         slash = rest.find('/')) {
      parts.push_back(rest.substr(0, slash));
      rest = rest.substr(slash + 1);
    }
    parts.push_back(rest);
    parts.resize(3);
    if (out.back() == '}') out += ",";
    out += "{'type':'" + item.substr(0, equals) + "','status':'" + parts[0] + "','reason':'" + parts[1] +
           "','message':'" + parts[2] + "','lastTransitionTime':'@0'}";
    item.clear();
  };
  for (const char c : text) {
    if (c == ';') {
      flush();
    } else if (c != ' ' || !item.empty()) {
      item += c;
    }
  }
  flush();
  return out + "]";
}

std::string condition(std::string_view type, std::string_view status, std::string_view reason, int since) {
  return fmt::format("{{'type':'{}','status':'{}','reason':'{}','message':'m','lastTransitionTime':'@{}'}}",
                     type, status, reason, since);
}

std::vector<CustomRule> bundled() {
  std::vector<CustomRule> out;
  for (const BundledFile& file : bundled_rules()) {
    const auto documents = manifest::parse_yaml(file.text, std::string(file.name));
    EXPECT_TRUE(documents) << file.name;
    if (!documents) continue;
    for (const manifest::Document& document : *documents) {
      auto rules = read_rules(document.value, "bundled");
      EXPECT_TRUE(rules) << file.name;
      if (rules) std::move(rules->begin(), rules->end(), std::back_inserter(out));
    }
  }
  return out;
}

}  // namespace instantexec::status::test
