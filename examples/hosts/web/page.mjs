// The page: buttons, curve and pad on one side, the worker that trains on the other.
import { smooth } from '/shared/digits.mjs';
import { drawCurve } from './curve.mjs';
import { Pad } from './pad.mjs';

const element = Object.fromEntries([...document.querySelectorAll('[id]')].map((found) => [found.id, found]));
const worker = new Worker('worker.mjs', { type: 'module' });
const waiting = new Map();
const losses = [];
let facts;
let last;
let drawsSoon = false;

worker.addEventListener('message', ({ data: { id, answer, error, report } }) => {
  if (report) return onStep(report);
  const { resolve, reject } = waiting.get(id);
  waiting.delete(id);
  return error ? reject(new Error(error)) : resolve(answer);
});
worker.addEventListener('error', ({ message }) => fail(new Error(message ?? 'The worker could not be started.')));

/** Sends a request to the worker and returns its answer. */
function ask(call, values = {}) {
  return new Promise((resolve, reject) => {
    const id = crypto.randomUUID();
    waiting.set(id, { resolve, reject });
    worker.postMessage({ call, id, values });
  });
}

function fail(error) {
  element.status.textContent = error.message;
}

/** Records a step; the page is redrawn once for all steps since the last drawing. */
function onStep(report) {
  losses.push(report.loss);
  last = report;
  if (!drawsSoon) requestAnimationFrame(draw);
  drawsSoon = true;
}

function draw() {
  drawsSoon = false;
  const { step, steps, milliseconds } = last;
  const mean = smooth(losses).at(-1);
  element.progress.value = step / steps;
  element.loss.textContent = mean.toFixed(3);
  element.speed.textContent = `${milliseconds.toFixed(0)} ms`;
  element.curve.setAttribute('aria-label', `Loss from ${losses[0].toFixed(2)} at step 1 to ${mean.toFixed(2)} at step ${step} of ${steps}`);
  drawCurve(element.curve, losses, steps);
}

async function train() {
  element.train.disabled = element.save.disabled = true;
  element.status.textContent = `Training with ${facts.threads} ${facts.threads === 1 ? 'thread' : 'threads'} of WebAssembly ...`;
  losses.length = 0;
  const { seconds, accuracy, steps } = await ask('train');
  element.accuracy.textContent = `${(100 * accuracy).toFixed(1)} %`;
  if (drawsSoon) await new Promise(requestAnimationFrame);
  element.speed.textContent = `${((1000 * seconds) / losses.length).toFixed(1)} ms`;
  element.status.textContent = `${losses.length} steps in ${seconds.toFixed(1)} seconds, ${steps} in all. Right on ${Math.round(accuracy * facts.heldOut)} of ${facts.heldOut.toLocaleString('en')} held-out digits.`;
  element.train.textContent = 'Train for another pass';
  element.train.disabled = element.save.disabled = false;
  await predict();
}

async function predict() {
  const pixels = pad.pixels();
  if (!pixels || !facts) return;
  const { scores } = await ask('predict', { pixels });
  const best = scores.indexOf(Math.max(...scores));
  element.verdict.innerHTML = `This is a <strong>${best}</strong>.`;
  scores.forEach((score, digit) => {
    const row = element.scores.rows[digit];
    row.className = digit === best ? 'best' : '';
    row.querySelector('rect').setAttribute('width', 100 * score);
    row.cells[2].textContent = `${(100 * score).toFixed(1)} %`;
  });
}

async function takeSample() {
  const { pixels } = await ask('sample', { index: Math.floor(Math.random() * facts.heldOut) });
  pad.show(pixels);
  await predict();
}

async function save() {
  const { file } = await ask('save');
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([file]));
  link.download = 'web.npz';
  link.click();
  URL.revokeObjectURL(link.href);
}

const pad = new Pad(element.pad, () => predict().catch(fail));
element.scores.innerHTML = Array.from({ length: 10 }, (_, digit) =>
  `<tr><th scope="row">${digit}</th><td><svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect width="0" height="10"/></svg></td><td>-</td></tr>`).join('');
element.train.addEventListener('click', () => train().catch(fail));
element.save.addEventListener('click', () => save().catch(fail));
element.sample.addEventListener('click', () => takeSample().catch(fail));
element.clear.addEventListener('click', () => {
  pad.clear();
  element.verdict.textContent = 'Draw a digit.';
});
new ResizeObserver(() => drawCurve(element.curve, losses, last?.steps ?? 1)).observe(element.curve);

try {
  facts = await ask('load');
  element.train.textContent = `Train on ${facts.count.toLocaleString('en')} digits`;
  element.status.textContent = `Ready. ${facts.heldOut.toLocaleString('en')} more digits are held out to test it.`;
  element.train.disabled = element.sample.disabled = false;
} catch (error) {
  fail(error);
}
