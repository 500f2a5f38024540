#include "load.hpp"

#include "support/text.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace lbconverge::cli {

namespace fs = std::filesystem;

namespace {

/// A folder of the test's own.
class Folder {
public:
    Folder() {
        std::string name = (fs::temp_directory_path() / "lbconverge-load.XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }
    ~Folder() { fs::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    [[nodiscard]] std::string write(const std::string& name, const std::string& text) const {
        fs::create_directories((path_ / name).parent_path());
        std::ofstream(path_ / name) << text;
        return (path_ / name).string();
    }
    [[nodiscard]] std::string at(const std::string& name) const { return (path_ / name).string(); }

private:
    fs::path path_;
};

}  // namespace

TEST_CASE("the copy of a configuration is read like the configuration, and by root only") {
    const Folder folder;
    const std::string file = folder.write("etc/lb.toml", R"(
        role = "real-server"
        vips = ["10.0.0.1"]
    )"_text);
    (void)folder.write("etc/conf.d/more.toml", R"(
        [[vip]]
        address = "10.0.0.2"
    )"_text);
    const std::string copy = folder.at("running");
    REQUIRE(copy_files(file, copy));
    struct stat status {};
    REQUIRE(::stat(copy.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0700);
    const auto loaded = load_node(copy + "/lbconverge.toml", "");
    REQUIRE(loaded);
    CHECK(loaded->vips.size() == 2);

    SUBCASE("a part that is gone is gone from the next copy") {
        fs::remove_all(folder.at("etc/conf.d"));
        REQUIRE(copy_files(file, copy));
        CHECK(load_node(copy + "/lbconverge.toml", "")->vips.size() == 1);
    }
    SUBCASE("what cannot be copied is an error") { CHECK_FALSE(copy_files(folder.at("etc/none.toml"), copy)); }
}

}  // namespace lbconverge::cli
