#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "journal/record.h"
#include "model/object.h"

// Records as Kubernetes Secrets. Secrets, because saved states contain Secret data: encryption at rest and
// access rules are usually set up for them, and audit policies leave their bodies out.
namespace instantexec::journal {

// "instantexec.<release>".
[[nodiscard]] std::string head_name(std::string_view release);
// "instantexec-<release>".
[[nodiscard]] std::string lease_name(std::string_view release);
// "instantexec.<release>.<revision>", what the names of its chunks begin with.
[[nodiscard]] std::string chunk_prefix(std::string_view release, int revision);

// The Secret for the head, without resourceVersion; signed when there is a seal.
[[nodiscard]] Result<model::Object> head_secret(const Head& head, const Seal* seal = nullptr);
// Reads it; members included. Errors record.newer, record.broken; of a sealed one record.key-missing,
// record.key-wrong and record.tampered; and record.unsealed when there is a seal that wants all to be sealed.
[[nodiscard]] Result<Head> read_head(const model::Object& secret, const Seal* seal = nullptr);

// One immutable Secret for a piece; owned by the head, so that it goes with it.
[[nodiscard]] model::Object chunk_secret(const Head& head, const model::Object& head_secret, int revision,
                                         const ChunkRef& chunk, std::string_view piece);
// The piece in it. Error record.broken.
[[nodiscard]] Result<std::string> read_chunk(const model::Object& secret);

}  // namespace instantexec::journal
