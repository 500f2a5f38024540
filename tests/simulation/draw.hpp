// Clusters that are drawn from a seed: what files of a cluster can say about elections, in any combination. Only for
// tests.
#pragma once

#include "clusters.hpp"

#include <cstdint>

namespace lbconverge::test {

/// The same seed gives the same file, free of errors. Nothing in it says what is elected: that is for the checks.
Cluster draw_cluster(std::uint64_t seed);

}  // namespace lbconverge::test
