#include "app/server/privatefile.h"

#include <QFile>
#include <QFileInfo>
#include <QTemporaryDir>
#include <QTest>

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace Quern;
using namespace Qt::Literals::StringLiterals;

namespace {

/// What was given to fsync(): the size of a file, and whether there was one of the real name then; -1 for a folder.
QList<qint64> synced;
QString watched;

} // namespace

/// In the place of the C library's.
extern "C" int fsync(int file)
{
    struct stat status = {};
    if (::fstat(file, &status) == 0)
        synced.append(S_ISDIR(status.st_mode) ? -1 : QFileInfo::exists(watched) ? -2 : qint64(status.st_size));
    return int(::syscall(SYS_fsync, file));
}

class TestPrivateFile : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void isOnTheDiskInOrder();
    void isPrivateAndReplaced();
    void linksAreNotFollowed();
    void tellsWhatIsWrong();
};

/// First what is in it, then its name: a file that is empty after a power cut would be worse than an old one.
void TestPrivateFile::isOnTheDiskInOrder()
{
    const QTemporaryDir folder;
    watched = folder.filePath(u"state"_s);
    synced.clear();
    QVERIFY(app::writePrivateFile(watched, "seven..", app::Lasting::Yes));
    QCOMPARE(synced, (QList<qint64>{7, -1}));
    synced.clear();
    QVERIFY(app::writePrivateFile(folder.filePath(u"pid"_s), "1", app::Lasting::No));
    QCOMPARE(synced, QList<qint64>());
}

/// In a folder that others can write to, somebody may have prepared the draft.
void TestPrivateFile::linksAreNotFollowed()
{
    const QTemporaryDir folder;
    const QString path = folder.filePath(u"tokens"_s);
    const QString other = folder.filePath(u"others"_s);
    QVERIFY(QFile::link(other, path + u".new"_s));
    QVERIFY(app::writePrivateFile(path, "secret", app::Lasting::No));
    QVERIFY(!QFileInfo::exists(other));
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadOnly));
    QCOMPARE(file.readAll(), "secret");
    QVERIFY(!QFileInfo(path).isSymLink());
}

void TestPrivateFile::isPrivateAndReplaced()
{
    const QTemporaryDir folder;
    const QString path = folder.filePath(u"state"_s);
    for (const QByteArray bytes : {"one", "two"}) {
        QVERIFY(app::writePrivateFile(path, bytes, app::Lasting::Yes));
        QFile file(path);
        QVERIFY(file.open(QIODevice::ReadOnly));
        QCOMPARE(file.readAll(), bytes);
    }
    struct stat status = {};
    QCOMPARE(::stat(QFile::encodeName(path).constData(), &status), 0);
    QCOMPARE(status.st_mode & 0777, mode_t(0600));
    QCOMPARE(QDir(folder.path()).entryList(QDir::Files), QStringList{u"state"_s});
}

void TestPrivateFile::tellsWhatIsWrong()
{
    const QTemporaryDir folder;
    const Result<void> written = app::writePrivateFile(folder.filePath(u"no/state"_s), "x", app::Lasting::Yes);
    QVERIFY(!written);
    QVERIFY2(written.error().message().startsWith(u"cannot write "_s + folder.path()),
             qPrintable(written.error().message()));
}

QTEST_APPLESS_MAIN(TestPrivateFile)
#include "tst_privatefile.moc"
