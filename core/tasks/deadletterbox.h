#pragma once

#include "tasks/taskstore.h"

#include <limits>
#include <optional>

namespace Quern::tasks {

/// In which of a broker's two stores something is.
enum class StoreKind : quint8 { Memory, Database };

/// How far the pages of both stores have been read: only what is older follows.
struct DeadLetterPlace
{
    quint64 memory = std::numeric_limits<qint64>::max();   ///< DeadLetter::number in memory
    quint64 database = std::numeric_limits<qint64>::max(); ///< the same in the database
};

struct DeadLetterPageQuery
{
    QByteArray name; ///< of the task; empty: any
    DeadLetterPlace before;
    int limit = 100;
};

struct StoredDeadLetter
{
    StoreKind store = StoreKind::Memory;
    DeadLetter letter;
};

struct DeadLetterPage
{
    QList<StoredDeadLetter> letters;      ///< the newest first
    std::optional<DeadLetterPlace> older; ///< what to ask for next; nullopt: there are none
};

/// Which dead letters are meant: that of one task, or all with a name, or all.
struct DeadLetterSelection
{
    std::optional<quint64> id;
    QByteArray name; ///< without an id; empty: any
};

/// The dead letters of both stores as one. A plain value, and nothing that it is asked for needs it longer than the
/// call; lives in the broker's thread, as the stores.
class DeadLetterBox
{
public:
    using Page = std::function<void(const Result<DeadLetterPage> &)>;
    using Payload = std::function<void(const Result<DeadPayload> &)>;

    /// \a database may be null. Both outlive the answers.
    DeadLetterBox(TaskStore &memory, TaskStore *database) : m_memory(memory), m_database(database) {}

    void page(const DeadLetterPageQuery &query, const Page &done) const;
    /// Errors as of TaskStore::deadPayload().
    void payload(quint64 id, const Payload &done) const;
    /// Errors as of TaskStore::reviveDead(); with a name, or with all, those that cannot be queued stay dead.
    void revive(const DeadLetterSelection &selection, qint64 nowMs, const TaskStore::Count &done) const;
    /// Error::NotFound for an id that is not there.
    void drop(const DeadLetterSelection &selection, const TaskStore::Count &done) const;

private:
    using Change = std::function<void(TaskStore &store, const TaskStore::Count &done)>;

    void changeOne(const Change &change, const TaskStore::Count &done) const;
    void changeAll(const Change &change, const TaskStore::Count &done) const;

    TaskStore &m_memory;
    TaskStore *m_database;
};

} // namespace Quern::tasks
