#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace instantexec::kube {

struct CachedDocument {
  std::string etag;
  Timestamp fetched;
  std::string body;
};

// Documents of one server on disk, in a folder only its owner can read (0700, files 0600). Reading never
// fails: what is missing, damaged, foreign or too old is not there. Writing is atomic, and its failures are
// of no consequence.
class DiscoveryCache {
 public:
  // Nothing is kept.
  DiscoveryCache() = default;
  // `root` is the folder of all servers; `server` its URL. An empty root keeps nothing.
  DiscoveryCache(const std::string& root, std::string_view server);

  // `path` as in the request: "/apis".
  [[nodiscard]] std::optional<CachedDocument> load(std::string_view path) const;
  void store(std::string_view path, const CachedDocument& document) const;

 private:
  [[nodiscard]] std::string file_for(std::string_view path) const;
  std::string folder_;
};

}  // namespace instantexec::kube
