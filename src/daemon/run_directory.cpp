#include "lbconverge/daemon/run_directory.hpp"

#include "lbconverge/kernel/file.hpp"
#include "lbconverge/plan/ledger.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <thread>

namespace lbconverge::daemon {

namespace {

constexpr const char* base = "/run/lbconverge";
constexpr auto poll_interval = std::chrono::milliseconds(50);

const char* file_of(kinds::Part part) { return part == kinds::Part::network ? "/ledger-network" : "/ledger"; }

constexpr const char* health_file = "/health";

/// The first line: what the file is, and of which boot.
std::string header_of(const std::string& what) {
    return "lbconverge-" + what + " 1 " + kernel::read_file("/proc/sys/kernel/random/boot_id").value_or("unknown\n");
}
std::string header() { return header_of("ledger"); }
std::string health_header() { return header_of("health"); }

Error io_error(const std::string& what, int error) {
    const ErrorKind kind =
        error == EACCES || error == EPERM || error == EROFS ? ErrorKind::not_permitted : ErrorKind::failed;
    return {kind, what + ": " + std::strerror(error), kind == ErrorKind::not_permitted ? "run as root" : ""};
}

Result<void> make_directory(const std::string& path) {
    if (::mkdir(base, 0755) != 0 && errno != EEXIST) return tl::unexpected(io_error(base, errno));
    if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) return tl::unexpected(io_error(path, errno));
    return {};
}

/// In one step, and not at all when it says the same already.
Result<void> replace(const std::string& file, const std::string& text) {
    const auto before = kernel::read_file(file);
    if (before && *before == text) return {};
    const std::string fresh = file + ".new";
    {
        std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
        out << text;
        out.flush();
        if (!out) return tl::unexpected(io_error(fresh, errno));
    }
    if (::rename(fresh.c_str(), file.c_str()) != 0) return tl::unexpected(io_error(file, errno));
    return {};
}

bool host_namespace() {
    struct stat own {
    }, first{};
    if (::stat("/proc/self/ns/net", &own) != 0 || ::stat("/proc/1/ns/net", &first) != 0) return true;
    return own.st_ino == first.st_ino && own.st_dev == first.st_dev;
}

}  // namespace

RunDirectory RunDirectory::of_this_namespace() {
    if (host_namespace()) return RunDirectory(base);
    std::uint64_t cookie = 0;
    socklen_t size = sizeof cookie;
    const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const bool known = fd >= 0 && ::getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) == 0;
    if (fd >= 0) ::close(fd);
    // Kernels before 5.14 have no cookie; the inode is unique among the namespaces that live.
    struct stat own {};
    if (!known && ::stat("/proc/self/ns/net", &own) == 0) cookie = own.st_ino;
    return RunDirectory(std::string(base) + "/netns-" + std::to_string(cookie));
}

RunDirectory::~RunDirectory() {
    if (lock_ >= 0) ::close(lock_);
}

Result<void> RunDirectory::lock(std::chrono::milliseconds patience) {
    if (auto made = make_directory(path_); !made) return made;
    const std::string file = path_ + "/lock";
    lock_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (lock_ < 0) return tl::unexpected(io_error(file, errno));
    const auto end = std::chrono::steady_clock::now() + patience;
    while (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) return tl::unexpected(io_error(file, errno));
        if (std::chrono::steady_clock::now() >= end) {
            return fail(ErrorKind::busy, "another lbconverge is at work (it holds " + file + ")",
                        "wait for it, or see who it is: fuser " + file);
        }
        std::this_thread::sleep_for(poll_interval);
    }
    return {};
}

Result<kinds::Ledger> RunDirectory::load(kinds::Part part) const {
    const std::string first = header();
    kinds::Ledger all;
    for (const kinds::Part each : {kinds::Part::network, kinds::Part::tables}) {
        if (part != kinds::Part::all && part != each) continue;
        const std::string file = path_ + file_of(each);
        const auto text = kernel::read_file_if_any(file);
        if (!text) return fail(ErrorKind::failed, text.error().what);
        if (!*text || !(*text)->starts_with(first)) continue;
        auto ledger = plan::parse_ledger(std::string_view(**text).substr(first.size()));
        if (!ledger) {
            return fail(ErrorKind::failed, file + ": " + ledger.error().what,
                        "it was damaged; remove it, and what is no longer configured has to be removed by hand");
        }
        all = plan::united(*ledger, all);
    }
    return all;
}

Result<void> RunDirectory::save(const kinds::Ledger& ledger, kinds::Part part) const {
    if (part == kinds::Part::all) {
        RETURN_IF_ERROR(save(ledger, kinds::Part::network));
        part = kinds::Part::tables;
    }
    return replace(path_ + file_of(part), header() + plan::to_text(ledger, part));
}

Result<kinds::Health> RunDirectory::load_health(std::chrono::sys_seconds now) const {
    const std::string first = health_header();
    const std::string file = path_ + health_file;
    const auto text = kernel::read_file_if_any(file);
    if (!text) return fail(ErrorKind::failed, text.error().what);
    if (!*text || !(*text)->starts_with(first)) return kinds::Health{};
    auto health = kinds::parse_health(std::string_view(**text).substr(first.size()), now);
    if (!health) {
        return fail(ErrorKind::failed, file + ": " + health.error().what,
                    "it was damaged; remove it, and drain again what was drained");
    }
    return health;
}

Result<void> RunDirectory::save_health(const kinds::Health& health, std::chrono::sys_seconds now) const {
    const std::string file = path_ + health_file;
    if (health.empty() && ::access(file.c_str(), F_OK) != 0) return {};
    return replace(file, health_header() + kinds::to_text(health, now));
}

}  // namespace lbconverge::daemon
