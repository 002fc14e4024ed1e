#pragma once

#include "admin-gui/models/indexedmodel.h"

#include <QList>
#include <QString>
#include <QWidget>

#include <optional>

namespace Quern::console {

/// What has happened and what is due, in one lane for each of several things, from some time ago to a little later than
/// now. Times are seconds since 1970.
class Timeline final : public QWidget
{
    Q_OBJECT
public:
    struct Bar
    {
        double begin = 0;
        double end = 0;
        Tone tone = Tone::Good;
        QString tip = {};
    };

    struct Lane
    {
        QString name;
        QString tip;               ///< of the whole lane, also for screen readers
        QList<Bar> bars;           ///< later ones are drawn over those before
        std::optional<double> due; ///< a mark; one that is later than what is seen stands at the edge
        bool isSelected = false;
    };

    explicit Timeline(const QString &title, QWidget *parent = nullptr);

    /// From \a past seconds before \a now to \a future seconds behind it.
    void setLanes(const QList<Lane> &lanes, double now, double past, double future);
    const QList<Lane> &lanes() const { return m_lanes; }

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

Q_SIGNALS:
    void laneClicked(const QString &name);

protected:
    bool event(QEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void paintEvent(QPaintEvent *event) override;

private:
    int laneHeight() const;
    int nameWidth() const;
    QRect plotArea() const;
    QRect laneArea(int lane) const;
    QRectF barArea(int lane, const Bar &bar) const;
    double placeOf(double time) const;
    int laneAt(int y) const;
    QString tipAt(const QPoint &place) const;
    void drawTimes(QPainter &painter) const;
    void drawLane(QPainter &painter, int lane) const;
    void drawDue(QPainter &painter, int lane, double due) const;

    QList<Lane> m_lanes;
    double m_now = 0;
    double m_past = 900;
    double m_future = 60;
};

} // namespace Quern::console
