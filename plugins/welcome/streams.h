#pragma once

#include <Quern/request.h>
#include <Quern/response.h>

class QObject;

/// GET /stream: lines of text, one by one. What is sent later belongs to \a owner, which lives as long as the worker.
void streamPieces(const Quern::Request &request, Quern::Response &response, QObject *owner);

/// GET /events: server-sent events, one by one.
void streamEvents(const Quern::Request &request, Quern::Response &response, QObject *owner);
