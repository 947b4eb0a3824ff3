#include "journal/blob.h"

#include <fmt/format.h>
#include <zstd.h>

#include "base/digest.h"
#include "journal/errors.h"

namespace instantexec::journal {
namespace {

// Fast; records are mostly repetition, which every level finds.
constexpr int kLevel = 3;

std::string digest_of(std::string_view bytes, const Seal* seal) {
  return seal == nullptr ? sha256_hex(bytes) : seal->digest(bytes);
}

}  // namespace

Result<std::string> compress(std::string_view bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  const std::size_t size = ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), kLevel);
  if (ZSTD_isError(size) != 0U) {
    return fail(instantexec::errors::kInternal,
                fmt::format("compressing a record: {}", ZSTD_getErrorName(size)));
  }
  out.resize(size);
  return out;
}

Result<std::string> decompress(std::string_view bytes, std::size_t limit) {
  // The frame says how much it holds; nothing is reserved on its word alone.
  const unsigned long long claimed = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
  if (claimed == ZSTD_CONTENTSIZE_ERROR || claimed == ZSTD_CONTENTSIZE_UNKNOWN || claimed > limit) {
    return fail(errors::kBroken, "a record is not compressed data of the expected size");
  }
  std::string out(static_cast<std::size_t>(claimed), '\0');
  const std::size_t size = ZSTD_decompress(out.data(), out.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(size) != 0U) return fail(errors::kBroken, "a record cannot be unpacked");
  out.resize(size);
  return out;
}

Result<PackedBlob> pack(std::string_view bytes, std::string_view prefix, const Seal* seal) {
  if (bytes.size() > kMaxBlob) {
    return fail(errors::kTooLarge, fmt::format("the record has {} MiB unpacked; at most {} are kept",
                                               bytes.size() >> 20U, kMaxBlob >> 20U));
  }
  IE_TRY_ASSIGN(std::string packed, compress(bytes));
  PackedBlob out;
  out.blob.size = bytes.size();
  out.blob.sealed = seal != nullptr;
  out.blob.digest = digest_of(bytes, seal);
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

Result<std::string> unpack(const Blob& blob, std::span<const std::string> pieces, const Seal* seal) {
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
  IE_TRY_ASSIGN(std::string bytes, decompress(packed, blob.size));
  if (bytes.size() != blob.size || digest_of(bytes, blob.sealed ? seal : nullptr) != blob.digest) {
    return fail(errors::kBroken, "an unpacked record does not match its digest");
  }
  return bytes;
}

}  // namespace instantexec::journal
