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

TEST_CASE("a file that differs from the copy of the one in use is noticed, in its parts as well") {
    const Folder folder;
    const std::string file = folder.write("etc/lb.toml", "role = \"real-server\"\n");
    const std::string part = folder.write("etc/conf.d/more.toml", "vips = [\"10.0.0.1\"]\n");
    const std::string copy = folder.at("running");
    CopyWatch watch(file, copy);
    CHECK_FALSE(watch.differs());  // there is no copy
    REQUIRE(copy_files(file, copy));
    CHECK(watch.differs() == false);
    CHECK(watch.differs() == false);
    (void)folder.write("etc/conf.d/more.toml", "vips = [\"10.0.0.1\", \"10.0.0.2\"]\n");
    CHECK(watch.differs() == true);
    REQUIRE(copy_files(file, copy));
    CHECK(watch.differs() == false);
    fs::rename(part, folder.at("etc/conf.d/other.toml"));
    CHECK(watch.differs() == true);
    fs::rename(folder.at("etc/conf.d/other.toml"), part);
    CHECK(watch.differs() == false);
    fs::remove(file);
    CHECK(watch.differs() == true);
}

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

TEST_CASE("what is hidden in conf.d, or an editor's, is passed over") {
    const Folder folder;
    const std::string file = folder.write("lb.toml", "role = \"real-server\"\n");
    (void)folder.write("conf.d/vips.toml", "vips = [\"10.0.0.1\"]\n");
    for (const char* name : {".vips.toml", "#vips.toml#", "#vips.toml", "vips.toml~", "vips.toml.dpkg-old", ".toml"}) {
        (void)folder.write(std::string("conf.d/") + name, "vips = [\"10.0.0.9\"]\n");
    }
    fs::create_symlink("user@host.1234:5678", folder.at("conf.d/.#vips.toml"));  // what Emacs locks a file with
    const auto loaded = load_node(file, "");
    REQUIRE(loaded);
    CHECK(loaded->vips.size() == 1);
    CHECK(copy_files(file, folder.at("copy")));
}

TEST_CASE("what cannot be read in conf.d is an error, and no reason to wait") {
    const Folder folder;
    const std::string file = folder.write("lb.toml", "role = \"real-server\"\nvips = [\"10.0.0.1\"]\n");
    const auto error = [&] {
        config::Diagnostics problems;
        const auto parsed = parse_files(file, problems);
        REQUIRE_FALSE(parsed.has_value());
        CHECK(parsed.error().kind == ErrorKind::invalid_input);
        return parsed.error().what;
    };
    SUBCASE("a link to nowhere instead of the folder") {
        fs::create_symlink("gone", folder.at("conf.d"));
        CHECK(error() == folder.at("conf.d") + ": cannot be listed: No such file or directory");
    }
    SUBCASE("a file instead of the folder") {
        (void)folder.write("conf.d", "");
        CHECK(error() == folder.at("conf.d") + ": cannot be listed: Not a directory");
    }
    SUBCASE("a link to nowhere in it") {
        fs::create_directory(folder.at("conf.d"));
        fs::create_symlink("gone", folder.at("conf.d/x.toml"));
        CHECK(error() == folder.at("conf.d/x.toml") + ": cannot be read: No such file or directory");
    }
    SUBCASE("a pipe") {
        fs::create_directory(folder.at("conf.d"));
        REQUIRE(::mkfifo(folder.at("conf.d/x.toml").c_str(), 0600) == 0);
        CHECK(error().ends_with("it is a pipe"));
    }
    SUBCASE("a folder") {
        fs::create_directories(folder.at("conf.d/x.toml"));
        CHECK(error().ends_with("it is a directory"));
    }
}

TEST_CASE("a part that others may write is not read, unless they may write the file that was named") {
    const Folder folder;
    const std::string file = folder.write("lb.toml", "role = \"real-server\"\n");
    const std::string part = folder.write("conf.d/vips.toml", "vips = [\"10.0.0.1\"]\n");
    const auto error = [&] {
        config::Diagnostics problems;
        const auto parsed = parse_files(file, problems);
        return parsed ? "" : parsed.error().what;
    };
    CHECK(error().empty());
    ::chmod(part.c_str(), 0646);
    CHECK(error() == part + ": will not be read: " + part + " may be written by everybody");
    ::chmod(part.c_str(), 0644);
    ::chmod(folder.at("conf.d").c_str(), 01777);
    CHECK(error().ends_with("conf.d may be written by everybody"));
    ::chmod(file.c_str(), 0666);
    CHECK(error().empty());
}

TEST_CASE("text that is not UTF-8 is an error of its line, and a name that is not is a name") {
    const Folder folder;
    const std::string file = folder.write("x\xff.toml", "role = \"real-server\"\n");
    CHECK(load_node(file, ""));
    (void)folder.write("x\xff.toml", "role = \"real-server\"\n# \xe4\n");
    config::Diagnostics problems;
    REQUIRE(parse_files(file, problems).has_value());
    CHECK(problems.has_errors());
}

namespace {

/// What is wrong with the file of an instance's keys; empty: nothing.
std::string wrong_with(const std::string& file) {
    config::Vrrp vrrp;
    vrrp.auth_key_file = file;
    const Result<void> read = read_auth_keys(vrrp);
    CHECK(read.has_value() == (vrrp.auth_keys.size() == 1));
    return read ? "" : read.error().what;
}

}  // namespace

TEST_CASE("a file of keys is read where nobody else can read or write it") {
    const Folder folder;
    const std::string keys = folder.write("keys", "1 hex:" + std::string(64, 'a') + "\n");
    const auto with = [&](mode_t mode) {
        REQUIRE(::chmod(keys.c_str(), mode) == 0);
        return wrong_with(keys);
    };
    CHECK(with(0600).empty());
    CHECK(with(0400).empty());
    CHECK(with(0644).find("will not be used: " + keys + " may be read by everybody") != std::string::npos);
    CHECK(with(0640).find("may be read by its group") != std::string::npos);
    CHECK(with(0602).find("may be written by everybody") != std::string::npos);
    CHECK(with(0600).empty());
}

TEST_CASE("a file of keys that is not there, not a file or without a key is an error") {
    const Folder folder;
    CHECK(wrong_with(folder.at("missing")).find("cannot be read") != std::string::npos);
    CHECK(wrong_with(folder.at("")).find(": ") != std::string::npos);
    const std::string empty = folder.write("empty", "");
    REQUIRE(::chmod(empty.c_str(), 0600) == 0);
    CHECK(wrong_with(empty) == empty + ": there is no key");
    config::Vrrp none;
    CHECK(read_auth_keys(none).has_value());
}

}  // namespace lbconverge::cli
