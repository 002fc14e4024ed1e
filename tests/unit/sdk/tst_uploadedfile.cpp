#include "requestsupport.h"

#include <QDir>
#include <QFileInfo>
#include <QStorageInfo>
#include <QTemporaryDir>
#include <QTest>

#include <stdexcept>

using namespace Quern;

namespace {

/// A request with one file in the field "photo": \a bytes, in memory or in the file \a path.
Request requestWith(const QByteArray &fileName, const QByteArray &bytes, const QString &path = {})
{
    auto *data = requestData({.body = path.isEmpty() ? ".." + bytes + ".." : QByteArray()});
    data->extra().isForm = true;
    data->extra().parts = {{"photo", fileName, "image/png", 2, quint64(bytes.size()), QFile::encodeName(path), true}};
    if (!path.isEmpty()) {
        QFile file(path);
        if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size())
            qFatal("no file");
    }
    return Request(data);
}

QByteArray contentOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray("no file");
}

} // namespace

class tst_UploadedFile : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void names_data();
    void names();
    void inMemory();
    void spooled();
    void moves_data();
    void moves();
    void links_data();
    void links();
    void movesOverFileSystems();
    void refusedMoves();
    void vanishedFile();
};

void tst_UploadedFile::names_data()
{
    QTest::addColumn<QByteArray>("sent");
    QTest::addColumn<QString>("name");
    const auto row = [](const char *title, const QByteArray &sent, const QString &name) {
        QTest::newRow(title) << sent << name;
    };
    row("plain", "cat.png", u"cat.png"_qs);
    row("path", "/etc/passwd", u"passwd"_qs);
    row("path of another system", "C:\\Users\\me\\cat.png", u"cat.png"_qs);
    row("both", "a\\b/c\\d.png", u"d.png"_qs);
    row("up", "../..", u""_qs);
    row("dot", ".", u""_qs);
    row("folder", "a/", u""_qs);
    row("empty", "", u""_qs);
    row("hidden", ".htaccess", u"htaccess"_qs);
    row("hidden behind dots and spaces", " .. .profile", u"profile"_qs);
    row("turned direction", "cat\xe2\x80\xaegnp.exe\xe2\x81\xa9\xe2\x80\x8f", u"catgnp.exe"_qs);
    row("control characters", QByteArray("a\0b\nc\x7f", 6), u"abc"_qs);
    row("only control characters and dots", QByteArray("..\0", 3), u""_qs);
    row("spaces around", "  a b  ", u"a b"_qs);
    row("UTF-8", "\xc3\xa9.png", u"é.png"_qs);
    row("too long", QByteArray(300, 'x'), QString(255, u'x'));
    row("too long, behind many dots", QByteArray(4000, '.') + QByteArray(4000, 'x'), QString(255, u'x'));
    row("too long in four bytes each", QByteArray("\xf0\x9f\x98\x80").repeated(64), QStringLiteral("😀").repeated(63));
    row("too long in two bytes each", QByteArray("\xc3\xa9").repeated(200), QString(127, u'é'));
}

void tst_UploadedFile::names()
{
    QFETCH(QByteArray, sent);
    const Request request = requestWith(sent, "x");
    QTEST(request.file("photo")->fileName(), "name");
    QCOMPARE(request.file("photo")->clientFileName(), QString::fromUtf8(sent));
}

void tst_UploadedFile::inMemory()
{
    std::optional<UploadedFile> file;
    {
        const Request request = requestWith("cat.png", "meow");
        QVERIFY(!request.file("other"));
        file = request.file("photo");
    }
    QCOMPARE(file->fieldName(), u"photo"_qs);
    QCOMPARE(file->contentType(), QByteArray("image/png"));
    QCOMPARE(file->size(), quint64(4));
    QVERIFY(!file->isSpooled());
    QVERIFY(file->path().isEmpty());
    QCOMPARE(file->data(), QByteArray("meow"));
    QCOMPARE(file->open()->readAll(), QByteArray("meow"));
}

void tst_UploadedFile::spooled()
{
    const QTemporaryDir folder;
    const Request request = requestWith("cat.png", "meow", folder.filePath(u"part"_qs));
    const UploadedFile file = *request.file("photo");
    QVERIFY(file.isSpooled());
    QCOMPARE(file.path(), folder.filePath(u"part"_qs));
    QCOMPARE(file.data(), QByteArray("meow"));
    QCOMPARE(file.open()->readAll(), QByteArray("meow"));
}

void tst_UploadedFile::moves_data()
{
    QTest::addColumn<bool>("isSpooled");
    QTest::newRow("from memory") << false;
    QTest::newRow("from a file") << true;
}

void tst_UploadedFile::links_data()
{
    moves_data();
}

void tst_UploadedFile::moves()
{
    QFETCH(bool, isSpooled);
    const QTemporaryDir folder;
    const QString origin = isSpooled ? folder.filePath(u"part"_qs) : QString();
    const QString target = folder.filePath(u"kept"_qs);
    const QString second = folder.filePath(u"moved on"_qs);
    const Request request = requestWith("cat.png", "meow", origin);
    UploadedFile file = *request.file("photo");
    QVERIFY(file.moveTo(target));
    QCOMPARE(contentOf(target), QByteArray("meow"));
    QCOMPARE(file.path(), target);
    QVERIFY(!isSpooled || !QFile::exists(origin));
    QCOMPARE(QFile::permissions(target) & 0xff, QFile::Permissions());
    QFile old(second);
    QVERIFY(old.open(QIODevice::WriteOnly) && old.write("what was there before") > 0);
    old.close();
    const Result<void> taken = file.moveTo(second);
    QVERIFY(!taken && taken.error().code() == Error::Exists);
    QCOMPARE(contentOf(second), QByteArray("what was there before"));
    QCOMPARE(file.data(), QByteArray("meow"));
    QVERIFY(file.moveTo(second, UploadedFile::Overwrite::Yes));
    QCOMPARE(contentOf(second), QByteArray("meow"));
    QVERIFY(!QFile::exists(target));
    QCOMPARE(file.data(), QByteArray("meow"));
}

void tst_UploadedFile::links()
{
    QFETCH(bool, isSpooled);
    const QTemporaryDir folder;
    const QTemporaryDir targets;
    const QString secret = folder.filePath(u"secret"_qs);
    QFile old(secret);
    QVERIFY(old.open(QIODevice::WriteOnly) && old.write("secret") > 0);
    old.close();
    const QString link = targets.filePath(u"link"_qs);
    QVERIFY(QFile::link(secret, link));
    const Request request = requestWith("cat.png", "meow", isSpooled ? folder.filePath(u"part"_qs) : QString());
    UploadedFile file = *request.file("photo");

    const Result<void> taken = file.moveTo(link);
    QVERIFY(!taken && taken.error().code() == Error::Exists);
    QVERIFY(taken.error().message().contains(link));
    QVERIFY(file.moveTo(link, UploadedFile::Overwrite::Yes));
    QVERIFY(!QFileInfo(link).isSymLink());
    QCOMPARE(contentOf(link), QByteArray("meow"));
    QCOMPARE(contentOf(secret), QByteArray("secret"));
    // Nothing is left of the ways there.
    QCOMPARE(QDir(targets.path()).entryList(QDir::Files | QDir::Hidden | QDir::System), QStringList(u"link"_qs));
}

void tst_UploadedFile::movesOverFileSystems()
{
    const QTemporaryDir folder;
    const QTemporaryDir other(u"/dev/shm/quern-XXXXXX"_qs);
    if (!other.isValid() || QStorageInfo(other.path()).device() == QStorageInfo(folder.path()).device())
        QSKIP("needs a second file system at /dev/shm");
    const QByteArray bytes(1'000'000, 'm');
    const Request request = requestWith("cat.png", bytes, folder.filePath(u"part"_qs));
    UploadedFile file = *request.file("photo");
    QFile taken(other.filePath(u"taken"_qs));
    QVERIFY(taken.open(QIODevice::WriteOnly));
    const Result<void> refused = file.moveTo(taken.fileName());
    QVERIFY(!refused && refused.error().code() == Error::Exists);
    QVERIFY(file.isSpooled());
    QVERIFY(file.moveTo(other.filePath(u"kept"_qs)));
    QCOMPARE(contentOf(other.filePath(u"kept"_qs)), bytes);
    QVERIFY(!QFile::exists(folder.filePath(u"part"_qs)));
}

void tst_UploadedFile::refusedMoves()
{
    const QTemporaryDir folder;
    const Request request = requestWith("cat.png", "meow", folder.filePath(u"part"_qs));
    UploadedFile file = *request.file("photo");
    const Result<void> relative = file.moveTo(u"kept"_qs);
    QVERIFY(!relative && relative.error().code() == Error::Invalid);
    const Result<void> missing = file.moveTo(folder.filePath(u"no/such/folder"_qs));
    QVERIFY(!missing && missing.error().code() == Error::Io);
    QCOMPARE(file.data(), QByteArray("meow"));

    UploadedFile small = *requestWith("cat.png", "meow").file("photo");
    QVERIFY(!small.moveTo(folder.filePath(u"no/such/folder"_qs)));
    QVERIFY(!small.isSpooled());
    QCOMPARE(small.data(), QByteArray("meow"));
}

void tst_UploadedFile::vanishedFile()
{
    const QTemporaryDir folder;
    const Request request = requestWith("cat.png", "meow", folder.filePath(u"part"_qs));
    const UploadedFile file = *request.file("photo");
    QVERIFY(QFile::remove(folder.filePath(u"part"_qs)));
    QVERIFY_THROWS_EXCEPTION(std::runtime_error, file.data());
    QVERIFY_THROWS_EXCEPTION(std::runtime_error, file.open());
}

QTEST_APPLESS_MAIN(tst_UploadedFile)
#include "tst_uploadedfile.moc"
