// Trains in onnxruntime-node: node node/train.mjs FOLDER [--out FILE] [--threads N]
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import ort from 'onnxruntime-node';
import { accuracyOf, loadDigits, onePass, smooth } from '../shared/digits.mjs';
import { writeNpz } from '../shared/npz.mjs';
import { OnnxTrainer } from '../shared/onnx-trainer.mjs';
import { lossCurve, progressLine } from './terminal.mjs';

const { positionals: [folder = 'digits'], values } = parseArgs({
  allowPositionals: true,
  options: { out: { type: 'string' }, threads: { type: 'string', default: '0' } },
});
const out = values.out ?? join(folder, 'node.npz');
const read = (name) => readFile(join(folder, name));

const digits = await loadDigits(read);
const trainer = await OnnxTrainer.load(ort, read, { intraOpNumThreads: Number(values.threads), logSeverityLevel: 3 });
console.log(`${digits.train.count} digits to learn from, ${digits.test.count} held out; before: accuracy ${(await accuracyOf(trainer, digits.test)).toFixed(4)}`);

const [losses, accuracies] = [[], []];
const begun = performance.now();
for await (const report of onePass(trainer, digits.train)) {
  losses.push(report.loss);
  accuracies.push(report.accuracy);
  progressLine(process.stdout, { ...report, loss: smooth(losses).at(-1), accuracy: smooth(accuracies).at(-1), perStep: (performance.now() - begun) / report.step });
}

console.log(lossCurve(smooth(losses)));
const seconds = (performance.now() - begun) / 1000;
console.log(`held out: accuracy ${(await accuracyOf(trainer, digits.test)).toFixed(4)} of ${digits.test.count} after ${trainer.iterations} steps in ${seconds.toFixed(1)} s`);
await writeFile(out, writeNpz(trainer.state()));
console.log(`${out}: the state; dotnet run -c Release examples/hosts/import.cs -- ${folder} ${out} makes it a model again`);
