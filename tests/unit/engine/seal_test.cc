#include <gtest/gtest.h>

#include "base/digest.h"
#include "journal/secrets.h"
#include "unit/engine/world.h"

// Releases whose records are signed and encrypted.
namespace instantexec::engine {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

std::shared_ptr<const journal::Seal> seal(char letter,
                                          journal::Unsealed unsealed = journal::Unsealed::kRefuse) {
  return std::make_shared<const journal::Seal>(*journal::Seal::from_text(std::string(32, letter), unsealed));
}

void die_while_applying(World& world) {
  ASSERT_EQ(world.deploy_word({secret("s", "first-value")}), "deployed");
  world.server.faults.on_request = [](const sim::RequestInfo& info) {
    sim::Fault fault;
    if (info.verb == "apply" && !info.dry_run && info.ref.name == "s")
      fault.kind = sim::Fault::Kind::kDieAfterCommit;
    return fault;
  };
  EXPECT_THROW((void)world.deploy({secret("s", "second-value")}), Killed);
  world.server.faults.on_request = nullptr;
  world.restart();
}

TEST(Sealed, ADeployARollbackAndARecoveryNeedTheKey) {
  World world;
  world.options.seal = seal('k');
  die_while_applying(world);
  const Picture interrupted = world.picture();
  struct Row {
    const char* name;
    std::shared_ptr<const journal::Seal> seal;
    const char* word;
  };
  const std::vector<Row> rows = {{"no key", nullptr, "error: record.key-missing"},
                                 {"another key", seal('o'), "error: record.key-wrong"}};
  for (const Row& row : rows) {
    world.options.seal = row.seal;
    EXPECT_EQ(word(world.recover()), row.word) << row.name;
    EXPECT_EQ(world.deploy_word({secret("s", "third")}), row.word) << row.name;
    EXPECT_EQ(word(rollback(world.environment(), world.options, 0)), row.word) << row.name;
    EXPECT_EQ(differences(interrupted, world.picture()), "") << row.name;
  }
  world.options.seal = seal('k');
  EXPECT_EQ(word(world.recover()), "rolled_back");
  EXPECT_EQ(world.deploy_word({secret("s", "second-value")}), "deployed");
  EXPECT_EQ(word(rollback(world.environment(), world.options, 0)), "deployed");
  EXPECT_EQ(model::get_string(world.get("Secret", "s")->json, "/data/key"), base64_encode("first-value"));
}

TEST(Sealed, NoPieceShowsWhatItHolds) {
  World world;
  world.options.seal = seal('k');
  ASSERT_EQ(world.deploy_word({secret("s", "first-value")}), "deployed");
  const auto head = journal::read_head(*world.get("Secret", "instantexec.web"), world.options.seal.get());
  ASSERT_TRUE(head) << head.error().to_string();
  const journal::Blob& blob = head->revisions.at(0).payload;
  EXPECT_TRUE(blob.sealed);
  std::string packed;
  for (const auto& chunk : blob.chunks) packed += *journal::read_chunk(*world.get("Secret", chunk.name));
  EXPECT_FALSE(journal::decompress(packed, journal::kMaxBlob)) << "not even that it is compressed";
}

TEST(Sealed, ARecordFromBeforeTheKeyIsAcceptedOnlyWhenAskedTo) {
  World world;
  ASSERT_EQ(world.deploy_word({config("a", "1")}), "deployed");
  world.options.seal = seal('k');
  EXPECT_EQ(world.deploy_word({config("a", "2")}), "error: record.unsealed");
  world.options.seal = seal('k', journal::Unsealed::kAccept);
  EXPECT_EQ(world.deploy_word({config("a", "2")}), "deployed");
  world.options.seal = seal('k');
  EXPECT_EQ(word(rollback(world.environment(), world.options, 1)), "deployed")
      << "to a revision that is not encrypted";
  EXPECT_EQ(model::get_string(world.get("ConfigMap", "a")->json, "/data/key"),
            model::get_string(config("a", "1").json, "/data/key"));
}

// Somebody with the right to write Secrets puts the record of a release without a key in its place.
TEST(Sealed, AForgedRecordChangesNothing) {
  World world;
  world.options.seal = seal('k');
  die_while_applying(world);
  const model::Object stored = *world.get("Secret", "instantexec.web");
  auto head = *journal::read_head(stored, world.options.seal.get());
  const Picture before = world.picture();
  struct Row {
    const char* name;
    void (*forge)(journal::Head&, model::Object&);
    const char* word;
  };
  const std::vector<Row> rows = {
      {"without the seal",
       [](journal::Head& forged, model::Object& secret) {
         secret.json["data"] = journal::head_secret(forged)->json["data"];
       },
       "error: record.unsealed"},
      {"another phase under the old signature",
       [](journal::Head& forged, model::Object& secret) {
         forged.phase = journal::Phase::kCommitting;
         secret.json["data"]["head"] = base64_encode(journal::encode_head(forged));
       },
       "error: record.tampered"},
      {"other objects under the old signature",
       [](journal::Head&, model::Object& secret) {
         secret.json["data"]["members"] =
             base64_encode(*journal::encode_members({{{"", "v1", "Secret"}, "default", "x", "u"}}));
       },
       "error: record.tampered"},
  };
  for (const Row& row : rows) {
    journal::Head forged = head;
    model::Object secret = stored;
    row.forge(forged, secret);
    secret.json["metadata"].erase("resourceVersion");
    ASSERT_TRUE(world.server.act(ReplaceRequest{secret, "someone", false}).ok()) << row.name;
    EXPECT_EQ(word(world.recover()), row.word) << row.name;
    EXPECT_EQ(differences(before, world.picture()), "") << row.name;
  }
}

}  // namespace
}  // namespace instantexec::engine
