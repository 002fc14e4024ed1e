#pragma once

#include <Quern/global.h>
#include <Quern/result.h>

#include <QString>

#include <chrono>
#include <memory>

namespace Quern {

class AtomicCore;

/// What an atomic is. A value type.
struct AtomicInfo
{
    QString name;     ///< of the [[atomic]] entry
    qint64 value = 0; ///< at the start of the server

    bool operator==(const AtomicInfo &) const = default; ///< the same
};

/// A number of 64 bits in memory that all processes of the server share, see [[atomic]] in the settings. It is there
/// from the start of the server to its end, reload included. Each call is one moment; none waits but wait(). A cheap
/// handle, whose copies are the same number; any thread.
///
/// A null handle is 0 and stays so.
class QUERN_EXPORT Atomic
{
public:
    Atomic() = default; ///< a null one
    /// Made by server().
    explicit Atomic(std::shared_ptr<AtomicCore> core);

    bool isNull() const { return !m_core; } ///< no atomic
    QString name() const;                   ///< of the [[atomic]] entry

    /// The number.
    qint64 get() const;
    /// Makes it \a value, and returns what it was.
    qint64 set(qint64 value);
    /// Adds, or takes away, \a by, and returns the result. Beyond 64 bits it begins at the other end.
    qint64 add(qint64 by = 1);
    qint64 sub(qint64 by = 1);
    /// Makes it \a value if it is \a expected. Returns whether it was.
    bool compareAndSet(qint64 expected, qint64 value);

    /// Waits, at most \a timeout, while the number is \a whileEquals. Returns it as soon as it is another, or when
    /// wake() was called meanwhile: then it may be the same. Error::Timeout if neither happens; Error::Invalid for a
    /// null handle. A change that is taken back at once may be missed; of one whose author was killed or stopped in the
    /// middle of it, it hears a tenth of a second later. Blocks its thread: not for handlers of a worker.
    Result<qint64> wait(qint64 whileEquals, std::chrono::milliseconds timeout) const;
    /// Has all who wait return.
    void wake();

private:
    std::shared_ptr<AtomicCore> m_core;
};

} // namespace Quern
