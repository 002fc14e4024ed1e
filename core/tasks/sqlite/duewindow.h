#pragma once

#include "tasks/taskrecord.h"

#include <compare>
#include <limits>
#include <map>
#include <memory>

namespace Quern::tasks {

/// The part in memory of the tasks of one priority that wait in a database: the first ones, in the order in which they
/// are due, up to a place where the loaded part ends. Lives in one thread.
class DueWindow
{
public:
    static constexpr size_t MostTasks = 2'048;
    static constexpr qint64 MostBytes = 4 << 20; ///< of payloads; one task may be larger by itself

    struct Place
    {
        qint64 dueMs = 0;
        quint64 id = 0;

        auto operator<=>(const Place &) const = default;
    };
    static Place placeOf(const TaskRecord &record) { return {record.dueMs, record.id}; }

    bool isEmpty() const { return m_tasks.empty(); }
    /// Nothing waits beyond the part in memory.
    bool isComplete() const { return m_end == theEnd(); }
    /// Where the loaded part ends: all that waits up to here, inclusively, is in memory.
    Place end() const { return m_end; }
    /// Of the first task. Only unless isEmpty().
    qint64 dueMs() const { return m_tasks.begin()->first.dueMs; }

    /// A task begins to wait, and the database has it: it is kept if it lies in the loaded part and there is room.
    void offer(std::unique_ptr<TaskRecord> record);
    /// Only unless isEmpty().
    std::unique_ptr<TaskRecord> takeFirst();

    /// A task that the database has behind end(). Returns false once there is room for no further one.
    bool load(std::unique_ptr<TaskRecord> record);
    /// The database has shown all up to \a place.
    void loadedUpTo(Place place) { m_end = place; }
    /// The database has shown all that it has.
    void loadedAll() { m_end = theEnd(); }
    /// Nothing is known any more.
    void reset();

private:
    static Place theEnd() { return {std::numeric_limits<qint64>::max(), std::numeric_limits<quint64>::max()}; }
    static Place theBeginning() { return {std::numeric_limits<qint64>::min(), 0}; }
    bool isFull() const { return m_tasks.size() >= MostTasks || m_bytes >= MostBytes; }

    std::map<Place, std::unique_ptr<TaskRecord>> m_tasks;
    Place m_end = theBeginning();
    qint64 m_bytes = 0;
};

} // namespace Quern::tasks
