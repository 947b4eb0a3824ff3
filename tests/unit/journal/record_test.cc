#include "journal/record.h"

#include <gtest/gtest.h>

#include <random>

namespace instantexec::journal {
namespace {

Head sample() {
  Head head;
  head.release = "web";
  head.ns = "demo";
  head.phase = Phase::kApplying;
  head.epoch = 7;
  head.revision = 2;
  Operation operation;
  operation.id = "op";
  operation.kind = "rollback";
  operation.revision = 3;
  operation.target = 1;
  operation.holder = "host/1";
  operation.started = "2026-01-01T00:00:00Z";
  operation.field_manager = "fm";
  operation.source_commit = "abc";
  operation.description = "why";
  operation.plan_digest = "pd";
  operation.payload = {{{"n0", "d0", "u0"}, {"n1", "d1"}}, 99, "dd"};
  head.operation = operation;
  Revision revision;
  revision.revision = 2;
  revision.result = Phase::kRollbackIncomplete;
  revision.counts = {1, 2, 3, 4};
  revision.failure = "broken";
  revision.payload = {{{"m0", "e0"}}, 5, "ee"};
  head.revisions = {revision};
  return head;
}

TEST(Head, RoundTrips) {
  const Head head = sample();
  const auto again = decode_head(encode_head(head));
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_EQ(encode_head(*again), encode_head(head));
  EXPECT_EQ(again->phase, Phase::kApplying);
  EXPECT_EQ(again->operation->payload, head.operation->payload);
  EXPECT_EQ(again->revisions[0].counts.pruned, 4U);
  EXPECT_EQ(again->revisions[0].result, Phase::kRollbackIncomplete);
}

// Of records that earlier versions wrote.
TEST(Head, APieceWithoutAUidStaysOne) {
  const auto json = *model::parse_json(encode_head(sample()));
  EXPECT_EQ(model::get_string(json, "/operation/payload/chunks/0/uid"), "u0");
  EXPECT_EQ(model::find(json, "/operation/payload/chunks/1/uid"), nullptr);
  EXPECT_EQ(decode_head(encode_head(sample()))->operation->payload.chunks[0].uid, "u0");
}

TEST(Head, EveryPhaseRoundTrips) {
  for (const Phase phase :
       {Phase::kIdle, Phase::kApplying, Phase::kCommitting, Phase::kRollingBack, Phase::kDeployed,
        Phase::kRolledBack, Phase::kRollbackIncomplete, Phase::kFailedKept}) {
    Head head = sample();
    head.phase = phase;
    EXPECT_EQ(decode_head(encode_head(head))->phase, phase);
  }
}

TEST(Head, ReadsNumbersThatCannotBe) {
  auto json = *model::parse_json(encode_head(sample()));
  json["operation"]["payload"]["size"] = -5;
  json["revisions"][0]["created"] = -1;
  json["revisions"][0]["payload"]["sealed"] = true;
  const auto head = decode_head(json.dump());
  ASSERT_TRUE(head);
  EXPECT_EQ(head->operation->payload.size, 0U);
  EXPECT_EQ(head->revisions[0].counts.created, 0U);
  EXPECT_EQ(head->revisions[0].counts.configured, 2U);
  EXPECT_TRUE(head->revisions[0].payload.sealed);
  EXPECT_FALSE(head->operation->payload.sealed);
  EXPECT_TRUE(decode_head(encode_head(*head))->revisions[0].payload.sealed);
}

TEST(Head, KeepsEveryField) {
  const Head head = *decode_head(encode_head(sample()));
  EXPECT_EQ(head.release, "web");
  EXPECT_EQ(head.ns, "demo");
  EXPECT_EQ(head.epoch, 7U);
  EXPECT_EQ(head.revision, 2);
  EXPECT_EQ(head.operation->id, "op");
  EXPECT_EQ(head.operation->kind, "rollback");
  EXPECT_EQ(head.operation->revision, 3);
  EXPECT_EQ(head.operation->target, 1);
  EXPECT_EQ(head.operation->holder, "host/1");
  EXPECT_EQ(head.operation->started, "2026-01-01T00:00:00Z");
  EXPECT_EQ(head.operation->field_manager, "fm");
  EXPECT_EQ(head.operation->source_commit, "abc");
  EXPECT_EQ(head.operation->description, "why");
  EXPECT_EQ(head.operation->plan_digest, "pd");
  EXPECT_EQ(head.revisions[0].failure, "broken");
  EXPECT_EQ(head.revisions[0].payload, sample().revisions[0].payload);
  Head full = sample();
  Revision& revision = full.revisions[0];
  revision.kind = "k";
  revision.target = 4;
  revision.started = "s";
  revision.finished = "f";
  revision.source_commit = "c";
  revision.description = "d";
  revision.plan_digest = "p";
  const Revision again = decode_head(encode_head(full))->revisions[0];
  EXPECT_EQ(again.revision, 2);
  EXPECT_EQ(again.kind + again.started + again.finished + again.source_commit + again.description +
                again.plan_digest,
            "ksfcdp");
  EXPECT_EQ(again.target, 4);
  EXPECT_EQ(again.counts.created, 1U);
  EXPECT_EQ(again.counts.configured, 2U);
  EXPECT_EQ(again.counts.unchanged, 3U);
}

TEST(Phases, WordsAndWhichAreUnfinished) {
  EXPECT_EQ(to_string(Phase::kRollingBack), "rolling-back");
  EXPECT_EQ(to_string(static_cast<Phase>(99)), "idle");
  for (const Phase phase : {Phase::kApplying, Phase::kCommitting, Phase::kRollingBack})
    EXPECT_TRUE(unfinished(phase));
  for (const Phase phase :
       {Phase::kIdle, Phase::kDeployed, Phase::kRolledBack, Phase::kRollbackIncomplete, Phase::kFailedKept}) {
    EXPECT_FALSE(unfinished(phase));
  }
}

TEST(Head, RefusesWhatItDoesNotUnderstand) {
  struct Row {
    const char* name;
    std::string bytes;
    const char* code;
  };
  auto edited = [](void (*edit)(model::Json&)) {
    auto json = *model::parse_json(encode_head(sample()));
    edit(json);
    return json.dump();
  };
  const std::vector<Row> rows = {
      {"newer", edited([](model::Json& json) { json["schema"] = 3; }), "record.newer"},
      {"sealed by nobody", edited([](model::Json& json) { json["schema"] = 2; }), "record.broken"},
      {"no schema", edited([](model::Json& json) { json.erase("schema"); }), "record.broken"},
      {"unknown phase", edited([](model::Json& json) { json["phase"] = "x"; }), "record.broken"},
      {"unfinished without operation", edited([](model::Json& json) { json.erase("operation"); }),
       "record.broken"},
      {"unknown result", edited([](model::Json& json) { json["revisions"][0]["result"] = "x"; }),
       "record.broken"},
      {"schema zero", edited([](model::Json& json) { json["schema"] = 0; }), "record.broken"},
      {"not json", "{", "record.broken"},
      {"not an object", "[]", "record.broken"},
      {"nothing", "", "record.broken"},
  };
  for (const Row& row : rows) {
    const auto head = decode_head(row.bytes);
    ASSERT_FALSE(head) << row.name;
    EXPECT_EQ(head.error().code->name, row.code) << row.name;
  }
}

TEST(Members, RoundTrip) {
  const std::vector<Member> members = {{{"apps", "v1", "Deployment"}, "demo", "d", "u1"},
                                       {{"", "v1", "Namespace"}, "", "n", "u2"}};
  EXPECT_EQ(*decode_members(*encode_members(members)), members);
  EXPECT_TRUE(decode_members(*encode_members({}))->empty());
  EXPECT_FALSE(decode_members("x"));
}

TEST(Members, NamesMayHoldBrackets) {
  const std::string odd = "\\\"" + std::string(400, '[') + "\"" + std::string(400, '{') + "\\";
  const std::vector<Member> members(3, {{"", "v1", "R"}, "", odd, ""});
  const auto again = decode_members(*encode_members(members));
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_EQ(*again, members);
}

TEST(Members, RefusesAListThatUnpacksToMore) {
  struct Row {
    const char* name;
    std::string plain;
  };
  std::string lists = "[[]";
  for (int i = 0; i < 100'000; ++i) lists += ",[]";
  const std::vector<Row> rows = {
      {"more bytes than a list may have", "[" + std::string(kMaxMembers - 1, ' ') + "]"},
      {"lists of nothing", lists + "]"},
      {"maps of nothing", "[{},{},{},{}]"},
      {"an object followed by lists of nothing", R"([["","v1","K","demo","a","u")" + lists.substr(3) + "]]"},
      {"an object without a kind", R"([["","v1","","demo","a","u"]])"},
      {"an object without a name", R"([["","v1","K","demo","","u"]])"},
      {"no list", R"({"0":["","v1","K","demo","a","u"]})"},
      {"half a list", R"([["","v1","K","demo","a","u"])"},
  };
  for (const Row& row : rows) {
    const auto members = decode_members(*compress(row.plain));
    ASSERT_FALSE(members) << row.name;
    EXPECT_EQ(members.error().code->name, "record.broken") << row.name;
  }
  const std::vector<Member> shortest(1000, {{"", "", "k"}, "", "n", ""});
  EXPECT_EQ(decode_members(*encode_members(shortest)), shortest);
}

// Names compress, UIDs do not, and what is packed has to fit into a Secret beside the history.
TEST(Members, RefusesToListMoreThanASecretHolds) {
  const auto list = [](int count) {
    std::mt19937_64 random(1);
    std::vector<Member> out;
    for (int i = 0; i < count; ++i) {
      out.push_back({{"", "v1", "ConfigMap"}, "default", "c" + std::to_string(i), std::to_string(random())});
    }
    return out;
  };
  const auto fits = encode_members(list(40'000));
  ASSERT_TRUE(fits);
  EXPECT_LE(fits->size(), kMaxMembersPacked);
  const auto more = encode_members(list(100'000));
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code->name, "record.too-large");
}

TEST(Members, RefusesToListMoreThanCouldBeRead) {
  const std::vector<Member> members(9, {{"", "v1", "K"}, "", std::string(std::size_t{1024} * 1024, 'n'), ""});
  const auto packed = encode_members(members);
  ASSERT_FALSE(packed);
  EXPECT_EQ(packed.error().code->name, "record.too-large");

  std::vector<Member> most = {{{"", "v1", "K"}, "", "", ""}};
  most[0].name.assign(kMaxMembers - std::string_view(R"([["","v1","K","","",""]])").size(), 'n');
  const auto all = encode_members(most);
  ASSERT_TRUE(all) << "as much as is read";
  EXPECT_EQ(decode_members(*all), most);
  most[0].name += 'n';
  EXPECT_FALSE(encode_members(most));
}

model::Object nested(int depth) {
  std::string text = "{\"kind\":\"K\",\"spec\":";
  for (int i = 0; i < depth; ++i) text += "[";
  for (int i = 0; i < depth; ++i) text += "]";
  return {*model::parse_json(text + "}")};
}

TEST(Payload, RoundTrips) {
  Payload payload;
  payload.operation = "op";
  payload.plan = {{"schema", 1}};
  payload.manifests = {nested(1), nested(2)};
  payload.saved.push_back({{"", "v1", "ConfigMap"}, {"", "ConfigMap", "demo", "a"}, std::nullopt, nested(3)});
  payload.saved.push_back({{"", "v1", "ConfigMap"}, {"", "ConfigMap", "demo", "b"}, nested(4), std::nullopt});
  payload.saved.push_back({{"", "v1", "ConfigMap"}, {"", "ConfigMap", "demo", "c"}, nested(5), nested(6)});
  const auto again = decode_payload(encode_payload(view(payload)));
  ASSERT_TRUE(again) << again.error().to_string();
  EXPECT_EQ(encode_payload(view(*again)), encode_payload(view(payload)));
  EXPECT_EQ(again->manifests, payload.manifests);
  EXPECT_EQ(again->saved[0].after, nested(3));
  EXPECT_FALSE(again->saved[0].before);
  EXPECT_EQ(again->saved[1].before, nested(4));
  EXPECT_EQ(again->saved[2].object.name, "c");
  EXPECT_EQ(again->plan, payload.plan);
  EXPECT_TRUE(again->unwell.empty());
  EXPECT_FALSE(again->under_way) << "as an earlier version wrote it";
}

TEST(Payload, IsReadHoweverItIsCut) {
  Payload payload;
  payload.operation = "op";
  payload.manifests = {nested(1), nested(2)};
  payload.saved.push_back({{"", "v1", "ConfigMap"}, {"", "ConfigMap", "demo", "a"}, nested(3), nested(4)});
  const std::string bytes = encode_payload(view(payload));
  for (std::size_t step = 1; step <= bytes.size(); ++step) {
    PayloadReader reader;
    for (std::size_t at = 0; at < bytes.size(); at += step)
      reader.add(std::string_view(bytes).substr(at, step));
    const auto again = std::move(reader).end();
    ASSERT_TRUE(again) << step << ": " << again.error().to_string();
    ASSERT_EQ(encode_payload(view(*again)), bytes) << step;
  }
}

TEST(Payload, KeepsWhatWasBrokenBefore) {
  Payload payload;
  payload.unwell = {{{"apps", "Deployment", "demo", "web"}, true, "CrashLoop", "exits with 1", 2}};
  payload.under_way = std::vector<model::ObjectRef>{{"", "Service", "demo", "gate"}};
  const auto again = decode_payload(encode_payload(view(payload)));
  ASSERT_TRUE(again) << again.error().to_string();
  ASSERT_EQ(again->unwell.size(), 1U);
  EXPECT_EQ(again->unwell[0].object, payload.unwell[0].object);
  EXPECT_TRUE(again->unwell[0].failed);
  EXPECT_EQ(again->unwell[0].reason, "CrashLoop");
  EXPECT_EQ(again->unwell[0].message, "exits with 1");
  EXPECT_EQ(again->unwell[0].ready, 2);
  EXPECT_EQ(again->under_way, payload.under_way);
  payload.under_way->clear();
  const auto none = decode_payload(encode_payload(view(payload)));
  ASSERT_TRUE(none) << none.error().to_string();
  EXPECT_EQ(none->under_way, payload.under_way);
}

TEST(Payload, ObjectsMayBeAsDeepAsTheParserAllows) {
  Payload payload;
  payload.manifests = {nested(99)};
  EXPECT_TRUE(decode_payload(encode_payload(view(payload))));
}

TEST(Payload, RefusesMissingAndSurplusObjects) {
  Payload payload;
  payload.manifests = {nested(1)};
  payload.saved.push_back({{"", "v1", "ConfigMap"}, {"", "ConfigMap", "demo", "a"}, nested(1), nested(2)});
  const std::string good = encode_payload(view(payload));
  EXPECT_FALSE(decode_payload(good.substr(0, good.rfind('\n'))));
  EXPECT_FALSE(decode_payload(good + "\n{}"));
  EXPECT_FALSE(decode_payload(""));
  EXPECT_TRUE(decode_payload(good));
  EXPECT_TRUE(decode_payload(good + "\n")) << "the last line may end as the others do";
  EXPECT_FALSE(decode_payload(good.substr(0, good.rfind('\n') + 1))) << "but it has to be there";
  const std::string header = good.substr(0, good.find('\n'));
  struct Row {
    const char* name;
    std::string bytes;
  };
  const std::vector<Row> rows = {
      {"a manifest that is no object", header + "\n[]\n{}\n{}"},
      {"a manifest that is no JSON", header + "\n{\n{}\n{}"},
      {"a saved state that is no object", header + "\n{}\n7\n{}"},
      {"the last one is no JSON", header + "\n{}\n{}\nx"},
      {"sealed heads' schema", R"({"schema":2,"manifests":0,"saved":[]})"},
      {"a saved object without a kind", R"({"schema":1,"saved":[{"object":["","v1","","demo","a",""]}]})"},
      {"a saved object without a name", R"({"schema":1,"saved":[{"object":["","v1","K","demo","",""]}]})"},
      {"more manifests than lines", R"({"schema":1,"manifests":1000000000000,"saved":[]})"},
  };
  for (const Row& row : rows) EXPECT_FALSE(decode_payload(row.bytes)) << row.name;
  const auto least = decode_payload(R"({"schema":1,"saved":[{"object":["g","v1","K","demo","a",""]}]})");
  ASSERT_TRUE(least);
  EXPECT_EQ(least->saved[0].gvk, (model::Gvk{"g", "v1", "K"}));
  EXPECT_EQ(least->saved[0].object, (model::ObjectRef{"g", "K", "demo", "a"}));
  EXPECT_TRUE(least->plan.is_null());
}

Revision revision(int number, Phase result = Phase::kDeployed, int target = 0) {
  Revision out;
  out.revision = number;
  out.result = result;
  out.target = target;
  return out;
}

TEST(LastGoodBefore, Table) {
  struct Row {
    const char* name;
    std::vector<Revision> revisions;
    int in_force;
    int expected;
  };
  const std::vector<Row> rows = {
      {"nothing", {}, 0, 0},
      {"first", {revision(1)}, 1, 0},
      {"plain", {revision(2), revision(1)}, 2, 1},
      {"failed one between", {revision(3), revision(2, Phase::kRolledBack), revision(1)}, 3, 1},
      {"failed one on top", {revision(3, Phase::kRolledBack), revision(2), revision(1)}, 2, 1},
      {"after a rollback to the first", {revision(3, Phase::kDeployed, 1), revision(2), revision(1)}, 3, 0},
      {"a rollback before the one in force",
       {revision(4), revision(3, Phase::kDeployed, 1), revision(2), revision(1)},
       4,
       3},
      {"after a rollback", {revision(4, Phase::kDeployed, 2), revision(3), revision(2), revision(1)}, 4, 1},
  };
  for (const Row& row : rows)
    EXPECT_EQ(last_good_before(row.revisions, row.in_force), row.expected) << row.name;
}

TEST(RollbackTarget, IsTheRevisionInForceWhenSomethingElseWasLeft) {
  struct Row {
    Phase phase;
    int expected;
  };
  for (const Row& row : std::vector<Row>{{Phase::kDeployed, 1},
                                         {Phase::kRolledBack, 1},
                                         {Phase::kFailedKept, 2},
                                         {Phase::kRollbackIncomplete, 2}}) {
    Head head;
    head.phase = row.phase;
    head.revision = 2;
    // An attempt to go back to the first revision.
    head.revisions = {revision(3, row.phase, 1), revision(2), revision(1)};
    if (row.phase == Phase::kDeployed) head.revisions.erase(head.revisions.begin());
    EXPECT_EQ(rollback_target(head), row.expected) << to_string(row.phase);
    head.revision = 0;
    head.revisions = {revision(1, row.phase)};
    if (row.phase == Phase::kDeployed) continue;
    EXPECT_EQ(rollback_target(head), 0) << to_string(row.phase);
  }
}

// What was undone since has put back what that had left.
TEST(RollbackTarget, AFailureThatWasLeftCountsUntilSomethingGoesWell) {
  Head head;
  head.phase = Phase::kRolledBack;
  head.revision = 2;
  head.revisions = {revision(4, Phase::kRolledBack), revision(3, Phase::kFailedKept), revision(2),
                    revision(1)};
  ASSERT_NE(left_as_failed(head), nullptr);
  EXPECT_EQ(left_as_failed(head)->revision, 3);
  EXPECT_EQ(rollback_target(head), 2);
  head.phase = Phase::kDeployed;
  head.revision = 5;
  head.revisions.insert(head.revisions.begin(), revision(5));
  EXPECT_EQ(left_as_failed(head), nullptr);
  EXPECT_EQ(rollback_target(head), 2);
  head.revisions.clear();
  EXPECT_EQ(left_as_failed(head), nullptr);
}

TEST(Expired, KeepsWhatARollbackNeeds) {
  std::vector<Revision> revisions;
  for (int i = 12; i >= 1; --i) revisions.push_back(revision(i));
  EXPECT_EQ(expired(revisions, 12, 10), (std::vector<int>{2, 1}));
  EXPECT_TRUE(expired(revisions, 12, 12).empty());

  // Many failures in a row must not push the good ones out.
  std::vector<Revision> failures;
  for (int i = 9; i >= 3; --i) failures.push_back(revision(i, Phase::kRolledBack));
  failures.push_back(revision(2));
  failures.push_back(revision(1));
  const auto gone = expired(failures, 2, 3);
  EXPECT_EQ(gone, (std::vector<int>{6, 5, 4, 3}));
  EXPECT_EQ(expired(revisions, 12, 0).size(), 10U) << "a limit of none still keeps what is needed";
  const std::vector<Revision> failed_between = {revision(3), revision(2, Phase::kRolledBack), revision(1)};
  EXPECT_EQ(expired(failed_between, 3, 0), std::vector<int>{2}) << "and a limit of none is one of one";
}

}  // namespace
}  // namespace instantexec::journal
