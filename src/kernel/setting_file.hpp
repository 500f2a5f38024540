// Files below /proc/sys. Private to src/kernel.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <optional>
#include <string>

namespace lbconverge::kernel {

constexpr const char* proc_sys = "/proc/sys/";

class File {
public:
    File(const std::string& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC)) {}
    ~File() {
        if (fd_ >= 0) ::close(fd_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    [[nodiscard]] int fd() const { return fd_; }

private:
    int fd_;
};

/// A /proc/sys file is one page at most.
inline std::optional<std::string> read_setting(const std::string& path) {
    const File file(proc_sys + path, O_RDONLY);
    char text[4096];
    const ssize_t size = file.fd() < 0 ? -1 : ::read(file.fd(), text, sizeof text);
    if (size < 0) return std::nullopt;
    return std::string(text, static_cast<std::size_t>(size));
}

}  // namespace lbconverge::kernel
