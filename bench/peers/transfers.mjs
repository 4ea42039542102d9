// The client of the chain benchmark: signs transfers, then drives a node with them through JSON-RPC over HTTP.
//
//   node transfers.mjs sign FILE [--transfers N]       signed transfers, a JSON array of 100 a line; the senders' funding first
//   node transfers.mjs drive FILE [--url URL] [--pace open|closed]
//                                                      sends them, reads every receipt, prints the times in seconds
//
// Open: sends all batches, waits until all transfers are in blocks, reads all receipts. Closed: each connection reads the receipts of
// its batch before it sends the next one, so that at most 400 transfers wait at a time.

import { createReadStream, createWriteStream } from "node:fs";
import { Agent, request } from "node:http";
import { createInterface } from "node:readline";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { HDNodeWallet, Mnemonic, Transaction, parseEther } from "ethers";

const MNEMONIC = "test test test test test test test test test test test junk";
const CHAIN_ID = 31337n;
const SENDERS = 100;
const FIRST_SENDER = 1000; // index in the mnemonic: none of the accounts that a development node funds
const BATCH = 100;
const CONNECTIONS = 4;
const POLL_MILLISECONDS = 5;
const STALL_MILLISECONDS = 20_000;
const GAS = 21000n;
const FEES = { maxFeePerGas: 1_000_000_000_000n, maxPriorityFeePerGas: 1_000_000_000n };

const { positionals, values: options } = parseArgs({
    allowPositionals: true,
    options: {
        transfers: { type: "string", default: "20000" },
        url: { type: "string", default: "http://127.0.0.1:8545" },
        pace: { type: "string", default: "open" },
    },
});
const [command, file] = positionals;
const paces = { open: driveOpen, closed: driveClosed };
if (command === "sign" && file) {
    await sign(file, Number(options.transfers));
} else if (command === "drive" && file && options.pace in paces) {
    console.log(JSON.stringify(await drive(file, new URL(options.url), paces[options.pace])));
} else {
    console.error("usage: node transfers.mjs sign FILE [--transfers N] | drive FILE [--url URL] [--pace open|closed]");
    process.exit(2);
}

async function sign(path, transfers) {
    const root = HDNodeWallet.fromMnemonic(Mnemonic.fromPhrase(MNEMONIC), "m/44'/60'/0'/0");
    const faucet = root.deriveChild(0);
    const senders = Array.from({ length: SENDERS }, (_, i) => root.deriveChild(FIRST_SENDER + i));
    const output = createWriteStream(path);
    const write = async (batch) => {
        if (!output.write(JSON.stringify(batch) + "\n")) {
            await once(output, "drain");
        }
    };

    await write(senders.map((sender, i) => transfer(faucet, i, sender.address, parseEther("90"))));
    let batch = [];
    for (const [sender, nonce] of order(transfers)) {
        batch.push(transfer(senders[sender], nonce, senders[(sender + nonce + 1) % SENDERS].address, 1n));
        if (batch.length === BATCH) {
            await write(batch);
            batch = [];
        }
    }
    if (batch.length > 0) {
        await write(batch);
    }
    output.end();
    await once(output, "finish");
}

// Up to a batch of consecutive nonces of one sender, then the next sender's; round after round.
function* order(transfers) {
    const perSender = Math.ceil(transfers / SENDERS);
    let left = transfers;
    for (let first = 0; first < perSender; first += BATCH) {
        for (let sender = 0; sender < SENDERS; sender++) {
            for (let nonce = first; nonce < Math.min(first + BATCH, perSender) && left > 0; nonce++, left--) {
                yield [sender, nonce];
            }
        }
    }
}

function transfer(from, nonce, to, value) {
    const transaction = Transaction.from({ type: 2, chainId: CHAIN_ID, nonce, to, value, gasLimit: GAS, ...FEES });
    transaction.signature = from.signingKey.sign(transaction.unsignedHash);
    return transaction.serialized;
}

async function drive(path, url, atPace) {
    const batches = [];
    for await (const line of createInterface({ input: createReadStream(path) })) {
        batches.push(JSON.parse(line));
    }
    const node = connect(url);
    await driveClosed(node, [batchOf("eth_sendRawTransaction", batches[0])]);

    const bodies = batches.slice(1).map((batch) => batchOf("eth_sendRawTransaction", batch));
    const started = performance.now();
    const { receipts, submitted, mined } = await atPace(node, bodies);
    const ended = performance.now();
    node.close();

    const failed = receipts.find((receipt) => receipt.status !== "0x1");
    if (failed) {
        throw new Error(`a transfer failed: ${JSON.stringify(failed)}`);
    }
    return {
        transfers: receipts.length,
        submission_seconds: (submitted - started) / 1000,
        mined_seconds: (mined - started) / 1000,
        seconds: (ended - started) / 1000,
        blocks: new Set(receipts.map((receipt) => receipt.blockNumber)).size,
    };
}

async function driveOpen(node, bodies) {
    const firstBlock = 1 + await blockNumber(node);
    const hashes = await inParallel(bodies, (body) => node.call(body));
    const submitted = performance.now();
    await allMined(node, hashes.flat(), firstBlock);
    const mined = performance.now();
    const receipts = await inParallel(hashes, (batch) => node.call(batchOf("eth_getTransactionReceipt", batch)));
    return { receipts: receipts.flat(), submitted, mined };
}

async function driveClosed(node, bodies) {
    const receipts = await inParallel(bodies, async (body) => {
        let waiting = await node.call(body);
        const read = [];
        while (waiting.length > 0) {
            await isMined(node, waiting.at(-1));
            const answers = await node.call(batchOf("eth_getTransactionReceipt", waiting));
            read.push(...answers.filter((receipt) => receipt !== null));
            waiting = waiting.filter((_, i) => answers[i] === null);
        }
        return read;
    });
    const ended = performance.now();
    return { receipts: receipts.flat(), submitted: ended, mined: ended };
}

// Reads the hashes in every new block until each transaction has been in one.
async function allMined(node, hashes, firstBlock) {
    const waiting = new Set(hashes);
    for (let next = firstBlock; waiting.size > 0; next++) {
        await until(async () => await blockNumber(node) >= next);
        const [block] = await node.call(batchOf("eth_getBlockByNumber", ["0x" + next.toString(16)], false));
        block.transactions.forEach((hash) => waiting.delete(hash));
    }
}

async function isMined(node, hash) {
    await until(async () => (await node.call(batchOf("eth_getTransactionReceipt", [hash])))[0] !== null);
}

async function until(condition) {
    const started = performance.now();
    while (!await condition()) {
        if (performance.now() - started > STALL_MILLISECONDS) {
            throw new Error(`nothing has been mined for ${STALL_MILLISECONDS / 1000} s`);
        }
        await pause(POLL_MILLISECONDS);
    }
}

async function blockNumber(node) {
    const [number] = await node.call(Buffer.from('[{"jsonrpc":"2.0","id":0,"method":"eth_blockNumber","params":[]}]'));
    return Number(number);
}

async function inParallel(items, work) {
    const done = new Array(items.length);
    let next = 0;
    await Promise.all(Array.from({ length: CONNECTIONS }, async () => {
        while (next < items.length) {
            const i = next++;
            done[i] = await work(items[i]);
        }
    }));
    return done;
}

// One call of the method for each of the parameters; `rest` follows it in every call.
function batchOf(method, parameters, ...rest) {
    return Buffer.from(JSON.stringify(parameters.map((parameter, id) =>
        ({ jsonrpc: "2.0", id, method, params: [parameter, ...rest] }))));
}

function results(answers) {
    const ordered = new Array(answers.length);
    for (const answer of answers) {
        if (answer.error) {
            throw new Error(`the node refused: ${JSON.stringify(answer.error)}`);
        }
        ordered[answer.id] = answer.result;
    }
    return ordered;
}

function connect(url) {
    const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
    const post = (body) => new Promise((resolve, reject) => {
        const headers = { "content-type": "application/json", "content-length": body.length };
        const call = request(url, { agent, method: "POST", headers }, (response) => {
            const parts = [];
            response.on("data", (part) => parts.push(part));
            response.on("error", reject);
            response.on("end", () => {
                try {
                    resolve(JSON.parse(Buffer.concat(parts).toString()));
                } catch (error) {
                    reject(error);
                }
            });
        });
        call.on("error", reject);
        call.end(body);
    });
    return { call: async (body) => results(await post(body)), close: () => agent.destroy() };
}
