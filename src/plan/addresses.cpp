#include "addresses.hpp"

#include <algorithm>

namespace lbconverge::plan {

using namespace kinds;

namespace {

bool share_subnet(const Address::Key& a, const Address::Key& b) {
    return a.interface == b.interface && a.prefix == b.prefix && a.address.family == b.address.family &&
           a.address.in_same_net(b.address, a.prefix);
}

}  // namespace

InterfaceAddresses::InterfaceAddresses(const Observed& observed) {
    const Seen<Address>& seen = observed.get<Address>();
    for (std::uint32_t i = 0; i < seen.size(); ++i) {
        const Address::Key& key = seen.row(i).key;
        secondary_[key] = Address::is_secondary(key, seen.note(i));
        promotes_.try_emplace(key.interface, promotes_secondaries(key.interface, observed));
    }
}

void InterfaceAddresses::add(const Address::Key& key) {
    const bool second = std::any_of(secondary_.begin(), secondary_.end(), [&](const auto& each) {
        return !each.second && each.first != key && share_subnet(each.first, key);
    });
    secondary_[key] = key.address.family == Family::ipv4 && second;
}

std::vector<Address::Key> InterfaceAddresses::secondaries_of(const Address::Key& key) const {
    std::vector<Address::Key> all;
    const auto at = secondary_.find(key);
    if (at == secondary_.end() || at->second || key.address.family != Family::ipv4) return all;
    for (const auto& [other, secondary] : secondary_) {
        if (secondary && share_subnet(other, key)) all.push_back(other);
    }
    return all;
}

bool InterfaceAddresses::promotes(const InterfaceName& interface) const {
    const auto at = promotes_.find(interface);
    return at != promotes_.end() && at->second;
}

InterfaceAddresses::Carried InterfaceAddresses::remove(const Address::Key& key) {
    const auto at = secondary_.find(key);
    if (at == secondary_.end()) return {};
    Carried gone{*at};
    const std::vector<Address::Key> followers = secondaries_of(key);
    secondary_.erase(at);
    if (followers.empty()) return gone;
    if (promotes(key.interface)) {  // it does not matter here which of them becomes the primary address
        secondary_[followers.front()] = false;
        return gone;
    }
    for (const Address::Key& each : followers) {
        gone.emplace_back(each, true);
        secondary_.erase(each);
    }
    return gone;
}

void InterfaceAddresses::undo(const Carried& carried) {
    if (carried.empty()) return;
    const auto& [key, was_secondary] = carried.front();
    if (!was_secondary) {  // the address that had become primary is secondary again
        for (auto& [other, secondary] : secondary_) secondary = secondary || share_subnet(other, key);
    }
    for (const auto& [each, secondary] : carried) secondary_[each] = secondary;
}

bool InterfaceAddresses::has(const IpAddress& address) const {
    return std::any_of(secondary_.begin(), secondary_.end(),
                       [&](const auto& each) { return each.first.address == address; });
}

bool InterfaceAddresses::in_the_way(const Address::Key& key) const {
    if (key.address.family != Family::ipv6) return false;
    return std::any_of(secondary_.begin(), secondary_.end(), [&](const auto& each) {
        const Address::Key& other = each.first;
        return other.address == key.address && other.interface == key.interface && other.prefix != key.prefix;
    });
}

}  // namespace lbconverge::plan
