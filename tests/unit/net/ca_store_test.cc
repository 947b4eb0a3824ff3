#include "net/ca_store.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "support/temp_dir.h"

namespace instantexec::net {
namespace {

class CaStore : public ::testing::Test {
 protected:
  std::string file(const std::string& name, const std::string& mark, bool certificate = true) {
    std::string path = folder_ + "/" + name;
    std::ofstream(path) << (certificate ? "-----BEGIN CERTIFICATE-----\n" : "") << mark << "\n";
    return path;
  }
  testing::TempDir temp_;
  std::string folder_ = temp_.path();
};

TEST_F(CaStore, TheFirstFileWithCertificatesIsUsed) {
  CaLocations places;
  places.files = {folder_ + "/missing", file("empty", "nothing", false), file("a", "AAA"), file("b", "BBB")};
  const auto roots = read_ca_certificates(places);
  ASSERT_TRUE(roots);
  EXPECT_NE(roots->find("AAA"), std::string::npos);
  EXPECT_EQ(roots->find("BBB"), std::string::npos);
}

TEST_F(CaStore, FoldersServeWhenNoFileDoesOrWhenNamed) {
  file("x.pem", "XXX");
  CaLocations places;
  places.folders = {folder_};
  EXPECT_NE(read_ca_certificates(places)->find("XXX"), std::string::npos);
  places.files = {file("zz", "ZZZ")};
  places.folders = {folder_ + "/sub"};
  std::filesystem::create_directory(folder_ + "/sub");
  file("sub/y.pem", "YYY");
  EXPECT_EQ(read_ca_certificates(places)->find("YYY"), std::string::npos);
  places.folders_too = true;
  EXPECT_NE(read_ca_certificates(places)->find("YYY"), std::string::npos);
}

TEST_F(CaStore, SaysWhereItLooked) {
  CaLocations places;
  places.files = {folder_ + "/missing"};
  const auto roots = read_ca_certificates(places);
  ASSERT_FALSE(roots);
  EXPECT_EQ(roots.error().code->name, "net.tls-authority-unusable");
  EXPECT_NE(roots.error().message.find("/missing"), std::string::npos);
}

TEST(CaLocations, VariablesReplaceTheKnownPlaces) {
  EXPECT_EQ(ca_locations("/f.pem", "").files, std::vector<std::string>{"/f.pem"});
  EXPECT_FALSE(ca_locations("/f.pem", "").folders_too);
  const auto places = ca_locations("", "/a::/b");
  EXPECT_EQ(places.folders, (std::vector<std::string>{"/a", "/b"}));
  EXPECT_TRUE(places.folders_too);
  EXPECT_FALSE(places.files.empty());
}

}  // namespace
}  // namespace instantexec::net
