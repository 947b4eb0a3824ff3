#include <algorithm>
#include <set>
#include <utility>

#include "base/text.h"
#include "engine/evidence.h"
#include "status/event_view.h"

// The bundle of files that outlives an undo.
namespace instantexec::engine {
namespace {

using model::Json;

constexpr Duration kReadWithin{10'000};
constexpr Duration kLogsWithin{5'000};
constexpr int kLogLines = 200;
constexpr std::size_t kMaxLogs = 20;
constexpr std::size_t kMaxLogBytes = std::size_t{256} * 1024;
constexpr std::size_t kMaxListBytes = std::size_t{8} * 1024 * 1024;
constexpr std::size_t kLineLimit = 1000;

// A v1 List of redacted objects, as long as there is room.
class ListFile {
 public:
  ListFile(std::string name, const Redactor& redactor) : name_(std::move(name)), redactor_(redactor) {}

  void add(const model::Object& object) {
    std::string text = redactor_.object(object).dump(1, ' ', false, Json::error_handler_t::replace);
    if (content_.size() + text.size() > kMaxListBytes) {
      ++omitted_;
      return;
    }
    content_ += content_.empty() ? kBegin : ",\n";
    content_ += text;
  }

  [[nodiscard]] std::size_t omitted() const { return omitted_; }
  [[nodiscard]] const std::string& name() const { return name_; }

  void move_to(std::vector<EvidenceFile>& files) {
    if (content_.empty()) return;
    content_ += "\n]}\n";
    files.push_back({std::move(name_), std::move(content_)});
  }

 private:
  static constexpr const char* kBegin = "{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[\n";

  std::string name_;
  const Redactor& redactor_;
  std::string content_;
  std::size_t omitted_ = 0;
};

std::string file_name(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || (c == '.' && !out.empty());
    out += plain ? c : '_';
  }
  return out;
}

class Collection {
 public:
  Collection(Operation& operation, std::span<const journal::SavedObject> saved, Redactor redactor)
      : operation_(operation), session_(operation.session), saved_(saved), redactor_(std::move(redactor)) {
    for (const journal::SavedObject& one : saved) {
      if (one.before) redactor_.learn(*one.before);
      if (one.after) redactor_.learn(*one.after);
    }
  }

  std::vector<EvidenceFile> run(const std::optional<model::FailureCause>& cause) {
    read();
    for (const auto& [ref, object] : live_) redactor_.learn(object);
    find_family();
    std::vector<EvidenceFile> out;
    ListFile objects("objects.json", redactor_);
    ListFile children("children.json", redactor_);
    ListFile events("events.json", redactor_);
    // What the failure is about must not be what there is no room for.
    if (cause) add_first(cause->object, objects);
    for (const auto& [ref, object] : live_) {
      if (!cause || !(ref == cause->object)) objects.add(object);
    }
    for (const model::Object* child : family_) children.add(*child);
    for (const model::Object& event : events_) events.add(event);
    EvidenceFile summary{"summary.txt", summarise(cause, {&objects, &children, &events})};
    out.push_back(std::move(summary));
    for (ListFile* list : {&objects, &children, &events}) list->move_to(out);
    add_logs(out);
    return out;
  }

 private:
  // Everything at once. Each kind is folded by itself, so that one refused read costs no more than itself.
  void read() {
    std::map<std::pair<model::Gvk, std::string>, LiveQuery> queries;
    std::set<std::pair<model::Gvk, std::string>> lists;
    for (const journal::SavedObject& one : saved_) {
      queries[{one.gvk, one.object.ns}].want(one.gvk, one.object);
      for (const model::Gvk& child : status::child_kinds(one.gvk)) lists.emplace(child, one.object.ns);
      if (!one.object.ns.empty()) lists.emplace(event_gvk(), one.object.ns);
    }
    std::vector<Request> requests;
    std::vector<std::size_t> counts;
    for (const auto& [key, query] : queries) {
      auto more = query.requests();
      counts.push_back(more.size());
      std::move(more.begin(), more.end(), std::back_inserter(requests));
    }
    for (const auto& [gvk, ns] : lists) requests.emplace_back(ListRequest{gvk, ns, "", ""});
    auto responses = session_.call_all_within(std::move(requests), kReadWithin);
    std::size_t at = 0;
    std::size_t next = 0;
    for (const auto& [key, query] : queries) {
      const std::size_t count = counts[next++];
      const Status folded = query.fold(std::span(responses).subspan(at, count), live_);
      if (!folded) missing_.push_back(folded.error().to_string());
      at += count;
    }
    for (const auto& [gvk, ns] : lists) {
      Response& response = responses[at++];
      if (response.error) missing_.push_back(gvk.kind + " in " + ns + ": " + response.error->to_string());
      for (const model::Object& item : response.items) index_.upsert(item);
    }
  }

  void find_family() {
    std::set<std::string> known;
    for (const auto& [ref, object] : live_) {
      const status::Family family = index_.family(object.uid());
      for (const model::Object* member : family.members) {
        if (known.insert(member->uid()).second) family_.push_back(member);
      }
      for (model::Object& event : index_.events(object, family)) {
        if (known.insert(event.uid()).second) events_.push_back(std::move(event));
      }
    }
    std::stable_sort(events_.begin(), events_.end(), [](const model::Object& a, const model::Object& b) {
      return status::EventView(a).last_seen() < status::EventView(b).last_seen();
    });
  }

  void add_first(const model::ObjectRef& ref, ListFile& objects) const {
    if (const auto found = live_.find(ref); found != live_.end()) objects.add(found->second);
  }

  // --- logs ---

  // Containers that ran and are not well.
  [[nodiscard]] std::vector<LogsRequest> wishes() const {
    std::vector<LogsRequest> out;
    for (const model::Object* pod : family_) {
      if (pod->kind() != "Pod") continue;
      for (const char* list : {"/status/initContainerStatuses", "/status/containerStatuses"}) {
        for (const Json& status : model::get_array(pod->json, list)) add_wishes(*pod, status, out);
      }
    }
    if (out.size() > kMaxLogs) out.resize(kMaxLogs);
    return out;
  }

  static void add_wishes(const model::Object& pod, const Json& status, std::vector<LogsRequest>& out) {
    const bool running = model::find(status, "/state/running") != nullptr;
    const bool ended_badly = model::get_int(status, "/state/terminated/exitCode") != 0;
    const bool ended_before = model::find(status, "/lastState/terminated") != nullptr;
    if ((model::get_bool(status, "/ready") || !(running || ended_badly)) && !ended_before) return;
    const std::string container = model::get_string(status, "/name");
    if (running || ended_badly) {
      out.push_back(LogsRequest{pod.ns(), pod.name(), container, false, kLogLines});
    }
    if (ended_before) out.push_back(LogsRequest{pod.ns(), pod.name(), container, true, kLogLines});
  }

  void add_logs(std::vector<EvidenceFile>& files) {
    const std::vector<LogsRequest> wanted = wishes();
    auto responses = session_.call_all_within({wanted.begin(), wanted.end()}, kLogsWithin);
    for (std::size_t i = 0; i < responses.size(); ++i) {
      if (!responses[i].ok() || trim(responses[i].text).empty()) continue;
      const LogsRequest& from = wanted[i];
      const std::string place = from.ns == operation_.options.ns ? "" : from.ns + ".";
      files.push_back({"logs/" + file_name(place + from.pod + "." + from.container) +
                           (from.previous ? ".previous.log" : ".log"),
                       sanitise(redactor_.tail(responses[i].text, kMaxLogBytes))});
    }
  }

  // --- the file people read first ---

  [[nodiscard]] std::string line(std::string_view text) const {
    return sanitise_line(redactor_.text(text), kLineLimit) + "\n";
  }

  [[nodiscard]] std::string pod_line(const model::Object& pod) const {
    std::string out =
        pod.ref().to_string() + ": " + model::get_string(pod.json, "/status/phase", "no status");
    for (const char* list : {"/status/initContainerStatuses", "/status/containerStatuses"}) {
      for (const Json& status : model::get_array(pod.json, list)) {
        const auto restarts = model::get_int(status, "/restartCount");
        out += "; " + model::get_string(status, "/name") + " " + state_of(status);
        if (restarts > 0) out += ", " + counted(static_cast<std::size_t>(restarts), "restart");
      }
    }
    return line(out);
  }

  static std::string state_of(const Json& status) {
    if (const Json* waiting = model::find(status, "/state/waiting")) {
      return "waiting: " + model::get_string(*waiting, "/reason");
    }
    if (const Json* ended = model::find(status, "/state/terminated")) {
      return "ended with " + std::to_string(model::get_int(*ended, "/exitCode")) + ": " +
             model::get_string(*ended, "/reason");
    }
    return model::get_bool(status, "/ready") ? "ready" : "running, not ready";
  }

  [[nodiscard]] std::string summarise(const std::optional<model::FailureCause>& cause,
                                      std::initializer_list<const ListFile*> lists) const {
    const journal::Operation& record = *operation_.stored.head.operation;
    std::string out = "release " + operation_.options.release + " in namespace " + operation_.options.ns +
                      ", revision " + std::to_string(record.revision) + " (" + record.kind + ", operation " +
                      record.id + ")\nas it was at " + format_rfc3339(session_.wall()) +
                      ", before anything was put back\n";
    if (cause) {
      out += "\ncause: " + line(cause->summary);
      for (const model::Evidence& item : cause->evidence) out += "  " + line(item.text);
    }
    std::string pods;
    for (const model::Object* member : family_) {
      if (member->kind() == "Pod") pods += "  " + pod_line(*member);
    }
    if (!pods.empty()) out += "\npods:\n" + pods;
    if (!events_.empty()) out += "\nevents, oldest first:\n";
    for (const model::Object& event : events_) {
      const status::EventView view(event);
      out += "  " + line(format_rfc3339(view.last_seen()) + (view.warning() ? " Warning " : " Normal ") +
                         view.reason() + " x" + std::to_string(view.count()) + " " +
                         view.subject().to_string() + ": " + view.message());
    }
    for (const std::string& text : missing_) out += "\nnot read: " + line(text);
    for (const ListFile* list : lists) {
      if (list->omitted() == 0) continue;
      out +=
          "\n" + counted(list->omitted(), "object") + " left out of " + list->name() + " for want of room\n";
    }
    return out;
  }

  Operation& operation_;
  Session& session_;
  std::span<const journal::SavedObject> saved_;
  Redactor redactor_;
  LiveObjects live_;
  status::ChildIndex index_;
  std::vector<const model::Object*> family_;
  std::vector<model::Object> events_;
  std::vector<std::string> missing_;
};

// "web-r3-20260102T030405Z"
std::string title_of(const Operation& operation) {
  std::string time = format_rfc3339(operation.session.wall());
  std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
  return operation.options.release + "-r" + std::to_string(operation.stored.head.operation->revision) + "-" +
         time;
}

}  // namespace

std::vector<EvidenceFile> collect_evidence(Operation& operation, std::span<const journal::SavedObject> saved,
                                           const std::optional<model::FailureCause>& cause,
                                           Redactor redactor) {
  return Collection(operation, saved, std::move(redactor)).run(cause);
}

void keep_evidence(Operation& operation, std::span<const journal::SavedObject> saved,
                   const std::optional<model::FailureCause>& cause, Redactor redactor) {
  LocalFiles* files = operation.session.files();
  if (files == nullptr || operation.session.interrupted() || saved.empty()) return;
  operation.session.emit(model::Note{"collecting evidence before anything is put back"});
  const auto bundle = collect_evidence(operation, saved, cause, std::move(redactor));
  auto place = files->save_evidence(title_of(operation), bundle);
  if (place) {
    operation.session.emit(model::Note{"evidence is in " + sanitise_line(*place)});
    operation.evidence = std::move(*place);
  } else {
    operation.session.warn("the evidence was not stored: " + place.error().message);
  }
}

}  // namespace instantexec::engine
