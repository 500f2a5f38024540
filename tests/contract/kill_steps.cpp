// kill_steps SCENE [STEP]: converges this network namespace towards a scene with the program's own code, one step at a
// time, and ends itself by SIGKILL before step STEP (counted from 0). Without STEP it runs to the end and prints how
// many steps it wrote. Run as root on a lab node by tests/lab/t/kill-resume-*.sh.
#include "lbconverge/daemon/converge.hpp"

#include "../support/ip.hpp"

#include <unistd.h>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>

using namespace lbconverge;
using test::ip;

namespace {

config::Service service(std::string_view vip, std::uint16_t port, std::initializer_list<const char*> servers,
                        Role role) {
    config::Service service{.vip = ip(vip), .port = port, .scheduler = "wrr"};
    service.persistence_mask = service.vip.bits();
    service.active = role == Role::both ? config::Active::master : config::Active::always;
    for (const char* server : servers) service.real_servers.push_back({.address = ip(server), .port = port});
    return service;
}

/// Two VIPs of one instance on eth0, a service for each.
config::Config cluster(Role role) {
    config::Config config{.role = role};
    for (const char* address : {"10.0.0.20", "2001:db8::20"}) {
        config::Vip vip{.address = ip(address), .interface = "eth0"};
        vip.prefix = vip.address.bits();
        if (role != Role::real_server) vip.vrrp = "red";
        config.vips.push_back(vip);
    }
    config.vrrp.push_back({.name = "red"});
    config.services = {service("10.0.0.20", 80, {"10.0.0.3", "10.0.0.4"}, role),
                       service("2001:db8::20", 80, {"2001:db8::3"}, role)};
    if (role != Role::real_server) {
        config.sysctls.push_back({"net/ipv4/vs/expire_nodest_conn", "1"});
        config.ipvs.tcp = config::Timeout{600};
    }
    return config;
}

/// The v4 service has other servers, the v6 service is gone, and there is a new one.
config::Config edited() {
    config::Config config = cluster(Role::director);
    config.services = {service("10.0.0.20", 80, {"10.0.0.4", "10.0.0.5"}, Role::director),
                       service("10.0.0.20", 443, {"10.0.0.5"}, Role::director)};
    return config;
}

struct Scene {
    config::Config config;
    ElectionState election = ElectionState::backup;
    bool release = false;
};

std::optional<Scene> scene_of(const std::string& name) {
    const std::map<std::string, Scene> scenes = {
        {"director", {cluster(Role::director), ElectionState::master}},
        {"director-edited", {edited(), ElectionState::master}},
        {"director-backup", {cluster(Role::director), ElectionState::backup}},
        {"director-released", {cluster(Role::director), ElectionState::master, true}},
        {"real-server", {cluster(Role::real_server)}},
        {"real-server-released", {cluster(Role::real_server), ElectionState::backup, true}},
        {"both-master", {cluster(Role::both), ElectionState::master}},
        {"both-backup", {cluster(Role::both), ElectionState::backup}},
    };
    const auto at = scenes.find(name);
    return at == scenes.end() ? std::nullopt : std::optional(at->second);
}

/// The real kernel, one step per call, up to a point.
class Stepwise final : public plan::Kernel {
public:
    explicit Stepwise(std::optional<unsigned long> killed_before) : killed_before_(killed_before) {}

    Result<HostFacts> facts(const std::vector<InterfaceName>& needed) override { return real_->facts(needed); }
    Result<std::shared_ptr<const kinds::Observed>> observe(const kinds::Reading& reading,
                                                           const HostFacts& facts) override {
        return real_->observe(reading, facts);
    }
    Result<std::vector<plan::Failure>> offers(const plan::Plan& plan) override { return real_->offers(plan); }
    Result<std::vector<plan::Failure>> apply(const plan::Plan& plan, std::size_t first, std::size_t last) override {
        std::vector<plan::Failure> failures;
        for (std::size_t i = first; i < last; ++i) {
            if (killed_before_ == written) kill(getpid(), SIGKILL);
            auto refused = real_->apply(plan, i, i + 1);
            if (!refused) return refused;
            failures.insert(failures.end(), refused->begin(), refused->end());
            ++written;
        }
        return failures;
    }
    plan::Told announce(std::span<const plan::Announcement> announcements, const HostFacts& facts) override {
        return real_->announce(announcements, facts);
    }
    unsigned long written = 0;

private:
    std::unique_ptr<plan::Kernel> real_ = kernel::linux_kernel({.may_load_ipvs = true});
    std::optional<unsigned long> killed_before_;
};

}  // namespace

int main(int count, char** arguments) {
    const std::optional<Scene> scene = scene_of(count > 1 ? arguments[1] : "");
    if (!scene) {
        std::fputs("usage: kill_steps SCENE [STEP]\n", stderr);
        return 64;
    }
    Stepwise kernel(count > 2 ? std::optional(std::strtoul(arguments[2], nullptr, 10)) : std::nullopt);
    daemon::RunDirectory run = daemon::RunDirectory::of_this_namespace();
    if (const auto locked = run.lock(std::chrono::milliseconds(0)); !locked) {
        std::fprintf(stderr, "%s\n", locked.error().what.c_str());
        return 1;
    }
    const plan::Task task{.config = scene->config, .election = {{"red", scene->election}}, .release = scene->release};
    const auto now = BootTime(std::chrono::seconds(1'000'000));
    const plan::Outcome report = daemon::converge(kernel, run, task, now, [](const plan::Plan&) {});
    if (report.error) {
        std::fprintf(stderr, "%s; %s\n", report.error->what.c_str(), report.error->hint.c_str());
        return 1;
    }
    std::printf("%lu\n", kernel.written);
    return 0;
}
