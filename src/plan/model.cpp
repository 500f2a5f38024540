#include "model.hpp"

#include "lbconverge/kinds/via_vip.hpp"
#include "lbconverge/model/setting.hpp"

#include <algorithm>
#include <utility>

namespace lbconverge::plan {

using namespace kinds;

Model::Model(const Plan& plan, const Inputs& inputs) : plan_(plan), inputs_(inputs), addresses_(*plan.observed) {
    for (const config::Vip& vip : inputs.config.vips) vips_[vip.address].elected = state_of(vip, inputs.election);
    // A VIP that is not in the file any more must be quiet as long as it is there.
    for (const Step& step : plan.steps) {
        if (step.kind != kind_id<Address> || step.after != Step::none) continue;
        const Address::Key& key = plan.observed->get<Address>().row(step.before).key;
        if (key.interface.is_loopback()) vips_.try_emplace(key.address);
    }
    read_settings(inputs.facts);
    for (const Row<Sysctl>& row : plan.observed->get<Sysctl>().rows()) set_setting(row.key.path, row.value.value);
    for (const Row<Address>& row : plan.observed->get<Address>().rows()) place(row.key, row.value.scope, 1);
    for (const Row<ArpFilter>& row : plan.observed->get<ArpFilter>().rows()) set_filter(row.key, &row.value);
    const bool any_vip = !vips_.empty();
    for (const Row<Service>& row : plan.observed->get<Service>().rows()) {
        if (!any_vip) break;
        if (const auto [vip, service] = find(row.key); vip != nullptr) {
            ServiceState next = *service;
            next.loaded = true;
            set_service(*vip, *service, next);
        }
    }
    for (const Row<RealServer>& row : plan.observed->get<RealServer>().rows()) {
        if (!any_vip) break;
        if (row.value.weight == 0) continue;
        if (const auto [vip, service] = find(row.key.service); vip != nullptr) {
            ServiceState next = *service;
            ++next.live;
            set_service(*vip, *service, next);
        }
    }
    need_services();
    count_steps();
}

void Model::read_settings(const HostFacts& facts) {
    arp_["all"] = {.ignore = facts.all_arp_ignore, .announce = facts.all_arp_announce};
    for (const Interface& interface : facts.interfaces) {
        const auto& devconf = interface.ipv4_devconf;
        if (devconf.size() < 19) continue;  // IPV4_DEVCONF_ARP_ANNOUNCE 18, ARP_IGNORE 19 (linux/ip.h), counted from 1
        arp_[interface.name] = {.ignore = devconf[18], .announce = devconf[17]};
    }
}

/// Counts what later steps will do: the servers that a service may still get, and the addresses that are removed.
void Model::count_steps() {
    for (const Step& step : plan_.steps) {
        if (step.kind == kind_id<Address> && step.after == Step::none && !step.blocked) {
            going_.insert(plan_.observed->get<Address>().row(step.before).key);
        }
        if (step.kind == kind_id<Service> && step.after == Step::none) {
            const Service::Key& key = plan_.observed->get<Service>().row(step.before).key;
            if (const auto [vip, service] = find(key); vip != nullptr) {
                ServiceState next = *service;
                next.leaving = true;
                set_service(*vip, *service, next);
            }
        }
        if (step.kind != kind_id<RealServer> || step.after == Step::none) continue;
        const Row<RealServer>& row = plan_.desired->get<RealServer>().rows.row(step.after);
        if (row.value.weight == 0) continue;
        if (const auto [vip, service] = find(row.key.service); vip != nullptr) ++service->coming;
    }
}

/// A VIP that stays needs the services that the file wants. A VIP that is removed needs the services that it had, until
/// it is gone.
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
    const auto count = [](const VipState& vip, bool (*test)(const ServiceState&)) {
        return static_cast<int>(std::count_if(vip.services.begin(), vip.services.end(),
                                              [&](const auto& each) { return test(each.second); }));
    };
    for (auto& [address, vip] : vips_) {
        vip.dead = count(vip, [](const ServiceState& each) { return each.dead(); });
        vip.needed = count(vip, [](const ServiceState& each) { return each.needed; });
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

void Model::set_service(VipState& vip, ServiceState& service, ServiceState next) {
    vip.dead += static_cast<int>(next.dead()) - static_cast<int>(service.dead());
    const auto lingers = [](const ServiceState& each) { return static_cast<int>(each.loaded && each.leaving); };
    vip.loaded += static_cast<int>(next.loaded) - static_cast<int>(service.loaded);
    vip.lingering += lingers(next) - lingers(service);
    vip.given_up += static_cast<int>(next.given_up) - static_cast<int>(service.given_up);
    last_state_ = std::exchange(service, next);
}

void Model::set_setting(const std::string& path, const std::string& value) {
    const auto setting = parse_setting_path(path);
    std::uint32_t number = 0;
    if (!setting || setting->family != Family::ipv4 || !from_text(value, number)) return;
    if (setting->name == "arp_ignore") arp_[setting->interface].ignore = number;
    if (setting->name == "arp_announce") arp_[setting->interface].announce = number;
    if (setting->name == "promote_secondaries") addresses_.promote(setting->interface, number != 0);
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
    if (change.after != nullptr) set_setting(change.key.path, change.after->value);
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
    if (change.before != nullptr) {
        carried_ = addresses_.remove(change.key);
        place(change.key, change.before->scope, -1);
    }
    if (change.after != nullptr) {
        addresses_.add(change.key);
        place(change.key, change.after->scope, 1);
    }
}

void Model::change(const Change<Service>& change) {
    const auto [vip, service] = find(change.key);
    if (vip == nullptr) return;
    touched_.push_back(&vips_.find(change.key.vip)->first);
    ServiceState next = *service;
    next.loaded = change.after != nullptr;
    if (!next.loaded) next.live = 0;
    set_service(*vip, *service, next);
}

void Model::change(const Change<RealServer>& change) {
    const auto [vip, service] = find(change.key.service);
    if (vip == nullptr) return;
    touched_.push_back(&vips_.find(change.key.service.vip)->first);
    ServiceState next = *service;
    if (change.before != nullptr && change.before->weight != 0) --next.live;
    if (change.after != nullptr && change.after->weight != 0) {
        ++next.live;
        --next.coming;
    }
    set_service(*vip, *service, next);
}

void Model::follow(const Step& step) {
    touched_.clear();
    carried_.clear();
    plan_.visit(step, [this](const auto& each) { change(each); });
}

void Model::undo(const Step& step) {
    const auto before = std::exchange(carried_, {});
    plan_.visit(step, [&]<class Kind>(const Change<Kind>& each) {
        if constexpr (Balancing<Kind>) {
            if (last_.first != nullptr) set_service(*last_.first, *last_.second, last_state_);
        } else {
            const auto* earlier = each.before;  // a setting that was not observed stays as it was written
            change(Change<Kind>{.key = each.key, .before = each.after, .after = earlier});
        }
        if constexpr (std::is_same_v<Kind, Address>) addresses_.undo(before);
    });
    carried_.clear();
}

void Model::miss(const Step& step, const std::string& why) {
    plan_.visit(step, [&]<class Kind>(const Change<Kind>& each) {
        if constexpr (std::is_same_v<Kind, Address>) {
            if (each.after == nullptr) going_.erase(each.key);
        }
        if constexpr (std::is_same_v<Kind, Service>) {
            if (each.before == nullptr) missing_.emplace(each.key, why);
        }
        if constexpr (std::is_same_v<Kind, RealServer>) {
            if (each.after != nullptr && each.after->weight != 0) missed_server(each.key, why);
        }
    });
}

void Model::missed_server(const RealServer::Key& key, const std::string& why) {
    const auto [vip, service] = find(key.service);
    if (vip == nullptr) return;
    ServiceState next = *service;
    --next.coming;
    next.given_up = next.needed && next.coming == 0 && next.live == 0;
    if (next.given_up) vip->why = why;
    set_service(*vip, *service, next);
}

std::optional<std::string> Model::lacks(const Step& step) const {
    std::optional<std::string> what;
    plan_.visit(step, [&]<class Kind>(const Change<Kind>& each) {
        if constexpr (std::is_same_v<Kind, RealServer>) {
            const auto at = missing_.find(each.key.service);
            if (at != missing_.end()) what = "waits for " + Service::id(at->first) + ": " + at->second;
        }
        if constexpr (std::is_same_v<Kind, Address>) {
            if (each.before == nullptr && addresses_.in_the_way(each.key)) {
                what =
                    "waits for " + to_text(each.key.address) + " with another prefix to go: IPv6 has an address once";
            }
        }
        if constexpr (std::is_same_v<Kind, Route>) {
            const bool sourced = each.after != nullptr && each.after->source;
            if (sourced && !addresses_.has(*each.after->source)) {
                what = "waits for its source " + to_text(*each.after->source) + ", which is not on this node";
            }
        }
    });
    return what;
}

void Model::carried_away(std::vector<UnsafeStep>& out) const {
    for (std::size_t i = 1; i < carried_.size(); ++i) {
        const Address::Key& key = carried_[i].first;
        if (going_.contains(key)) continue;
        const Address::Key& primary = carried_.front().first;
        out.push_back({"I6", Address::display(key) + " would go with " + Address::display(primary),
                       "set " + Sysctl::id(promote_secondaries(key.interface)) + " to 1"});
    }
}

/// The interface speaks ARP and would answer for, or announce, a VIP on lo.
bool Model::is_loud(const Interface& interface, const VipState& vip) const {
    const auto at = arp_.find(interface.name);
    if (!interface.speaks_arp || at == arp_.end()) return false;
    const ArpSettings& all = arp_.at("all");
    const std::uint32_t ignore = std::max(all.ignore, at->second.ignore);
    const std::uint32_t announce = std::max(all.announce, at->second.announce);
    return !quiet_arp_ignore(ignore, vip.lo_scope) || !quiet_arp_announce(announce);
}

void Model::broken(const IpAddress& address, std::vector<UnsafeStep>& out) const {
    const VipState& vip = vips_.at(address);
    const auto name = [&] { return to_text(address); };  // only where it is needed: this runs after every step
    const Role role = inputs_.config.role;
    const bool by_sysctl = inputs_.config.arp.method == config::ArpMethod::sysctl;
    if (vip.on_lo > 0 && by_sysctl && address.family == Family::ipv4) {
        // Each interface is a violation of its own: a node that answered on two interfaces may stop on one after the
        // other.
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
    const bool hopeless = vip.needed > 0 && vip.given_up == vip.needed;
    if (vip.answering > 0 && (vip.dead > 0 || hopeless)) {
        out.push_back({"I2", "VIP " + name() + " would attract traffic for a service without a live real server",
                       hopeless ? vip.why : ""});
    }
    if (role == Role::both && vip.loaded > 0 &&
        (vip.elected == ElectionState::backup || vip.elected == ElectionState::yielding)) {
        out.push_back({"I3", "services of VIP " + name() + " would balance on a node that is not its master", {}});
    }
    const bool serves =
        role == Role::real_server ||
        (role == Role::both && (vip.elected == ElectionState::backup || vip.elected == ElectionState::yielding));
    // Two things: one that answers already and cannot be taken off is no reason to bind it on lo as well.
    if (serves && vip.lingering > 0 && vip.on_lo > 0) {
        out.push_back({"I3", "services of VIP " + name() + " would balance what comes to a real server", {}});
    }
    if (serves && vip.lingering > 0 && vip.answering > 0) {
        out.push_back({"I3", "services of VIP " + name() + " would balance what comes to a node that gives it up", {}});
    }
    const bool not_master = role == Role::real_server ? !by_filter : vip.elected == ElectionState::backup;
    if (vip.answering > 0 && not_master) {
        out.push_back({"I4", "VIP " + name() + " would be answered for by a node that is not its master", {}});
    }
}

}  // namespace lbconverge::plan
