#pragma once

#include "admin-gui/views/view.h"

class QLabel;

namespace Quern::console {

class ChartPanel;
class OperationPanel;
class Tile;

/// Whether the service is well, and where it hurts.
class OverviewView final : public View
{
    Q_OBJECT
public:
    explicit OverviewView(const ViewContext &context);

    void refresh() override;
    void setActive(bool isActive) override;
    void setPaused(bool isPaused) override;

private:
    QWidget *makeTiles();
    QWidget *makeCharts();
    void showTiles();
    void showCharts();
    void showTroubles();

    Tile *m_requests;
    Tile *m_p50;
    Tile *m_p99;
    Tile *m_errors;
    Tile *m_connections;
    Tile *m_queued;
    Tile *m_workers;
    Tile *m_tasks;
    ChartPanel *m_requestChart;
    ChartPanel *m_latencyChart;
    ChartPanel *m_connectionChart;
    ChartPanel *m_queueChart;
    OperationPanel *m_operation;
    QLabel *m_troubles;
};

} // namespace Quern::console
