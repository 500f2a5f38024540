// Random numbers that are the same everywhere for the same seed: the distributions of the standard library are not.
// SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014).
#pragma once

#include "lbconverge/model/instant.hpp"

#include <cstdint>

namespace lbconverge::sim {

class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() {
        state_ += 0x9e3779b97f4a7c15ULL;
        std::uint64_t mixed = state_;
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
        return mixed ^ (mixed >> 31);
    }
    /// 0 to bound - 1; the bias is below 2^-40 for the small bounds that are used here.
    std::uint64_t below(std::uint64_t bound) { return next() % bound; }
    bool chance(std::uint64_t per_mille) { return below(1000) < per_mille; }
    Duration between(Duration least, Duration most) {
        const auto room = static_cast<std::uint64_t>((most - least).count()) + 1;
        return least + Duration(static_cast<Duration::rep>(below(room)));
    }
    /// A stream of its own: numbers of one do not influence those of the other.
    [[nodiscard]] Random stream(std::uint64_t label) const {
        Random other(state_ ^ (label * 0xd1342543de82ef95ULL));
        return Random(other.next());
    }

private:
    std::uint64_t state_;
};

}  // namespace lbconverge::sim
