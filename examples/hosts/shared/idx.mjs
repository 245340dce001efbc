/**
 * Reads a plain idx file of bytes: 0, 0, type (8: bytes), number of dimensions; the dimensions, big-endian; the bytes.
 * @param {Uint8Array} file
 * @returns {{dimensions: number[], bytes: Uint8Array}}
 */
export function readIdx(file) {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < 4 || view.getUint16(0) !== 0 || view.getUint8(2) !== 8) throw new Error('This is no idx file of bytes. Write the files with export.cs.');
  const rank = view.getUint8(3);
  const dimensions = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const bytes = file.subarray(4 + 4 * rank);
  const expected = dimensions.reduce((product, dimension) => product * dimension, 1);
  if (bytes.length !== expected) throw new Error(`The idx file announces ${expected} bytes and holds ${bytes.length}: it is damaged. Write it again with export.cs.`);
  return { dimensions, bytes };
}
