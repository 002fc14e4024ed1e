#include "tasks/sqlite/taskdatabase.h"

#include "base/filedescriptor.h"
#include "base/systemerror.h"
#include "tasks/log.h"
#include "tasks/sqlite/taskrow.h"

#include <QFile>
#include <QFileInfo>
#include <QSqlError>
#include <QVariant>

#include <atomic>
#include <fcntl.h>
#include <linux/magic.h>
#include <mutex>
#include <set>
#include <sys/stat.h>
#include <sys/vfs.h>

namespace Quern::tasks {

namespace {

// https://www.sqlite.org/rescode.html
constexpr int busyCode = 5;
constexpr int corruptCode = 11;
constexpr int notDatabaseCode = 26;

/// Pages of the log from which they are written to the file: 4 KiB each.
constexpr int checkpointPages = 2'000;
/// Bytes of the log that are left lying.
constexpr int logSize = 16 << 20;
/// KiB of pages in memory.
constexpr int cacheSize = 16 << 10;
/// Unused pages from which a file is written anew, if they are the greater part of it.
constexpr qint64 manyFreePages = 4'096;

QString text(const char *what)
{
    return QString::fromLatin1(what);
}

Result<void> synchronizeFolder(const QString &path)
{
    const QByteArray folder = QFile::encodeName(QFileInfo(path).path());
    const base::FileDescriptor fd(::open(folder.constData(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd.isValid() || ::fsync(fd.get()) != 0)
        return base::systemError(QStringLiteral("writing to %1").arg(QFileInfo(path).path()));
    return {};
}

/// Makes the file, for its user alone, if it is not there. It must happen before SQLite opens it: the end of any
/// descriptor of a file ends the locks that its process has on it.
Result<void> prepareFile(const QString &path)
{
    const QString subject = QStringLiteral("the database of tasks %1").arg(path);
    const QByteArray name = QFile::encodeName(path);
    base::FileDescriptor fd(::open(name.constData(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (fd.isValid())
        return synchronizeFolder(path);
    if (errno != EEXIST)
        return base::systemError(subject);
    fd = base::FileDescriptor(::open(name.constData(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
    struct stat status = {};
    if (!fd.isValid() || ::fstat(fd.get(), &status) != 0)
        return base::systemError(subject);
    if (!S_ISREG(status.st_mode))
        return Error(Error::Invalid, QStringLiteral("%1 is not a file; name one in tasks.database").arg(subject));
    return {};
}

using FileIdentity = std::pair<dev_t, ino_t>;

std::optional<FileIdentity> identityOf(const QString &path)
{
    struct stat status = {};
    if (::stat(QFile::encodeName(path).constData(), &status) != 0)
        return std::nullopt;
    return FileIdentity(status.st_dev, status.st_ino);
}

/// The databases that this process has open.
class OpenFiles
{
public:
    static OpenFiles &all()
    {
        static OpenFiles files;
        return files;
    }
    bool contains(const FileIdentity &file) const
    {
        const std::scoped_lock lock(m_mutex);
        return m_files.count(file) > 0;
    }
    void insert(const FileIdentity &file)
    {
        const std::scoped_lock lock(m_mutex);
        m_files.insert(file);
    }
    void remove(const FileIdentity &file)
    {
        const std::scoped_lock lock(m_mutex);
        m_files.erase(file);
    }

private:
    mutable std::mutex m_mutex;
    std::set<FileIdentity> m_files;
};

/// Only once it is known that the file is ours.
Result<void> closeToOthers(const QString &path)
{
    struct stat status = {};
    const QByteArray name = QFile::encodeName(path);
    if (::stat(name.constData(), &status) != 0 || (status.st_mode & 0077) == 0 || ::chmod(name.constData(), 0600) == 0)
        return {};
    return base::systemError(QStringLiteral("closing %1 to others").arg(path));
}

} // namespace

bool TaskDatabase::isOpenHere(const QString &path)
{
    const std::optional<FileIdentity> file = identityOf(path);
    return file && OpenFiles::all().contains(*file);
}

Result<std::unique_ptr<TaskDatabase>> TaskDatabase::open(const QString &path, std::chrono::milliseconds patience)
{
    if (!QSqlDatabase::isDriverAvailable(text("QSQLITE")))
        return Error(Error::Unavailable, QStringLiteral("Qt's driver for SQLite is not installed; install "
                                                        "libqt6sql6-sqlite or write tasks.driver = \"memory\""));
    if (isOpenHere(path))
        return Error(Error::Busy, QStringLiteral("%1: is open already").arg(path));
    if (const Result<void> prepared = prepareFile(path); !prepared)
        return prepared.error();
    static std::atomic<quint64> count = 0;
    const QString name = QStringLiteral("quern-tasks-%1").arg(++count);
    std::unique_ptr<TaskDatabase> database(
        new TaskDatabase(path, name, QSqlDatabase::addDatabase(text("QSQLITE"), name)));
    database->m_file = identityOf(path);
    if (database->m_file)
        OpenFiles::all().insert(*database->m_file);
    database->m_database.setDatabaseName(path);
    database->m_database.setConnectOptions(QStringLiteral("QSQLITE_BUSY_TIMEOUT=%1").arg(patience.count()));
    if (!database->m_database.open())
        return database->errorOf(database->m_database.lastError());
    if (const Result<void> ready = database->setUp(); !ready)
        return ready.error();
    return database;
}

TaskDatabase::TaskDatabase(QString path, QString connectionName, const QSqlDatabase &database)
    : m_path(std::move(path))
    , m_connectionName(std::move(connectionName))
    , m_database(database)
{
}

TaskDatabase::~TaskDatabase()
{
    for (QSqlQuery *query : {&m_begin, &m_commit, &m_rollback})
        *query = QSqlQuery();
    m_database.close();
    m_database = QSqlDatabase();
    QSqlDatabase::removeDatabase(m_connectionName);
    if (m_file)
        OpenFiles::all().remove(*m_file);
}

Result<void> TaskDatabase::setUp()
{
    // Exclusive before anything is read: then the log needs no shared memory, and the lock is kept.
    for (const QString &pragma :
         {QStringLiteral("PRAGMA locking_mode = EXCLUSIVE"), QStringLiteral("PRAGMA synchronous = FULL"),
          QStringLiteral("PRAGMA cache_size = -%1").arg(cacheSize), QStringLiteral("PRAGMA temp_store = MEMORY")}) {
        if (const Result<void> done = run(pragma); !done)
            return done;
    }
    if (const Result<void> form = takeForm(); !form)
        return form;
    for (const QString &file : {m_path, m_path + QStringLiteral("-wal")}) {
        if (const Result<void> closed = closeToOthers(file); !closed)
            return closed;
    }
    const Result<QVariant> mode = value(QStringLiteral("PRAGMA journal_mode = WAL"));
    if (!mode)
        return mode.error();
    const Result<QVariant> synchronous = value(QStringLiteral("PRAGMA synchronous"));
    if (mode->toString() != u"wal" || !synchronous || synchronous->toInt() != 2)
        return Error(Error::Io,
                     QStringLiteral("%1: the file system allows no write-ahead log; name a file on a disk of "
                                    "this machine in tasks.database")
                         .arg(m_path));
    for (const QString &pragma : {QStringLiteral("PRAGMA wal_autocheckpoint = %1").arg(checkpointPages),
                                  QStringLiteral("PRAGMA journal_size_limit = %1").arg(logSize)}) {
        if (const Result<void> done = run(pragma); !done)
            return done;
    }
    for (const auto &[query, statement] :
         {std::pair(&m_begin, "BEGIN IMMEDIATE"), std::pair(&m_commit, "COMMIT"), std::pair(&m_rollback, "ROLLBACK")}) {
        Result<QSqlQuery> prepared = prepare(text(statement));
        if (!prepared)
            return prepared.error();
        *query = std::move(*prepared);
    }
    shrink();
    return {};
}

/// Makes sure that the file is ours, new or old.
Result<void> TaskDatabase::takeForm()
{
    // The first to touch the file: it takes the lock, and finds what is no database.
    if (const Result<void> locked = run(QStringLiteral("BEGIN IMMEDIATE")); !locked)
        return locked;
    const Result<QVariant> application = value(QStringLiteral("PRAGMA application_id"));
    const Result<QVariant> version = value(QStringLiteral("PRAGMA user_version"));
    const Result<QVariant> tables = value(QStringLiteral("SELECT count(*) FROM sqlite_schema"));
    for (const Result<QVariant> &part : {application, version, tables}) {
        if (!part)
            return part.error();
    }
    const bool isNew = application->toInt() == 0 && version->toInt() == 0 && tables->toInt() == 0;
    if (!isNew && application->toInt() != ApplicationId)
        return Error(Error::Invalid, QStringLiteral("%1: is a database, but not of Quern's tasks; name another file in "
                                                    "tasks.database")
                                         .arg(m_path));
    if (version->toInt() > FormatVersion)
        return Error(Error::Invalid,
                     QStringLiteral("%1: was written by a newer Quern (format %2, and this one knows %3); "
                                    "start that one, or name another file in tasks.database")
                         .arg(m_path)
                         .arg(version->toInt())
                         .arg(FormatVersion));
    if (const Result<void> form = isNew ? makeForm() : checkIntegrity(); !form)
        return form;
    return run(QStringLiteral("COMMIT"));
}

Result<void> TaskDatabase::makeForm()
{
    QStringList statements = taskSchema();
    statements += QStringLiteral("PRAGMA application_id = %1").arg(ApplicationId);
    statements += QStringLiteral("PRAGMA user_version = %1").arg(FormatVersion);
    for (const QString &statement : std::as_const(statements)) {
        if (const Result<void> done = run(statement); !done)
            return done;
    }
    return {};
}

Result<void> TaskDatabase::checkIntegrity() const
{
    const Result<QVariant> found = value(QStringLiteral("PRAGMA quick_check(1)"));
    if (!found)
        return found.error();
    if (found->toString() == u"ok")
        return {};
    return Error(Error::Invalid, QStringLiteral("%1: is damaged (%2); move it elsewhere, or mend it with: sqlite3 %1 "
                                                ".recover")
                                     .arg(m_path, found->toString().section(u'\n', 0, 0)));
}

/// Gives back the room of a queue that was long once. What cannot be had now can be had next time.
void TaskDatabase::shrink() const
{
    const Result<QVariant> unused = value(QStringLiteral("PRAGMA freelist_count"));
    const Result<QVariant> all = value(QStringLiteral("PRAGMA page_count"));
    if (!unused || !all || unused->toLongLong() < manyFreePages || 4 * unused->toLongLong() < 3 * all->toLongLong())
        return;
    if (const Result<void> done = run(QStringLiteral("VACUUM")); !done)
        qCInfo(logTasks).noquote()
            << QStringLiteral("the database of tasks stays as large as it is: %1").arg(done.error().message());
}

Result<QSqlQuery> TaskDatabase::prepare(const QString &statement) const
{
    QSqlQuery query(m_database);
    query.setForwardOnly(true);
    if (!query.prepare(statement))
        return errorOf(query.lastError());
    return query;
}

Result<void> TaskDatabase::run(QSqlQuery &statement) const
{
    if (!statement.exec())
        return errorOf(statement.lastError());
    return {};
}

Result<void> TaskDatabase::run(const QString &statement) const
{
    QSqlQuery query(m_database);
    query.setForwardOnly(true);
    if (!query.exec(statement))
        return errorOf(query.lastError());
    return {};
}

Result<QVariant> TaskDatabase::value(const QString &statement) const
{
    QSqlQuery query(m_database);
    query.setForwardOnly(true);
    if (!query.exec(statement))
        return errorOf(query.lastError());
    return query.next() ? query.value(0) : QVariant();
}

Result<DatabaseContents> TaskDatabase::contents() const
{
    const Result<QVariant> tasks = value(QStringLiteral("SELECT count(*) FROM task"));
    const Result<QVariant> dead = value(QStringLiteral("SELECT count(*) FROM dead"));
    Result<QSqlQuery> names = prepare(QStringLiteral(
        "SELECT spill FROM task WHERE spill IS NOT NULL UNION ALL SELECT spill FROM dead WHERE spill IS NOT NULL"));
    if (!tasks || !dead)
        return tasks ? dead.error() : tasks.error();
    if (!names)
        return names.error();
    if (const Result<void> found = run(*names); !found)
        return found.error();
    DatabaseContents contents{tasks->toLongLong(), dead->toLongLong()};
    while (names->next())
        contents.spillFiles.insert(names->value(0).toString().toLatin1());
    return contents;
}

Result<void> TaskDatabase::begin()
{
    return run(m_begin);
}

Result<void> TaskDatabase::commit()
{
    return run(m_commit);
}

void TaskDatabase::rollback()
{
    // SQLite has done it already after some failures, and says so.
    m_rollback.exec();
}

Error TaskDatabase::errorOf(const QSqlError &error) const
{
    const int code = error.nativeErrorCode().toInt() & 0xff;
    if (code == busyCode)
        return Error(Error::Busy, QStringLiteral("%1: another process has it; stop that one, or name another file in "
                                                 "tasks.database")
                                      .arg(m_path));
    if (code == notDatabaseCode || code == corruptCode)
        return Error(Error::Invalid,
                     QStringLiteral("%1: %2; move it elsewhere, or name another file in tasks.database")
                         .arg(m_path, code == corruptCode ? text("is damaged") : text("is no database")));
    return Error(Error::Io, QStringLiteral("%1: %2").arg(m_path, error.databaseText()));
}

bool isInMemory(const QString &path)
{
    struct statfs status = {};
    if (::statfs(QFile::encodeName(path).constData(), &status) != 0)
        return false;
    return status.f_type == TMPFS_MAGIC || status.f_type == RAMFS_MAGIC;
}

} // namespace Quern::tasks
