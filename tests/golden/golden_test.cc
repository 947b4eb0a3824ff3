#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "golden/reader.h"
#include "report/ci.h"
#include "report/json.h"
#include "report/live_tree.h"
#include "report/progress.h"
#include "report/text.h"
#include "report/views.h"
#include "source_dir.h"

// A golden case is a folder: input.json says what is rendered and with which options, expected.txt is the
// text. ESC is shown as ␛ there. INSTANTEXEC_UPDATE_GOLDEN=1 writes expected.txt anew.
namespace instantexec::golden {
namespace {

namespace fs = std::filesystem;
using model::Json;

std::string read(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::string visible(std::string text) {
  for (auto at = text.find('\x1b'); at != std::string::npos; at = text.find('\x1b')) text.replace(at, 1, "␛");
  return text;
}

std::string lines(const Json& input, const report::TextOptions& options) {
  std::string out;
  report::LineProgress progress([&](std::string_view text) { out += text; }, options.style, options.ns);
  for (const Json& item : model::get_array(input, "/events")) progress.emit(event(item));
  return out;
}

// The tree after the last event, at the time it says.
std::string live(const Json& input, const report::TextOptions& options) {
  report::LiveState state;
  Instant now;
  for (const Json& item : model::get_array(input, "/events")) {
    now = Instant{Duration{model::get_int(item, "/at")}};
    fold(state, event(item), now);
  }
  report::LiveView view;
  view.width = static_cast<std::size_t>(model::get_int(input, "/width", 80));
  view.height = static_cast<std::size_t>(model::get_int(input, "/height", 24));
  view.style = options.style;
  view.ns = options.ns;
  std::string out;
  for (const std::string& line : live_lines(state, view, now)) {
    out += line + "\n";
    if (!options.style.colour) {
      EXPECT_LE(report::display_width(line), view.width);
    }
  }
  return out;
}

std::string event_json(const Json& input) {
  std::string out;
  for (const Json& item : model::get_array(input, "/events"))
    out += report::compact(report::to_json(event(item)));
  return out;
}

std::string render(const Json& input) {
  const std::string kind = model::get_string(input, "/render");
  const Json& value = model::get_object(input, "/value");
  report::TextOptions options;
  options.style.colour = model::get_bool(input, "/colour");
  options.style.unicode = model::get_bool(input, "/unicode");
  options.ns = model::get_string(input, "/ns");
  if (kind == "run-text") return report::run_text(run_report(value), options);
  if (kind == "run-json") return report::pretty(report::to_json(run_report(value)));
  if (kind == "markdown") return report::markdown(run_report(value));
  if (kind == "annotations") return report::github_annotations(run_report(value));
  if (kind == "sarif") return report::sarif(run_report(value));
  if (kind == "junit") return report::junit(run_report(value));
  if (kind == "error") return report::error_text(error(value), options.style);
  if (kind == "findings")
    return report::findings_text(findings(model::get_array(input, "/value")), options.style);
  if (kind == "plan")
    return report::plan_text(plan_view(value), {options, model::get_bool(input, "/unchanged")});
  if (kind == "history")
    return report::history_text(revisions(model::get_array(input, "/value")), options.style);
  if (kind == "status") return report::status_text(release_view(value), options);
  if (kind == "lines") return lines(input, options);
  if (kind == "live") return live(input, options);
  if (kind == "event-json") return event_json(input);
  ADD_FAILURE() << "input.json: unknown renderer " << kind;
  return {};
}

class Golden : public testing::TestWithParam<fs::path> {};

TEST_P(Golden, Matches) {
  const fs::path folder = GetParam();
  const auto input = model::parse_json(read(folder / "input.json"));
  ASSERT_TRUE(input.has_value()) << folder << ": input.json is not JSON";
  const std::string got = visible(render(*input));
  const fs::path expected = folder / "expected.txt";
  if (std::getenv("INSTANTEXEC_UPDATE_GOLDEN") != nullptr) {
    std::ofstream(expected, std::ios::binary) << got;
    GTEST_SKIP() << "wrote " << expected;
  }
  ASSERT_TRUE(fs::exists(expected)) << expected;
  EXPECT_EQ(got, read(expected)) << folder;
}

std::vector<fs::path> cases() {
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(fs::path(INSTANTEXEC_SOURCE_DIR) / "tests" / "golden")) {
    if (fs::exists(entry.path() / "input.json")) out.push_back(entry.path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::string case_name(const testing::TestParamInfo<fs::path>& info) {
  std::string name = info.param.filename().string();
  for (char& c : name) {
    if (c == '-') c = '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Folder, Golden, testing::ValuesIn(cases()), case_name);

}  // namespace
}  // namespace instantexec::golden
