#include "journal/record.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"
#include "journal/errors.h"

namespace instantexec::journal {
namespace {

using model::Json;

// Sealed heads have the higher number, so that programs which know no seals refuse them as newer.
constexpr int kSchema = 1;
constexpr int kSealedSchema = 2;
// ["","","k","","n",""]
constexpr std::size_t kShortestMember = 21;

constexpr std::array<std::pair<Phase, std::string_view>, 8> kPhases = {
    {{Phase::kIdle, "idle"},
     {Phase::kApplying, "applying"},
     {Phase::kCommitting, "committing"},
     {Phase::kRollingBack, "rolling-back"},
     {Phase::kDeployed, "deployed"},
     {Phase::kRolledBack, "rolled-back"},
     {Phase::kRollbackIncomplete, "rollback-incomplete"},
     {Phase::kFailedKept, "failed-kept"}}};

std::optional<Phase> phase_from(std::string_view word) {
  for (const auto& [phase, name] : kPhases) {
    if (name == word) return phase;
  }
  return std::nullopt;
}

std::string text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

tl::unexpected<Error> broken(std::string_view what) {
  return fail(errors::kBroken, "the record's " + std::string(what) + " cannot be read");
}

// Parsed, and of a schema this program knows.
Result<Json> read(std::string_view bytes, std::string_view what, int newest) {
  auto json = model::parse_json(bytes);
  if (!json || !json->is_object()) return broken(what);
  const auto schema = model::get_int(*json, "/schema");
  if (schema > newest) {
    return fail(errors::kNewer, "the record's " + std::string(what) + " has schema " +
                                    std::to_string(schema) + "; this program reads up to " +
                                    std::to_string(newest));
  }
  if (schema < 1) return broken(what);
  return std::move(*json);
}

Json blob_json(const Blob& blob) {
  Json chunks = Json::array();
  for (const ChunkRef& chunk : blob.chunks) {
    Json one{{"name", chunk.name}, {"digest", chunk.digest}};
    if (!chunk.uid.empty()) one["uid"] = chunk.uid;
    chunks.push_back(std::move(one));
  }
  Json out{{"chunks", std::move(chunks)}, {"size", blob.size}, {"digest", blob.digest}};
  if (blob.sealed) out["sealed"] = true;
  return out;
}

Blob read_blob(const Json& json) {
  Blob out;
  out.size = static_cast<std::size_t>(std::max<std::int64_t>(0, model::get_int(json, "/size")));
  out.digest = model::get_string(json, "/digest");
  out.sealed = model::get_bool(json, "/sealed");
  for (const Json& chunk : model::get_array(json, "/chunks")) {
    const auto field = [&chunk](const char* pointer) { return model::get_string(chunk, pointer); };
    out.chunks.push_back({field("/name"), field("/digest"), field("/uid")});
  }
  return out;
}

Json operation_json(const Operation& operation) {
  return Json{{"id", operation.id},
              {"kind", operation.kind},
              {"revision", operation.revision},
              {"target", operation.target},
              {"holder", operation.holder},
              {"started", operation.started},
              {"fieldManager", operation.field_manager},
              {"sourceCommit", operation.source_commit},
              {"description", operation.description},
              {"planDigest", operation.plan_digest},
              {"payload", blob_json(operation.payload)}};
}

Operation read_operation(const Json& json) {
  Operation out;
  out.id = model::get_string(json, "/id");
  out.kind = model::get_string(json, "/kind");
  out.revision = static_cast<int>(model::get_int(json, "/revision"));
  out.target = static_cast<int>(model::get_int(json, "/target"));
  out.holder = model::get_string(json, "/holder");
  out.started = model::get_string(json, "/started");
  out.field_manager = model::get_string(json, "/fieldManager");
  out.source_commit = model::get_string(json, "/sourceCommit");
  out.description = model::get_string(json, "/description");
  out.plan_digest = model::get_string(json, "/planDigest");
  out.payload = read_blob(model::get_object(json, "/payload"));
  return out;
}

Json revision_json(const Revision& revision) {
  return Json{{"revision", revision.revision},
              {"result", to_string(revision.result)},
              {"kind", revision.kind},
              {"target", revision.target},
              {"started", revision.started},
              {"finished", revision.finished},
              {"sourceCommit", revision.source_commit},
              {"description", revision.description},
              {"planDigest", revision.plan_digest},
              {"created", revision.counts.created},
              {"configured", revision.counts.configured},
              {"unchanged", revision.counts.unchanged},
              {"pruned", revision.counts.pruned},
              {"failure", revision.failure},
              {"payload", blob_json(revision.payload)}};
}

std::size_t count(const Json& json, std::string_view pointer) {
  return static_cast<std::size_t>(std::max<std::int64_t>(0, model::get_int(json, pointer)));
}

std::optional<Revision> read_revision(const Json& json) {
  Revision out;
  const auto result = phase_from(model::get_string(json, "/result"));
  if (!result) return std::nullopt;
  out.result = *result;
  out.revision = static_cast<int>(model::get_int(json, "/revision"));
  out.kind = model::get_string(json, "/kind");
  out.target = static_cast<int>(model::get_int(json, "/target"));
  out.started = model::get_string(json, "/started");
  out.finished = model::get_string(json, "/finished");
  out.source_commit = model::get_string(json, "/sourceCommit");
  out.description = model::get_string(json, "/description");
  out.plan_digest = model::get_string(json, "/planDigest");
  out.counts = {count(json, "/created"), count(json, "/configured"), count(json, "/unchanged"),
                count(json, "/pruned")};
  out.failure = model::get_string(json, "/failure");
  out.payload = read_blob(model::get_object(json, "/payload"));
  return out;
}

Json member_json(const Member& member) {
  return Json::array(
      {member.gvk.group, member.gvk.version, member.gvk.kind, member.ns, member.name, member.uid});
}

// How many lists and maps the text opens.
std::size_t brackets(std::string_view json) {
  std::size_t out = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    if (json[i] == '"') quoted = !quoted;
    if (quoted && json[i] == '\\') ++i;
    if (!quoted && (json[i] == '[' || json[i] == '{')) ++out;
  }
  return out;
}

}  // namespace

std::string_view to_string(Phase phase) {
  for (const auto& [value, name] : kPhases) {
    if (value == phase) return name;
  }
  return "idle";
}

bool unfinished(Phase phase) {
  return phase == Phase::kApplying || phase == Phase::kCommitting || phase == Phase::kRollingBack;
}

std::string encode_head(const Head& head) {
  const bool sealed = !head.sealed_by.empty();
  Json out{{"schema", sealed ? kSealedSchema : kSchema},
           {"release", head.release},
           {"namespace", head.ns},
           {"phase", to_string(head.phase)},
           {"epoch", head.epoch},
           {"revision", head.revision},
           {"revisions", Json::array()}};
  if (sealed) out["sealedBy"] = head.sealed_by;
  if (head.operation) out["operation"] = operation_json(*head.operation);
  for (const Revision& revision : head.revisions) out["revisions"].push_back(revision_json(revision));
  return text(out);
}

Result<Head> decode_head(std::string_view bytes) {
  IE_TRY_ASSIGN(const Json json, read(bytes, "head", kSealedSchema));
  Head out;
  if (model::get_int(json, "/schema") == kSealedSchema) {
    out.sealed_by = sanitise_line(model::get_string(json, "/sealedBy"), 64);
    if (out.sealed_by.empty()) return broken("seal");
  }
  const auto phase = phase_from(model::get_string(json, "/phase"));
  if (!phase) return broken("phase");
  out.phase = *phase;
  out.release = model::get_string(json, "/release");
  out.ns = model::get_string(json, "/namespace");
  out.epoch = static_cast<std::uint64_t>(model::get_int(json, "/epoch"));
  out.revision = static_cast<int>(model::get_int(json, "/revision"));
  if (const Json* operation = model::find(json, "/operation")) out.operation = read_operation(*operation);
  if (unfinished(out.phase) && !out.operation) return broken("operation");
  for (const Json& item : model::get_array(json, "/revisions")) {
    auto revision = read_revision(item);
    if (!revision) return broken("history");
    out.revisions.push_back(std::move(*revision));
  }
  return out;
}

Result<std::string> encode_members(const std::vector<Member>& members) {
  Json out = Json::array();
  for (const Member& member : members) out.push_back(member_json(member));
  const std::string plain = text(out);
  const auto too_many = [&] {
    return fail(errors::kTooLarge, std::to_string(members.size()) + " objects are more than can be listed");
  };
  if (plain.size() > kMaxMembers) return too_many();
  Result<std::string> packed = compress(plain);
  if (packed.value_or(std::string{}).size() > kMaxMembersPacked) return too_many();
  return packed;
}

Result<std::vector<Member>> decode_members(std::string_view bytes) {
  IE_TRY_ASSIGN(const std::string plain, decompress(bytes, kMaxMembers));
  // A list of empty lists would take fifty times its length in memory.
  if (brackets(plain) > 1 + plain.size() / kShortestMember) return broken("list of objects");
  const auto json = model::parse_json(plain);
  if (!json || !json->is_array()) return broken("list of objects");
  std::vector<Member> out;
  out.reserve(json->size());
  for (const Json& item : *json) {
    const auto field = [&](const char* pointer) { return model::get_string(item, pointer); };
    out.push_back({{field("/0"), field("/1"), field("/2")}, field("/3"), field("/4"), field("/5")});
    if (out.back().gvk.kind.empty() || out.back().name.empty()) return broken("list of objects");
  }
  return out;
}

PayloadView view(const Payload& payload) {
  PayloadView out{payload.operation, payload.plan, {}, {}, payload.unwell, payload.under_way};
  for (const model::Object& manifest : payload.manifests) out.manifests.push_back(&manifest);
  for (const SavedObject& saved : payload.saved) {
    out.saved.push_back({&saved.gvk, &saved.object, saved.before ? &*saved.before : nullptr,
                         saved.after ? &*saved.after : nullptr});
  }
  return out;
}

namespace {

Json ref_json(const model::ObjectRef& ref) {
  return Json::array({ref.group, ref.kind, ref.ns, ref.name});
}

model::ObjectRef ref_from(const Json& json) {
  return {model::get_string(json, "/0"), model::get_string(json, "/1"), model::get_string(json, "/2"),
          model::get_string(json, "/3")};
}

}  // namespace

void write_payload(const PayloadView& payload, const Sink& sink) {
  Json header{{"schema", kSchema},
              {"operation", payload.operation},
              {"plan", payload.plan},
              {"manifests", payload.manifests.size()},
              {"saved", Json::array()}};
  for (const SavedView& saved : payload.saved) {
    header["saved"].push_back(
        Json{{"object", member_json({*saved.gvk, saved.object->ns, saved.object->name, ""})},
             {"before", saved.before != nullptr},
             {"after", saved.after != nullptr}});
  }
  for (const Unwell& one : payload.unwell) {
    header["unwell"].push_back(Json{{"object", ref_json(one.object)},
                                    {"failed", one.failed},
                                    {"reason", one.reason},
                                    {"message", one.message},
                                    {"ready", one.ready}});
  }
  if (payload.under_way) {
    header["underWay"] = Json::array();
    for (const model::ObjectRef& ref : *payload.under_way) header["underWay"].push_back(ref_json(ref));
  }
  sink(text(header));
  const auto line = [&sink](const model::Object* object) {
    if (object != nullptr) sink('\n' + text(object->json));
  };
  for (const model::Object* manifest : payload.manifests) line(manifest);
  for (const SavedView& saved : payload.saved) {
    // Next to each other: they are nearly equal, which is what compression likes.
    line(saved.before);
    line(saved.after);
  }
}

std::string encode_payload(const PayloadView& payload) {
  std::string out;
  write_payload(payload, [&out](std::string_view bytes) { out += bytes; });
  return out;
}

Status PayloadReader::header(std::string_view text) {
  IE_TRY_ASSIGN(const Json header, read(text, "payload", kSchema));
  out_.operation = model::get_string(header, "/operation");
  if (const Json* plan = model::find(header, "/plan")) out_.plan = *plan;
  manifests_ = count(header, "/manifests");
  const Json& saved_objects = model::get_array(header, "/saved");
  out_.saved.reserve(saved_objects.size());  // states_ points into it
  for (const Json& item : saved_objects) {
    SavedObject& saved = out_.saved.emplace_back();
    const auto field = [&](const char* pointer) { return model::get_string(item, pointer); };
    saved.gvk = {field("/object/0"), field("/object/1"), field("/object/2")};
    saved.object = {saved.gvk.group, saved.gvk.kind, field("/object/3"), field("/object/4")};
    if (saved.gvk.kind.empty() || saved.object.name.empty()) return broken("saved objects");
    if (model::get_bool(item, "/before")) states_.push_back(&saved.before);
    if (model::get_bool(item, "/after")) states_.push_back(&saved.after);
  }
  for (const Json& item : model::get_array(header, "/unwell")) {
    out_.unwell.push_back({ref_from(model::get_array(item, "/object")), model::get_bool(item, "/failed"),
                           model::get_string(item, "/reason"), model::get_string(item, "/message"),
                           model::get_int(item, "/ready")});
  }
  if (header.contains("underWay")) {
    out_.under_way.emplace();
    for (const Json& item : model::get_array(header, "/underWay")) out_.under_way->push_back(ref_from(item));
  }
  return {};
}

void PayloadReader::line(std::string_view text) {
  if (!status_) return;
  if (!begun_) {
    begun_ = true;
    status_ = header(text);
    return;
  }
  const std::size_t at = read_++;
  auto json = model::parse_json(text);
  if (!json || !json->is_object() || at >= manifests_ + states_.size()) {
    status_ = broken("saved objects");
  } else if (at < manifests_) {
    out_.manifests.push_back({std::move(*json)});
  } else {
    states_[at - manifests_]->emplace(model::Object{std::move(*json)});
  }
}

void PayloadReader::add(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    if (end == std::string_view::npos) {
      half_ += bytes;
      return;
    }
    half_ += bytes.substr(0, end);
    line(half_);
    half_.clear();
    bytes.remove_prefix(end + 1);
  }
}

Result<Payload> PayloadReader::end() && {
  if (!half_.empty() || !begun_) line(half_);
  IE_TRY(status_);
  if (read_ < manifests_ + states_.size()) return broken("saved objects");
  return std::move(out_);
}

Result<Payload> decode_payload(std::string_view bytes) {
  PayloadReader reader;
  reader.add(bytes);
  return std::move(reader).end();
}

int last_good_before(const std::vector<Revision>& revisions, int in_force) {
  // Going back from a rollback means going further back than its target, not to what it left.
  int limit = in_force;
  for (const Revision& revision : revisions) {
    if (revision.revision == in_force && revision.target > 0) limit = revision.target;
  }
  int out = 0;
  for (const Revision& revision : revisions) {
    if (revision.result == Phase::kDeployed && revision.revision < limit)
      out = std::max(out, revision.revision);
  }
  return out;
}

const Revision* left_as_failed(const Head& head) {
  for (const Revision& revision : head.revisions) {
    if (revision.result == Phase::kRolledBack) continue;
    const bool left = revision.result == Phase::kFailedKept || revision.result == Phase::kRollbackIncomplete;
    return left ? &revision : nullptr;
  }
  return nullptr;
}

int rollback_target(const Head& head) {
  return left_as_failed(head) != nullptr ? head.revision : last_good_before(head.revisions, head.revision);
}

std::vector<int> expired(const std::vector<Revision>& revisions, int in_force, int limit) {
  const int needed = last_good_before(revisions, in_force);
  std::vector<int> out;
  int kept = 0;
  for (const Revision& revision : revisions) {
    const bool must = revision.revision == in_force || revision.revision == needed;
    if (must || kept < std::max(1, limit)) {
      ++kept;
    } else {
      out.push_back(revision.revision);
    }
  }
  return out;
}

}  // namespace instantexec::journal
