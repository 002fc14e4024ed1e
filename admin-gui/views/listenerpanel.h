#pragma once

#include "admin/protocol/connectionmessages.h"

#include <QScrollArea>

class QGridLayout;

namespace Quern::console {

class Tile;

/// What the server listens on, and how much comes in there: the only place where connections of plain HTTP are counted.
class ListenerPanel final : public QScrollArea
{
    Q_OBJECT
public:
    explicit ListenerPanel(QWidget *parent = nullptr);

    void setListeners(const QList<admin::ListenerDescription> &listeners);

private:
    static constexpr int TilesPerRow = 4;

    void fitHeight();

    QGridLayout *m_grid;
    QList<Tile *> m_tiles;
    QList<QString> m_titles; ///< of m_tiles
};

} // namespace Quern::console
