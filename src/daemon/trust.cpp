#include "lbconverge/daemon/trust.hpp"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

namespace lbconverge::daemon {

namespace {

enum class PathPart { file, directory, above };

std::optional<Distrust> look_at(const std::string& path, unsigned user, PathPart place) {
    struct stat is {};
    if (::stat(path.c_str(), &is) != 0) {
        return Distrust{errno == ENOENT || errno == ENOTDIR, path + ": " + std::strerror(errno)};
    }
    if (is.st_uid != 0 && is.st_uid != user && is.st_uid != ::geteuid()) {
        return Distrust{false, path + " belongs to user " + std::to_string(is.st_uid)};
    }
    if (place == PathPart::above && (is.st_mode & S_ISVTX) != 0) return std::nullopt;
    if ((is.st_mode & S_IWOTH) != 0) return Distrust{false, path + " may be written by everybody"};
    // Members of group 0 are as good as root on every distribution.
    if ((is.st_mode & S_IWGRP) != 0 && is.st_gid != 0) return Distrust{false, path + " may be written by its group"};
    return std::nullopt;
}

/// The file and every directory on the way to it, as the path says it.
std::optional<Distrust> look_along(std::string path, unsigned user) {
    PathPart place = PathPart::file;
    for (;;) {
        if (auto reason = look_at(path, user, place)) return reason;
        if (path == "/") return std::nullopt;
        const std::size_t slash = path.rfind('/');
        path.resize(slash == 0 ? 1 : slash);
        place = place == PathPart::file ? PathPart::directory : PathPart::above;
    }
}

}  // namespace

std::optional<Distrust> distrust(const std::string& path, unsigned user) {
    if (path.empty() || path.front() != '/') return Distrust{false, "\"" + path + "\" is not an absolute path"};
    if (auto reason = look_along(path, user)) return reason;
    // Where links lead, the way counts as well.
    const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), std::free);
    if (real == nullptr) return Distrust{errno == ENOENT, path + ": " + std::strerror(errno)};
    return path == real.get() ? std::nullopt : look_along(real.get(), user);
}

std::optional<Distrust> distrust(const std::string& path, const std::string& user) {
    std::vector<char> room(16384);
    passwd entry{};
    passwd* found = nullptr;
    ::getpwnam_r(user.c_str(), &entry, room.data(), room.size(), &found);
    return distrust(path, found != nullptr ? entry.pw_uid : 0U);
}

}  // namespace lbconverge::daemon
