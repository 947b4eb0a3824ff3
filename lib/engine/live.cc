#include "engine/live.h"

#include <iterator>

#include "engine/errors.h"

namespace instantexec::engine {
namespace {

// Up to here single reads are cheaper than a list that may hold thousands of other objects.
constexpr std::size_t kSingleReads = 3;

}  // namespace

bool is_later(std::string_view version, std::string_view than) {
  const auto number = [](std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  };
  if (!number(version) || !number(than)) return false;
  return version.size() != than.size() ? version.size() > than.size() : version > than;
}

Error read_error(const Response& response, std::string what) {
  Error error = response.error ? *response.error : make_error(errors::kReadFailed, "no answer");
  return std::move(error).with_context("reading " + std::move(what));
}

void LiveQuery::want(const model::Gvk& gvk, const model::ObjectRef& object) {
  wanted_[{gvk, object.ns}].insert(object);
}

std::vector<Request> LiveQuery::requests() const {
  std::vector<Request> out;
  for (const auto& [bucket, refs] : wanted_) {
    if (refs.size() <= kSingleReads) {
      for (const auto& ref : refs) out.emplace_back(GetRequest{bucket.first, ref.ns, ref.name});
    } else {
      out.emplace_back(ListRequest{bucket.first, bucket.second, "", ""});
    }
  }
  return out;
}

Status LiveQuery::fold(std::span<Response> responses, LiveObjects& into) const {
  std::size_t next = 0;
  for (const auto& [bucket, refs] : wanted_) {
    if (refs.size() <= kSingleReads) {
      for (const auto& ref : refs) {
        Response& response = responses[next++];
        if (response.ok()) {
          into[ref] = std::move(response.object);
        } else if (!response.not_found()) {
          return fail(read_error(response, ref.to_string()));
        }
      }
      continue;
    }
    Response& response = responses[next++];
    if (!response.ok() && !response.not_found()) {
      return fail(read_error(response, bucket.first.to_string() + " objects of namespace " + bucket.second));
    }
    for (model::Object& item : response.items) {
      model::ObjectRef ref = item.ref();
      if (refs.contains(ref)) into[std::move(ref)] = std::move(item);
    }
  }
  return {};
}

Result<LiveObjects> read_live(Session& session, const LiveQuery& query) {
  auto responses = session.call_all(query.requests());
  LiveObjects out;
  IE_TRY(query.fold(responses, out));
  return out;
}

}  // namespace instantexec::engine
