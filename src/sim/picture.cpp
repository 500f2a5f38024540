#include "lbconverge/sim/picture.hpp"

#include <algorithm>

namespace lbconverge::sim {

bool Seat::holds_any() const { return std::find(held.begin(), held.end(), true) != held.end(); }

bool Seat::holds_all() const { return std::find(held.begin(), held.end(), false) == held.end(); }

std::vector<std::size_t> Picture::masters(std::size_t router) const {
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        const Seat& seat = nodes[i].seats[router];
        if (nodes[i].running && seat.member && seat.state == vrrp::State::master) found.push_back(i);
    }
    return found;
}

bool Picture::served(std::size_t router, std::size_t vip) const {
    if (strangers[router].master) return true;
    return std::any_of(nodes.begin(), nodes.end(), [&](const NodePicture& each) {
        return each.powered && each.seats[router].member && each.seats[router].held[vip];
    });
}

}  // namespace lbconverge::sim
