// The sections of the file, one reading function each: TOML in, a part of the Config out, problems reported.
// Private to config; called by document.cpp in the order in which they need each other.
#pragma once

#include "lbconverge/config/config.hpp"
#include "reader.hpp"

#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

namespace lbconverge::config {

/// What a section may need from the others while it is read.
class Context {
public:
    Context(Config& into, Diagnostics& diagnostics) : config(into), problems(diagnostics) {}

    /// Makes [nodes] available to find_node().
    void index_nodes();
    [[nodiscard]] const Node* find_node(std::string_view name) const;
    /// The node that is being configured; nullptr without [nodes].
    [[nodiscard]] const Node* this_node() const { return find_node(config.node); }
    /// Makes the VIPs available to find_vip().
    void index_vips();
    [[nodiscard]] const Vip* find_vip(std::string_view name) const;
    [[nodiscard]] const Vip* find_vip(const IpAddress& address) const;

    Config& config;
    Diagnostics& problems;

private:
    struct AddressHash {
        std::size_t operator()(const IpAddress& address) const {
            return std::hash<std::string_view>{}({reinterpret_cast<const char*>(address.bytes.data()), address.size()});
        }
    };
    std::unordered_map<std::string_view, const Node*> nodes_;
    std::unordered_map<std::string_view, const Vip*> vips_by_name_;
    std::unordered_map<IpAddress, const Vip*, AddressHash> vips_by_address_;
};

/// [nodes]: what is needed of every node; none when the file has no such table.
std::vector<Node> read_nodes(const toml::table& root, Diagnostics& problems);

void read_vips(Reader& top, Context& context);
void read_arp(Reader& top, Context& context);
void read_sysctls(Reader& top, Context& context);
void read_routes(Reader& top, Context& context);
void read_services(Reader& top, Context& context);
void read_vrrp(Reader& top, Context& context);
void read_tracks(Reader& top, Context& context);
void read_hooks(Reader& top, Context& context);
void read_ipvs(Reader& top, Context& context);
void read_daemon(Reader& top, Context& context);
void read_limits(Reader& top, Context& context);

/// The value of a "check" key, a word or a table, as an index into Config::checks. Left alone when not there or wrong.
void read_check(Reader& owner, Context& context, std::int32_t& index);

/// scheduler and scheduler_flags of a service.
void read_scheduler(Reader& in, Service& service);

/// A "real_servers" entry or a "fallback": an address with or without port, a node's name, or a table. Weight and
/// forwarding method start as `start` has them.
bool read_real_server(const toml::node& node, const RealServer& start, Context& context, RealServer& out);

/// "the broadcast address of 192.0.2.0/24", and "the network address of" it: what no host of that network can have.
/// nullopt: a host's address, or one of another network.
std::optional<std::string> reserved_in(const IpAddress& network, std::uint8_t prefix, const IpAddress& address);

/// Reports VIPs and real servers whose address belongs to another host, or can belong to no host.
void check_addresses(Context& context);

/// Reports where a real server cannot take packets as the file asks for.
void check_accept(Context& context);

/// After all sections: names that refer to other sections, defaults that depend on them.
void resolve(Context& context);

}  // namespace lbconverge::config
