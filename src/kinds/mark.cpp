#include "lbconverge/kinds/mark.hpp"

#include "instantiate.hpp"
#include "lbconverge/kinds/all.hpp"
#include "nft_map.hpp"

namespace lbconverge::kinds {

namespace {

constexpr NftMap marks{"marks", mark_frame};

std::optional<std::uint32_t> mark_of(const Mark::Value* value) {
    return value != nullptr ? std::optional(value->fwmark) : std::nullopt;
}

}  // namespace

std::string Mark::id(const Key& key) { return to_text(key); }

std::optional<Mark::Key> Mark::parse_id(std::string_view id) { return parse_destination(id); }

void Mark::desire(const Inputs& inputs, Wanted<Mark>& wanted) {
    if (inputs.config.role == Role::real_server) return;
    for (const config::Service& service : inputs.config.services) {
        for (const config::Marked& each : service.marks) {
            wanted.rows.add(each.destination, {service.fwmark}, {each.source, Cause::config});
        }
    }
}

void Mark::ask(const Reading& reading, Observed&, wire::Requests& requests) {
    if (reads<Mark>(reading)) NftMap::ask(requests);
}

void Mark::decode(const wire::Reply& reply, const Reading&, Observed& observed) {
    marks.decode(reply, [&](const Destination& key, std::uint32_t fwmark, bool enforced) {
        observed.get<Mark>().add(key, {.fwmark = fwmark, .enforced = enforced});
    });
}

Owner Mark::owner(const Key&, const Facts&, const Desired&, const Ledger&) {
    return Owner::ours;  // the tables are
}

Phase Mark::phase(const Change<Mark>& change, const Inputs&) {
    return change.action() == Action::remove ? Phase::unload : Phase::load;
}

void Mark::encode(const Change<Mark>& change, const HostFacts&, std::uint32_t tag, wire::Requests& requests) {
    const std::string text = marks.change(change.key, mark_of(change.before), mark_of(change.after));
    requests.text(wire::Transport::nft, text, tag);
}

Error Mark::refusal(const Change<Mark>& change, int error) {
    return nft_refusal("mark for " + id(change.key), nft_family(change.key.vip.family), error);
}

}  // namespace lbconverge::kinds

LBCONVERGE_INSTANTIATE_KIND(Mark)
