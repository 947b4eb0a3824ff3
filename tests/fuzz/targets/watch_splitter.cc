// The stream of a watch, cut anywhere.
#include "fuzz/fuzz.h"
#include "kube/watch.h"

namespace instantexec::fuzz {
namespace {

constexpr std::size_t kLongest = 64;

std::string describe(const kube::WatchAction& action) {
  std::string out = std::to_string(action.index());
  if (const auto* changed = std::get_if<kube::DeliverChanged>(&action)) {
    out += changed->object.json.dump(-1, ' ', false, model::Json::error_handler_t::replace);
  } else if (const auto* deleted = std::get_if<kube::DeliverDeleted>(&action)) {
    out += deleted->object.json.dump(-1, ' ', false, model::Json::error_handler_t::replace);
  } else if (const auto* watch = std::get_if<kube::WatchNow>(&action)) {
    out += watch->resource_version;
  }
  return out + '\n';
}

std::string watched(std::string_view text, std::size_t piece) {
  kube::WatchState state({"", "v1", "ConfigMap"}, [] { return 0.5; });
  static_cast<void>(state.start());
  static_cast<void>(state.on_list(Instant{}, {}, "1"));
  state.on_opened(Instant{});
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    for (const auto& action : state.on_bytes(Instant{}, text.substr(at, piece))) out += describe(action);
  }
  return out + state.resource_version();
}

std::string framed(std::string_view text, std::size_t piece) {
  kube::JsonFramer framer(kLongest);
  std::string out;
  bool good = true;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    good = framer.feed(text.substr(at, piece), [&out](std::string_view frame) {
      promise(frame.size() <= kLongest, "no frame is longer than allowed");
      promise(frame.front() == '{', "a frame begins with a bracket");
      out += std::string(frame) + '\n';
    });
  }
  return out + (good ? "good" : "broken");
}

}  // namespace
}  // namespace instantexec::fuzz

IE_FUZZ_TARGET(watch_splitter) {
  using namespace instantexec::fuzz;
  Choices choices(bytes);
  const std::size_t piece = 1 + choices.below(50);
  const std::string_view text = choices.rest();
  if (text.empty()) return;
  promise(watched(text, text.size()) == watched(text, piece), "a watch says the same, however it is cut");
  promise(framed(text, text.size()) == framed(text, piece), "frames are the same, however they are cut");
}
