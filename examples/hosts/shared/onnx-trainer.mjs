// Trains a step written by `ExportTraining` in stock ONNX Runtime. Works with onnxruntime-node and onnxruntime-web: the runtime is an argument.
//
// A step is one run of train.onnx. Its inputs are a batch, the seed of random layers, the learning rate and the whole state (weights, the optimizer's moments, the count of steps);
// its outputs are the loss, sums of metrics, and the state's next values, which are the inputs of the next step. training.json says which output feeds which input.

const FORMAT = 1;

// For each element type of training.json: its name in the runtime, its array type, and the conversion of a plain number.
const ELEMENTS = {
  Float32: { type: 'float32', array: Float32Array, of: Number },
  Int32: { type: 'int32', array: Int32Array, of: Number },
  Int64: { type: 'int64', array: BigInt64Array, of: BigInt },
  Bool: { type: 'bool', array: Uint8Array, of: Number },
};

/** Weights and optimizer of one model, and the graphs that read and update them. Await each call before the next. */
export class OnnxTrainer {
  #ort;
  #manifest;
  #state;
  #train;
  #evaluate;
  #predict;

  /** The learning rate of the next steps; if the graph follows a schedule, that of the last step. */
  learningRate;

  /** The seed of random layers, a BigInt; initially the seed of the exported trainer. */
  seed;

  /**
   * Opens the files of a folder.
   * @param ort The module of onnxruntime-node or onnxruntime-web.
   * @param {(name: string) => Promise<Uint8Array>} read Reads a file of the folder by its name.
   * @param options Options of the sessions, as ONNX Runtime names them.
   */
  static async load(ort, read, options = {}) {
    const manifest = JSON.parse(new TextDecoder().decode(await read('training.json')));
    if (manifest.format !== FORMAT) throw new Error(`training.json is of format ${manifest.format}; expected ${FORMAT}. Export the training again.`);
    const data = manifest.files?.find((file) => file.name.startsWith('init.onnx.'));
    if (data) throw new Error(`The state lies in ${data.name}, ${data.bytes} bytes, more than one buffer of a JavaScript host. Train with OnnxTrainer in .NET, or a smaller model.`);
    const open = async (name) => ort.InferenceSession.create(await readGraph(manifest, name, read), options);
    const trainer = new OnnxTrainer();
    trainer.#ort = ort;
    trainer.#manifest = manifest;
    trainer.learningRate = manifest.learningRate;
    trainer.seed = BigInt(manifest.seed ?? 0);
    const init = await open('init.onnx');
    trainer.#state = await init.run({});
    await init.release();
    trainer.#train = await open('train.onnx');
    trainer.#evaluate = await open('evaluate.onnx');
    trainer.#predict = await open('predict.onnx');
    return trainer;
  }

  /** Elements of one sample of the first input: the product of its shape without the batch. */
  get sampleLength() {
    return elementsOf(this.#manifest.inputs[0]);
  }

  /** Steps made so far, those before the export included. */
  get iterations() {
    return this.#state[this.#manifest.state.at(-1).name].data[0];
  }

  /**
   * One step on one batch.
   * @param {ArrayLike<number>[]} data Values for each input, each target and, if the export has them, the sample weights, in the order of training.json.
   * @returns Loss and metrics of that batch by name.
   */
  async step(data) {
    const manifest = this.#manifest;
    const [feeds, samples] = this.#feeds(data);
    if (manifest.seedInput) feeds[manifest.seedInput] = new this.#ort.Tensor('int64', BigInt64Array.of(BigInt.asIntN(64, this.seed)), []);
    if (manifest.learningRateInput) feeds[manifest.learningRateInput] = new this.#ort.Tensor('float32', Float32Array.of(this.learningRate), []);
    for (const { name } of manifest.state) feeds[name] = this.#state[name];
    const results = await this.#train.run(feeds);

    // The results are new tensors: a step never writes its inputs.
    for (const { name, next } of manifest.state) {
      if (!next) continue;
      this.#state[name].dispose();
      this.#state[name] = results[next];
    }

    if (manifest.learningRateOutput) this.learningRate = results[manifest.learningRateOutput].data[0];
    const sums = new Sums(manifest);
    sums.add(results, samples);
    return sums.logs();
  }

  /**
   * Loss and metrics on data, weights unchanged.
   * @param {ArrayLike<number>[]} data As for a step, for any number of samples.
   * @param {number} batchSize Samples computed at a time.
   */
  async evaluate(data, batchSize = 100) {
    const manifest = this.#manifest;
    const tensors = dataTensors(manifest);
    const count = data[0].length / elementsOf(tensors[0]);
    const size = manifest.batchSize ?? batchSize;
    const sums = new Sums(manifest);
    for (let start = 0; start < count; start += size) {
      const end = Math.min(start + size, count);
      const [feeds, samples] = this.#feeds(data.map((values, i) => values.slice(start * elementsOf(tensors[i]), end * elementsOf(tensors[i]))));
      for (const { name, evaluates } of manifest.state) if (evaluates) feeds[name] = this.#state[name];
      sums.add(await this.#evaluate.run(feeds), samples);
    }

    return sums.logs();
  }

  /**
   * The model's outputs.
   * @param {ArrayLike<number>[]} inputs Values for each input.
   * @returns {Promise<Float32Array[]>} The values of each output.
   */
  async predict(inputs) {
    const manifest = this.#manifest;
    const [feeds] = this.#feeds(inputs, manifest.inputs);
    for (const { name, predicts } of manifest.state) if (predicts) feeds[name] = this.#state[name];
    const results = await this.#predict.run(feeds);
    return manifest.predictions.map((name) => results[name].data);
  }

  /** The whole state, for npz.mjs: what `OnnxTrainer.Restore` reads in C#. */
  state() {
    return this.#manifest.state.map(({ name, shape }) => ({ name, shape, values: this.#state[name].data }));
  }

  /** Tensors for data, and the number of samples in them. */
  #feeds(data, tensors = dataTensors(this.#manifest)) {
    if (data.length !== tensors.length) throw new Error(`Expected ${tensors.length} arrays (${tensors.map((tensor) => tensor.name).join(', ')}), received ${data.length}.`);
    const samples = data[0].length / elementsOf(tensors[0]);
    const { batchSize } = this.#manifest;
    if (!Number.isInteger(samples) || samples === 0 || (batchSize && samples !== batchSize)) {
      throw new Error(`${data[0].length} numbers for '${tensors[0].name}' are ${samples} samples; expected ${batchSize ?? 'a whole number, at least 1'}.`);
    }

    const feeds = {};
    tensors.forEach((tensor, i) => {
      const { type, array, of } = ELEMENTS[tensor.type];
      const shape = [samples, ...tensor.shape.slice(1)];
      if (data[i].length !== samples * elementsOf(tensor)) throw new Error(`'${tensor.name}' takes ${shape.join(' x ')} numbers, received ${data[i].length}.`);
      feeds[tensor.name] = new this.#ort.Tensor(type, array.from(data[i], (value) => of(value)), shape);
    });
    return [feeds, samples];
  }
}

/** Reads a graph and checks it against the length and digest in training.json, so that files of two exports are never mixed. */
async function readGraph({ files }, name, read) {
  const bytes = await read(name);
  const expected = files?.find((file) => file.name === name);
  if (!expected) throw new Error(`training.json does not tell the digest of ${name}. Export the training again.`);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  if (bytes.length !== expected.bytes || found !== expected.sha256.toLowerCase()) throw new Error(`${name} is damaged or of another export than training.json. Export the training again.`);
  return bytes;
}

/** Loss and metrics over batches. Losses are means, weighted by samples; metrics are sums that add up. Metrics that are not means are left to C#. */
class Sums {
  #manifest;
  #totals = new Map();
  #samples = 0;

  constructor(manifest) {
    this.#manifest = manifest;
  }

  add(results, samples) {
    const { loss, losses, metrics } = this.#manifest;
    this.#samples += samples;
    for (const name of [loss, ...losses.map((entry) => entry.output)]) this.#add(name, results[name].data[0] * samples);
    for (const name of metrics.filter((metric) => metric.isMean).flatMap((metric) => metric.sums)) this.#add(name, results[name].data[0]);
  }

  logs() {
    const { loss, losses, metrics } = this.#manifest;
    const logs = { loss: this.#totals.get(loss) / this.#samples };
    for (const { name, output } of losses) logs[name] = this.#totals.get(output) / this.#samples;
    for (const { name, isMean, sums } of metrics) {
      if (isMean) logs[name] = this.#totals.get(sums[0]) / this.#totals.get(sums[1]);
    }

    return logs;
  }

  #add(name, value) {
    this.#totals.set(name, (this.#totals.get(name) ?? 0) + value);
  }
}

function dataTensors({ inputs, targets, sampleWeight }) {
  return [...inputs, ...targets, ...(sampleWeight ? [sampleWeight] : [])];
}

/** Elements of one sample; an unknown dimension inside a sample cannot be derived from a flat array. */
function elementsOf({ name, shape }) {
  const sample = shape.slice(1);
  if (sample.some((dimension) => dimension < 0)) throw new Error(`'${name}' has an open dimension besides the batch (${shape.join(', ')}); export with a fixed one.`);
  return sample.reduce((product, dimension) => product * dimension, 1);
}
