#include "consoletest.h"

#include "admin-gui/widgets/theme.h"
#include "admin-gui/window/commandpalette.h"
#include "admin-gui/window/mainwindow.h"
#include "admin/protocol/methods.h"

#include <QAction>
#include <QClipboard>
#include <QDialog>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QRegularExpression>
#include <QSettings>
#include <QTableView>
#include <QTextBrowser>

using namespace Quern;
using namespace Quern::console;

/// What the hands of an operator get used to.
class tst_consolehabits : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup() { m_test.reset(); }

    void healthIsToldInOneSentence();
    void everyViewHasItsKey();
    void paletteRunsWhatIsTyped();
    void paletteScores_data();
    void paletteScores();
    void slashGoesToTheFilter();
    void enterOpens();
    void backKeepsTheFilter();
    void spacePausesAndGoesOn();
    void keysOfTheWindowWorkEverywhere();
    void copiedRowsAreTabSeparated();
    void columnsSortAndAreKept();
    void helpOpensForEachView();
    void languageIsSwitchedInPlace();
    void themeChangesColours();
    void whatOthersWriteIsNoMarkup();

private:
    void go(const QString &view) { m_test->window().go(view); }
    /// The table of the settings, once it is filled.
    QTableView *openSettings();

    std::unique_ptr<ConsoleTest> m_test;
};

void tst_consolehabits::init()
{
    QSettings().clear();
    m_test = std::make_unique<ConsoleTest>();
    QVERIFY(m_test->isReady());
}

void tst_consolehabits::healthIsToldInOneSentence()
{
    const auto *sentence = m_test->find<QLabel>(QStringLiteral("health.sentence"));
    QTRY_COMPARE(sentence->text(), QStringLiteral("All is well: 2 of 2 workers are ready."));
    QVERIFY(sentence->accessibleName().contains(sentence->text()));
}

void tst_consolehabits::everyViewHasItsKey()
{
    const QStringList names = m_test->window().viewNames();
    QVERIFY(names.size() >= 10);
    for (int i = 0; i < 10; ++i) {
        m_test->press(Qt::Key_0 + (i + 1) % 10, Qt::ControlModifier);
        QCOMPARE(m_test->window().currentView()->name(), names.at(i));
    }
}

void tst_consolehabits::paletteRunsWhatIsTyped()
{
    m_test->press(Qt::Key_K, Qt::ControlModifier);
    QDialog *palette = m_test->dialog(QStringLiteral("palette"));
    QVERIFY(palette);
    auto *field = palette->findChild<QLineEdit *>(QStringLiteral("palette.field"));
    QTRY_VERIFY(field->hasFocus());
    QTest::keyClicks(field, QStringLiteral("config"));
    auto *list = palette->findChild<QListWidget *>(QStringLiteral("palette.list"));
    QVERIFY(list->currentItem()->text().startsWith(QStringLiteral("Configuration")));
    m_test->shoot(QStringLiteral("palette"));
    QTest::keyClick(field, Qt::Key_Return);
    QCOMPARE(m_test->window().currentView()->name(), QStringLiteral("configuration"));
}

void tst_consolehabits::paletteScores_data()
{
    QTest::addColumn<QString>("typed");
    QTest::addColumn<QString>("better");
    QTest::addColumn<QString>("worse");
    QTest::newRow("beginnings of words") << "rs"
                                         << "Reload the server"
                                         << "Processes";
    QTest::newRow("neighbours") << "log"
                                << "Logs"
                                << "Look at the graph";
    QTest::newRow("letters in their order") << "cfg"
                                            << "Configuration"
                                            << "Graph of connections";
}

void tst_consolehabits::paletteScores()
{
    QFETCH(QString, typed);
    QFETCH(QString, better);
    QFETCH(QString, worse);
    QVERIFY(CommandPalette::score(typed, better) > CommandPalette::score(typed, worse));
    QVERIFY(CommandPalette::score(QStringLiteral("xyz"), better) < 0);
}

void tst_consolehabits::slashGoesToTheFilter()
{
    QTableView *table = openSettings();
    QVERIFY(table);
    table->setFocus();
    m_test->press(Qt::Key_Slash);
    auto *filter = m_test->find<QLineEdit>(QStringLiteral("configuration.filter"));
    QTRY_VERIFY(filter->hasFocus());
    QTest::keyClicks(filter, QStringLiteral("http_pipeline_depth"));
    QCOMPARE(ConsoleTest::rows(*table, 0), QStringList{QStringLiteral("server.http_pipeline_depth")});
    const auto *count = m_test->find<QLabel>(QStringLiteral("configuration.count"));
    QVERIFY(count->text().startsWith(QStringLiteral("1 of ")));
    QTest::keyClick(filter, Qt::Key_Return);
    QTRY_VERIFY(table->hasFocus());
}

void tst_consolehabits::enterOpens()
{
    go(QStringLiteral("logs"));
    auto *table = m_test->find<QTableView>(QStringLiteral("logs.table"));
    QTRY_VERIFY(table->model()->rowCount() > 0);
    table->setFocus();
    table->selectRow(0);
    m_test->press(Qt::Key_Return);
    QTRY_COMPARE(QApplication::focusWidget()->accessibleName(), QStringLiteral("The whole message"));
    go(QStringLiteral("plugins"));
    auto *plugins = m_test->find<QTableView>(QStringLiteral("plugins.table"));
    QTRY_VERIFY(plugins->model()->rowCount() > 0);
    plugins->setFocus();
    plugins->selectRow(0);
    m_test->press(Qt::Key_Return);
    QTRY_COMPARE(QApplication::focusWidget()->objectName(), QStringLiteral("routes.table"));
}

void tst_consolehabits::backKeepsTheFilter()
{
    QVERIFY(openSettings());
    auto *filter = m_test->find<QLineEdit>(QStringLiteral("configuration.filter"));
    filter->setText(QStringLiteral("cron"));
    go(QStringLiteral("processes"));
    go(QStringLiteral("configuration"));
    filter->setText(QStringLiteral("admin"));
    m_test->press(Qt::Key_Left, Qt::AltModifier);
    QCOMPARE(m_test->window().currentView()->name(), QStringLiteral("processes"));
    m_test->press(Qt::Key_Left, Qt::AltModifier);
    QCOMPARE(m_test->window().currentView()->name(), QStringLiteral("configuration"));
    QCOMPARE(filter->text(), QStringLiteral("cron"));
}

void tst_consolehabits::spacePausesAndGoesOn()
{
    go(QStringLiteral("logs"));
    auto *table = m_test->find<QTableView>(QStringLiteral("logs.table"));
    QTRY_VERIFY(table->model()->rowCount() > 0);
    table->setFocus();
    m_test->press(Qt::Key_Space);
    QVERIFY(m_test->window().isPaused());
    QVERIFY(m_test->window().windowTitle().contains(QStringLiteral("paused")));
    const int before = table->model()->rowCount();
    m_test->server().run({QStringLiteral("reload")});
    const auto *state = m_test->find<QLabel>(QStringLiteral("logs.state"));
    QTRY_VERIFY(state->text().contains(QRegularExpression(QStringLiteral("Paused: [1-9][0-9]* new lines"))));
    QCOMPARE(table->model()->rowCount(), before);
    m_test->shoot(QStringLiteral("logs-paused"));
    m_test->press(Qt::Key_Space);
    QVERIFY(!m_test->window().isPaused());
    QTRY_VERIFY(table->model()->rowCount() > before);
}

void tst_consolehabits::keysOfTheWindowWorkEverywhere()
{
    for (const QString &name : m_test->window().viewNames()) {
        go(name);
        m_test->press(Qt::Key_Space);
        QVERIFY2(m_test->window().isPaused(), qPrintable(name));
        m_test->press(Qt::Key_Space);
        QVERIFY2(!m_test->window().isPaused(), qPrintable(name));
        const QLineEdit *filter = m_test->window().currentView()->filterField();
        if (!filter)
            continue;
        m_test->press(Qt::Key_Slash);
        QVERIFY2(filter->hasFocus(), qPrintable(name));
    }
    m_test->find<QListWidget>(QStringLiteral("sidebar"))->setFocus();
    m_test->press(Qt::Key_Space);
    QVERIFY(m_test->window().isPaused());
}

void tst_consolehabits::copiedRowsAreTabSeparated()
{
    QTableView *table = openSettings();
    QVERIFY(table);
    m_test->find<QLineEdit>(QStringLiteral("configuration.filter"))->setText(QStringLiteral("server.worker_num"));
    QTRY_COMPARE(table->model()->rowCount(), 1);
    table->setFocus();
    table->selectRow(0);
    QTest::keyClick(table, Qt::Key_C, Qt::ControlModifier);
    const QStringList lines = QGuiApplication::clipboard()->text().split(u'\n', Qt::SkipEmptyParts);
    QCOMPARE(lines.size(), 2);
    QCOMPARE(lines.at(0).left(20), QStringLiteral("Setting\tValue\tOrigin"));
    QCOMPARE(lines.at(1).left(32), QStringLiteral("server.worker_num\t2\tquern.toml:4"));
}

void tst_consolehabits::columnsSortAndAreKept()
{
    QTableView *table = openSettings();
    QVERIFY(table);
    QTest::mouseClick(table->horizontalHeader()->viewport(), Qt::LeftButton, {}, {20, 5});
    const QStringList sorted = ConsoleTest::rows(*table, 0);
    QTest::mouseClick(table->horizontalHeader()->viewport(), Qt::LeftButton, {}, {20, 5});
    const QStringList reversed = ConsoleTest::rows(*table, 0);
    QVERIFY(sorted.constFirst() != reversed.constFirst());
    QCOMPARE(sorted.constFirst(), reversed.constLast());
    table->setColumnWidth(0, 333);
    // The window is made anew, as another console would.
    m_test->console().setLanguage(QStringLiteral("en"));
    table = openSettings();
    QVERIFY(table);
    QCOMPARE(table->columnWidth(0), 333);
    QCOMPARE(ConsoleTest::rows(*table, 0).constFirst(), reversed.constFirst());
}

void tst_consolehabits::helpOpensForEachView()
{
    QStringList pages;
    for (const QString &name : m_test->window().viewNames()) {
        go(name);
        m_test->press(Qt::Key_F1);
        QDialog *help = m_test->dialog(QStringLiteral("help"));
        QVERIFY(help);
        pages.append(help->findChild<QTextBrowser *>(QStringLiteral("help.text"))->toPlainText());
        QVERIFY2(pages.constLast().size() > 200, qPrintable(name + QStringLiteral(" has no page of help")));
        help->close();
    }
    pages.removeDuplicates();
    QCOMPARE(pages.size(), m_test->window().viewNames().size());
}

void tst_consolehabits::languageIsSwitchedInPlace()
{
    QVERIFY(openSettings());
    m_test->find<QLineEdit>(QStringLiteral("configuration.filter"))->setText(QStringLiteral("worker"));
    m_test->console().setLanguage(QStringLiteral("zh_CN"));
    QCOMPARE(m_test->window().currentView()->name(), QStringLiteral("configuration"));
    QCOMPARE(m_test->window().currentView()->title(), QStringLiteral("配置"));
    QCOMPARE(m_test->find<QLineEdit>(QStringLiteral("configuration.filter"))->text(), QStringLiteral("worker"));
    m_test->console().setLanguage(QStringLiteral("en"));
    QCOMPARE(m_test->window().currentView()->title(), QStringLiteral("Configuration"));
}

void tst_consolehabits::themeChangesColours()
{
    m_test->console().setTheme(theme::Choice::Dark);
    QTRY_VERIFY(theme::isDark(m_test->window().palette()));
    QVERIFY(m_test->window().grab().toImage().pixelColor(400, 20).lightness() < 100);
    m_test->console().setTheme(theme::Choice::Light);
    QTRY_VERIFY(!theme::isDark(m_test->window().palette()));
    QVERIFY(m_test->window().grab().toImage().pixelColor(400, 20).lightness() > 200);
}

void tst_consolehabits::whatOthersWriteIsNoMarkup()
{
    ServerAction action{.title = QStringLiteral("Close"),
                        .method = admin::Methods::connectionClose,
                        .warning = QStringLiteral("<b>of the user</b> <img src=\"/etc/passwd\">")};
    m_test->console().actions().run(action);
    QDialog *question = m_test->dialog(QStringLiteral("confirm"));
    QVERIFY(question);
    const auto *warning = question->findChild<QLabel *>(QStringLiteral("confirm.warning"));
    QCOMPARE(warning->textFormat(), Qt::PlainText);
    question->reject();
}

QTableView *tst_consolehabits::openSettings()
{
    go(QStringLiteral("configuration"));
    auto *table = m_test->find<QTableView>(QStringLiteral("configuration.table"));
    return ConsoleTest::wait([table] { return table->model()->rowCount() > 20; }) ? table : nullptr;
}

QTEST_MAIN(tst_consolehabits)
#include "tst_consolehabits.moc"
