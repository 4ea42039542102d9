import assert from 'node:assert/strict';
import test from 'node:test';
import { Contract, HDNodeWallet, JsonRpcProvider, Wallet, WebSocketProvider, isError, keccak256, parseEther, parseUnits } from 'ethers';
import { MNEMONIC, MODELS, MODELS_ABI, MODEL_ABI, chunks, first, fixture, url, webSocketUrl } from './models.mjs';
import { verifyAccount } from './trie.mjs';

const provider = new JsonRpcProvider(url, undefined, { polling: true, pollingInterval: 50, cacheTimeout: -1 });
const walletOf = (index) => HDNodeWallet.fromPhrase(MNEMONIC, '', `m/44'/60'/0'/0/${index}`).connect(provider);
const [dave, erin] = [4, 5].map(walletOf);
const failure = (promise) => promise.then(() => assert.fail('it should have failed'), (error) => error);

test.after(() => provider.destroy());

test('network, balances and fees', async () => {
  assert.equal((await provider.getNetwork()).chainId, 31337n);
  assert.equal(await provider.getBalance(walletOf(8).address), parseEther('10000'));
  const fees = await provider.getFeeData();
  assert.ok(fees.maxFeePerGas > 0n && fees.gasPrice > 0n);
});

test('legacy, access-list and dynamic-fee transfers and their receipts', async () => {
  const to = Wallet.createRandom().address;
  for (const type of [0, 1, 2]) {
    const sent = await dave.sendTransaction({ to, value: parseEther('0.5'), type, ...(type === 2 ? {} : { gasPrice: parseUnits('3', 'gwei') }) });
    const receipt = await sent.wait();
    assert.equal(receipt.status, 1);
    assert.equal(receipt.type, type);
    assert.equal(receipt.gasUsed, 21000n);
    assert.equal((await provider.getTransaction(sent.hash)).blockHash, receipt.blockHash);
  }
  assert.equal(await provider.getBalance(to), parseEther('1.5'));
  assert.equal(await provider.getTransactionCount(dave.address, 'pending'), await provider.getTransactionCount(dave.address));
});

test('blocks with their transactions', async () => {
  const receipt = await (await dave.sendTransaction({ to: erin.address, value: 3n })).wait();
  const block = await provider.getBlock(receipt.blockNumber, true);
  assert.equal(block.hash, receipt.blockHash);
  assert.equal(block.prefetchedTransactions[receipt.index].hash, receipt.hash);
  const before = await provider.getBalance(erin.address, receipt.blockNumber - 1);
  assert.equal(await provider.getBalance(erin.address, receipt.blockNumber) - before, 3n);
});

test('refused transactions become the errors that ethers knows', async () => {
  const poor = Wallet.createRandom().connect(provider);
  const broke = await failure(poor.sendTransaction({ to: dave.address, value: 1n, gasLimit: 21000n }));
  assert.ok(isError(broke, 'INSUFFICIENT_FUNDS'), String(broke));
  const stale = await failure(dave.sendTransaction({ to: erin.address, value: 1n, nonce: 0, gasLimit: 21000n }));
  assert.ok(isError(stale, 'NONCE_EXPIRED'), String(stale));
});

test('an unlocked account sends through the node', async () => {
  const signer = await provider.getSigner(6);
  const receipt = await (await signer.sendTransaction({ to: dave.address, value: 2n })).wait();
  assert.equal(receipt.from, walletOf(6).address);
});

test('eth_getProof holds against the block\'s state root', async () => {
  const block = await provider.send('eth_getBlockByNumber', ['latest', false]);
  const proof = await provider.send('eth_getProof', [dave.address, [], block.number]);
  assert.ok(verifyAccount(block.stateRoot, proof));
});

test('new heads and logs arrive by WebSocket', async () => {
  const socket = new WebSocketProvider(webSocketUrl);
  const head = first((listener) => socket.once('block', listener));
  await socket.getBlockNumber();
  await new Promise((resolve) => setTimeout(resolve, 200));
  const receipt = await (await dave.sendTransaction({ to: erin.address, value: 1n })).wait();
  assert.ok(await head <= receipt.blockNumber);
  await socket.getBlockNumber(); // Answers come in order: the library's own eth_unsubscribe is answered by now.
  await socket.destroy();
});

test('a model is published in chunks, called, and paid for', { skip: fixture === null }, async () => {
  const { container, packed, input, output } = fixture;
  const models = new Contract(MODELS, MODELS_ABI, dave);
  const hash = keccak256(container);
  const size = (container.length - 2) / 2;
  const price = parseUnits('5', 'gwei');
  const mined = async (sent) => (await sent).wait();

  const announced = first((listener) => models.once('ModelPublished', (...args) => listener(args)));
  await mined(models.begin(hash, size, { value: await models.depositFor(size) }));
  for (const { offset, data } of chunks(container, Math.ceil(size / 2)))
    await mined(models.chunk(hash, offset, data));
  await mined(models.seal(hash, 'tiny-ethers', '', price));
  const address = await models.resolve(`${dave.address.toLowerCase()}/tiny-ethers`);
  assert.equal((await announced)[0], address);

  const expected = output.map(BigInt);
  const model = new Contract(address, MODEL_ABI, provider);
  assert.deepEqual([...await model.infer.staticCall(input)], expected);
  assert.deepEqual([...await model.inferPacked.staticCall(packed)], expected);

  const receipt = await mined(models.connect(erin).infer(address, packed, { value: price }));
  const event = receipt.logs.map((log) => models.interface.parseLog(log)).find((log) => log?.name === 'Inferred');
  assert.deepEqual([...event.args.output], expected);
  assert.equal(event.args.payer, erin.address);
  const logs = await models.queryFilter(models.filters.Inferred(address));
  assert.deepEqual(logs.map((log) => log.transactionHash), [receipt.hash]);

  const cheap = await failure(models.connect(erin).infer.staticCall(address, packed, { value: 1n }));
  assert.ok(isError(cheap, 'CALL_EXCEPTION'), String(cheap));
  assert.equal(cheap.revert.name, 'InsufficientPayment');
  assert.deepEqual([...cheap.revert.args], [price, 1n]);
});
