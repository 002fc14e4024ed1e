#pragma once

#include <QString>
#include <QVariantMap>

#include <chrono>

namespace Quern::config {

/// How the bytes of a custom process's pipe hang together.
enum class PipeMode {
    None,
    Stream,   ///< they run together
    Datagram, ///< each write is read as one
};

/// Who takes what is in a custom process's queue.
enum class QueueSharing {
    None,
    Shared,    ///< any copy takes the next
    Addressed, ///< each copy has a line of its own
};

/// The queue of a custom process.
struct QueueSettings
{
    QueueSharing mode = QueueSharing::None;
    int capacity = 1000;       ///< items of all copies
    quint64 memory = 64 << 20; ///< bytes of these

    bool operator==(const QueueSettings &) const = default;
};

/// One [[process]] entry.
struct ProcessSettings
{
    QString name;    ///< unique; by default the handler's
    QString handler; ///< as a plugin registers it; never empty
    bool enable = true;
    int num = 1;                                     ///< copies
    std::chrono::milliseconds restartInterval{5000}; ///< between an end and the next start
    std::chrono::milliseconds startSeconds{1000};    ///< one that ends before has not come up
    int startRetries = 5;                            ///< starts that may fail in a row before it is given up
    bool redirect = false;                           ///< what it prints is for its pipe
    PipeMode pipe = PipeMode::None;
    quint64 pipeBuffer = 1 << 20; ///< bytes that may wait in each direction
    QueueSettings queue;
    quint64 memoryLimit = 0; ///< bytes of memory of its own; 0: none
    QVariantMap parameters;  ///< free-form; dates and times are ISO 8601 strings

    bool operator==(const ProcessSettings &) const = default;
};

} // namespace Quern::config
