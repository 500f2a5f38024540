#include "lbconverge/kinds/redirect.hpp"

#include "instantiate.hpp"
#include "lbconverge/kinds/all.hpp"
#include "nft_map.hpp"

namespace lbconverge::kinds {

namespace {

constexpr NftMap ports{"ports", redirect_frame};

std::optional<std::uint32_t> port_of(const Redirect::Value* value) {
    return value != nullptr ? std::optional<std::uint32_t>(value->to) : std::nullopt;
}

}  // namespace

std::string Redirect::id(const Key& key) { return to_text(key); }

std::optional<Redirect::Key> Redirect::parse_id(std::string_view id) { return parse_destination(id); }

void Redirect::desire(const Inputs& inputs, Wanted<Redirect>& wanted) {
    const config::Config& config = inputs.config;
    if (config.role != Role::real_server) return;
    for (const config::Service& service : config.services) {
        if (const auto port = config::redirected_to(service, config)) {
            wanted.rows.add({service.vip, service.protocol, service.port}, {*port}, {service.source, Cause::config});
        }
    }
}

void Redirect::ask(const Reading& reading, Observed&, wire::Requests& requests) {
    if (reads<Redirect>(reading)) NftMap::ask(requests);
}

void Redirect::decode(const wire::Reply& reply, const Reading&, Observed& observed) {
    ports.decode(reply, [&](const Destination& key, std::uint32_t port, bool enforced) {
        if (port > 65535) return;
        observed.get<Redirect>().add(key, {.to = static_cast<std::uint16_t>(port), .enforced = enforced});
    });
}

Owner Redirect::owner(const Key&, const Facts&, const Desired&, const Ledger&) {
    return Owner::ours;  // the tables are
}

Phase Redirect::phase(const Change<Redirect>& change, const Inputs&) {
    return change.action() == Action::remove ? Phase::unload : Phase::load;
}

void Redirect::encode(const Change<Redirect>& change, const HostFacts&, std::uint32_t tag, wire::Requests& requests) {
    const std::string text = ports.change(change.key, port_of(change.before), port_of(change.after));
    requests.text(wire::Transport::nft, text, tag);
}

Error Redirect::refusal(const Change<Redirect>& change, int error) {
    return nft_refusal("redirection of " + id(change.key), nft_family(change.key.vip.family), error);
}

}  // namespace lbconverge::kinds

LBCONVERGE_INSTANTIATE_KIND(Redirect)
