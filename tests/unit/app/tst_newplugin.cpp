#include "app/server/newplugin.h"
#include "app/server/templatewriter.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <sys/stat.h>

using namespace Quern;
using app::NewPlugin;
using app::TemplateWriter;

namespace {

QByteArray contentOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

void write(const QString &path, const QByteArray &content)
{
    QFile file(path);
    QVERIFY(file.open(QIODevice::WriteOnly));
    QCOMPARE(file.write(content), content.size());
}

} // namespace

class TestNewPlugin : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void names_data();
    void names();
    void refusedNames_data();
    void refusedNames();
    void everythingIsFilledIn();
    void nothingIsOverwritten();
    void folderIsInTheWay();
    void placeIsNotWritable();
    void writerKeepsWhatIsThere();
    void writerMeetsAFileForAFolder();
    void secretsAreForTheOwner();
};

void TestNewPlugin::names_data()
{
    QTest::addColumn<QString>("className");
    QTest::newRow("shop") << u"Shop"_qs;
    QTest::newRow("class") << u"Class"_qs;
    QTest::newRow("new") << u"New"_qs;
    QTest::newRow("a-b") << u"AB"_qs;
    QTest::newRow("my_first-Plugin2") << u"MyFirstPlugin2"_qs;
    QTest::newRow("x--y_") << u"XY"_qs;
    QTest::newRow("quiz") << u"Quiz"_qs;
}

void TestNewPlugin::names()
{
    const QString name = QString::fromLatin1(QTest::currentDataTag());
    const Result<NewPlugin> plugin = NewPlugin::named(name);
    QVERIFY2(plugin.ok(), plugin.ok() ? "" : qPrintable(plugin.error().message()));
    QCOMPARE(plugin->name(), name);
    QTEST(plugin->className(), "className");
}

void TestNewPlugin::refusedNames_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QString>("mend");
    const auto row = [](const QString &name, const QString &mend) {
        QTest::newRow(name.isEmpty() ? "empty" : qPrintable(name.left(20))) << name << mend;
    };
    for (const QString &name : {u""_qs, u"2fast"_qs, u"-x"_qs, u"_x"_qs, u"a b"_qs, u"a/b"_qs, u"../x"_qs, u"a.b"_qs,
                                u"\u00e4rger"_qs, u"x\n"_qs})
        row(name, u"begin with a letter"_qs);
    for (const QString &name : {u"test"_qs, u"all"_qs, u"ALL_BUILD"_qs, u"ZERO_CHECK"_qs, u"RUN_TESTS"_qs,
                                u"preinstall"_qs, u"Install"_qs, u"quern"_qs, u"Qt"_qs, u"QTimer"_qs, u"NULL"_qs})
        row(name, u"choose another name"_qs);
    row(QString(65, u'a'), u"use 64 at most"_qs);
}

void TestNewPlugin::refusedNames()
{
    QFETCH(QString, name);
    QFETCH(QString, mend);
    const Result<NewPlugin> plugin = NewPlugin::named(name);
    QVERIFY(!plugin.ok());
    QVERIFY2(plugin.error().message().contains(mend), qPrintable(plugin.error().message()));
}

void TestNewPlugin::everythingIsFilledIn()
{
    const QTemporaryDir directory;
    QVERIFY(NewPlugin::named(u"a-b"_qs)->writeInto(directory.path()).ok());
    const QDir folder(directory.filePath(u"a-b"_qs));
    const QStringList files = {u".gitignore"_qs, u"CMakeLists.txt"_qs, u"README.md"_qs,  u"a-b.cpp"_qs,
                               u"a-b.h"_qs,      u"a-b.json"_qs,       u"quern.toml"_qs, u"tests/tst_a-b.cpp"_qs};
    QCOMPARE(folder.entryList(QDir::Files | QDir::Hidden, QDir::Name).size(), files.size() - 1);
    for (const QString &file : files) {
        const QByteArray content = contentOf(folder.filePath(file));
        QVERIFY2(!content.isEmpty(), qPrintable(file));
        QVERIFY2(!content.contains('@'), qPrintable(file));
    }
    QVERIFY(contentOf(folder.filePath(u"a-b.cpp"_qs)).contains("void AB::install("));
    QVERIFY(contentOf(folder.filePath(u"a-b.json"_qs)).contains("\"abi\": " + QByteArray::number(QUERN_ABI_VERSION)));
    QVERIFY(contentOf(folder.filePath(u"quern.toml"_qs)).contains("file = \"build/lib/quern/plugins/liba-b.so\"\n"));
}

void TestNewPlugin::nothingIsOverwritten()
{
    const QTemporaryDir directory;
    const NewPlugin plugin = *NewPlugin::named(u"shop"_qs);
    QVERIFY(plugin.writeInto(directory.path()).ok());
    write(directory.filePath(u"shop/shop.cpp"_qs), "mine");
    const Result<void> again = plugin.writeInto(directory.path());
    QVERIFY(!again.ok());
    QCOMPARE(again.error().code(), Error::Exists);
    QVERIFY2(again.error().message().contains(directory.filePath(u"shop"_qs)), qPrintable(again.error().message()));
    QCOMPARE(contentOf(directory.filePath(u"shop/shop.cpp"_qs)), QByteArrayLiteral("mine"));
}

void TestNewPlugin::folderIsInTheWay()
{
    const QTemporaryDir directory;
    QVERIFY(QFile::link(u"/nowhere"_qs, directory.filePath(u"shop"_qs)));
    const Result<void> written = NewPlugin::named(u"shop"_qs)->writeInto(directory.path());
    QVERIFY(!written.ok());
    QVERIFY2(written.error().message().contains(u"exists already"), qPrintable(written.error().message()));
}

void TestNewPlugin::placeIsNotWritable()
{
    // A folder that nobody may write in, root included.
    const Result<void> written = NewPlugin::named(u"shop"_qs)->writeInto(u"/proc"_qs);
    QVERIFY(!written.ok());
    QVERIFY2(written.error().message().contains(u"/proc/shop cannot be made"), qPrintable(written.error().message()));
}

void TestNewPlugin::writerKeepsWhatIsThere()
{
    const QTemporaryDir directory;
    QVERIFY(QDir(directory.path()).mkpath(u"plugins/shop"_qs));
    write(directory.filePath(u"plugins/shop/shop.h"_qs), "mine");
    TemplateWriter writer(directory.path());
    const TemplateWriter::Values values = NewPlugin::named(u"shop"_qs)->values();
    QVERIFY(writer.write(u"plugin"_qs, u"plugins/shop"_qs, values, {u"README.md"_qs}).ok());
    QCOMPARE(writer.kept(), QStringList{u"plugins/shop/shop.h"_qs});
    QVERIFY(writer.written().contains(u"plugins/shop/shop.cpp"_qs));
    QCOMPARE(contentOf(directory.filePath(u"plugins/shop/shop.h"_qs)), QByteArrayLiteral("mine"));
    QVERIFY(!QFile::exists(directory.filePath(u"plugins/shop/README.md"_qs)));
    QCOMPARE(writer.write(u"absent"_qs, {}, values).error().code(), Error::Internal);
    const Result<void> unfilled = writer.write(u"plugin"_qs, u"other"_qs, {{u"NAME"_qs, u"x"_qs}});
    QCOMPARE(unfilled.error().code(), Error::Internal);
}

void TestNewPlugin::writerMeetsAFileForAFolder()
{
    const QTemporaryDir directory;
    write(directory.filePath(u"plugins"_qs), "a file");
    TemplateWriter writer(directory.path());
    const Result<void> written = writer.write(u"plugin"_qs, u"plugins/shop"_qs, NewPlugin::named(u"shop"_qs)->values());
    QVERIFY(!written.ok());
    QVERIFY2(written.error().message().contains(directory.filePath(u"plugins/shop"_qs)),
             qPrintable(written.error().message()));
}

void TestNewPlugin::secretsAreForTheOwner()
{
    const QTemporaryDir directory;
    TemplateWriter writer(directory.path());
    TemplateWriter::Values values = NewPlugin::named(u"shop"_qs)->values();
    values.insert(u"PROJECT"_qs, u"shop"_qs);
    const mode_t mask = ::umask(022);
    const Result<void> written = writer.write(u"init"_qs, {}, values);
    ::umask(mask);
    QVERIFY(written.ok());
    const auto othersMayRead = [&directory](const QString &name) {
        return QFile::permissions(directory.filePath(name)).testFlag(QFile::ReadOther);
    };
    QVERIFY(!othersMayRead(u".env"_qs));
    QVERIFY(!QFile::permissions(directory.filePath(u".env"_qs)).testFlag(QFile::ReadGroup));
    QVERIFY(othersMayRead(u".env.example"_qs));
    QVERIFY(othersMayRead(u"quern.toml"_qs));
}

QTEST_GUILESS_MAIN(TestNewPlugin)
#include "tst_newplugin.moc"
