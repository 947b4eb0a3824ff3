#include <gtest/gtest.h>

#include <random>

#include "plan/undo.h"

namespace instantexec::plan {
namespace {

using model::Json;

Json parse(const char* text) {
  return *model::parse_json(text);
}

struct Row {
  const char* name;
  const char* before;
  const char* after;
  const char* live;
  const char* merged;
  std::vector<std::string> conflicts;
};

TEST(ThreeWay, Table) {
  const std::vector<Row> rows = {
      {"untouched since", R"({"a":1,"b":2})", R"({"a":9})", R"({"a":9})", R"({"a":1,"b":2})", {}},
      {"foreign field elsewhere", R"({"a":1})", R"({"a":2})", R"({"a":2,"x":5})", R"({"a":1,"x":5})", {}},
      {"already back", R"({"a":1})", R"({"a":2})", R"({"a":1,"x":5})", R"({"a":1,"x":5})", {}},
      {"foreign value kept", R"({"a":1})", R"({"a":2})", R"({"a":3})", R"({"a":3})", {"/a"}},
      {"we added it, they removed it", R"({})", R"({"a":2,"b":1})", R"({"b":1,"c":1})", R"({"c":1})", {}},
      {"we removed it, they set it", R"({"a":1})", R"({})", R"({"a":7})", R"({"a":7})", {"/a"}},
      {"nested",
       R"({"s":{"a":1,"b":1}})",
       R"({"s":{"a":2,"b":2}})",
       R"({"s":{"a":2,"b":3}})",
       R"({"s":{"a":1,"b":3}})",
       {"/s/b"}},
      {"list item by name",
       R"({"c":[{"name":"x","i":1},{"name":"y","i":1}]})",
       R"({"c":[{"name":"x","i":2},{"name":"y","i":1}]})",
       R"({"c":[{"name":"side","i":0},{"name":"x","i":2},{"name":"y","i":1}]})",
       R"({"c":[{"name":"side","i":0},{"name":"x","i":1},{"name":"y","i":1}]})",
       {}},
      {"list item we removed comes back in place",
       R"({"c":[{"name":"x"},{"name":"y"},{"name":"z"}]})",
       R"({"c":[{"name":"x"},{"name":"z"}]})",
       R"({"c":[{"name":"x"},{"name":"z"},{"name":"new"}]})",
       R"({"c":[{"name":"x"},{"name":"y"},{"name":"z"},{"name":"new"}]})",
       {}},
      {"list item we added goes",
       R"({"c":[{"name":"x"}]})",
       R"({"c":[{"name":"x"},{"name":"y"}]})",
       R"({"c":[{"name":"x"},{"name":"y"},{"name":"z"}]})",
       R"({"c":[{"name":"x"},{"name":"z"}]})",
       {}},
      {"an order of ours is taken back",
       R"({"c":[{"name":"x","i":1},{"name":"y","i":1}]})",
       R"({"c":[{"name":"y","i":1},{"name":"x","i":1}]})",
       R"({"c":[{"name":"y","i":7},{"name":"x","i":1}]})",
       R"({"c":[{"name":"x","i":1},{"name":"y","i":7}]})",
       {}},
      {"beside what others added, which stays after what it stood after",
       R"({"c":[{"name":"x"},{"name":"y"},{"name":"z"}]})",
       R"({"c":[{"name":"new"},{"name":"z"},{"name":"x"}]})",
       R"({"c":[{"name":"first"},{"name":"new"},{"name":"z"},{"name":"side"},{"name":"x"}]})",
       R"({"c":[{"name":"first"},{"name":"x"},{"name":"y"},{"name":"z"},{"name":"side"}]})",
       {}},
      {"an order of theirs stays",
       R"({"c":[{"name":"x","i":1},{"name":"y","i":1}]})",
       R"({"c":[{"name":"x","i":2},{"name":"y","i":1}]})",
       R"({"c":[{"name":"y","i":1},{"name":"x","i":2}]})",
       R"({"c":[{"name":"y","i":1},{"name":"x","i":1}]})",
       {}},
      {"a text became a map",
       R"({"f":"x"})",
       R"({"f":{"a":1}})",
       R"({"f":{"a":1,"b":2}})",
       R"({"f":{"a":1,"b":2}})",
       {"/f"}},
      {"a map became a text",
       R"({"f":{"a":1}})",
       R"({"f":"x"})",
       R"({"f":{"b":2}})",
       R"({"f":{"b":2}})",
       {"/f"}},
      {"they made a map a text",
       R"({"f":{"a":1}})",
       R"({"f":{"a":2}})",
       R"({"f":"x"})",
       R"({"f":"x"})",
       {"/f"}},
      {"a map of items became a list",
       R"({"f":{"p":{"name":"n","v":1}}})",
       R"({"f":[{"name":"n","v":2}]})",
       R"({"f":[{"name":"n","v":2},{"name":"m"}]})",
       R"({"f":[{"name":"n","v":2},{"name":"m"}]})",
       {"/f"}},
      {"a list became a map of items",
       R"({"f":[{"name":"n","v":1}]})",
       R"({"f":{"p":{"name":"n","v":2}}})",
       R"({"f":[{"name":"n","v":2},{"name":"m"}]})",
       R"({"f":[{"name":"n","v":2},{"name":"m"}]})",
       {"/f"}},
      {"they made a list a map of items",
       R"({"f":[{"name":"n","v":1}]})",
       R"({"f":[{"name":"n","v":2}]})",
       R"({"f":{"p":{"name":"n","v":2}}})",
       R"({"f":{"p":{"name":"n","v":2}}})",
       {"/f"}},
      {"list without keys is one value",
       R"({"c":[1,2]})",
       R"({"c":[1,2,3]})",
       R"({"c":[1,2,3,4]})",
       R"({"c":[1,2,3,4]})",
       {"/c"}},
      {"list with a key twice is one value",
       R"({"c":[{"name":"x"},{"name":"x"}]})",
       R"({"c":[{"name":"x"}]})",
       R"({"c":[{"name":"x"},{"name":"y"}]})",
       R"({"c":[{"name":"x"},{"name":"y"}]})",
       {"/c"}},
      {"type changed by them", R"({"a":1})", R"({"a":2})", R"({"a":{"b":1}})", R"({"a":{"b":1}})", {"/a"}},
  };
  for (const Row& row : rows) {
    const Merge merge = three_way(parse(row.before), parse(row.after), parse(row.live));
    EXPECT_EQ(merge.merged, parse(row.merged)) << row.name;
    EXPECT_EQ(merge.conflicts, row.conflicts) << row.name;
  }
}

// Random JSON with the shapes Kubernetes has: maps, lists of named items, lists of scalars.
class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  Json map(int depth) {
    Json out = Json::object();
    const int size = pick(4);
    for (int i = 0; i < size; ++i) out[std::string(1, static_cast<char>('a' + pick(5)))] = value(depth - 1);
    return out;
  }

  Json value(int depth) {
    const int kind = depth <= 0 ? 0 : pick(4);
    if (kind == 1) return map(depth);
    if (kind == 2) return named(depth);
    if (kind == 3) return Json::array({pick(3), pick(3)});
    return pick(3);
  }

  void edit(Json& json) {
    if (json.is_object() && !json.empty()) {
      auto it = json.begin();
      std::advance(it, pick(static_cast<int>(json.size())));
      if (pick(3) == 0) {
        json.erase(it);
      } else if (it->is_structured() && pick(2) == 0) {
        edit(*it);
      } else {
        *it = value(2);
      }
    } else if (json.is_array() && !json.empty() && pick(2) == 0) {
      json.erase(static_cast<std::size_t>(pick(static_cast<int>(json.size()))));
    }
    if (json.is_object() && pick(2) == 0) json[std::string(1, static_cast<char>('a' + pick(5)))] = value(1);
  }

 private:
  int pick(int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(engine_); }

  Json named(int depth) {
    Json out = Json::array();
    for (int i = 0; i < 3; ++i) {
      if (pick(3) == 0) continue;
      Json item = map(depth - 1);
      item["name"] = i;
      out.push_back(std::move(item));
    }
    return out;
  }

  std::mt19937_64 engine_;
};

// A key that is a map tells no items apart, so the list is one value.
TEST(ThreeWay, ListsWhoseKeysAreNoScalarsAreOneValue) {
  const Json before{{"l", {{{"name", {{"x", 1}}}, {"v", 1}}}}};
  const Json after{{"l", {{{"name", {{"x", 1}}}, {"v", 2}}}}};
  const Json live{{"l", {{{"name", {{"x", 1}}}, {"v", 3}}}}};
  EXPECT_EQ(three_way(before, after, after).merged, before);
  const Merge merge = three_way(before, after, live);
  EXPECT_EQ(merge.merged, live);
  EXPECT_EQ(merge.conflicts, std::vector<std::string>{"/l"});
}

TEST(ThreeWay, ItemsThatComeBackStandWhereTheyStood) {
  const auto item = [](const char* name, int value) { return Json{{"name", name}, {"v", value}}; };
  const Json before{item("a", 1), item("b", 1), item("c", 1), item("d", 1)};
  const Json after{item("a", 1), item("d", 1)};
  const Json live{item("x", 9), item("a", 1), item("d", 2)};
  EXPECT_EQ(three_way(before, after, live).merged,
            (Json{item("x", 9), item("a", 1), item("b", 1), item("c", 1), item("d", 2)}));
  const Json first_gone = Json::array({item("b", 1)});
  EXPECT_EQ(three_way(Json{item("a", 1), item("b", 1)}, first_gone, Json::array({item("b", 2)})).merged,
            (Json{item("a", 1), item("b", 2)}));
}

TEST(ThreeWay, UndoOfApplyIsTheOriginal) {
  for (std::uint64_t seed = 1; seed <= 5000; ++seed) {
    Random random(seed);
    const Json before = random.map(4);
    Json after = before;
    for (int i = 0; i < 3; ++i) random.edit(after);
    EXPECT_EQ(three_way(before, after, after).merged, before) << "seed " << seed;
    EXPECT_TRUE(three_way(before, after, after).conflicts.empty()) << "seed " << seed;
    EXPECT_EQ(three_way(before, after, before).merged, before) << "seed " << seed;
    EXPECT_EQ(three_way(before, before, after).merged, after) << "seed " << seed;
  }
}

TEST(ThreeWay, IsIdempotentUnderForeignEdits) {
  for (std::uint64_t seed = 1; seed <= 5000; ++seed) {
    Random random(seed);
    const Json before = random.map(4);
    Json after = before;
    random.edit(after);
    Json live = after;
    random.edit(live);
    const Merge once = three_way(before, after, live);
    const Merge twice = three_way(before, after, once.merged);
    // A second run after a crash finds nothing left to do where the first one had no conflict.
    if (once.conflicts.empty()) {
      EXPECT_EQ(twice.merged, once.merged) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace instantexec::plan
