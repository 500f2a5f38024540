#include "lbconverge/kinds/all.hpp"

#include <cerrno>
#include <cstring>

namespace lbconverge::kinds {

Error plain_refusal(const std::string& what, int error) {
    if (error == EPERM || error == EACCES) {
        return {ErrorKind::not_permitted, what + ": not permitted",
                "run as root (IPVS and addresses need CAP_NET_ADMIN in the initial user namespace)"};
    }
    return {ErrorKind::failed, what + ": " + std::strerror(error), {}};
}

Error nft_refusal(const std::string& what, const std::string& family, int error) {
    switch (error) {
        case ENOENT:
        case EEXIST:
            return {ErrorKind::world_moved, what + " changed meanwhile", {}};
        case EOPNOTSUPP:
        case EPROTONOSUPPORT:
        case EAFNOSUPPORT:
            return {ErrorKind::kernel_lacks, what + ": the kernel has no nftables of family " + family,
                    "modprobe nf_tables; is the module installed for this kernel (uname -r)?"};
        case EBUSY:
        case EINVAL:
            return {ErrorKind::failed, what + ": the kernel refuses it",
                    "is there a table of our name with other contents? nft delete table " + family + " lbconverge"};
        default:
            return plain_refusal(what, error);
    }
}

bool lacks_interface(const InterfaceName& name, const Circumstances& at) {
    if (at.observed.facts.interface(name) != nullptr) return false;
    const auto& links = at.desired.get<Link>().rows;
    const std::uint32_t row = links.find({name});
    return row == Table<Link, Origin>::npos || !links.row(row).value.up;
}

ElectionState state_of(std::string_view instance, const Election& election) {
    const auto at = election.find(instance);
    return at == election.end() ? ElectionState::backup : at->second;
}

ElectionState state_of(const config::Vip& vip, const Election& election) {
    return vip.vrrp.empty() ? ElectionState::master : state_of(vip.vrrp, election);
}

ElectionState state_of(const config::Service& service, const Inputs& inputs) {
    for (const config::Vip& vip : inputs.config.vips) {
        if (service.fwmark == 0 && vip.address == service.vip) return state_of(vip, inputs.election);
    }
    // A firewall mark does not say which VIP it belongs to: it follows the first instance.
    if (service.fwmark != 0 && !inputs.config.vips.empty()) return state_of(inputs.config.vips[0], inputs.election);
    return ElectionState::master;
}

}  // namespace lbconverge::kinds
