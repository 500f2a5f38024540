#include "nft.hpp"

#include <doctest/doctest.h>

#include <cerrno>

namespace lbconverge::kernel {

TEST_CASE("the kernel's error is the first one that libnftables tells") {
    CHECK(errno_in("Error: Could not process rule: Operation not permitted\n") == EPERM);
    CHECK(errno_in("Error: something else\n") == EIO);
    CHECK(errno_in("") == EIO);
    // A kernel without the family: there is no table either for what is to stand in it.
    CHECK(errno_in("Error: Could not process rule: Operation not supported\nadd table ip lbconverge\n"
                   "Error: Could not process rule: No such file or directory\nadd map ip lbconverge marks\n") ==
          EOPNOTSUPP);
    CHECK(errno_in("Error: Could not process rule: No such file or directory\n"
                   "Error: Could not process rule: Operation not supported\n") == ENOENT);
}

}  // namespace lbconverge::kernel
