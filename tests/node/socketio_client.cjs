// The official Socket.IO client on the lab's server. It writes what it saw, a line of JSON each.
// node socketio_client.cjs SCENARIO ADDRESS PORT SCHEME TRANSPORTS [CA_FILE]; NODE_PATH names its modules.
"use strict";
const { io } = require("socket.io-client");
const fs = require("fs");

const [scenario, address, port, scheme, transports, ca] = process.argv.slice(2);
const NAME = "chat.example.com";
const tell = (what) => process.stdout.write(JSON.stringify(what) + "\n");

const lookup = (name, options, done) =>
  options.all ? done(null, [{ address, family: 4 }]) : done(null, address, 4);
const agent = new (require(scheme).Agent)({ lookup, ca: ca && fs.readFileSync(ca) });

const open = (namespace = "/", more = {}) =>
  io(`${scheme}://${NAME}:${port}${namespace}`, {
    transports: transports.split(","), agent, ca: ca && fs.readFileSync(ca), forceNew: true,
    reconnection: false, ...more,
  });
const event = (emitter, name) => new Promise((done) => emitter.once(name, (...args) => done(args)));
const acknowledged = (socket, ...args) => socket.timeout(5000).emitWithAck(...args);

const scenarios = {
  // Connect, be upgraded if that is wanted; acknowledgements with all kinds of arguments.
  async talk() {
    const socket = open();
    const upgraded = event(socket.io.engine, "upgrade");
    await event(socket, "connect");
    if (transports === "polling,websocket") await upgraded;
    const echo = (...args) => new Promise((done) => socket.emit("echo", ...args, (...got) => done(got)));
    tell({
      transport: socket.io.engine.transport.name,
      named: typeof socket.id === "string" && socket.id.length > 0,
      none: await echo(),
      several: await echo("안녕", 1, null, { deep: [true] }),
      many: await Promise.all(Array.from({ length: 40 }, (_, n) => acknowledged(socket, "echo", n))),
      binary: (await echo(Buffer.from([0, 255, 10]), { deep: [Buffer.from("b")] })).map((one) =>
        Buffer.isBuffer(one) ? one.toString("hex") : one.deep[0].toString("hex")),
      wrong: await acknowledged(socket, "say", "room"),
      late: await new Promise((done) =>
        socket.timeout(200).emit("nobody answers this", (error) => done(error.message))),
    });
    socket.disconnect();
  },

  async namespaces() {
    const admin = open("/admin");
    await event(admin, "connect");
    const nowhere = open("/nowhere");
    const [error] = await event(nowhere, "connect_error");
    // Rooms of the same name in two namespaces are two rooms.
    const plain = open("/");
    await event(plain, "connect");
    const rooms = [await acknowledged(admin, "join", "tea"), await acknowledged(plain, "join", "tea")];
    tell({ rooms, refused: error.message, members: await acknowledged(admin, "say", "tea", "hi") });
    [admin, nowhere, plain].forEach((socket) => socket.disconnect());
  },

  async rooms() {
    const three = [open(), open(), open()];
    const heard = three.map(() => []);
    three.forEach((socket, n) => socket.on("said", (said) => heard[n].push(said)));
    await Promise.all(three.map((socket) => event(socket, "connect")));
    const [ada, bob, eve] = three;
    const joined = [await acknowledged(ada, "join", "tea"), await acknowledged(bob, "join", "tea")];
    const both = Promise.all([event(ada, "said"), event(bob, "said")]);
    const members = await acknowledged(ada, "say", "tea", "hello");
    await both;
    await acknowledged(eve, "echo"); // what was sent to eve before has come by now
    const left = await acknowledged(bob, "leave", "tea");
    const again = event(ada, "said");
    const fewer = await acknowledged(ada, "say", "tea", "bye");
    await again;
    await acknowledged(bob, "echo");
    const from = heard[0].every((said) => said.from === ada.id);
    tell({ joined, left, members, fewer, from, heard: heard.map((all) => all.map((said) => said.text)) });
    three.forEach((socket) => socket.disconnect());
  },

  // The test stops and starts the server at what it reads here.
  async reconnect() {
    const socket = open("/", { reconnection: true, reconnectionDelay: 50, reconnectionDelayMax: 200 });
    await event(socket, "connect");
    const first = socket.id;
    const gone = event(socket, "disconnect");
    const failed = event(socket.io, "reconnect_error");
    const back = event(socket.io, "reconnect");
    tell({ event: "joined", rooms: await acknowledged(socket, "join", "tea") });
    tell({ event: "gone", reason: (await gone)[0] });
    await failed;
    tell({ event: "failed" });
    await back;
    if (!socket.connected) await event(socket, "connect");
    tell({
      event: "back", other: socket.id !== first,
      members: await acknowledged(socket, "say", "tea", "anybody?"),
      rooms: await acknowledged(socket, "leave", "none"),
    });
    socket.disconnect();
  },
};

scenarios[scenario]().then(() => agent.destroy(), (error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
