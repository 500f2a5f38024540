#include "lbconverge/kinds/timeouts.hpp"

#include "instantiate.hpp"
#include "ipvs.hpp"
#include "lbconverge/kinds/all.hpp"
#include "lbconverge/wire/attributes.hpp"

#include <linux/netlink.h>

namespace lbconverge::kinds {

static_assert(static_cast<int>(TimeoutName::tcp) == IPVS_CMD_ATTR_TIMEOUT_TCP);
static_assert(static_cast<int>(TimeoutName::tcp_fin) == IPVS_CMD_ATTR_TIMEOUT_TCP_FIN);
static_assert(static_cast<int>(TimeoutName::udp) == IPVS_CMD_ATTR_TIMEOUT_UDP);

std::string Timeouts::id(const Key& key) { return std::string(to_text(key.timeout)); }

std::optional<Timeouts::Key> Timeouts::parse_id(std::string_view id) {
    Key key;
    if (!from_text(id, key.timeout)) return std::nullopt;
    return key;
}

void Timeouts::desire(const Inputs& inputs, Wanted<Timeouts>& wanted) {
    if (inputs.config.role == Role::real_server) return;
    const auto want = [&](TimeoutName name, const std::optional<config::Timeout>& timeout) {
        if (timeout) wanted.rows.add({name}, {timeout->seconds}, {timeout->source, Cause::config});
    };
    want(TimeoutName::tcp, inputs.config.ipvs.tcp);
    want(TimeoutName::tcp_fin, inputs.config.ipvs.tcp_fin);
    want(TimeoutName::udp, inputs.config.ipvs.udp);
}

void Timeouts::ask(const Reading& reading, Observed&, wire::Requests& requests) {
    if (!reads<Timeouts>(reading)) return;
    const genlmsghdr header = ipvs_header(IPVS_CMD_GET_CONFIG);
    requests.begin(wire::Transport::ipvs, 0, 0, std::as_bytes(std::span(&header, 1)), 0);
    requests.end();
}

void Timeouts::decode(const wire::Reply& reply, const Reading&, Observed& observed) {
    if (reply.transport != wire::Transport::ipvs) return;
    if (wire::fixed_header<genlmsghdr>(reply.bytes, NLMSG_HDRLEN).cmd != IPVS_CMD_SET_CONFIG) return;
    for (wire::Attributes walk(wire::attributes_of(reply.bytes, sizeof(genlmsghdr))); walk.next();) {
        for (const auto& [each, text] : names_of(TimeoutName{})) {
            if (walk.current().type == static_cast<std::uint16_t>(each)) {
                observed.get<Timeouts>().add({each}, {walk.current().as<std::uint32_t>()});
            }
        }
    }
}

Owner Timeouts::owner(const Key&, const Facts&, const Desired&, const Ledger&) { return Owner::unrelated; }

Phase Timeouts::phase(const Change<Timeouts>& change, const Inputs&) {
    return change.cause == Cause::restore ? Phase::relax : Phase::load;
}

void Timeouts::encode(const Change<Timeouts>& change, const HostFacts&, std::uint32_t tag, wire::Requests& requests) {
    if (change.after == nullptr) return;
    const genlmsghdr header = ipvs_header(IPVS_CMD_SET_CONFIG);
    requests.begin(wire::Transport::ipvs, 0, 0, std::as_bytes(std::span(&header, 1)), tag);
    requests.attribute_u32(static_cast<std::uint16_t>(change.key.timeout), change.after->seconds);
    requests.end();
}

Error Timeouts::refusal(const Change<Timeouts>& change, int error) {
    return plain_refusal("IPVS time-out " + id(change.key), error);
}

}  // namespace lbconverge::kinds

LBCONVERGE_INSTANTIATE_KIND(Timeouts)
