// The IPv4 addresses of a node's interfaces, and what the kernel itself changes when one is removed. Private to
// src/plan.
#pragma once

#include "lbconverge/kinds/all.hpp"

#include <map>
#include <vector>

namespace lbconverge::plan {

/// linux: net/ipv4/devinet.c, __inet_insert_ifa and __inet_del_ifa. The first address of a subnet is its primary one,
/// the others are secondary; when the primary one goes they go with it, unless promote_secondaries makes one its heir.
class InterfaceAddresses {
public:
    /// The addresses that are removed together with one, and whether each was secondary; undo() puts them back.
    using Carried = std::vector<std::pair<kinds::Address::Key, bool>>;

    explicit InterfaceAddresses(const kinds::Observed& observed);

    void add(const kinds::Address::Key& key);
    /// The removed addresses: first this one, then those that went with it.
    Carried remove(const kinds::Address::Key& key);
    void undo(const Carried& carried);
    void promote(const InterfaceName& interface, bool on) { promotes_[interface] = on; }
    [[nodiscard]] bool has(const IpAddress& address) const;
    /// IPv6 knows an address once per interface, whatever its prefix.
    [[nodiscard]] bool in_the_way(const kinds::Address::Key& key) const;
    /// Those of the same subnet that depend on it.
    [[nodiscard]] std::vector<kinds::Address::Key> secondaries_of(const kinds::Address::Key& key) const;
    [[nodiscard]] bool promotes(const InterfaceName& interface) const;

private:
    std::map<kinds::Address::Key, bool> secondary_;  ///< every address, and whether it is secondary
    std::map<InterfaceName, bool> promotes_;
};

}  // namespace lbconverge::plan
