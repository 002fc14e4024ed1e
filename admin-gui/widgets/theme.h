#pragma once

#include "admin-gui/models/indexedmodel.h"

#include <QColor>
#include <QFontMetrics>
#include <QIcon>
#include <QPalette>
#include <QString>

/// Colours and icons. Main thread.
namespace Quern::console::theme {

enum class Choice { System, Light, Dark };

/// Gives the whole application the colours; System: light or dark as the desktop's own.
void apply(Choice choice);
bool isDark(const QPalette &palette);

/// Of text, dots and bars that tell something.
QColor toneColor(Tone tone, const QPalette &palette);
/// Behind text of that tone: a banner.
QColor toneBackground(Tone tone, const QPalette &palette);
/// Of the lines in a plot; as many as differ, then they begin anew.
QColor seriesColor(int number, const QPalette &palette);
/// Between areas: a hair line.
QColor lineColor(const QPalette &palette);

/// Of a row in tables and trees, in a font with these metrics.
int rowHeight(const QFontMetrics &metrics);

/// One of our own, by the name of its file: "processes". It takes the colour of the text beside it.
QIcon icon(const QString &name);
/// The product's: a disk in the colour of the server's health.
QIcon healthIcon(Tone tone);

} // namespace Quern::console::theme
