#pragma once

#include "person.h"

#include <QByteArrayView>
#include <QStringList>

/// Who is there, read from the server's own list of connections, which is the same for every worker. Each call walks
/// through all connections of the server.

/// Names in \a room, each once, in alphabetical order.
QStringList namesIn(QByteArrayView room);
/// Whether any connection is \a person.
bool isHere(const Person &person);
/// Whether \a room may be entered: somebody is in it, or there are fewer than \a most rooms.
bool hasPlaceFor(QByteArrayView room, int most);
