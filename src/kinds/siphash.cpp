#include "siphash.hpp"

#include <bit>

namespace lbconverge::kinds {

namespace {

struct SipState {
    std::uint64_t v0, v1, v2, v3;

    void round() {
        v0 += v1;
        v2 += v3;
        v1 = std::rotl(v1, 13) ^ v0;
        v3 = std::rotl(v3, 16) ^ v2;
        v0 = std::rotl(v0, 32);
        v2 += v1;
        v0 += v3;
        v1 = std::rotl(v1, 17) ^ v2;
        v3 = std::rotl(v3, 21) ^ v0;
        v2 = std::rotl(v2, 32);
    }
};

}  // namespace

std::uint64_t siphash_1_3(std::uint32_t word, std::uint64_t key) {
    // "somepseudorandomlygeneratedbytes", as the paper has it.
    SipState state{0x736f6d6570736575 ^ key, 0x646f72616e646f6d ^ key, 0x6c7967656e657261 ^ key,
                   0x7465646279746573 ^ key};
    // Four octets are less than a block of eight: this is the last block, with the length in its highest octet.
    const std::uint64_t block = std::uint64_t{sizeof word} << 56 | word;
    state.v3 ^= block;
    state.round();
    state.v0 ^= block;
    state.v2 ^= 0xff;
    for (int i = 0; i < 3; ++i) state.round();
    return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

}  // namespace lbconverge::kinds
