// Socket.IO on node: a room and `emit`. SOCKET_IO names the folder that `npm install socket.io` filled.
import { createServer } from "node:http";
import { createRequire } from "node:module";

const { Server } = createRequire(`${process.env.SOCKET_IO}/package.json`)("socket.io");
const user = { id: "0193e6a0-0000-7000-8000-000000000000", name: "bench", avatar: null };
const http = createServer();
const io = new Server(http, { transports: ["websocket"], pingInterval: 3_600_000 });
let seq = 0;

io.on("connection", (socket) => {
  socket.on("join", (_, reply) => {
    socket.join("lobby");
    reply({ status: "ok" });
  });
  socket.on("new_message", ({ text }, reply) => {
    seq += 1;
    const id = `0193e6a0-0000-7000-8000-${seq.toString(16).padStart(12, "0")}`;
    io.to("lobby").emit("new_message", { id, seq, user, text, inserted_at: "2025-01-01T00:00:00.000000Z" });
    reply({ status: "ok" });
  });
});

http.listen({ host: "127.0.0.1", port: 0, backlog: 4096 }, () => {
  console.log(`Listening on http://127.0.0.1:${http.address().port}`);
});
