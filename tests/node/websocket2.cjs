// WebSocket over HTTP/2 (RFC 8441) by Node's http2 and the ws package.
//   serve              an echo in the clear on a free port of loopback, which it prints; ends with its input
//   ask HOST PORT CA   says three things to ws.example.com there, and prints what came back as JSON
const http2 = require("node:http2");
const fs = require("node:fs");
const WebSocket = require("ws");

function speak(stream, isServer) {
  const socket = new WebSocket(null, undefined, { autoPong: true, closeTimeout: 30000 });
  socket._isServer = isServer;
  socket.setSocket(stream, Buffer.alloc(0), {
    allowSynchronousEvents: true,
    maxPayload: 1 << 24,
    skipUTF8Validation: false,
  });
  return socket;
}

function serve() {
  const server = http2.createServer({ settings: { enableConnectProtocol: true } });
  server.on("stream", (stream, headers) => {
    if (headers[":method"] !== "CONNECT") {
      stream.respond({ ":status": 200 });
      stream.end("a page");
    } else if (headers[":path"] === "/refused") {
      stream.respond({ ":status": 403 });
      stream.end("not for you");
    } else if (headers[":path"] === "/reset") {
      stream.respond({ ":status": 200 });
      stream.on("error", () => {}).destroy(new Error("on purpose"));
    } else {
      const chosen = (headers["sec-websocket-protocol"] || "").split(", ")[0];
      stream.respond({ ":status": 200, ...(chosen && { "sec-websocket-protocol": chosen }) });
      const socket = speak(stream, true);
      socket.on("message", (data, binary) => socket.send(data, { binary }));
    }
  });
  server.listen(0, "127.0.0.1", () => console.log(server.address().port));
  process.stdin.on("end", () => process.exit()).resume();
}

function ask(host, port, ca) {
  const told = { heard: [] };
  const client = http2.connect(`https://ws.example.com:${port}`, {
    host, port, ca: fs.readFileSync(ca), servername: "ws.example.com",
  });
  client.on("remoteSettings", (settings) => {
    told.allowed = settings.enableConnectProtocol;
    const stream = client.request({
      ":method": "CONNECT", ":protocol": "websocket", ":path": "/echo", ":scheme": "https",
      ":authority": "ws.example.com", "sec-websocket-version": "13",
      "sec-websocket-protocol": "nobody, echo.netlab",
    }, { endStream: false });
    stream.on("response", (headers) => {
      told.status = headers[":status"];
      told.subprotocol = headers["sec-websocket-protocol"];
      const socket = speak(stream, false);
      socket.on("message", (data, binary) => {
        told.heard.push([data.length, binary]);
        if (told.heard.length === 3) socket.close(1000, "bye");
      });
      socket.on("close", (code) => {
        told.code = code;
        console.log(JSON.stringify(told));
        client.destroy();
      });
      socket.send("Hello");
      socket.send(Buffer.alloc(300), { binary: true });
      socket.send(Buffer.alloc(200000), { binary: true });
    });
  });
}

if (process.argv[2] === "serve") serve();
else ask(...process.argv.slice(3));
