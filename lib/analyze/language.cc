#include "analyze/language.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/text.h"

namespace instantexec::analyze {
namespace {

using Row = std::pair<std::string_view, Language>;

constexpr std::array kByExtension{Row{".yaml", Language::kYaml},
                                  Row{".yml", Language::kYaml},
                                  Row{".json", Language::kJson},
                                  Row{".go", Language::kGo},
                                  Row{".py", Language::kPython},
                                  Row{".js", Language::kJavaScript},
                                  Row{".mjs", Language::kJavaScript},
                                  Row{".cjs", Language::kJavaScript},
                                  Row{".jsx", Language::kJavaScript},
                                  Row{".ts", Language::kTypeScript},
                                  Row{".tsx", Language::kTsx},
                                  Row{".java", Language::kJava},
                                  Row{".c", Language::kC},
                                  Row{".h", Language::kCpp},
                                  Row{".cc", Language::kCpp},
                                  Row{".cpp", Language::kCpp},
                                  Row{".cxx", Language::kCpp},
                                  Row{".hpp", Language::kCpp},
                                  Row{".rs", Language::kRust},
                                  Row{".sh", Language::kBash},
                                  Row{".bash", Language::kBash},
                                  Row{".md", Language::kText},
                                  Row{".txt", Language::kText},
                                  Row{".rst", Language::kText},
                                  Row{".csv", Language::kText},
                                  Row{".toml", Language::kText},
                                  Row{".ini", Language::kText},
                                  Row{".cfg", Language::kText},
                                  Row{".conf", Language::kText},
                                  Row{".env", Language::kText},
                                  Row{".lock", Language::kText},
                                  Row{".sum", Language::kText},
                                  Row{".mod", Language::kText},
                                  Row{".xml", Language::kText},
                                  Row{".html", Language::kText},
                                  Row{".css", Language::kText},
                                  Row{".svg", Language::kText},
                                  Row{".tpl", Language::kText},
                                  Row{".pem", Language::kText},
                                  Row{".cmake", Language::kText},
                                  Row{".proto", Language::kText},
                                  Row{".properties", Language::kText}};

constexpr std::array<std::string_view, 12> kTextNames{
    "LICENSE",        "NOTICE",     "OWNERS",         "CODEOWNERS",    "Dockerfile",    "Makefile",
    "CMakeLists.txt", ".gitignore", ".gitattributes", ".editorconfig", ".clang-format", ".clang-tidy"};

constexpr std::array<std::string_view, 5> kVendoredFolders{"vendor", "node_modules", "third_party", "dist",
                                                           ".terraform"};

std::string_view base_name(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

}  // namespace

Language language_of(std::string_view path) {
  const std::string_view name = base_name(path);
  if (std::find(kTextNames.begin(), kTextNames.end(), name) != kTextNames.end()) return Language::kText;
  const auto dot = name.rfind('.');
  // Without an extension: dot files and scripts; nothing to go by.
  if (dot == std::string_view::npos || dot == 0) return Language::kText;
  const std::string extension = to_lower(name.substr(dot));
  const auto* const it = std::find_if(kByExtension.begin(), kByExtension.end(),
                                      [&](const Row& row) { return row.first == extension; });
  return it == kByExtension.end() ? Language::kUnknown : it->second;
}

std::string_view to_string(Language language) {
  switch (language) {
    case Language::kYaml:
      return "YAML";
    case Language::kJson:
      return "JSON";
    case Language::kGo:
      return "Go";
    case Language::kPython:
      return "Python";
    case Language::kJavaScript:
      return "JavaScript";
    case Language::kTypeScript:
      return "TypeScript";
    case Language::kTsx:
      return "TSX";
    case Language::kJava:
      return "Java";
    case Language::kC:
      return "C";
    case Language::kCpp:
      return "C++";
    case Language::kRust:
      return "Rust";
    case Language::kBash:
      return "Bash";
    case Language::kText:
      return "text";
    case Language::kUnknown:
      return "other";
  }
  return "other";
}

bool is_vendored(std::string_view path) {
  const auto parts = split(path, '/');
  const bool in_folder = std::any_of(parts.begin(), parts.end() - 1, [](std::string_view part) {
    return std::find(kVendoredFolders.begin(), kVendoredFolders.end(), part) != kVendoredFolders.end();
  });
  const std::string_view name = parts.back();
  const bool lock_file =
      name.ends_with(".lock") || name == "package-lock.json" || name == "go.sum" || name == "yarn.lock";
  const bool generated =
      name.ends_with(".min.js") || name.ends_with(".pb.go") || name.starts_with("zz_generated");
  return in_folder || lock_file || generated;
}

}  // namespace instantexec::analyze
