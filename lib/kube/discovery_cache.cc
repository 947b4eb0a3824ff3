#include "kube/discovery_cache.h"

#include "base/digest.h"
#include "model/object.h"
#include "os/files.h"

namespace instantexec::kube {
namespace {

// Two bodies for one path would otherwise be told apart by their age only.
constexpr int kFormat = 1;

}  // namespace

DiscoveryCache::DiscoveryCache(const std::string& root, std::string_view server) {
  if (!root.empty()) folder_ = root + "/" + sha256_hex(server).substr(0, 32);
}

std::string DiscoveryCache::file_for(std::string_view path) const {
  return folder_ + "/" + sha256_hex(path).substr(0, 16) + ".json";
}

std::optional<CachedDocument> DiscoveryCache::load(std::string_view path) const {
  if (folder_.empty()) return std::nullopt;
  os::ReadOptions options;
  options.symlinks = os::Symlinks::kRefuse;
  const auto text = os::read_file(file_for(path), options);
  if (!text) return std::nullopt;
  // One line about the document, then the document as it came.
  const auto line_end = text->find('\n');
  if (line_end == std::string::npos) return std::nullopt;
  const auto about = model::parse_json(std::string_view(*text).substr(0, line_end));
  if (!about || model::get_int(*about, "/format") != kFormat || model::get_string(*about, "/path") != path) {
    return std::nullopt;
  }
  CachedDocument out;
  out.etag = model::get_string(*about, "/etag");
  out.fetched = Timestamp{Duration{model::get_int(*about, "/fetched")}};
  out.body = text->substr(line_end + 1);
  if (sha256_hex(out.body) != model::get_string(*about, "/sha256")) return std::nullopt;
  return out;
}

void DiscoveryCache::store(std::string_view path, const CachedDocument& document) const {
  if (folder_.empty() || !os::make_private_directories(folder_)) return;
  const model::Json about{{"format", kFormat},
                          {"path", std::string(path)},
                          {"etag", document.etag},
                          {"fetched", document.fetched.since_epoch.count()},
                          {"sha256", sha256_hex(document.body)}};
  const std::string text =
      about.dump(-1, ' ', false, model::Json::error_handler_t::replace) + "\n" + document.body;
  static_cast<void>(os::write_file_atomic(file_for(path), text));
}

}  // namespace instantexec::kube
