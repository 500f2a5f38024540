#include "lbconverge/model/exit.hpp"

namespace lbconverge {

int exit_code(ErrorKind kind) {
    switch (kind) {
        case ErrorKind::failed:
        case ErrorKind::world_moved:
            return exit_failed;
        case ErrorKind::usage:
            return exit_usage;
        case ErrorKind::invalid_input:
            return exit_invalid;
        case ErrorKind::not_permitted:
            return exit_not_permitted;
        case ErrorKind::kernel_lacks:
            return exit_kernel_lacks;
        case ErrorKind::busy:
            return exit_busy;
        case ErrorKind::refused:
            return exit_refused;
    }
    return exit_failed;
}

}  // namespace lbconverge
