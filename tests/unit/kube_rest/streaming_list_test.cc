#include "kube/streaming_list.h"

#include <gtest/gtest.h>

namespace instantexec::kube {
namespace {

const model::Gvk kConfigMap{"", "v1", "ConfigMap"};

constexpr const char* kList =
    R"({"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"12","continue":"tok",
    "items":["not these"]},"items":[{"metadata":{"name":"a","labels":{"x":"]}\"{["}}}, {"kind":"Own",
    "metadata":{"name":"b"},"data":{"items":"[{"}}]})";

// Every way to cut the text in two, and byte by byte.
TEST(ListParser, DoesNotCareAboutChunks) {
  const std::string text = kList;
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    ListParser parser(kConfigMap);
    ASSERT_TRUE(parser.feed(std::string_view(text).substr(0, cut)));
    ASSERT_TRUE(parser.feed(std::string_view(text).substr(cut)));
    const auto page = parser.finish();
    ASSERT_TRUE(page) << cut;
    ASSERT_EQ(page->items.size(), 2U) << cut;
    EXPECT_EQ(page->items[0].name(), "a");
    EXPECT_EQ(page->items[0].gvk(), kConfigMap);
    EXPECT_EQ(page->items[1].kind(), "Own");
    EXPECT_EQ(page->resource_version, "12");
    EXPECT_EQ(page->continue_token, "tok");
  }
  ListParser parser(kConfigMap);
  for (const char c : text) ASSERT_TRUE(parser.feed({&c, 1}));
  EXPECT_EQ(parser.finish()->items.size(), 2U);
}

TEST(ListParser, ReadsEmptyLists) {
  for (const char* text : {R"({"kind":"PodList","items":[]})", R"({"items":null,"kind":"PodList"})",
                           R"({"kind":"PodList", "items" : [ ] , "metadata":{}})"}) {
    ListParser parser(kConfigMap);
    EXPECT_TRUE(parser.feed(text));
    const auto page = parser.finish();
    ASSERT_TRUE(page) << text;
    EXPECT_TRUE(page->items.empty());
  }
}

TEST(ListParser, RefusesWhatIsNoList) {
  const std::string deep(300, '[');
  for (const std::string& text :
       {std::string(R"({"kind":"Pod"})"), std::string(R"({"kind":"PodList","items":[{"a":1})"), std::string(),
        std::string(R"({"kind":"PodList","items":[1,2]})"),
        std::string(R"({"kind":"PodList","items":[{"a":}]})"), std::string("<html>"),
        std::string(R"({"kind":"PodList","items":[]}})"), "{\"kind\":" + deep,
        "{\"kind\":\"PodList\",\"items\":[{\"a\":" + deep + std::string(300, ']') + "}]}"}) {
    ListParser parser(kConfigMap);
    parser.feed(text);
    EXPECT_FALSE(parser.finish()) << text;
  }
}

TEST(JsonFramer, CutsObjectsWhateverTheChunks) {
  const std::string text = "{\"a\":\"}\\\"{\"}\n {\"b\":[{}]}{\"c\":1}\r\n";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    JsonFramer framer(1000);
    std::vector<std::string> frames;
    for (std::size_t at = 0; at < text.size(); at += size) {
      ASSERT_TRUE(framer.feed(std::string_view(text).substr(at, size),
                              [&](std::string_view frame) { frames.emplace_back(frame); }));
    }
    EXPECT_EQ(frames, (std::vector<std::string>{"{\"a\":\"}\\\"{\"}", "{\"b\":[{}]}", "{\"c\":1}"})) << size;
    EXPECT_TRUE(framer.idle());
  }
}

TEST(JsonFramer, RefusesOtherTextAndTooMuch) {
  const auto ignore = [](std::string_view) {};
  EXPECT_FALSE(JsonFramer(1000).feed("<html>", ignore));
  EXPECT_FALSE(JsonFramer(1000).feed("{}null", ignore));
  EXPECT_FALSE(JsonFramer(5).feed("{\"aaaaaaa\"", ignore));
  JsonFramer broken(1000);
  EXPECT_FALSE(broken.feed("x", ignore));
  EXPECT_FALSE(broken.feed("{}", ignore));
}

}  // namespace
}  // namespace instantexec::kube
