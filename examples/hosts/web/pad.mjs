// A pad to draw a digit on, and the digit in MNIST's format.

const PEN = 22;
const SIDE = 28;
// MNIST's digits fit into a box of 20 pixels and have their centre of mass in the middle.
const BOX = 20;

export class Pad {
  #canvas;
  #context;
  #stroke = null;

  /** @param {HTMLCanvasElement} canvas @param {() => void} drawn Called after each stroke. */
  constructor(canvas, drawn) {
    this.#canvas = canvas;
    this.#context = canvas.getContext('2d', { willReadFrequently: true });
    this.#context.lineWidth = PEN;
    this.#context.lineCap = this.#context.lineJoin = 'round';
    this.#context.strokeStyle = '#fff';
    this.clear();
    canvas.addEventListener('pointerdown', (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.#stroke = this.#place(event);
      this.#lineTo(this.#stroke);
    });
    canvas.addEventListener('pointermove', (event) => {
      if (this.#stroke) this.#lineTo(this.#place(event));
    });
    const end = () => {
      if (this.#stroke) drawn();
      this.#stroke = null;
    };
    canvas.addEventListener('pointerup', end);
    canvas.addEventListener('pointercancel', end);
  }

  clear() {
    this.#context.fillStyle = '#000';
    this.#context.fillRect(0, 0, this.#canvas.width, this.#canvas.height);
  }

  /** Shows a digit of 28 x 28 pixels. */
  show(pixels) {
    const small = new OffscreenCanvas(SIDE, SIDE);
    const image = new ImageData(SIDE, SIDE);
    pixels.forEach((value, i) => image.data.set([value, value, value, 255], 4 * i));
    small.getContext('2d').putImageData(image, 0, 0);
    this.#context.imageSmoothingEnabled = true;
    this.#context.drawImage(small, 0, 0, this.#canvas.width, this.#canvas.height);
  }

  /** The drawing in MNIST's format, 28 x 28 values from 0 to 255; null while the pad is empty. */
  pixels() {
    const { width, height } = this.#canvas;
    const ink = this.#context.getImageData(0, 0, width, height).data;
    let [left, top, right, bottom, mass, sumX, sumY] = [width, height, 0, 0, 0, 0, 0];
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const value = ink[4 * (y * width + x)];
        if (value < 16) continue;
        [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x + 1), Math.min(top, y), Math.max(bottom, y + 1)];
        [mass, sumX, sumY] = [mass + value, sumX + value * (x + 0.5), sumY + value * (y + 0.5)];
      }
    }

    if (mass === 0) return null;
    const scale = BOX / Math.max(right - left, bottom - top);
    const small = new OffscreenCanvas(SIDE, SIDE).getContext('2d');
    small.fillRect(0, 0, SIDE, SIDE);
    small.imageSmoothingQuality = 'high';
    small.drawImage(
      this.#canvas, left, top, right - left, bottom - top,
      SIDE / 2 + (left - sumX / mass) * scale, SIDE / 2 + (top - sumY / mass) * scale, (right - left) * scale, (bottom - top) * scale);
    const data = small.getImageData(0, 0, SIDE, SIDE).data;
    return Uint8Array.from({ length: SIDE * SIDE }, (_, i) => data[4 * i]);
  }

  #place({ offsetX, offsetY }) {
    const { clientWidth, clientHeight, width, height } = this.#canvas;
    return { x: (offsetX * width) / clientWidth, y: (offsetY * height) / clientHeight };
  }

  #lineTo(place) {
    this.#context.beginPath();
    this.#context.moveTo(this.#stroke.x, this.#stroke.y);
    this.#context.lineTo(place.x, place.y);
    this.#context.stroke();
    this.#stroke = place;
  }
}
