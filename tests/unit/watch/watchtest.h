#pragma once

#include "watch/filewatch.h"

#include <QDir>
#include <QFile>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>

#include <sys/resource.h>

#include <memory>

namespace Quern::watch {

/// What a change may take to be told on a busy machine, in milliseconds.
constexpr int patience = 20000;

/// As short as a test can have it: what it does at once is a burst.
constexpr FileWatch::Times quick = {std::chrono::milliseconds(60), std::chrono::milliseconds(40),
                                    std::chrono::milliseconds(10'000), std::chrono::milliseconds(100)};

/// While it lives the process can open no file.
class NoFiles
{
public:
    NoFiles()
    {
        ::getrlimit(RLIMIT_NOFILE, &m_before);
        const rlimit none = {0, m_before.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &none);
    }
    ~NoFiles() { ::setrlimit(RLIMIT_NOFILE, &m_before); }
    Q_DISABLE_COPY_MOVE(NoFiles)

private:
    struct rlimit m_before = {};
};

/// A folder, and what is told of the changes in it. Whoever derives it calls begin() in init() and end() in cleanup().
class WatchTest : public QObject
{
protected:
    void begin(const FileWatch::Times &times = quick, WatchSystem system = {})
    {
        m_spy.reset();
        if (!m_folder)
            m_folder = std::make_unique<QTemporaryDir>();
        QVERIFY(m_folder->isValid());
        m_watch = std::make_unique<FileWatch>(times, std::move(system));
        m_spy = std::make_unique<QSignalSpy>(m_watch.get(), &FileWatch::changed);
    }

    void end()
    {
        m_spy.reset();
        m_watch.reset();
        m_folder.reset();
    }

    QString path(const QString &name) const { return m_folder->path() + u'/' + name; }

    void write(const QString &name, const QByteArray &content = "x") const
    {
        QFile file(path(name));
        QVERIFY2(file.open(QIODevice::WriteOnly), qPrintable(name));
        QCOMPARE(file.write(content), content.size());
    }

    void watch(const QStringList &files, const QStringList &paths = {}, const QStringList &ignored = {})
    {
        WatchPlan plan;
        for (const QString &file : files)
            plan.files.append(path(file));
        for (const QString &each : paths)
            plan.paths.append(path(each));
        for (const QString &each : ignored)
            plan.ignored.append(path(each));
        m_watch->watch(plan);
    }

    QString names(const QStringList &files) const
    {
        QStringList names;
        for (const QString &file : files)
            names.append(file.mid(m_folder->path().size() + 1));
        return names.join(u' ');
    }

    /// What has been told next, as "name name".
    QString told()
    {
        if (m_spy->isEmpty() && !m_spy->wait(patience))
            return QStringLiteral("nothing");
        return names(m_spy->takeFirst().at(0).toStringList());
    }

    /// Waits as long as it takes for a change beside it to be told: what was to be told by then has been.
    void passAWhile()
    {
        const QTemporaryDir folder;
        FileWatch watch(quick);
        QSignalSpy spy(&watch, &FileWatch::changed);
        watch.watch({{}, {folder.path()}, {}});
        // Twice as long as it needs itself.
        for (const QString &name : {QStringLiteral("one"), QStringLiteral("two")}) {
            QFile file(folder.filePath(name));
            QVERIFY(file.open(QIODevice::WriteOnly));
            file.close();
            QVERIFY(spy.wait(patience));
        }
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    std::unique_ptr<FileWatch> m_watch;
    std::unique_ptr<QSignalSpy> m_spy;
};

} // namespace Quern::watch
