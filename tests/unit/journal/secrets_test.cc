#include "journal/secrets.h"

#include <gtest/gtest.h>

namespace instantexec::journal {
namespace {

Head sample() {
  Head head;
  head.release = "web";
  head.ns = "demo";
  head.members = {{{"", "v1", "ConfigMap"}, "demo", "c", "u"}};
  return head;
}

TEST(HeadSecret, RoundTrips) {
  const auto secret = head_secret(sample());
  ASSERT_TRUE(secret);
  EXPECT_EQ(secret->name(), "instantexec.web");
  EXPECT_EQ(secret->ns(), "demo");
  EXPECT_EQ(secret->labels().at("instantexec.dev/record"), "head");
  const auto head = read_head(*secret);
  ASSERT_TRUE(head) << head.error().to_string();
  EXPECT_EQ(head->members, sample().members);
}

TEST(HeadSecret, OnlyInItsPlace) {
  struct Row {
    const char* name;
    void (*edit)(model::Json&);
  };
  const std::vector<Row> rows = {
      {"copied to another namespace", [](model::Json& json) { json["metadata"]["namespace"] = "other"; }},
      {"copied to another release", [](model::Json& json) { json["metadata"]["name"] = "instantexec.api"; }},
      {"type", [](model::Json& json) { json["type"] = "Opaque"; }},
      {"no head", [](model::Json& json) { json["data"].erase("head"); }},
      {"no members", [](model::Json& json) { json["data"].erase("members"); }},
      {"not base64", [](model::Json& json) { json["data"]["head"] = "%"; }},
      {"members that are not compressed", [](model::Json& json) { json["data"]["members"] = "eA=="; }},
      {"not text", [](model::Json& json) { json["data"]["head"] = 1; }},
      {"no data", [](model::Json& json) { json.erase("data"); }},
  };
  for (const Row& row : rows) {
    auto secret = *head_secret(sample());
    row.edit(secret.json);
    const auto head = read_head(secret);
    ASSERT_FALSE(head) << row.name;
    EXPECT_EQ(head.error().code->name, "record.broken") << row.name;
  }
}

TEST(HeadSecret, IsNotMadeForMoreObjectsThanAreRead) {
  Head head = sample();
  head.members.resize(9, head.members[0]);
  for (Member& member : head.members) member.name = std::string(std::size_t{1} << 20U, 'n');
  const auto secret = head_secret(head);
  ASSERT_FALSE(secret);
  EXPECT_EQ(secret.error().code->name, "record.too-large");
}

TEST(Names, AreMadeOfTheRelease) {
  EXPECT_EQ(head_name("web"), "instantexec.web");
  EXPECT_EQ(lease_name("web"), "instantexec-web");
  EXPECT_EQ(chunk_prefix("web", 12), "instantexec.web.12");
}

TEST(ChunkSecret, IsImmutableAndOwnedByTheHead) {
  auto head = *head_secret(sample());
  head.json["metadata"]["uid"] = "head-uid";
  const std::string piece("\x00\xff bytes", 8);
  const auto secret = chunk_secret(sample(), head, 3, {"instantexec.web.3.0.aa", "d"}, piece);
  EXPECT_EQ(secret.name(), "instantexec.web.3.0.aa");
  EXPECT_TRUE(model::get_bool(secret.json, "/immutable"));
  EXPECT_EQ(model::get_string(secret.json, "/metadata/ownerReferences/0/uid"), "head-uid");
  EXPECT_EQ(secret.labels().at("instantexec.dev/revision"), "3");
  EXPECT_EQ(*read_chunk(secret), piece);
  EXPECT_EQ(secret.kind(), "Secret");
  EXPECT_EQ(secret.ns(), "demo");
  EXPECT_EQ(secret.labels().at("instantexec.dev/record"), "chunk");
  EXPECT_EQ(secret.labels().at("instantexec.dev/release"), "web");
  EXPECT_EQ(model::get_string(secret.json, "/metadata/ownerReferences/0/name"), "instantexec.web");
  auto other = secret;
  other.json["type"] = "Opaque";
  const auto refused = read_chunk(other);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("demo/instantexec.web.3.0.aa"), std::string::npos)
      << refused.error().message;
}

}  // namespace
}  // namespace instantexec::journal
