"""WebSocket: the opening, the frames, and what may go wrong with both."""
