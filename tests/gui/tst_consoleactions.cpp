#include "consoletest.h"

#include "admin-gui/models/processmodel.h"
#include "admin-gui/models/textinput.h"
#include "admin-gui/views/operationpanel.h"
#include "admin-gui/window/mainwindow.h"

#include <QAction>
#include <QDialog>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSettings>
#include <QSpinBox>
#include <QTableView>
#include <QTreeView>

using namespace Quern;
using namespace Quern::console;

/// Everything that the menus and the processes' view can do with a server, done.
class tst_consoleactions : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup() { m_test.reset(); }

    void generationsAreCounted();
    void reloadBringsANewGeneration();
    void aReloadThatIsRolledBackSaysWhy();
    void scaleChangesTheNumberOfWorkers();
    void drainBeginsAndEnds();
    void watchingReloadsWhenFilesChange();
    void recycleReplacesAWorker();
    void killAsksAndReplaces();
    void restartBeginsAnewAndIsFollowed();
    void stopIsToldAsSuch();
    void whoeverCancelsHasDoneNothing();
    void wrongLogLevelsStayInTheirDialog();
    void candidatesAreChecked();

private:
    const admin::Status &status() { return *m_test->console().session().status(); }
    bool waitStatus(const std::function<bool(const admin::Status &)> &condition)
    {
        return ConsoleTest::wait([&] { return m_test->console().session().status() && condition(status()); }, 30'000);
    }
    QString command() const;
    bool selectProcess(const QString &name);
    QAction *treeAction(const QString &text) const;

    std::unique_ptr<ConsoleTest> m_test;
};

void tst_consoleactions::init()
{
    QSettings().clear();
    m_test = std::make_unique<ConsoleTest>();
    QVERIFY(m_test->isReady());
}

/// That of the last action.
QString tst_consoleactions::command() const
{
    QString line;
    int newest = 0;
    m_test->console().actions().activities().forEach([&](const Activity &each) {
        if (each.id > newest) {
            newest = each.id;
            line = each.commandLine;
        }
    });
    return line;
}

bool tst_consoleactions::selectProcess(const QString &name)
{
    m_test->window().go(QStringLiteral("processes"));
    auto *tree = m_test->find<QTreeView>(QStringLiteral("processes.tree"));
    auto *model = qobject_cast<ProcessModel *>(tree->model());
    if (!ConsoleTest::wait([&] { return model->indexOfProcess(name).isValid(); }))
        return false;
    tree->setCurrentIndex(model->indexOfProcess(name));
    return true;
}

QAction *tst_consoleactions::treeAction(const QString &text) const
{
    for (QAction *action : m_test->find<QTreeView>(QStringLiteral("processes.tree"))->actions()) {
        if (action->text() == text)
            return action;
    }
    return nullptr;
}

void tst_consoleactions::generationsAreCounted()
{
    using State = admin::WorkerStatus::State;
    admin::Status present;
    for (const auto &[generation, state] : {std::pair(1, State::Draining), std::pair(1, State::Draining),
                                            std::pair(2, State::Ready), std::pair(2, State::Starting)}) {
        admin::WorkerStatus worker;
        worker.generation = generation;
        worker.state = state;
        present.workers.append(worker);
    }
    QCOMPARE(OperationPanel::generationsText(present),
             QStringLiteral("generation 1: 2 draining, generation 2: 1 of 2 ready"));
}

void tst_consoleactions::reloadBringsANewGeneration()
{
    m_test->window().go(QStringLiteral("overview"));
    QVERIFY(m_test->perform(QStringLiteral("Reload"), QStringLiteral("Done.")));
    QVERIFY(waitStatus([](const admin::Status &status) { return status.generation == 2; }));
    QCOMPARE(command(), QStringLiteral("quern reload -c ") + m_test->server().configFile());
    const auto *title = m_test->find<QLabel>(QStringLiteral("operation.title"));
    QTRY_VERIFY(title->text().contains(QStringLiteral("done")));
    QVERIFY(m_test->find<QLabel>(QStringLiteral("operation.steps"))->text().contains(QStringLiteral("generation 2")));
    m_test->shoot(QStringLiteral("reload-done"));
}

void tst_consoleactions::aReloadThatIsRolledBackSaysWhy()
{
    m_test->window().go(QStringLiteral("overview"));
    QFile file(m_test->server().configFile());
    QVERIFY(file.open(QIODevice::Append));
    file.write("\n[[plugin]]\nfile = \"/nonexistent/libshop.so\"\n");
    file.close();
    QVERIFY(m_test->perform(QStringLiteral("Reload"), QStringLiteral("libshop.so")));
    m_test->shoot(QStringLiteral("reload-failed"));
    QCOMPARE(status().generation, 1);
    QVERIFY(!m_test->server().get(QStringLiteral("/hello/x")).isEmpty());
}

void tst_consoleactions::scaleChangesTheNumberOfWorkers()
{
    m_test->action(QStringLiteral("Scale"))->trigger();
    QDialog *dialog = m_test->dialog(QStringLiteral("scale"));
    QVERIFY(dialog);
    QCOMPARE(dialog->findChild<QSpinBox *>(QStringLiteral("scale.workers"))->value(), 2);
    QCOMPARE(dialog->findChild<QSpinBox *>(QStringLiteral("scale.taskWorkers"))->value(), 1);
    dialog->findChild<QSpinBox *>(QStringLiteral("scale.workers"))->setValue(3);
    m_test->shoot(QStringLiteral("dialog-scale"));
    QTest::mouseClick(dialog->findChild<QPushButton *>(QStringLiteral("scale.apply")), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(m_test->activity().contains(QStringLiteral("Done.")), 30'000);
    QVERIFY(waitStatus([](const admin::Status &status) { return status.workers.size() == 3; }));
    QCOMPARE(command(), QStringLiteral("quern call server.scale '{\"taskWorkers\":0,\"workers\":3}' -c ") +
                            m_test->server().configFile());
}

void tst_consoleactions::drainBeginsAndEnds()
{
    QVERIFY(m_test->perform(QStringLiteral("Drain"), QStringLiteral("Done.")));
    QVERIFY(waitStatus([](const admin::Status &status) { return status.draining; }));
    QTRY_VERIFY(m_test->action(QStringLiteral("End the drain")));
    QVERIFY(m_test->perform(QStringLiteral("End the drain"), QStringLiteral("End the drain")));
    QVERIFY(waitStatus([](const admin::Status &status) { return !status.draining; }));
}

void tst_consoleactions::watchingReloadsWhenFilesChange()
{
    m_test->window().go(QStringLiteral("overview"));
    QAction *watch = m_test->action(QStringLiteral("Watch files for changes"));
    QVERIFY(watch && watch->isCheckable() && !watch->isChecked());
    watch->trigger();
    QTRY_VERIFY_WITH_TIMEOUT(m_test->activity().contains(QStringLiteral("The server reloads when its files change.")),
                             30'000);
    QCOMPARE(command(), QStringLiteral("quern call server.watch '{\"on\":true}' -c ") + m_test->server().configFile());
    QTRY_VERIFY_WITH_TIMEOUT(watch->isChecked(), 30'000);
    const auto change = [this] {
        QFile file(m_test->server().configFile());
        return file.open(QIODevice::Append) && file.write("# changed\n") > 0;
    };
    // It watches from a moment later on.
    QVERIFY(QTest::qWaitFor(
        [&] { return change() && ConsoleTest::wait([this] { return status().generation == 2; }, 3000); }, 60'000));
    const auto *steps = m_test->find<QLabel>(QStringLiteral("operation.steps"));
    QTRY_VERIFY(steps->text().contains(QStringLiteral("quern.toml has changed")) &&
                steps->text().contains(QStringLiteral("generation 2 serves")));
    m_test->shoot(QStringLiteral("watching"));
    watch->trigger();
    QTRY_VERIFY_WITH_TIMEOUT(m_test->activity().contains(QStringLiteral("The server does not reload by itself.")),
                             30'000);
    QTRY_VERIFY_WITH_TIMEOUT(!watch->isChecked(), 30'000);
    QVERIFY(waitStatus([](const admin::Status &status) { return !status.watching; }));
}

void tst_consoleactions::recycleReplacesAWorker()
{
    QVERIFY(selectProcess(QStringLiteral("worker 1")));
    const qint64 before = status().workers.at(1).pid;
    m_test->shoot(QStringLiteral("process-detail"));
    treeAction(QStringLiteral("Recycle"))->trigger();
    QVERIFY(waitStatus([before](const admin::Status &status) {
        return status.workers.size() == 2 && status.workers.at(1).pid != before && status.workers.at(1).pid != 0;
    }));
    QVERIFY2(command().contains(QStringLiteral("process.recycle '{\"pid\":%1,\"process\":\"worker 1\"}'").arg(before)),
             qPrintable(command()));
}

void tst_consoleactions::killAsksAndReplaces()
{
    QVERIFY(selectProcess(QStringLiteral("worker 0")));
    const qint64 before = status().workers.at(0).pid;
    treeAction(QStringLiteral("Kill…"))->trigger();
    QDialog *question = m_test->dialog(QStringLiteral("confirm"));
    QVERIFY(question);
    const QString warning = question->findChild<QLabel *>(QStringLiteral("confirm.warning"))->text();
    QVERIFY(warning.contains(QStringLiteral("worker 0")));
    m_test->shoot(QStringLiteral("dialog-kill"));
    QTest::mouseClick(question->findChild<QPushButton *>(QStringLiteral("confirm.proceed")), Qt::LeftButton);
    QVERIFY(waitStatus([before](const admin::Status &status) {
        return status.workers.at(0).pid != before && status.workers.at(0).pid != 0 &&
               !status.workers.at(0).lastExit.isEmpty();
    }));
}

void tst_consoleactions::restartBeginsAnewAndIsFollowed()
{
    const QDateTime before = status().startedAt;
    QVERIFY(m_test->perform(QStringLiteral("Restart"), QStringLiteral("Done.")));
    QVERIFY(waitStatus([before](const admin::Status &status) { return status.startedAt > before; }));
    QVERIFY(m_test->waitConnected());
}

void tst_consoleactions::stopIsToldAsSuch()
{
    QVERIFY(m_test->perform(QStringLiteral("Stop"), QStringLiteral("The server has stopped.")));
    const auto *banner = m_test->find<QLabel>(QStringLiteral("banner.text"));
    QTRY_VERIFY(banner->isVisible());
    QVERIFY2(banner->text().contains(QStringLiteral("It was stopped.")), qPrintable(banner->text()));
    m_test->shoot(QStringLiteral("stopped"));
    QVERIFY(!m_test->action(QStringLiteral("Reload"))->isEnabled());
    QTRY_VERIFY(!m_test->server().isRunning());
}

void tst_consoleactions::whoeverCancelsHasDoneNothing()
{
    m_test->action(QStringLiteral("Stop"))->trigger();
    QDialog *question = m_test->dialog(QStringLiteral("confirm"));
    QVERIFY(question);
    m_test->shoot(QStringLiteral("dialog-stop"));
    // Enter is for Cancel here.
    QTest::keyClick(question, Qt::Key_Return);
    QTRY_VERIFY(!m_test->find<QDialog>(QStringLiteral("confirm")));
    QVERIFY(m_test->server().isRunning());
    QCOMPARE(m_test->console().actions().activities().totalCount(), 0);
}

void tst_consoleactions::wrongLogLevelsStayInTheirDialog()
{
    m_test->window().go(QStringLiteral("logs"));
    for (QAction *action : m_test->find<QTableView>(QStringLiteral("logs.table"))->actions()) {
        if (action->text() == QStringLiteral("Levels…"))
            action->trigger();
    }
    QDialog *dialog = m_test->dialog(QStringLiteral("loglevels"));
    QVERIFY(dialog);
    auto *field = dialog->findChild<QLineEdit *>(QStringLiteral("loglevels.field"));
    QTest::keyClicks(field, QStringLiteral("loud"));
    QTest::keyClick(field, Qt::Key_Return);
    const auto *error = dialog->findChild<QLabel *>(QStringLiteral("loglevels.error"));
    QTRY_VERIFY(error->isVisible());
    QVERIFY(error->text().contains(QStringLiteral("loud")));
    m_test->shoot(QStringLiteral("dialog-levels"));
    field->setText(QStringLiteral("quern.http=debug,info"));
    QTest::keyClick(field, Qt::Key_Return);
    QTRY_VERIFY(!m_test->find<QDialog>(QStringLiteral("loglevels")));
    QCOMPARE(command(),
             QStringLiteral("quern logs --set-level quern.http=debug,info -c ") + m_test->server().configFile());
}

void tst_consoleactions::candidatesAreChecked()
{
    m_test->window().go(QStringLiteral("configuration"));
    for (QAction *action : m_test->find<QTableView>(QStringLiteral("configuration.table"))->actions())
        action->trigger();
    QDialog *dialog = m_test->dialog(QStringLiteral("candidate"));
    QVERIFY(dialog);
    auto *text = dialog->findChild<QPlainTextEdit *>(QStringLiteral("candidate.text"));
    auto *check = dialog->findChild<QPushButton *>(QStringLiteral("candidate.check"));
    const auto *verdict = dialog->findChild<QLabel *>(QStringLiteral("candidate.verdict"));
    text->setPlainText(QStringLiteral("[server]\nworker_nun = 4\n"));
    QTest::mouseClick(check, Qt::LeftButton);
    QTRY_VERIFY(verdict->text().contains(QStringLiteral("worker_nun")));
    m_test->shoot(QStringLiteral("dialog-candidate"));
    text->setPlainText(QStringLiteral("[server]\nlisten = \"127.0.0.1:1\"\nworker_num = 4\n"));
    QTest::mouseClick(check, Qt::LeftButton);
    QTRY_VERIFY(verdict->text().contains(QStringLiteral("A reload would change")));
    QVERIFY(verdict->text().contains(QStringLiteral("server.worker_num")));
    QVERIFY(verdict->text().contains(QStringLiteral("Only a restart would change")));
    QCOMPARE(status().workers.size(), 2);
    // What does not go into one message is not sent, and says so.
    text->setPlainText(QString(longestText + 1, u'#'));
    QVERIFY(!check->isEnabled());
    QCOMPARE(verdict->text(), QStringLiteral("This is 1 character too long."));
}

QTEST_MAIN(tst_consoleactions)
#include "tst_consoleactions.moc"
