// The real kernel. This file has what is the same for all kinds; the rest is in each kind.
#include "lbconverge/kernel/kernel.hpp"

#include "announcer.hpp"
#include "interfaces.hpp"
#include "lbconverge/model/setting.hpp"
#include "netlink.hpp"
#include "nft.hpp"
#include "setting_file.hpp"

#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <thread>
#include <utility>

namespace lbconverge::kernel {

using namespace kinds;
using plan::Failure;

namespace {

constexpr int dump_attempts = 5;

/// 0 or errno.
int write_setting(const std::string& path, std::string_view value) {
    const File file(proc_sys + path, O_WRONLY);
    if (file.fd() < 0) return errno;
    return ::write(file.fd(), value.data(), value.size()) == static_cast<ssize_t>(value.size()) ? 0 : errno;
}

std::string_view text_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// The kernel changed while it was read.
bool moved(const Observed& observed) {
    return std::any_of(observed.unread.begin(), observed.unread.end(),
                       [](const auto& each) { return each.second.kind == ErrorKind::world_moved; });
}

class LinuxKernel final : public plan::Kernel {
public:
    explicit LinuxKernel(LinuxOptions options) : options_(std::move(options)) {}

    Result<HostFacts> facts(const std::vector<InterfaceName>& needed) override;
    Result<std::shared_ptr<const Observed>> observe(const Reading& reading, const HostFacts& facts) override;
    Result<std::vector<Failure>> offers(const plan::Plan& plan) override;
    Result<std::vector<Failure>> apply(const plan::Plan& plan, std::size_t first, std::size_t last) override;
    plan::Told announce(std::span<const plan::Announcement> announcements, const HostFacts& facts) override {
        return announcer_.announce(announcements, facts);
    }

private:
    Result<NetlinkSocket*> socket(wire::Transport transport);
    void read_all(const Reading& reading, Observed& observed);
    Result<Nft*> nft();
    bool may_leave_out(const Error& error);
    template <class Kind>
    Result<void> read(const Reading& reading, Observed& observed);
    template <class Kind>
    Result<std::vector<std::uint32_t>> answers(wire::Requests& requests, const Reading& reading, Observed& observed);
    void flush(wire::Requests& requests, std::size_t first, std::vector<Failure>& failures);
    static Result<std::vector<NetlinkSocket::Refused>> write_file(const wire::Requests& requests,
                                                                  std::span<const wire::Request> run);
    Result<std::vector<NetlinkSocket::Refused>> run_nft(const wire::Requests& requests,
                                                        std::span<const wire::Request> run);
    Result<std::vector<NetlinkSocket::Refused>> send(wire::Requests& requests, std::span<const wire::Request> run);

    LinuxOptions options_;
    std::optional<NetlinkSocket> route_;
    std::optional<NetlinkSocket> ipvs_;
    bool ipvs_is_fresh_ = false;  ///< the number of its family was asked for since the last piece of work began
    std::optional<Nft> nft_;
    bool leaves_out_ = false;
    Announcer announcer_;
};

Result<NetlinkSocket*> LinuxKernel::socket(wire::Transport transport) {
    const bool ipvs = transport == wire::Transport::ipvs;
    std::optional<NetlinkSocket>& slot = ipvs ? ipvs_ : route_;
    if (slot && slot->is_midway()) slot.reset();
    // The family gets a new number each time its module is loaded, and another family may have the old number now.
    if (ipvs && slot && !std::exchange(ipvs_is_fresh_, true)) {
        const Result<std::uint16_t> family = slot->resolve("IPVS");
        if (family) slot->set_type(*family);
        if (!family) slot.reset();
    }
    if (slot) return &*slot;
    Result<NetlinkSocket> opened = NetlinkSocket::open(ipvs ? NETLINK_GENERIC : NETLINK_ROUTE);
    RETURN_IF_ERROR(opened);
    opened->cut_short_by(options_.cut_short);
    if (!ipvs) opened->filter_dumps();
    if (ipvs) {
        const Result<std::uint16_t> family = opened->resolve("IPVS");
        RETURN_IF_ERROR(family);
        opened->set_type(*family);
        ipvs_is_fresh_ = true;
    }
    slot.emplace(std::move(*opened));
    return &*slot;
}

Result<Nft*> LinuxKernel::nft() {
    if (!nft_) {
        Result<Nft> opened = Nft::open();
        RETURN_IF_ERROR(opened);
        nft_.emplace(std::move(*opened));
    }
    return &*nft_;
}

/// A kernel without nftables has no table of ours. Without the library, a caller that set `left_out` goes on without
/// the tables.
bool LinuxKernel::may_leave_out(const Error& error) {
    if (error.kind == ErrorKind::kernel_lacks) return true;
    if (!options_.left_out) return false;
    if (!std::exchange(leaves_out_, true)) options_.left_out(error);
    return true;
}

Result<HostFacts> LinuxKernel::facts(const std::vector<InterfaceName>& needed) {
    const Result<NetlinkSocket*> route = socket(wire::Transport::route);
    RETURN_IF_ERROR(route);
    auto interfaces = options_.only_needed ? read_these_interfaces(**route, needed) : read_interfaces(**route, needed);
    RETURN_IF_ERROR(interfaces);
    HostFacts facts;
    facts.interfaces = std::move(*interfaces);
    facts.ipvs_loaded = ::access("/proc/net/ip_vs", F_OK) == 0;
    const auto read_all = [](const char* name, std::uint32_t& value) {
        const std::string all = read_setting(setting_path("all", name)).value_or("0");
        from_text(std::string_view(all).substr(0, all.find('\n')), value);
    };
    read_all("arp_ignore", facts.all_arp_ignore);
    read_all("arp_announce", facts.all_arp_announce);
    facts.expire_nodest_conn = read_setting(std::string(expire_nodest_conn)).value_or("0").starts_with('1');
    return facts;
}

/// Gives the kind the reply to each request. Returns the tags of the answers in which rows may be missing.
template <class Kind>
Result<std::vector<std::uint32_t>> LinuxKernel::answers(wire::Requests& requests, const Reading& reading,
                                                        Observed& observed) {
    std::vector<std::uint32_t> open;
    for (const wire::Request& request : requests.list()) {
        if (request.transport == wire::Transport::file) {
            const std::string path(text_of(requests.bytes(request)));
            if (const auto text = read_setting(path)) {
                Kind::decode({request.transport, request.tag, std::as_bytes(std::span(*text))}, reading, observed);
            } else if (errno == ENOENT) {
                observed.absent.push_back(path);  // asked for in order
            }
            continue;
        }
        if (request.transport == wire::Transport::nft) {
            const Result<Nft*> tables = nft();
            if (!tables && may_leave_out(tables.error())) continue;
            RETURN_IF_ERROR(tables);
            const auto listed = (*tables)->list(std::string(text_of(requests.bytes(request))));
            RETURN_IF_ERROR(listed);
            if (*listed) {
                Kind::decode({request.transport, request.tag, std::as_bytes(std::span(**listed))}, reading, observed);
            }
            continue;
        }
        const Result<NetlinkSocket*> netlink = socket(request.transport);
        RETURN_IF_ERROR(netlink);
        const auto answer = (*netlink)->query(requests, request, [&](std::span<const std::byte> message) {
            Kind::decode({request.transport, request.tag, message}, reading, observed);
        });
        RETURN_IF_ERROR(answer);
        // IPVS does not say whether its tables have changed between the pieces.
        const bool ipvs = request.transport == wire::Transport::ipvs;
        if (ipvs ? answer->in_pieces : answer->interrupted) open.push_back(request.tag);
    }
    return open;
}

/// Reads a kind. If rows may be missing in an answer, it asks for these once more. What is missing after some attempts
/// is not waited for: other programs may never rest.
template <class Kind>
Result<void> LinuxKernel::read(const Reading& reading, Observed& observed) {
    wire::Requests requests;
    Kind::ask(reading, observed, requests);
    auto open = answers<Kind>(requests, reading, observed);
    RETURN_IF_ERROR(open);
    observed.get<Kind>().finish();
    if constexpr (AsksAgain<Kind>) {
        for (int attempt = 0; attempt < dump_attempts && !open->empty(); ++attempt) {
            requests.clear();
            Kind::ask_again(reading, *open, observed, requests);
            open = answers<Kind>(requests, reading, observed);
            RETURN_IF_ERROR(open);
            observed.get<Kind>().finish();
        }
    }
    if constexpr (AsksMore<Kind>) {
        requests.clear();
        Kind::ask_more(reading, observed, requests);
        RETURN_IF_ERROR(answers<Kind>(requests, reading, observed));
        observed.get<Kind>().finish();
    }
    return {};
}

Result<std::shared_ptr<const Observed>> LinuxKernel::observe(const Reading& reading, const HostFacts& facts) {
    Reading allowed = reading;
    if (!facts.ipvs_loaded && !options_.may_load_ipvs) {
        allowed.ipvs = false;
        allowed.kinds &= kinds_on_demand(false);
    }
    for (int attempt = 1;; ++attempt) {
        auto observed = std::make_shared<Observed>();
        observed->facts = facts;
        ipvs_is_fresh_ = false;
        // The module first: the settings below net.ipv4.vs exist only once it is there.
        const bool settings = std::any_of(reading.sysctls.begin(), reading.sysctls.end(),
                                          [](const std::string& path) { return path.starts_with("net/ipv4/vs/"); });
        if (allowed.ipvs || (settings && options_.may_load_ipvs)) (void)socket(wire::Transport::ipvs);
        read_all(allowed, *observed);
        if (!moved(*observed) || attempt == dump_attempts) return observed;
    }
}

/// If a kind cannot be read, the others are read nevertheless: a VIP can be given up without IPVS.
void LinuxKernel::read_all(const Reading& reading, Observed& observed) {
    for_each_kind([&]<class Kind>() {
        const Result<void> result = read<Kind>(reading, observed);
        if (result) return;
        observed.get<Kind>() = {};
        observed.unread.emplace_back(kind_id<Kind>, result.error());
    });
}

/// Whether services with such schedulers and engines can be made: of each 0 or errno. They are made in a new network
/// namespace, which disappears with the thread, so the real table does not change. It is one namespace for all of them:
/// the kernel loads a scheduler with IPVS locked, and lblc and lblcr, as they are loaded, wait until no namespace is
/// ending; the end of one waits for IPVS, and so everything waits for ever. All 0 if namespaces are not permitted.
std::vector<int> try_services(std::span<const Change<Service>> changes) {
    std::vector<int> results(changes.size());
    std::thread([&] {
        if (unshare(CLONE_NEWNET) != 0) return;
        Result<NetlinkSocket> fd = NetlinkSocket::open(NETLINK_GENERIC);
        if (!fd) return;
        const Result<std::uint16_t> family = fd->resolve("IPVS");
        if (!family) return;
        fd->set_type(*family);
        wire::Requests requests;
        for (std::uint32_t i = 0; i < changes.size(); ++i) {
            Service::encode({.key = changes[i].key, .before = nullptr, .after = changes[i].after}, {}, i, requests);
        }
        const auto refused = fd->send_batch(requests, requests.list());
        if (!refused) return;
        for (const auto& each : *refused) results[each.tag] = each.error;
    }).join();
    return results;
}

/// A service of the plan that is made or changed, and its place in the list of what is tried.
struct Offered {
    std::size_t step;
    std::size_t trial;
};

Result<std::vector<Failure>> LinuxKernel::offers(const plan::Plan& plan) {
    // Schedulers and engines that are in the table work. Of the others, each combination is tried once.
    constexpr std::size_t works = SIZE_MAX;
    std::map<std::tuple<ShortName, ShortName, Family>, std::size_t> trials;
    for (const Row<Service>& row : plan.observed->get<Service>().rows()) {
        trials.emplace(std::tuple(row.value.scheduler, row.value.engine, row.key.vip.family), works);
    }
    std::vector<Change<Service>> tried;
    std::vector<Offered> offered;
    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
        const plan::Step& step = plan.steps[i];
        if (step.kind != kind_id<Service> || step.after == plan::Step::none || step.blocked) continue;
        plan.visit(step, [&]<class Kind>(const Change<Kind>& change) {
            if constexpr (std::is_same_v<Kind, Service>) {
                const std::tuple sort(change.after->scheduler, change.after->engine, change.key.vip.family);
                const auto [at, fresh] = trials.emplace(sort, tried.size());
                if (fresh) tried.push_back(change);
                if (at->second != works) offered.push_back({i, at->second});
            }
        });
    }
    if (tried.empty()) return std::vector<Failure>{};
    const std::vector<int> errors = try_services(tried);
    std::vector<Failure> lacking;
    for (const Offered& each : offered) {
        const int error = errors[each.trial];
        if (error != 0 && error != EPERM) lacking.push_back({each.step, error});
    }
    return lacking;
}

/// Sends the requests: those in a row with the same transport in one system call. If one transport does not work, only
/// its requests fail: an address can be given up without IPVS.
void LinuxKernel::flush(wire::Requests& requests, std::size_t first, std::vector<Failure>& failures) {
    const std::span<const wire::Request> list = requests.list();
    for (std::size_t start = 0; start < list.size();) {
        std::size_t end = start + 1;
        const wire::Transport transport = list[start].transport;
        while (end < list.size() && list[end].transport == transport) ++end;
        if (transport == wire::Transport::file) end = start + 1;
        const auto run = list.subspan(start, end - start);
        const auto sent = transport == wire::Transport::file  ? write_file(requests, run)
                          : transport == wire::Transport::nft ? run_nft(requests, run)
                                                              : send(requests, run);
        if (sent) {
            for (const auto& each : *sent) failures.push_back({first + each.tag, each.error});
        } else {
            const auto why = std::make_shared<const Error>(sent.error());
            for (const wire::Request& each : run) failures.push_back({first + each.tag, EIO, why});
        }
        start = end;
    }
    requests.clear();
}

Result<std::vector<NetlinkSocket::Refused>> LinuxKernel::write_file(const wire::Requests& requests,
                                                                    std::span<const wire::Request> run) {
    const std::string_view text = text_of(requests.bytes(run.front()));
    const std::size_t nul = text.find('\0');
    const int error = write_setting(std::string(text.substr(0, nul)), text.substr(nul + 1));
    if (error == 0) return std::vector<NetlinkSocket::Refused>{};
    return std::vector<NetlinkSocket::Refused>{{run.front().tag, error}};
}

/// Sends one transaction. If the kernel refuses it, each request is sent alone, so that only the wrong ones fail.
Result<std::vector<NetlinkSocket::Refused>> LinuxKernel::run_nft(const wire::Requests& requests,
                                                                 std::span<const wire::Request> run) {
    const Result<Nft*> tables = nft();
    RETURN_IF_ERROR(tables);
    std::string commands;
    for (const wire::Request& each : run) commands += text_of(requests.bytes(each));
    std::vector<NetlinkSocket::Refused> refused;
    int error = (*tables)->run(commands);
    for (const wire::Request& each : error == 0 ? std::span<const wire::Request>() : run) {
        if (run.size() > 1) error = (*tables)->run(std::string(text_of(requests.bytes(each))));
        if (error != 0) refused.push_back({each.tag, error});
    }
    (*tables)->sweep();
    return refused;
}

Result<std::vector<NetlinkSocket::Refused>> LinuxKernel::send(wire::Requests& requests,
                                                              std::span<const wire::Request> run) {
    const Result<NetlinkSocket*> netlink = socket(run.front().transport);
    RETURN_IF_ERROR(netlink);
    return (*netlink)->send_batch(requests, run);
}

Result<std::vector<Failure>> LinuxKernel::apply(const plan::Plan& plan, std::size_t first, std::size_t last) {
    std::vector<Failure> failures;
    wire::Requests requests;
    ipvs_is_fresh_ = false;
    for (std::size_t i = first; i < last; ++i) {
        if (!plan.steps[i].blocked) {
            plan.visit(plan.steps[i], [&]<class Kind>(const Change<Kind>& change) {
                Kind::encode(change, plan.observed->facts, static_cast<std::uint32_t>(i - first), requests);
            });
        }
        if (requests.all_bytes().size() < options_.batch_bytes && i + 1 < last) continue;
        flush(requests, first, failures);
    }
    return failures;
}

}  // namespace

std::unique_ptr<plan::Kernel> linux_kernel(LinuxOptions options) {
    return std::make_unique<LinuxKernel>(std::move(options));
}

}  // namespace lbconverge::kernel
