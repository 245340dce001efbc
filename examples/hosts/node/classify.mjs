// Runs a classifier of images in onnxruntime-node, on what resnet18.cs held out, and compares: node node/classify.mjs FOLDER
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import ort from 'onnxruntime-node';

const [folder = '.'] = process.argv.slice(2);
const { classes, shape, probabilities } = JSON.parse(await readFile(join(folder, 'held_out.json'), 'utf8'));
const bytes = await readFile(join(folder, 'held_out.bin'));
const pixels = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));

const session = await ort.InferenceSession.create(join(folder, 'resnet18.onnx'));
const feeds = { [session.inputNames[0]]: new ort.Tensor('float32', pixels, shape) };
const { data } = (await session.run(feeds))[session.outputNames[0]];

const highest = (values) => values.indexOf(Math.max(...values));
let [same, largest] = [0, 0];
for (const [i, expected] of probabilities.entries()) {
  const found = [...data.slice(i * classes.length, (i + 1) * classes.length)];
  if (highest(found) === highest(expected)) same++;
  largest = Math.max(largest, ...found.map((value, j) => Math.abs(value - expected[j])));
}

console.log(`onnxruntime-node: ${same} of ${probabilities.length} images in the same class, largest difference ${largest.toExponential(1)}`);
