#include "config/taskkeys.h"

#include <array>

using namespace Qt::Literals::StringLiterals;

namespace Quern::config {

namespace {

using S = ServerSettings;

constexpr quint64 kibibyte = 1024;
constexpr quint64 mebibyte = 1024 * kibibyte;
constexpr std::chrono::milliseconds longestDelay = std::chrono::hours(24);

constexpr std::array keys = {
    Key{"driver"_L1, ChoiceRule<TaskDriver>{&S::taskDriver}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Where tasks wait: \"auto\", durable and delayed ones in the database and "
                                           "the others in memory, \"memory\" or \"sqlite\" for all."),
        nullptr, Change::Restart},
    Key{"database"_L1, PathRule{&S::taskDatabase, true}, "",
        QT_TRANSLATE_NOOP("Quern::config", "File of the database of tasks; \"\" for tasks.db in runtime_dir."), nullptr,
        Change::Restart},
    Key{"queue_max"_L1, IntegerRule<int>{&S::taskQueueMax, 1, 100'000'000}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Tasks in memory, those that run included; more are refused."), nullptr,
        Change::Restart},
    Key{"queue_memory"_L1, SizeRule<quint64>{&S::taskQueueMemory, mebibyte, 1024 * 1024 * mebibyte}, "bytes",
        QT_TRANSLATE_NOOP("Quern::config", "Payloads of all tasks in memory together, dead letters included; more are "
                                           "refused."),
        nullptr, Change::Restart},
    Key{"durable_max"_L1, IntegerRule<int>{&S::taskDurableMax, 1, 1'000'000'000}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Tasks in the database, those that run included; more are refused."),
        nullptr, Change::Restart},
    Key{"tries"_L1, IntegerRule<int>{&S::taskTries, 1, 1000}, "",
        QT_TRANSLATE_NOOP("Quern::config", "How often a task is tried that does not say it itself.")},
    Key{"timeout"_L1, DurationRule{&S::taskTimeout, true, std::chrono::hours(24 * 7)}, "seconds",
        QT_TRANSLATE_NOOP("Quern::config", "How long one try may take; 0 for no limit.")},
    Key{"retry_delay"_L1, DurationRule{&S::taskRetryDelay, false, longestDelay}, "seconds",
        QT_TRANSLATE_NOOP("Quern::config", "How long a task that has failed rests before its second try; the delay "
                                           "doubles from try to try.")},
    Key{"retry_delay_max"_L1, DurationRule{&S::taskRetryDelayMax, false, longestDelay}, "seconds",
        QT_TRANSLATE_NOOP("Quern::config", "How long it rests at most.")},
    Key{"dead_letter_max"_L1, IntegerRule<int>{&S::taskDeadLetterMax, 0, 10'000'000}, "",
        QT_TRANSLATE_NOOP("Quern::config",
                          "Tasks that have failed for good and are kept, in memory and in the database "
                          "each; beyond it the oldest goes."),
        nullptr, Change::Restart},
    Key{"spill_size"_L1, SizeRule<quint32>{&S::taskSpillSize, kibibyte, mebibyte}, "bytes",
        QT_TRANSLATE_NOOP("Quern::config", "Larger payloads of tasks wait in files of their own."), nullptr,
        Change::Restart},
};

} // namespace

std::span<const Key> taskKeys()
{
    return keys;
}

} // namespace Quern::config
