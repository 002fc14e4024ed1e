#pragma once

#include "tasks/spill.h"

#include <QByteArray>

#include <map>
#include <vector>

namespace Quern::tasks {

/// The news of tasks that have ended while the worker that is to hear of it was not there: dead, and its successor not
/// ready yet. Lives in the broker's thread.
class FinishBox
{
public:
    /// Bytes that wait for one worker; more is dropped, and the log tells when the worker is there.
    static constexpr qsizetype MaxBytes = 8 << 20;

    explicit FinishBox(Spill spill) : m_spill(std::move(spill)) {}

    /// There are \a count workers from now on. What waits for others is dropped.
    void setWorkers(int count);
    /// A TaskFinished frame for worker \a number. \a spillFile holds its result, and goes with the news if there is no
    /// such worker or no room; empty: none.
    void add(int number, const QByteArray &frame, const QByteArray &spillFile);
    /// The frames for worker \a number, in their order: nothing of them is left here.
    QByteArray take(int number);
    /// Whether the file holds a result that waits here.
    bool namesSpillFile(const QByteArray &name) const;

private:
    struct News
    {
        QByteArray frames;
        std::vector<QByteArray> spillFiles;
        int dropped = 0;
    };

    Spill m_spill;
    int m_workers = 0;
    std::map<int, News> m_news; ///< by the worker's number
};

} // namespace Quern::tasks
