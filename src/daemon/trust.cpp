#include "lbconverge/daemon/trust.hpp"

#include <linux/posix_acl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

namespace lbconverge::daemon {

namespace {

enum class PathPart { file, directory, above };

bool is_trusted(uid_t owner, unsigned user) { return owner == 0 || owner == user || owner == ::geteuid(); }

/// Who else may write the file according to its access control list; "": nobody; nullopt: it has no list. In a file
/// with a list, the bits of the group are the mask of the list (acl(5)) and say nothing about the group.
std::optional<std::string> writer_by_list(const std::string& path, const struct stat& is, unsigned user) {
    constexpr std::size_t header_size =
        4;  // linux/posix_acl_xattr.h: the version; then tag, permissions and id of each entry
    constexpr std::size_t entry_size = 8;
    std::vector<std::uint8_t> room(4096);
    ssize_t size = ::getxattr(path.c_str(), "system.posix_acl_access", room.data(), room.size());
    if (size < 0 && errno == ERANGE) {
        room.resize(65536);  // XATTR_SIZE_MAX
        size = ::getxattr(path.c_str(), "system.posix_acl_access", room.data(), room.size());
    }
    if (size < static_cast<ssize_t>(header_size)) return std::nullopt;
    room.resize(static_cast<std::size_t>(size));
    const auto number = [&](std::size_t at) { return static_cast<unsigned>(room[at] | (room[at + 1] << 8)); };
    for (std::size_t at = header_size; at + entry_size <= room.size(); at += entry_size) {
        if ((number(at + 2) & ACL_WRITE) == 0) continue;
        const unsigned tag = number(at);
        const uid_t id = number(at + 4) | (number(at + 6) << 16);
        if (tag == ACL_USER && !is_trusted(id, user)) return "user " + std::to_string(id);
        if (tag == ACL_GROUP && id != 0) return "group " + std::to_string(id);
        if (tag == ACL_GROUP_OBJ && is.st_gid != 0) return "its group";
    }
    return std::string();
}

/// Who may write the file, by its permissions, but must not; "": nobody. Members of group 0 may: on every distribution
/// they are trusted like root.
std::string writer_of(const std::string& path, const struct stat& is, unsigned user) {
    if ((is.st_mode & S_IWOTH) != 0) return "everybody";
    if ((is.st_mode & S_IWGRP) == 0) return {};
    return writer_by_list(path, is, user).value_or(is.st_gid != 0 ? "its group" : "");
}

std::optional<Distrust> look_at(const std::string& path, unsigned user, PathPart place) {
    struct stat is {};
    struct stat itself {};
    if (::stat(path.c_str(), &is) != 0 || ::lstat(path.c_str(), &itself) != 0) {
        return Distrust{errno == ENOENT || errno == ENOTDIR, path + ": " + std::strerror(errno)};
    }
    for (const uid_t owner : {itself.st_uid, is.st_uid}) {  // the owner of a link can point it elsewhere
        if (!is_trusted(owner, user)) return Distrust{false, path + " belongs to user " + std::to_string(owner)};
    }
    if (place == PathPart::above && (is.st_mode & S_ISVTX) != 0) return std::nullopt;
    const std::string writer = writer_of(path, is, user);
    return writer.empty() ? std::nullopt : std::optional(Distrust{false, path + " may be written by " + writer});
}

/// Looks at the file and at every directory that the path names.
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
    // If the path has links, the directories of the real path count, too.
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

/// With an access control list the bits of the group are the most that anybody on it may do, so they say enough.
std::optional<Distrust> distrust_secret(const std::string& path) {
    if (auto reason = distrust(path, 0U)) return reason;
    struct stat is {};
    if (::stat(path.c_str(), &is) != 0) return Distrust{errno == ENOENT, path + ": " + std::strerror(errno)};
    if ((is.st_mode & S_IROTH) != 0) return Distrust{false, path + " may be read by everybody"};
    if ((is.st_mode & S_IRGRP) != 0) return Distrust{false, path + " may be read by its group"};
    return std::nullopt;
}

std::optional<Distrust> distrust_beside(const std::string& path, const std::string& named) {
    struct stat is {};
    if (::stat(named.c_str(), &is) != 0) return Distrust{errno == ENOENT, named + ": " + std::strerror(errno)};
    if (!writer_of(named, is, is.st_uid).empty()) return std::nullopt;
    return distrust(path, is.st_uid);
}

}  // namespace lbconverge::daemon
