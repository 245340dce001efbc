// A progress line and a curve for a terminal.

const BAR = 30;
const LEVELS = ' \u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588';

/** Rewrites one line on a terminal; otherwise writes a line now and then. */
export function progressLine(stream, { step, steps, loss, accuracy, perStep }) {
  const isLast = step === steps;
  if (!stream.isTTY && step % 25 !== 0 && !isLast) return;
  const done = Math.round((BAR * step) / steps);
  const line = `${String(step).padStart(4)}/${steps} [${'='.repeat(done)}${' '.repeat(BAR - done)}] loss ${loss.toFixed(4)}, accuracy ${accuracy.toFixed(2)}, ${perStep.toFixed(1)} ms a step`;
  stream.write((stream.isTTY ? '\r' : '') + line + (isLast || !stream.isTTY ? '\n' : ''));
}

/** The values as a filled curve of a few lines. */
export function lossCurve(values, columns = 60, rows = 8) {
  const most = Math.max(...values);
  const width = Math.min(columns, values.length);
  const heights = Array.from({ length: width }, (_, i) => Math.round((values[Math.floor((i * values.length) / width)] / most) * rows * 8));
  const lines = Array.from({ length: rows }, (_, i) => {
    const floor = (rows - 1 - i) * 8;
    const label = i === 0 ? most.toFixed(2) : i === rows - 1 ? '0' : '';
    return `${label.padStart(6)} |${heights.map((height) => LEVELS[Math.min(8, Math.max(0, height - floor))]).join('')}`;
  });
  return [...lines, `${' '.repeat(7)}+${'-'.repeat(width)} loss, step 1 to ${values.length}`].join('\n');
}
