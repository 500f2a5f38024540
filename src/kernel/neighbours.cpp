#include "neighbours.hpp"

#include "lbconverge/wire/attributes.hpp"
#include "lbconverge/wire/request.hpp"
#include "netlink.hpp"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

#include <cstring>
#include <span>
#include <utility>

namespace lbconverge::kernel {

namespace {

/// The request that removes the neighbour of this message, if it is one without an answer.
void remove_if_silent(std::span<const std::byte> message, const std::set<std::uint32_t>& interfaces,
                      wire::Requests& requests) {
    if (message.size() < NLMSG_HDRLEN + sizeof(ndmsg)) return;
    ndmsg neighbour{};
    std::memcpy(&neighbour, message.data() + NLMSG_HDRLEN, sizeof neighbour);
    const bool silent = (neighbour.ndm_state & (NUD_INCOMPLETE | NUD_FAILED)) != 0;
    if (!silent || !interfaces.contains(static_cast<std::uint32_t>(neighbour.ndm_ifindex))) return;
    for (wire::Attributes walk(wire::attributes_of(message, sizeof neighbour)); walk.next();) {
        if (walk.current().type != NDA_DST) continue;
        requests.begin(wire::Transport::route, RTM_DELNEIGH, 0, std::as_bytes(std::span(&neighbour, 1)), 0);
        requests.attribute(NDA_DST, walk.current().data.data(), walk.current().data.size());
        requests.end();
        return;
    }
}

void forget_silent(const std::set<std::uint32_t>& interfaces) {
    Result<NetlinkSocket> socket = NetlinkSocket::open(NETLINK_ROUTE);
    if (!socket) return;
    const ndmsg all{};
    wire::Requests question, removals;
    question.begin(wire::Transport::route, RTM_GETNEIGH, NLM_F_DUMP, std::as_bytes(std::span(&all, 1)), 0);
    question.end();
    const auto receive = [&](std::span<const std::byte> message) { remove_if_silent(message, interfaces, removals); };
    if (!socket->query(question, question.list().front(), receive) || removals.empty()) return;
    (void)socket->send_batch(removals, removals.list());
}

}  // namespace

void SilentNeighbours::look(const HostFacts& facts) {
    std::set<std::uint32_t> returned;
    for (const Interface& each : facts.interfaces) {
        if (!each.up || !each.carrier) {
            down_.insert(each.index);
        } else if (down_.erase(each.index) != 0) {
            returned.insert(each.index);
        }
    }
    if (!returned.empty()) forget_silent(returned);
}

}  // namespace lbconverge::kernel
