#include "admin-gui/store/serverstore.h"
#include "admin-gui/views/connectionview.h"
#include "admin-gui/widgets/recordtable.h"
#include "manyconnections.h"

#include <QLabel>
#include <QLineEdit>
#include <QSettings>
#include <QTest>

using namespace Quern;
using namespace Quern::console;
using namespace Qt::Literals::StringLiterals;

/// How the view of the connections asks for them.
class tst_ConnectionView : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void init();
    void cleanup();
    void allPagesComeOneByOne();
    void whatIsGoneLeavesWithTheNextSweep();
    void nothingIsAskedWhileNobodyLooks();
    void nothingIsAskedInAPause();
    void anAnswerThatComesInAPauseChangesNothing();
    void thePlaceIsFoundAgain();

private:
    void waitForSweep();
    int rows() const { return m_table->model()->rowCount(); }

    QTemporaryDir m_settings;
    std::unique_ptr<ManyConnections> m_server;
    std::unique_ptr<Session> m_session;
    std::unique_ptr<ActionRunner> m_actions;
    std::unique_ptr<ServerStore> m_store;
    std::unique_ptr<ConnectionView> m_view;
    RecordTable *m_table = nullptr;
};

namespace {

constexpr int total = 3500;
constexpr int pages = 4;

} // namespace

void tst_ConnectionView::initTestCase()
{
    QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, m_settings.path());
}

void tst_ConnectionView::init()
{
    m_server = std::make_unique<ManyConnections>(total);
    m_session = std::make_unique<Session>();
    m_actions = std::make_unique<ActionRunner>(*m_session);
    m_store = std::make_unique<ServerStore>(*m_session);
    m_view = std::make_unique<ConnectionView>(ViewContext{*m_session, *m_actions, *m_store});
    m_table = m_view->findChild<RecordTable *>();
    m_session->open(ServerAddress::ofSocket(m_server->path()));
    m_view->setActive(true);
}

void tst_ConnectionView::cleanup()
{
    m_view.reset();
    m_store.reset();
    m_actions.reset();
    m_session.reset();
    m_server.reset();
    QSettings().clear();
}

/// Until all are there.
void tst_ConnectionView::waitForSweep()
{
    QTRY_COMPARE(rows(), total);
    const auto *note = m_view->findChild<QLabel *>(u"connections.note"_s);
    QTRY_VERIFY(note->text().startsWith(u"as of"));
}

void tst_ConnectionView::allPagesComeOneByOne()
{
    m_server->setDelay(std::chrono::milliseconds(150));
    waitForSweep();
    QCOMPARE(m_server->pagesAsked(), pages);
    for (int i = 0; i < 5; ++i) {
        m_view->refresh(); // F5 breaks off the sweep before, and leaves no second one going
        QTRY_VERIFY(m_server->pagesAsked() > pages + i);
    }
    QTRY_VERIFY(m_server->pagesAsked() >= pages * 3);
    QCOMPARE(m_server->mostAtATime(), 1);
    QCOMPARE(rows(), total);
}

void tst_ConnectionView::whatIsGoneLeavesWithTheNextSweep()
{
    waitForSweep();
    m_server->keepPages(2);
    QTRY_COMPARE(rows(), 2 * ManyConnections::PageSize);
    m_server->keepPages(0);
    QTRY_COMPARE(rows(), 0);
}

void tst_ConnectionView::nothingIsAskedWhileNobodyLooks()
{
    waitForSweep();
    m_view->setActive(false);
    const int asked = m_server->pagesAsked();
    QTest::qWait(int(ConnectionView::SweepPause.count()) + 500); // that something does not come has no sign
    QCOMPARE(m_server->pagesAsked(), asked);
    m_view->setActive(true);
    QTRY_VERIFY(m_server->pagesAsked() >= asked + pages);
}

void tst_ConnectionView::nothingIsAskedInAPause()
{
    waitForSweep();
    m_view->setPaused(true);
    const int asked = m_server->pagesAsked();
    QTest::qWait(int(ConnectionView::SweepPause.count()) + 500);
    QCOMPARE(m_server->pagesAsked(), asked);
    m_server->keepPages(1);
    m_view->refresh(); // but F5 asks, once
    QTRY_COMPARE(rows(), ManyConnections::PageSize);
    const int askedAfter = m_server->pagesAsked();
    QTest::qWait(int(ConnectionView::SweepPause.count()) + 500);
    QCOMPARE(m_server->pagesAsked(), askedAfter);
    m_view->setPaused(false);
    m_server->keepPages(2);
    QTRY_COMPARE(rows(), 2 * ManyConnections::PageSize);
}

void tst_ConnectionView::anAnswerThatComesInAPauseChangesNothing()
{
    waitForSweep();
    m_server->setDelay(std::chrono::milliseconds(300));
    m_server->keepPages(1);
    const int asked = m_server->pagesAsked();
    m_view->refresh();
    QTRY_COMPARE(m_server->pagesAsked(), asked + 1);
    m_view->setPaused(true);
    QTest::qWait(1000);
    QCOMPARE(rows(), total);
    QCOMPARE(m_server->pagesAsked(), asked + 1);
}

void tst_ConnectionView::thePlaceIsFoundAgain()
{
    m_view->goTo({{u"filter"_s, u"telnet"_s}, {u"connection"_s, u"3210"_s}}); // before it is there
    QTRY_COMPARE(m_table->currentKey(), u"3210"_s);
    QCOMPARE(m_table->selectedKeys(), QStringList{u"3210"_s});
    QTRY_COMPARE(rows(), total / 10);
    const QVariantMap place = m_view->place();
    m_view->filterField()->clear();
    m_table->selectKey(u"7"_s);
    QCOMPARE(m_table->currentKey(), u"7"_s);
    m_view->goTo(place);
    QCOMPARE(m_table->currentKey(), u"3210"_s);
    QCOMPARE(m_view->filterField()->text(), u"telnet"_s);
}

QTEST_MAIN(tst_ConnectionView)
#include "tst_connectionview.moc"
