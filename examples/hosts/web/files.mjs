// The page files.html: runs the ONNX files that the server offers, and shows the results as JSON.
import * as ort from '/ort/ort.wasm.min.mjs';
import { runFiles } from '/shared/run-files.mjs';

ort.env.wasm.wasmPaths = '/ort/';
ort.env.wasm.numThreads = 1;

const shown = document.querySelector('#results');
const read = async (name) => new Uint8Array(await (await fetch(`/data/${name}`)).arrayBuffer());
try {
  shown.textContent = JSON.stringify(await runFiles(ort, read));
} catch (error) {
  shown.textContent = String(error);
}
shown.dataset.done = '';
