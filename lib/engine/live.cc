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

std::vector<model::ObjectRef> LiveQuery::objects() const {
  std::vector<model::ObjectRef> out;
  for (const auto& [bucket, refs] : wanted_) out.insert(out.end(), refs.begin(), refs.end());
  return out;
}

std::set<model::ObjectRef> LiveQuery::objects_of(const std::function<bool(const model::Gvk&)>& kind) const {
  std::set<model::ObjectRef> out;
  for (const auto& [bucket, refs] : wanted_) {
    if (kind(bucket.first)) out.insert(refs.begin(), refs.end());
  }
  return out;
}

bool LiveQuery::listed(std::size_t objects) const {
  return objects > kSingleReads && !singly_;
}

LiveQuery LiveQuery::singly(const Unread& objects) const {
  LiveQuery out;
  out.singly_ = true;
  for (const auto& [bucket, refs] : wanted_) {
    if (!listed(refs.size())) continue;
    for (const auto& ref : refs) {
      if (objects.contains(ref)) out.want(bucket.first, ref);
    }
  }
  return out;
}

std::vector<Request> LiveQuery::requests() const {
  std::vector<Request> out;
  for (const auto& [bucket, refs] : wanted_) {
    if (listed(refs.size())) {
      out.emplace_back(ListRequest{bucket.first, bucket.second, "", ""});
    } else {
      for (const auto& ref : refs) out.emplace_back(GetRequest{bucket.first, ref.ns, ref.name});
    }
  }
  return out;
}

void LiveQuery::fold(std::span<Response> responses, LiveLook& into) const {
  std::size_t next = 0;
  for (const auto& [bucket, refs] : wanted_) {
    if (!listed(refs.size())) {
      for (const auto& ref : refs) {
        Response& response = responses[next++];
        if (response.ok()) {
          into.objects[ref] = std::move(response.object);
        } else if (!response.not_found()) {
          into.unread.emplace(ref, read_error(response, ref.to_string()));
        }
      }
      continue;
    }
    Response& response = responses[next++];
    if (!response.ok() && !response.not_found()) {
      const Error error =
          read_error(response, bucket.first.to_string() + " objects of namespace " + bucket.second);
      for (const auto& ref : refs) into.unread.emplace(ref, error);
    }
    for (model::Object& item : response.items) {
      model::ObjectRef ref = item.ref();
      if (refs.contains(ref)) into.objects[std::move(ref)] = std::move(item);
    }
  }
}

Status LiveQuery::fold(std::span<Response> responses, LiveObjects& into) const {
  LiveLook look{std::move(into), {}};
  fold(responses, look);
  into = std::move(look.objects);
  if (look.unread.empty()) return {};
  return fail(look.unread.begin()->second);
}

Result<LiveObjects> read_live(Session& session, const LiveQuery& query) {
  auto responses = session.call_all(query.requests());
  LiveObjects out;
  IE_TRY(query.fold(responses, out));
  return out;
}

namespace {

// Not the objects cannot be read, but nothing can.
std::optional<Error> no_answer(Session& session, const LiveQuery& query, const Unread& unread) {
  const auto catalog = session.cluster().catalog(false);
  const std::set<model::ObjectRef> served =
      query.objects_of([&](const model::Gvk& gvk) { return !catalog || (*catalog)->find(gvk) != nullptr; });
  for (const auto& [ref, error] : unread) {
    if (error.http_status == 0 && served.contains(ref)) return error;
  }
  return std::nullopt;
}

}  // namespace

Result<LiveLook> look_live(Session& session, const LiveQuery& query) {
  auto responses = session.call_all(query.requests());
  LiveLook out;
  query.fold(responses, out);
  if (auto error = no_answer(session, query, out.unread)) return fail(std::move(*error));
  // A list fails as a whole when one of its objects cannot be converted to the version that was asked for.
  const LiveQuery again = query.singly(out.unread);
  if (!again.empty()) {
    for (const model::ObjectRef& ref : again.objects()) out.unread.erase(ref);
    responses = session.call_all_once(again.requests());
    again.fold(responses, out);
    if (auto error = no_answer(session, query, out.unread)) return fail(std::move(*error));
  }
  return out;
}

}  // namespace instantexec::engine
