#include "recordingsink.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>

#include <sys/stat.h>
#include <unistd.h>

using namespace Quern;

/// Where an answer sends its client: another location, or a file.
class tst_ResponseTargets : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init() { m_sink = std::make_unique<RecordingSink>(); }
    void redirections_data();
    void redirections();
    void refusedRedirections_data();
    void refusedRedirections();
    void laterRedirectionWins();
    void file();
    void fileReplacesBody();
    void bodyReplacesFile();
    void fileFailures_data();
    void fileFailures();
    void refusedFiles();
    void download_data();
    void download();
    void streamHead();
    void streamsInAThread();
    void sinkGoneBeforeTheStream();
    void endedOnlyOnce();

private:
    Response make(quint64 id = 1)
    {
        m_data = new ResponsePrivate(id, m_sink.get());
        return Response(m_data.get());
    }
    QString fileNamed(const QString &name)
    {
        const QString path = m_folder.filePath(name);
        QFile made(path);
        if (!made.open(QIODevice::WriteOnly) || made.write("content") != 7)
            qFatal("no file");
        return path;
    }

    QTemporaryDir m_folder;
    std::unique_ptr<RecordingSink> m_sink;
    QExplicitlySharedDataPointer<ResponsePrivate> m_data;
};

void tst_ResponseTargets::redirections_data()
{
    QTest::addColumn<QByteArray>("location");
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("sent");
    const auto row = [](const char *title, const char *location, int status, const char *sent) {
        QTest::newRow(title) << QByteArray(location) << status << QByteArray(sent);
    };
    row("path", "/login?next=/a&b=1#top", 302, "/login?next=/a&b=1#top");
    row("URI", "https://[::1]:8443/~a/b;c=d,e'(f)*g!", 301, "https://[::1]:8443/~a/b;c=d,e'(f)*g!");
    row("relative", "../x", 303, "../x");
    row("beyond ASCII", "/caf\xc3\xa9", 307, "/caf%C3%A9");
    row("escapes stay", "/a%2Fb", 308, "/a%2Fb");
    row("stray percent signs", "/%zz%2", 308, "/%25zz%252");
    row("what no URI holds", "/a b\"<>\\^`{|}", 302, "/a%20b%22%3C%3E%5C%5E%60%7B%7C%7D");
    row("broken UTF-8", "/\xff", 302, "/%FF");
    row("spaces around", " /x ", 302, "/x");
}

void tst_ResponseTargets::redirections()
{
    QFETCH(QByteArray, location);
    QFETCH(int, status);
    Response response = make();
    response.redirect(location, status);
    QCOMPARE(response.status(), status);
    QFETCH(QByteArray, sent);
    QCOMPARE(m_data->headerBlock, "Location: " + sent + "\r\n");
}

void tst_ResponseTargets::refusedRedirections_data()
{
    QTest::addColumn<QByteArray>("location");
    QTest::addColumn<int>("status");
    QTest::newRow("empty") << QByteArray() << 302;
    QTest::newRow("CR LF") << QByteArray("/x\r\nSet-Cookie: a=b") << 302;
    QTest::newRow("LF") << QByteArray("/x\n") << 302;
    QTest::newRow("NUL") << QByteArray("/x\0", 3) << 302;
    for (const int status : {200, 300, 304, 305, 306, 309, 400})
        QTest::addRow("status %d", status) << QByteArray("/x") << status;
}

void tst_ResponseTargets::refusedRedirections()
{
    QFETCH(QByteArray, location);
    QFETCH(int, status);
    Response response = make();
    QVERIFY_THROWS_EXCEPTION(std::invalid_argument, response.redirect(location, status));
    QCOMPARE(response.status(), 200);
    QVERIFY(response.header("Location").isNull());
}

void tst_ResponseTargets::laterRedirectionWins()
{
    Response response = make();
    response.redirect("/a");
    response.redirect("/b", 303);
    QCOMPARE(m_data->headerBlock, QByteArray("Location: /b\r\n"));
}

void tst_ResponseTargets::file()
{
    const QString path = fileNamed(u"caf\u00e9.txt"_qs);
    Response response = make();
    QVERIFY(response.file(path));
    QVERIFY(response.body().isEmpty());
    QVERIFY(m_data->finish());
    const Answer &answer = m_sink->outcomes.first().answer;
    QCOMPARE(answer.kind, Answer::Kind::File);
    QCOMPARE(answer.file.path, QFile::encodeName(path));
    struct stat status = {};
    QCOMPARE(::stat(answer.file.path.constData(), &status), 0);
    QCOMPARE(answer.file.inode, quint64(status.st_ino));
    QCOMPARE(answer.file.device, quint64(status.st_dev));
    QCOMPARE(answer.headerBlock, QByteArray());
}

void tst_ResponseTargets::fileReplacesBody()
{
    Response response = make();
    response.text(u"text"_qs);
    QVERIFY(response.file(fileNamed(u"a"_qs)));
    QVERIFY(response.body().isEmpty());
    QVERIFY(response.header("Content-Type").isNull());
    response.setHeader("Content-Type", "text/x-mine");
    QVERIFY(response.file(fileNamed(u"b"_qs)));
    QCOMPARE(response.header("Content-Type"), QByteArrayView("text/x-mine"));
}

void tst_ResponseTargets::bodyReplacesFile()
{
    Response response = make();
    QVERIFY(response.file(fileNamed(u"a"_qs)));
    response.send("bytes");
    QCOMPARE(m_data->kind, Answer::Kind::Whole);
}

void tst_ResponseTargets::fileFailures_data()
{
    QTest::addColumn<QString>("path");
    QTest::addColumn<int>("code");
    const QString fifo = m_folder.filePath(u"fifo"_qs);
    QCOMPARE(::mkfifo(QFile::encodeName(fifo).constData(), 0600), 0);
    QTest::newRow("missing") << m_folder.filePath(u"none"_qs) << int(Error::NotFound);
    QTest::newRow("below a file") << fileNamed(u"plain"_qs) + u"/x"_qs << int(Error::NotFound);
    QTest::newRow("folder") << m_folder.path() << int(Error::Invalid);
    QTest::newRow("FIFO") << fifo << int(Error::Invalid);
    QTest::newRow("device") << u"/dev/null"_qs << int(Error::Invalid);
}

void tst_ResponseTargets::fileFailures()
{
    QFETCH(QString, path);
    QFETCH(int, code);
    Response response = make();
    response.text(u"as before"_qs);
    const Result<void> result = response.download(path);
    QVERIFY(!result);
    QCOMPARE(int(result.error().code()), code);
    QVERIFY(result.error().message().startsWith(path + u": "_qs));
    QCOMPARE(response.body(), QByteArrayView("as before"));
    QVERIFY(response.header("Content-Disposition").isNull());
}

void tst_ResponseTargets::refusedFiles()
{
    Response response = make();
    for (const QString &path : {u"relative.txt"_qs, u""_qs, u"../x"_qs, m_folder.filePath(u"a\0b"_qs)})
        QVERIFY_THROWS_EXCEPTION(std::invalid_argument, static_cast<void>(response.file(path)));
}

void tst_ResponseTargets::download_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QByteArray>("disposition");
    QTest::newRow("own name") << QString() << QByteArray("attachment; filename=\"report.pdf\"");
    QTest::newRow("given name") << u"year.pdf"_qs << QByteArray("attachment; filename=\"year.pdf\"");
    QTest::newRow("beyond ASCII") << u"\u00fc.pdf"_qs
                                  << QByteArray("attachment; filename=\"u.pdf\"; filename*=UTF-8''%C3%BC.pdf");
}

void tst_ResponseTargets::download()
{
    QFETCH(QString, name);
    Response response = make();
    QVERIFY(response.download(fileNamed(u"report.pdf"_qs), name));
    QCOMPARE(m_data->kind, Answer::Kind::File);
    QTEST(response.header("Content-Disposition").toByteArray(), "disposition");
}

void tst_ResponseTargets::streamHead()
{
    Response response = make(5);
    response.text(u"not this"_qs);
    ResponseStream stream = response.stream("text/csv", 7);
    QCOMPARE(m_sink->outcomes.size(), 1);
    const Answer &answer = m_sink->outcomes.first().answer;
    QCOMPARE(answer.kind, Answer::Kind::Stream);
    QCOMPARE(answer.headerBlock, QByteArray("Content-Type: text/csv\r\n"));
    QCOMPARE(answer.body, QByteArray());
    QCOMPARE(answer.stream->settings().length, std::optional<quint64>(7));
    QVERIFY(m_data->deferred);
    QVERIFY(!m_data->finish());
    QVERIFY(stream.write("abc"));
    QCOMPARE(m_sink->written, QList<quint64>({5}));
    QCOMPARE(answer.stream->take().pieces, QList<QByteArray>({"abc"}));
}

void tst_ResponseTargets::streamsInAThread()
{
    std::optional<Response> response = make(5);
    std::thread([later = response->defer()]() mutable {
        const ResponseStream stream = later.stream();
        stream.write("a");
        stream.write("b");
        stream.end();
    }).join();
    response.reset();
    QTRY_COMPARE(m_sink->written.size(), 1); // one call for all that came together
    QCOMPARE(m_sink->outcomes.size(), 1);
    const ResponseStreamPrivate::Taken taken = m_sink->outcomes.first().answer.stream->take();
    QCOMPARE(taken.pieces, QList<QByteArray>({"a", "b"}));
    QVERIFY(taken.ended);
    QCOMPARE(taken.failure, ResponseStreamPrivate::Failure::None);
}

void tst_ResponseTargets::sinkGoneBeforeTheStream()
{
    Response response = make();
    m_sink.reset();
    const ResponseStream stream = response.stream();
    QVERIFY(!stream.write("x"));
    stream.onClose([] { QFAIL("nobody can call this"); });
    stream.end();
}

void tst_ResponseTargets::endedOnlyOnce()
{
    Response response = make();
    QVERIFY(!response.isEnded());
    response.end();
    QVERIFY(response.isEnded());
    QVERIFY(!response.stream().isOpen());
    QVERIFY(!response.events().isOpen());
    QCOMPARE(m_sink->outcomes.size(), 1);
}

QTEST_GUILESS_MAIN(tst_ResponseTargets)
#include "tst_responsetargets.moc"
