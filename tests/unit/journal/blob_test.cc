#include "journal/blob.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include <memory>
#include <random>

#include "base/digest.h"

namespace {

bool g_out_of_memory = false;

}  // namespace

// Stand before the library's own: the linker is told so (CMakeLists.txt).
extern "C" {
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming): the names are the linker's.
ZSTD_CCtx* __real_ZSTD_createCCtx();
ZSTD_CCtx* __wrap_ZSTD_createCCtx() {
  return g_out_of_memory ? nullptr : __real_ZSTD_createCCtx();
}
ZSTD_DCtx* __real_ZSTD_createDCtx();
ZSTD_DCtx* __wrap_ZSTD_createDCtx() {
  return g_out_of_memory ? nullptr : __real_ZSTD_createDCtx();
}
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)
}

namespace instantexec::journal {
namespace {

std::string noise(std::size_t size) {
  std::mt19937 engine(7);
  std::string out(size, '\0');
  for (char& c : out) c = static_cast<char>(engine() & 0xffU);
  return out;
}

TEST(Blob, ComesBack) {
  for (const std::string& bytes :
       {std::string(), std::string("x"), std::string(5'000'000, 'a'), noise(2'500'000)}) {
    const auto packed = pack(bytes, "instantexec.web.3");
    ASSERT_TRUE(packed);
    for (const std::string& piece : packed->pieces) EXPECT_LE(piece.size(), kMaxChunk);
    const auto again = unpack(packed->blob, packed->pieces);
    ASSERT_TRUE(again) << again.error().to_string();
    EXPECT_EQ(*again, bytes);
  }
}

TEST(Blob, IsTheSameHoweverItsBytesCome) {
  const std::string bytes = std::string(300'000, 'a') + noise(1'500'000);
  const auto whole = pack(bytes, "p");
  ASSERT_TRUE(whole);
  for (const std::size_t step : {std::size_t{1'000}, std::size_t{131'072}, std::size_t{1'000'000}}) {
    int asked = 0;
    const auto packed = pack(
        [&](const Sink& sink) {
          ++asked;
          for (std::size_t at = 0; at < bytes.size(); at += step)
            sink(std::string_view(bytes).substr(at, step));
        },
        "p");
    ASSERT_TRUE(packed) << step;
    EXPECT_EQ(asked, 2);
    EXPECT_EQ(packed->blob.size, bytes.size()) << step;
    EXPECT_EQ(packed->blob.digest, whole->blob.digest) << step;
    EXPECT_EQ(*unpack(packed->blob, packed->pieces), bytes) << step;
  }
}

TEST(Blob, ASourceThatDoesNotSayTheSameTwiceIsNotPacked) {
  for (const bool longer : {false, true}) {
    int asked = 0;
    const auto packed = pack(
        [&](const Sink& sink) {
          const bool again = asked++ > 0;
          sink(again == longer ? "more and more" : "more");
        },
        "p");
    ASSERT_FALSE(packed) << longer;
    EXPECT_EQ(packed.error().code->name, "internal") << longer;
  }
}

TEST(Blob, NothingIsPackedWithoutMemory) {
  const std::string good = *compress("text");
  g_out_of_memory = true;
  const auto frame = compress("text");
  const auto packed = pack("text", "p");
  const auto plain = decompress(good, 100);
  g_out_of_memory = false;
  ASSERT_FALSE(plain);
  EXPECT_EQ(plain.error().code->name, "internal");
  ASSERT_FALSE(frame);
  EXPECT_EQ(frame.error().code->name, "internal");
  EXPECT_NE(frame.error().message.find("out of memory"), std::string::npos) << frame.error().message;
  ASSERT_FALSE(packed);
  EXPECT_EQ(packed.error().code->name, "internal");
  EXPECT_TRUE(pack("text", "p"));
}

TEST(Blob, SplitsWhatDoesNotCompress) {
  const auto packed = pack(noise(2'500'000), "instantexec.web.3");
  ASSERT_EQ(packed->pieces.size(), 3U);
  EXPECT_EQ(packed->blob.chunks[2].name.substr(0, 20), "instantexec.web.3.2.");
  EXPECT_EQ(packed->blob.chunks[2].name.size(), 28U);
}

TEST(Blob, NamesDependOnTheContent) {
  EXPECT_NE(pack("a", "p")->blob.chunks[0].name, pack("b", "p")->blob.chunks[0].name);
  EXPECT_EQ(pack("a", "p")->blob.chunks[0].name, pack("a", "p")->blob.chunks[0].name);
}

TEST(Blob, RefusesWhatWasTamperedWith) {
  const auto good = pack(noise(2'000'000), "p");
  ASSERT_TRUE(good);
  struct Row {
    const char* name;
    void (*edit)(PackedBlob&);
  };
  const std::vector<Row> rows = {
      {"flipped bit", [](PackedBlob& blob) { blob.pieces[1][5] ^= 1; }},
      {"piece missing", [](PackedBlob& blob) { blob.pieces.pop_back(); }},
      {"piece and reference missing",
       [](PackedBlob& blob) {
         blob.pieces.pop_back();
         blob.blob.chunks.pop_back();
       }},
      {"pieces swapped", [](PackedBlob& blob) { std::swap(blob.pieces[0], blob.pieces[1]); }},
      {"pieces and digests swapped",
       [](PackedBlob& blob) {
         std::swap(blob.pieces[0], blob.pieces[1]);
         std::swap(blob.blob.chunks[0], blob.blob.chunks[1]);
       }},
      {"smaller size", [](PackedBlob& blob) { blob.blob.size -= 1; }},
      {"larger size", [](PackedBlob& blob) { blob.blob.size += 1; }},
      {"impossible size", [](PackedBlob& blob) { blob.blob.size = kMaxBlob + 1; }},
      {"other digest",
       [](PackedBlob& blob) { blob.blob.digest[0] = blob.blob.digest[0] == 'a' ? 'b' : 'a'; }},
  };
  for (const Row& row : rows) {
    PackedBlob bad = *good;
    row.edit(bad);
    const auto bytes = unpack(bad.blob, bad.pieces);
    ASSERT_FALSE(bytes) << row.name;
    EXPECT_EQ(bytes.error().code->name, "record.broken") << row.name;
  }
}

TEST(Blob, RefusesWhatIsTooLarge) {
  const std::string mebibyte(std::size_t{1} << 20U, 'x');
  const auto packed = pack(
      [&](const Sink& sink) {
        for (std::size_t i = 0; i < 256; ++i) sink(mebibyte);
        sink("x");
      },
      "p");
  ASSERT_FALSE(packed);
  EXPECT_EQ(packed.error().code->name, "record.too-large");
  EXPECT_NE(packed.error().message.find("257 MiB unpacked; at most 256"), std::string::npos)
      << packed.error().message;
}

TEST(Blob, TheSizeIsCheckedToTheByte) {
  EXPECT_TRUE(check_size(kMaxBlob));
  EXPECT_FALSE(check_size(kMaxBlob + 1));
  EXPECT_TRUE(check_size(7, 7));
  EXPECT_FALSE(check_size(8, 7));
}

TEST(Blob, TheLimitItselfIsAllowed) {
  const std::string bytes(1000, 'x');
  EXPECT_EQ(*decompress(*compress(bytes), 1000), bytes);
  EXPECT_FALSE(decompress(*compress(bytes), 999));
  const auto whole = pack(noise(kMaxChunk * 2 - 1000), "p");
  for (const std::string& piece : whole->pieces) EXPECT_FALSE(piece.empty());
  EXPECT_EQ(whole->blob.chunks[0].name, "p.0." + whole->blob.chunks[0].digest.substr(0, 8));
}

TEST(Blob, RefusesFramesThatAreNotWholeOrDoNotSayTheirSize) {
  struct Row {
    const char* name;
    std::string bytes;
  };
  const std::string good = *compress("some text, some text, some text");
  const std::vector<Row> rows = {
      {"no size", std::string("\x28\xb5\x2f\xfd\x00\x58\x09\x00\x00x", 10)},
      {"one byte less", good.substr(0, good.size() - 1)},
      {"one byte more", good + "x"},
      {"two of them", good + good},
      {"nothing", ""},
  };
  for (const Row& row : rows) {
    const auto plain = decompress(row.bytes, 1000);
    ASSERT_FALSE(plain) << row.name;
    EXPECT_EQ(plain.error().code->name, "record.broken") << row.name;
  }
}

TEST(Blob, ABombIsNotUnpacked) {
  std::string blanks;
  blanks.resize(50'000'000);
  const auto bomb = compress(blanks);
  ASSERT_TRUE(bomb);
  EXPECT_LT(bomb->size(), 10'000U);
  EXPECT_FALSE(decompress(*bomb, 1'000'000));
  EXPECT_FALSE(decompress("not zstd at all", 1'000'000));
  EXPECT_FALSE(decompress("", 1'000'000));
  EXPECT_FALSE(decompress(std::string_view(*bomb).substr(0, bomb->size() / 2), 100'000'000));
}

// The library unpacks such a frame through a buffer that is smaller than the frame.
std::string compressed_with_a_small_window(const std::string& bytes) {
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(), &ZSTD_freeCCtx);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_windowLog, 10);
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  out.resize(ZSTD_compress2(context.get(), out.data(), out.size(), bytes.data(), bytes.size()));
  return out;
}

TEST(Blob, AFrameWithMoreThanItSaysIsNotUnpackedToItsEnd) {
  constexpr std::size_t kSaid = 200'000;
  struct Row {
    const char* name;
    std::string frame;
    unsigned flags;       // after the magic number: four bytes of size follow, at once or after the window
    std::size_t size_at;  // where they are
  };
  const std::string bytes = noise(900'000);
  for (const Row& row : {Row{"held at once", *compress(bytes), 5U, 5},
                         Row{"held in part", compressed_with_a_small_window(bytes), 4U, 6}}) {
    std::string lie = row.frame;
    ASSERT_EQ(static_cast<unsigned char>(lie[4]) >> 5U, row.flags) << row.name;
    for (std::size_t i = 0; i < 4; ++i) lie[row.size_at + i] = static_cast<char>(kSaid >> (8 * i));
    ASSERT_EQ(ZSTD_getFrameContentSize(lie.data(), lie.size()), kSaid) << row.name;
    std::size_t seen = 0;
    Blob blob{{{"p.0", sha256_hex(lie)}}, kSaid, "", false};
    const auto done = unpack(blob, std::vector{lie}, [&](std::string_view piece) { seen += piece.size(); });
    ASSERT_FALSE(done) << row.name;
    EXPECT_EQ(done.error().code->name, "record.broken") << row.name;
    EXPECT_LE(seen, kSaid) << row.name;
  }
}

}  // namespace
}  // namespace instantexec::journal
