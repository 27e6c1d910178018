// The official Socket.IO server on a free port of loopback, which it prints. It ends with its input.
const http = require("node:http");
const { Server } = require("socket.io");

const server = http.createServer();
const io = new Server(server, {
  allowRequest: (request, done) => done(null, !request.url.includes("refuse=1")),
});

io.of("/admin").on("connection", (socket) => {
  const { headers, query } = socket.handshake;
  socket.emit("welcome", headers["x-who"], query.token);
  socket.on("sum", (a, b, answer) => answer(a + b));
});

server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.on("end", () => process.exit()).resume();
