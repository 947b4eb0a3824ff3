#include "journal/seal.h"

#include <gtest/gtest.h>

#include "base/digest.h"
#include "journal/blob.h"
#include "journal/secrets.h"

namespace instantexec::journal {
namespace {

Seal seal(const std::string& key = std::string(32, 'k'), Unsealed unsealed = Unsealed::kRefuse) {
  return *Seal::from_text(key, unsealed);
}

Head sample() {
  Head head;
  head.release = "web";
  head.ns = "demo";
  head.phase = Phase::kDeployed;
  head.revision = 1;
  Revision revision;
  revision.revision = 1;
  revision.payload = pack("{}", "instantexec.web.1", nullptr)->blob;
  head.revisions = {revision};
  head.members = {{{"", "v1", "ConfigMap"}, "demo", "c", "u"}};
  return head;
}

std::string code_of(const Result<Head>& head) {
  return head ? "" : std::string(head.error().code->name);
}

TEST(Seal, TakesKeysThatAreLongEnough) {
  struct Row {
    const char* name;
    std::string text;
    bool good;
  };
  const std::vector<Row> rows = {
      {"nothing", "", false},
      {"short", std::string(31, 'k'), false},
      {"short with white space", " " + std::string(31, 'k') + "\n", false},
      {"shortest", std::string(32, 'k'), true},
      {"long", std::string(5000, 'k'), true},
  };
  for (const Row& row : rows) {
    const auto made = Seal::from_text(row.text);
    EXPECT_EQ(made.has_value(), row.good) << row.name;
    if (made) continue;
    EXPECT_EQ(made.error().code->name, "record.key-invalid") << row.name;
    EXPECT_EQ(made.error().to_string().find("kkk"), std::string::npos) << "the key is not repeated";
  }
  EXPECT_EQ(seal().id(), seal(" " + std::string(32, 'k') + "\n").id()) << "white space does not count";
  EXPECT_NE(seal().id(), seal(std::string(33, 'k')).id());
  EXPECT_EQ(seal().id().size(), 16U);
}

TEST(Seal, EncryptsTheSameToTheSame) {
  const std::string text = "password";
  const std::string encrypted = seal().encrypt(text);
  EXPECT_EQ(encrypted, seal().encrypt(text));
  EXPECT_EQ(encrypted.find(text), std::string::npos);
  EXPECT_NE(encrypted.substr(0, 12), seal().encrypt("passwore").substr(0, 12)) << "never a nonce twice";
  EXPECT_EQ(*seal().decrypt(encrypted), text);
  EXPECT_EQ(*seal().decrypt(seal().encrypt("")), "");
  EXPECT_FALSE(seal(std::string(33, 'k')).decrypt(encrypted));
  EXPECT_NE(seal().digest(text), sha256_hex(text)) << "who guesses the content cannot check it";
  EXPECT_EQ(seal().digest(text), seal().digest(text));
  EXPECT_NE(seal().digest(text), seal(std::string(33, 'k')).digest(text));
}

TEST(Seal, EveryByteOfWhatIsEncryptedCounts) {
  const std::string encrypted = seal().encrypt("some bytes");
  for (std::size_t i = 0; i < encrypted.size(); ++i) {
    std::string other = encrypted;
    other[i] = static_cast<char>(other[i] ^ 1);
    EXPECT_FALSE(seal().decrypt(other)) << i;
    EXPECT_FALSE(seal().decrypt(encrypted.substr(0, i))) << i;
  }
}

TEST(Seal, SignsBothPartsAndWhereTheyMeet) {
  EXPECT_EQ(seal().sign("ab", "c"), seal().sign("ab", "c"));
  EXPECT_NE(seal().sign("ab", "c"), seal().sign("a", "bc"));
  EXPECT_NE(seal().sign("ab", "c"), seal().sign("ab", "d"));
  EXPECT_NE(seal().sign("ab", "c"), seal(std::string(33, 'k')).sign("ab", "c"));
}

TEST(SealedBlob, ComesBackWithItsKeyOnly) {
  const std::string bytes(3'000'000, 'a');
  const Seal key = seal();
  const auto packed = pack(bytes, "p", &key);
  ASSERT_TRUE(packed);
  EXPECT_TRUE(packed->blob.sealed);
  EXPECT_NE(packed->blob.digest, sha256_hex(bytes));
  EXPECT_EQ(*unpack(packed->blob, packed->pieces, &key), bytes);
  EXPECT_EQ(unpack(packed->blob, packed->pieces).error().code->name, "record.key-missing");
  const Seal other = seal(std::string(40, 'o'));
  EXPECT_EQ(unpack(packed->blob, packed->pieces, &other).error().code->name, "record.tampered");
}

TEST(SealedBlob, OneWrittenBeforeTheKeyCanBeRead) {
  const auto plain = pack("bytes", "p");
  const Seal key = seal();
  EXPECT_FALSE(plain->blob.sealed);
  EXPECT_EQ(*unpack(plain->blob, plain->pieces, &key), "bytes");
}

// With digests that fit, as a forger of the head would write them.
TEST(SealedBlob, EveryByteCounts) {
  const Seal key = seal();
  const auto packed = pack("{\"small\":1}", "p", &key);
  ASSERT_EQ(packed->pieces.size(), 1U);
  for (std::size_t i = 0; i < packed->pieces[0].size(); ++i) {
    PackedBlob bad = *packed;
    bad.pieces[0][i] = static_cast<char>(bad.pieces[0][i] ^ 0x10);
    bad.blob.chunks[0].digest = sha256_hex(bad.pieces[0]);
    const auto bytes = unpack(bad.blob, bad.pieces, &key);
    ASSERT_FALSE(bytes) << i;
    EXPECT_EQ(bytes.error().code->name, "record.tampered") << i;
  }
}

TEST(SealedHead, RoundTrips) {
  const Seal key = seal();
  const auto secret = head_secret(sample(), &key);
  ASSERT_TRUE(secret);
  const auto head = read_head(*secret, &key);
  ASSERT_TRUE(head) << head.error().to_string();
  EXPECT_EQ(head->sealed_by, key.id());
  EXPECT_EQ(head->members, sample().members);
  EXPECT_EQ(head->revisions[0].payload, sample().revisions[0].payload);
  EXPECT_EQ(*head_secret(*head, &key), *secret) << "the same content is the same Secret";
}

TEST(SealedHead, SaysWhatIsWrongWithTheKey) {
  const Seal key = seal();
  const Seal other = seal(std::string(40, 'o'));
  const Seal lenient = seal(std::string(32, 'k'), Unsealed::kAccept);
  const auto sealed = *head_secret(sample(), &key);
  const auto plain = *head_secret(sample());
  struct Row {
    const char* name;
    const model::Object& secret;
    const Seal* seal;
    const char* code;
  };
  const std::vector<Row> rows = {
      {"no seal and no key", plain, nullptr, ""},
      {"sealed and its key", sealed, &key, ""},
      {"sealed and no key", sealed, nullptr, "record.key-missing"},
      {"sealed and another key", sealed, &other, "record.key-wrong"},
      {"a key and no seal", plain, &key, "record.unsealed"},
      {"a key and no seal, accepted", plain, &lenient, ""},
      {"sealed and its key, when no seal is accepted too", sealed, &lenient, ""},
  };
  for (const Row& row : rows) EXPECT_EQ(code_of(read_head(row.secret, row.seal)), row.code) << row.name;
}

TEST(SealedHead, IsNewerToProgramsThatKnowNoSeals) {
  const Seal key = seal();
  const auto secret = *head_secret(sample(), &key);
  const auto json = model::parse_json(*base64_decode(model::get_string(secret.json, "/data/head")));
  EXPECT_EQ(model::get_int(*json, "/schema"), 2);
  const auto plain = *head_secret(sample());
  const auto without = model::parse_json(*base64_decode(model::get_string(plain.json, "/data/head")));
  EXPECT_EQ(model::get_int(*without, "/schema"), 1) << "without a key the format is what it was";
  EXPECT_EQ(plain.json["data"].size(), 2U);
}

TEST(SealedHead, TheSealGoesWithTheKeyThatWrites) {
  const Seal key = seal();
  const Seal lenient = seal(std::string(32, 'k'), Unsealed::kAccept);
  const auto adopted = *read_head(*head_secret(sample()), &lenient);
  EXPECT_EQ(adopted.sealed_by, "");
  EXPECT_EQ(code_of(read_head(*head_secret(adopted, &lenient), &key)), "");
}

TEST(SealedHead, EveryByteCounts) {
  const Seal key = seal();
  const auto good = *head_secret(sample(), &key);
  for (const char* part : {"head", "members", "signature"}) {
    const std::string bytes = *base64_decode(model::get_string(good.json, std::string("/data/") + part));
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      std::string other = bytes;
      other[i] = static_cast<char>(other[i] ^ 1);
      auto bad = good;
      bad.json["data"][part] = base64_encode(other);
      EXPECT_FALSE(read_head(bad, &key)) << part << " byte " << i;
    }
    auto bad = good;
    bad.json["data"].erase(part);
    EXPECT_FALSE(read_head(bad, &key)) << part;
  }
  auto unsigned_one = good;
  unsigned_one.json["data"].erase("signature");
  EXPECT_EQ(code_of(read_head(unsigned_one, &key)), "record.tampered");
  auto from_another = good;
  from_another.json["data"]["signature"] = base64_encode(key.sign("", ""));
  EXPECT_EQ(code_of(read_head(from_another, &key)), "record.tampered");
}

}  // namespace
}  // namespace instantexec::journal
