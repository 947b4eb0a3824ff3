#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "journal/seal.h"

// Bytes of any length as pieces that fit into Secrets: compressed, split, and checked by digests on the way
// back.
namespace instantexec::journal {

// A Secret holds 1 MiB; its metadata takes part of it.
inline constexpr std::size_t kMaxChunk = std::size_t{900} * 1024;
// Unpacked bytes a record may have; more is refused on both ways.
inline constexpr std::size_t kMaxBlob = std::size_t{256} * 1024 * 1024;

// Error record.too-large for more than `limit` unpacked bytes.
[[nodiscard]] Status check_size(std::size_t unpacked, std::size_t limit = kMaxBlob);

struct ChunkRef {
  std::string name;      // of the Secret
  std::string digest;    // SHA-256 of the piece
  std::string uid = {};  // of the Secret, once it is stored; empty in records of earlier versions
  friend bool operator==(const ChunkRef&, const ChunkRef&) = default;
};

// Where the bytes are and what they must be.
struct Blob {
  std::vector<ChunkRef> chunks;
  std::size_t size = 0;  // unpacked
  std::string digest;    // SHA-256 of the unpacked bytes; of a sealed one Seal::digest
  bool sealed = false;   // encrypted
  friend bool operator==(const Blob&, const Blob&) = default;
};

struct PackedBlob {
  Blob blob;
  std::vector<std::string> pieces;  // parallel to blob.chunks
};

// Takes bytes in order, some at a time.
using Sink = std::function<void(std::string_view)>;
// Gives its bytes to a sink; the same ones each time it is asked.
using Source = std::function<void(const Sink&)>;

// Packs with zstd, and encrypts when there is a seal. Pieces are named `prefix`.<index>.<first 8 digits of
// their digest>, so that different contents never share a name. The source is asked twice, for the size has
// to be known first; its bytes are never in memory all at once. Error record.too-large.
[[nodiscard]] Result<PackedBlob> pack(const Source& source, std::string_view prefix,
                                      const Seal* seal = nullptr);
[[nodiscard]] Result<PackedBlob> pack(std::string_view bytes, std::string_view prefix,
                                      const Seal* seal = nullptr);

// The bytes again. Errors record.broken when a piece, the size or a digest does not match; never unpacks more
// than blob.size or kMaxBlob bytes. Of a sealed one also record.key-missing and record.tampered. The sink
// gets them as they are unpacked, so what it got counts only when there is no error.
[[nodiscard]] Status unpack(const Blob& blob, std::span<const std::string> pieces, const Sink& sink,
                            const Seal* seal = nullptr);
[[nodiscard]] Result<std::string> unpack(const Blob& blob, std::span<const std::string> pieces,
                                         const Seal* seal = nullptr);

// One piece without name or digest, for small data inside another record.
[[nodiscard]] Result<std::string> compress(std::string_view bytes);
[[nodiscard]] Result<std::string> decompress(std::string_view bytes, std::size_t limit);

}  // namespace instantexec::journal
