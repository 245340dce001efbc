// Prints the results of a folder's ONNX files in onnxruntime-node, as JSON: node node/files.mjs FOLDER
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { runFiles } from '../shared/run-files.mjs';

const [folder = '.'] = process.argv.slice(2);
console.log(JSON.stringify(await runFiles(ort, (name) => readFile(join(folder, name)))));
