#include "process/pluginstore.h"

#include <QDateTime>
#include <QDir>
#include <QFile>
#include <QScopeGuard>
#include <QTemporaryDir>
#include <QTest>

#include <sys/stat.h>

using namespace Quern;
using process::PluginStore;
using Plugins = QList<ipc::BootMessage::Plugin>;

class TestPluginStore : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void copies();
    void nobodyElseMayWriteThere();
    void sameNamesInTwoFolders();
    void missingFile();
    void folderInstead();
    void unreadable();
    void justWritten();
    void stillOpenForWriting();
    void fromTheFuture();
    void removesOneGeneration();
    void clearsWhatWasLeft();
    void leavesThoseOfOtherServers();

private:
    QString write(const QString &name, const QByteArray &content, int ageMilliseconds = 60'000);
    QString store() const { return m_folder->path() + QStringLiteral("/store/generations"); }
    static QByteArray contentOf(const QString &path);

    std::unique_ptr<QTemporaryDir> m_folder;
};

void TestPluginStore::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    QVERIFY(m_folder->isValid());
}

QString TestPluginStore::write(const QString &name, const QByteArray &content, int ageMilliseconds)
{
    const QString path = m_folder->filePath(name);
    QDir().mkpath(QFileInfo(path).path());
    QFile file(path);
    if (!file.open(QIODevice::ReadWrite) || file.write(content) != content.size() || !file.flush() ||
        !file.setFileTime(QDateTime::currentDateTime().addMSecs(-ageMilliseconds), QFile::FileModificationTime))
        qFatal("cannot write %s", qPrintable(path));
    return path;
}

QByteArray TestPluginStore::contentOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArrayLiteral("unreadable");
}

void TestPluginStore::copies()
{
    const QByteArray large(3'500'000, 'x');
    const QVariantMap settings = {{QStringLiteral("key"), 1}};
    const Plugins originals = {{write(QStringLiteral("a.so"), "first"), settings},
                               {write(QStringLiteral("b.so"), large), {}}};
    const PluginStore pluginStore(store());
    const auto copied = pluginStore.copy(originals, 3);
    QVERIFY2(copied, copied ? "" : qPrintable(copied.error().message()));
    QCOMPARE(copied->size(), 2);
    for (qsizetype i = 0; i < 2; ++i) {
        QVERIFY(copied->at(i).file.startsWith(store() + QStringLiteral("/3/")));
        QCOMPARE(contentOf(copied->at(i).file), contentOf(originals.at(i).file));
        QCOMPARE(copied->at(i).settings, originals.at(i).settings);
    }
    // A copy of its own: what becomes of the original does not touch it.
    write(QStringLiteral("a.so"), "other");
    QCOMPARE(contentOf(copied->first().file), QByteArray("first"));
}

void TestPluginStore::nobodyElseMayWriteThere()
{
    const mode_t before = ::umask(0);
    const auto restore = qScopeGuard([before] { ::umask(before); });
    const PluginStore pluginStore(store());
    QVERIFY(pluginStore.copy({{write(QStringLiteral("a.so"), "x"), {}}}, 1));
    struct stat about = {};
    QCOMPARE(::stat(QFile::encodeName(store()).constData(), &about), 0);
    QCOMPARE(about.st_mode & 07777, 0700u);
}

void TestPluginStore::sameNamesInTwoFolders()
{
    const Plugins originals = {{write(QStringLiteral("1/p.so"), "one"), {}},
                               {write(QStringLiteral("2/p.so"), "two"), {}}};
    const auto copied = PluginStore(store()).copy(originals, 1);
    QVERIFY(copied);
    QCOMPARE(contentOf(copied->at(0).file), QByteArray("one"));
    QCOMPARE(contentOf(copied->at(1).file), QByteArray("two"));
}

void TestPluginStore::missingFile()
{
    const auto copied = PluginStore(store()).copy({{m_folder->filePath(QStringLiteral("none.so")), {}}}, 1);
    QVERIFY(!copied);
    QCOMPARE(copied.error().code(), Error::NotFound);
    QVERIFY(copied.error().message().contains(u"none.so"));
}

void TestPluginStore::folderInstead()
{
    const auto copied = PluginStore(store()).copy({{m_folder->path(), {}}}, 1);
    QVERIFY(!copied);
    QCOMPARE(copied.error().code(), Error::NotFound);
}

void TestPluginStore::unreadable()
{
    // Opens, and then every read of its beginning fails.
    const QString path = QStringLiteral("/proc/self/mem");
    const PluginStore plugins(store());
    Error error(Error::Busy, {});
    const auto copied = [&] {
        const Result<Plugins> result = plugins.copy({{path, {}}}, 1);
        error = result ? Error(Error::Busy, {}) : result.error();
        return error.code() == Error::Io;
    };
    QTRY_VERIFY(copied());
    QVERIFY2(error.message().contains(path), qPrintable(error.message()));
}

void TestPluginStore::justWritten()
{
    const PluginStore pluginStore(store());
    const Plugins originals = {{write(QStringLiteral("a.so"), "half", 0), {}}};
    const auto copied = pluginStore.copy(originals, 1);
    QVERIFY(!copied);
    QCOMPARE(copied.error().code(), Error::Busy);
    QTRY_VERIFY(pluginStore.copy(originals, 1)); // it has settled
}

void TestPluginStore::stillOpenForWriting()
{
    const PluginStore pluginStore(store());
    const Plugins originals = {{write(QStringLiteral("a.so"), "half", 1000), {}}};
    QFile writer(originals.first().file);
    QVERIFY(writer.open(QIODevice::Append));
    const auto copied = pluginStore.copy(originals, 1);
    QVERIFY(!copied);
    QCOMPARE(copied.error().code(), Error::Busy);
    writer.close();
    QVERIFY(pluginStore.copy(originals, 1));
}

void TestPluginStore::fromTheFuture()
{
    // A clock that was set back must not keep a plugin from being loaded.
    QVERIFY(PluginStore(store()).copy({{write(QStringLiteral("a.so"), "later", -60'000), {}}}, 1));
}

void TestPluginStore::removesOneGeneration()
{
    const PluginStore pluginStore(store());
    const Plugins originals = {{write(QStringLiteral("a.so"), "x"), {}}};
    const auto first = pluginStore.copy(originals, 1);
    const auto second = pluginStore.copy(originals, 2);
    QVERIFY(first && second);
    pluginStore.remove(1);
    QVERIFY(!QFile::exists(first->first().file));
    QVERIFY(QFile::exists(second->first().file));
    pluginStore.clear();
    QVERIFY(!QFile::exists(store()));
}

void TestPluginStore::clearsWhatWasLeft()
{
    write(QStringLiteral("store/generations/7/0/old.so"), "old");
    const PluginStore pluginStore(store());
    QVERIFY(!QFile::exists(store() + QStringLiteral("/7")));
}

void TestPluginStore::leavesThoseOfOtherServers()
{
    const QString theirs = write(QStringLiteral("store/generations/7/0/old.so"), "old");
    const Plugins originals = {{write(QStringLiteral("a.so"), "x"), {}}};
    PluginStore pluginStore(store(), 8);
    const auto own = pluginStore.copy(originals, 8);
    const auto next = pluginStore.copy(originals, 9);
    QVERIFY(own && next);
    pluginStore.setLast(8);
    pluginStore.clear();
    QVERIFY(QFile::exists(theirs));
    QVERIFY(!QFile::exists(own->first().file));
    QVERIFY(QFile::exists(next->first().file));
}

QTEST_GUILESS_MAIN(TestPluginStore)
#include "tst_pluginstore.moc"
