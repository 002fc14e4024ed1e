#include "dispatch/requestbody.h"

#include "base/descriptorceiling.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QTemporaryDir>
#include <QTest>

using namespace Quern;
using dispatch::BodySettings;
using dispatch::RequestBody;
using dispatch::SpoolFile;

namespace {

QByteArray contentOf(const QByteArray &path)
{
    QFile file(QFile::decodeName(path));
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray("(cannot be read)");
}

/// A form of one field "a" and one file "f".
QByteArray formOf(const QByteArray &field, const QByteArray &file)
{
    return "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n" + field +
           "\r\n--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"n.txt\"\r\nContent-Type: "
           "text/plain\r\n\r\n" +
           file + "\r\n--x--\r\n";
}

constexpr char formType[] = "multipart/form-data; boundary=x";

} // namespace

/// Bodies on their way through the master.
class TestRequestBody : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void shortBodyStaysInMemory();
    void longBodyGoesToAFile();
    void exactlyTheBound();
    void filesAreForTheUserAlone();
    void filesGoWithTheirOwner();
    void movedFileStays();
    void shortFormIsKeptWhole();
    void longFileOfAForm_data();
    void longFileOfAForm();
    void manyShortPartsShareAFile();
    void shortPartsAmongLongOnes();
    void namesAreBounded_data();
    void namesAreBounded();
    void trailersAreKept();
    void formWithoutBoundary();
    void formWithoutEnd();
    void noDirectory();
    void noDescriptorLeft();
    void leftoversAreRemoved();

private:
    QStringList files() const { return QDir(m_settings.spoolDirectory).entryList(QDir::Files); }

    std::unique_ptr<QTemporaryDir> m_directory;
    BodySettings m_settings;
};

void TestRequestBody::init()
{
    m_directory = std::make_unique<QTemporaryDir>();
    m_settings.spoolDirectory = m_directory->path();
    m_settings.bufferBytes = 100'000;
}

void TestRequestBody::shortBodyStaysInMemory()
{
    RequestBody body("text/plain", m_settings);
    QVERIFY(!body.append("hel"));
    QVERIFY(!body.append("lo"));
    QVERIFY(!body.finish({}));
    QVERIFY(body.layout().isPlain());
    QCOMPARE(body.takeBytes(), QByteArray("hello"));
    QVERIFY(files().isEmpty());
}

void TestRequestBody::longBodyGoesToAFile()
{
    RequestBody body({}, m_settings);
    QByteArray whole;
    for (int i = 0; i < 5; ++i) {
        const QByteArray part(40'000, char('a' + i));
        QVERIFY(!body.append(part));
        whole += part;
    }
    QVERIFY(!body.finish({}));
    QCOMPARE(body.layout().size, quint64(whole.size()));
    QVERIFY(body.layout().path.startsWith('/'));
    QCOMPARE(contentOf(body.layout().path), whole);
    QVERIFY(body.takeBytes().isEmpty());
}

void TestRequestBody::exactlyTheBound()
{
    RequestBody body({}, m_settings);
    QVERIFY(!body.append(QByteArray(100'000, 'x')));
    QVERIFY(files().isEmpty());
    QVERIFY(!body.append("y"));
    QCOMPARE(files().size(), 1);
}

void TestRequestBody::filesAreForTheUserAlone()
{
    RequestBody body({}, m_settings);
    QVERIFY(!body.append(QByteArray(200'000, 'x')));
    QCOMPARE(QFile::permissions(m_settings.spoolDirectory + u'/' + files().constFirst()) &
                 (QFile::ReadGroup | QFile::WriteGroup | QFile::ReadOther | QFile::WriteOther),
             QFile::Permissions());
}

void TestRequestBody::filesGoWithTheirOwner()
{
    RequestBody body({}, m_settings);
    QVERIFY(!body.append(QByteArray(200'000, 'x')));
    QVERIFY(!body.finish({}));
    {
        const std::vector<SpoolFile> owned = body.takeFiles();
        QCOMPARE(files().size(), 1);
    }
    QVERIFY(files().isEmpty());
    {
        RequestBody given({}, m_settings); // the client leaves in the middle
        QVERIFY(!given.append(QByteArray(200'000, 'x')));
        QCOMPARE(files().size(), 1);
    }
    QVERIFY(files().isEmpty());
}

void TestRequestBody::movedFileStays()
{
    const QString kept = m_directory->filePath(QStringLiteral("kept"));
    {
        Result<SpoolFile> file = SpoolFile::create(m_settings.spoolDirectory, "mine");
        QVERIFY(file && file->write("abc"));
        QCOMPARE(file->size(), quint64(3));
        QVERIFY(QFile::rename(QFile::decodeName(file->path()), kept));
    }
    QCOMPARE(contentOf(QFile::encodeName(kept)), QByteArray("abc"));
}

void TestRequestBody::shortFormIsKeptWhole()
{
    const QByteArray form = formOf("field", "content");
    RequestBody body(formType, m_settings);
    for (const char byte : form)
        QVERIFY(!body.append(QByteArray(1, byte)));
    QVERIFY(!body.finish({}));
    const QByteArray bytes = body.takeBytes();
    QCOMPARE(bytes, form);
    QVERIFY(body.layout().isForm);
    QCOMPARE(body.layout().parts.size(), 2);
    const ipc::BodyLayout::Part &field = body.layout().parts.at(0), &file = body.layout().parts.at(1);
    QCOMPARE(bytes.mid(qsizetype(field.offset), qsizetype(field.size)), QByteArray("field"));
    QVERIFY(!field.isFile);
    QCOMPARE(bytes.mid(qsizetype(file.offset), qsizetype(file.size)), QByteArray("content"));
    QVERIFY(file.isFile);
    QCOMPARE(file.fileName, QByteArray("n.txt"));
    QCOMPARE(file.contentType, QByteArray("text/plain"));
    QVERIFY(files().isEmpty());
}

void TestRequestBody::longFileOfAForm_data()
{
    QTest::addColumn<qsizetype>("piece");
    QTest::newRow("at once") << qsizetype(1'000'000);
    QTest::newRow("in pieces as they are read") << qsizetype(65'536);
    QTest::newRow("in odd pieces") << qsizetype(777);
}

void TestRequestBody::longFileOfAForm()
{
    QFETCH(const qsizetype, piece);
    QByteArray content;
    for (int i = 0; content.size() < 300'000; ++i)
        content += QByteArray::number(i) + "\r\n--y";
    const QByteArray form = formOf("field", content);
    RequestBody body(formType, m_settings);
    for (qsizetype at = 0; at < form.size(); at += piece)
        QVERIFY(!body.append(form.mid(at, piece)));
    QVERIFY(!body.finish({}));
    const ipc::BodyLayout &layout = body.layout();
    QCOMPARE(layout.parts.size(), 2);
    const QByteArray bytes = body.takeBytes();
    QCOMPARE(bytes, QByteArray("field"));
    QCOMPARE(layout.parts.at(0).offset, quint64(0));
    QCOMPARE(layout.parts.at(0).size, quint64(5));
    QCOMPARE(layout.parts.at(1).size, quint64(content.size()));
    QCOMPARE(contentOf(layout.parts.at(1).path), content);
    QVERIFY(layout.path.isEmpty());
    QCOMPARE(files().size(), 1);
}

void TestRequestBody::manyShortPartsShareAFile()
{
    RequestBody body(formType, m_settings);
    for (int i = 0; i < 100; ++i) {
        QVERIFY(!body.append("--x\r\nContent-Disposition: form-data; name=\"p\"\r\n\r\n" +
                             QByteArray(10'000, char('a' + i % 26)) + "\r\n"));
    }
    QVERIFY(!body.append("--x--"));
    QVERIFY(!body.finish({}));
    QCOMPARE(files().size(), 1);
    QCOMPARE(body.layout().parts.size(), 100);
    QCOMPARE(body.layout().size, quint64(1'000'000));
    QVERIFY(body.takeBytes().isEmpty());
    const QByteArray bytes = contentOf(body.layout().path);
    for (int i = 0; i < 100; ++i) {
        const ipc::BodyLayout::Part &part = body.layout().parts.at(i);
        QVERIFY(part.path.isEmpty());
        QCOMPARE(bytes.mid(qsizetype(part.offset), qsizetype(part.size)), QByteArray(10'000, char('a' + i % 26)));
    }
}

void TestRequestBody::shortPartsAmongLongOnes()
{
    const qsizetype sizes[] = {0, 1, RequestBody::MaxShortPart, RequestBody::MaxShortPart + 1, 90'000, 2, 200'000,
                               0, 3};
    QByteArray form;
    for (const qsizetype size : sizes)
        form += "--x\r\nContent-Disposition: form-data; name=\"p\"\r\n\r\n" + QByteArray(size, 'p') + "\r\n";
    for (const qsizetype step : {qsizetype(7), qsizetype(50'000), form.size()}) {
        RequestBody body(formType, m_settings);
        for (qsizetype at = 0; at < form.size(); at += step)
            QVERIFY(!body.append(form.mid(at, step)));
        QVERIFY(!body.append("--x--"));
        QVERIFY(!body.finish({}));
        QVERIFY(body.layout().path.isEmpty()); // the short ones fit into memory
        const QByteArray bytes = body.takeBytes();
        for (qsizetype i = 0; i < qsizetype(std::size(sizes)); ++i) {
            const ipc::BodyLayout::Part &part = body.layout().parts.at(i);
            QCOMPARE(part.size, quint64(sizes[i]));
            QCOMPARE(part.path.isEmpty(), sizes[i] <= RequestBody::MaxShortPart);
            const QByteArray content =
                part.path.isEmpty() ? bytes.mid(qsizetype(part.offset), qsizetype(part.size)) : contentOf(part.path);
            QCOMPARE(content, QByteArray(sizes[i], 'p'));
        }
    }
}

void TestRequestBody::namesAreBounded_data()
{
    QTest::addColumn<int>("parts");
    QTest::addColumn<int>("status");
    QTest::newRow("as long as allowed") << 64 << 0;
    QTest::newRow("too long") << 65 << 413;
}

void TestRequestBody::namesAreBounded()
{
    // They cross to the worker beside the body, and what crosses at once has to fit into a frame.
    QFETCH(const int, parts);
    QFETCH(const int, status);
    QByteArray form;
    for (int i = 0; i < parts; ++i)
        form += "--x\r\nContent-Disposition: form-data; name=" + QByteArray(4000, 'n') +
                "\r\nContent-Type: " + QByteArray(RequestBody::MaxNames / 64 - 4000, 't') + "\r\n\r\n\r\n";
    for (const quint64 bufferBytes : {quint64(10'000'000), quint64(1000)}) {
        m_settings.bufferBytes = bufferBytes;
        RequestBody body(formType, m_settings);
        auto refusal = body.append(form + "--x--");
        if (!refusal)
            refusal = body.finish({});
        QCOMPARE(refusal ? refusal->status : 0, status);
    }
}

void TestRequestBody::trailersAreKept()
{
    RequestBody body({}, m_settings);
    QVERIFY(!body.append("x"));
    QVERIFY(!body.finish("a: b\r\n"));
    QCOMPARE(body.layout().trailers, QByteArray("a: b\r\n"));
    QVERIFY(!body.layout().isPlain());
}

void TestRequestBody::formWithoutBoundary()
{
    RequestBody body("multipart/form-data", m_settings);
    const auto refusal = body.append("x");
    QVERIFY(refusal);
    QCOMPARE(refusal->status, 400);
}

void TestRequestBody::formWithoutEnd()
{
    RequestBody body(formType, m_settings);
    QVERIFY(!body.append(formOf("field", "content").chopped(6)));
    const auto refusal = body.finish({});
    QVERIFY(refusal);
    QCOMPARE(refusal->status, 400);
}

void TestRequestBody::noDirectory()
{
    m_settings.spoolDirectory = QStringLiteral("/nowhere");
    for (const char *type : {"", formType}) {
        RequestBody body(type, m_settings);
        QTest::ignoreMessage(QtCriticalMsg,
                             "a request was answered 500: a file for an upload in /nowhere: No such file or directory");
        auto refusal = body.append(formOf("field", QByteArray(200'000, 'x')));
        QVERIFY(refusal);
        QCOMPARE(refusal->status, 500);
        QCOMPARE(body.finish({})->status, 500);
    }
}

void TestRequestBody::noDescriptorLeft()
{
    base::keepDescriptorsFrom(0);
    const Result<SpoolFile> file = SpoolFile::create(m_settings.spoolDirectory, "mine");
    base::keepDescriptorsFrom(std::numeric_limits<int>::max());
    QVERIFY(!file);
    QVERIFY2(file.error().message().contains(u"Too many open files"), qPrintable(file.error().message()));
    QVERIFY(files().isEmpty());
}

void TestRequestBody::leftoversAreRemoved()
{
    Result<SpoolFile> file = SpoolFile::create(m_settings.spoolDirectory, "mine");
    QVERIFY(file);
    QFile foreign(m_directory->filePath(QStringLiteral("foreign")));
    QVERIFY(foreign.open(QIODevice::WriteOnly));
    const Result<SpoolFile> others = SpoolFile::create(m_settings.spoolDirectory, "others");
    QVERIFY(others);
    QCOMPARE(files().size(), 3);
    SpoolFile::removeLeftovers(m_settings.spoolDirectory, "mine");
    QCOMPARE(files(), QStringList({u"foreign"_qs, QFileInfo(QFile::decodeName(others->path())).fileName()}));
}

QTEST_APPLESS_MAIN(TestRequestBody)
#include "tst_requestbody.moc"
