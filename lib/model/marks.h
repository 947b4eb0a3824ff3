#pragma once

#include <string_view>

// Names this program writes on objects. Frozen: objects in clusters carry them.
namespace instantexec::model::marks {

// Label on every object of a release and on its records; the value is the release's name.
inline constexpr std::string_view kRelease = "instantexec.dev/release";
// Label on objects outside the release's own namespace: where the release's records are.
inline constexpr std::string_view kReleaseNamespace = "instantexec.dev/release-namespace";
// Annotation on objects that an operation created: the operation's id, so that an undo after a crash knows
// its own. Stays as it is while the object lives. Manifests never hold it and comparisons leave it out, so it
// causes no write by itself.
inline constexpr std::string_view kCreatedBy = "instantexec.dev/created-by";
// Annotation a user puts on an object: "true" keeps it when it is no longer part of the release.
inline constexpr std::string_view kKeep = "instantexec.dev/keep";
// Label on records: "head" or "chunk".
inline constexpr std::string_view kRecord = "instantexec.dev/record";
// Label on chunks: the revision they belong to.
inline constexpr std::string_view kRevision = "instantexec.dev/revision";

}  // namespace instantexec::model::marks
