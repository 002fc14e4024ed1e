#pragma once

#include <Quern/result.h>

#include <QByteArray>
#include <QSet>
#include <QSqlDatabase>
#include <QSqlQuery>
#include <QString>

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include <sys/types.h>

namespace Quern::tasks {

/// What lies in a database of tasks.
struct DatabaseContents
{
    qsizetype tasks = 0; ///< that wait, or that an earlier life has begun
    qsizetype dead = 0;
    QSet<QByteArray> spillFiles = {}; ///< names of the files with payloads of both
};

/// A database of tasks: its file, its form, and its transactions. Lives in the thread that opened it.
///
/// Mode of the file 600; write-ahead log, synchronous=FULL: what a commit() has told of is on the disk. It is locked
/// for as long as it is open, so that no other process can have it. An earlier life's log, whatever ended that life, is
/// taken in by opening it.
class TaskDatabase
{
public:
    /// The number of the format that this program writes.
    static constexpr int FormatVersion = 1;
    /// Marks the file as ours: "QnTk".
    static constexpr int ApplicationId = 0x516e546b;
    /// How long a database may be held by a server that is about to end.
    static constexpr std::chrono::milliseconds Patience = std::chrono::seconds(2);

    /// Opens \a path, or makes it in a folder that is there. A file that is not right is left as it is. Errors name
    /// \a path and the mend: Error::Busy if another process has it, Error::Invalid if it is another program's, newer,
    /// or damaged, Error::Unavailable without SQLite's driver for Qt, Error::Io and Error::Permission. Waits
    /// \a patience for a process that has it.
    static Result<std::unique_ptr<TaskDatabase>> open(const QString &path,
                                                      std::chrono::milliseconds patience = Patience);
    /// Whether this process has the file \a path open as a database of tasks, by whatever name. It must not even be
    /// looked into then: the end of any descriptor of a file ends the locks that its process has on it. Any thread.
    static bool isOpenHere(const QString &path);
    ~TaskDatabase();
    Q_DISABLE_COPY_MOVE(TaskDatabase)

    const QString &path() const { return m_path; }

    /// A statement, to be run as often as wanted. It must not outlive this.
    Result<QSqlQuery> prepare(const QString &text) const;
    /// Runs a prepared statement. Error::Io with the path and SQLite's reason.
    Result<void> run(QSqlQuery &statement) const;
    /// The same for a text without results.
    Result<void> run(const QString &text) const;
    /// The first value of the first row; invalid if there is no row.
    Result<QVariant> value(const QString &text) const;

    /// For those who only look at it: no store works with it.
    Result<DatabaseContents> contents() const;

    Result<void> begin();
    Result<void> commit();
    /// After a failure: nothing since begin() has been.
    void rollback();

private:
    using FileIdentity = std::pair<dev_t, ino_t>;

    TaskDatabase(QString path, QString connectionName, const QSqlDatabase &database);

    Result<void> setUp();
    Result<void> takeForm();
    Result<void> makeForm();
    Result<void> checkIntegrity() const;
    void shrink() const;
    Error errorOf(const QSqlError &error) const;

    const QString m_path;
    const QString m_connectionName;
    std::optional<FileIdentity> m_file; ///< noted down as open
    QSqlDatabase m_database;
    QSqlQuery m_begin;
    QSqlQuery m_commit;
    QSqlQuery m_rollback;
};

/// Whether \a path lies in memory (tmpfs), so that it is gone when the machine restarts. False if it is not there.
bool isInMemory(const QString &path);

} // namespace Quern::tasks
