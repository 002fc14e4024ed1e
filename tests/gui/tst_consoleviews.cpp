#include "consoletest.h"

#include "admin-gui/widgets/recordtable.h"
#include "admin-gui/widgets/theme.h"
#include "admin-gui/window/mainwindow.h"

#include <QAccessible>
#include <QAction>
#include <QChartView>
#include <QComboBox>
#include <QDialog>
#include <QFile>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QLineSeries>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScreen>
#include <QSettings>
#include <QTreeView>
#include <QWebSocket>

#include <algorithm>

using namespace Quern;
using namespace Quern::console;

/// Every view, with nothing to show and with much, in both themes and both languages. The pictures are for people.
class tst_consoleviews : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void cleanupTestCase();

    void looks_data();
    void looks();
    void connectionsAreListedPushedToAndClosed();
    void pluginsShowTheirRoutes();
    void metricsArePlotted();
    void auditTellsWhoDidIt();
    void everythingHasANameForScreenReaders();
    void everythingIsReachedByTheKeyboard();

private:
    void makeBusy();
    RecordTable *table(const QString &name) const { return m_test->find<RecordTable>(name); }
    static bool waitRows(const QTableView *table, int least)
    {
        return ConsoleTest::wait([&] { return table && table->model()->rowCount() >= least; });
    }
    static bool trigger(const QWidget *widget, const QString &text);

    std::unique_ptr<ConsoleTest> m_test;
    std::vector<std::unique_ptr<QWebSocket>> m_clients;
    QStringList m_heard; ///< by the clients
    bool m_isBusy = false;
};

void tst_consoleviews::initTestCase()
{
    QSettings().clear();
    m_test = std::make_unique<ConsoleTest>();
    QVERIFY(m_test->isReady());
}

void tst_consoleviews::cleanupTestCase()
{
    m_clients.clear();
    m_test.reset();
}

void tst_consoleviews::makeBusy()
{
    if (std::exchange(m_isBusy, true))
        return;
    TestServer &server = m_test->server();
    for (int i = 0; i < 40; ++i) {
        auto client = std::make_unique<QWebSocket>();
        connect(client.get(), &QWebSocket::textMessageReceived, this,
                [this](const QString &text) { m_heard.append(text); });
        client->open(QUrl(QStringLiteral("ws://127.0.0.1:%1/chat/socket?name=ada%2").arg(server.port()).arg(i)));
        m_clients.push_back(std::move(client));
    }
    QTRY_VERIFY(std::all_of(m_clients.begin(), m_clients.end(), [](const std::unique_ptr<QWebSocket> &client) {
        return client->state() == QAbstractSocket::ConnectedState;
    }));
    for (int i = 0; i < 60; ++i) {
        server.get(QStringLiteral("/hello/%1").arg(i));
        server.request("PUT", QStringLiteral("/lab/tables/prices/tea-%1").arg(i),
                       "{\"price\": " + QByteArray::number(i * 7) + ", \"stock\": " + QByteArray::number(i) +
                           ", \"rate\": 0.25, \"title\": \"Green tea, leaves\"}");
    }
    for (int i = 0; i < 8; ++i)
        server.post(QStringLiteral("/lab/tasks/throw?tries=1&until=accepted"), "{\"number\": 4711}");
    server.get(QStringLiteral("/crash"));
    server.get(QStringLiteral("/nowhere"));
    server.run({QStringLiteral("reload")});
}

bool tst_consoleviews::trigger(const QWidget *widget, const QString &text)
{
    for (QAction *action : widget->actions()) {
        if (action->text() == text && ConsoleTest::wait([action] { return action->isEnabled(); })) {
            action->trigger();
            return true;
        }
    }
    return false;
}

void tst_consoleviews::looks_data()
{
    QTest::addColumn<bool>("isBusy");
    QTest::addColumn<QString>("language");
    QTest::addColumn<int>("choice");
    for (const bool isBusy : {false, true}) {
        for (const char *language : {"en", "zh_CN"}) {
            for (const theme::Choice choice : {theme::Choice::Light, theme::Choice::Dark}) {
                const QByteArray name = QByteArray(isBusy ? "busy" : "empty") + '-' + language + '-' +
                                        (choice == theme::Choice::Dark ? "dark" : "light");
                QTest::newRow(name.constData()) << isBusy << QString::fromLatin1(language) << int(choice);
            }
        }
    }
}

void tst_consoleviews::looks()
{
    QFETCH(bool, isBusy);
    QFETCH(QString, language);
    QFETCH(int, choice);
    if (isBusy)
        makeBusy();
    m_test->console().setTheme(theme::Choice(choice));
    m_test->console().setLanguage(language);
    MainWindow &window = m_test->window();
    QVERIFY(QTest::qWaitForWindowActive(&window, 10'000));
    QVERIFY(window.viewNames().size() >= 11);
    for (const QString &name : window.viewNames()) {
        window.go(name);
        QCOMPARE(window.currentView()->name(), name);
        // Chinese has titles of its own.
        const QString title = window.currentView()->title();
        const bool isLatin = std::all_of(title.begin(), title.end(), [](QChar each) { return each.unicode() < 0x300; });
        QVERIFY2(isLatin == (language == QStringLiteral("en")), qPrintable(title));
        // Something to look at, where there is something.
        const auto *first = window.currentView()->findChild<QTableView *>();
        if (isBusy && first && first->isVisible())
            QVERIFY2(waitRows(first, 1), qPrintable(name));
        QTest::qWait(isBusy ? 350 : 150); // no check hangs on it: the pictures have more to show
        m_test->shoot(QString::fromLatin1(QTest::currentDataTag()) + u'-' + name);
    }
}

void tst_consoleviews::connectionsAreListedPushedToAndClosed()
{
    makeBusy();
    m_test->console().setLanguage(QStringLiteral("en"));
    m_test->window().go(QStringLiteral("connections"));
    RecordTable *list = table(QStringLiteral("connections.table"));
    QVERIFY(waitRows(list, 40));
    auto *filter = m_test->find<QLineEdit>(QStringLiteral("connections.filter"));
    filter->setText(QStringLiteral("nobody-like-that"));
    QTRY_COMPARE(list->model()->rowCount(), 0);
    filter->setText(QStringLiteral("websocket"));
    QTRY_COMPARE(list->model()->rowCount(), 40);
    list->selectRow(0);
    m_heard.clear();
    QVERIFY(trigger(list, QStringLiteral("Push…")));
    QDialog *push = m_test->dialog(QStringLiteral("push"));
    QVERIFY(push);
    push->findChild<QPlainTextEdit *>()->setPlainText(QStringLiteral("Grüße 你好"));
    m_test->shoot(QStringLiteral("dialog-push"));
    QTest::mouseClick(push->findChild<QPushButton *>(QStringLiteral("push.apply")), Qt::LeftButton);
    QTRY_COMPARE(m_heard.count(QStringLiteral("Grüße 你好")), 1);
    list->selectRow(0);
    QVERIFY(trigger(list, QStringLiteral("Close…")));
    QDialog *closing = m_test->dialog(QStringLiteral("close"));
    QVERIFY(closing);
    m_test->shoot(QStringLiteral("dialog-close"));
    QTest::mouseClick(closing->findChild<QPushButton *>(QStringLiteral("close.apply")), Qt::LeftButton);
    QDialog *question = m_test->dialog(QStringLiteral("confirm"));
    QVERIFY(question);
    QTest::mouseClick(question->findChild<QPushButton *>(QStringLiteral("confirm.proceed")), Qt::LeftButton);
    QTRY_COMPARE(std::count_if(m_clients.begin(), m_clients.end(),
                               [](const std::unique_ptr<QWebSocket> &client) {
                                   return client->state() == QAbstractSocket::ConnectedState;
                               }),
                 39);
    QTRY_COMPARE(list->model()->rowCount(), 39);
    filter->clear();
}

void tst_consoleviews::pluginsShowTheirRoutes()
{
    m_test->window().go(QStringLiteral("plugins"));
    RecordTable *plugins = table(QStringLiteral("plugins.table"));
    QVERIFY(waitRows(plugins, 3));
    plugins->selectRow(0);
    RecordTable *routes = table(QStringLiteral("routes.table"));
    QVERIFY(routes);
    QTRY_VERIFY(ConsoleTest::rows(*routes, 1).contains(QStringLiteral("/hello/:name")));
}

void tst_consoleviews::metricsArePlotted()
{
    m_test->window().go(QStringLiteral("metrics"));
    RecordTable *metrics = table(QStringLiteral("metrics.table"));
    QVERIFY(waitRows(metrics, 50));
    metrics->selectKey(QStringLiteral("quern_requests_total"));
    QTRY_COMPARE(metrics->selectedKeys(), QStringList{QStringLiteral("quern_requests_total")});
    const auto *chart = m_test->window().currentView()->findChild<QChartView *>();
    QVERIFY(chart);
    const auto isPlotted = [chart] {
        const QList<QAbstractSeries *> all = chart->chart()->series();
        return std::any_of(all.begin(), all.end(), [](QAbstractSeries *series) {
            const auto *line = qobject_cast<QLineSeries *>(series);
            return line && line->count() >= 2;
        });
    };
    QTRY_VERIFY_WITH_TIMEOUT(isPlotted(), 30'000); // two readings make a rate, and two rates a line
    m_test->shoot(QStringLiteral("metrics-plot"));
    QCOMPARE(metrics->selectedKeys(), QStringList{QStringLiteral("quern_requests_total")});
}

void tst_consoleviews::auditTellsWhoDidIt()
{
    m_test->window().go(QStringLiteral("audit"));
    RecordTable *audit = table(QStringLiteral("audit.table"));
    for (const char *method : {"server.reload", "connection.push", "connection.close"}) {
        const QString name = QString::fromLatin1(method);
        QVERIFY2(ConsoleTest::wait([&] {
                     QStringList texts;
                     for (int column = 0; column < audit->model()->columnCount(); ++column)
                         texts += ConsoleTest::rows(*audit, column);
                     return texts.contains(name);
                 }),
                 method);
    }
}

/// Buttons, fields, tables and trees say what they are.
void tst_consoleviews::everythingHasANameForScreenReaders()
{
    QStringList nameless;
    const QList<QWidget *> widgets = m_test->window().findChildren<QWidget *>();
    for (const QWidget *widget : widgets) {
        const bool isControl =
            qobject_cast<const QAbstractButton *>(widget) || qobject_cast<const QLineEdit *>(widget) ||
            qobject_cast<const QAbstractItemView *>(widget) || qobject_cast<const QPlainTextEdit *>(widget);
        if (!isControl || widget->objectName().startsWith(QStringLiteral("qt_")) ||
            widget->focusPolicy() == Qt::NoFocus || widget->inherits("QComboBoxListView"))
            continue;
        const QAccessibleInterface *described = QAccessible::queryAccessibleInterface(const_cast<QWidget *>(widget));
        if (!described || described->text(QAccessible::Name).isEmpty())
            nameless.append(QString::fromLatin1(widget->metaObject()->className()) + u' ' + widget->objectName() +
                            QStringLiteral(" in ") +
                            (widget->parentWidget() ? widget->parentWidget()->objectName() : QString()));
    }
    QVERIFY2(nameless.isEmpty(), qPrintable(nameless.join(u'\n')));
}

/// Tab leads to every control that is to be seen.
void tst_consoleviews::everythingIsReachedByTheKeyboard()
{
    for (const QString &name : m_test->window().viewNames()) {
        m_test->window().go(name);
        QSet<QWidget *> reached;
        for (int i = 0; i < 80; ++i) {
            QWidget *focus = QApplication::focusWidget();
            if (!focus)
                break;
            reached.insert(focus);
            QTest::keyClick(focus, Qt::Key_Tab);
        }
        const QList<QWidget *> widgets = m_test->window().currentView()->findChildren<QWidget *>();
        for (QWidget *widget : widgets) {
            const bool isControl = qobject_cast<QAbstractButton *>(widget) || qobject_cast<QLineEdit *>(widget) ||
                                   qobject_cast<QAbstractItemView *>(widget) || qobject_cast<QComboBox *>(widget);
            const bool isOwn = !widget->objectName().startsWith(QStringLiteral("qt_")) &&
                               !qobject_cast<QHeaderView *>(widget) &&
                               qobject_cast<QLineEdit *>(widget->parentWidget()) == nullptr &&
                               qobject_cast<QTableView *>(widget->parentWidget()) == nullptr;
            if (isControl && isOwn && widget->isVisible() && widget->isEnabled())
                QVERIFY2(reached.contains(widget),
                         qPrintable(name + u' ' + QString::fromLatin1(widget->metaObject()->className()) + u' ' +
                                    widget->objectName() + u' ' + widget->accessibleName()));
        }
    }
}

QTEST_MAIN(tst_consoleviews)
#include "tst_consoleviews.moc"
