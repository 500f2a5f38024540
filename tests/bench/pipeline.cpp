// bench_pipeline: one apply from an empty table, then one with nothing to do, stage by stage in the order in which the
// program does them, with the time and the fresh pages of each stage.
//   bench_pipeline live CONFIG             on the kernel of this network namespace, whose IPVS table should be empty
//   bench_pipeline record CONFIG FILE      what this kernel answers when its table is read, for replay
//   bench_pipeline replay CONFIG FILE      without a kernel: to read is to decode FILE, to write is to encode
// A line per stage: name, milliseconds, minor page faults, MiB of those pages. replay runs anywhere, also under
// perf(1) and valgrind(1); live minus replay is what the kernel costs.
#include "cli/load.hpp"
#include "cli/render.hpp"
#include "kernel/netlink.hpp"
#include "lbconverge/config/document.hpp"
#include "lbconverge/daemon/converge.hpp"
#include "lbconverge/kernel/file.hpp"
#include "lbconverge/plan/ledger.hpp"
#include "lbconverge/plan/safety.hpp"

#include <fcntl.h>
#include <linux/netlink.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace lbconverge::bench {

using namespace kinds;

namespace {

template <class T>
T must(Result<T> result) {
    if (result) return std::move(*result);
    std::fprintf(stderr, "bench_pipeline: %s\n", result.error().what.c_str());
    std::exit(1);
}
void must(const Result<void>& result) {
    if (result) return;
    std::fprintf(stderr, "bench_pipeline: %s\n", result.error().what.c_str());
    std::exit(1);
}

// ---- the clock ------------------------------------------------------------------------------------------------------

class Stages {
public:
    /// Runs one stage and returns what it returns.
    template <class F>
    auto operator()(const char* name, F&& stage) {
        const Stop stop{*this, name, Clock::now(), faults()};
        return stage();
    }
    void print() const {
        double milliseconds = 0;
        long faults = 0;
        for (const Line& line : lines_) {
            print(line);
            milliseconds += line.milliseconds;
            faults += line.faults;
        }
        print({"all", milliseconds, faults});
    }

private:
    using Clock = std::chrono::steady_clock;
    struct Line {
        const char* name;
        double milliseconds;
        long faults;
    };
    struct Stop {
        Stages& stages;
        const char* name;
        Clock::time_point start;
        long faults_before;
        ~Stop() {
            const double milliseconds = std::chrono::duration<double, std::milli>(Clock::now() - start).count();
            stages.lines_.push_back({name, milliseconds, faults() - faults_before});
        }
    };
    static long faults() {
        rusage usage{};
        getrusage(RUSAGE_SELF, &usage);
        return usage.ru_minflt;
    }
    static void print(const Line& line) {
        constexpr double pages_per_mib = 256;
        std::printf("%s\t%.3f\t%ld\t%.2f\n", line.name, line.milliseconds, line.faults,
                    static_cast<double>(line.faults) / pages_per_mib);
    }
    std::vector<Line> lines_ = [] {
        std::vector<Line> lines;
        lines.reserve(64);  // not in the middle of a stage
        return lines;
    }();
};

// ---- a recorded kernel ----------------------------------------------------------------------------------------------

/// What the kernel answered: one message of one request of one kind.
struct RecordHead {
    std::uint32_t kind = 0;
    std::uint32_t tag = 0;
    std::uint32_t size = 0;
};

/// Reads one kind as LinuxKernel does and writes down each message on the way.
template <class Kind>
void record_kind(kernel::NetlinkSocket& socket, const Reading& reading, Observed& observed, std::ofstream& out) {
    wire::Requests requests;
    Kind::ask(reading, observed, requests);
    for (const wire::Request& request : requests.list()) {
        must(socket.query(requests, request, [&](std::span<const std::byte> message) {
            const RecordHead head{kind_id<Kind>, request.tag, static_cast<std::uint32_t>(message.size())};
            out.write(reinterpret_cast<const char*>(&head), sizeof head);
            out.write(reinterpret_cast<const char*>(message.data()), static_cast<std::streamsize>(message.size()));
            Kind::decode({request.transport, request.tag, message}, reading, observed);
        }));
    }
    observed.get<Kind>().finish();
}

void record(const std::string& path) {
    auto socket = must(kernel::NetlinkSocket::open(NETLINK_GENERIC));
    socket.set_type(must(socket.resolve("IPVS")));
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    const Reading reading{.ipvs = true};
    Observed observed;
    record_kind<Service>(socket, reading, observed, out);
    record_kind<RealServer>(socket, reading, observed, out);
    out.flush();
    if (!out) must(Result<void>(fail(ErrorKind::failed, path + ": cannot be written")));
}

/// A file's bytes, outside the heap and all there: what a stage takes of memory must be its own.
std::span<const std::byte> contents(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat status {};
    if (fd < 0 || ::fstat(fd, &status) != 0) must(Result<void>(fail(ErrorKind::failed, path + ": cannot be read")));
    const auto size = static_cast<std::size_t>(status.st_size);
    void* const start = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED || ::read(fd, start, size) != status.st_size) {
        must(Result<void>(fail(ErrorKind::failed, path + ": cannot be read")));
    }
    ::close(fd);
    return {static_cast<const std::byte*>(start), size};
}

/// Empty at first; once something was applied, as recorded.
class RecordedKernel final : public plan::Kernel {
public:
    explicit RecordedKernel(std::span<const std::byte> recording) : recording_(recording) {}

    Result<HostFacts> facts(const std::vector<InterfaceName>&) override {
        HostFacts facts;
        facts.ipvs_loaded = true;
        return facts;
    }
    Result<std::shared_ptr<const Observed>> observe(const Reading& reading, const HostFacts& facts) override {
        auto observed = std::make_shared<Observed>();
        observed->facts = facts;
        if (!written_) return observed;
        std::size_t at = 0;
        decode_kind<Service>(at, reading, *observed);
        decode_kind<RealServer>(at, reading, *observed);
        return observed;
    }
    Result<std::vector<plan::Failure>> offers(const plan::Plan&) override { return std::vector<plan::Failure>{}; }
    Result<std::vector<plan::Failure>> apply(const plan::Plan& plan, std::size_t first, std::size_t last) override {
        wire::Requests requests;
        for (std::size_t i = first; i < last; ++i) {
            plan.visit(plan.steps[i], [&]<class Kind>(const Change<Kind>& change) {
                Kind::encode(change, plan.observed->facts, static_cast<std::uint32_t>(i - first), requests);
            });
            if (requests.all_bytes().size() >= kernel::LinuxOptions{}.batch_bytes) requests.clear();
        }
        written_ = true;
        return std::vector<plan::Failure>{};
    }
    plan::Told announce(std::span<const plan::Announcement>, const HostFacts&) override { return {}; }

private:
    template <class Kind>
    void decode_kind(std::size_t& at, const Reading& reading, Observed& observed) {
        // As in LinuxKernel: the requests are made, though nobody answers them here.
        wire::Requests requests;
        Kind::ask(reading, observed, requests);
        for (RecordHead head; at + sizeof head <= recording_.size(); at += sizeof head + head.size) {
            std::memcpy(&head, recording_.data() + at, sizeof head);
            if (head.kind != kind_id<Kind>) break;
            Kind::decode({wire::Transport::ipvs, head.tag, recording_.subspan(at + sizeof head, head.size)}, reading,
                         observed);
        }
        observed.get<Kind>().finish();
    }

    std::span<const std::byte> recording_;
    bool written_ = false;
};

// ---- the stages -----------------------------------------------------------------------------------------------------

/// A run directory of its own, so that nothing of this machine's is touched.
class Scratch {
public:
    Scratch() {
        if (mkdtemp(path_.data()) == nullptr) must(Result<void>(fail(ErrorKind::failed, "no temporary folder")));
    }
    ~Scratch() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_ = (std::filesystem::temp_directory_path() / "bench.XXXXXX").string();
};

struct Configured {
    config::Config config;
    std::vector<std::string> files;
};

/// cli/load.cpp
Configured configure(Stages& stages, const std::string& path) {
    config::Diagnostics diagnostics;
    std::vector<config::InputFile> files(1);
    files[0].path = path;
    stages("read the file", [&] { files[0].text = must(kernel::read_file(path)); });
    std::optional<config::Document> document;
    stages("parse", [&] {
        document.emplace(config::Document::parse(files, diagnostics));
        files.clear();
    });
    std::optional<config::Config> config;
    stages("config_for", [&] { config = document->config_for("", diagnostics); });
    Configured configured{{}, document->files()};
    stages("free the document", [&] { document.reset(); });
    if (!config || diagnostics.has_errors()) {
        must(Result<void>(fail(ErrorKind::invalid_input, path + " has errors: lbconverge check " + path)));
    }
    configured.config = std::move(*config);
    return configured;
}

/// What look() does in daemon/converge.cpp.
struct Names {
    const char *desire, *observe, *plan;
};
plan::Plan look(Stages& stages, const Names& names, plan::Kernel& kernel, const Ledger& ledger,
                const plan::Task& task) {
    const HostFacts facts = stages("facts", [&] { return must(kernel.facts({})); });
    Desired desired = stages(names.desire, [&] { return plan::desired_for(task, facts); });
    const Reading reading = reading_for(desired, ledger, task.config.role, facts);
    auto observed = stages(names.observe, [&] { return must(kernel.observe(reading, facts)); });
    return stages(names.plan, [&] {
        return plan::make_plan(std::move(desired), std::move(observed), ledger, {task.config, task.election, facts},
                               {});
    });
}

void check(Stages& stages, plan::Kernel& kernel, const plan::Plan& plan, const plan::Task& task) {
    stages("within_limits", [&] { must(plan::within_limits(plan, task.config)); });
    const auto violation = stages("first_unsafe_step", [&] {
        return plan::first_unsafe_step(plan, {task.config, task.election, plan.observed->facts});
    });
    if (violation) must(Result<void>(fail(ErrorKind::refused, violation->what)));
    stages("offers", [&] { must(kernel.offers(plan)); });
}

void write(Stages& stages, plan::Kernel& kernel, const plan::Plan& plan) {
    std::size_t failures = 0;
    stages("write", [&] {
        for (std::size_t first = 0; first < plan.steps.size();) {
            std::size_t last = first;
            while (last < plan.steps.size() && plan.steps[last].phase == plan.steps[first].phase) ++last;
            failures += must(kernel.apply(plan, first, last)).size();
            first = last;
        }
    });
    if (failures != 0) must(Result<void>(fail(ErrorKind::failed, std::to_string(failures) + " steps were refused")));
}

void print_nowhere(const plan::Plan& plan, const cli::Scene& scene) {
    std::FILE* const nowhere = std::fopen("/dev/null", "w");
    cli::write_plan(plan, scene, [&](std::string_view piece) { std::fwrite(piece.data(), 1, piece.size(), nowhere); });
    std::fclose(nowhere);
}

/// The steps of daemon/converge.cpp and of `apply` in cli/main.cpp.
void converge(Stages& stages, plan::Kernel& kernel, const std::string& path) {
    const Scratch scratch;
    const daemon::RunDirectory run(scratch.path());
    auto configured = std::make_unique<Configured>(configure(stages, path));
    const plan::Task task{configured->config, {}};
    const cli::Scene scene{configured->config, task.election, configured->files};

    Ledger ledger = stages("load the ledger", [&] { return run.load().ledger; });
    plan::Plan plan = look(stages, {"desire", "read: empty", "make_plan: empty to full"}, kernel, ledger, task);
    stages("write_plan", [&] { print_nowhere(plan, scene); });
    check(stages, kernel, plan, task);
    stages("unite the claims", [&] { ledger = plan::before_deeds(ledger, plan.ledger); });
    stages("save the ledger", [&] { must(run.save(ledger)); });
    write(stages, kernel, plan);
    plan::Outcome report;
    report.plan = std::move(plan);
    std::optional<plan::Plan> second =
        look(stages, {"desire again", "read: full", "make_plan: full to full"}, kernel, ledger, task);
    if (!second->steps.empty()) must(Result<void>(fail(ErrorKind::failed, "the second plan is not empty")));
    stages("save the ledger again", [&] { must(run.save(second->ledger)); });
    stages("free everything", [&] {
        second.reset();
        report = {};
        ledger = {};
        configured.reset();
    });
}

/// As cli/main.cpp does at its start.
void keep_memory() {
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    mallopt(M_TOP_PAD, 1 << 20);
}

int run(int argc, char** argv) {
    const std::string command = argc > 2 ? argv[1] : "";
    keep_memory();
    if (command == "record" && argc == 4) {
        record(argv[3]);
        return 0;
    }
    Stages stages;
    if (command == "live" && argc == 3) {
        const auto kernel = kernel::linux_kernel({.may_load_ipvs = true});
        converge(stages, *kernel, argv[2]);
    } else if (command == "replay" && argc == 4) {
        RecordedKernel kernel(contents(argv[3]));
        converge(stages, kernel, argv[2]);
    } else {
        std::fputs("usage: bench_pipeline live CONFIG | record CONFIG FILE | replay CONFIG FILE\n", stderr);
        return 2;
    }
    stages.print();
    return 0;
}

}  // namespace

}  // namespace lbconverge::bench

int main(int argc, char** argv) { return lbconverge::bench::run(argc, argv); }
