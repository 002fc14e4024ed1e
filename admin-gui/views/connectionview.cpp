#include "admin-gui/views/connectionview.h"

#include "admin-gui/dialogs/closedialog.h"
#include "admin-gui/dialogs/pushdialog.h"
#include "admin-gui/models/format.h"
#include "admin-gui/views/listenerpanel.h"
#include "admin-gui/widgets/recordpanel.h"
#include "admin-gui/widgets/recordtable.h"
#include "admin/protocol/methods.h"

#include <QLabel>
#include <QVBoxLayout>

namespace Quern::console {

ConnectionView::ConnectionView(const ViewContext &context)
    : ListView(context, QStringLiteral("connections"), tr("Connections"))
    , m_listeners(new ListenerPanel)
    , m_panel(new RecordPanel(&m_model, QStringLiteral("connections")))
    , m_note(new QLabel)
{
    m_note->setObjectName(QStringLiteral("connections.note"));
    m_note->setForegroundRole(QPalette::PlaceholderText);
    m_panel->bar()->addWidget(m_note);
    const auto some = RecordPanel::Needs::Some;
    m_panel->addAction(tr("Push…"), some, allows(admin::Methods::connectionPush),
                       [this] { PushDialog::ask(selected(), actions(), this); });
    m_panel->addAction(tr("Close…"), some, allows(admin::Methods::connectionClose),
                       [this] { CloseDialog::ask(selected(), actions(), this); });
    RecordTable *table = m_panel->table();
    table->setDefaultWidths({27, 11, 9, 21, 24, 11, 13, 11, 11, 10});
    table->setDefaultSort(ConnectionModel::Opened, Qt::DescendingOrder);
    setPanel(m_panel);
    auto *layout = new QVBoxLayout(this);
    layout->addWidget(m_listeners);
    layout->addWidget(m_panel, 1);
    m_next.setSingleShot(true);
    m_nextListeners.setInterval(ListenerInterval);
    connect(&m_next, &QTimer::timeout, this, [this] { m_isSweeping ? readPage() : beginSweep(); });
    connect(&m_nextListeners, &QTimer::timeout, this, &ConnectionView::readListeners);
    connect(&context.session, &Session::stateChanged, this, [this](const LinkState &state) {
        if (!state.isUp())
            stopSweep();
        showState();
    });
    showState();
}

void ConnectionView::refresh()
{
    if (!session().state().isUp())
        return; // it is called again when it is
    readListeners();
    beginSweep();
}

void ConnectionView::setActive(bool isActive)
{
    View::setActive(isActive);
    setPaused(isPaused());
}

void ConnectionView::setPaused(bool isPaused)
{
    View::setPaused(isPaused);
    if (isActive() && !isPaused) {
        m_nextListeners.start();
        refresh();
    } else {
        m_nextListeners.stop();
        stopSweep();
    }
}

void ConnectionView::beginSweep()
{
    ++m_sweep;
    m_isSweeping = true;
    m_after.clear();
    m_model.beginSweep();
    readPage();
}

void ConnectionView::stopSweep()
{
    ++m_sweep;
    m_isSweeping = false;
    m_next.stop();
}

void ConnectionView::readPage()
{
    m_next.stop();
    if (m_isUnderWay)
        return; // its answer leads back here
    m_isUnderWay = true;
    admin::ConnectionQuery query;
    query.limit = admin::ConnectionQuery::MostConnections;
    query.after = m_after;
    session().ask<ConnectionBatch>(admin::Methods::connectionList, query.toJson(), this,
                                   [this, sweep = m_sweep](const Result<ConnectionBatch> &batch) {
                                       m_isUnderWay = false;
                                       if (sweep == m_sweep)
                                           takePage(batch);
                                       else if (m_isSweeping)
                                           readPage();
                                   });
}

void ConnectionView::takePage(const Result<ConnectionBatch> &batch)
{
    if (!batch) {
        stopSweep();
        m_note->setText(batch.error().message());
        if (!isPaused() && session().state().isUp())
            m_next.start(SweepPause);
        return;
    }
    m_model.putPage(batch->connections);
    selectWanted();
    showState();
    m_after = batch->next;
    if (m_after.isEmpty())
        return endSweep();
    m_next.start(PagePause);
}

void ConnectionView::endSweep()
{
    m_model.endSweep();
    m_isSweeping = false;
    m_wanted.clear();
    m_sweptAt = QDateTime::currentDateTime();
    showState();
    if (!isPaused())
        m_next.start(SweepPause);
}

void ConnectionView::readListeners()
{
    session().ask<admin::ListenerList>(admin::Methods::listenerList, {}, this,
                                       [this](const Result<admin::ListenerList> &list) {
                                           if (list)
                                               m_listeners->setListeners(list->listeners);
                                       });
}

void ConnectionView::showState()
{
    RecordTable *table = m_panel->table();
    if (m_sweptAt.isValid()) {
        m_note->setText(tr("as of %1").arg(format::moment(m_sweptAt)));
        table->setEmptyText(tr("No WebSocket and no stream is connected. Connections of plain HTTP are counted above, "
                               "and not listed."));
    } else {
        m_note->setText(m_isSweeping ? tr("reading…") : QString());
        table->setEmptyText(session().state().isUp() ? tr("The connections are being read.")
                                                     : tr("WebSockets and streams are listed here once the server is "
                                                          "connected."));
    }
}

void ConnectionView::selectWanted()
{
    if (m_wanted.isEmpty() || !m_model.find(m_wanted.toULongLong()))
        return;
    m_panel->table()->selectKey(m_wanted);
    m_wanted.clear();
}

QList<Connection> ConnectionView::selected() const
{
    return m_model.connections(m_panel->table()->selectedKeys());
}

QVariantMap ConnectionView::place() const
{
    return placeWith({{QStringLiteral("connection"), m_panel->table()->currentKey()}});
}

void ConnectionView::goTo(const QVariantMap &place)
{
    ListView::goTo(place);
    m_wanted = place.value(QStringLiteral("connection")).toString();
    selectWanted();
}

} // namespace Quern::console
