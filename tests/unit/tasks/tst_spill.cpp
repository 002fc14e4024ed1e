#include "tasks/spill.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QTemporaryDir>
#include <QTest>

#include <csignal>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace Quern;
using namespace Quern::tasks;

/// Payloads in files.
class tst_Spill : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void writtenAndRead_data();
    void writtenAndRead();
    void isForItsUserAlone();
    void onlyItsOwnNames_data();
    void onlyItsOwnNames();
    void tooLargeToRead();
    void noRoom();
    void noFolder();
    void leftovers();
    void whatHasAnotherNameIsNoPayload();
    void aPipeKeepsNobodyWaiting();
    void givenToAnotherUser();
    void aLinkIsNotFollowed();
    void anUnfinishedFileIsMadeAnew();

private:
    QString path(const QByteArray &name) const { return m_folder + u'/' + QString::fromLatin1(name); }
    static void touch(const QString &path)
    {
        QFile file(path);
        QVERIFY(file.open(QIODevice::WriteOnly));
    }

    std::unique_ptr<QTemporaryDir> m_directory;
    QString m_folder;
};

void tst_Spill::init()
{
    m_directory = std::make_unique<QTemporaryDir>();
    m_folder = m_directory->filePath(QStringLiteral("spill"));
}

void tst_Spill::writtenAndRead_data()
{
    QTest::addColumn<bool>("isDurable");
    QTest::newRow("durable") << true;
    QTest::newRow("fleeting") << false;
}

void tst_Spill::writtenAndRead()
{
    QFETCH(bool, isDurable);
    const Spill spill(m_folder);
    QVERIFY(spill.prepare());
    QByteArray payload(1 << 20, 'x');
    payload[77] = '\0';
    const Result<QByteArray> name = spill.write(0x7fff'ffff'ffff'ffff, payload, isDurable);
    QVERIFY2(name, name ? "" : qPrintable(name.error().message()));
    QVERIFY(Spill::isName(*name));
    QCOMPARE(spill.size(*name), payload.size());
    QCOMPARE(*spill.read(*name, payload.size()), payload);
    QCOMPARE(QDir(m_folder).entryList(QDir::Files), QStringList(QString::fromLatin1(*name)));
    spill.remove(*name);
    QCOMPARE(QDir(m_folder).entryList(QDir::Files), QStringList());
    QCOMPARE(spill.size(*name), 0);
    QVERIFY(spill.read(*name, 1 << 20).error().code() == Error::NotFound);
}

void tst_Spill::isForItsUserAlone()
{
    QVERIFY(QDir().mkdir(m_folder));
    QVERIFY(::chmod(QFile::encodeName(m_folder).constData(), 0755) == 0);
    const Spill spill(m_folder);
    QVERIFY(spill.prepare());
    const Result<QByteArray> name = spill.write(1, "grain", false);
    const auto mode = [](const QString &file) {
        struct stat status = {};
        return ::stat(QFile::encodeName(file).constData(), &status) == 0 ? status.st_mode & 0777 : 0;
    };
    QCOMPARE(mode(m_folder), 0700U);
    QCOMPARE(mode(path(*name)), 0600U);
}

void tst_Spill::onlyItsOwnNames_data()
{
    QTest::addColumn<QByteArray>("name");
    for (const char *name :
         {"", ".", "../tasks.db", "0123456789abcdef", "0123456789abcdef.tasks", "0123456789ABCDEF.task",
          "/123456789abcdef.task", "../../89abcdef0.task", "0123456789abcdef.task.tmp"})
        QTest::newRow(name) << QByteArray(name);
}

void tst_Spill::onlyItsOwnNames()
{
    QFETCH(QByteArray, name);
    const Spill spill(m_folder);
    QVERIFY(spill.prepare());
    touch(m_directory->filePath(QStringLiteral("tasks.db")));
    QVERIFY(!Spill::isName(name));
    spill.remove(name);
    QVERIFY(QFile::exists(m_directory->filePath(QStringLiteral("tasks.db"))));
    QVERIFY(spill.read(name, 1).error().code() == Error::Invalid);
    QCOMPARE(spill.size(name), 0);
}

void tst_Spill::tooLargeToRead()
{
    const Spill spill(m_folder);
    QVERIFY(spill.prepare());
    const Result<QByteArray> name = spill.write(1, "grain", false);
    QVERIFY(spill.read(*name, 4).error().code() == Error::TooLarge);
    QCOMPARE(*spill.read(*name, 5), QByteArray("grain"));
}

void tst_Spill::noRoom()
{
    const Spill spill(m_folder);
    QVERIFY(spill.prepare());
    // A file that may not grow, as one on a full disk.
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit before = {};
    QVERIFY(::getrlimit(RLIMIT_FSIZE, &before) == 0);
    const rlimit little = {4096, before.rlim_max};
    QVERIFY(::setrlimit(RLIMIT_FSIZE, &little) == 0);
    const Result<QByteArray> name = spill.write(1, QByteArray(8192, 'x'), true);
    QVERIFY(::setrlimit(RLIMIT_FSIZE, &before) == 0);
    QVERIFY(!name);
    QVERIFY2(name.error().message().contains(m_folder), qPrintable(name.error().message()));
    QCOMPARE(QDir(m_folder).entryList(QDir::Files | QDir::Hidden), QStringList());
}

void tst_Spill::noFolder()
{
    touch(m_folder);
    const Result<void> prepared = Spill(m_folder).prepare();
    QVERIFY(!prepared);
    QVERIFY2(prepared.error().message().contains(m_folder), qPrintable(prepared.error().message()));
    QVERIFY(Spill(m_folder + QStringLiteral("/deeper")).write(1, "grain", false).error().message().contains(m_folder));
}

void tst_Spill::leftovers()
{
    const Spill spill(m_folder);
    QVERIFY(spill.prepare());
    const QByteArray kept = *spill.write(1, "grain", false);
    const QByteArray left = *spill.write(2, "chaff", false);
    touch(path("0000000000000003.task.tmp"));
    touch(path("notes.txt"));
    QCOMPARE(spill.removeLeftovers([&kept](const QByteArray &name) { return name == kept; }), 2);
    QVERIFY(QFile::exists(path(kept)));
    QVERIFY(!QFile::exists(path(left)));
    // What is not its own is not its business.
    QCOMPARE(QDir(m_folder).entryList(QDir::Files),
             QStringList({QString::fromLatin1(kept), QStringLiteral("notes.txt")}));
}

void tst_Spill::whatHasAnotherNameIsNoPayload()
{
    // Who may write to the folder may be less than who reads it.
    const Spill spill(m_folder);
    QVERIFY(spill.prepare());
    const Result<QByteArray> name = spill.write(7, "secret", false);
    QVERIFY(name);
    const QByteArray whole = QFile::encodeName(path(*name));
    const QByteArray other = whole.left(whole.size() - 6) + "8.task";
    QCOMPARE(::link(whole.constData(), other.constData()), 0);
    QVERIFY(!spill.read(other.mid(other.lastIndexOf('/') + 1), 100));
    QVERIFY(::unlink(other.constData()) == 0);
    QVERIFY(spill.read(*name, 100));
}

void tst_Spill::aPipeKeepsNobodyWaiting()
{
    const Spill spill(m_folder);
    QVERIFY(spill.prepare());
    const QByteArray name = "000000000000000a.task";
    QCOMPARE(::mkfifo(QFile::encodeName(path(name)).constData(), 0600), 0);
    QVERIFY(!spill.read(name, 100));
}

void tst_Spill::givenToAnotherUser()
{
    if (::geteuid() != 0)
        QSKIP("only root can give files away");
    const base::Identity user = {54321, 54322, {}};
    const Spill spill(m_folder);
    QVERIFY(spill.prepare());
    const Result<QByteArray> name = spill.write(7, "payload", false);
    QVERIFY(name);
    QFile stranger(path("stranger"));
    QVERIFY(stranger.open(QIODevice::WriteOnly));
    QVERIFY(spill.prepare(user));
    const auto ownerOf = [](const QString &file) {
        struct stat status = {};
        return ::stat(QFile::encodeName(file).constData(), &status) == 0 ? status.st_uid : uid_t(-1);
    };
    QCOMPARE(ownerOf(m_folder), user.uid);
    QCOMPARE(ownerOf(path(*name)), user.uid);
    QCOMPARE(ownerOf(path("stranger")), uid_t(0));
    // From now on it is that user's folder: what is in it is not given away once more.
    const Result<QByteArray> later = spill.write(9, "payload", false);
    QVERIFY(later);
    QVERIFY(spill.prepare(user));
    QCOMPARE(ownerOf(path(*later)), uid_t(0));
    // To another one, and back.
    QVERIFY(spill.prepare(base::Identity{54323, 54323, {}}));
    QCOMPARE(ownerOf(m_folder), uid_t(54323));
    QCOMPARE(ownerOf(path(*name)), uid_t(54323));
    QVERIFY(spill.prepare());
    QCOMPARE(ownerOf(m_folder), uid_t(0));
    QCOMPARE(ownerOf(path(*name)), uid_t(0));
}

void tst_Spill::aLinkIsNotFollowed()
{
    const QString target = m_directory->filePath(QStringLiteral("target"));
    QVERIFY(QDir().mkdir(target));
    QCOMPARE(::chmod(QFile::encodeName(target).constData(), 0755), 0);
    QVERIFY(QFile::link(target, m_folder));
    const Spill spill(m_folder);
    const Result<void> prepared = spill.prepare(base::Identity{::geteuid(), 54322, {}});
    QVERIFY(!prepared);
    QVERIFY2(prepared.error().message().contains(m_folder), qPrintable(prepared.error().message()));
    struct stat status = {};
    QCOMPARE(::stat(QFile::encodeName(target).constData(), &status), 0);
    QCOMPARE(status.st_mode & 07777, mode_t(0755));
}

void tst_Spill::anUnfinishedFileIsMadeAnew()
{
    const Spill spill(m_folder);
    QVERIFY(spill.prepare());
    const QString other = m_directory->filePath(QStringLiteral("other"));
    touch(other);
    const QByteArray unfinished = QFile::encodeName(path("0000000000000007.task.tmp"));
    QCOMPARE(::link(QFile::encodeName(other).constData(), unfinished.constData()), 0);
    const Result<QByteArray> name = spill.write(7, "payload", false);
    QVERIFY(name);
    QCOMPARE(*spill.read(*name, 100), QByteArray("payload"));
    QCOMPARE(QFileInfo(other).size(), qint64(0));
}

QTEST_APPLESS_MAIN(tst_Spill)
#include "tst_spill.moc"
