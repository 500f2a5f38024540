#include "lbconverge/kernel/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace lbconverge::kernel {

namespace {

class OpenFile {
public:
    explicit OpenFile(const std::string& path)
        : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {}
    ~OpenFile() {
        if (fd_ >= 0) ::close(fd_);
    }
    OpenFile(const OpenFile&) = delete;
    OpenFile& operator=(const OpenFile&) = delete;
    [[nodiscard]] int fd() const { return fd_; }

private:
    int fd_;
};

tl::unexpected<Error> unreadable(const std::string& path, const std::string& why) {
    return fail(ErrorKind::invalid_input, path + ": cannot be read: " + why);
}

/// The type of a file that is no regular one; nullptr: it is a regular file.
const char* other_type(mode_t mode) {
    switch (mode & S_IFMT) {
        case S_IFREG:
            return nullptr;
        case S_IFDIR:
            return "it is a directory";
        case S_IFIFO:
            return "it is a pipe";
        case S_IFSOCK:
            return "it is a socket";
        default:
            return "it is a device";
    }
}

/// Reads with as few calls as possible. Files of /proc have size 0 although they are not empty.
bool read_all(int fd, std::size_t size, std::size_t most, std::string& text) {
    constexpr std::size_t at_least = 4096;
    for (;;) {
        const std::size_t have = text.size();
        if (have > most) return true;
        const std::size_t room = std::min(std::max(size > have ? size - have + 1 : 0, at_least), most + 1 - have);
        text.resize(have + room);
        const ssize_t count = ::read(fd, text.data() + have, room);
        text.resize(have + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
        if (count == 0) return true;
        if (count < 0 && errno != EINTR) return false;
    }
}

std::string size_text(std::size_t size) {
    if (size % (1 << 20) == 0) return std::to_string(size >> 20) + " MiB";
    return size % 1024 == 0 ? std::to_string(size / 1024) + " KiB" : std::to_string(size) + " octets";
}

}  // namespace

Result<std::optional<std::string>> read_file_if_any(const std::string& path, FileLimits limits) {
    struct stat is {};
    if (::stat(path.c_str(), &is) != 0) {
        if (errno == ENOENT) return std::nullopt;
        return unreadable(path, std::strerror(errno));
    }
    if (const char* type = other_type(is.st_mode)) return unreadable(path, type);
    const OpenFile file(path);
    if (file.fd() < 0 || ::fstat(file.fd(), &is) != 0) return unreadable(path, std::strerror(errno));
    if (const char* type = other_type(is.st_mode)) return unreadable(path, type);  // it was replaced meanwhile
    std::string text;
    const std::size_t size = std::min(static_cast<std::size_t>(is.st_size), limits.most);
    if (!read_all(file.fd(), size, limits.most, text)) return unreadable(path, std::strerror(errno));
    if (text.size() > limits.most) {
        if (!limits.beginning) return unreadable(path, "it is larger than " + size_text(limits.most));
        text.resize(limits.most);
    }
    return text;
}

Result<std::string> read_file(const std::string& path, FileLimits limits) {
    Result<std::optional<std::string>> text = read_file_if_any(path, limits);
    RETURN_IF_ERROR(text);
    if (!*text) return unreadable(path, std::strerror(ENOENT));
    return std::move(**text);
}

}  // namespace lbconverge::kernel
