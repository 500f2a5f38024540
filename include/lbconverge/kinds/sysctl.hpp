// Kind sysctl: settings below /proc/sys/net. Read and written over netlink where the kernel takes it (the IPv4 settings
// of one interface), else through /proc/sys. Restorable: giving one up puts the value back that was there before.
#pragma once

#include "lbconverge/kinds/kind.hpp"

namespace lbconverge::kinds {

struct Sysctl {
    static constexpr std::string_view name = "sysctl";
    static constexpr std::string_view label = "sysctl";
    static constexpr bool restorable = true;

    struct Key {
        /// The place in the order of writing: some settings overwrite others (see rank_of).
        std::uint8_t rank = 0;
        std::string path;  ///< below /proc/sys: "net/ipv4/conf/eth0/arp_ignore"

        explicit Key(std::string path_below_proc_sys = {});
        auto operator<=>(const Key&) const = default;
    };
    struct Value {
        std::string value;
        auto operator<=>(const Value&) const = default;
        static constexpr auto fields() { return std::tuple{Field{"value", &Value::value, Show::bare}}; }
    };
    struct Facts {};

    /// "net.ipv4.conf.eth0/100.arp_ignore", as sysctl(8) writes it.
    static std::string id(const Key& key);
    static std::optional<Key> parse_id(std::string_view id);

    /// The interface that a setting belongs to; empty: it is no setting of an interface, or it is one of "all" or
    /// "default".
    static InterfaceName interface_of(const Key& key);

    LBCONVERGE_KIND_FUNCTIONS(Sysctl)
    /// This kernel does not have the setting, or its interface is not there.
    static std::optional<Error> obstacle(const Change<Sysctl>& change, const Facts* facts, const Circumstances& at);
};

/// The setting that keeps secondary addresses when the primary address of their subnet is removed. `interface` may be
/// "all".
Sysctl::Key promote_secondaries(const InterfaceName& interface);
/// Whether that setting is on for the interface or for "all" (linux/inetdevice.h, IN_DEV_ORCONF). A value that is not
/// in `observed` counts as off.
bool promotes_secondaries(const InterfaceName& interface, const Observed& observed);

/// True: an interface with this effective arp_ignore does not answer for a VIP of that scope on lo. The effective value
/// of an IPv4 ARP setting is the larger of "all" and the interface (linux/inetdevice.h, IN_DEV_MAXCONF).
bool quiet_arp_ignore(std::uint32_t effective, Scope vip_scope);
/// True: an interface with this effective arp_announce sends no ARP request with a VIP on lo as sender. A value above 2
/// counts as 0 (linux: arp_solicit).
bool quiet_arp_announce(std::uint32_t effective);

/// Settings of all interfaces that speak ARP follow from the file, whatever their names.
bool concerns_all_interfaces(const config::Config& config);

}  // namespace lbconverge::kinds
