// Kind address: VIPs on lo and on interfaces. Marked as ours with an address protocol tag (IFA_PROTO), which is still
// there if the ledger is lost. Kernels before 5.18 ignore the tag: there only the ledger says which addresses we made.
#pragma once

#include "lbconverge/kinds/kind.hpp"

namespace lbconverge::kinds {

struct Address {
    static constexpr std::string_view name = "address";
    static constexpr std::string_view label = "address";

    /// IFA_PROTO of what we add: 0x4c, "L". The kernel uses 1 to 3 (linux/if_addr.h).
    static constexpr std::uint8_t protocol_tag = 0x4c;

    struct Key {
        IpAddress address;
        std::uint8_t prefix = 32;
        InterfaceName interface;
        auto operator<=>(const Key&) const = default;
    };
    struct Value {
        Scope scope = Scope::global;
        ShortName label;                     ///< IPv4; empty: the interface's name
        std::optional<IpAddress> broadcast;  ///< IPv4
        bool deprecated = false;             ///< IPv6, preferred_lft 0: never chosen as a source address
        std::optional<IpAddress> peer{};     ///< the other end of the link; the prefix then belongs to it
        bool expires = false;                ///< its lifetime ends
        bool tentative = false;              ///< IPv6: it does not answer, duplicate address detection is at work
        bool dadfailed = false;              ///< IPv6: it does not answer, another node had it

        auto operator<=>(const Value&) const = default;
        static constexpr auto fields() {
            return std::tuple{Field{"scope", &Value::scope},         Field{"label", &Value::label},
                              Field{"broadcast", &Value::broadcast}, Field{"deprecated", &Value::deprecated},
                              Field{"peer", &Value::peer},           Field{"expires", &Value::expires},
                              Field{"tentative", &Value::tentative}, Field{"dadfailed", &Value::dadfailed}};
        }
    };
    struct Facts {
        std::uint8_t protocol = 0;  ///< IFA_PROTO
        std::uint32_t flags = 0;    ///< IFA_F_*
        /// `later`: the interface has an older address of this family (/32 and /128 do not count). `beside`: the nets
        /// of the two overlap. The oldest one of its net is the node's own, also if one of another net is older.
        bool later = false;
        bool beside = false;
        static constexpr auto fields() {
            return std::tuple{Field{"protocol", &Facts::protocol}, Field{"flags", &Facts::flags},
                              Field{"later", &Facts::later}, Field{"beside", &Facts::beside}};
        }
    };

    /// "192.168.100.20/32 eth0"
    static std::string id(const Key& key);
    static std::optional<Key> parse_id(std::string_view id);
    /// "192.168.100.20/32 dev eth0"
    static std::string display(const Key& key);

    LBCONVERGE_KIND_FUNCTIONS(Address)
    /// Those of Reading::interfaces; the rows of these are forgotten first. All, if that names none.
    static void ask_again(const Reading& reading, std::span<const std::uint32_t> open, Observed& observed,
                          wire::Requests& requests);
    /// IPv4: the kernel removes it together with the first address of its subnet. (For an IPv6 address the same bit
    /// means that it is temporary.)
    static bool is_secondary(const Key& key, const Facts& facts);
    /// Its interface is not there, or the node has the address there as its own, with another prefix.
    static std::optional<Error> obstacle(const Change<Address>& change, const Facts* facts, const Circumstances& at);

    /// We made it: by its mark, and on kernels without marks by the ledger.
    static bool made_by_us(const Key& key, const Facts& facts, const Desired& desired, const Ledger& ledger);
    /// The address is the node's own: it may be adopted, but is never removed. The file names it as the node's own; or
    /// it is the first address of its subnet on an interface, and we did not make it. The rest of the node depends on
    /// such an address.
    static bool is_own(const Key& key, const Facts& facts, const Desired& desired, const Ledger& ledger);
};

}  // namespace lbconverge::kinds
