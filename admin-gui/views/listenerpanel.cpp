#include "admin-gui/views/listenerpanel.h"

#include "admin-gui/models/format.h"
#include "admin-gui/widgets/tile.h"

#include <QGridLayout>

#include <algorithm>

namespace Quern::console {

namespace {

constexpr int mostRowsSeen = 2;

QString titleOf(const admin::ListenerDescription &listener)
{
    return listener.name + QStringLiteral(" · ") + listener.address;
}

} // namespace

ListenerPanel::ListenerPanel(QWidget *parent) : QScrollArea(parent), m_grid(new QGridLayout)
{
    setObjectName(QStringLiteral("connections.listeners"));
    setAccessibleName(tr("What the server listens on"));
    setFrameShape(NoFrame);
    setWidgetResizable(true);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setFocusPolicy(Qt::NoFocus);
    auto *content = new QWidget;
    content->setLayout(m_grid);
    m_grid->setContentsMargins(0, 0, 0, 0);
    for (int column = 0; column < TilesPerRow; ++column)
        m_grid->setColumnStretch(column, 1);
    setWidget(content);
    fitHeight();
}

void ListenerPanel::setListeners(const QList<admin::ListenerDescription> &listeners)
{
    QStringList titles;
    for (const admin::ListenerDescription &listener : listeners)
        titles.append(titleOf(listener));
    if (titles != m_titles) {
        qDeleteAll(m_tiles);
        m_tiles.clear();
        for (const QString &title : titles) {
            auto *tile = new Tile(title);
            const int place = int(m_tiles.size());
            m_grid->addWidget(tile, place / TilesPerRow, place % TilesPerRow);
            m_tiles.append(tile);
        }
        m_titles = titles;
    }
    for (qsizetype i = 0; i < listeners.size(); ++i) {
        const admin::ListenerDescription &each = listeners.at(i);
        const bool isDatagram = each.kind == admin::ListenerDescription::Kind::Datagram;
        const QString bytes = tr("%1 in, %2 out").arg(format::bytes(each.bytesReceived), format::bytes(each.bytesSent));
        if (isDatagram)
            m_tiles.at(i)->setValue(tr("%1 datagrams").arg(format::count(each.messagesReceived)), Tone::Plain, bytes);
        else
            m_tiles.at(i)->setValue(tr("%1 open").arg(format::count(each.connections)), Tone::Plain,
                                    tr("%1 in all, %2").arg(format::count(each.accepted), bytes));
        QStringList tips{m_titles.at(i)};
        if (!each.handler.isEmpty())
            tips.append(tr("Served by %1").arg(each.handler));
        if (each.kind == admin::ListenerDescription::Kind::Http)
            tips.append(tr("Connections of plain HTTP are counted here, and not listed below."));
        m_tiles.at(i)->setToolTip(format::tip(tips.join(u'\n')));
    }
    fitHeight();
}

void ListenerPanel::fitHeight()
{
    const int rows = (int(m_tiles.size()) + TilesPerRow - 1) / TilesPerRow;
    setVisible(rows > 0);
    if (rows == 0)
        return;
    const int height = m_tiles.constFirst()->sizeHint().height();
    const int seen = std::min(rows, mostRowsSeen);
    setFixedHeight(height * seen + m_grid->spacing() * (seen - 1));
}

} // namespace Quern::console
