// ezkl's prover in WebAssembly (@ezkljs/engine), on a circuit that ezkl compiled before: the engine cannot compile one itself.
//
//   node ezkl.mjs FOLDER [--rounds N]     FOLDER holds model.compiled, input.json, settings.json and kzg (the structured reference string),
//                                         as tests/assets of ezkl's own repository does; prints the medians in milliseconds, and bytes

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { parseArgs } from "node:util";

const ezkl = createRequire(import.meta.url)("@ezkljs/engine/nodejs");
const { positionals, values: options } = parseArgs({ allowPositionals: true, options: { rounds: { type: "string", default: "5" } } });
const [folder] = positionals;
if (!folder) {
    console.error("usage: node ezkl.mjs FOLDER [--rounds N]");
    process.exit(2);
}

const read = (name) => new Uint8ClampedArray(readFileSync(join(folder, name)));
const bytes = (array) => new Uint8ClampedArray(array);
const [circuit, input, settings, srs] = ["model.compiled", "input.json", "settings.json", "kzg"].map(read);

const [setup, keys] = time(() => {
    const verifying = bytes(ezkl.genVk(circuit, srs, true));
    return { verifying, proving: bytes(ezkl.genPk(verifying, circuit, srs)) };
});
const prove = [];
const verify = [];
let length = 0;
for (let round = 0; round < Number(options.rounds); round++) {
    const [proveTime, proof] = time(() => bytes(ezkl.prove(bytes(ezkl.genWitness(circuit, input)), keys.proving, circuit, srs)));
    const [verifyTime, valid] = time(() => ezkl.verify(proof, keys.verifying, settings, srs));
    if (!valid) {
        console.error("ezkl refused its own proof");
        process.exit(1);
    }
    prove.push(proveTime);
    verify.push(verifyTime);
    length = proof.length;
}
console.log(JSON.stringify({ setup, prove: median(prove), verify: median(verify), bytes: length }));

function time(work) {
    const start = performance.now();
    const result = work();
    return [performance.now() - start, result];
}

function median(times) {
    return times.sort((a, b) => a - b)[Math.floor(times.length / 2)];
}
