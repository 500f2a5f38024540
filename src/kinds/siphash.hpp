// SipHash-1-3, the variant of SipHash (Aumasson and Bernstein, 2012) that Linux calls hsiphash on 64-bit machines.
// Private to src/kinds.
#pragma once

#include <cstdint>

namespace lbconverge::kinds {

/// The hash of four octets, those of `word` in little-endian order. Both halves of the key are the same in mh.
std::uint64_t siphash_1_3(std::uint32_t word, std::uint64_t key);

}  // namespace lbconverge::kinds
