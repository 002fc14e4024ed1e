#include "dispatch/openfile.h"
#include "filesupport.h"

#include "base/descriptorceiling.h"
#include "dispatch/mimetypes.h"

using namespace FileTest;
using namespace Quern;
using namespace Quern::dispatch;

class OpenFileTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void regularFile();
    void notRegular_data();
    void notRegular();
    void descriptorsOfThisProcess_data();
    void descriptorsOfThisProcess();
    void linksOnTheWay();
    void missing();
    void missingRoot();
    void asAnotherUserSeesIt();
    void withAnotherRoot();
    void entries_data();
    void entries();
    void mediaTypes_data();
    void mediaTypes();
    void moreTypesThanAreRemembered();
    void descriptorsThatAreKeptBack();
};

void OpenFileTest::regularFile()
{
    Folder folder;
    folder.add(QStringLiteral("a"), "12345");
    setTime(folder.path(QStringLiteral("a")), changed, 42);
    const Result<OpenFile> file = openFile(folder.path(QStringLiteral("a")));
    QVERIFY(file);
    QCOMPARE(file->size, quint64(5));
    QCOMPARE(qint64(file->modified.tv_sec), changed);
    QCOMPARE(qint64(file->modified.tv_nsec), 42);
    QVERIFY(::fcntl(file->descriptor->get(), F_GETFD) & FD_CLOEXEC);
}

void OpenFileTest::notRegular_data()
{
    QTest::addColumn<QString>("name");
    QTest::newRow("folder") << QStringLiteral("folder");
    QTest::newRow("FIFO") << QStringLiteral("fifo");
    QTest::newRow("device") << QStringLiteral("device");
}

void OpenFileTest::notRegular()
{
    QFETCH(const QString, name);
    Folder folder;
    QVERIFY(QDir(folder.path()).mkdir(QStringLiteral("folder")));
    QCOMPARE(::mkfifo(QFile::encodeName(folder.path(QStringLiteral("fifo"))).constData(), 0600), 0);
    folder.link(QStringLiteral("device"), "/dev/null");
    const Result<OpenFile> file = openFile(folder.path(name));
    QVERIFY(!file);
    QCOMPARE(file.error().code(), Error::Invalid);
    QVERIFY(file.error().message().contains(folder.path(name)));
}

void OpenFileTest::descriptorsOfThisProcess_data()
{
    QTest::addColumn<QString>("path");
    QTest::newRow("/proc") << QStringLiteral("/proc/self/fd/%1");
    QTest::newRow("its thread") << QStringLiteral("/proc/thread-self/fd/%1");
    QTest::newRow("/dev") << QStringLiteral("/dev/fd/%1");
}

/// The way to what is open may be closed to whoever asks: a handler that is another user, for instance.
void OpenFileTest::descriptorsOfThisProcess()
{
    QFETCH(const QString, path);
    if (::geteuid() != 0)
        QSKIP("only root can act as another user");
    Folder folder;
    QCOMPARE(::chmod(QFile::encodeName(folder.path()).constData(), 0755), 0);
    folder.add(QStringLiteral("closed/secret"), "12345");
    QCOMPARE(::chmod(QFile::encodeName(folder.path(QStringLiteral("closed"))).constData(), 0700), 0);
    const QByteArray secret = QFile::encodeName(folder.path(QStringLiteral("closed/secret")));
    QCOMPARE(::chmod(secret.constData(), 0644), 0);
    const base::FileDescriptor fd(::open(secret.constData(), O_RDONLY | O_CLOEXEC));
    const QString own = path.arg(fd.get());
    folder.link(QStringLiteral("link"), QFile::encodeName(own));
    const Result<HandlerFiles> files = HandlerFiles::create({54321, 54321, {}}, {});
    for (const QString &each : {own, folder.path(QStringLiteral("link"))}) {
        QVERIFY2(!files->open(each), qPrintable(each));
        const base::ActingAs user({54321, 54321, {}});
        QVERIFY2(!openFile(each, RootFolder::Lookup::Segments), qPrintable(each));
    }
}

void OpenFileTest::linksOnTheWay()
{
    Folder folder;
    folder.add(QStringLiteral("a"), "12345");
    folder.link(QStringLiteral("link"), "a");
    folder.link(QStringLiteral("here"), ".");
    for (const RootFolder::Lookup lookup : {RootFolder::Lookup::Kernel, RootFolder::Lookup::Segments}) {
        for (const char *name : {"a", "link", "here/link", "here/./here/a"}) {
            const Result<OpenFile> file = openFile(folder.path(QString::fromLatin1(name)), lookup);
            QVERIFY2(file && file->size == 5, name);
        }
        QCOMPARE(openFile(folder.path(QStringLiteral("b")), lookup).error().code(), Error::NotFound);
        QCOMPARE(openFile(QStringLiteral("/dev/null"), lookup).error().code(), Error::Invalid);
    }
}

void OpenFileTest::missing()
{
    const Result<OpenFile> file = openFile(QStringLiteral("/nowhere/file"));
    QVERIFY(!file);
    QCOMPARE(file.error().code(), Error::NotFound);
}

void OpenFileTest::missingRoot()
{
    const Result<RootFolder> root = RootFolder::open(QStringLiteral("/nowhere"));
    QVERIFY(!root);
    QCOMPARE(root.error().code(), Error::NotFound);
    QVERIFY(root.error().message().contains(QStringLiteral("/nowhere")));
}

void OpenFileTest::asAnotherUserSeesIt()
{
    if (::geteuid() != 0)
        QSKIP("only root can act as another user");
    Folder folder;
    folder.add(QStringLiteral("private"), "1");
    folder.add(QStringLiteral("public"), "2");
    QVERIFY(::chmod(QFile::encodeName(folder.path(QString())).constData(), 0755) == 0);
    QVERIFY(::chmod(QFile::encodeName(folder.path(QStringLiteral("private"))).constData(), 0600) == 0);
    const Result<HandlerFiles> files = HandlerFiles::create({54321, 54321, {}}, {});
    QVERIFY(files);
    QVERIFY(files->open(folder.path(QStringLiteral("public"))));
    const Result<OpenFile> refused = files->open(folder.path(QStringLiteral("private")));
    QVERIFY(!refused);
    QCOMPARE(int(refused.error().code()), int(Error::Permission));
    QVERIFY(openFile(folder.path(QStringLiteral("private"))));
}

void OpenFileTest::withAnotherRoot()
{
    if (::geteuid() != 0)
        QSKIP("only root can act as another user");
    Folder folder;
    folder.add(QStringLiteral("a"), "12345");
    const QString root = folder.path(QString());
    QVERIFY(::chmod(QFile::encodeName(root).constData(), 0755) == 0);
    QVERIFY(::symlink("/a", QFile::encodeName(folder.path(QStringLiteral("inside"))).constData()) == 0);
    QVERIFY(::symlink("../../../../../../../etc/passwd",
                      QFile::encodeName(folder.path(QStringLiteral("outside"))).constData()) == 0);
    const Result<HandlerFiles> files = HandlerFiles::create({54321, 54321, {}}, root);
    QVERIFY(files);
    for (const char *path : {"/a", "/inside", "/../a"}) {
        const Result<OpenFile> file = files->open(QString::fromLatin1(path));
        QVERIFY2(file, path);
        QCOMPARE(file->size, quint64(5));
    }
    for (const char *path : {"/outside", "/etc/passwd", "/../../etc/passwd"})
        QVERIFY2(!files->open(QString::fromLatin1(path)), path);
    QVERIFY(!HandlerFiles::create({54321, 54321, {}}, folder.path(QStringLiteral("nothing"))));
}

void OpenFileTest::entries_data()
{
    using Kind = RootFolder::Entry::Kind;
    QTest::addColumn<QByteArray>("path");
    QTest::addColumn<int>("byKernel");
    QTest::addColumn<int>("bySegments");
    const auto row = [](const char *path, Kind byKernel, Kind bySegments) {
        QTest::newRow(path) << QByteArray(path) << int(byKernel) << int(bySegments);
    };
    const auto same = [&row](const char *path, Kind kind) { row(path, kind, kind); };
    same("file", Kind::File);
    same("folder", Kind::Folder);
    same(".", Kind::Folder);
    same("folder/inner", Kind::File);
    same("missing", Kind::None);
    same("file/below", Kind::None);
    same("fifo", Kind::None);
    row("insideLink", Kind::File, Kind::None);
    row("folderLink/inner", Kind::File, Kind::None);
    row("folder/upAndDownLink", Kind::File, Kind::None);
    same("outsideLink", Kind::None);
    same("absoluteLink", Kind::None);
    same("parentLink/secret", Kind::None);
    same("procLink/etc/passwd", Kind::None);
    same("loopLink", Kind::None);
    same("/etc/passwd", Kind::None);
}

void OpenFileTest::entries()
{
    QFETCH(const QByteArray, path);
    QFETCH(const int, byKernel);
    QFETCH(const int, bySegments);
    Folder folder;
    folder.add(QStringLiteral("secret"), "secret");
    folder.add(QStringLiteral("root/file"), "file");
    folder.add(QStringLiteral("root/folder/inner"), "inner");
    folder.link(QStringLiteral("root/insideLink"), "folder/inner");
    folder.link(QStringLiteral("root/folderLink"), "folder");
    folder.link(QStringLiteral("root/folder/upAndDownLink"), "../file");
    folder.link(QStringLiteral("root/outsideLink"), "../secret");
    folder.link(QStringLiteral("root/absoluteLink"), QFile::encodeName(folder.path(QStringLiteral("root/file"))));
    folder.link(QStringLiteral("root/parentLink"), "..");
    folder.link(QStringLiteral("root/procLink"), "/proc/self/root");
    folder.link(QStringLiteral("root/loopLink"), "loopLink");
    QCOMPARE(::mkfifo(QFile::encodeName(folder.path(QStringLiteral("root/fifo"))).constData(), 0600), 0);

    const Result<RootFolder> root = RootFolder::open(folder.path(QStringLiteral("root")));
    QVERIFY(root);
    QCOMPARE(int(root->entry(path).kind), root->lookup() == RootFolder::Lookup::Kernel ? byKernel : bySegments);
    const Result<RootFolder> walked =
        RootFolder::open(folder.path(QStringLiteral("root")), RootFolder::Lookup::Segments);
    QVERIFY(walked);
    // An absolute path never comes here; openat() would follow it.
    if (!path.startsWith('/'))
        QCOMPARE(int(walked->entry(path).kind), bySegments);
}

void OpenFileTest::mediaTypes_data()
{
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<QByteArray>("type");
    QTest::addColumn<bool>("compressible");
    const auto row = [](const char *name, const char *type, bool compressible) {
        QTest::newRow(name) << QByteArray(name) << QByteArray(type) << compressible;
    };
    row("a.html", "text/html; charset=utf-8", true);
    row("A.HTML", "text/html; charset=utf-8", true);
    row("a.css", "text/css; charset=utf-8", true);
    row("jquery.min.js", "text/javascript; charset=utf-8", true);
    row("a.mjs", "text/javascript; charset=utf-8", true);
    row("a.json", "application/json", true);
    row("a.js.map", "application/json", true);
    row("a.svg", "image/svg+xml", true);
    row("a.xml", "application/xml", true);
    row("a.wasm", "application/wasm", true);
    row("a.txt", "text/plain; charset=utf-8", true);
    row("a.webmanifest", "application/manifest+json", true);
    row("a.png", "image/png", false);
    row("a.jpg", "image/jpeg", false);
    row("a.webp", "image/webp", false);
    row("a.woff2", "font/woff2", false);
    row("a.mp4", "video/mp4", false);
    row("a.pdf", "application/pdf", false);
    row("a.gz", "application/gzip", false);
    row("a.tar.gz", "application/x-compressed-tar", false);
    row("a.unknownsuffix", "application/octet-stream", false);
    row("a.", "application/octet-stream", false);
    row("nosuffix", "application/octet-stream", false);
    row("\xff\xfe.png", "image/png", false);
    // Names that the database knows as such speak for no others, before nor after.
    row("CMakeLists.txt", "text/plain; charset=utf-8", true);
    row("b.txt", "text/plain; charset=utf-8", true);
    row("txt", "application/octet-stream", false);
    row("c.txt", "text/plain; charset=utf-8", true);
}

void OpenFileTest::mediaTypes()
{
    QFETCH(const QByteArray, name);
    for (int i = 0; i < 2; ++i) { // looked up, then remembered
        const MediaType type = mediaTypeOf(name);
        QTEST(type.contentType, "type");
        QTEST(type.compressible, "compressible");
    }
}

void OpenFileTest::moreTypesThanAreRemembered()
{
    for (int i = 0; i < 2000; ++i)
        QCOMPARE(mediaTypeOf("a.suffix" + QByteArray::number(i)).contentType, QByteArray("application/octet-stream"));
    QCOMPARE(mediaTypeOf("a.png").contentType, QByteArray("image/png"));
}

void OpenFileTest::descriptorsThatAreKeptBack()
{
    Folder folder;
    folder.add(QStringLiteral("a"), "12345");
    const Result<RootFolder> root = RootFolder::open(folder.path());
    QVERIFY(root);
    const Result<OpenFile> held = openFile(folder.path(QStringLiteral("a")));
    QVERIFY(held);
    const int highest = held->descriptor->get();
    base::keepDescriptorsFrom(highest + 1);
    const auto release = qScopeGuard([] { base::keepDescriptorsFrom(std::numeric_limits<int>::max()); });
    const Result<OpenFile> refused = openFile(folder.path(QStringLiteral("a")));
    QVERIFY(!refused);
    QVERIFY2(refused.error().message().contains(u"Too many open files"), qPrintable(refused.error().message()));
    QCOMPARE(root->entry("a").kind, RootFolder::Entry::Kind::OutOfDescriptors);
    QCOMPARE(root->entry("b").kind, RootFolder::Entry::Kind::None);
    base::keepDescriptorsFrom(highest + 2);
    QCOMPARE(root->entry("a").kind, RootFolder::Entry::Kind::File);
}

QTEST_GUILESS_MAIN(OpenFileTest)
#include "tst_openfile.moc"
