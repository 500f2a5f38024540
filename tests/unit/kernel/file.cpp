#include "lbconverge/kernel/file.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace lbconverge::kernel {

namespace fs = std::filesystem;

namespace {

struct Folder {
    Folder() {
        std::string name = (fs::temp_directory_path() / "lbconverge-file.XXXXXX").string();
        path = ::mkdtemp(name.data());
    }
    ~Folder() { fs::remove_all(path); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] std::string at(const std::string& name) const { return (path / name).string(); }
    [[nodiscard]] std::string write(const std::string& name, const std::string& text) const {
        std::ofstream(path / name, std::ios::binary) << text;
        return at(name);
    }
    fs::path path;
};

std::string said(const std::string& path, FileLimits limits = {}) {
    const auto text = read_file(path, limits);
    if (text) return *text;
    CHECK(text.error().kind == ErrorKind::invalid_input);
    return text.error().what;
}

}  // namespace

TEST_CASE("a file is read whole, whatever octets are in it") {
    const Folder folder;
    const std::string octets("a\0\xff\n", 4);
    CHECK(said(folder.write("octets", octets)) == octets);
    CHECK(said(folder.write("empty", "")).empty());
    const std::string large(100'000, 'x');
    CHECK(said(folder.write("large", large)) == large);
    CHECK(said("/proc/self/comm").ends_with("\n"));  // says that its size is 0
    fs::create_symlink("octets", folder.at("link"));
    CHECK(said(folder.at("link")) == octets);
}

TEST_CASE("what is no regular file is not opened") {
    const Folder folder;
    const std::string pipe = folder.at("pipe");
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    CHECK(said(pipe) == pipe + ": cannot be read: it is a pipe");
    fs::create_symlink("pipe", folder.at("link"));
    CHECK(said(folder.at("link")).ends_with("it is a pipe"));
    CHECK(said(folder.path.string()).ends_with("it is a directory"));
    CHECK(said("/dev/zero").ends_with("it is a device"));
    CHECK(said("/dev/tty").ends_with("it is a device"));
}

TEST_CASE("a file that is not there") {
    const Folder folder;
    CHECK(said(folder.at("none")).ends_with(": cannot be read: No such file or directory"));
    CHECK(said(folder.write("file", "x") + "/below").ends_with("Not a directory"));
    CHECK(said(std::string(5000, 'x')).ends_with("File name too long"));
    const auto none = read_file_if_any(folder.at("none"));
    REQUIRE(none.has_value());
    CHECK_FALSE(none->has_value());
    fs::create_symlink("link", folder.at("link"));
    CHECK_FALSE(read_file_if_any(folder.at("link")).has_value());  // it leads to itself, which is not nothing
}

TEST_CASE("more than the limit is an error, or is left out") {
    const Folder folder;
    const std::string file = folder.write("file", "0123456789");
    CHECK(said(file, {.most = 10}) == "0123456789");
    CHECK(said(file, {.most = 9}) == file + ": cannot be read: it is larger than 9 octets");
    CHECK(said(file, {.most = 4, .beginning = true}) == "0123");
    CHECK(said(folder.write("large", std::string(70'000, 'x')), {.most = 65536}).ends_with("it is larger than 64 KiB"));
    CHECK(said("/proc/self/environ", {.most = 1, .beginning = true}).size() <= 1);
}

}  // namespace lbconverge::kernel
