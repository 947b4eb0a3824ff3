#include "journal/blob.h"

#include <fmt/format.h>
#include <zstd.h>

#include <array>
#include <memory>

#include "base/digest.h"
#include "journal/errors.h"

namespace instantexec::journal {
namespace {

// Fast; records are mostly repetition, which every level finds.
constexpr int kLevel = 3;
constexpr std::size_t kOutput = std::size_t{64} * 1024;

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

// One frame that says how much it holds, made while the bytes come.
class Compressor {
 public:
  explicit Compressor(std::size_t size) : context_(ZSTD_createCCtx()) {
    if (context_ == nullptr) return;
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, kLevel);
    ZSTD_CCtx_setPledgedSrcSize(context_.get(), size);
    problem_ = nullptr;
  }

  void add(std::string_view bytes) { feed(bytes, ZSTD_e_continue); }

  Result<std::string> end() && {
    feed({}, ZSTD_e_end);
    if (problem_ != nullptr)
      return fail(instantexec::errors::kInternal, fmt::format("compressing a record: {}", problem_));
    return std::move(out_);
  }

 private:
  void feed(std::string_view bytes, ZSTD_EndDirective directive) {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    bool more = true;
    while (more && problem_ == nullptr) {
      ZSTD_outBuffer piece{buffer_.data(), buffer_.size(), 0};
      const std::size_t left = ZSTD_compressStream2(context_.get(), &piece, &in, directive);
      if (ZSTD_isError(left) != 0U) problem_ = ZSTD_getErrorName(left);
      out_.append(buffer_.data(), piece.pos);
      more = directive == ZSTD_e_end ? left > 0 : in.pos < in.size;
    }
  }

  std::unique_ptr<ZSTD_CCtx, FreeContext> context_;
  std::array<char, kOutput> buffer_{};
  std::string out_;
  const char* problem_ = "out of memory";
};

// One frame of at most `limit` bytes.
Status decompress(std::string_view bytes, std::size_t limit, const Sink& sink) {
  // The frame says how much it holds; nothing is reserved on its word alone.
  const unsigned long long claimed = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
  if (claimed == ZSTD_CONTENTSIZE_ERROR || claimed == ZSTD_CONTENTSIZE_UNKNOWN || claimed > limit) {
    return fail(errors::kBroken, "a record is not compressed data of the expected size");
  }
  const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  if (context == nullptr) return fail(instantexec::errors::kInternal, "unpacking a record: out of memory");
  std::array<char, kOutput> buffer{};
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  std::size_t left = 1;
  std::size_t written = 0;
  while (left != 0) {
    ZSTD_outBuffer piece{buffer.data(), buffer.size(), 0};
    const std::size_t before = in.pos;
    left = ZSTD_decompressStream(context.get(), &piece, &in);
    written += piece.pos;
    // The library compares what it unpacked with what the frame says only at its end.
    const bool stuck = left != 0 && in.pos == before && piece.pos == 0;
    if (ZSTD_isError(left) != 0U || stuck || written > claimed) {
      return fail(errors::kBroken, "a record cannot be unpacked");
    }
    sink({buffer.data(), piece.pos});
  }
  if (in.pos != in.size) return fail(errors::kBroken, "a record has something after its end");
  return {};
}

Digest digest_with(const Seal* seal) {
  return seal == nullptr ? Digest::sha256() : seal->begin_digest();
}

}  // namespace

Status check_size(std::size_t unpacked, std::size_t limit) {
  if (unpacked <= limit) return {};
  constexpr std::size_t kMebibyte = std::size_t{1} << 20U;
  return fail(errors::kTooLarge, fmt::format("the record has {} MiB unpacked; at most {} are kept",
                                             (unpacked + kMebibyte - 1) / kMebibyte, limit / kMebibyte));
}

Result<std::string> compress(std::string_view bytes) {
  Compressor compressor(bytes.size());
  compressor.add(bytes);
  return std::move(compressor).end();
}

Result<std::string> decompress(std::string_view bytes, std::size_t limit) {
  std::string out;
  IE_TRY(decompress(bytes, limit, [&out](std::string_view piece) { out += piece; }));
  return out;
}

Result<PackedBlob> pack(const Source& source, std::string_view prefix, const Seal* seal) {
  PackedBlob out;
  Digest whole = digest_with(seal);
  source([&](std::string_view bytes) {
    out.blob.size += bytes.size();
    whole.add(bytes);
  });
  IE_TRY(check_size(out.blob.size));
  out.blob.digest = std::move(whole).hex();
  out.blob.sealed = seal != nullptr;
  Compressor compressor(out.blob.size);
  source([&](std::string_view bytes) { compressor.add(bytes); });
  IE_TRY_ASSIGN(std::string packed, std::move(compressor).end());
  if (seal != nullptr) packed = seal->encrypt(packed);
  for (std::size_t at = 0; at < packed.size(); at += kMaxChunk) {
    std::string piece = packed.substr(at, kMaxChunk);
    std::string digest = sha256_hex(piece);
    std::string name = fmt::format("{}.{}.{}", prefix, out.pieces.size(), digest.substr(0, 8));
    out.blob.chunks.push_back({std::move(name), std::move(digest)});
    out.pieces.push_back(std::move(piece));
  }
  return out;
}

Result<PackedBlob> pack(std::string_view bytes, std::string_view prefix, const Seal* seal) {
  return pack([bytes](const Sink& sink) { sink(bytes); }, prefix, seal);
}

Status unpack(const Blob& blob, std::span<const std::string> pieces, const Sink& sink, const Seal* seal) {
  if (blob.size > kMaxBlob || pieces.size() != blob.chunks.size()) {
    return fail(errors::kBroken, "a record has pieces missing or claims an impossible size");
  }
  std::string packed;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (sha256_hex(pieces[i]) != blob.chunks[i].digest) {
      return fail(errors::kBroken, fmt::format("Secret {} does not match its digest", blob.chunks[i].name));
    }
    packed += pieces[i];
  }
  if (blob.sealed && seal == nullptr) return fail(errors::kKeyMissing, "the saved state is encrypted");
  if (blob.sealed) {
    auto plain = seal->decrypt(packed);
    if (!plain) return fail(errors::kTampered, "the saved state was not encrypted under this key");
    packed = std::move(*plain);
  }
  Digest whole = digest_with(blob.sealed ? seal : nullptr);
  std::size_t size = 0;
  IE_TRY(decompress(packed, blob.size, [&](std::string_view bytes) {
    size += bytes.size();
    whole.add(bytes);
    sink(bytes);
  }));
  if (size != blob.size || std::move(whole).hex() != blob.digest) {
    return fail(errors::kBroken, "an unpacked record does not match its digest");
  }
  return {};
}

Result<std::string> unpack(const Blob& blob, std::span<const std::string> pieces, const Seal* seal) {
  std::string out;
  IE_TRY(unpack(
      blob, pieces, [&out](std::string_view bytes) { out += bytes; }, seal));
  return out;
}

}  // namespace instantexec::journal
