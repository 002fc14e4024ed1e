#pragma once

#include "ipc/childrole.h"

#include <Quern/result.h>

#include <QByteArray>
#include <QByteArrayView>
#include <QCborMap>
#include <QList>
#include <QString>
#include <QVariantMap>

namespace Quern::ipc {

/// How the bytes of a custom process's pipe hang together. The numbers are part of the wire format.
enum class PipeKind : quint8 {
    None = 0,
    Stream = 1,   ///< they run together
    Datagram = 2, ///< each write is read as one
};

/// Who takes what is in a custom process's queue. The numbers are part of the wire format.
enum class QueueMode : quint8 {
    None = 0,
    Shared = 1,    ///< any copy takes the next
    Addressed = 2, ///< each copy has a line of its own
};

/// The longest thing that goes into a pipe, a queue or a message, in bytes.
inline constexpr qsizetype MaxPost = 1024 * 1024;

/// One custom process, with all its copies. A plain value.
struct ProcessEntry
{
    QString name;
    QString handler; ///< as a plugin registers it
    int num = 1;
    PipeKind pipe = PipeKind::None;
    qint64 pipeBuffer = 1 << 20; ///< bytes that may wait in each direction
    QueueMode queue = QueueMode::None;
    qint64 queueCapacity = 1000;   ///< items of all copies
    qint64 queueMemory = 64 << 20; ///< bytes of these
    QVariantMap parameters = {};   ///< free-form
    QString place = {};            ///< "quern.toml:12", for messages

    bool operator==(const ProcessEntry &) const = default;
};

/// How many children there are of the kinds of which there may be many. A plain value.
struct PoolSizes
{
    int workers = 0;
    int taskWorkers = 0;

    /// Shape: u32 workers | u32 task workers, little-endian.
    QByteArray encode() const;
    /// Error::Protocol if it makes no sense.
    static Result<PoolSizes> decode(QByteArrayView payload);

    bool operator==(const PoolSizes &) const = default;
};

/// Which children there are, so that everybody knows who can be written to. A plain value.
struct ProcessPlan
{
    int workers = 0;
    int taskWorkers = 0;
    bool hasTimer = false;
    QList<ProcessEntry> processes;

    /// nullptr if there is none.
    const ProcessEntry *find(const QString &name) const;
    /// How many there are of that role, or of that name.
    int countOf(ChildRole role, const QString &name) const;

    QCborMap toCbor() const;
    /// What is missing or makes no sense is taken for nothing.
    static ProcessPlan fromCbor(const QCborMap &map);

    bool operator==(const ProcessPlan &) const = default;
};

} // namespace Quern::ipc
