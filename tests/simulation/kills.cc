#include "simulation/kills.h"

#include <functional>
#include <iostream>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/deploy.h"
#include "simulation/invariants.h"
#include "simulation/objects.h"
#include "simulation/processes.h"

namespace instantexec::simulation {
namespace {

using Objects = std::vector<model::Object>;
using Picture = std::map<std::string, Json>;

const std::string kGood = "registry.example/web:1";
const std::string kBetter = "registry.example/web:2";
const std::string kMissing = "registry.example/web:does-not-exist";

enum class Work { kDeploy, kRollback, kRecover };

struct Scenario {
  const char* name;
  std::vector<Objects> before;  // deployed one after the other
  Work work;
  Objects wanted;  // of kDeploy; of kRecover: what the run wanted that left work behind
};

Objects web(const std::string& value, const std::string& image) {
  return {config("a", value), secret("s", value), deployment("web", image), gate(true)};
}

Objects with(Objects objects, const Objects& more) {
  objects.insert(objects.end(), more.begin(), more.end());
  return objects;
}

std::vector<Scenario> scenarios() {
  const Objects good = web("1", kGood);
  const Objects better = web("2", kBetter);
  return {
      {"create", {}, Work::kDeploy, good},
      {"update", {good}, Work::kDeploy, better},
      {"prune", {with(good, {config("old", "1"), secret("older", "1")})}, Work::kDeploy, good},
      {"custom resource", {{config("a", "1")}}, Work::kDeploy, {config("a", "2"), definition(), widget()}},
      {"stateful set",
       {{stateful_set("db", kGood), config("a", "1")}},
       Work::kDeploy,
       {stateful_set("db", kBetter), config("a", "2")}},
      {"failing rollout", {good}, Work::kDeploy, web("2", kMissing)},
      {"rollback", {good, with(better, {config("added", "1")})}, Work::kRollback, {}},
      {"recover", {good}, Work::kRecover, better},
  };
}

enum class Boundary { kBeforeSending, kBeforeTheAnswer, kAfterTheAnswer };
constexpr Boundary kBoundaries[] = {Boundary::kBeforeSending, Boundary::kBeforeTheAnswer,
                                    Boundary::kAfterTheAnswer};

struct Point {
  std::uint64_t request = 0;
  Boundary boundary = Boundary::kBeforeSending;
};

const std::set<std::string>& names_of_all() {
  static const std::set<std::string> kNames = {
      "ConfigMap/default/a",     "ConfigMap/default/old",
      "ConfigMap/default/added", "Secret/default/s",
      "Secret/default/older",    "Deployment/default/web",
      "Service/default/gate",    "StatefulSet/default/db",
      "Widget/default/w",        "CustomResourceDefinition//widgets.example.com"};
  return kNames;
}

// A cluster on which one process runs at a time.
class Place {
 public:
  explicit Place(const Scenario& scenario)
      : scenario_(scenario), random_(1), processes_(server_, random_), invariants_("web", "default") {
    options_.release = "web";
    options_.ns = "default";
    options_.timeout = std::chrono::minutes(2);
    options_.accept_irreversible = true;
    for (const std::string& key : names_of_all()) invariants_.may_hold(key);
    server_.store().listen([this](const sim::Change& change) { record(change); });
    server_.faults.on_request = [this](const sim::RequestInfo& info) { return on_request(info); };
    for (const Objects& objects : scenario.before) must(run(deploys(objects)), "deployed");
    before_ = picture();
    if (scenario.work == Work::kRecover) leave_work();
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() = default;

  std::string work() {
    switch (scenario_.work) {
      case Work::kDeploy:
        return run(deploys(scenario_.wanted));
      case Work::kRollback:
        return run([this](const engine::Environment& environment) {
          return engine::rollback(environment, options_, 0);
        });
      case Work::kRecover:
        break;
    }
    return recover();
  }
  std::string recover() {
    return run([this](const engine::Environment& environment) {
      return engine::recover(environment, options_, {});
    });
  }

  // The next process dies there.
  void arm(const Point& point) {
    armed_ = point;
    number_ = 0;
  }
  [[nodiscard]] std::uint64_t requests() const { return number_; }
  [[nodiscard]] const Picture& before() const { return before_; }
  // What went wrong already: rules that were broken, and preparations that ended in another way than meant.
  [[nodiscard]] std::vector<std::string> broken() const {
    std::vector<std::string> out = unprepared_;
    out.insert(out.end(), invariants_.broken().begin(), invariants_.broken().end());
    return out;
  }

  // Everything but records, and what controllers make.
  [[nodiscard]] Picture picture() {
    Picture out;
    for (const auto& [ref, snapshot] : server_.store().all()) {
      if (names_of_all().contains(key_of(ref))) out[key_of(ref)] = canonical(snapshot->json, "");
    }
    return out;
  }

 private:
  using Call = std::function<Result<model::DeployReport>(const engine::Environment&)>;

  Call deploys(const Objects& objects) {
    return [this, objects](const engine::Environment& environment) {
      return engine::deploy(environment, options_, manifests(objects));
    };
  }

  std::string run(const Call& call) {
    number_ = 0;
    const auto words = processes_.run(
        {{"p" + std::to_string(++names_), {}, [&](const engine::Environment& environment) {
            const auto result = call(environment);
            return result ? std::string(to_string(result->result)) : "error: " + result.error().to_string();
          }}});
    armed_ = {};
    return words.front();
  }

  void must(const std::string& word, const std::string& wanted) {
    if (word != wanted) unprepared_.push_back("prepared with " + word + " instead of " + wanted);
  }

  // An update that is killed right after its workload was applied.
  void leave_work() {
    dies_at_ = "Deployment/default/web";
    must(run(deploys(scenario_.wanted)), "killed");
    dies_at_.clear();
  }

  sim::Fault on_request(const sim::RequestInfo& info) {
    const bool writes = !info.dry_run && info.verb != "get" && info.verb != "list" && info.verb != "logs";
    if (writes && !info.ref.kind.ends_with("Review")) {
      invariants_.see(
          {Entry::Kind::kSent, now(), info.client, info.verb, key_of(info.ref), nullptr, nullptr});
    }
    sim::Fault out;
    if (writes && !dies_at_.empty() && info.verb == "apply" && key_of(info.ref) == dies_at_) {
      out.kind = sim::Fault::Kind::kDieAfterCommit;
    }
    if (++number_ != armed_.request) return out;
    switch (armed_.boundary) {
      case Boundary::kBeforeSending:
        out.kind = sim::Fault::Kind::kDie;
        break;
      case Boundary::kBeforeTheAnswer:
        out.kind = sim::Fault::Kind::kDieAfterCommit;
        break;
      case Boundary::kAfterTheAnswer:
        server_.timeline().at(server_.now() + Duration{5}, [this, run = names_] {
          if (run == names_ && armed_.request != 0) throw Killed();
        });
        break;
    }
    return out;
  }

  void record(const sim::Change& change) {
    const auto json = [](const sim::Snapshot& snapshot) {
      return snapshot ? State(snapshot, &snapshot->json) : State();
    };
    const model::Object& object = change.after ? *change.after : *change.before;
    invariants_.see({Entry::Kind::kChanged, now(), server_.actor(), "", key_of(object.ref()),
                     json(change.before), json(change.after)});
  }

  [[nodiscard]] std::int64_t now() const { return server_.now().since_start.count(); }

  const Scenario& scenario_;
  std::mt19937 random_;
  sim::SimServer server_;
  Processes processes_;
  Invariants invariants_;
  engine::ReleaseOptions options_;
  Picture before_;
  Point armed_;
  std::uint64_t number_ = 0;
  int names_ = 0;
  std::string dies_at_;
  std::vector<std::string> unprepared_;
};

// Identity differs from cluster to cluster.
Picture anonymous(Picture picture) {
  for (auto& [key, json] : picture) {
    json["metadata"].erase("uid");
    if (json["metadata"].contains("annotations"))
      json["metadata"]["annotations"].erase("instantexec.dev/created-by");
    if (!json.contains("spec") || !json["spec"].is_object()) continue;
    json["spec"].erase("clusterIP");
    json["spec"].erase("clusterIPs");
  }
  return picture;
}

std::string differences(const Picture& before, const Picture& after) {
  std::string out;
  for (const auto& [key, json] : before) {
    const auto found = after.find(key);
    if (found == after.end()) {
      out += "  " + key + " is gone\n";
    } else if (found->second != json) {
      out += "  " + key + ": " + Json::diff(json, found->second).dump() + "\n";
    }
  }
  for (const auto& [key, json] : after) {
    if (!before.contains(key)) out += "  " + key + " is new\n";
  }
  return out;
}

struct Undisturbed {
  std::uint64_t requests = 0;
  std::string word;
  Picture after;
};

Undisturbed undisturbed(const Scenario& scenario) {
  Place place(scenario);
  Undisturbed out;
  out.word = place.work();
  out.requests = place.requests();
  out.after = anonymous(place.picture());
  return out;
}

struct Tally {
  std::uint64_t points = 0;
  std::uint64_t kills = 0;
  std::uint64_t wrong = 0;
  std::map<std::string, std::uint64_t> ends;
};

const char* name_of(Boundary boundary) {
  static constexpr const char* kWords[] = {"before it was sent", "before its answer", "after its answer"};
  return kWords[static_cast<std::size_t>(boundary)];
}

// One kill, perhaps some of the recovery, and what a last recovery makes of it.
void kill(const Scenario& scenario, const Undisturbed& normal, const std::vector<Point>& points,
          Tally& tally) {
  Place place(scenario);
  std::string where = scenario.name;
  std::string said;
  ++tally.points;
  for (std::size_t i = 0; i < points.size(); ++i) {
    place.arm(points[i]);
    const std::string word = i == 0 ? place.work() : place.recover();
    where += (i == 0 ? ", killed at request " : ", then at ") + std::to_string(points[i].request) + " " +
             name_of(points[i].boundary) + " (" + word + ")";
    if (word != "killed") break;
    ++tally.kills;
  }
  said = place.recover();
  ++tally.ends[said];
  const std::string again = place.recover();
  const Picture now = place.picture();
  std::string problem;
  const bool old = now == place.before();
  const bool new_one = normal.word == "deployed" && anonymous(now) == normal.after;
  if (!old && !new_one) problem += "neither as before:\n" + differences(place.before(), now);
  if (said == "rolled_back" && !old) problem += "rolled_back was said, but it is not as before\n";
  if (said == "deployed" && !new_one) problem += "deployed was said, but it is not as wanted\n";
  if (said != "deployed" && said != "rolled_back" && said != "nothing_to_do")
    problem += "recover said " + said + "\n";
  if (again != "nothing_to_do") problem += "a second recovery said " + again + "\n";
  for (const std::string& rule : place.broken()) problem += rule + "\n";
  if (problem.empty()) return;
  ++tally.wrong;
  std::cout << "WRONG: " << where << ", recovered with " << said << "\n" << problem;
}

void print(const std::string& what, const Tally& tally) {
  std::cout << what << ": " << tally.points << " points, " << tally.kills << " kills, recovered";
  for (const auto& [end, count] : tally.ends) std::cout << "  " << count << " " << end;
  std::cout << "\n";
}

}  // namespace

bool kill_everywhere() {
  Tally all;
  for (const Scenario& scenario : scenarios()) {
    const Undisturbed normal = undisturbed(scenario);
    Tally tally;
    for (std::uint64_t request = 1; request <= normal.requests; ++request) {
      for (const Boundary boundary : kBoundaries) kill(scenario, normal, {{request, boundary}}, tally);
    }
    print(scenario.name, tally);
    all.points += tally.points;
    all.kills += tally.kills;
    all.wrong += tally.wrong;
  }
  std::cout << all.kills << " single kills of " << all.points << " points, " << all.wrong << " wrong\n";
  return all.wrong == 0 && all.kills >= 500;
}

bool kill_recoveries_too(std::uint32_t seed, std::uint32_t count) {
  std::mt19937 random(seed);
  const std::vector<Scenario> all = scenarios();
  std::vector<Undisturbed> normal;
  for (const Scenario& scenario : all) normal.push_back(undisturbed(scenario));
  Tally tally;
  std::uint32_t several = 0;
  const auto point = [&](std::uint64_t requests) {
    return Point{1 + random() % requests, kBoundaries[random() % 3]};
  };
  while (several < count) {
    const std::size_t which = random() % all.size();
    std::vector<Point> points = {point(normal[which].requests)};
    for (std::size_t i = 0, more = 1 + random() % 2; i < more; ++i) points.push_back(point(30));
    const std::uint64_t before = tally.kills;
    kill(all[which], normal[which], points, tally);
    if (tally.kills - before >= 2) ++several;
  }
  print("kills from seed " + std::to_string(seed), tally);
  std::cout << several << " double and triple kills, " << tally.wrong << " wrong\n";
  return tally.wrong == 0;
}

}  // namespace instantexec::simulation
