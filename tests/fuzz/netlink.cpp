// Any bytes as the kernel's answer to any question: every kind's decode. The first three bytes choose the transport,
// the tag, and whether a well-formed message header is put before the rest, so that more of them get past it.
#include "lbconverge/kinds/all.hpp"
#include "lbconverge/kinds/traffic.hpp"
#include "lbconverge/wire/attributes.hpp"

#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cstdlib>
#include <vector>

using namespace lbconverge;
using namespace lbconverge::kinds;

namespace {

Observed some_node() {
    Observed observed;
    for (const char* name : {"lo", "eth0"}) {
        observed.facts.interfaces.push_back(
            {.index = static_cast<std::uint32_t>(observed.facts.interfaces.size() + 1), .name = name});
    }
    observed.get<Service>().put(*Service::parse_id("tcp 192.0.2.20:80"), {});
    observed.get<Service>().put(*Service::parse_id("fwmark 7 ipv6"), {});
    return observed;
}

template <class Header>
void append(std::vector<std::byte>& message, const Header& header) {
    const auto bytes = std::as_bytes(std::span(&header, 1));
    message.insert(message.end(), bytes.begin(), bytes.end());
}

/// A header as the kernel's answer has it, for the kind of message that `choice` names.
std::vector<std::byte> beginning(std::uint8_t choice) {
    std::vector<std::byte> message;
    constexpr std::uint8_t commands[] = {IPVS_CMD_NEW_SERVICE, IPVS_CMD_NEW_DEST, IPVS_CMD_SET_CONFIG};
    if (choice % 5 < 3) {
        append(message, nlmsghdr{.nlmsg_len = 0, .nlmsg_type = 0x20, .nlmsg_flags = 0, .nlmsg_seq = 0, .nlmsg_pid = 0});
        append(message, genlmsghdr{.cmd = commands[choice % 5], .version = 1, .reserved = 0});
    } else if (choice % 5 == 3) {
        append(message,
               nlmsghdr{.nlmsg_len = 0, .nlmsg_type = RTM_NEWADDR, .nlmsg_flags = 0, .nlmsg_seq = 0, .nlmsg_pid = 0});
    }
    return message;
}

/// Nothing outside of the bytes is read (the sanitizers watch), and the walk ends.
void walk_attributes(wire::Bytes bytes) {
    std::size_t steps = 0;
    for (wire::Attributes walk(bytes); walk.next(); ++steps) {
        (void)walk.current().as<std::uint64_t>();
        (void)walk.current().be16();
        (void)walk.current().name();
    }
    if (steps > bytes.size() / NLA_HDRLEN) std::abort();
}

/// What was read can be sorted, named and asked for again; a name that is an id leads back to the row.
void use(Observed& observed) {
    for_each_kind([&]<class Kind>() {
        observed.get<Kind>().finish();
        wire::Requests requests;
        for (const auto& row : observed.get<Kind>().rows()) {
            const auto again = Kind::parse_id(Kind::id(row.key));
            if (again && !(*again == row.key)) std::abort();
            Kind::encode({.key = row.key, .before = nullptr, .after = &row.value}, observed.facts, 0, requests);
            Kind::encode({.key = row.key, .before = &row.value, .after = nullptr}, observed.facts, 0, requests);
        }
    });
}

/// Counters: each server is with its service.
void count(const wire::Reply& reply) {
    TrafficTable table;
    table.take(reply);
    table.finish_services();
    table.take({reply.transport, 0, reply.bytes});
    table.finish_servers();
    std::size_t servers = 0;
    for (std::size_t i = 0; i < table.services().size(); ++i) servers += table.servers_of(i).size();
    if (servers != table.servers().size()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3) return 0;
    std::vector<std::byte> message = beginning(data[2]);
    const auto bytes = std::as_bytes(std::span(data + 3, size - 3));
    message.insert(message.end(), bytes.begin(), bytes.end());
    walk_attributes(message);
    const wire::Reply reply{static_cast<wire::Transport>(data[0] % 4), data[1], message};
    const Reading reading{
        .ipvs = true, .kinds = kinds_on_demand(true), .sysctls = {"net/ipv4/vs/drop_entry", "net/ipv4/ip_forward"}};
    Observed observed = some_node();
    for_each_kind([&]<class Kind>() { Kind::decode(reply, reading, observed); });
    use(observed);
    count(reply);
    return 0;
}
