#include "consoletest.h"

#include "admin-gui/widgets/recordtable.h"
#include "admin-gui/window/mainwindow.h"
#include "admin/protocol/methods.h"

#include <QAction>
#include <QDialog>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSettings>

using namespace Quern;
using namespace Quern::console;

/// Tables, atomics, tasks and cron jobs: read and changed by hand.
class tst_consoledata : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup() { m_test.reset(); }

    void rowsAreReadFilteredAndChanged();
    void wrongFiltersAreToldAtTheField();
    void fillTakesWhatIsPasted();
    void atomicsAreSet();
    void deadLettersAreReadRetriedAndDropped();
    void cronJobsRunPauseAndResume();

private:
    RecordTable *table(const QString &name) const { return m_test->find<RecordTable>(name); }
    static bool waitRows(const QTableView *table, int count)
    {
        return ConsoleTest::wait([&] { return table && table->model()->rowCount() == count; });
    }
    static bool trigger(const QWidget *widget, const QString &text);
    bool confirm(const QString &words);
    QString shelf(const QString &path) const { return QString::fromUtf8(m_test->server().get(path)); }
    /// The rows of the table prices, opened.
    RecordTable *openPrices();

    std::unique_ptr<ConsoleTest> m_test;
};

void tst_consoledata::init()
{
    QSettings().clear();
    m_test = std::make_unique<ConsoleTest>();
    QVERIFY(m_test->isReady());
}

/// An action of the widget's menu.
bool tst_consoledata::trigger(const QWidget *widget, const QString &text)
{
    for (QAction *action : widget->actions()) {
        if (action->text() != text)
            continue;
        if (!ConsoleTest::wait([action] { return action->isEnabled(); }))
            return false;
        action->trigger();
        return true;
    }
    return false;
}

bool tst_consoledata::confirm(const QString &words)
{
    QDialog *question = m_test->dialog(QStringLiteral("confirm"));
    if (!question)
        return false;
    const QString warning = question->findChild<QLabel *>(QStringLiteral("confirm.warning"))->text();
    if (!warning.contains(words)) {
        qWarning().noquote() << "asked was:" << warning;
        return false;
    }
    QTest::mouseClick(question->findChild<QPushButton *>(QStringLiteral("confirm.proceed")), Qt::LeftButton);
    return true;
}

RecordTable *tst_consoledata::openPrices()
{
    m_test->window().go(QStringLiteral("tables"));
    RecordTable *list = table(QStringLiteral("tables.table"));
    if (!list || !waitRows(list, 1))
        return nullptr;
    list->selectRow(0);
    RecordTable *rows = nullptr;
    ConsoleTest::wait([&] {
        rows = table(QStringLiteral("rows.table"));
        return rows && rows->model()->rowCount() > 0;
    });
    return rows;
}

void tst_consoledata::rowsAreReadFilteredAndChanged()
{
    for (int i = 0; i < 30; ++i)
        m_test->server().request("PUT", QStringLiteral("/lab/tables/prices/tea%1").arg(i),
                                 "{\"price\": " + QByteArray::number(i) + ", \"title\": \"Tea\"}");
    RecordTable *rows = openPrices();
    QVERIFY(waitRows(rows, 30));
    m_test->shoot(QStringLiteral("tables"));
    auto *filter = m_test->find<QLineEdit>(QStringLiteral("rows.filter"));
    filter->setText(QStringLiteral("price>=28"));
    QTest::keyClick(filter, Qt::Key_Return);
    QVERIFY(waitRows(rows, 2));
    rows->sortByColumn(1, Qt::DescendingOrder);
    rows->selectRow(0);
    QVERIFY(trigger(rows, QStringLiteral("Edit…")));
    QDialog *dialog = m_test->dialog(QStringLiteral("row"));
    QVERIFY(dialog);
    auto *price = dialog->findChild<QLineEdit *>(QStringLiteral("row.price"));
    price->setText(QStringLiteral("no number"));
    QVERIFY(!dialog->findChild<QPushButton *>(QStringLiteral("row.apply"))->isEnabled());
    price->setText(QStringLiteral("99"));
    m_test->shoot(QStringLiteral("dialog-row"));
    QTest::mouseClick(dialog->findChild<QPushButton *>(QStringLiteral("row.apply")), Qt::LeftButton);
    QTRY_VERIFY(shelf(QStringLiteral("/lab/tables/prices/tea29")).contains(QStringLiteral("99")));
    QTRY_VERIFY(rows->model()->rowCount() == 2);
    rows->selectRow(0);
    QVERIFY(trigger(rows, QStringLiteral("Delete…")));
    QVERIFY(confirm(QStringLiteral("prices")));
    QVERIFY(waitRows(rows, 1));
}

void tst_consoledata::wrongFiltersAreToldAtTheField()
{
    m_test->server().request("PUT", QStringLiteral("/lab/tables/prices/tea"), "{\"price\": 1}");
    RecordTable *rows = openPrices();
    QVERIFY(rows);
    auto *filter = m_test->find<QLineEdit>(QStringLiteral("rows.filter"));
    filter->setText(QStringLiteral("colour>5"));
    QTest::keyClick(filter, Qt::Key_Return);
    const auto *mistake = m_test->find<QLabel>(QStringLiteral("rows.mistake"));
    QTRY_VERIFY(mistake->isVisible());
    QVERIFY2(mistake->text().contains(QStringLiteral("colour")), qPrintable(mistake->text()));
    m_test->shoot(QStringLiteral("rows-filter-wrong"));
    filter->setText(QStringLiteral("price>0"));
    QTest::keyClick(filter, Qt::Key_Return);
    QVERIFY(waitRows(rows, 1));
    QVERIFY(!mistake->isVisible());
}

void tst_consoledata::fillTakesWhatIsPasted()
{
    m_test->server().request("PUT", QStringLiteral("/lab/tables/prices/tea"), "{\"price\": 1}");
    RecordTable *rows = openPrices();
    QVERIFY(trigger(rows, QStringLiteral("Fill…")));
    QDialog *dialog = m_test->dialog(QStringLiteral("fill"));
    QVERIFY(dialog);
    auto *text = dialog->findChild<QPlainTextEdit *>(QStringLiteral("fill.text"));
    auto *apply = dialog->findChild<QPushButton *>(QStringLiteral("fill.apply"));
    text->setPlainText(QStringLiteral("key\tprice\ntea\t5\ncoffee\tmuch\n"));
    QTRY_VERIFY(!apply->isEnabled());
    m_test->shoot(QStringLiteral("dialog-fill-wrong"));
    text->setPlainText(QStringLiteral("key,price,title\ntea,5,Tea\ncoffee,7,\"Coffee, black\"\nmate,3,Mate\n"));
    QTRY_VERIFY(apply->isEnabled());
    m_test->shoot(QStringLiteral("dialog-fill"));
    QTest::mouseClick(apply, Qt::LeftButton);
    QVERIFY(waitRows(rows, 3));
    QVERIFY(shelf(QStringLiteral("/lab/tables/prices/coffee")).contains(QStringLiteral("Coffee, black")));
    QVERIFY(m_test->activity().contains(QStringLiteral("3")));
}

void tst_consoledata::atomicsAreSet()
{
    m_test->window().go(QStringLiteral("tables"));
    RecordTable *atomics = table(QStringLiteral("atomics.table"));
    QVERIFY(waitRows(atomics, 1));
    atomics->selectRow(0);
    QVERIFY(trigger(atomics, QStringLiteral("Set…")));
    QDialog *dialog = m_test->dialog(QStringLiteral("atomic"));
    QVERIFY(dialog);
    dialog->findChild<QLineEdit *>(QStringLiteral("atomic.value"))->setText(QStringLiteral("9007199254740993"));
    QTest::mouseClick(dialog->findChild<QPushButton *>(QStringLiteral("atomic.apply")), Qt::LeftButton);
    QTRY_COMPARE(ConsoleTest::rows(*atomics, 1).value(0).replace(u',', QString()), QStringLiteral("9007199254740993"));
    QVERIFY(
        m_test->server().request("POST", QStringLiteral("/lab/counters/visits?by=1"), {}).contains("9007199254740994"));
}

void tst_consoledata::deadLettersAreReadRetriedAndDropped()
{
    for (int i = 0; i < 3; ++i)
        m_test->server().post(QStringLiteral("/lab/tasks/throw?tries=1&until=accepted"), "{\"number\": 4711}");
    m_test->window().go(QStringLiteral("tasks"));
    RecordTable *letters = table(QStringLiteral("deadLetters.table"));
    QVERIFY(waitRows(letters, 3));
    letters->selectRow(0);
    const auto *payload = m_test->find<QPlainTextEdit>(QStringLiteral("payload.text"));
    QTRY_VERIFY2(payload->toPlainText().contains(QStringLiteral("4711")), qPrintable(payload->toPlainText()));
    m_test->shoot(QStringLiteral("tasks"));
    QVERIFY(trigger(letters, QStringLiteral("Drop…")));
    QVERIFY(confirm(QStringLiteral("dead letter")));
    QVERIFY(waitRows(letters, 2));
    // Retried, each fails again and is a dead letter anew.
    const QStringList before = ConsoleTest::rows(*letters, 0);
    letters->selectRow(0);
    QVERIFY(trigger(letters, QStringLiteral("Retry")));
    QTRY_VERIFY(m_test->activity().contains(QStringLiteral("Retry")));
    QVERIFY(waitRows(letters, 2));
    QVERIFY(trigger(letters, QStringLiteral("Drop all…")));
    QDialog *dialog = m_test->dialog(QStringLiteral("deadLetters"));
    QVERIFY(dialog);
    QTest::mouseClick(dialog->findChild<QPushButton *>(QStringLiteral("deadLetters.apply")), Qt::LeftButton);
    QVERIFY(confirm(QStringLiteral("2")));
    QVERIFY(waitRows(letters, 0));
    m_test->shoot(QStringLiteral("tasks-empty"));
}

void tst_consoledata::cronJobsRunPauseAndResume()
{
    const auto job = [this] { return m_test->console().session().status()->cron.at(0); };
    m_test->window().go(QStringLiteral("cron"));
    RecordTable *jobs = table(QStringLiteral("cron.table"));
    QVERIFY(waitRows(jobs, 1));
    jobs->selectRow(0);
    QVERIFY(trigger(jobs, QStringLiteral("Pause")));
    QTRY_VERIFY(job().paused);
    QTRY_COMPARE(job().running, 0);
    const qint64 runs = job().runs;
    m_test->shoot(QStringLiteral("cron-paused"));
    QVERIFY(trigger(jobs, QStringLiteral("Run now")));
    QTRY_VERIFY(job().runs == runs + 1);
    QVERIFY(trigger(jobs, QStringLiteral("Resume")));
    QTRY_VERIFY(!job().paused && job().runs > runs + 1);
    m_test->shoot(QStringLiteral("cron"));
}

QTEST_MAIN(tst_consoledata)
#include "tst_consoledata.moc"
