// Runs the ONNX files of a folder on one batch, in any host of ONNX Runtime.

/**
 * Runs every file that files.json names on the batch that it holds: {input, shape, values, files}.
 * @param {object} ort onnxruntime-node or onnxruntime-web.
 * @param {(name: string) => Promise<Uint8Array>} read Reads a file of the folder.
 * @returns {Promise<Object<string, number[]>>} The first output of each file.
 */
export async function runFiles(ort, read) {
  const { input, shape, values, files } = JSON.parse(new TextDecoder().decode(await read('files.json')));
  const results = {};
  for (const file of files) {
    const session = await ort.InferenceSession.create(await read(file));
    const output = (await session.run({ [input]: new ort.Tensor('float32', Float32Array.from(values), shape) }))[session.outputNames[0]];
    results[file] = [...output.data];
    await session.release();
  }
  return results;
}
