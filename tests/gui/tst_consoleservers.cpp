#include "consoletest.h"

#include "admin-gui/connection/tokenstore.h"
#include "admin-gui/window/healthheader.h"
#include "admin-gui/window/mainwindow.h"
#include "admin-gui/window/tray.h"

#include <QAction>
#include <QComboBox>
#include <QDialog>
#include <QElapsedTimer>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QMessageBox>
#include <QPushButton>
#include <QSettings>
#include <QTableView>

#include <csignal>

using namespace Quern;
using namespace Quern::console;
using Phase = LinkState::Phase;

/// Which server the console is on, as whom, and what it says when that server is not there.
class tst_consoleservers : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup() { m_test.reset(); }

    void remoteWithAToken();
    void wrongTokensAreToldApart();
    void viewersLookOnly();
    void savedServersAreInTheMenu();
    void withoutAKeychainTheUserDecides();
    void deathIsSeenWithinTwoSecondsAndMendsItself();
    void silenceIsSeenWithinTwoSeconds();
    void aServerThatIsNotThereYet();
    void anotherServerShowsNothingOfTheFirst();

private:
    Session &session() { return m_test->console().session(); }
    QLabel *banner() const { return m_test->find<QLabel>(QStringLiteral("banner.text")); }
    bool waitPhase(Phase phase)
    {
        return ConsoleTest::wait([&] { return session().state().phase == phase; }, 20'000);
    }
    /// Goes to the server's API, and enters a token when it is asked for.
    bool connectWith(const QString &token, TokenStore::Keep keep, const QString &name = {});

    QMenu *serversMenu() const;

    std::unique_ptr<ConsoleTest> m_test;
};

void tst_consoleservers::init()
{
    QSettings().clear();
    QFile::remove(TokenStore::filePath());
    m_test = std::make_unique<ConsoleTest>();
    QVERIFY(m_test->isReady());
}

bool tst_consoleservers::connectWith(const QString &token, TokenStore::Keep keep, const QString &name)
{
    m_test->action(QStringLiteral("Connect to"))->trigger();
    QDialog *dialog = m_test->dialog(QStringLiteral("connect"));
    if (!dialog)
        return false;
    dialog->findChild<QLineEdit *>(QStringLiteral("connect.address"))->setText(m_test->server().apiUrl());
    dialog->findChild<QLineEdit *>(QStringLiteral("connect.name"))->setText(name);
    dialog->findChild<QLineEdit *>(QStringLiteral("connect.token"))->setText(token);
    auto *choice = dialog->findChild<QComboBox *>(QStringLiteral("connect.keep"));
    choice->setCurrentIndex(choice->findData(int(keep)));
    m_test->shoot(QStringLiteral("dialog-connect"));
    QTest::mouseClick(dialog->findChild<QPushButton *>(QStringLiteral("connect.apply")), Qt::LeftButton);
    return ConsoleTest::wait([&] { return !session().address().isLocal(); });
}

void tst_consoleservers::remoteWithAToken()
{
    const QString token = m_test->server().token(QStringLiteral("operator"));
    QVERIFY(!token.isEmpty());
    QVERIFY(connectWith(token, TokenStore::Keep::Memory, QStringLiteral("shop")));
    QVERIFY(waitPhase(Phase::Connected));
    QVERIFY(m_test->waitConnected());
    QCOMPARE(session().state().role, admin::Role::Operator);
    QVERIFY(session().state().who.contains(QStringLiteral("operator")));
    QTRY_VERIFY(m_test->window().windowTitle().startsWith(QStringLiteral("shop")));
    QVERIFY(m_test->action(QStringLiteral("Reload"))->isEnabled());
    QVERIFY(!m_test->action(QStringLiteral("Stop"))->isEnabled());
    QVERIFY(m_test->perform(QStringLiteral("Reload"), QStringLiteral("Done.")));
    // Known from now on: by the console's memory.
    m_test->console().open(ServerAddress::ofSocket(m_test->server().socketPath()));
    QTRY_COMPARE(session().state().role, admin::Role::Admin);
    m_test->console().open(*ServerAddress::parse(m_test->server().apiUrl()));
    QTRY_COMPARE(session().state().role, admin::Role::Operator);
}

void tst_consoleservers::wrongTokensAreToldApart()
{
    m_test->console().open(*ServerAddress::parse(m_test->server().apiUrl()));
    // No keychain runs here: the token is asked for at once.
    QDialog *dialog = m_test->dialog(QStringLiteral("connect"));
    QVERIFY(dialog);
    QVERIFY(!dialog->findChild<QLabel *>(QStringLiteral("connect.problem"))->text().isEmpty());
    dialog->reject();
    QVERIFY(waitPhase(Phase::Refused));
    QTRY_VERIFY(banner()->isVisible());
    QVERIFY2(banner()->text().contains(QStringLiteral("The server wants a token.")), qPrintable(banner()->text()));
    m_test->shoot(QStringLiteral("token-wanted"));
    QTest::mouseClick(m_test->find<QPushButton>(QStringLiteral("banner.token")), Qt::LeftButton);
    dialog = m_test->dialog(QStringLiteral("connect"));
    QVERIFY(dialog);
    QCOMPARE(dialog->findChild<QLineEdit *>(QStringLiteral("connect.address"))->text(), m_test->server().apiUrl());
    dialog->reject();
    QVERIFY(connectWith(QStringLiteral("wrong"), TokenStore::Keep::Memory));
    QTRY_VERIFY2(banner()->text().contains(QStringLiteral("does not know this token")), qPrintable(banner()->text()));
    QVERIFY(!m_test->action(QStringLiteral("Reload"))->isEnabled());
}

void tst_consoleservers::viewersLookOnly()
{
    QVERIFY(connectWith(m_test->server().token(QStringLiteral("viewer")), TokenStore::Keep::Memory));
    QVERIFY(m_test->waitConnected());
    QTRY_COMPARE(session().state().role, admin::Role::Viewer);
    for (const char *name : {"Reload", "Scale", "Drain", "Watch files for changes", "Restart", "Stop"})
        QVERIFY2(!m_test->action(QString::fromLatin1(name))->isEnabled(), name);
    for (const QString &name : m_test->window().viewNames()) {
        m_test->window().go(name);
        QCoreApplication::processEvents();
    }
    QVERIFY(m_test->waitConnected());
    m_test->window().go(QStringLiteral("processes"));
    m_test->shoot(QStringLiteral("viewer"));
}

/// As it is when it is opened, of the present window.
QMenu *tst_consoleservers::serversMenu() const
{
    for (QAction *each : m_test->window().serverMenu()->actions()) {
        if (each->menu()) {
            Q_EMIT each->menu()->aboutToShow();
            return each->menu();
        }
    }
    return nullptr;
}

void tst_consoleservers::savedServersAreInTheMenu()
{
    QVERIFY(connectWith(m_test->server().token(QStringLiteral("viewer")), TokenStore::Keep::Memory,
                        QStringLiteral("shop")));
    QVERIFY(m_test->waitConnected());
    m_test->console().open(ServerAddress::ofSocket(m_test->server().socketPath()));
    QTRY_COMPARE(session().state().role, admin::Role::Admin);
    QMenu *servers = serversMenu();
    QVERIFY(servers);
    QCOMPARE(servers->actions().size(), 1);
    QVERIFY(servers->actions().at(0)->text().startsWith(QStringLiteral("shop (")));
    servers->actions().at(0)->trigger();
    QTRY_COMPARE(session().state().role, admin::Role::Viewer);
    m_test->action(QStringLiteral("Forget this server"))->trigger();
    QVERIFY(!serversMenu()->actions().at(0)->isEnabled());
}

void tst_consoleservers::withoutAKeychainTheUserDecides()
{
    const QString token = m_test->server().token(QStringLiteral("viewer"));
    QVERIFY(connectWith(token, TokenStore::Keep::Keychain));
    auto *box = qobject_cast<QMessageBox *>(m_test->dialog(QStringLiteral("tokenNotKept")));
    QVERIFY(box);
    QVERIFY2(box->text().contains(QStringLiteral("no keychain service")), qPrintable(box->text()));
    m_test->shoot(QStringLiteral("dialog-no-keychain"));
    QVERIFY(m_test->waitConnected());
    QVERIFY(!QFile::exists(TokenStore::filePath()));
    QTest::mouseClick(box->findChild<QPushButton *>(QStringLiteral("tokenNotKept.file")), Qt::LeftButton);
    QTRY_VERIFY(QFile::exists(TokenStore::filePath()));
    QFile file(TokenStore::filePath());
    QVERIFY(file.open(QIODevice::ReadOnly));
    QVERIFY(file.readAll().contains(token.toUtf8()));
    QVERIFY(!(file.permissions() & (QFileDevice::ReadGroup | QFileDevice::ReadOther)));
}

void tst_consoleservers::deathIsSeenWithinTwoSecondsAndMendsItself()
{
    QCOMPARE(m_test->console().tray().tone(), Tone::Good);
    QElapsedTimer timer;
    timer.start();
    m_test->server().kill();
    QTRY_VERIFY_WITH_TIMEOUT(banner()->isVisible(), 10'000);
    qInfo() << "a server that was killed is seen after" << timer.elapsed() << "ms";
    QVERIFY(timer.elapsed() < 4000); // the promise is 2 s; the rest is for busy machines
    QVERIFY2(banner()->text().contains(QStringLiteral("crashed, or was killed")), qPrintable(banner()->text()));
    QCOMPARE(m_test->console().tray().tone(), Tone::Bad);
    m_test->shoot(QStringLiteral("killed"));
    QTRY_VERIFY_WITH_TIMEOUT(!m_test->server().isRunning(), 10'000);
    QVERIFY(m_test->server().start());
    QVERIFY(m_test->waitConnected());
    QTRY_VERIFY(!banner()->isVisible());
    QTRY_COMPARE(m_test->console().tray().tone(), Tone::Good);
}

void tst_consoleservers::silenceIsSeenWithinTwoSeconds()
{
    const auto master = pid_t(m_test->server().pid());
    QElapsedTimer timer;
    timer.start();
    ::kill(master, SIGSTOP);
    const bool isSeen = ConsoleTest::wait([this] { return banner()->isVisible(); }, 10'000);
    const qint64 after = timer.elapsed();
    ::kill(master, SIGCONT);
    QVERIFY(isSeen);
    qInfo() << "a server that says nothing is seen after" << after << "ms";
    QVERIFY(after < 4000);
    QTRY_VERIFY(!banner()->isVisible());
}

void tst_consoleservers::aServerThatIsNotThereYet()
{
    QVERIFY(m_test->server().stop());
    m_test->console().open(ServerAddress::ofSocket(m_test->server().socketPath()));
    QVERIFY(waitPhase(Phase::Waiting));
    const auto *sentence = m_test->find<QLabel>(QStringLiteral("health.sentence"));
    QVERIFY2(sentence->text().contains(QStringLiteral("No server runs at")), qPrintable(sentence->text()));
    m_test->window().go(QStringLiteral("overview"));
    m_test->shoot(QStringLiteral("not-there"));
    QVERIFY(m_test->server().start());
    QVERIFY(m_test->waitConnected());
}

void tst_consoleservers::anotherServerShowsNothingOfTheFirst()
{
    for (const char *name : {"configuration", "logs", "processes", "cron", "plugins", "audit", "tables"})
        m_test->window().go(QString::fromLatin1(name));
    m_test->window().go(QStringLiteral("configuration"));
    QTRY_VERIFY(m_test->find<QTableView>(QStringLiteral("configuration.table"))->model()->rowCount() > 20);
    const TestServer another; // it is not started
    m_test->console().open(ServerAddress::ofSocket(another.socketPath()));
    QCOMPARE(m_test->window().currentView()->name(), QStringLiteral("configuration"));
    for (const QTableView *table : m_test->window().findChildren<QTableView *>())
        QVERIFY2(table->objectName() == QStringLiteral("activities.table") || table->model()->rowCount() == 0,
                 qPrintable(table->objectName()));
    QVERIFY(waitPhase(Phase::Waiting));
    QVERIFY(!m_test->find<QLabel>(QStringLiteral("health.sentence"))->text().contains(QStringLiteral("All is well")));
}

QTEST_MAIN(tst_consoleservers)
#include "tst_consoleservers.moc"
