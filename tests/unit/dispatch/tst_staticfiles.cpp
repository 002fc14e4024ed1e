#include "dispatch/staticfiles.h"
#include "filesupport.h"

#include <sys/resource.h>

using namespace FileTest;
using namespace Quern;
using namespace Quern::dispatch;

namespace {

/// An answer in a word or two: "200 body", "-> place", "page", "not static".
QByteArray summary(const StaticAnswer &answer)
{
    if (const auto *reply = std::get_if<FileReply>(&answer))
        return QByteArray::number(reply->status) + ' ' + bodyOf(*reply);
    if (const auto *redirection = std::get_if<Redirection>(&answer))
        return "-> " + redirection->location;
    if (std::holds_alternative<MadePage>(answer))
        return "page";
    return std::holds_alternative<NotStatic>(answer) ? "not static" : "no descriptor left";
}

} // namespace

Q_DECLARE_METATYPE(StaticFilesSettings)

class StaticFilesTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void found_data();
    void found();
    void foundBySegments_data() { found_data(); }
    void foundBySegments();
    void methods_data();
    void methods();
    void asterisk();
    void fields();
    void locations_data();
    void locations();
    void siblings_data();
    void siblings();
    void siblingsFields();
    void siblingsOff();
    void rangeOfASibling();
    void olderSibling();
    void listing();
    void listingIsEscaped();
    void listingIsBounded();
    void listingOfAFolderWithAnIndex();
    void changedFile();
    void fileThatGrows();
    void noDescriptorLeft();
    void badSettings_data();
    void badSettings();

private:
    StaticFilesSettings settings() const
    {
        StaticFilesSettings made;
        made.documentRoot = m_folder.path(QStringLiteral("root"));
        made.indexNames = {"index.html", "index.htm"};
        return made;
    }
    static StaticFiles opened(const StaticFilesSettings &settings)
    {
        Result<StaticFiles> files = StaticFiles::open(settings);
        if (!files)
            qFatal("%s", qPrintable(files.error().message()));
        return std::move(files).value();
    }
    static QByteArray ask(const StaticFiles &files, const QByteArray &target, const QByteArray &fields = {},
                          const QByteArray &method = "GET")
    {
        return summary(files.find(Asked(target, fields, method).head()));
    }

    Folder m_folder;
};

void StaticFilesTest::initTestCase()
{
    m_folder.add(QStringLiteral("secret"), "secret");
    m_folder.add(QStringLiteral("root/index.html"), "home");
    m_folder.add(QStringLiteral("root/a.txt"), "a");
    m_folder.add(QStringLiteral("root/with space.txt"), "space");
    m_folder.add(QStringLiteral("root/100%.txt"), "percent");
    m_folder.add(QStringLiteral("root/%2e.txt"), "once");
    m_folder.add(QStringLiteral("root/..a"), "hidden");
    m_folder.add(QStringLiteral("root/.hidden"), "hidden");
    m_folder.add(QStringLiteral("root/.git/config"), "hidden");
    m_folder.add(QStringLiteral("root/.well-known/acme/token"), "token");
    m_folder.add(QStringLiteral("root/.well-known/.hidden"), "hidden");
    m_folder.add(QStringLiteral("root/sub/.well-known/token"), "hidden");
    m_folder.add(QStringLiteral("root/sub/index.htm"), "sub");
    m_folder.add(QStringLiteral("root/sub/deep/a.txt"), "deep");
    m_folder.add(QStringLiteral("root/both/index.htm"), "second");
    m_folder.add(QStringLiteral("root/both/index.html"), "first");
    m_folder.add(QStringLiteral("root/\\host/index.html"), "backslash");
    m_folder.add(QStringLiteral("root/app.js"), "plain");
    m_folder.add(QStringLiteral("root/app.js.br"), "brotli");
    m_folder.add(QStringLiteral("root/app.js.gz"), "gzip!");
    m_folder.add(QStringLiteral("root/old.js"), "plain", changed + 10);
    m_folder.add(QStringLiteral("root/old.js.gz"), "older", changed);
    m_folder.add(QStringLiteral("root/a.png"), "image");
    m_folder.add(QStringLiteral("root/a.png.gz"), "never");
    QVERIFY(QDir(m_folder.path()).mkdir(QStringLiteral("root/fake")));
    QVERIFY(QDir(m_folder.path()).mkpath(QStringLiteral("root/fake/index.html")));
    m_folder.link(QStringLiteral("root/inside"), "sub/deep");
    m_folder.link(QStringLiteral("root/outside"), "../secret");
    m_folder.link(QStringLiteral("root/up"), "..");
    QCOMPARE(::mkfifo(QFile::encodeName(m_folder.path(QStringLiteral("root/fifo"))).constData(), 0600), 0);
}

void StaticFilesTest::found_data()
{
    QTest::addColumn<QByteArray>("target");
    QTest::addColumn<QByteArray>("answer");
    const auto row = [](const QByteArray &target, const char *answer) {
        QTest::newRow(target.left(60).constData()) << target << QByteArray(answer);
    };
    row("/a.txt", "200 a");
    row("/a.txt?version=1", "200 a");
    row("/a.txt?../../x", "200 a");
    row("http://example.com/a.txt", "200 a");
    row("http://example.com", "200 home"); // no path is "/" (RFC 9110 §4.2.3)
    row("/", "200 home");
    row("/?x", "200 home");
    row("/sub/", "200 sub");
    row("/sub", "-> /sub/");
    row("/sub?x=/y", "-> /sub/?x=/y");
    row("/both/", "200 first");
    row("/sub/deep/a.txt", "200 deep");
    row("/sub/deep", "not static");
    row("/sub/deep/", "not static");
    row("/fake", "not static");
    row("/fake/", "not static");
    row("/missing", "not static");
    row("/a.txt/", "not static");
    row("/a.txt/b", "not static");
    row("/with%20space.txt", "200 space");
    row("/%61.txt", "200 a");
    row("/100%25.txt", "200 percent");
    row("/%252e.txt", "200 once"); // decoded once: the name holds "%2e"
    row("/100%.txt", "not static");
    row("/a.txt%", "not static");
    row("/a.txt%4", "not static");
    row("/a.txt%00", "not static");
    row("/a.txt%00.png", "not static");
    row("/sub%2Findex.htm", "not static");
    row("/sub%2findex.htm", "not static");
    row("/.hidden", "not static");
    row("/%2ehidden", "not static");
    row("/..a", "not static");
    row("/.git/config", "not static");
    row("/sub/.well-known/token", "not static");
    row("/.well-known/acme/token", "200 token");
    row("/.well-known/.hidden", "not static");
    row("/./a.txt", "not static");
    row("/../secret", "not static");
    row("/%2e%2e/secret", "not static");
    row("/.%2e/secret", "not static");
    row("/sub/../a.txt", "not static");
    row("/sub/..%2f..%2fsecret", "not static");
    row("/..%5csecret", "not static");
    row("//a.txt", "not static");
    row("//example.com/..", "not static");
    row("/sub//index.htm", "not static");
    row("/%5Chost", "-> /%5Chost/");
    row("/\\host", "-> /%5Chost/"); // "/\host/" would lead a browser to another server
    row("/outside", "not static");
    row("/up/secret", "not static");
    row("/up/", "not static");
    row("/fifo", "not static");
    row("/" + QByteArray(5000, 'a'), "not static");
    row("/" + QByteArray(300, 'a'), "not static");
    row("/" + QByteArray("a/").repeated(2000) + "b", "not static");
}

void StaticFilesTest::found()
{
    QFETCH(const QByteArray, target);
    QTEST(ask(opened(settings()), target), "answer");
    QCOMPARE(ask(opened(settings()), "/inside/a.txt"), QByteArray("200 deep"));
}

void StaticFilesTest::foundBySegments()
{
    QFETCH(const QByteArray, target);
    const Result<StaticFiles> files = StaticFiles::open(settings(), RootFolder::Lookup::Segments);
    QVERIFY(files);
    QTEST(ask(*files, target), "answer");
    QCOMPARE(ask(*files, "/inside/a.txt"), QByteArray("not static"));
}

void StaticFilesTest::methods_data()
{
    QTest::addColumn<QByteArray>("method");
    QTest::addColumn<QByteArray>("answer");
    QTest::newRow("HEAD") << QByteArray("HEAD") << QByteArray("200 ");
    QTest::newRow("POST") << QByteArray("POST") << QByteArray("not static");
    QTest::newRow("OPTIONS") << QByteArray("OPTIONS") << QByteArray("not static");
    QTest::newRow("DELETE") << QByteArray("DELETE") << QByteArray("not static");
}

void StaticFilesTest::methods()
{
    QFETCH(const QByteArray, method);
    QTEST(ask(opened(settings()), "/a.txt", {}, method), "answer");
    const StaticFiles files = opened(settings());
    QVERIFY(files.has(Asked("/a.txt", {}, method).head()));
    QVERIFY(!files.has(Asked("/none.txt", {}, method).head()));
    QVERIFY(!files.has(Asked("/.hidden", {}, method).head()));
}

void StaticFilesTest::asterisk()
{
    const StaticFiles files = opened(settings());
    QCOMPARE(ask(files, "*", {}, "OPTIONS"), QByteArray("not static"));
    QVERIFY(!files.has(Asked("*", {}, "OPTIONS").head()));
}

void StaticFilesTest::fields()
{
    StaticFilesSettings made = settings();
    made.cacheControl = "public, max-age=60";
    const StaticFiles files = opened(made);
    const StaticAnswer answer = files.find(Asked("/a.png").head());
    QCOMPARE(std::get<FileReply>(answer).headerBlock,
             QByteArray("Cache-Control: public, max-age=60\r\nContent-Type: image/png\r\n"
                        "X-Content-Type-Options: nosniff\r\nAccept-Ranges: bytes\r\nETag: \"2ebc98a1.0-5\"\r\n"
                        "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
    QCOMPARE(ask(files, "/a.png", "If-None-Match: \"2ebc98a1.0-5\"\r\n"), QByteArray("304 "));
    QCOMPARE(ask(files, "/a.png", "Range: bytes=1-2\r\n"), QByteArray("206 ma"));
}

void StaticFilesTest::locations_data()
{
    QTest::addColumn<QByteArray>("location");
    QTest::addColumn<QByteArray>("target");
    QTest::addColumn<bool>("served");
    const auto row = [](const char *location, const char *target, bool served) {
        QTest::addRow("%s in %s", target, location) << QByteArray(location) << QByteArray(target) << served;
    };
    row("/sub", "/sub/", true);
    row("/sub/", "/sub/", true);
    row("/sub", "/sub", true);
    row("/sub", "/sub/deep/a.txt", true);
    row("/sub/deep", "/sub/deep/a.txt", true);
    row("/sub/deep", "/sub/", false);
    row("/sub", "/a.txt", false);
    row("/a", "/a.txt", false);
    row("/", "/a.txt", true);
}

void StaticFilesTest::locations()
{
    QFETCH(const QByteArray, location);
    QFETCH(const QByteArray, target);
    StaticFilesSettings made = settings();
    made.locations = {"/elsewhere", location};
    QTEST(ask(opened(made), target) != "not static", "served");
}

void StaticFilesTest::siblings_data()
{
    QTest::addColumn<QByteArray>("accept");
    QTest::addColumn<QByteArray>("answer");
    const auto row = [](const char *accept, const char *answer) {
        QTest::newRow(accept) << QByteArray(accept) << QByteArray(answer);
    };
    row("gzip, deflate, br", "200 brotli");
    row("gzip", "200 gzip!");
    row("GZIP", "200 gzip!");
    row("br", "200 brotli");
    row("br;q=0, gzip", "200 gzip!");
    row("br; q=0.0 , gzip ; q=0.001", "200 gzip!");
    row("br;q=1.000", "200 brotli");
    row("br;q=x, gzip;q", "200 plain");
    row("*", "200 brotli");
    row("*;q=0", "200 plain");
    row("*, br;q=0", "200 gzip!");
    row("identity", "200 plain");
    row("deflate", "200 plain");
    row("gzipped", "200 plain");
    row(",,", "200 plain");
    QTest::newRow("empty") << QByteArray("") << QByteArray("200 plain");
}

void StaticFilesTest::siblings()
{
    QFETCH(const QByteArray, accept);
    QTEST(ask(opened(settings()), "/app.js", "Accept-Encoding: " + accept + "\r\n"), "answer");
}

void StaticFilesTest::siblingsFields()
{
    const StaticFiles files = opened(settings());
    const auto reply = [&files](const char *target, const QByteArray &fields) {
        return std::get<FileReply>(files.find(Asked(target, fields).head()));
    };
    const FileReply plain = reply("/app.js", {});
    QCOMPARE(field(plain, "vary"), QByteArray("Accept-Encoding"));
    QCOMPARE(field(plain, "content-encoding"), QByteArray());
    const FileReply coded = reply("/app.js", "Accept-Encoding: gzip\r\n");
    QCOMPARE(field(coded, "vary"), QByteArray("Accept-Encoding"));
    QCOMPARE(field(coded, "content-encoding"), QByteArray("gzip"));
    QCOMPARE(field(coded, "content-type"), QByteArray("text/javascript; charset=utf-8"));
    // Both are five bytes of the same second: the codings must not share a tag.
    QVERIFY(field(coded, "etag") != field(plain, "etag"));
    const FileReply unchanged =
        reply("/app.js", "Accept-Encoding: gzip\r\nIf-None-Match: " + field(coded, "etag") + "\r\n");
    QCOMPARE(unchanged.status, 304);
    QCOMPARE(field(unchanged, "etag"), field(coded, "etag"));
    QCOMPARE(field(unchanged, "vary"), QByteArray("Accept-Encoding"));
    QCOMPARE(field(unchanged, "content-encoding"), QByteArray());
    // What is compressed already has no siblings.
    const FileReply image = reply("/a.png", "Accept-Encoding: gzip\r\n");
    QCOMPARE(bodyOf(image), QByteArray("image"));
    QCOMPARE(field(image, "vary"), QByteArray());
    // A sibling asked for by its own name is a file like any other.
    const FileReply itself = reply("/app.js.gz", "Accept-Encoding: gzip\r\n");
    QCOMPARE(field(itself, "content-type"), QByteArray("application/gzip"));
    QCOMPARE(field(itself, "content-encoding"), QByteArray());
}

void StaticFilesTest::siblingsOff()
{
    StaticFilesSettings made = settings();
    made.precompressed = false;
    const StaticFiles files = opened(made);
    const auto answer = files.find(Asked("/app.js", "Accept-Encoding: gzip, br\r\n").head());
    QCOMPARE(summary(answer), QByteArray("200 plain"));
    QCOMPARE(field(std::get<FileReply>(answer), "vary"), QByteArray());
}

void StaticFilesTest::rangeOfASibling()
{
    QCOMPARE(ask(opened(settings()), "/app.js", "Accept-Encoding: gzip\r\nRange: bytes=1-2\r\n"), QByteArray("206 zi"));
}

void StaticFilesTest::olderSibling()
{
    QCOMPARE(ask(opened(settings()), "/old.js", "Accept-Encoding: gzip\r\n"), QByteArray("200 plain"));
}

void StaticFilesTest::listing()
{
    Folder folder;
    for (const char *name : {"b.txt", "a.txt", "z/inner", ".hidden", ".git/config"})
        folder.add(QString::fromLatin1(name), "x");
    folder.link(QStringLiteral("link"), "a.txt");
    folder.link(QStringLiteral("outside"), "/etc/passwd");
    folder.link(QStringLiteral("dangling"), "nothing");
    StaticFilesSettings made;
    made.documentRoot = folder.path();
    QCOMPARE(ask(opened(made), "/"), QByteArray("not static"));
    QCOMPARE(ask(opened(made), "/z"), QByteArray("not static"));
    made.listing = true;
    const StaticFiles files = opened(made);
    QCOMPARE(ask(files, "/z"), QByteArray("-> /z/"));
    const auto page = std::get<MadePage>(files.find(Asked("/").head()));
    QVERIFY(page.headerBlock.contains("Content-Type: text/html; charset=utf-8\r\n"));
    QVERIFY(!page.body.contains("hidden"));
    QVERIFY(!page.body.contains(".git"));
    QVERIFY(!page.body.contains("../"));
    const auto at = [&page](const char *name) { return page.body.indexOf(QByteArray("href=\"./") + name + '"'); };
    QVERIFY(at("z/") > 0);
    QVERIFY(at("z/") < at("a.txt"));
    QVERIFY(at("a.txt") < at("b.txt"));
    QVERIFY(at("b.txt") < at("link"));
    QVERIFY(at("outside") < 0 && at("dangling") < 0);
    QVERIFY(std::get<MadePage>(files.find(Asked("/z/").head())).body.contains("href=\"../\""));
}

void StaticFilesTest::listingIsEscaped()
{
    Folder folder;
    folder.add(QStringLiteral("<script>&\"'%2f.txt"), "x");
    folder.add(QStringLiteral("javascript:alert(1)"), "x");
    folder.add(QStringLiteral("<b>/inner"), "x");
    StaticFilesSettings made;
    made.documentRoot = folder.path();
    made.listing = true;
    const StaticFiles files = opened(made);
    const QByteArray body = std::get<MadePage>(files.find(Asked("/").head())).body;
    QVERIFY(!body.contains("<script>"));
    QVERIFY(body.contains("href=\"./%3Cscript%3E%26%22%27%252f.txt\">&lt;script&gt;&amp;&quot;"));
    QVERIFY(body.contains("href=\"./javascript%3Aalert%281%29\""));
    QVERIFY(!std::get<MadePage>(files.find(Asked("/%3Cb%3E/").head())).body.contains("<b>"));
}

void StaticFilesTest::listingIsBounded()
{
    Folder folder;
    for (int i = 0; i < 2001; ++i)
        folder.add(QString::number(i), {});
    StaticFilesSettings made;
    made.documentRoot = folder.path();
    made.listing = true;
    const QByteArray body = std::get<MadePage>(opened(made).find(Asked("/").head())).body;
    QCOMPARE(body.count("<li>"), 2000);
    QVERIFY(body.contains("There are more"));
}

void StaticFilesTest::listingOfAFolderWithAnIndex()
{
    StaticFilesSettings made = settings();
    made.listing = true;
    QCOMPARE(ask(opened(made), "/"), QByteArray("200 home"));
    QCOMPARE(ask(opened(made), "/fake/"), QByteArray("page"));
    QCOMPARE(ask(opened(made), "/missing/"), QByteArray("not static"));
    QCOMPARE(ask(opened(made), "/.git/"), QByteArray("not static"));
    QCOMPARE(ask(opened(made), "/up/"), QByteArray("not static"));
}

void StaticFilesTest::changedFile()
{
    const StaticFiles files = opened(settings());
    m_folder.add(QStringLiteral("root/changing.txt"), "one");
    const auto first = std::get<FileReply>(files.find(Asked("/changing.txt").head()));
    // Replaced, as a deployment does: the answer under way is still of the first.
    m_folder.add(QStringLiteral("root/next.txt"), "two", changed + 1);
    QVERIFY(QFile::remove(m_folder.path(QStringLiteral("root/changing.txt"))));
    QVERIFY(QFile::rename(m_folder.path(QStringLiteral("root/next.txt")),
                          m_folder.path(QStringLiteral("root/changing.txt"))));
    QCOMPARE(bodyOf(first), QByteArray("one"));
    const QByteArray condition = "If-None-Match: " + field(first, "etag") + "\r\n";
    QCOMPARE(ask(files, "/changing.txt", condition), QByteArray("200 two"));
    QCOMPARE(ask(files, "/changing.txt", "Range: bytes=0-0\r\nIf-Range: " + field(first, "etag") + "\r\n"),
             QByteArray("200 two"));
    QVERIFY(QFile::remove(m_folder.path(QStringLiteral("root/changing.txt"))));
    QCOMPARE(ask(files, "/changing.txt"), QByteArray("not static"));
}

void StaticFilesTest::fileThatGrows()
{
    const StaticFiles files = opened(settings());
    m_folder.add(QStringLiteral("root/growing.txt"), "one");
    const auto reply = std::get<FileReply>(files.find(Asked("/growing.txt").head()));
    m_folder.add(QStringLiteral("root/growing.txt"), "one and two");
    QCOMPARE(bodyOf(reply), QByteArray("one"));
    QCOMPARE(reply.bodyLength, quint64(3));
}

void StaticFilesTest::noDescriptorLeft()
{
    const StaticFiles files = opened(settings());
    rlimit before = {};
    QCOMPARE(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const base::FileDescriptor next(::dup(0));
    const rlimit none = {rlim_t(next.get()), before.rlim_max};
    QCOMPARE(::setrlimit(RLIMIT_NOFILE, &none), 0);
    const QByteArray file = ask(files, "/a.txt");
    const QByteArray index = ask(files, "/");
    QCOMPARE(::setrlimit(RLIMIT_NOFILE, &before), 0);
    QCOMPARE(file, QByteArray("no descriptor left"));
    QCOMPARE(index, QByteArray("no descriptor left"));
}

void StaticFilesTest::badSettings_data()
{
    QTest::addColumn<StaticFilesSettings>("settings");
    QTest::addColumn<QString>("named");
    StaticFilesSettings index = settings();
    index.indexNames = {"index.html", "../index.html"};
    QTest::newRow("index name with a path") << index << QStringLiteral("../index.html");
    index.indexNames = {""};
    QTest::newRow("empty index name") << index << QStringLiteral("index name \"\"");
    StaticFilesSettings location = settings();
    location.locations = {"assets"};
    QTest::newRow("location without a slash") << location << QStringLiteral("assets");
    StaticFilesSettings root = settings();
    root.documentRoot = m_folder.path(QStringLiteral("root/a.txt"));
    QTest::newRow("the root is a file") << root << root.documentRoot;
}

void StaticFilesTest::badSettings()
{
    QFETCH(const StaticFilesSettings, settings);
    QFETCH(const QString, named);
    const Result<StaticFiles> files = StaticFiles::open(settings);
    QVERIFY(!files);
    QVERIFY2(files.error().message().contains(named), qPrintable(files.error().message()));
}

QTEST_GUILESS_MAIN(StaticFilesTest)
#include "tst_staticfiles.moc"
