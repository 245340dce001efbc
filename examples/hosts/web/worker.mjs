// ONNX Runtime in its own thread, so that the page stays responsive while it trains.
import * as ort from '/ort/ort.wasm.min.mjs';
import { accuracyOf, loadDigits, onePass } from '/shared/digits.mjs';
import { writeNpz } from '/shared/npz.mjs';
import { OnnxTrainer } from '/shared/onnx-trainer.mjs';

const MOST_THREADS = 4;

ort.env.wasm.wasmPaths = '/ort/';
ort.env.wasm.numThreads = self.crossOriginIsolated ? Math.min(MOST_THREADS, navigator.hardwareConcurrency) : 1;

let trainer;
let digits;

// Requests of the page. Each is answered; training also reports each step before.
const calls = {
  async load() {
    const read = async (name) => {
      const response = await fetch(`/data/${name}`);
      if (!response.ok) throw new Error(`${name} is not in the folder that is served. Write it with export.cs.`);
      return new Uint8Array(await response.arrayBuffer());
    };
    [digits, trainer] = [await loadDigits(read), await OnnxTrainer.load(ort, read)];
    return { count: digits.train.count, heldOut: digits.test.count, rows: digits.test.rows, columns: digits.test.columns, threads: ort.env.wasm.numThreads };
  },

  async train() {
    const begun = performance.now();
    for await (const report of onePass(trainer, digits.train)) postMessage({ report });
    const seconds = (performance.now() - begun) / 1000;
    return { seconds, accuracy: await accuracyOf(trainer, digits.test), steps: trainer.iterations };
  },

  async predict({ pixels }) {
    return { scores: (await trainer.predict([pixels]))[0] };
  },

  async sample({ index }) {
    const length = trainer.sampleLength;
    return { pixels: digits.test.images.slice(index * length, (index + 1) * length), label: digits.test.labels[index] };
  },

  async save() {
    return { file: writeNpz(trainer.state()) };
  },
};

// One after the other: only one call at a time may use the state.
let last = Promise.resolve();
addEventListener('message', ({ data: { call, id, values } }) => {
  last = last.then(async () => {
    try {
      postMessage({ id, answer: await calls[call](values) });
    } catch (error) {
      postMessage({ id, error: error.message });
    }
  });
});
