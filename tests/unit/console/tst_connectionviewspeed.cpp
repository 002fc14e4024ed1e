#include "admin-gui/store/serverstore.h"
#include "admin-gui/views/connectionview.h"
#include "admin-gui/widgets/recordtable.h"
#include "manyconnections.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QScrollBar>
#include <QSettings>
#include <QTest>

#include <algorithm>

using namespace Quern;
using namespace Quern::console;
using namespace Qt::Literals::StringLiterals;

namespace {

constexpr int total = 100'000;
constexpr double mostOfAFrame = 5 * 16;
constexpr double mostOfAChange = 5 * 150;

double medianOf(std::vector<double> taken)
{
    const auto middle = taken.begin() + std::ptrdiff_t(taken.size() / 2);
    std::nth_element(taken.begin(), middle, taken.end());
    return *middle;
}

double elapsedMs(const QElapsedTimer &timer)
{
    return double(timer.nsecsElapsed()) / 1e6;
}

void report(const char *what, const std::vector<double> &taken)
{
    const QString tag = QString::fromUtf8(QTest::currentDataTag());
    qInfo().noquote() << u"%1 %2: median %3 ms, most %4 ms, of %5"_s.arg(QString::fromUtf8(what), tag)
                             .arg(medianOf(taken), 0, 'f', 2)
                             .arg(*std::max_element(taken.begin(), taken.end()), 0, 'f', 2)
                             .arg(taken.size());
}

/// Knows how long each turn of the thread of the windows took.
class MeasuredApplication final : public QApplication
{
public:
    using QApplication::QApplication;

    bool notify(QObject *receiver, QEvent *event) override
    {
        if (m_depth > 0)
            return QApplication::notify(receiver, event);
        // The receiver may be gone afterwards, and the event as well.
        const bool isFrame = event->type() == QEvent::UpdateRequest;
        m_isPage = false;
        QElapsedTimer timer;
        timer.start();
        ++m_depth;
        const bool isDone = QApplication::notify(receiver, event);
        --m_depth;
        if (isFrame)
            frames.push_back(elapsedMs(timer));
        else if (m_isPage)
            pages.push_back(elapsedMs(timer));
        return isDone;
    }
    /// What is going on is a page that is taken.
    void markPage() { m_isPage = true; }

    std::vector<double> pages;
    std::vector<double> frames;

private:
    int m_depth = 0;
    bool m_isPage = false;
};

} // namespace

/// A hundred thousand connections in the view, with everything between the socket and the pixels: the thread of the
/// windows is to be free for a frame's time. Five times the promise is let pass, as in tst_connectionspeed.
class tst_ConnectionViewSpeed : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void cleanupTestCase();
    void pages_data();
    void pages();
    void scrolledFrames();
    void sorts_data();
    void sorts();
    void filters_data();
    void filters();

private:
    QTemporaryDir m_settings;
    std::unique_ptr<ManyConnections> m_server;
    std::unique_ptr<Session> m_session;
    std::unique_ptr<ActionRunner> m_actions;
    std::unique_ptr<ServerStore> m_store;
    std::unique_ptr<ConnectionView> m_view;
    RecordTable *m_table = nullptr;
    QLabel *m_note = nullptr;
};

namespace {

MeasuredApplication &application()
{
    return static_cast<MeasuredApplication &>(*qApp);
}

} // namespace

void tst_ConnectionViewSpeed::initTestCase()
{
    QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, m_settings.path());
    m_server = std::make_unique<ManyConnections>(total);
    m_session = std::make_unique<Session>();
    m_actions = std::make_unique<ActionRunner>(*m_session);
    m_store = std::make_unique<ServerStore>(*m_session);
    m_view = std::make_unique<ConnectionView>(ViewContext{*m_session, *m_actions, *m_store});
    m_table = m_view->findChild<RecordTable *>();
    m_note = m_view->findChild<QLabel *>(u"connections.note"_s);
    connect(m_table->model(), &QAbstractItemModel::dataChanged, this, [] { application().markPage(); });
    m_view->resize(1400, 900);
    m_view->show();
    QVERIFY(QTest::qWaitForWindowExposed(m_view.get()));
    m_session->open(ServerAddress::ofSocket(m_server->path()));
    m_view->setActive(true);
    QTRY_VERIFY_WITH_TIMEOUT(m_note->text().startsWith(u"as of"), 50'000);
    QCOMPARE(m_table->model()->rowCount(), total);
    report("a page of the first sweep", application().pages);
    report("its frame", application().frames);
    m_view->setPaused(true);
}

void tst_ConnectionViewSpeed::cleanupTestCase()
{
    m_view.reset();
    m_store.reset();
    m_actions.reset();
    m_session.reset();
}

void tst_ConnectionViewSpeed::pages_data()
{
    QTest::addColumn<int>("column");
    QTest::addColumn<int>("selected");
    QTest::newRow("in the order of opening") << int(ConnectionModel::Opened) << 0;
    QTest::newRow("in the order of users") << int(ConnectionModel::User) << 0;
    QTest::newRow("in the order of bytes, 100 selected") << int(ConnectionModel::BytesIn) << 100;
    QTest::newRow("in the order of bytes, all selected") << int(ConnectionModel::BytesIn) << total;
}

void tst_ConnectionViewSpeed::pages()
{
    QFETCH(int, column);
    QFETCH(int, selected);
    m_table->sortByColumn(column, Qt::AscendingOrder);
    m_table->clearSelection();
    if (selected == total)
        m_table->selectAll();
    for (int i = 0; i < selected && selected < total; ++i)
        m_table->selectionModel()->select(m_table->model()->index(i * 10, 0),
                                          QItemSelectionModel::Select | QItemSelectionModel::Rows);
    application().pages.clear();
    application().frames.clear();
    m_view->setPaused(false);
    QTRY_VERIFY_WITH_TIMEOUT(application().pages.size() >= 25 && application().frames.size() >= 25, 20'000);
    m_view->setPaused(true);
    report("a page", application().pages);
    report("its frame", application().frames);
    QCOMPARE(m_table->selectedKeys().size(), selected);
    QVERIFY(medianOf(application().pages) + medianOf(application().frames) < mostOfAFrame);
}

void tst_ConnectionViewSpeed::scrolledFrames()
{
    m_table->clearSelection();
    m_table->setFocus();
    m_table->selectRow(0);
    std::vector<double> byKey;
    std::vector<double> byBar;
    for (int i = 0; i < 30; ++i) {
        QElapsedTimer timer;
        timer.start();
        QTest::keyClick(m_table, Qt::Key_PageDown);
        m_table->viewport()->repaint();
        byKey.push_back(elapsedMs(timer));
    }
    QVERIFY(m_table->currentIndex().row() > 30 * 10);
    for (int i = 0; i < 30; ++i) {
        QElapsedTimer timer;
        timer.start();
        m_table->verticalScrollBar()->setValue(m_table->verticalScrollBar()->maximum() / 31 * (i + 1));
        m_table->viewport()->repaint();
        byBar.push_back(elapsedMs(timer));
    }
    report("a page down", byKey);
    report("a frame far away", byBar);
    QVERIFY(medianOf(byKey) < mostOfAFrame);
    QVERIFY(medianOf(byBar) < mostOfAFrame);
}

void tst_ConnectionViewSpeed::sorts_data()
{
    QTest::addColumn<int>("column");
    const QAbstractItemModel *model = m_table->model();
    for (int column = 0; column < model->columnCount(); ++column)
        QTest::newRow(qPrintable(model->headerData(column, Qt::Horizontal).toString())) << column;
}

void tst_ConnectionViewSpeed::sorts()
{
    QFETCH(int, column);
    std::vector<double> taken;
    for (int i = 0; i < 5; ++i) {
        m_table->sortByColumn(column == 0 ? 1 : 0, Qt::AscendingOrder);
        QElapsedTimer timer;
        timer.start();
        m_table->sortByColumn(column, Qt::DescendingOrder);
        m_table->viewport()->repaint();
        taken.push_back(elapsedMs(timer));
    }
    report("a sort by", taken);
    QVERIFY(medianOf(taken) < mostOfAChange);
}

void tst_ConnectionViewSpeed::filters_data()
{
    QTest::addColumn<QString>("before");
    QTest::addColumn<QString>("after");
    QTest::newRow("that most match") << u""_s << u"1"_s;
    QTest::newRow("that few match") << u""_s << u"10.3. telnet"_s;
    QTest::newRow("that nothing matches") << u""_s << u"nobody-has-this"_s;
    QTest::newRow("that is taken away") << u"user-1"_s << u""_s;
    QTest::newRow("that is taken away where nothing matched") << u"nobody-has-this"_s << u""_s;
}

void tst_ConnectionViewSpeed::filters()
{
    QFETCH(QString, before);
    QFETCH(QString, after);
    m_table->sortByColumn(ConnectionModel::User, Qt::AscendingOrder);
    std::vector<double> taken;
    for (int i = 0; i < 5; ++i) {
        m_view->filterField()->setText(before);
        m_table->viewport()->repaint();
        QElapsedTimer timer;
        timer.start();
        m_view->filterField()->setText(after);
        m_table->viewport()->repaint();
        taken.push_back(elapsedMs(timer));
    }
    report("a filter", taken);
    m_view->filterField()->clear();
    QVERIFY(medianOf(taken) < mostOfAChange);
}

int main(int argc, char **argv)
{
    const MeasuredApplication app(argc, argv);
    tst_ConnectionViewSpeed test;
    return QTest::qExec(&test, argc, argv);
}
#include "tst_connectionviewspeed.moc"
