"""Socket.IO: the library over WebSocket and HTTP, packet by packet."""
