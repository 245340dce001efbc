// The digits that export.cs wrote, and one pass over them, shared by Node and the page.
import { readIdx } from './idx.mjs';

/** Samples per step; import.cs makes the same steps. */
export const BATCH_SIZE = 16;

/**
 * Reads the two parts.
 * @param {(name: string) => Promise<Uint8Array>} read Reads a file by its name.
 * @returns {Promise<{train: Digits, test: Digits}>} Training digits and held-out ones.
 * @typedef {{images: Uint8Array, labels: Uint8Array, count: number, rows: number, columns: number}} Digits
 */
export async function loadDigits(read) {
  const part = async (name) => {
    const images = readIdx(await read(`${name}-images.idx`));
    const labels = readIdx(await read(`${name}-labels.idx`));
    const [count, rows, columns] = images.dimensions;
    if (labels.dimensions[0] !== count) throw new Error(`${name} has ${count} images but ${labels.dimensions[0]} labels. Write the files again with export.cs.`);
    return { images: images.bytes, labels: labels.bytes, count, rows, columns };
  };
  return { train: await part('train'), test: await part('t10k') };
}

/**
 * One pass in the order of the file, one step per batch; the last batch is smaller.
 * @param {import('./onnx-trainer.mjs').OnnxTrainer} trainer
 * @param {Digits} digits
 * @returns For each step: its number, the number of steps, loss and metrics, milliseconds.
 */
export async function* onePass(trainer, digits, batchSize = BATCH_SIZE) {
  const pixels = digits.rows * digits.columns;
  const steps = Math.ceil(digits.count / batchSize);
  for (let step = 1; step <= steps; step++) {
    const [start, end] = [(step - 1) * batchSize, Math.min(step * batchSize, digits.count)];
    const begun = performance.now();
    const logs = await trainer.step([digits.images.subarray(start * pixels, end * pixels), digits.labels.subarray(start, end)]);
    yield { step, steps, loss: logs.loss, accuracy: logs.sparse_categorical_accuracy, milliseconds: performance.now() - begun };
  }
}

/** The accuracy on held-out digits. */
export async function accuracyOf(trainer, digits) {
  return (await trainer.evaluate([digits.images, digits.labels])).sparse_categorical_accuracy;
}

/** The mean of the last `width` values at each position, because the loss of single batches jumps. */
export function smooth(values, width = 10) {
  return values.map((_, i) => {
    const window = values.slice(Math.max(0, i + 1 - width), i + 1);
    return window.reduce((sum, value) => sum + value, 0) / window.length;
  });
}
