#include "admin-gui/connection/serveraddress.h"

#include <QTemporaryDir>
#include <QTest>

using namespace Quern;
using console::ServerAddress;

class tst_serveraddress : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void reads_data();
    void reads();
    void refuses_data();
    void refuses();
    void folderMeansItsSocket();
    void exposed_data();
    void exposed();
};

void tst_serveraddress::reads_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("written");
    QTest::addColumn<QString>("stream");
    QTest::newRow("http") << "http://10.0.0.7:5210"
                          << "http://10.0.0.7:5210"
                          << "ws://10.0.0.7:5210/api/v1/stream";
    QTest::newRow("https without port") << "https://ops.example"
                                        << "https://ops.example:5210"
                                        << "wss://ops.example:5210/api/v1/stream";
    QTest::newRow("with the path of the API") << "http://h:1/api/v1/"
                                              << "http://h:1"
                                              << "ws://h:1/api/v1/stream";
    QTest::newRow("ws") << "ws://h:1"
                        << "http://h:1"
                        << "ws://h:1/api/v1/stream";
    QTest::newRow("wss") << "wss://h:1"
                         << "https://h:1"
                         << "wss://h:1/api/v1/stream";
    QTest::newRow("host alone") << "localhost"
                                << "http://localhost:5210"
                                << "ws://localhost:5210/api/v1/stream";
    QTest::newRow("host and port") << "localhost:99"
                                   << "http://localhost:99"
                                   << "ws://localhost:99/api/v1/stream";
    QTest::newRow("IPv6") << "http://[::1]:5210"
                          << "http://[::1]:5210"
                          << "ws://[::1]:5210/api/v1/stream";
    QTest::newRow("socket") << "/run/q/control.sock"
                            << "/run/q/control.sock"
                            << "";
    QTest::newRow("socket after its scheme") << "unix:/run/q/control.sock"
                                             << "/run/q/control.sock"
                                             << "";
    QTest::newRow("blanks around") << "  http://h:1 "
                                   << "http://h:1"
                                   << "ws://h:1/api/v1/stream";
}

void tst_serveraddress::reads()
{
    QFETCH(QString, text);
    QFETCH(QString, written);
    QFETCH(QString, stream);
    const Result<ServerAddress> address = ServerAddress::parse(text);
    QVERIFY2(address.ok(), address ? "" : qPrintable(address.error().message()));
    QCOMPARE(address->text(), written);
    QCOMPARE(address->streamUrl().toString(), stream);
    QCOMPARE(address->isLocal(), stream.isEmpty());
    QCOMPARE(ServerAddress::isPath(text), address->isLocal());
    const Result<ServerAddress> again = ServerAddress::parse(address->text());
    QVERIFY(again.ok());
    QCOMPARE(*again, *address);
}

void tst_serveraddress::refuses_data()
{
    QTest::addColumn<QString>("text");
    QTest::newRow("nothing") << "";
    QTest::newRow("blanks") << "  ";
    QTest::newRow("another scheme") << "ftp://h";
    QTest::newRow("another path") << "http://h/admin";
    QTest::newRow("query") << "http://h/?a=b";
    QTest::newRow("user and password") << "http://a:b@h:1";
    QTest::newRow("no host") << "http://:5210";
    QTest::newRow("port too large") << "http://h:99999";
    QTest::newRow("blank within") << "http://a b";
}

void tst_serveraddress::refuses()
{
    QFETCH(QString, text);
    const Result<ServerAddress> address = ServerAddress::parse(text);
    QVERIFY(!address.ok());
    QCOMPARE(address.error().code(), Error::Invalid);
    QVERIFY(!address.error().message().isEmpty());
}

void tst_serveraddress::folderMeansItsSocket()
{
    const QTemporaryDir folder;
    const Result<ServerAddress> address = ServerAddress::parse(folder.path());
    QVERIFY(address.ok());
    QCOMPARE(address->socketPath(), folder.filePath(QStringLiteral("control.sock")));
}

void tst_serveraddress::exposed_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<bool>("isExposed");
    QTest::newRow("socket") << "/run/control.sock" << false;
    QTest::newRow("this machine") << "http://127.0.0.1:1" << false;
    QTest::newRow("localhost") << "http://localhost:1" << false;
    QTest::newRow("IPv6 of this machine") << "http://[::1]:1" << false;
    QTest::newRow("TLS") << "https://10.0.0.7:1" << false;
    QTest::newRow("plain to elsewhere") << "http://10.0.0.7:1" << true;
    QTest::newRow("plain by name") << "http://ops.example:1" << true;
}

void tst_serveraddress::exposed()
{
    QFETCH(QString, text);
    QFETCH(bool, isExposed);
    QCOMPARE(ServerAddress::parse(text)->isExposed(), isExposed);
}

QTEST_MAIN(tst_serveraddress)
#include "tst_serveraddress.moc"
