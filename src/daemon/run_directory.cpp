#include "lbconverge/daemon/run_directory.hpp"

#include "lbconverge/kernel/file.hpp"
#include "lbconverge/plan/ledger.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <string_view>
#include <thread>

namespace lbconverge::daemon {

namespace {

constexpr const char* base = "/run/lbconverge";
constexpr auto poll_interval = std::chrono::milliseconds(50);

const char* file_of(kinds::Part part) { return part == kinds::Part::network ? "/ledger-network" : "/ledger"; }

constexpr const char* health_file = "/health";

/// Format 1 (until version 0.1) has no origin of claims, and times of the wall clock. Both formats are read.
constexpr std::uint32_t newest_format = 2;

std::string boot_id() { return kernel::read_file("/proc/sys/kernel/random/boot_id").value_or("unknown\n"); }

/// A file of this directory. Its first line has its type, its format, and the id of the boot.
struct Body {
    std::uint32_t format = 0;  ///< 0: not a file of this type, or of another boot
    std::string_view lines;
    bool strange = false;  ///< it is not a file of this type
};

Body body_of(std::string_view text, std::string_view what, const std::string& boot) {
    const std::string start = "lbconverge-" + std::string(what) + " ";
    if (text.empty()) return {};
    if (!text.starts_with(start)) return {.strange = true};
    text.remove_prefix(start.size());
    const std::string_view number = text.substr(0, text.find_first_of(" \n"));
    Body body;
    if (!from_text(number, body.format) || body.format == 0) return {.strange = true};
    text.remove_prefix(number.size());
    if (!text.starts_with(" " + boot)) return {};
    body.lines = text.substr(1 + boot.size());
    return body;
}

/// A file that a newer version has written keeps its format: lines of that version are kept, so it can read them again.
std::string header(std::string_view what, const std::string& before) {
    const std::string boot = boot_id();
    const std::uint32_t format = std::max(newest_format, body_of(before, what, boot).format);
    return "lbconverge-" + std::string(what) + " " + std::to_string(format) + " " + boot;
}

constexpr std::string_view ledger_word = "ledger";
constexpr std::string_view health_word = "health";

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

/// Renames the new file to its final name. A directory of that name is renamed first, not removed.
Result<void> put_in_place(const std::string& fresh, const std::string& file) {
    if (::rename(fresh.c_str(), file.c_str()) == 0) return {};
    const bool in_the_way = errno == EISDIR && ::rename(file.c_str(), (file + ".bad").c_str()) == 0;
    if (in_the_way && ::rename(fresh.c_str(), file.c_str()) == 0) return {};
    return tl::unexpected(io_error(file, errno));
}

/// Replaces the file in one step. Does nothing if the content is the same already.
Result<void> replace(const std::string& file, std::string_view what, const std::string& lines) {
    const std::string before = kernel::read_file(file).value_or("");
    const std::string text = header(what, before) + lines;
    if (before == text) return {};
    const std::string fresh = file + ".new";
    {
        std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
        out << text;
        out.flush();
        if (!out) return tl::unexpected(io_error(fresh, errno));
    }
    return put_in_place(fresh, file);
}

/// The lines of a file, if it is of this boot, and what is wrong with the file.
struct Opened {
    std::string lines;
    std::string note;
};

Opened open_lines(const std::string& file, std::string_view what) {
    Opened opened;
    const auto read = kernel::read_file_if_any(file);
    if (!read) opened.note = read.error().what + "; what it said is forgotten";
    const std::string text = read ? read->value_or("") : "";
    const Body body = body_of(text, what, boot_id());
    if (body.strange) opened.note = file + " is no " + std::string(what) + " of lbconverge; it is passed over";
    opened.lines = std::string(body.lines);
    return opened;
}

void add_note(std::vector<std::string>& notes, const std::string& file, const std::string& note,
              const DamagedLines& damaged) {
    if (!note.empty()) notes.push_back(note);
    if (damaged.count != 0) notes.push_back(file + ": " + damaged.text() + "; what it said is forgotten");
}

/// Whether this is the host's network namespace; nullopt: an ordinary user cannot know.
std::optional<bool> host_namespace() {
    struct stat own {
    }, first{};
    if (::stat("/proc/self/ns/net", &own) != 0) return true;
    if (::stat("/proc/1/ns/net", &first) != 0) return errno == EACCES ? std::nullopt : std::optional(true);
    return own.st_ino == first.st_ino && own.st_dev == first.st_dev;
}

}  // namespace

RunDirectory RunDirectory::of_this_namespace() {
    const std::optional<bool> of_host = host_namespace();
    if (of_host.value_or(false)) return RunDirectory(base);
    std::uint64_t cookie = 0;
    socklen_t size = sizeof cookie;
    const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const bool known = fd >= 0 && ::getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) == 0;
    if (fd >= 0) ::close(fd);
    // Kernels before 5.14 have no cookie. The inode number is unique among the namespaces that exist.
    struct stat own {};
    if (!known && ::stat("/proc/self/ns/net", &own) == 0) cookie = own.st_ino;
    const std::string path = std::string(base) + "/netns-" + std::to_string(cookie);
    return RunDirectory(of_host || ::access(path.c_str(), F_OK) == 0 ? path : base);
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

LoadedLedger RunDirectory::load(kinds::Part part) const {
    LoadedLedger all;
    for (const kinds::Part each : {kinds::Part::network, kinds::Part::tables}) {
        const bool beside = part == kinds::Part::network && each == kinds::Part::tables;
        if (part != kinds::Part::all && part != each && !beside) continue;
        const std::string file = path_ + file_of(each);
        const Opened opened = open_lines(file, ledger_word);
        if (beside) {
            all.ledger = plan::united(all.ledger, plan::parse_outline(opened.lines));
            continue;
        }
        plan::ReadLedger read = plan::parse_ledger(opened.lines, each);
        add_note(all.notes, file, opened.note, read.damaged);
        all.ledger = plan::united(all.ledger, read.ledger);
    }
    return all;
}

Result<void> RunDirectory::save(const kinds::Ledger& ledger, kinds::Part part) const {
    if (part == kinds::Part::all) {
        RETURN_IF_ERROR(save(ledger, kinds::Part::network));
        part = kinds::Part::tables;
    }
    return replace(path_ + file_of(part), ledger_word, plan::to_text(ledger, part));
}

LoadedHealth RunDirectory::load_health(BootTime now) const {
    const std::string file = path_ + health_file;
    const Opened opened = open_lines(file, health_word);
    kinds::ReadHealth read = kinds::parse_health(opened.lines, now);
    LoadedHealth loaded{.health = std::move(read.health)};
    add_note(loaded.notes, file, opened.note, read.damaged);
    return loaded;
}

Result<void> RunDirectory::save_health(const kinds::Health& health, BootTime now) const {
    const std::string file = path_ + health_file;
    if (health.empty() && ::access(file.c_str(), F_OK) != 0) return {};
    return replace(file, health_word, kinds::to_text(health, now));
}

}  // namespace lbconverge::daemon
