// Answers of whatever is at the other end of the connection.
#include <algorithm>
#include <array>

#include "fuzz/fuzz.h"
#include "kube/rest.h"

namespace instantexec::fuzz {
namespace {

using engine::Outcome;

constexpr std::array kShapes = {kube::Shape::kObject, kube::Shape::kObjectOrStatus, kube::Shape::kList,
                                kube::Shape::kText, kube::Shape::kJson};
constexpr std::array<int, 16> kStatuses = {200, 200, 201, 202, 204, 302, 400, 401,
                                           403, 404, 409, 410, 422, 429, 500, 503};
constexpr std::array<const char*, 5> kTypes = {"application/json", "application/json; charset=utf-8",
                                               "text/html", "text/plain", ""};

// However the text is cut, the page is the same.
void list_in_pieces(std::string_view text, std::size_t length) {
  const model::Gvk item{"", "v1", "ConfigMap"};
  kube::ListParser whole(item);
  kube::ListParser pieces(item);
  const bool good = whole.feed(text);
  bool also_good = true;
  for (std::size_t at = 0; at < text.size(); at += length) also_good = pieces.feed(text.substr(at, length));
  if (!text.empty()) promise(good == also_good, "a list is judged the same in pieces");
  const auto a = whole.finish();
  const auto b = pieces.finish();
  promise(a.has_value() == b.has_value(), "a list is complete or not, however it is cut");
  if (!a) return;
  promise(a->items == b->items && a->kind == b->kind && a->continue_token == b->continue_token &&
              a->resource_version == b->resource_version,
          "a list holds the same, however it is cut");
}

}  // namespace
}  // namespace instantexec::fuzz

IE_FUZZ_TARGET(json_response) {
  using namespace instantexec;
  using namespace instantexec::fuzz;
  Choices choices(bytes);
  kube::ApiCall call;
  call.method = "PATCH";
  call.verb = "patch";
  call.resource = "configmaps";
  call.gvk = {"", "v1", "ConfigMap"};
  call.shape = kShapes[choices.below(kShapes.size())];
  call.write = choices.flip();
  if (choices.flip()) call.name = "x";
  net::HttpResponse response;
  response.status = kStatuses[choices.below(kStatuses.size())];
  response.headers.push_back({"content-type", kTypes[choices.below(kTypes.size())]});
  response.framed = choices.byte() % 8 != 1;
  const std::size_t piece = 1 + choices.below(40);
  response.headers.push_back({"Warning", std::string(choices.part())});
  response.body = std::string(choices.rest());

  const engine::Response out = kube::read_answer(call, response);
  promise(out.ok() != out.error.has_value(), "an answer is a success or an error");
  promise(!out.ok() || response.status / 100 == 2, "only a 2xx is a success");
  promise(out.outcome != Outcome::kNotSent, "an answered request was sent");
  if (out.ok() && call.write) promise(response.framed, "a write is done only when its answer is whole");
  if (out.ok() && call.shape == kube::Shape::kObject) {
    promise(out.object.gvk() == call.gvk, "the object is of the kind asked for");
    promise(call.name.empty() || out.object.name() == call.name, "the object has the name asked for");
  }
  if (out.error) promise(harmless(out.error->message, true), "an error's text is harmless");
  promise(
      std::all_of(out.warnings.begin(), out.warnings.end(), [](const auto& w) { return harmless(w, false); }),
      "warnings are harmless");
  list_in_pieces(response.body, piece);
}
