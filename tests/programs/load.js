// SPDX-License-Identifier: Apache-2.0
// Compiled loops, a server and its clients, files, worker threads and the thread pool.
const http = require('http'), fs = require('fs'), crypto = require('crypto');
const { Worker } = require('worker_threads');

let sum = 0;
for (let i = 0; i < 3e6; i++) sum = (sum + i * i) % 1000003;
console.log('loop', sum);

const worker = () => new Promise((resolve, reject) => {
  const code = "const {parentPort}=require('worker_threads');let s=0;for(let i=0;i<1e6;i++)s=(s*31+i)%65537;parentPort.postMessage(s)";
  new Worker(code, { eval: true }).on('message', resolve).on('error', reject);
});
const get = (port, path) => new Promise((resolve, reject) => {
  http.get({ port, host: '127.0.0.1', path }, (reply) => {
    let data = '';
    reply.on('data', (piece) => data += piece).on('end', () => resolve(data));
  }).on('error', reject);
});

const server = http.createServer((request, reply) => reply.end('path ' + request.url + 'x'.repeat(10000)));
server.listen(0, '127.0.0.1', async () => {
  const port = server.address().port;
  const replies = await Promise.all([...Array(100).keys()].map((i) => get(port, '/' + i)));
  console.log('replies', replies.length, replies.reduce((total, reply) => total + reply.length, 0));
  fs.writeFileSync('file', 'y'.repeat(1e6));
  console.log('file', (await fs.promises.readFile('file')).length);
  console.log('key', crypto.pbkdf2Sync('a', 'b', 1000, 32, 'sha256').toString('hex'));
  console.log('workers', await Promise.all([worker(), worker(), worker()]));
  server.close(() => process.exit(0));
});
