// The peer of the attestation benchmark: verifies one quote with its collateral, again and again, with @phala/dcap-qvl.
//
//   node attestation.mjs QUOTE COLLATERAL AT [--count N]     the status and the median time, in milliseconds

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { verify } from "@phala/dcap-qvl";

const { positionals, values: options } = parseArgs({ allowPositionals: true, options: { count: { type: "string", default: "100" } } });
const [quoteFile, collateralFile, at] = positionals;
if (!at) {
    console.error("usage: node attestation.mjs QUOTE COLLATERAL AT [--count N]");
    process.exit(2);
}
const quote = readFileSync(quoteFile);
const bundle = JSON.parse(readFileSync(collateralFile, "utf8"));
const bytes = (hex) => Array.from(Buffer.from(hex, "hex"));
const collateral = {
    ...bundle,
    root_ca_crl: bytes(bundle.root_ca_crl),
    pck_crl: bytes(bundle.pck_crl),
    tcb_info_signature: bytes(bundle.tcb_info_signature),
    qe_identity_signature: bytes(bundle.qe_identity_signature),
};

const once = () => verify(quote, collateral, Number(at));
const count = Number(options.count);
for (let i = 0; i < Math.ceil(count / 4); i++) {
    once();
}
const times = [];
let status = "";
for (let i = 0; i < count; i++) {
    const started = performance.now();
    status = once().status;
    times.push(performance.now() - started);
}
times.sort((a, b) => a - b);
console.log(JSON.stringify({ status, milliseconds: times[Math.floor(times.length / 2)] }));
