#include "admin-gui/actions/actionrunner.h"
#include "admin-gui/dialogs/closedialog.h"
#include "admin-gui/dialogs/pushdialog.h"
#include "admin-gui/models/connectionmodel.h"
#include "admin-gui/models/textinput.h"
#include "manyconnections.h"

#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPointer>
#include <QPushButton>
#include <QSpinBox>
#include <QTest>

using namespace Quern;
using namespace Quern::console;
using namespace Qt::Literals::StringLiterals;

/// What is asked before connections are closed or pushed to, and what the server is told then.
class tst_ConnectionDialogs : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void init();
    void cleanup();
    void closingIsConfirmed();
    void closingNeedsACode_data();
    void closingNeedsACode();
    void aReasonHasItsBound();
    void pushing();
    void nothingIsPushed();

private:
    template <typename Dialog>
    Dialog *open()
    {
        Dialog::ask(m_connections, *m_actions, m_window.get());
        return m_window->findChild<Dialog *>();
    }

    std::unique_ptr<ManyConnections> m_server;
    std::unique_ptr<Session> m_session;
    std::unique_ptr<ActionRunner> m_actions;
    std::unique_ptr<QWidget> m_window;
    QList<Connection> m_connections;
    QStringList m_warnings;
    bool m_isConfirmed = true;
};

void tst_ConnectionDialogs::initTestCase()
{
    for (const QByteArray user : {"ada", "bob"}) {
        admin::ConnectionDescription description;
        description.id = QString::number(m_connections.size() + 1);
        description.user.bytes = user;
        m_connections.append(Connection::of(description));
    }
}

void tst_ConnectionDialogs::init()
{
    m_server = std::make_unique<ManyConnections>(0);
    m_session = std::make_unique<Session>();
    m_actions = std::make_unique<ActionRunner>(*m_session);
    m_warnings.clear();
    m_actions->setConfirm([this](const ServerAction &action, const QString &, const std::function<void()> &proceed) {
        m_warnings.append(action.warning);
        if (m_isConfirmed)
            proceed();
    });
    m_window = std::make_unique<QWidget>();
    m_window->show();
    m_session->open(ServerAddress::ofSocket(m_server->path()));
    QTRY_VERIFY(m_session->state().isUp());
}

void tst_ConnectionDialogs::cleanup()
{
    m_window.reset();
    m_actions.reset();
    m_session.reset();
    m_server.reset();
}

void tst_ConnectionDialogs::closingIsConfirmed()
{
    for (const bool isConfirmed : {false, true}) {
        m_isConfirmed = isConfirmed;
        const QPointer<CloseDialog> dialog = open<CloseDialog>();
        QCOMPARE(dialog->findChild<QLabel *>(u"close.whose"_s)->text(), u"2 connection(s): of ada, of bob"_s);
        dialog->findChild<QSpinBox *>(u"close.code"_s)->setValue(4001);
        QTest::keyClicks(dialog->findChild<QLineEdit *>(u"close.reason"_s), u"bye"_s);
        QTest::keyClick(dialog->findChild<QLineEdit *>(u"close.reason"_s), Qt::Key_Return);
        QCOMPARE(m_warnings.size(), isConfirmed ? 2 : 1);
        QVERIFY(m_warnings.constLast().contains(u"2 connection(s): of ada, of bob"));
        QTRY_VERIFY(!dialog);
    }
    QTRY_COMPARE(m_server->otherRequests().size(), 2); // of those that were confirmed
    for (int i = 0; i < 2; ++i) {
        const QJsonObject params{{u"id"_s, QString::number(i + 1)}, {u"code"_s, 4001}, {u"reason"_s, u"bye"_s}};
        QCOMPARE(m_server->otherRequests().at(i),
                 (QJsonObject{{u"method"_s, u"connection.close"_s}, {u"params"_s, params}}));
    }
}

void tst_ConnectionDialogs::closingNeedsACode_data()
{
    QTest::addColumn<int>("code");
    QTest::addColumn<bool>("isCode");
    for (const int code : {1000, 1001, 1003, 1007, 1014, 3000, 4999})
        QTest::newRow(qPrintable(QString::number(code))) << code << true;
    for (const int code : {1004, 1006, 1015, 2999})
        QTest::newRow(qPrintable(QString::number(code))) << code << false;
}

void tst_ConnectionDialogs::closingNeedsACode()
{
    QFETCH(int, code);
    QFETCH(bool, isCode);
    const CloseDialog *dialog = open<CloseDialog>();
    dialog->findChild<QSpinBox *>(u"close.code"_s)->setValue(code);
    QCOMPARE(dialog->findChild<QPushButton *>(u"close.apply"_s)->isEnabled(), isCode);
    QVERIFY(!dialog->findChild<QLabel *>(u"close.meaning"_s)->text().isEmpty());
}

void tst_ConnectionDialogs::aReasonHasItsBound()
{
    const CloseDialog *dialog = open<CloseDialog>();
    auto *reason = dialog->findChild<QLineEdit *>(u"close.reason"_s);
    const auto *apply = dialog->findChild<QPushButton *>(u"close.apply"_s);
    reason->setText(QString(61, u'é') + u'x'); // 123 bytes
    QVERIFY(apply->isEnabled());
    reason->setText(QString(62, u'é'));
    QVERIFY(!apply->isEnabled());
}

void tst_ConnectionDialogs::pushing()
{
    const QPointer<PushDialog> dialog = open<PushDialog>();
    auto *text = dialog->findChild<QPlainTextEdit *>(u"push.text"_s);
    QTest::keyClicks(text, u"hi"_s);
    QTest::keyClick(text, Qt::Key_Return);
    QTest::keyClicks(text, u"all"_s);
    dialog->findChild<QPushButton *>(u"push.apply"_s)->click();
    QTRY_VERIFY(!dialog);
    QTRY_COMPARE(m_server->otherRequests().size(), 2);
    for (int i = 0; i < 2; ++i) {
        const QJsonObject params{{u"id"_s, QString::number(i + 1)}, {u"text"_s, u"hi\nall"_s}};
        QCOMPARE(m_server->otherRequests().at(i),
                 (QJsonObject{{u"method"_s, u"connection.push"_s}, {u"params"_s, params}}));
    }
    QVERIFY(m_warnings.isEmpty());
}

void tst_ConnectionDialogs::nothingIsPushed()
{
    const PushDialog *dialog = open<PushDialog>();
    const auto *apply = dialog->findChild<QPushButton *>(u"push.apply"_s);
    QVERIFY(!apply->isEnabled());
    dialog->findChild<QPlainTextEdit *>(u"push.text"_s)->setPlainText(u" "_s);
    QVERIFY(apply->isEnabled());
    dialog->findChild<QPlainTextEdit *>(u"push.text"_s)->setPlainText(QString(longestText + 12, u'x'));
    QVERIFY(!apply->isEnabled());
    QCOMPARE(dialog->findChild<QLabel *>(u"push.problem"_s)->text(), excessText(longestText + 12));
}

QTEST_MAIN(tst_ConnectionDialogs)
#include "tst_connectiondialogs.moc"
