#include "lbconverge/plan/safety.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace lbconverge::plan {

using namespace kinds;

namespace {

constexpr std::string_view conf = "net/ipv4/conf/";

struct ArpSettings {
    std::uint32_t ignore = 0;
    std::uint32_t announce = 0;
};

struct ServiceState {
    bool loaded = false;
    bool needed = false;  ///< I2: must be loaded with a live server while its VIP answers
    std::uint32_t live = 0;
};

struct VipState {
    ElectionState elected = ElectionState::master;
    int answering = 0;  ///< interfaces other than lo that have it
    int on_lo = 0;
    Scope lo_scope = Scope::host;
    bool filtered = false;  ///< the ARP filter stands for it
    std::map<Service::Key, ServiceState> services;
    int loaded = 0;  ///< of those
    int dead = 0;    ///< needed, but not loaded or without a live server
};

/// What the invariants need to know of a node; follows a plan step by step.
class Model {
public:
    Model(const Plan& plan, const Inputs& inputs);
    /// Applies the effect of one step; the VIPs that it may concern are checked by the caller.
    void follow(const Step& step);
    /// Every broken invariant of a VIP, as (invariant, what).
    void broken(const IpAddress& vip, std::vector<UnsafeStep>& out) const;
    [[nodiscard]] const std::vector<const IpAddress*>& touched() const { return touched_; }
    [[nodiscard]] const std::map<IpAddress, VipState>& vips() const { return vips_; }

private:
    void change(const Change<Sysctl>& change);
    void change(const Change<ArpFilter>& change);
    void change(const Change<Address>& change);
    void change(const Change<Service>& change);
    void change(const Change<RealServer>& change);
    template <class Kind>
    void change(const Change<Kind>&) {}  // of no concern to the invariants
    void set_arp(const std::string& path, const std::string& value);
    void place(const Address::Key& key, Scope scope, int by);
    void set_filter(const ArpFilter::Key& key, const ArpFilter::Value* value);
    void set_service(VipState& vip, ServiceState& service, bool loaded, std::uint32_t live);
    std::pair<VipState*, ServiceState*> find(const Service::Key& key);
    void need_services();
    [[nodiscard]] bool is_loud(const Interface& interface, const VipState& vip) const;

    const Plan& plan_;
    const Inputs& inputs_;
    std::map<IpAddress, VipState> vips_;
    std::map<std::string, ArpSettings, std::less<>> arp_;
    std::vector<const IpAddress*> touched_;
    // Steps come grouped by service: the last one found is nearly always the next one asked for.
    Service::Key last_key_{};
    std::pair<VipState*, ServiceState*> last_{};
};

Model::Model(const Plan& plan, const Inputs& inputs) : plan_(plan), inputs_(inputs) {
    for (const config::Vip& vip : inputs.config.vips) vips_[vip.address].elected = state_of(vip, inputs.election);
    arp_["all"].ignore = inputs.facts.all_arp_ignore;
    for (const Interface& interface : inputs.facts.interfaces) {
        const auto& devconf = interface.ipv4_devconf;
        if (devconf.size() < 19) continue;  // IPV4_DEVCONF_ARP_ANNOUNCE 18, ARP_IGNORE 19 (linux/ip.h), counted from 1
        arp_[interface.name.str()] = {.ignore = devconf[18], .announce = devconf[17]};
    }
    for (const Row<Sysctl>& row : plan.observed->get<Sysctl>().rows()) set_arp(row.key.path, row.value.value);
    for (const Row<Address>& row : plan.observed->get<Address>().rows()) place(row.key, row.value.scope, 1);
    for (const Row<ArpFilter>& row : plan.observed->get<ArpFilter>().rows()) set_filter(row.key, &row.value);
    const bool any_vip = !vips_.empty();
    for (const Row<Service>& row : plan.observed->get<Service>().rows()) {
        if (!any_vip) break;
        if (const auto [vip, service] = find(row.key); vip != nullptr) set_service(*vip, *service, true, 0);
    }
    for (const Row<RealServer>& row : plan.observed->get<RealServer>().rows()) {
        if (!any_vip) break;
        if (row.value.weight == 0) continue;
        if (const auto [vip, service] = find(row.key.service); vip != nullptr) {
            set_service(*vip, *service, true, service->live + 1);
        }
    }
    need_services();
}

/// A VIP that is to stay needs the services that the file wants; one that goes needs what served it until it is gone.
void Model::need_services() {
    if (inputs_.config.role != Role::director) return;
    std::set<IpAddress> staying;
    for (const Row<Address>& row : plan_.desired->get<Address>().rows.rows()) {
        if (!row.key.interface.is_loopback()) staying.insert(row.key.address);
    }
    for (const kinds::Held<Address>& held : plan_.desired->get<Address>().held) staying.insert(held.key.address);
    if (!within<Address>(plan_.desired->part)) {  // this plan leaves every address where it is
        for (const auto& [address, vip] : vips_) {
            if (vip.answering > 0) staying.insert(address);
        }
    }
    for (auto& [address, vip] : vips_) {
        if (staying.contains(address)) continue;
        for (auto& [key, service] : vip.services) service.needed = service.live != 0;
    }
    for (const Row<RealServer>& row : plan_.desired->get<RealServer>().rows.rows()) {
        if (staying.empty()) break;
        if (row.value.weight == 0 || !staying.contains(row.key.service.vip)) continue;
        if (const auto [vip, service] = find(row.key.service); vip != nullptr) service->needed = true;
    }
    for (auto& [address, vip] : vips_) {
        vip.dead = static_cast<int>(std::count_if(vip.services.begin(), vip.services.end(), [](const auto& each) {
            return each.second.needed && (!each.second.loaded || each.second.live == 0);
        }));
    }
}

std::pair<VipState*, ServiceState*> Model::find(const Service::Key& key) {
    if (last_.first != nullptr && last_key_ == key) return last_;
    if (key.fwmark != 0) return {};  // which VIP a mark belongs to is not known here
    const auto vip = vips_.find(key.vip);
    if (vip == vips_.end()) return {};
    last_key_ = key;
    last_ = {&vip->second, &vip->second.services[key]};
    return last_;
}

void Model::set_service(VipState& vip, ServiceState& service, bool loaded, std::uint32_t live) {
    const auto is_dead = [](const ServiceState& s) { return s.needed && (!s.loaded || s.live == 0); };
    vip.dead -= is_dead(service) ? 1 : 0;
    vip.loaded += static_cast<int>(loaded) - static_cast<int>(service.loaded);
    service.loaded = loaded;
    service.live = live;
    vip.dead += is_dead(service) ? 1 : 0;
}

void Model::set_arp(const std::string& path, const std::string& value) {
    if (!path.starts_with(conf)) return;
    const std::size_t slash = path.find('/', conf.size());
    if (slash == std::string::npos) return;
    const std::string interface = path.substr(conf.size(), slash - conf.size());
    std::uint32_t number = 0;
    if (!from_text(value, number)) return;
    if (path.ends_with("/arp_ignore")) arp_[interface].ignore = number;
    if (path.ends_with("/arp_announce")) arp_[interface].announce = number;
}

void Model::place(const Address::Key& key, Scope scope, int by) {
    const auto at = vips_.find(key.address);
    if (at == vips_.end()) return;
    touched_.push_back(&at->first);
    if (!key.interface.is_loopback()) {
        at->second.answering += by;
        return;
    }
    at->second.on_lo += by;
    if (by > 0) at->second.lo_scope = scope;
}

void Model::change(const Change<Sysctl>& change) {
    if (change.after != nullptr) set_arp(change.key.path, change.after->value);
    if (!change.key.path.ends_with("/arp_ignore") && !change.key.path.ends_with("/arp_announce")) return;
    for (const auto& [address, vip] : vips_) touched_.push_back(&address);
}

void Model::set_filter(const ArpFilter::Key& key, const ArpFilter::Value* value) {
    const auto at = vips_.find(key.vip);
    if (at == vips_.end()) return;
    touched_.push_back(&at->first);
    at->second.filtered = value != nullptr && value->enforced && value->source;
}

void Model::change(const Change<ArpFilter>& change) { set_filter(change.key, change.after); }

void Model::change(const Change<Address>& change) {
    if (change.before != nullptr) place(change.key, change.before->scope, -1);
    if (change.after != nullptr) place(change.key, change.after->scope, 1);
}

void Model::change(const Change<Service>& change) {
    const auto [vip, service] = find(change.key);
    if (vip == nullptr) return;
    touched_.push_back(&vips_.find(change.key.vip)->first);
    set_service(*vip, *service, change.after != nullptr, change.action() == Action::update ? service->live : 0);
}

void Model::change(const Change<RealServer>& change) {
    const auto [vip, service] = find(change.key.service);
    if (vip == nullptr) return;
    touched_.push_back(&vips_.find(change.key.service.vip)->first);
    const std::uint32_t was = change.before != nullptr && change.before->weight != 0 ? 1 : 0;
    const std::uint32_t is = change.after != nullptr && change.after->weight != 0 ? 1 : 0;
    set_service(*vip, *service, service->loaded, service->live - was + is);
}

void Model::follow(const Step& step) {
    touched_.clear();
    plan_.visit(step, [this](const auto& each) { change(each); });
}

/// The interface speaks ARP and would answer for, or announce, a VIP on lo.
bool Model::is_loud(const Interface& interface, const VipState& vip) const {
    const auto at = arp_.find(interface.name.view());
    if (!interface.speaks_arp || at == arp_.end()) return false;
    const ArpSettings& all = arp_.at("all");
    const std::uint32_t ignore = std::max(all.ignore, at->second.ignore);
    const std::uint32_t announce = std::max(all.announce, at->second.announce);
    // Above 2, arp_announce counts as 0 (linux: arp_solicit).
    return !quiet_arp_ignore(ignore, vip.lo_scope) || announce == 0 || announce > 2;
}

void Model::broken(const IpAddress& address, std::vector<UnsafeStep>& out) const {
    const VipState& vip = vips_.at(address);
    const auto name = [&] { return to_text(address); };  // only where it is needed: this runs after every step
    const Role role = inputs_.config.role;
    const bool by_sysctl = inputs_.config.arp.method == config::ArpMethod::sysctl;
    if (vip.on_lo > 0 && by_sysctl && address.family == Family::ipv4) {
        // One by one: a node that was loud on two interfaces may become quiet on one after the other.
        for (const Interface& interface : inputs_.facts.interfaces) {
            if (!is_loud(interface, vip)) continue;
            const std::string on = interface.name.str();
            out.push_back({"I1", "VIP " + name() + " on lo would be answered for or announced on " + on,
                           "add \"" + on + "\" to interfaces of [arp], or leave that at \"auto\""});
        }
    }
    const bool by_filter = role == Role::real_server && inputs_.config.arp.method == config::ArpMethod::filter &&
                           address.family == Family::ipv4;
    if (by_filter && !vip.filtered && (vip.on_lo > 0 || vip.answering > 0)) {
        out.push_back({"I1", "VIP " + name() + " would be answered for and announced: the ARP filter does not stand",
                       "it needs to know what to say instead of the VIP: source in [arp]"});
    }
    if (vip.answering > 0 && vip.dead > 0) {
        out.push_back({"I2", "VIP " + name() + " would attract traffic for a service without a live real server", {}});
    }
    if (role == Role::both && vip.loaded > 0 &&
        (vip.elected == ElectionState::backup || vip.elected == ElectionState::yielding)) {
        out.push_back({"I3", "services of VIP " + name() + " would balance on a node that is not its master", {}});
    }
    const bool not_master = role == Role::real_server ? !by_filter : vip.elected == ElectionState::backup;
    if (vip.answering > 0 && not_master) {
        out.push_back({"I4", "VIP " + name() + " would be answered for by a node that is not its master", {}});
    }
}

}  // namespace

std::optional<UnsafeStep> first_unsafe_step(const Plan& plan, const Inputs& inputs) {
    Model model(plan, inputs);
    std::vector<UnsafeStep> found;
    for (const auto& [address, vip] : model.vips()) model.broken(address, found);
    std::set<std::string> at_start;
    for (const UnsafeStep& each : found) at_start.insert(each.invariant + each.what);

    for (std::size_t i = 0; i < plan.steps.size(); ++i) {
        model.follow(plan.steps[i]);
        found.clear();
        for (const IpAddress* address : model.touched()) model.broken(*address, found);
        for (UnsafeStep& each : found) {
            if (at_start.contains(each.invariant + each.what)) continue;
            each.step = i;
            return each;
        }
    }
    return std::nullopt;
}

}  // namespace lbconverge::plan
