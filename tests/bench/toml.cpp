// bench_toml FILE: the file is read and parsed by toml++, and the result thrown away: the least that any program
// must do that is configured with it. From a buffer, since toml++ reading a stream itself takes twice as long.
// Prints the seconds of reading and parsing, then those with freeing the tree; the start of the process is outside.
#include <toml++/toml.h>

#include <fcntl.h>
#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <string>

namespace {

/// In one system call into one piece of memory; empty when it cannot be read.
std::string read_file(const char* path) {
    const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
    struct stat status {};
    if (fd < 0 || ::fstat(fd, &status) != 0) return {};
    std::string text(static_cast<std::size_t>(status.st_size), '\0');
    const ssize_t size = ::read(fd, text.data(), text.size());
    ::close(fd);
    text.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
    return text;
}

}  // namespace

int main(int argc, char** argv) {
    using Clock = std::chrono::steady_clock;
    if (argc != 2) return 2;
    mallopt(M_MMAP_THRESHOLD, 32 << 20);  // no worse off than lbconverge, which does the same
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    mallopt(M_TOP_PAD, 1 << 20);
    const auto seconds_since = [](Clock::time_point start) {
        return std::chrono::duration<double>(Clock::now() - start).count();
    };
    const auto start = Clock::now();
    double parsed = 0;
    try {
        const std::string text = read_file(argv[1]);
        const toml::table root = toml::parse(text);
        parsed = seconds_since(start);
        if (root.empty()) return 1;
    } catch (const toml::parse_error& error) {
        std::fprintf(stderr, "bench_toml: %s\n", error.what());
        return 1;
    }
    std::printf("%.6f\t%.6f\n", parsed, seconds_since(start));
}
