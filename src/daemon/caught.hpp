// A second protection against requests from outside. The code that serves them should not throw. If it does, the
// request fails, and the daemon goes on. Private to src/daemon.
#pragma once

#include "lbconverge/model/result.hpp"

#include <exception>
#include <type_traits>

namespace lbconverge::daemon {

template <class Work>
Result<std::invoke_result_t<Work>> caught(Work&& work) {
    try {
        if constexpr (std::is_void_v<std::invoke_result_t<Work>>) {
            work();
            return {};
        } else {
            return work();
        }
    } catch (const std::exception& error) {
        return fail(ErrorKind::failed, std::string("internal error: ") + error.what());
    }
}

}  // namespace lbconverge::daemon
