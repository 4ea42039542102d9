// The client of the chain benchmark: signs transfers, then drives a node with them through JSON-RPC over HTTP.
//
//   node transfers.mjs sign FILE --transfers N    signed transactions, one JSON batch a line, funding first
//   node transfers.mjs drive FILE --url URL       sends them, reads every receipt, prints {"seconds", ...}
//
// A batch is one nonce of every sender, so that batches on different connections overtake each other as they do in life.

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
const CONNECTIONS = 4;
const POLL_MILLISECONDS = 20;
const GAS = 21000n;
const FEES = { maxFeePerGas: 1_000_000_000_000n, maxPriorityFeePerGas: 1_000_000_000n };

const { positionals, values: options } = parseArgs({
    allowPositionals: true,
    options: { transfers: { type: "string", default: "20000" }, url: { type: "string", default: "http://127.0.0.1:8545" } },
});
const [command, file] = positionals;
if (command === "sign" && file) {
    await sign(file, Number(options.transfers));
} else if (command === "drive" && file) {
    console.log(JSON.stringify(await drive(file, new URL(options.url))));
} else {
    console.error("usage: node transfers.mjs sign FILE [--transfers N] | drive FILE [--url URL]");
    process.exit(2);
}

async function sign(path, transfers) {
    const root = HDNodeWallet.fromMnemonic(Mnemonic.fromPhrase(MNEMONIC), "m/44'/60'/0'/0");
    const faucet = root.deriveChild(0);
    const senders = Array.from({ length: SENDERS }, (_, i) => root.deriveChild(FIRST_SENDER + i));
    const output = createWriteStream(path);
    const write = async (signed) => {
        if (!output.write(JSON.stringify(signed) + "\n")) {
            await once(output, "drain");
        }
    };

    await write(senders.map((sender, i) => transfer(faucet, i, sender.address, parseEther("90"))));
    for (let nonce = 0; nonce * SENDERS < transfers; nonce++) {
        const count = Math.min(SENDERS, transfers - nonce * SENDERS);
        await write(senders.slice(0, count).map((sender, i) =>
            transfer(sender, nonce, senders[(i + nonce + 1) % SENDERS].address, 1n)));
    }
    output.end();
    await once(output, "finish");
}

function transfer(from, nonce, to, value) {
    const transaction = Transaction.from({ type: 2, chainId: CHAIN_ID, nonce, to, value, gasLimit: GAS, ...FEES });
    transaction.signature = from.signingKey.sign(transaction.unsignedHash);
    return transaction.serialized;
}

async function drive(path, url) {
    const batches = [];
    for await (const line of createInterface({ input: createReadStream(path) })) {
        batches.push(JSON.parse(line));
    }
    const node = connect(url);
    await settle(node, [batchOf("eth_sendRawTransaction", batches[0])]);

    const bodies = batches.slice(1).map((batch) => batchOf("eth_sendRawTransaction", batch));
    const started = performance.now();
    const { receipts, submitted } = await settle(node, bodies);
    const ended = performance.now();
    node.close();

    return {
        transfers: receipts.length,
        seconds: (ended - started) / 1000,
        submission_seconds: (submitted - started) / 1000,
        blocks: new Set(receipts.map((receipt) => receipt.blockNumber)).size,
    };
}

// Sends every batch, then reads the receipts of all their transactions; both over all connections at once.
async function settle(node, bodies) {
    const receipts = [];
    const hashes = await inParallel(bodies, async (body) => results(await node.post(body)));
    const submitted = performance.now();
    await inParallel(hashes, async (pending) => {
        while (pending.length > 0) {
            const answers = results(await node.post(batchOf("eth_getTransactionReceipt", pending)));
            receipts.push(...answers.filter((receipt) => receipt !== null));
            pending = pending.filter((_, i) => answers[i] === null);
            if (pending.length > 0) {
                await pause(POLL_MILLISECONDS);
            }
        }
    });
    const failed = receipts.find((receipt) => receipt.status !== "0x1");
    if (failed) {
        throw new Error(`a transfer failed: ${JSON.stringify(failed)}`);
    }
    return { receipts, submitted };
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

function batchOf(method, parameters) {
    return Buffer.from(JSON.stringify(parameters.map((parameter, id) =>
        ({ jsonrpc: "2.0", id, method, params: [parameter] }))));
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
    return { post, close: () => agent.destroy() };
}
