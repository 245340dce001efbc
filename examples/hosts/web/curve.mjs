// The loss as a curve: faint for single batches, strong for the mean over ten.
import { smooth } from '/shared/digits.mjs';

const [LEFT, RIGHT, TOP, BOTTOM] = [38, 6, 8, 22];

/**
 * @param {HTMLCanvasElement} canvas
 * @param {number[]} losses The loss of each step so far.
 * @param {number} steps Steps of the whole pass.
 */
export function drawCurve(canvas, losses, steps) {
  const resolved = (name) => {
    canvas.style.color = `var(${name})`;
    return getComputedStyle(canvas).color;
  };
  const [line, quiet, faint, accent] = ['--line', '--quiet', '--faint', '--accent'].map(resolved);
  canvas.style.color = '';
  const ratio = devicePixelRatio;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  [canvas.width, canvas.height] = [width * ratio, height * ratio];
  const context = canvas.getContext('2d');
  context.scale(ratio, ratio);
  context.font = `12px ${getComputedStyle(canvas).fontFamily}`;

  const most = Math.max(0.5, Math.ceil(Math.max(...losses, 0) * 2) / 2);
  const x = (step) => LEFT + ((width - LEFT - RIGHT) * step) / steps;
  const y = (loss) => TOP + (height - TOP - BOTTOM) * (1 - loss / most);

  context.fillStyle = quiet;
  context.textBaseline = 'middle';
  context.textAlign = 'right';
  context.strokeStyle = line;
  for (let loss = 0; loss <= most; loss += most > 2 ? 1 : 0.5) {
    context.fillText(loss.toFixed(1), LEFT - 8, y(loss));
    context.beginPath();
    context.moveTo(LEFT, y(loss));
    context.lineTo(width - RIGHT, y(loss));
    context.stroke();
  }

  context.textBaseline = 'bottom';
  context.fillText(`step ${steps}`, width - RIGHT, height - 2);
  context.textAlign = 'left';
  context.fillText('step 1', LEFT, height - 2);
  polyline(losses, faint, 1);
  polyline(smooth(losses), accent, 2.2);

  function polyline(values, colour, thickness) {
    context.strokeStyle = colour;
    context.lineWidth = thickness;
    context.lineJoin = 'round';
    context.beginPath();
    values.forEach((value, i) => context.lineTo(x(i + 1), y(value)));
    context.stroke();
  }
}
