#include "health_file.hpp"

#include "clock.hpp"
#include "lbconverge/daemon/log.hpp"

#include <future>
#include <utility>

namespace lbconverge::daemon {

void HealthFile::save(std::shared_ptr<const kinds::Health> health) {
    next_ = std::move(health);
    if (!std::exchange(writing_, true)) write();
}

void HealthFile::write() {
    files_.post([this, what = std::exchange(next_, nullptr), when = boot_time()] {
        if (auto saved = run_.save_health(*what, when); !saved) log(Level::error, saved.error().what);
        loop_.post([this] {
            writing_ = next_ != nullptr;
            if (writing_) write();
        });
    });
}

/// On the thread that may be writing still.
void HealthFile::finish() {
    std::promise<void> written;
    files_.post([&] {
        if (next_ != nullptr) (void)run_.save_health(*next_, boot_time());
        written.set_value();
    });
    written.get_future().wait();
}

}  // namespace lbconverge::daemon
